"""A split as a bar of letters: who gets what, at a glance and without colour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from expsync.model.plan import SplitChange
from expsync.render.safe import visible
from expsync.render.view import Paint, padded, percent

WIDTH = 30
"""Characters of a bar: all users who reach the segment."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_NOBODY = "·"


def bars(split: SplitChange, paint: Paint) -> Iterator[str]:
    """Two lines, before and after, with one letter a variant and a dot for no variant."""
    letters = letters_of([*split.before, *split.after])
    for label, shares in (("before", split.before), ("after", split.after)):
        told = ", ".join(f"{letters[key]} {visible(key)} {percent(share)}" for key, share in shares.items())
        yield f"{paint.faint(padded(label, 6))} {bar(shares, letters)}  {told or 'nobody'}"


def letters_of(keys: Sequence[str]) -> dict[str, str]:
    """A letter for each variant, in order; past the alphabet all have the same mark."""
    distinct = list(dict.fromkeys(keys))
    return {key: _LETTERS[place] if place < len(_LETTERS) else "#" for place, key in enumerate(distinct)}


def bar(shares: Mapping[str, float], letters: Mapping[str, str]) -> str:
    """The shares side by side; each ends where the sum so far does, so that roundings don't add up."""
    drawn, total = "", 0.0
    for key, share in shares.items():
        total += share
        drawn += letters[key] * (round(total * WIDTH) - len(drawn))
    return drawn.ljust(WIDTH, _NOBODY)
