"""The drift as text, as JSON and as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from expsync.model.drift import Drift, DriftChange, DriftedExperiment
from expsync.model.json_text import indented_json
from expsync.model.plan import Change
from expsync.model.workspace import SANDBOX
from expsync.render.markdown_text import code, prose
from expsync.render.safe import unaddressed, visible
from expsync.render.times import time_text
from expsync.render.values import change_lines
from expsync.render.view import (
    Paint,
    base_text,
    cells,
    change_symbol,
    counted,
    padded,
    tailed,
    unmanaged_text,
)

_INDENT = " " * 4
_LEAST_VALUE = 30
_WIDEST_PATH = 44
_VALUE_IN_CELL = 120
_CONFLICT = "conflict: the files changed it too"


def render_json(drift: Drift) -> str:
    """The document, indented by two, with a line break at its end."""
    return indented_json(drift.model_dump(mode="json"))


def render_text(drift: Drift, *, colour: bool, width: int) -> str:
    """The drift as lines of text, the summary last; `width` bounds how much of a long value is shown."""
    return "\n".join(unaddressed(line) for line in _lines(drift, Paint(on=colour), width=width)) + "\n"


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


def _lines(drift: Drift, paint: Paint, *, width: int) -> Iterator[str]:
    yield _header(drift, paint)
    yield ""
    for experiment in drift.experiments:
        yield from _experiment(experiment, paint, width=width)
        yield ""
    if drift.unmanaged:
        yield paint.strong(f"Live, but in no file ({len(drift.unmanaged)}):")
        column = max(cells(visible(entry.key)) for entry in drift.unmanaged)
        for entry in drift.unmanaged:
            number = paint.faint(f"id {visible(entry.id)}")
            yield f"{_INDENT}? {padded(visible(entry.key), column)}  {padded(unmanaged_text(entry), 13)}  {number}"
        yield ""
    if drift.notLive:
        yield paint.strong(f"Declared, but not live ({len(drift.notLive)}):")
        yield from (f"{_INDENT}+ {visible(key)}" for key in drift.notLive)
        yield ""
    if not drift.experiments:
        yield paint.good(
            "No drift: nobody changed what the files say." if drift.base else "No drift: live is as the files say."
        )
    said = _summary(drift)
    yield paint.bad(said) if drift.summary.conflicts else paint.strong(said)


def _header(drift: Drift, paint: Paint) -> str:
    address = "the embedded sandbox" if drift.baseUrl == SANDBOX else visible(drift.baseUrl)
    where = f"Environment {visible(drift.environment)}, project {visible(drift.projectId)}, {address}"
    scope = [f"only {', '.join(visible(target) for target in drift.targets)}"] if drift.targets else []
    scope += ["what the files say → what is live"] if drift.experiments else []
    return paint.strong(where) + (paint.faint(f" ({'; '.join(scope)})") if scope else "")


def _experiment(experiment: DriftedExperiment, paint: Paint, *, width: int) -> Iterator[str]:
    place = paint.faint(f"{visible(experiment.file)}:{experiment.line}")
    yield f"{paint.strong(visible(experiment.key))}  {place}"
    modified = _when_and_who(experiment.lastModifiedAt, experiment.lastModifiedBy, visible)
    if modified:
        yield _INDENT + paint.faint(f"last modified {modified}")
    column = max(min(cells(visible(change.path)), _WIDEST_PATH) for change in experiment.changes)
    for change in experiment.changes:
        path, mark = visible(change.path), change_symbol(change.kind)
        indent = len(_INDENT) + 4 + max(cells(path), column)
        room = max(width - indent, _LEAST_VALUE)
        label = f"[{_CONFLICT}]" if change.origin == "both" else ""
        first, *rest = tailed(change_lines(_as_change(change), room), label, paint.bad(label), room)
        yield f"{_INDENT}{_painted(mark, paint)} {padded(path, column)}  {first}".rstrip()
        yield from (" " * indent + line for line in rest)
        if change.since is not None:
            said = _when_and_who(change.since.createdAt, change.since.createdBy, visible)
            yield f"{_INDENT}    " + paint.faint(f"since version {change.since.version}" + (said and f", {said}"))


def _painted(mark: str, paint: Paint) -> str:
    match mark:
        case "+":
            return paint.good(mark)
        case "-":
            return paint.bad(mark)
        case _:
            return paint.changed(mark)


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


def _when_and_who(at: str | None, by: str | None, shown: Callable[[str], str]) -> str:
    """`2026-02-01 10:26:00 UTC by ann@example.com`, as far as the server tells."""
    parts = ([time_text(at, shown)] if at else []) + ([f"by {shown(by)}"] if by else [])
    return " ".join(parts)


def _as_change(change: DriftChange) -> Change:
    """The change that was made on the live side: from what the files say to what is live."""
    return Change(path=change.path, kind=change.kind, before=change.declared, after=change.live)
