"""The drift as text, as JSON and as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, tzinfo

from expsync.model.drift import Drift, DriftChange, DriftedExperiment
from expsync.model.json_text import indented_json
from expsync.model.plan import Change
from expsync.render.markdown_text import code, prose
from expsync.render.rows import beside, change_rows, destination, last_lines, unmanaged_rows
from expsync.render.safe import unaddressed, visible
from expsync.render.times import time_text
from expsync.render.values import change_lines
from expsync.render.view import Paint, base_text, counted, hanging, unmanaged_text

_INDENT = " " * 4
_VALUE_IN_CELL = 120
_CONFLICT = "conflict: the files changed it too"


def render_json(drift: Drift) -> str:
    """The document, indented by two, with a line break at its end."""
    return indented_json(drift.model_dump(mode="json"))


def render_text(
    drift: Drift, *, colour: bool, width: int, zone: tzinfo | None = UTC, named: Callable[[str], str] = str
) -> str:
    """The drift as lines of text, the summary last; lines are broken, and long values cut, to fit into `width`.

    Times are in `zone`, where None is the machine's. `named` says how a file of the workspace is called
    where the reader stands.
    """
    look = _Look(Paint(on=colour), width, zone, named)
    return "\n".join(unaddressed(line) for line in _lines(drift, look)) + "\n"


def render_markdown(drift: Drift) -> str:
    """The drift as Markdown for a comment or a report: the summary first, then a table for each experiment."""
    where = f"environment {code(drift.environment)}, project {code(drift.projectId)}"
    lines = [f"**{prose(_summary(drift))}**", "", where[0].upper() + where[1:] + "."]
    for experiment in drift.experiments:
        lines += ["", *_table(experiment)]
    if drift.unmanaged:
        lines += ["", f"Live, but in no file ({len(drift.unmanaged)}):", ""]
        lines += [f"- {code(entry.key)}, {unmanaged_text(entry)}" for entry in drift.unmanaged]
    if drift.notLive:
        lines += ["", f"Declared, but not live ({len(drift.notLive)}):", ""]
        lines += [f"- {code(key)}" for key in drift.notLive]
    return "\n".join(lines) + "\n"


# --- text ---


@dataclass(frozen=True, slots=True)
class _Look:
    """For whom the text is."""

    paint: Paint
    width: int
    zone: tzinfo | None
    named: Callable[[str], str]


def _lines(drift: Drift, look: _Look) -> Iterator[str]:
    paint, width = look.paint, look.width
    yield from _header(drift, look)
    yield ""
    for experiment in drift.experiments:
        yield from _experiment(experiment, look)
        yield ""
    if drift.unmanaged:
        yield paint.strong(f"Live, but in no file ({len(drift.unmanaged)}):")
        yield from unmanaged_rows(drift.unmanaged, paint, width=width)
        yield ""
    if drift.notLive:
        yield paint.strong(f"Declared, but not live ({len(drift.notLive)}):")
        for key in drift.notLive:
            yield from hanging(f"{_INDENT}+ {visible(key)}", width, indent=6)
        yield ""
    if not drift.experiments:
        yield paint.good(
            "No drift: nobody changed what the files say." if drift.base else "No drift: live is as the files say."
        )
    yield from last_lines(_summary(drift), paint.bad if drift.summary.conflicts else paint.strong, width)


def _header(drift: Drift, look: _Look) -> Iterator[str]:
    scope = [f"only {', '.join(visible(target) for target in drift.targets)}"] if drift.targets else []
    scope += ["what the files say → what is live"] if drift.experiments else []
    said, paint = f"({'; '.join(scope)})" if scope else "", look.paint
    yield from beside(destination(drift), paint.strong, said, paint.faint, width=look.width, gap=1, indent=2)


def _experiment(experiment: DriftedExperiment, look: _Look) -> Iterator[str]:
    paint, width = look.paint, look.width
    place = f"{visible(look.named(experiment.file))}:{experiment.line}"
    yield from beside(visible(experiment.key), paint.strong, place, paint.faint, width=width, gap=2, indent=4)
    modified = _when_and_who(experiment.lastModifiedAt, experiment.lastModifiedBy, visible, look.zone)
    if modified:
        yield from map(paint.faint, hanging(f"{_INDENT}last modified {modified}", width, indent=6))
    labelled = [
        (_as_change(change), (f"[{_CONFLICT}]" if change.origin == "both" else "", paint.bad))
        for change in experiment.changes
    ]
    for change, lines in zip(experiment.changes, change_rows(labelled, paint, width=width), strict=True):
        yield from lines
        if change.since is not None:
            said = _when_and_who(change.since.createdAt, change.since.createdBy, visible, look.zone)
            line = f"{_INDENT}    since version {change.since.version}" + (said and f", {said}")
            yield from map(paint.faint, hanging(line, width, indent=10))


# --- Markdown ---


def _table(experiment: DriftedExperiment) -> Iterator[str]:
    modified = _when_and_who(experiment.lastModifiedAt, experiment.lastModifiedBy, code)
    yield f"### {code(experiment.key)}"
    yield ""
    yield f"{code(f'{experiment.file}:{experiment.line}')}" + (f", last modified {modified}" if modified else "")
    yield ""
    yield "| Field | Files → live | Since |"
    yield "|---|---|---|"
    for change in experiment.changes:
        what = " ".join(code(line) for line in change_lines(_as_change(change), _VALUE_IN_CELL) if line)
        conflict = f"<br>**{_CONFLICT}**" if change.origin == "both" else ""
        yield f"| {_DONE[change.kind]} {code(change.path)}{conflict} | {what} | {_since(change)} |"


_DONE = {"add": "added", "remove": "removed", "replace": "changed"}


def _since(change: DriftChange) -> str:
    if change.since is None:
        return "not recorded"
    said = _when_and_who(change.since.createdAt, change.since.createdBy, code)
    return f"version {change.since.version}" + (f", {said}" if said else "")


# --- what both share ---


def _summary(drift: Drift) -> str:
    """The line that says it all, the same in form for every drift."""
    counts = drift.summary
    since, conflicts = "", ""
    if drift.base is not None:
        since, conflicts = f" since {base_text(drift.base)}", f", {counted(counts.conflicts, 'conflict')}"
    drifted = f"{counts.drifted} of {counted(counts.experiments, 'experiment')}"
    differences = counted(counts.changes, "difference")
    unmanaged, absent = len(drift.unmanaged), len(drift.notLive)
    return f"Drift{since}: {drifted}, {differences}{conflicts}; {unmanaged} live in no file, {absent} not live."


def _when_and_who(at: str | None, by: str | None, shown: Callable[[str], str], zone: tzinfo | None = UTC) -> str:
    """`2026-02-01 10:26:00 UTC by ann@example.com`, as far as the server tells."""
    parts = ([time_text(at, shown, zone)] if at else []) + ([f"by {shown(by)}"] if by else [])
    return " ".join(parts)


def _as_change(change: DriftChange) -> Change:
    """The change that was made on the live side: from what the files say to what is live."""
    return Change(path=change.path, kind=change.kind, before=change.declared, after=change.live)
