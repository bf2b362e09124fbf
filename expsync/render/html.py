"""The plan as one HTML page for a build's artefacts: it needs no other file, no network and no script.

The script only adds the filter. What may run is pinned by its hash, so nothing in a plan could, were it ever let in.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files

from expsync.model.plan import Plan, PlannedExperiment
from expsync.model.workspace import SANDBOX
from expsync.render.html_experiment import RISKY, section, table
from expsync.render.html_text import NOTHING, Html, joined, lines, named, tag, text
from expsync.render.outline import Gathered, by_weight, removals_of, risks_of, verdict_lines
from expsync.render.view import (
    budget_line,
    counted,
    much_of_a_day,
    nothing_to_do,
    origins_line,
    summary_line,
    unmanaged_text,
)

OPENED = 10
"""Up to so many experiments are open from the start; of more, all are closed."""
_KINDS = ("create", "update", "archive", "unarchive", "blocked")


def render(plan: Plan) -> str:
    """The whole page; the same plan gives the same bytes."""
    ordered = by_weight(plan)
    names = {id(experiment): f"e{number}" for number, experiment in enumerate(ordered, start=1)}
    links = {experiment.key: names[id(experiment)] for experiment in ordered}
    style, script = _part("report.css"), _part("report.js")
    main = lines(
        NOTHING,
        _summary(plan, links),
        _experiments(ordered, names),
        _unmanaged(plan),
        _notes(plan),
        NOTHING,
    )
    body = lines(
        NOTHING,
        tag("a", text("Skip to the experiments"), href="#experiments", class_="skip") if ordered else NOTHING,
        tag("header", tag("h1", text(f"Plan for {plan.environment}")), _where(plan)),
        tag("main", main),
        _footer(plan),
        tag("script", script) if ordered else NOTHING,
    )
    head = lines(
        NOTHING,
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy(style, script)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", text(f"Plan for {plan.environment}: {counted(len(ordered), 'experiment')}")),
        tag("style", style),
    )
    return (
        "<!doctype html>\n"
        + tag("html", Html("\n"), tag("head", head), Html("\n"), tag("body", body), lang="en")
        + "\n"
    )


def _part(name: str) -> Html:
    """A part of the page that is ours to the letter."""
    return Html(f"\n{files(__package__).joinpath(name).read_text(encoding='utf-8')}")


def _policy(style: Html, script: Html) -> str:
    """What the page may do: use this style and this script, and load nothing."""
    hashes = [base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() for part in (style, script)]
    return (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _where(plan: Plan) -> Html:
    address = "the embedded sandbox" if plan.baseUrl == SANDBOX else plan.baseUrl
    scope = f"; only {', '.join(plan.scope.targets)}" if plan.scope.targets else ""
    scope += "; with --prune" if plan.scope.prune else ""
    return tag("p", text(f"Environment {plan.environment}, project {plan.projectId}, {address}{scope}"), class_="faint")


def _summary(plan: Plan, links: Mapping[str, str]) -> Html:
    return _section(
        "summary",
        "Summary",
        lines(
            *_verdict(plan),
            _counts(plan),
            tag("p", text(summary_line(plan))),
            *([] if plan.base is None else [tag("p", text(origins_line(plan, plan.base)))]),
            *([tag("p", text(budget_line(plan)))] if much_of_a_day(plan) else []),
            _gathered("Risks, the worst first", risks_of(plan), links),
            _gathered("Goes away", removals_of(plan), links),
        ),
    )


def _verdict(plan: Plan) -> Iterator[Html]:
    if nothing_to_do(plan):
        yield tag("p", tag("strong", text("Nothing to do: live matches the files."), class_="good"), class_="verdict")
        return
    bad = list(verdict_lines(plan))
    yield from (tag("p", tag("strong", text(line)), class_="verdict bad") for line in bad)
    if not bad:
        yield tag("p", text("No critical risk is left that nobody has accepted."), class_="verdict")


def _counts(plan: Plan) -> Html:
    total = plan.summary
    numbers = [(name, getattr(total, name)) for name in (*_KINDS, "unchanged")]
    boxes = (tag("div", tag("dt", text(name)), tag("dd", text(str(number)))) for name, number in numbers)
    return tag("dl", *boxes, class_="counts")


def _gathered(title: str, groups: Sequence[Gathered], links: Mapping[str, str]) -> Html:
    if not groups:
        return NOTHING
    items = []
    for group in groups:
        label = tag("strong", text(group.label), class_="bad" if group.heavy else "warn")
        names = joined((_named(name, links) for name in group.names), ", ")
        number = text(f" ({counted(len(group.names), group.noun)}): ")
        items.append(tag("li", label, number, names))
    return lines(tag("h3", text(title)), tag("ul", lines(NOTHING, *items)))


def _named(name: str, links: Mapping[str, str]) -> Html:
    """The name, as a link where it is the key of an experiment."""
    code = named(name)
    return tag("a", code, href=f"#{links[name]}") if name in links else code


def _experiments(ordered: Sequence[PlannedExperiment], names: Mapping[int, str]) -> Html:
    if not ordered:
        return NOTHING
    opened = len(ordered) <= OPENED
    articles = (section(experiment, names[id(experiment)], opened=opened) for experiment in ordered)
    title = f"Experiments ({len(ordered):,})"
    return _section("experiments", title, lines(_filter(len(ordered)), *articles))


def _filter(number: int) -> Html:
    """The controls that the script makes work; without it they are not to be seen."""
    kinds = [("", "all"), (RISKY, "with risks that nobody has accepted"), *((kind, kind) for kind in _KINDS)]
    options = (tag("option", text(said), value=kind) for kind, said in kinds)
    words = tag("input", id="filter-words", type="search", autocomplete="off", spellcheck="false")
    return tag(
        "form",
        tag("label", text("Words in an experiment"), words),
        tag("label", text("Which experiments"), tag("select", *options, id="filter-kind")),
        tag("button", text("Open all"), type="button", id="filter-open"),
        tag("button", text("Close all"), type="button", id="filter-close"),
        tag("span", text(f"{number} of {number} shown"), id="filter-told", role="status"),
        id="filter",
        class_="filter",
        role="search",
        aria_label="Experiments",
        hidden="",
    )


def _unmanaged(plan: Plan) -> Html:
    rows = [[named(one.key), text(unmanaged_text(one)), text(one.id)] for one in plan.unmanaged]
    title = f"Live, but in no file ({len(rows):,})"
    return _section("unmanaged", title, table(("Experiment", "Whose", "Id"), rows)) if rows else NOTHING


def _notes(plan: Plan) -> Html:
    items = []
    for note in plan.notes:
        where = joined((tag("code", text(part)) for part in (note.key, note.path) if part), " ")
        items.append(tag("li", where, text(f": {note.message}" if where else note.message)))
    return _section("notes", f"Notes ({len(items):,})", tag("ul", lines(NOTHING, *items))) if items else NOTHING


def _section(name: str, title: str, inner: Html) -> Html:
    heading = tag("h2", text(title), id=f"{name}-title")
    return tag("section", lines(NOTHING, heading, inner, NOTHING), id=name, aria_labelledby=f"{name}-title")


def _footer(plan: Plan) -> Html:
    said: list[Iterable[Html]] = [[text("Plan "), tag("code", text(plan.digest))]]
    if plan.base is not None:
        said.append(
            [text("base "), tag("code", text(plan.base.ref)), text(", commit "), tag("code", text(plan.base.commit))]
        )
    said.append([text(f"made {plan.createdAt} by expsync {plan.expsyncVersion}")])
    return tag("footer", tag("p", joined(map(joined, said), "; ")))
