"""The order in which to change weights, one call a variant, so that the fewest users see a wrong arm on the way.

Between two calls the split is live as it then is: 1:1 to 60:40 passes through 60:1 or 1:40. Which columns of the hash
(see `bucketing`) have a wrong arm in a half-changed split depends on what has been changed, not on the order in which
it was. So an order is a chain of sets of changed variants, and what it costs is the union of their wrong columns;
`chains` finds the cheapest one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TypeAlias

from expsync.core.bucketing import COLUMNS, HASHES, ROWS, Weight, whole_weights
from expsync.core.chains import cheap_chain, cheapest_chain

EXHAUSTIVE = 8
"""Up to so many changed variants every order that could be the best is looked at."""
ROUGHLY = 4096
"""Above, the search takes borders to the nearest of so many parts of the users."""
_WRONG = HASHES.bit_length()
"""A cost is how many hashes are ever in a wrong arm, shifted by so many bits, and how many ever switch."""

Ends: TypeAlias = list[int]
"""Where the columns of each variant end, by list order; one that ends where the one before it ends has none."""


def order_weights(before: Mapping[str, Weight], after: Mapping[str, Weight], order: Sequence[str]) -> tuple[str, ...]:
    """The variants whose weight changes, in the order that has the least share of users ever in a wrong arm.

    `order` lists the variants as evaluation has them. One that `before` lacks has been added at weight 0; one that
    `after` lacks keeps its weight until all others have theirs, and is then removed, in list order. Wrong is an arm
    that is neither the user's first nor the last one. Of equal orders it is the one in which the fewest ever switch;
    of those the first by list order.

    Up to eight changed variants no order is better. Above, `_good` finds one that is not proven to be the best.
    """
    changed = [place for place, key in enumerate(order) if key in after and after[key] != before.get(key, 0)]
    if not changed:
        return ()
    change = _Change.of(before, after, order, changed)
    steps = _best(change) if len(changed) <= EXHAUSTIVE else _good(change)
    return tuple(order[changed[step]] for step in steps)


@dataclass(frozen=True, slots=True)
class _Change:
    """The weights by list order before and after, in whole numbers, and the splits that every order passes through."""

    old: list[int]
    new: list[int]
    changed: list[int]
    """The places of those that change."""
    first: Ends
    last: Ends
    removals: list[Ends]
    rough: bool = False

    @classmethod
    def of(
        cls, before: Mapping[str, Weight], after: Mapping[str, Weight], order: Sequence[str], changed: list[int]
    ) -> _Change:
        whole = whole_weights([weights.get(key, 0) for weights in (before, after) for key in order])
        old, new = whole[: len(order)], whole[len(order) :]
        left = list(old)
        for place in changed:
            left[place] = new[place]
        there = [1] * len(order)
        splits = [_ends(left, there)]
        for place, key in enumerate(order):
            if key not in after:
                left[place] = there[place] = 0
                splits.append(_ends(left, there))
        first = _ends(old, [key in before for key in order])
        return cls(old, new, changed, first, splits[-1], splits[1:])

    def roughly(self) -> _Change:
        """The same with rounded borders."""
        removals = [_rounded(ends) for ends in self.removals]
        return replace(self, first=_rounded(self.first), last=_rounded(self.last), removals=removals, rough=True)

    def split(self, done: int) -> Ends:
        """The split while those changes are done whose bits are set."""
        weights = list(self.old)
        for step, place in enumerate(self.changed):
            if done >> step & 1:
                weights[place] = self.new[place]
        ends = _ends(weights, [1] * len(weights))
        return _rounded(ends) if self.rough else ends

    def every_split(self) -> list[Ends]:
        """The splits by what is done."""
        held = [self.old]
        for place in self.changed:
            held += [[*weights[:place], self.new[place], *weights[place + 1 :]] for weights in held]
        there = [1] * len(self.old)
        return [_ends(weights, there) for weights in held]


def _best(change: _Change) -> tuple[int, ...]:
    """The best order of the changes."""
    splits = change.every_split()
    pieces = _Pieces.between(change, splits)
    harms = [pieces.harm(ends) for ends in splits]
    return cheapest_chain(pieces.everywhere | harms[0] | harms[-1], harms, pieces.sizes)


def _good(change: _Change) -> tuple[int, ...]:
    """A good order of changes that are too many to lay out every split; the search meets few of them.

    In 100 trials with nine changes it was the best in three of four, and never worse by more than 4 % of the users. No
    bound is given: those that can be reckoned as quickly (the worst split that no order can avoid, the first and the
    last split together, a relaxation that shares each stretch out among the steps) lie 10 % of the users and more
    below the best order, and so prove nothing of use.
    """
    rough = change.roughly()
    length = len(change.changed)
    pieces = _Pieces.of(rough, [_border(number) for number in range(ROUGHLY + 1)])
    harms = _Met(lambda done: pieces.harm(rough.split(done)))
    return cheap_chain(length, pieces.everywhere | harms[0] | harms[(1 << length) - 1], harms, pieces.sizes)


class _Met(dict[int, int]):
    """The harm by what is done, reckoned when it is asked for."""

    __slots__ = ("_harm",)

    def __init__(self, harm: Callable[[int], int]) -> None:
        self._harm = harm

    def __missing__(self, done: int) -> int:
        harm = self[done] = self._harm(done)
        return harm


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Stretches of columns that no split divides, and who should be in them.

    A harm has a bit for each piece whose users are in another arm than their first, and above those one for each
    whose users are in a wrong arm.
    """

    below: Mapping[int, int]
    """By border: the pieces below it."""
    anchors: list[tuple[int, int]]
    """For each variant: the pieces where it is the first arm, and where it is the first or the last one."""
    had: int
    """The pieces whose users have an arm at first."""
    sizes: list[int]
    """What the bits of a harm weigh, as `chains` takes it."""
    everywhere: int
    """The harm of the splits that come after all changes."""

    @classmethod
    def between(cls, change: _Change, splits: Iterable[Ends]) -> _Pieces:
        """The pieces between the borders of these splits."""
        return cls.of(change, sorted({0}.union(change.first, change.last, *change.removals, *splits)))

    @classmethod
    def of(cls, change: _Change, borders: Sequence[int]) -> _Pieces:
        """The pieces between these borders."""
        below = {border: (1 << number) - 1 for number, border in enumerate(borders)}
        anchors = []
        old_start = new_start = 0
        for old_end, new_end in zip(change.first, change.last, strict=True):
            old, new = below[old_end], below[new_end]
            anchors.append((old ^ old_start, (old ^ old_start) | (new ^ new_start)))
            old_start, new_start = old, new
        hashes = [min(border * ROWS, HASHES) for border in borders]
        sizes = [*hashes, *(hashes[-1] + (count << _WRONG) for count in hashes[1:])]
        pieces = cls(below, anchors, old_start, sizes, 0)
        if not change.removals:
            return pieces
        everywhere = 0
        for ends in change.removals:
            everywhere |= pieces.harm(ends)
        return replace(pieces, everywhere=everywhere)

    def harm(self, ends: Ends) -> int:
        """The harm of a split."""
        below = self.below
        same = right = start = 0
        for border, (old, allowed) in zip(ends, self.anchors, strict=True):
            end = below[border]
            here = end ^ start
            same |= here & old
            right |= here & allowed
            start = end
        return (start & ~right) << len(below) - 1 | (start & self.had & ~same)


def _ends(weights: Sequence[int], there: Sequence[int]) -> Ends:
    """As `bucketing.columns_of` has them, for variants of which some may not be `there` (and have no weight)."""
    total = sum(weights)
    if not total:
        weights, total = there, sum(there) or 1
    return [-(-running * COLUMNS // total) for running in accumulate(weights)]


def _rounded(ends: Ends) -> Ends:
    return [_border((end * ROUGHLY + COLUMNS // 2) // COLUMNS) for end in ends]


def _border(number: int) -> int:
    return COLUMNS * number // ROUGHLY
