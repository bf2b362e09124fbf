"""A split as a bar of letters: who gets what, at a glance and without colour."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence

from expsync.model.plan import SplitChange
from expsync.render.safe import visible
from expsync.render.view import LEAST, Paint, cells, padded, percent, wrapped

WIDTH = 30
"""Characters of a bar where there is room: all users who reach the segment."""
_LEAST = 10
_LABEL = len("before")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_NOBODY = "·"


def bars(split: SplitChange, paint: Paint, *, width: int = sys.maxsize) -> Iterator[str]:
    """Before and after, with one letter a variant and a dot for no variant; who is who stands behind, or under it."""
    letters = letters_of([*split.before, *split.after])
    room = width - _LABEL - 1
    drawn = max(min(WIDTH, room), _LEAST)
    for label, shares in (("before", split.before), ("after", split.after)):
        parts = [f"{letters[key]} {visible(key)} {percent(share)}" for key, share in shares.items()] or ["nobody"]
        start = f"{paint.faint(padded(label, _LABEL))} {bar(shares, letters, drawn)}"
        told = ", ".join(parts)
        if drawn + 2 + cells(told) <= room:
            yield f"{start}  {told}"
        else:
            yield start
            yield from (" " * (_LABEL + 1) + line for line in _legend(parts, room))


def _legend(parts: Sequence[str], room: int) -> Iterator[str]:
    """The parts, none of them broken that fits into a line."""
    line = ""
    for place, part in enumerate(parts):
        text = part if place == len(parts) - 1 else f"{part},"
        if line and cells(line) + 1 + cells(text) > room:
            yield line
            line = ""
        *whole, line = wrapped(f"{line} {text}" if line else text, max(room, LEAST))
        yield from whole
    yield line


def letters_of(keys: Sequence[str]) -> dict[str, str]:
    """A letter for each variant, in order; past the alphabet all have the same mark."""
    distinct = list(dict.fromkeys(keys))
    return {key: _LETTERS[place] if place < len(_LETTERS) else "#" for place, key in enumerate(distinct)}


def bar(shares: Mapping[str, float], letters: Mapping[str, str], width: int = WIDTH) -> str:
    """The shares side by side; each ends where the sum so far does, so that roundings don't add up."""
    drawn, total = "", 0.0
    for key, share in shares.items():
        total += share
        drawn += letters[key] * (round(total * width) - len(drawn))
    return drawn.ljust(width, _NOBODY)
