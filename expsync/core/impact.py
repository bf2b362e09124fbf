"""What a change does to the users of an experiment: for each segment, the shares that switch, enter, leave and stay.

Impacts speak of the split itself. While an experiment is disabled or archived nobody gets a variant, so enabling shows
as users who enter and disabling as users who leave; which deployments ask for it, and so whether anybody is there to
be moved, is for the severity of a risk to say, not for the shares. Inclusions and sticky bucketing are left out: the
shares are of users who are drawn.

Users are grouped by the segment that they reach in the end. Where they came from follows from the conditions: equal
conditions match the same users, a segment without any catches everyone, and of different conditions nothing is known.
If all that remains possible gives the same shares, they are exact; otherwise they are the worst of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from expsync.core.bucketing import NOBODY_MOVES, Shares, Split, share_ever, share_moved
from expsync.core.normalize import DEFAULT_PERCENTAGE, DEFAULT_VARIANTS, DEFAULT_WEIGHT
from expsync.model.plan import Impact
from expsync.model.state import Leaf, Opaque, SegmentState, State

MOST_ROUTES = 500
"""Past so many ways through lists of segments that all differ, what happens on the way is bounded from the start."""
_STEPS = 10_000
"""Impacts have four decimals."""
_EVERYONE = "[]"
"""The canonical text of no conditions."""


@dataclass(frozen=True, slots=True)
class Move:
    """What becomes of the users who reach one segment in the end (None: all other users), before it is rounded."""

    segment: str | None
    shares: Shares
    ever_switched: float
    """Had an arm before, and another one at any time later."""
    ever_wrong: float
    """Were at any time in an arm that is neither their first nor their last one."""
    exact: bool
    """Otherwise `switch`, `switch + leave`, `switch + leave + enter` and the shares on the way are what it is at most."""


def impacts_of(states: Sequence[State], *, renamed: Mapping[str, str] | None = None) -> list[Impact]:
    """An impact for each segment of the last state, in their order, and for all other users, where something moves.

    `states` holds what is live before, after each call on the way, and in the end; `renamed` maps new variant keys to
    those that they had before. Shares have four decimals and add up to 1 by what is said of `stay`; what is less than
    0.005 % in all of them is left out.
    """
    impacts = (_rounded(move) for move in moves_of(states, renamed=renamed))
    return [i for i in impacts if i.switch or i.enter or i.leave or i.transientSwitch]


def moves_of(states: Sequence[State], *, renamed: Mapping[str, str] | None = None) -> list[Move]:
    """What `impacts_of` rounds: a move for each segment of the last state that anybody can reach, and all other users."""
    names = {old: new for new, old in (renamed or {}).items()}
    ladders = [_ladder(state, names) for state in states]
    # Equal lists of conditions send everybody the same way, so each is walked once.
    shapes = list(dict.fromkeys(ladder.conditions for ladder in reversed(ladders)))
    numbers = [shapes.index(ladder.conditions) for ladder in ladders]
    final, others = shapes[0], shapes[1:]
    moves: list[Move] = []
    for place, segment in enumerate(ladders[-1].names):
        passed = frozenset(final[:place])
        if final[place] in passed or _EVERYONE in passed:
            continue
        routes = _routes(others, frozenset((final[place], _EVERYONE)), passed)
        ways = dict.fromkeys(
            tuple(ladder.splits[(place, *route)[number]] for ladder, number in zip(ladders, numbers, strict=True))
            for route in islice(routes, MOST_ROUTES + 1)
        )
        known = all(ladder.known for ladder in ladders)
        moves.append(_move(segment, list(ways), known=known))
    return moves
