"""Which order of weight changes is the best of all, found by adding up what every single order costs.

Nothing is left out and nothing is searched: all orders stand side by side in one long number, 64 bits each, and each
stretch of users adds its size to all orders that pass through a split in which these users are in a wrong arm. That is
quick enough for millions of cases, and shares no code with what it tests, the layout of a split included.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import accumulate, permutations, product

COLUMNS = 42_949_673
HASHES = 2**32
WRONG = 31
"""What users ever in a wrong arm count for more, in bits, than users who ever switch. Counts of hashes divide by 4."""


class Orders:
    """All orders of some changes."""

    def __init__(self, changes: int) -> None:
        self.all = list(permutations(range(changes)))
        self.unpacked = struct.Struct(f"<{len(self.all)}Q")
        through = [0] * (1 << changes)
        for number, steps in enumerate(self.all):
            for done in accumulate((1 << step for step in steps), int.__or__, initial=0):
                through[done] |= 1 << 64 * number
        self.eighths = []
        """For eight splits at a time, by which of them are meant: a 1 in the place of each order that passes there."""
        for eight in range(0, len(through), 8):
            meeting = [0]
            for passing in through[eight : eight + 8]:
                meeting += [others | passing for others in meeting]
            self.eighths.append(meeting)

    def that_meet(self, splits: int) -> int:
        """A 1 in the place of each order that passes through any of these splits."""
        met = 0
        for meeting in self.eighths:
            met |= meeting[splits & 255]
            splits >>= 8
        return met

    def best(self, costs: int) -> tuple[int, ...]:
        """The first of the orders that cost the least."""
        each = self.unpacked.unpack(costs.to_bytes(self.unpacked.size, "little"))
        return self.all[each.index(min(each))]


class Grid:
    """All splits of so many variants with weights out of a few, and the best order from any one to any other."""

    def __init__(self, weights: Sequence[int], variants: int) -> None:
        self.weights = weights
        self.powers = [len(weights) ** place for place in range(variants)]
        self.ends = [
            [end << 8 | place << 5 for place, end in enumerate(self._ends(split[::-1])) if end < COLUMNS]
            for split in product(weights, repeat=variants)
        ]
        self.orders = [Orders(changes) for changes in range(variants + 1)]

    @staticmethod
    def _ends(split: Sequence[int]) -> list[int]:
        """Where the columns of each variant end, but the last one's, which end where all do."""
        total = sum(split)
        if not total:
            split, total = [1] * len(split), len(split)
        # A whole number, rounded up.
        return [(sum(split[:place]) * COLUMNS + total - 1) // total for place in range(1, len(split))]

    def best(self, before: Sequence[int], after: Sequence[int]) -> tuple[int, ...]:
        """The places of the variants that change, in the best order; places among the weights stand for weights."""
        changed = [place for place, old in enumerate(before) if old != after[place]]
        if len(changed) < 2:
            return tuple(changed)
        splits = [sum(old * power for old, power in zip(before, self.powers, strict=True))]
        for place in changed:
            step = (after[place] - before[place]) * self.powers[place]
            splits += [split + step for split in splits]
        orders = self.orders[len(changed)]
        costs = 0
        for wrong, size in self._wrong(splits).items():
            costs += size * orders.that_meet(wrong)
        return tuple(changed[step] for step in orders.best(costs))

    def _wrong(self, splits: Sequence[int]) -> dict[int, int]:
        """By the splits in which the same users are in a wrong arm: what these users count for."""
        every = (1 << len(splits)) - 1
        final = 1 << len(splits) - 1
        borders = [border | number for number, split in enumerate(splits) for border in self.ends[split]]
        borders.sort()
        # The splits in which the users at this place are past the end of each variant.
        past = [every, *[0] * len(self.powers)]
        old = new = start = 0
        found: dict[int, int] = {}
        for border in borders:
            end = border >> 8
            if end != start:
                right = (past[old] ^ past[old + 1]) | (past[new] ^ past[new + 1])
                if right != every:
                    # Those who end in another arm switch in every order. The others switch wherever they are wrong.
                    size = (end - start) * 25 * (1 << WRONG | (old == new))
                    found[every ^ right] = found.get(every ^ right, 0) + size
                start = end
            number = border & 31
            past[(border >> 5 & 7) + 1] |= 1 << number
            if number == 0:
                old += 1
            if 1 << number == final:
                new += 1
        right = (past[old] ^ past[old + 1]) | (past[new] ^ past[new + 1])
        if right != every:
            # The last column has four hashes less than the others.
            size = ((COLUMNS - start) * 25 - 1) * (1 << WRONG | (old == new))
            found[every ^ right] = found.get(every ^ right, 0) + size
        return found
