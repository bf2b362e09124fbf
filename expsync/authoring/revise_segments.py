"""The segments of a declaration with other values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from expsync.authoring.declare import declared_conditions, declared_segment
from expsync.authoring.revise_variants import mappings
from expsync.authoring.terms import Terms
from expsync.config.overlay import Raw
from expsync.core.normalize import conditions_leaf, number, positive_weights
from expsync.core.paths import Path
from expsync.core.target import SHIELD
from expsync.model.state import Leaf, SegmentState, State, plain

_FIELDS = ("percentage", "bucketingKey", "conditions")


def revise_segments(raw: Raw, wanted: State, terms: Terms) -> None:
    """Nothing; the segments of `raw` itself are replaced. Lists that no file can say, or replace, stay as they are."""
    states = wanted.targetSegments
    since = terms.since.targetSegments if terms.since is not None else None
    if states is None or terms.leaves("targetSegments"):
        return
    if any(segment.foreign for segment in (*states.values(), *(since or {}).values())):
        return
    keys = _keys_of(raw, wanted)
    held = mappings(raw.get("targetSegments"))
    bucketing_key = raw.get("bucketingKey", plain(wanted.fields.get("bucketingKey")))

    def added(name: str, state: SegmentState) -> Raw:
        # One that was there before is said even where it is the experiment's own: the server may not fill it in.
        own = bucketing_key if isinstance(bucketing_key, str) and terms.since is None else None
        return declared_segment(name, state, variants=keys or (), bucketing_key=own)

    if held is None:
        if since is not None and _differ(since, states, terms):
            raw["targetSegments"] = [added(name, state) for name, state in states.items() if name != SHIELD]
        return
    by_name = {str(segment["name"]): segment for segment in held}
    before = since or {}
    found: dict[str, JsonValue] = {}
    for name, state in states.items():
        if name in by_name:
            found[name] = _revised(name, by_name[name], state, before.get(name), terms, keys)
        elif name != SHIELD and not terms.leaves("targetSegments", name):
            found[name] = added(name, state)
    order, place = list(found), 0
    for name, segment in by_name.items():
        if name not in found and terms.leaves("targetSegments", name):
            # It stays behind the one that it follows in the file.
            order.insert(place, name)
            found[name] = segment
        place = order.index(name) + 1 if name in found else place
    raw["targetSegments"] = [found[name] for name in order]


def _differ(since: Mapping[str, SegmentState], wanted: Mapping[str, SegmentState], terms: Terms) -> bool:
    return list(since) != list(wanted) or any(
        any(since[name].fields.get(field) != value for field, value in state.fields.items())
        or (
            state.rolloutWeights is not None
            and not terms.leaves("targetSegments", name, "rolloutWeights")
            and since[name].rolloutWeights != state.rolloutWeights
        )
        for name, state in wanted.items()
    )


def _revised(
    name: str, held: Raw, state: SegmentState, since: SegmentState | None, terms: Terms, keys: tuple[str, ...] | None
) -> Raw:
    segment = dict(held)
    path: Path = ("targetSegments", name)
    for field in _FIELDS:
        if terms.leaves(*path, field):
            continue
        if field not in state.fields:
            if field in held and terms.since is None:
                # Live has none, which a file says by saying nothing; what a version leaves out is not known.
                del segment[field]
            continue
        value = state.fields[field]
        if field in held:
            if _leaf(field, held[field]) != value:
                segment[field] = _said(field, value, held[field])
        elif terms.since is not None and (since is None or since.fields.get(field) != value):
            segment[field] = _said(field, value, None)
    weights = None if terms.leaves(*path, "rolloutWeights") else state.rolloutWeights
    listed = held.get("rolloutWeights")
    if isinstance(listed, dict):
        # A variant that is gone has no weight, whoever sets the weights.
        there: Raw = {key: weight for key, weight in listed.items() if keys is None or key in keys}
        segment["rolloutWeights"] = there if weights is None else _revised_weights(path, there, weights, terms, keys)
    elif weights is not None and terms.since is not None and (since is None or since.rolloutWeights != weights):
        segment["rolloutWeights"] = _revised_weights(path, dict.fromkeys(keys or (), 0), weights, terms, keys)
    return segment


def _leaf(name: str, value: Any) -> Leaf:
    if name == "percentage":
        return number(value)
    return conditions_leaf(value) if name == "conditions" else value


def _said(field: str, value: Leaf, held: JsonValue) -> JsonValue:
    if field != "conditions":
        return plain(value)
    return _revised_conditions(mappings(held) or (), declared_conditions(value))


def _revised_conditions(held: Any, wanted: list[JsonValue]) -> list[JsonValue]:
    """The wanted conditions, in the order and the words that the file has them in, as far as it has them."""
    left = [condition for condition in wanted if isinstance(condition, dict)]
    exact = {id(one): _take(left, lambda other, one=one: _meaning(one) == _meaning(other)) for one in held}
    result: list[JsonValue] = []
    for one in held:
        if exact[id(one)] is not None:
            result.append(one)
            continue
        near = _take(left, lambda other, one=one: (one.get("prop"), one.get("op")) == (other["prop"], other["op"]))
        if near is not None:
            result.append({**one, "values": _revised_values(one.get("values"), near["values"])})
    return [*result, *left]


def _take(left: list[Raw], fits: Any) -> Raw | None:
    """The first of `left` that fits, taken out of it; None where none does."""
    found = next((place for place, other in enumerate(left) if fits(other)), None)
    return None if found is None else left.pop(found)


def _meaning(condition: Raw) -> str:
    return conditions_leaf([condition]).canonical


def _revised_values(held: JsonValue, wanted: JsonValue) -> JsonValue:
    if not isinstance(held, list) or not isinstance(wanted, list):
        return wanted
    return [*(one for one in held if one in wanted), *(one for one in wanted if one not in held)]


def _revised_weights(
    path: Path, held: Mapping[str, Any], wanted: Mapping[str, int | float], terms: Terms, keys: tuple[str, ...] | None
) -> Raw:
    positive = positive_weights(held)
    weights: Raw = {}
    for key in dict.fromkeys((*held, *(key for key in wanted if keys is None or key in keys))):
        if terms.leaves(*path, "rolloutWeights", key):
            if key in held:
                weights[key] = held[key]
        elif key not in held or positive.get(key, 0) != wanted.get(key, 0):
            weights[key] = wanted.get(key, 0)
        else:
            weights[key] = held[key]
    return weights


def _keys_of(raw: Raw, wanted: State) -> tuple[str, ...] | None:
    """The keys of the variants that there will be, or None where nobody says."""
    held = mappings(raw.get("variants"))
    if held is not None:
        return tuple(str(variant["key"]) for variant in held)
    return tuple(wanted.variants) if wanted.variants is not None else None
