"""Risks and removals as lists that name everybody concerned, in as much room as there is."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from expsync.model.plan import Plan
from expsync.render.markdown_text import code, prose
from expsync.render.outline import Gathered, removals_of, risks_of, short
from expsync.render.safe import visible
from expsync.render.view import counted


@dataclass(frozen=True, slots=True)
class _Way:
    """How names are written: with so many characters at most, and under the first risk alone or under each."""

    width: int
    once: bool


_LONGEST = 255
"""Characters that a key may have at most; a longer name is none that the API takes."""
_WAYS = (
    _Way(_LONGEST, once=False),
    _Way(_LONGEST, once=True),
    _Way(80, once=True),
    _Way(40, once=True),
    _Way(20, once=True),
    _Way(12, once=True),
)
"""From the best to the tightest: a name that is cut is worse than one that is said once."""


@dataclass(frozen=True, slots=True)
class Named:
    """The two lists, and what had to be done to make them fit: empty where nothing had."""

    text: str
    cut: str


@dataclass(frozen=True, slots=True)
class _Entry:
    """One line of a list: its beginning, the names, and what is said where not all of them stand there."""

    start: str
    names: Sequence[str]
    above: int


def named(plan: Plan, room: int) -> Named:
    """Every risk and every removal with the names of all concerned, in at most `room` characters.

    Where they are too many the names are shortened, and in the end counted; a risk is never left out.
    """
    risks, removals = risks_of(plan), removals_of(plan)
    if not risks and not removals:
        return Named("", "")
    for way in _WAYS:
        # What can't fit by far is not written at all: names, and a fence and a comma for each.
        names = [entry.names for entry in (*_entries(risks, once=way.once), *_entries(removals, once=False))]
        if sum(min(len(name), way.width) + 4 for group in names for name in group) > room + 2 * len(names):
            continue
        said = _text(_entries(risks, once=way.once), _entries(removals, once=False), way.width, None)
        if len(said) <= room:
            cut = any(len(visible(name)) > way.width for group in names for name in group)
            return Named(said, "names in the lists of risks and removals are shortened" if cut else "")
    tightest = _WAYS[-1]
    entries, others = _entries(risks, once=True), _entries(removals, once=False)
    bare = _text(entries, others, tightest.width, [0] * (len(entries) + len(others)))
    shares = _fair([_cost(entry, tightest.width) for entry in (*entries, *others)], max(0, room - len(bare)))
    said = _text(entries, others, tightest.width, shares)
    return Named(said, "names in the lists of risks and removals are shortened, and where they are too many, counted")


def _entries(groups: Sequence[Gathered], *, once: bool) -> list[_Entry]:
    entries: list[_Entry] = []
    before: set[str] = set()
    for group in groups:
        names = [name for name in group.names if not (once and name in before)]
        before.update(names)
        label = prose(group.label)
        several = f", {counted(len(group.names), group.noun)}" if len(group.names) > 1 else ""
        start = f"- {f'**{label}**' if group.heavy else label}{several}: "
        entries.append(_Entry(start, names, len(group.names) - len(names)))
    return entries


def _text(risks: Sequence[_Entry], removals: Sequence[_Entry], width: int, rooms: Sequence[int] | None) -> str:
    """The lists; `rooms` bounds the characters of each entry's names."""
    left = iter(rooms) if rooms is not None else None
    blocks = []
    for title, entries in (("**Risks**, the worst first:", risks), ("**Goes away:**", removals)):
        if entries:
            lines = [_line(entry, width, sys.maxsize if left is None else next(left)) for entry in entries]
            blocks.append("\n".join([title, "", *lines]))
    return "\n\n".join(blocks)


def _line(entry: _Entry, width: int, room: int) -> str:
    shown: list[str] = []
    for name in _written(entry, width):
        room -= len(name) + 2
        if room < 0:
            break
        shown.append(name)
    missing = len(entry.names) - len(shown)
    # With all names there, nothing is said; otherwise the numbers stand even where no name does.
    rest = ([f"{missing:,} more"] if missing else []) + ([f"{entry.above:,} named above"] if entry.above else [])
    return entry.start + ", ".join(shown) + (" and " if shown and rest else "") + " and ".join(rest)


def _written(entry: _Entry, width: int) -> Iterator[str]:
    return (code(short(visible(name), width)) or "(no name)" for name in entry.names)


def _cost(entry: _Entry, width: int) -> int:
    return sum(len(name) + 2 for name in _written(entry, width))


def _fair(costs: Sequence[int], room: int) -> list[int]:
    """`room` dealt out: whoever needs little gets it all, the others get equal parts of what is left."""
    given = [0] * len(costs)
    for place, (cost, at) in enumerate(sorted((cost, at) for at, cost in enumerate(costs))):
        given[at] = min(cost, room // (len(costs) - place))
        room -= given[at]
    return given
