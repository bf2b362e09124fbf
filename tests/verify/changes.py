"""Random changes of an experiment, each with the states on the way, and random users to meet them."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from expsync.core.normalize import conditions_leaf
from expsync.model.state import Leaf, SegmentState, State, VariantState

COUNTRIES = ("US", "DE", "FR")
PLANS = ("free", "paid")
KEYS = ("control", "treatment", "third", "fourth")


@dataclass(frozen=True)
class RandomChange:
    """What is live before, on the way and after; and what new variant keys were before."""

    kind: str
    states: list[State]
    renamed: Mapping[str, str]


def random_change(seed: int) -> RandomChange:
    """One change; each kind comes in turn."""
    rng = random.Random(f"change {seed}")
    kinds = list(_CHANGES)
    kind = kinds[seed % len(kinds)]
    start = _experiment(rng)
    states, renamed = _CHANGES[kind](rng, start), dict[str, str]()
    if kind == "rename":
        renamed = {"renamed": next(iter(start.variants or ()))}
    return RandomChange(kind, [start, *states], renamed)


def random_user(rng: random.Random) -> dict[str, Any]:
    """A user as the engines' context has one, in a group of their own."""
    text = f"{rng.getrandbits(160):040x}"
    properties = {"country": COUNTRIES[rng.getrandbits(12) % 3], "plan": PLANS[rng.getrandbits(1)]}
    return {
        "user": {"user_id": text[:14], "device_id": text[14:28], "user_properties": properties},
        "groups": {"Company": {"group_name": text[28:]}},
    }


def _weight(rng: random.Random) -> float:
    return rng.choice([0, 1, 1, 1, 2, 3, 10, 25, 33.3, 60])


def _percentage(rng: random.Random, other_than: Leaf = None) -> float:
    return rng.choice([share for share in (5, 12.5, 20, 50, 80, 100, 100, 100) if share != other_than])


def _segment(rng: random.Random, variants: Mapping[str, VariantState]) -> SegmentState:
    conditions: list[Any] = []
    if rng.random() < 0.8:
        conditions.append({"prop": "gp:country", "op": "is", "values": rng.sample(COUNTRIES, rng.randint(1, 2))})
    if not conditions or rng.random() < 0.3:
        conditions.append({"prop": "gp:plan", "op": "is", "values": [rng.choice(PLANS)]})
    fields = {"conditions": conditions_leaf(conditions), "percentage": _percentage(rng)}
    if rng.random() < 0.2:
        fields["bucketingKey"] = "device_id"
    return SegmentState(fields, {key: _weight(rng) for key in variants})


def _experiment(rng: random.Random) -> State:
    variants = {key: VariantState({"rolloutWeight": _weight(rng)}) for key in KEYS[: rng.randint(2, 4)]}
    fields = {
        "enabled": True,
        "archived": False,
        "rolloutPercentage": _percentage(rng),
        "bucketingKey": "user_id",
        "bucketingSalt": f"{rng.getrandbits(40):x}",
        "bucketingUnit": "User",
    }
    segments = {f"segment {n}": _segment(rng, variants) for n in range(rng.randint(0, 2))}
    return State("exp", "1", fields, variants, segments)


def _with(state: State, **fields: Any) -> State:
    return replace(state, fields={**state.fields, **fields})


def _weighted(state: State, key: str, weight: float) -> State:
    return replace(state, variants={**(state.variants or {}), key: VariantState({"rolloutWeight": weight})})


def _weights(rng: random.Random, state: State) -> list[State]:
    states = [state]
    for key in rng.sample(list(state.variants or ()), len(state.variants or ())):
        states.append(_weighted(states[-1], key, _weight(rng)))
    return states[1:]


def _to_another_percentage(rng: random.Random, state: State) -> list[State]:
    return [_with(state, rolloutPercentage=_percentage(rng, state.fields["rolloutPercentage"]))]


