"""The versions of an experiment, and the difference of two: as text, as JSON and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, tzinfo

from pydantic import JsonValue

from expsync.model.history import History, HistoryEntry, Subject, VersionDiff
from expsync.model.json_text import compact_json, indented_json
from expsync.model.plan import Change, ChangeKind
from expsync.render.markdown_text import code
from expsync.render.rows import NO_LABEL, beside, change_rows, painted_symbol
from expsync.render.safe import unaddressed, visible
from expsync.render.times import clock_text, moment, offset_text
from expsync.render.values import change_lines
from expsync.render.view import LEAST, Paint, cells, change_symbol, counted, padded, wrapped

CHANGES_SHOWN = 6
"""Changes of one version that a list shows, unless all are asked for."""
_VALUE_IN_CELL = 60
_LEAST_VALUE = 30
_WIDEST_AUTHOR = 32
_NARROWEST_AUTHOR = 12
_WIDEST_TIME = len("2026-02-01 10:26:00")
_INDENT = "    "
_UNKNOWN = "unknown"
_NONE_LISTED = "The server lists no version."


def render_json(history: History) -> str:
    """A list, newest first, of `version`, `createdAt`, `createdBy` and `config`, as the server gave them."""
    return indented_json(
        [
            {"version": e.version, "createdAt": e.createdAt, "createdBy": e.createdBy, "config": e.config}
            for e in history.entries
        ]
    )


def render_diff_json(diff: VersionDiff) -> str:
    """One object: `key`, `from`, `to`, and `changes` as in a plan."""
    changes: list[JsonValue] = [
        {"path": change.path, "kind": change.kind, "before": change.before, "after": change.after}
        for change in diff.changes
    ]
    return indented_json({"key": diff.subject.key, "from": diff.before, "to": diff.after, "changes": changes})


def render_text(history: History, *, colour: bool, width: int, verbose: bool = False, zone: tzinfo | None = UTC) -> str:
    """A table, newest first: number, time, author, and a line a change.

    With `verbose`, a paragraph a version instead, with all changes in full; in a narrow terminal with the first of
    them. Times are in `zone`, where None is the machine's.
    """
    paint = Paint(on=colour)
    lines = [*_headline(history.subject, paint, counted(len(history.entries), "version"), width=width), ""]
    if not history.entries:
        lines.append(_NONE_LISTED)
    elif verbose:
        lines += _paragraphs(history.entries, paint, zone, width=width)
    else:
        lines += _table(history.entries, paint, zone, width=width)
    lines += _unrecorded(history.unrecorded, "Not in every version, so not always compared", paint, width=width)
    return _joined(lines)


def render_diff_text(diff: VersionDiff, *, colour: bool, width: int) -> str:
    """The changes from one version to the other in full, a line or more each."""
    paint = Paint(on=colour)
    lines = [*_headline(diff.subject, paint, f"version {diff.before} → version {diff.after}", width=width), ""]
    lines += _in_full(diff.changes, paint, width=width)
    if not diff.changes:
        lines.append(_no_changes(diff))
    lines += _unrecorded(_not_compared(diff), "Not in both versions, so not compared", paint, width=width)
    return _joined(lines)


def render_markdown(history: History, *, verbose: bool = False) -> str:
    """A heading and a table, newest first; `verbose` shows all changes in full."""
    lines = [f"### History of {_code(history.subject.key)}", "", f"{_where(history.subject)}.", ""]
    if history.entries:
        lines += ["| Version | When (UTC) | By | What changed |", "| ---: | --- | --- | --- |"]
        lines += [_row(entry, verbose=verbose) for entry in history.entries]
    else:
        lines.append(_NONE_LISTED)
    lines += _unrecorded_markdown(history.unrecorded, "Not in every version, so not always compared")
    return _joined(lines)


def render_diff_markdown(diff: VersionDiff) -> str:
    """A heading and a table of the changes in full."""
    heading = f"### {_code(diff.subject.key)}: version {diff.before} → version {diff.after}"
    lines = [heading, "", f"{_where(diff.subject)}.", ""]
    if diff.changes:
        lines += ["| | Field | Before | After |", "| :-: | --- | --- | --- |"]
        lines += [
            f"| {_MARKS[c.kind]} | {_code(c.path)} | {_side(c.before, absent=c.kind == 'add')} "
            f"| {_side(c.after, absent=c.kind == 'remove')} |"
            for c in diff.changes
        ]
    else:
        lines.append(_no_changes(diff))
    lines += _unrecorded_markdown(_not_compared(diff), "Not in both versions, so not compared")
    return _joined(lines)


def _joined(lines: Sequence[str]) -> str:
    return "\n".join(unaddressed(line) for line in lines) + "\n"


# --- text ---


def _headline(subject: Subject, paint: Paint, what: str, *, width: int) -> Iterator[str]:
    where = f"(environment {visible(subject.environment)}, project {visible(subject.projectId)}): {what}"
    yield from beside(visible(subject.key), paint.strong, where, str, width=width, gap=1, indent=2)


def _table(entries: Sequence[HistoryEntry], paint: Paint, zone: tzinfo | None, *, width: int) -> Iterator[str]:
    offsets = {offset_text(found, zone) for entry in entries if (found := _moment(entry)) is not None}
    common = offsets.pop() if len(offsets) == 1 else ""
    times = [_clock(entry, zone) if common else _time(entry, zone) for entry in entries]
    heads = ("VERSION", f"WHEN ({common})" if common else "WHEN", "BY", "CHANGES")
    widest = min(_WIDEST_AUTHOR, max(_NARROWEST_AUTHOR, width // 5))
    longest = _WIDEST_TIME + (0 if common else len(" +00:00"))
    rows = [
        (str(entry.version), _cut(time, longest), _cut(_author(entry), widest))
        for entry, time in zip(entries, times, strict=True)
    ]
    number, time, author = (max(cells(row[at]) for row in (heads, *rows)) for at in range(3))
    indent = number + time + author + 6
    if width - indent < _LEAST_VALUE:
        yield from _list(entries, paint, zone, width=width)
        return

    def line(row: Sequence[str], what: str) -> str:
        return f"{row[0].rjust(number)}  {padded(row[1], time)}  {padded(row[2], author)}  {what}".rstrip()

    yield paint.faint(line(heads, heads[3]))
    for entry, row in zip(entries, rows, strict=True):
        first, *rest = _briefly(entry, paint, room=width - indent)
        yield line(row, first)
        yield from (" " * indent + more for more in rest)


def _list(entries: Sequence[HistoryEntry], paint: Paint, zone: tzinfo | None, *, width: int) -> Iterator[str]:
    """What the table says, each version's changes under it."""
    for place, entry in enumerate(entries):
        if place:
            yield ""
        yield from _version(entry, paint, zone, width=width)
        yield from (_INDENT + line for line in _briefly(entry, paint, room=max(width - len(_INDENT), LEAST)))


