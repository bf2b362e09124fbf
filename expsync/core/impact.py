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

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from expsync.core.bucketing import ROWS, Shares, Split, Weight, share_ever, share_moved
from expsync.core.normalize import DEFAULT_PERCENTAGE, DEFAULT_VARIANTS, DEFAULT_WEIGHT
from expsync.model.plan import Impact
from expsync.model.state import Leaf, Opaque, SegmentState, State

MOST_ROUTES = 200
"""Past so many ways through three or more different lists of segments, what happens on the way is bounded at once."""
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
    """Whether these are the shares. If not, it is at most so many who switch; who switch or leave; who switch, leave
    or enter; and who ever switched or were wrong on the way."""


def impacts_of(states: Sequence[State], *, renamed: Mapping[str, str] | None = None) -> list[Impact]:
    """An impact for each segment of the last state, in their order, then for all other users, where something moves.

    `states` holds what is live before, after each call on the way, and in the end; `renamed` maps new variant keys to
    those that they had, for renamed variants are the same arms. Shares have four decimals, `stay` is what the others
    leave of 1, and where nothing reaches 0.005 % there is no impact. Without states nobody is there to be moved.
    """
    impacts = (rounded_impact(move) for move in moves_of(states, renamed=renamed))
    return [i for i in impacts if i.switch or i.enter or i.leave or i.transientSwitch]


def moves_of(states: Sequence[State], *, renamed: Mapping[str, str] | None = None) -> list[Move]:
    """What `impacts_of` rounds: a move for each segment of the last state that can be reached, and all other users."""
    if not states:
        return []
    names = {old: new for new, old in (renamed or {}).items()}
    ladders = [_ladder(state, names) for state in states]
    # Equal lists of conditions send everybody the same way, so each is walked once; the last one is given.
    shapes = list(dict.fromkeys(ladder.conditions for ladder in (ladders[-1], *ladders)))
    moves: list[Move] = []
    for place, segment in enumerate(ladders[-1].names):
        passed = frozenset(shapes[0][:place])
        if _EVERYONE in passed or shapes[0][place] in passed:
            continue
        matched = frozenset((shapes[0][place], _EVERYONE))
        routes = list(islice(_routes(shapes[1:], matched, passed), MOST_ROUTES + 1))
        if len(routes) <= MOST_ROUTES:
            numbers = [shapes.index(ladder.conditions) for ladder in ladders]
            ways = [
                tuple(ladder.rungs[(place, *route)[number]] for ladder, number in zip(ladders, numbers, strict=True))
                for route in routes
            ]
            moves.append(_move(segment, ways))
        else:
            starts = _routes([ladders[0].conditions], matched, passed)
            ends = [(ladders[0].rungs[start], ladders[-1].rungs[place]) for (start,) in starts]
            moves.append(_unknown_on_the_way(_move(segment, ends), (start for start, _ in ends)))
    return moves


def splits_of(state: State, *, renamed: Mapping[str, str] | None = None) -> dict[str | None, Split | None]:
    """The split of each segment, in their order, and of all other users (None), as `impacts_of` reckons with them."""
    ladder = _ladder(state, {old: new for new, old in (renamed or {}).items()})
    return {name: rung.split for name, rung in zip(ladder.names, ladder.rungs, strict=True)}


def same_users(before: State, after: State) -> frozenset[str | None]:
    """The segments (None: all other users) that surely the same users reach before and after, with all of it known."""
    old, new = _ladder(before, {}), _ladder(after, {})
    return frozenset(
        name
        for place, (name, rung, was) in enumerate(zip(new.names, new.rungs, old.rungs, strict=False))
        if old.names[place] == name
        and old.conditions[: place + 1] == new.conditions[: place + 1]
        and (rung.known and was.known)
    )


@dataclass(frozen=True, slots=True)
class _Rung:
    """The split of one segment; `known` is false where the API did not say all of it."""

    split: Split | None
    known: bool


@dataclass(frozen=True, slots=True)
class _Ladder:
    """The segments of one state from the top, all other users last: names, canonical conditions and splits."""

    names: tuple[str | None, ...]
    conditions: tuple[str, ...]
    rungs: tuple[_Rung, ...]


