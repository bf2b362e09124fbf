"""Who gets which variant, and which share of users a change moves: exact, over all 2**32 values of the hash.

Evaluation hashes salt and bucketing value to `h`. A user is allocated where `h % 100 < percentage`, and the variant is
where `h // 100` falls when its 42,949,673 values are laid out along the list of variants by weight. So a split is a
grid of at most 100 rows and a few columns, and comparing splits is counting the cells of one grid over the other.

What holds for a split here holds for the vendor's open-source engine, except that the server which writes the ranges
may reckon them in floats: that moves a border by one value of 42,949,673 at most. Users who are included by name,
users without a bucketing value and sticky bucketing are apart from all of this.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise, product
from typing import TypeAlias

HASHES = 2**32
"""How many values the hash has."""
ROWS = 100
"""How many values `h % 100` has: the steps of a percentage."""
COLUMNS = 42_949_673
"""How many values `h // 100` has; the last one meets only the first `_LAST_ROWS` rows."""
_LAST_ROWS = HASHES - (COLUMNS - 1) * ROWS

Weight: TypeAlias = int | float
Arm: TypeAlias = str | None
"""A variant's key, or None for no variant."""
Cell: TypeAlias = tuple[int, tuple[Arm, ...]]
"""How many hashes, and the arm that they have in each of several splits."""
Draw: TypeAlias = tuple[str, str, str]
"""Salt, bucketing key and unit."""


