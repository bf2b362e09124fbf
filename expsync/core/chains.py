"""The cheapest way through the sets of changes that can be done: from none to all, one change at a time.

Each set does harm, a set of pieces of different size; a way costs the size of all the pieces that any of its sets
harms. That is a union and no sum, so that the best way to a set need not be part of the best way through it.

Sets, and harms, are the bits of whole numbers. The size of a harm is read off `sizes`, where `sizes[n]` is the size of
the `n` lowest pieces together. `everywhere` is harm that is done in any case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

BEAM = 64
"""How many beginnings of an order the beam search carries on."""


def cheapest_chain(everywhere: int, harms: Sequence[int], sizes: Sequence[int]) -> tuple[int, ...]:
    """The cheapest order of all, of equal ones the first: `harms[done]` is the harm while those changes are done.

    All orders are met, in their order, but one is left as soon as it costs as much as the best so far. Harm only
    grows, so nothing better is missed.
    """
    length = len(harms).bit_length() - 1
    anything = everywhere
    for harm in harms:
        anything |= harm
    if anything == everywhere:
        return tuple(range(length))
    size_of = _Sizes(sizes)
    every = len(harms) - 1
    best: tuple[int, ...] = ()
    least = -1

    def go_on(done: int, harm: int, steps: tuple[int, ...]) -> None:
        nonlocal best, least
        if done == every:
            best, least = steps, size_of[harm]
            return
        for step in range(length):
            if not done >> step & 1:
                then = done | 1 << step
                more = harm | harms[then]
                if least < 0 or size_of[more] < least:
                    go_on(then, more, (*steps, step))

    go_on(0, everywhere, ())
    return best


def cheap_chain(length: int, everywhere: int, harms: Mapping[int, int], sizes: Sequence[int]) -> tuple[int, ...]:
    """An order so cheap that to move one of its changes makes it no cheaper. `harms` is asked for few sets only.

    Three orders are bettered until that is so: what a beam search finds, the order as it is listed, and its reverse.
    """
    size_of = _Sizes(sizes)

    def cost(steps: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
        harm, done = everywhere, 0
        for step in steps:
            done |= 1 << step
            harm |= harms[done]
        return size_of[harm], steps

    listed = tuple(range(length))
    found = []
    for start in (_beam(length, everywhere, harms, size_of), listed, listed[::-1]):
        best, better = cost(start), min(map(cost, _moved(start)))
        while better[0] < best[0]:
            best, better = better, min(map(cost, _moved(better[1])))
        found.append(best)
    return min(found)[1]


def _moved(steps: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """The orders that differ in the place of one step."""
    for place, step in enumerate(steps):
        rest = steps[:place] + steps[place + 1 :]
        for other in range(len(steps)):
            yield (*rest[:other], step, *rest[other:])


def _beam(length: int, everywhere: int, harms: Mapping[int, int], size_of: _Sizes) -> tuple[int, ...]:
    """The best order that is met by one step of all orders at a time, with the cheapest beginnings carried on."""
    layer: list[tuple[int, tuple[int, ...], int, int]] = [(0, (), 0, everywhere)]
    for _ in range(length):
        reached: dict[tuple[int, int], tuple[int, tuple[int, ...], int, int]] = {}
        for _, steps, done, harm in layer:
            for step in range(length):
                if not done >> step & 1:
                    then = done | 1 << step
                    more = harm | harms[then]
                    found = (size_of[more], (*steps, step), then, more)
                    # Of two with the same changes and the same harm, the first by list order stands for both.
                    reached[then, more] = min(reached.get((then, more), found), found)
        layer = sorted(reached.values())[:BEAM]
    return layer[0][1]


class _Sizes(dict[int, int]):
    """The sizes of harms, each reckoned once."""

    __slots__ = ("_sizes",)

    def __init__(self, sizes: Sequence[int]) -> None:
        self._sizes = sizes

    def __missing__(self, harm: int) -> int:
        size = self[harm] = _size(harm, self._sizes)
        return size


def _size(harm: int, sizes: Sequence[int]) -> int:
    """The size of all pieces of a harm, one run of neighbours after the other."""
    size = 0
    while harm:
        lowest = harm & -harm
        rest = harm + lowest
        past = rest & -rest
        size += sizes[past.bit_length() - 1] - sizes[lowest.bit_length() - 1]
        harm = rest ^ past
    return size