def _ladder(state: State, names: Mapping[str, str]) -> _Ladder:
    new = state.id is None
    segments = state.targetSegments or {}
    serves = state.flag("enabled", unknown=not new) and not state.flag("archived", unknown=False)
    keys = state.variants if state.variants is not None else DEFAULT_VARIANTS

    def rung(percentage: Leaf, weights: Mapping[str, Weight], key: Leaf, *, known: bool) -> _Rung:
        if not serves:
            return _Rung(None, known=True)
        if percentage is None:
            # What a new one gets is known; of a live one that does not tell, the worst is that it is everybody.
            percentage, known = (DEFAULT_PERCENTAGE, known) if new else (ROWS, False)
        split = Split(
            variants=tuple((names.get(k, k), weights.get(k, 0)) for k in keys),
            percentage=_number(percentage),
            salt=_text(state.fields.get("bucketingSalt")),
            key=_text(key) or _text(state.fields.get("bucketingKey")),
            unit=_text(state.fields.get("bucketingUnit")),
        )
        return _Rung(split, known=known)

    weights = _all_users_weights(state)
    rungs = [
        rung(
            segment.fields.get("percentage"),
            segment.rolloutWeights or {},
            segment.fields.get("bucketingKey"),
            known=True,
        )
        for segment in segments.values()
    ]
    told = new or (state.variants is not None and all("rolloutWeight" in v.fields for v in state.variants.values()))
    rungs.append(rung(state.fields.get("rolloutPercentage"), weights, None, known=told))
    return _Ladder((*segments, None), (*map(_conditions, segments.values()), _EVERYONE), tuple(rungs))


def _all_users_weights(state: State) -> dict[str, Weight]:
    if state.variants is None:
        return dict.fromkeys(DEFAULT_VARIANTS, DEFAULT_WEIGHT)
    return {key: _number(variant.fields.get("rolloutWeight")) for key, variant in state.variants.items()}


def _conditions(segment: SegmentState) -> str:
    conditions = segment.fields.get("conditions")
    return conditions.canonical if isinstance(conditions, Opaque) else _EVERYONE


def _number(leaf: Leaf) -> Weight:
    return leaf if isinstance(leaf, int | float) else 0


def _text(leaf: Leaf) -> str:
    return leaf if isinstance(leaf, str) else ""


def _routes(
    shapes: Sequence[tuple[str, ...]], matched: frozenset[str], failed: frozenset[str]
) -> Iterator[tuple[int, ...]]:
    """Every place, one in each list of conditions, that users may be at who match some conditions and fail others."""
    if not shapes:
        yield ()
        return
    for place, conditions in enumerate(shapes[0]):
        if conditions in failed:
            continue
        yield from ((place, *route) for route in _routes(shapes[1:], matched | {conditions}, failed))
        if conditions in matched:
            return
        failed |= {conditions}


def _move(segment: str | None, ways: Sequence[tuple[_Rung, ...]]) -> Move:
    """The move of users who may have gone any of these ways: exact where all of them come to the same."""
    outcomes = dict.fromkeys(_outcome(tuple(rung.split for rung in way)) for way in dict.fromkeys(ways))
    known = all(rung.known for way in ways for rung in way)
    shares, ever_switched, ever_wrong = next(iter(outcomes))
    if len(outcomes) > 1:
        switch = max(shares.switch for shares, _, _ in outcomes)
        leave = min(max(shares.leave for shares, _, _ in outcomes), 1 - switch)
        enter = min(max(shares.enter for shares, _, _ in outcomes), 1 - switch - leave)
        shares = Shares(switch, enter, leave, max(0.0, 1 - switch - leave - enter))
        ever_switched, ever_wrong = max(o[1] for o in outcomes), max(o[2] for o in outcomes)
    return Move(segment, shares, ever_switched, ever_wrong, exact=known and len(outcomes) == 1)


_Outcome: TypeAlias = tuple[Shares, float, float]


def _outcome(splits: tuple[Split | None, ...]) -> _Outcome:
    """The shares from the first split to the last, and those ever switched and ever wrong."""
    first, last = splits[0], splits[-1]
    shares = share_moved(first, last)
    if all(split in (first, last) for split in splits):
        return shares, shares.switch, 0.0
    return shares, *share_ever(splits)


def _unknown_on_the_way(move: Move, starts: Iterable[_Rung]) -> Move:
    """The move where the middle may be anything: whoever had an arm may have had another."""
    had = any(start.split is not None and start.split.rows for start in starts)
    return Move(move.segment, move.shares, float(had), 1.0, exact=False)


def rounded_impact(move: Move) -> Impact:
    """The move with four decimals; `stay` is what the others leave of 1."""
    switch, enter, leave = (
        round(share * _STEPS) for share in (move.shares.switch, move.shares.enter, move.shares.leave)
    )
    # Three shares that are rounded up may come to a little more than all.
    over = max(0, switch + enter + leave - _STEPS)
    enter, leave = enter - min(over, enter), leave - max(0, over - enter)
    return Impact(
        segment=move.segment,
        switch=switch / _STEPS,
        enter=enter / _STEPS,
        leave=leave / _STEPS,
        stay=(_STEPS - switch - enter - leave) / _STEPS,
        transientSwitch=max(switch, round(move.ever_switched * _STEPS)) / _STEPS,
        exact=move.exact,
    )