def _version(entry: HistoryEntry, paint: Paint, zone: tzinfo | None, *, width: int) -> Iterator[str]:
    """Number, time and author."""
    said = f"{_time(entry, zone)}  {_author(entry)}"
    yield from beside(f"version {entry.version}", paint.strong, said, str, width=width, gap=2, indent=2)


def _briefly(entry: HistoryEntry, paint: Paint, *, room: int) -> list[str]:
    """What the version changed, a line a change, none of them wider than `room`."""
    if not entry.changes:
        return [paint.faint(_nothing(entry))]
    shown = entry.changes[:CHANGES_SHOWN]
    lines: list[str] = []
    for change in shown:
        path = _cut(visible(change.path), room - 2)
        mark = painted_symbol(change_symbol(change.kind), paint)
        lines.append(f"{mark} {path}  {_brief(change, room - cells(path) - 4)}".rstrip())
    if len(shown) < len(entry.changes):
        lines.append(paint.faint(f"and {len(entry.changes) - len(shown)} more (-v shows all)"))
    return lines


def _paragraphs(entries: Sequence[HistoryEntry], paint: Paint, zone: tzinfo | None, *, width: int) -> Iterator[str]:
    for place, entry in enumerate(entries):
        if place:
            yield ""
        yield from _version(entry, paint, zone, width=width)
        if entry.changes:
            yield from _in_full(entry.changes, paint, width=width)
        else:
            yield _INDENT + paint.faint(_nothing(entry))


