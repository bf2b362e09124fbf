"""What stands side by side where the terminal is wide, and one under the other where it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from expsync.model.workspace import SANDBOX
from expsync.render.safe import visible
from expsync.render.values import change_lines
from expsync.render.view import (
    LEAST,
    Paint,
    cells,
    change_symbol,
    hanging,
    padded,
    tailed,
    unmanaged_text,
    wrapped,
)

if TYPE_CHECKING:
    from expsync.model.drift import Drift
    from expsync.model.plan import Change, Plan, Unmanaged

_INDENT = " " * 4
_UNDER = " " * 4
_WIDEST_PATH = 44
"""Longer paths stand out of the column instead of pushing every value to the right."""
_VALUE_BESIDE = 30
"""A value stands beside its path where it has so many columns; else under it."""
_VALUE = 72
"""Characters of a value that are shown even where they take several lines."""
_WHOLE_FROM = 120
"""Where there is so much room, the lines that a person or a program searches for are not broken."""


def destination(plan: Plan | Drift) -> str:
    """Where a plan, or a drift, is about."""
    address = "the embedded sandbox" if plan.baseUrl == SANDBOX else visible(plan.baseUrl)
    return f"Environment {visible(plan.environment)}, project {visible(plan.projectId)}, {address}"


def last_lines(text: str, painted: Callable[[str], str], width: int) -> Iterator[str]:
    """A sentence at the end, which logs are searched for: whole but where the terminal is narrow."""
    yield from map(painted, [text] if width >= _WHOLE_FROM else hanging(text, width, indent=2))


def beside(
    left: str,
    left_painted: Callable[[str], str],
    right: str,
    right_painted: Callable[[str], str],
    *,
    width: int,
    gap: int,
    indent: int,
) -> Iterator[str]:
    """Two texts on one line; where they don't fit, the right one under the left one, indented."""
    if not right or cells(left) + gap + cells(right) <= width:
        first, *rest = hanging(left, width, indent=indent)
        yield left_painted(first) + (right_painted(" " * gap + right) if right else "")
        yield from map(left_painted, rest)
        return
    yield from map(left_painted, hanging(left, width, indent=indent))
    yield from map(right_painted, hanging(" " * indent + right, width, indent=indent))


def columns(rows: Sequence[tuple[str, str]], *, width: int, gap: int) -> Iterator[list[str]]:
    """The lines of each row: two columns, or one under the other where the second one has no room for its longest."""
    column = min(max((cells(left) for left, _ in rows), default=0), _WIDEST_PATH)
    longest = max((cells(right) for _, right in rows), default=0)
    is_wide = column + gap + longest <= width
    for left, right in rows:
        if not right:
            yield hanging(left, width, indent=2)
        elif is_wide and cells(left) <= column:
            yield [f"{padded(left, column)}{' ' * gap}{right}"]
        else:
            yield [*hanging(left, width, indent=2), *hanging("  " + right, width, indent=2)]


Label = tuple[str, Callable[[str], str]]
"""What stands behind a change, and its colour."""
NO_LABEL: Label = ("", str)


def change_rows(
    changes: Sequence[tuple[Change, Label]],
    paint: Paint,
    *,
    width: int,
    indent: int = 4,
    cut: bool = True,
) -> Iterator[list[str]]:
    """The lines of each change: its path, what becomes of the value, and its label.

    Without `cut` no value is shortened.
    """
    paths = [visible(change.path) for change, _ in changes]
    column = max((cells(path) for path in paths if cells(path) <= _WIDEST_PATH), default=0)
    is_wide = width - indent - 4 - column >= _VALUE_BESIDE
    margin = " " * indent
    for (change, (label, painted)), path in zip(changes, paths, strict=True):
        mark = painted_symbol(change_symbol(change.kind), paint)
        under = indent + 4 + max(cells(path), column)
        room = width - under
        if is_wide and room >= _VALUE_BESIDE:
            shown = change_lines(change, room, cut=cut, least=_VALUE)
            lines = [piece for line in shown for piece in wrapped(line, room)]
            first, *rest = tailed(lines, label, painted, room)
            start = f"{margin}{mark} {padded(path, column)}  {first}".rstrip()
            yield [start, *(" " * under + line for line in rest)]
        else:
            stacked = _stacked(change, path, (label, painted), mark, width=width - indent, cut=cut)
            yield [margin + line for line in stacked]


def _stacked(change: Change, path: str, label: Label, mark: str, *, width: int, cut: bool) -> Iterator[str]:
    """The path, and the value under it unless that is short enough to stand behind."""
    room = max(width - len(_UNDER), LEAST)
    lines = change_lines(change, room, cut=cut, least=_VALUE)
    if len(lines) == 1 and 4 + cells(path) + cells(lines[0]) <= width:
        path, lines = f"{path}  {lines[0]}".rstrip(), [""]
    first, *rest = wrapped(path, max(width - 2, LEAST))
    yield f"{mark} {first}"
    yield from (f"  {line}" for line in rest)
    shown = [piece for line in lines if line for piece in wrapped(line, room)]
    yield from (_UNDER + line for line in tailed(shown or [""], *label, room) if line)


def unmanaged_rows(unmanaged: Sequence[Unmanaged], paint: Paint, *, width: int) -> Iterator[str]:
    """A line or more for each experiment that no file declares: key, whose it is, id."""
    keys = [visible(entry.key) for entry in unmanaged]
    column = max((cells(key) for key in keys if cells(key) <= _WIDEST_PATH), default=0)
    longest = max((cells(visible(entry.id)) for entry in unmanaged), default=0)
    is_wide = len(_INDENT) + 2 + column + 2 + 13 + 2 + 3 + longest <= width
    for entry, key in zip(unmanaged, keys, strict=True):
        said = unmanaged_text(entry)
        number = paint.faint(f"id {visible(entry.id)}")
        if is_wide:
            yield f"{_INDENT}? {padded(key, column)}  {padded(said, 13)}  {number}"
        else:
            yield from hanging(f"{_INDENT}? {key}", width, indent=6)
            yield from beside(
                f"      {said},", str, f"id {visible(entry.id)}", paint.faint, width=width, gap=1, indent=6
            )


def painted_symbol(mark: str, paint: Paint) -> str:
    """The mark of a change, coloured by what it means."""
    match mark:
        case "+":
            return paint.good(mark)
        case "-":
            return paint.bad(mark)
        case _:
            return paint.changed(mark)