@dataclass(frozen=True, slots=True)
class Split:
    """How the users who reach one segment are split. `variants` are in the order that evaluation uses.

    A percentage with a fraction allocates one row more: 12.5 is 13 of 100, since `12 < 12.5`. Weights are taken as
    the decimal numbers that they are written as, a missing one is 0, and all zero is an even split. Arms are the same
    where their keys are equal: whoever compares across a rename gives both sides one key.
    """

    variants: tuple[tuple[str, Weight], ...]
    percentage: Weight
    salt: str = ""
    key: str = ""
    """The bucketing key: which property of a user is hashed."""
    unit: str = ""

    @property
    def draw(self) -> Draw:
        """What the hash rests on: splits that differ in it place users independently of each other."""
        return self.salt, self.key, self.unit

    @property
    def rows(self) -> int:
        """How many of the 100 rows are allocated."""
        return min(ROWS, max(0, math.ceil(self.percentage))) if self.variants else 0

    def arm(self, hash: int) -> Arm:
        """The variant for one hash."""
        column, row = divmod(hash, ROWS)
        if row >= self.rows:
            return None
        return next(key for key, end in columns_of(self.variants) if column < end)


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares of all users who reach the split; they add up to 1. `stay` holds those without a variant both times."""

    switch: float
    enter: float
    leave: float
    stay: float


NOBODY_MOVES = Shares(0.0, 0.0, 0.0, 1.0)


def columns_of(variants: Sequence[tuple[str, Weight]]) -> list[tuple[str, int]]:
    """Each variant that gets any column, with the column where it ends; it starts where the one before it ends.

    The rule is `[floor(before * 42949672 / total), ceil((before + w) * 42949673 / total))`, the first match wins.
    An interval never starts behind the end of the one before it, so the ends alone decide.
    """
    weights = whole_weights([weight for _, weight in variants])
    total = sum(weights)
    if total == 0:
        weights, total = [1] * len(weights), len(weights)
    columns: list[tuple[str, int]] = []
    running = start = 0
    for (key, _), weight in zip(variants, weights, strict=True):
        running += weight
        end = -(-running * COLUMNS // total)
        if end > start:
            columns.append((key, end))
            start = end
    return columns


def share_moved(before: Split | None, after: Split | None) -> Shares:
    """The shares that a change of one split moves; None is a split that gives nobody a variant.

    The same salt, key and unit: by overlap. Otherwise a user's two places have nothing to do with each other, and
    the shares are products.
    """
    if before == after:
        return NOBODY_MOVES
    whole, cells = _moved_cells(before, after)
    switch = enter = leave = 0
    for count, (old, new) in cells:
        if old == new:
            continue
        if old is None:
            enter += count
        elif new is None:
            leave += count
        else:
            switch += count
    return Shares(switch / whole, enter / whole, leave / whole, (whole - switch - enter - leave) / whole)


def flows(before: Split | None, after: Split | None) -> dict[tuple[Arm, Arm], Fraction]:
    """The share of users for each arm before and arm after that somebody has; they add up to 1, see `share_moved`."""
    whole, cells = _moved_cells(before, after)
    counts: dict[tuple[Arm, Arm], int] = {}
    for count, (old, new) in cells:
        if count:
            counts[old, new] = counts.get((old, new), 0) + count
    return {arms: Fraction(count, whole) for arms, count in counts.items()}


def _moved_cells(before: Split | None, after: Split | None) -> tuple[int, list[Cell]]:
    """How many there are in all, and how many have which arm before and after."""
    if before is None or after is None or before.draw == after.draw:
        return HASHES, list(joint_cells([before, after]))
    pairs = product(joint_cells([before]), joint_cells([after]))
    return HASHES * HASHES, [(n * m, (*old, *new)) for (n, old), (m, new) in pairs]


def share_ever(splits: Sequence[Split | None]) -> tuple[float, float]:
    """Over all that is live one after the other: the share ever switched, and the share ever in a wrong arm.

    Ever switched: had an arm in the first split, and another one in any later split, the last included. Ever wrong:
    was ever in an arm that is neither the one of the first split nor the one of the last. Splits that draw
    otherwise are independent of each other, as in `share_moved`.
    """
    first, last = splits[0], splits[-1]
    draws: dict[Draw, list[Split]] = {}
    for split in dict.fromkeys(splits):
        if split is not None:
            draws.setdefault(split.draw, []).append(split)
    families = {draw: _Family(tuple(members), tuple(joint_cells(members))) for draw, members in draws.items()}
    whole = HASHES ** len(families)
    right = sum(count for count, _ in _faithful(families, (first, last)))
    had = kept = 0
    if first is not None:
        had = sum(count for count, arms in joint_cells([first]) if arms != (None,)) * (whole // HASHES)
        kept = sum(count for count, arms in _faithful(families, (first,)) if arms != (None,))
    return (had - kept) / whole, (whole - right) / whole


@dataclass(frozen=True, slots=True)
class _Family:
    """Splits that draw alike, each once, and their joint cells."""

    members: tuple[Split, ...]
    cells: tuple[Cell, ...]


def _faithful(families: Mapping[Draw, _Family], anchors: Sequence[Split | None]) -> Iterator[Cell]:
    """The users who are never in an arm but the ones that they have in the anchors, by those.

    Counts are of tuples of hashes, one for each family.
    """
    drawn = list(dict.fromkeys(anchor.draw for anchor in anchors if anchor is not None))
    spots = [
        None if anchor is None else (drawn.index(anchor.draw), families[anchor.draw].members.index(anchor))
        for anchor in anchors
    ]
    others = [family for draw, family in families.items() if draw not in drawn]
    for cells in product(*(families[draw].cells for draw in drawn)):
        kept = tuple(None if spot is None else cells[spot[0]][1][spot[1]] for spot in spots)
        allowed = {None, *kept}
        if all(allowed.issuperset(arms) for _, arms in cells):
            count = math.prod(number for number, _ in cells)
            for family in others:
                count *= sum(number for number, arms in family.cells if allowed.issuperset(arms))
            yield count, kept


def joint_cells(splits: Sequence[Split | None]) -> Iterator[Cell]:
    """All hashes, cut so finely that each cell has one arm in each split. The splits must draw alike."""
    rows = [0 if split is None else split.rows for split in splits]
    layouts = [
        columns_of(split.variants) if n and split is not None else [] for split, n in zip(splits, rows, strict=True)
    ]
    for top, bottom in pairwise(sorted({0, *rows, ROWS})):
        allocated = [layout if n > top else [] for layout, n in zip(layouts, rows, strict=True)]
        for start, end, arms in merge_columns(allocated):
            yield _hashes(start, end, top, bottom), arms


def merge_columns(layouts: Sequence[Sequence[tuple[str, int]]]) -> Iterator[tuple[int, int, tuple[Arm, ...]]]:
    """Stretches of columns from start to end, with the arm that each layout (see `columns_of`) has there.

    An empty layout has no arm anywhere.
    """
    ends = sorted({COLUMNS, *(end for layout in layouts for _, end in layout)})
    place = {end: number for number, end in enumerate(ends, start=1)}
    rows: list[list[Arm]] = []
    for layout in layouts:
        row: list[Arm] = []
        for key, end in layout:
            row += [key] * (place[end] - len(row))
        rows.append(row or [None] * len(ends))
    return zip([0, *ends[:-1]], ends, zip(*rows, strict=True), strict=True)


def _hashes(start: int, end: int, top: int, bottom: int) -> int:
    count = (end - start) * (bottom - top)
    if end == COLUMNS:
        count -= max(0, bottom - max(top, _LAST_ROWS))
    return count


def whole_weights(weights: Sequence[Weight]) -> list[int]:
    """Whole numbers in the same ratio."""
    if all(isinstance(weight, int) for weight in weights):
        return [int(weight) for weight in weights]
    exact = [Fraction(str(weight)) for weight in weights]
    scale = math.lcm(*(fraction.denominator for fraction in exact))
    return [int(fraction * scale) for fraction in exact]