def _add_variant(rng: random.Random, state: State) -> list[State]:
    added = _weighted(state, "added", 0)
    return [added, _weighted(added, "added", 1 + _weight(rng))]


def _remove_variant(rng: random.Random, state: State) -> list[State]:
    there = _weighted(state, KEYS[0], 3)
    return [there, replace(there, variants={k: v for k, v in (there.variants or {}).items() if k != KEYS[0]})]


def _rename(rng: random.Random, state: State) -> list[State]:
    old = next(iter(state.variants or ()))
    segments = {
        name: replace(s, rolloutWeights={"renamed" if k == old else k: w for k, w in (s.rolloutWeights or {}).items()})
        for name, s in (state.targetSegments or {}).items()
    }
    renamed = {"renamed" if k == old else k: v for k, v in (state.variants or {}).items()}
    after = replace(state, variants=renamed, targetSegments=segments)
    return [after, _weighted(after, "renamed", 1 + _weight(rng))]


def _reorder_variants(rng: random.Random, state: State) -> list[State]:
    variants = list((state.variants or {}).items())
    turn = rng.randrange(1, len(variants))
    return [replace(state, variants=dict(variants[turn:] + variants[:turn]))]


def _edit_segments(rng: random.Random, state: State) -> list[State]:
    segments = state.targetSegments or {"segment 0": _segment(rng, state.variants or {})}
    edited = {
        name: replace(
            s,
            fields={**s.fields, "percentage": _percentage(rng, s.fields["percentage"])},
            rolloutWeights={key: _weight(rng) for key in state.variants or ()},
        )
        for name, s in segments.items()
    }
    return [replace(state, targetSegments=edited)]


def _reorder_segments(rng: random.Random, state: State) -> list[State]:
    segments = dict(state.targetSegments or {})
    segments.setdefault("segment 0", _segment(rng, state.variants or {}))
    return [replace(state, targetSegments=dict(reversed(segments.items())))]


def _replace_segments(rng: random.Random, state: State) -> list[State]:
    kept = {name: s for name, s in (state.targetSegments or {}).items() if rng.random() < 0.5}
    new = {f"new {n}": _segment(rng, state.variants or {}) for n in range(rng.randint(0, 2))}
    both = list((kept | new).items())
    return [replace(state, targetSegments=dict(rng.sample(both, len(both))))]


def _append_segment(rng: random.Random, state: State) -> list[State]:
    added = {**(state.targetSegments or {}), "new": _segment(rng, state.variants or {})}
    return [replace(state, targetSegments=added), *_weights(rng, replace(state, targetSegments=added))[:1]]


def _several(rng: random.Random, state: State) -> list[State]:
    first = _to_another_percentage(rng, state)[0]
    second = _edit_segments(rng, first)[0]
    third = _with(second, bucketingSalt="anew") if rng.random() < 0.5 else second
    return [second, third, *_weights(rng, third)[:2]]


_CHANGES: dict[str, Callable[[random.Random, State], list[State]]] = {
    "weights": _weights,
    "percentage": _to_another_percentage,
    "variant added": _add_variant,
    "variant removed": _remove_variant,
    "rename": _rename,
    "variants reordered": _reorder_variants,
    "salt": lambda rng, state: [_with(state, bucketingSalt="anew")],
    "bucketing key": lambda rng, state: [_with(state, bucketingKey="device_id")],
    "unit": lambda rng, state: [_with(state, bucketingUnit="Company")],
    "segments edited": _edit_segments,
    "segments reordered": _reorder_segments,
    "segments replaced": _replace_segments,
    "segment appended": _append_segment,
    "disabled": lambda rng, state: [_with(state, enabled=False)],
    "archived": lambda rng, state: [_with(state, archived=True)],
    "enabled after a pause": lambda rng, state: [_with(state, enabled=False), *_weights(rng, state)[-1:]],
    "salt and back": lambda rng, state: [_with(state, bucketingSalt="anew"), state],
    "several": _several,
}