def _in_full(changes: Sequence[Change], paint: Paint, *, width: int) -> Iterator[str]:
    """A line or more a change, with nothing left out."""
    labelled = [(change, NO_LABEL) for change in changes]
    yield from (line for lines in change_rows(labelled, paint, width=width, cut=False) for line in lines)


def _brief(change: Change, room: int) -> str:
    """`old → new` where the values are scalars and the path does not say it all, cut to `room`."""
    if change.kind != "replace" or not (_is_scalar(change.before) and _is_scalar(change.after)):
        return ""
    return _cut(f"{compact_json(change.before)} → {compact_json(change.after)}", room)


def _is_scalar(value: JsonValue) -> bool:
    return not isinstance(value, list | dict)


def _cut(text: str, room: int) -> str:
    """`text` in at most `room` columns, an ellipsis for what is left out; nothing where there is no room."""
    if cells(text) <= room:
        return text
    kept = text[: max(room - 1, 0)]
    while cells(kept) > room - 1 and kept:
        kept = kept[:-1]
    return f"{kept}…" if kept else ""


def _unrecorded(names: Sequence[str], said: str, paint: Paint, *, width: int) -> list[str]:
    if not names:
        return []
    return ["", *(paint.faint(line) for line in wrapped(f"{said}: {', '.join(names)}.", width))]


# --- what text and Markdown share ---


def _nothing(entry: HistoryEntry) -> str:
    if entry.changes is not None:
        return "nothing that versions record"
    return "created" if entry.creates else "the oldest that the server lists"


def _no_changes(diff: VersionDiff) -> str:
    if diff.before == diff.after:
        return "Nothing changed: it is the same version."
    return "Nothing changed in what both versions record."


def _not_compared(diff: VersionDiff) -> Sequence[str]:
    return () if diff.before == diff.after else diff.unrecorded


def _time(entry: HistoryEntry, zone: tzinfo | None = UTC) -> str:
    """The time to the second with its zone, or what the server says where that is no time."""
    found = _moment(entry)
    said = _clock(entry, zone)
    return said if found is None else f"{said} {offset_text(found, zone)}"


def _clock(entry: HistoryEntry, zone: tzinfo | None = UTC) -> str:
    """The same without its zone."""
    found = _moment(entry)
    return visible(entry.createdAt or _UNKNOWN) if found is None else clock_text(found, zone)


def _moment(entry: HistoryEntry) -> datetime | None:
    return moment(entry.createdAt or "")


def _author(entry: HistoryEntry) -> str:
    return visible(entry.createdBy or _UNKNOWN)


# --- Markdown ---

_MARKS: dict[ChangeKind, str] = {"add": "added", "remove": "removed", "replace": "changed"}


def _where(subject: Subject) -> str:
    return f"Environment {_code(subject.environment)}, project {_code(subject.projectId)}"


def _row(entry: HistoryEntry, *, verbose: bool) -> str:
    changes = entry.changes or ()
    shown = changes if verbose else changes[:CHANGES_SHOWN]
    said = [_item(change, verbose=verbose) for change in shown]
    if len(shown) < len(changes):
        said.append(f"and {len(changes) - len(shown)} more")
    what = "<br>".join(said) or _nothing(entry)
    time, author = (
        text if verbose else _cut(text, widest)
        for text, widest in ((_clock(entry), _WIDEST_TIME), (_author(entry), _WIDEST_AUTHOR))
    )
    return f"| {entry.version} | {_code(time)} | {_code(author)} | {what} |"


def _item(change: Change, *, verbose: bool) -> str:
    start = f"{_MARKS[change.kind]} {_code(change.path)}"
    if verbose:
        lines = [line for line in change_lines(change, _VALUE_IN_CELL, cut=False) if line]
    else:
        lines = [line for line in (_brief(change, _VALUE_IN_CELL),) if line]
    return f"{start}: {' '.join(map(_code, lines))}" if lines else start


def _side(value: JsonValue, *, absent: bool) -> str:
    return "" if absent else _code(compact_json(value))


def _code(text: str) -> str:
    return code(text) or "(empty)"


def _unrecorded_markdown(names: Sequence[str], said: str) -> list[str]:
    return ["", f"{said}: {', '.join(map(_code, names))}."] if names else []
