"""An experiment of a plan as a section of the HTML report, with everything that the plan says of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import JsonValue

from expsync.model.json_text import compact_json, indented_json
from expsync.model.plan import Change, Finding, Impact, Operation, PlannedExperiment
from expsync.render.html_picture import picture
from expsync.render.html_text import NOTHING, Html, joined, lines, named, tag, text
from expsync.render.outline import has_conflict, is_heavy, short, worst_label
from expsync.render.values import change_lines
from expsync.render.view import counted, finding_label, impacts_of, origin_label, percent, place_text, sentence

_LONG = 160
"""Characters of a value that are shown; of a longer one, all of it is behind a click."""
_DONE = {"add": "added", "remove": "removed", "replace": "changed"}
_MEMBERS = (".inclusions", ".cohortInclusions")
RISKY = "risky"
"""The kind of an experiment that has a risk which stands in an apply's way."""


def section(experiment: PlannedExperiment, name: str, *, opened: bool) -> Html:
    """The article, with `name` as its id; `opened` says whether its details are open from the start."""
    heavy = any(map(is_heavy, experiment.findings)) or has_conflict(experiment)
    said = [sentence(experiment.action, in_file=experiment.file is not None)]
    said += [counted(len(experiment.changes), "change")] if experiment.changes else []
    worst = worst_label(experiment)
    marks = [tag("strong", text(worst), class_="tag bad" if heavy else "tag warn")] if worst else []
    summary = tag(
        "summary",
        tag("h3", named(experiment.key)),
        Html(" "),
        text("; ".join(said)),
        *(Html(f" {mark}") for mark in marks),
    )
    details = tag("details", summary, Html("\n"), _inside(experiment), open="" if opened else None)
    kinds = f"{experiment.action} {RISKY}" if heavy else experiment.action
    return tag("article", details, id=name, data_kinds=kinds)


def _inside(experiment: PlannedExperiment) -> Html:
    return tag(
        "div",
        lines(
            NOTHING,
            _place(experiment),
            _part("Risks", _findings(experiment.findings)),
            _part("Users who move", _impacts(impacts_of(experiment.findings))),
            _part("Splits", lines(*map(picture, experiment.splits))),
            _part("Changes", _changes(experiment.changes)),
            _part("Calls", _operations(experiment.operations)),
        ),
    )


def _part(title: str, inner: Html) -> Html:
    return lines(tag("h4", text(title)), inner) if inner else NOTHING


def _place(experiment: PlannedExperiment) -> Html:
    line = "" if experiment.line is None else f":{experiment.line}"
    parts = [] if experiment.file is None else [tag("code", text(f"{experiment.file}{line}"))]
    parts += [] if experiment.id is None else [text(f"id {experiment.id}")]
    return tag("p", joined(parts, ", "), class_="faint") if parts else NOTHING


def _findings(findings: Sequence[Finding]) -> Html:
    items = []
    for finding in findings:
        said, settle = finding.sentences()
        label = tag("strong", text(finding_label(finding)), class_="bad" if is_heavy(finding) else "warn")
        how = tag("p", text(f"To settle it: {settle}"), class_="faint") if settle else NOTHING
        items.append(tag("li", label, Html(": "), text(said), how))
    return tag("ul", *items) if items else NOTHING


def _impacts(impacts: Sequence[Impact]) -> Html:
    rows = []
    for impact in impacts:
        numbers = (impact.switch, impact.enter, impact.leave, impact.stay, impact.transientSwitch)
        place = place_text(impact.segment) + ("" if impact.exact else " (at worst)")
        rows.append([text(place), *(text(percent(share)) for share in numbers)])
    heads = ("Of all who reach", "switch", "enter", "leave", "stay", "switch on the way")
    return table(heads, rows)


def _changes(changes: Sequence[Change]) -> Html:
    rows = [[_field(change), *_sides(change)] for change in changes]
    return table(("Field", "Before", "After"), rows)


def _field(change: Change) -> Html:
    label = origin_label(change.origin).strip("[]")
    origin = Html(f" {tag('strong', text(label), class_='bad' if change.origin == 'both' else 'warn')}")
    moved = [] if not change.path.endswith(_MEMBERS) else [tag("div", text(change_lines(change, _LONG)[0]))]
    return joined(
        [text(f"{_DONE[change.kind]} "), tag("code", text(change.path)), *([origin] if label else []), *moved]
    )


def _sides(change: Change) -> Iterator[Html]:
    """The values before and after; nothing on the side where there was or will be no such thing."""
    yield NOTHING if change.kind == "add" else value(change.before)
    yield NOTHING if change.kind == "remove" else value(change.after)


def value(given: JsonValue) -> Html:
    """A value as JSON; of a long one the beginning and the end, with all of it behind a click."""
    said = compact_json(given)
    if len(said) <= _LONG:
        return tag("code", text(said))
    whole = joined(map(text, indented_json(given).rstrip("\n").split("\n")), "\n")
    summary = tag("summary", tag("code", text(short(said, _LONG))), text(f" ({len(said):,} characters)"))
    return tag("details", summary, tag("pre", whole))


def _operations(operations: Sequence[Operation]) -> Html:
    rows = []
    for operation in operations:
        call = tag("code", text(f"{operation.method} {operation.path}"))
        body = NOTHING if operation.body is None else value(operation.body)
        rows.append([joined([text(f"{operation.op} "), call]), body, text(operation.reason)])
    return table(("Call", "Body", "Why"), rows)


def table(heads: Sequence[str], rows: Sequence[Sequence[Html]]) -> Html:
    """A table whose first cell in each row names it; nothing where there are no rows."""
    if not rows:
        return NOTHING
    head = tag("tr", *(tag("th", text(word), scope="col") for word in heads))
    body = (tag("tr", tag("th", first, scope="row"), *(tag("td", cell) for cell in rest)) for first, *rest in rows)
    return tag("table", tag("thead", head), Html("\n"), tag("tbody", lines(NOTHING, *body)))
