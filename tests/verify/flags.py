"""An experiment as the flag that the vendor's evaluation engines take.

Written from the description of evaluation alone and not from `core.bucketing`, so that the two can disagree.
"""

from __future__ import annotations

import math
from typing import Any

from amplitude_experiment.evaluation.types import EvaluationFlag

from expsync.model.state import Opaque, State

Json = dict[str, Any]
NO_VARIANT = "off"


def flag_of(state: State, name: str) -> Json:
    """The flag; one that is disabled or archived has no segment, and so gives nobody a variant."""
    fields, variants = state.fields, state.variants or {}
    weights = {key: variant.fields.get("rolloutWeight", 0) for key, variant in variants.items()}
    segments = []
    for segment in (state.targetSegments or {}).values():
        own = segment.rolloutWeights or {}
        bucket = _bucket(state, {key: own.get(key, 0) for key in variants}, segment.fields)
        segments.append({"conditions": _conditions(segment.fields["conditions"]), "bucket": bucket})
    segments.append({"bucket": _bucket(state, weights, {"percentage": fields["rolloutPercentage"]})})
    serves = fields["enabled"] and not fields["archived"]
    return {
        "key": name,
        "variants": {key: {"key": key} for key in (*variants, NO_VARIANT)},
        # Who is in a segment and not allocated gets its variant, `off`, and is not tried on the next one.
        "segments": [{**segment, "variant": NO_VARIANT} for segment in segments] if serves else [],
    }


def reach_flag(state: State, name: str) -> Json:
    """A flag that gives each user the place of the segment that decides for them, whether allocated or not."""
    segments = [
        {"conditions": _conditions(segment.fields["conditions"]), "variant": str(place)}
        for place, segment in enumerate((state.targetSegments or {}).values())
    ]
    segments.append({"variant": str(len(segments))})
    return {"key": name, "variants": {s["variant"]: {"key": s["variant"]} for s in segments}, "segments": segments}


def load_flag(flag: Json) -> EvaluationFlag:
    """The flag as the vendor's Python engine takes it, with the fractions of percentages that its loader cuts off."""
    loaded = EvaluationFlag.from_dict(flag)
    for segment, given in zip(loaded.segments, flag["segments"], strict=True):
        if segment.bucket is not None:
            segment.bucket.allocations[0].range = given["bucket"]["allocations"][0]["range"]
    return loaded


def _bucket(state: State, weights: dict[str, Any], segment: Any) -> Json:
    if not sum(weights.values()):
        weights = dict.fromkeys(weights, 1)
    total, before, distributions = sum(weights.values()), 0, []
    for key, weight in weights.items():
        start = math.floor(before * 42949672 / total)
        end = math.ceil((before + weight) * 42949673 / total)
        distributions.append({"variant": key, "range": [start, end]})
        before += weight
    key = segment.get("bucketingKey") or state.fields["bucketingKey"]
    unit = state.fields["bucketingUnit"]
    return {
        "selector": ["context", "user", key] if unit == "User" else ["context", "groups", unit, "group_name"],
        "salt": state.fields["bucketingSalt"],
        "allocations": [{"range": [0, segment["percentage"]], "distributions": distributions}],
    }


def _conditions(conditions: Any) -> list[list[Json]]:
    assert isinstance(conditions, Opaque)
    assert isinstance(conditions.value, list)
    both: list[Json] = []
    for condition in conditions.value:
        assert isinstance(condition, dict)
        prop = str(condition["prop"])
        path = ["user_properties", prop.removeprefix("gp:")] if prop.startswith("gp:") else [prop]
        both.append({"selector": ["context", "user", *path], "op": condition["op"], "values": condition["values"]})
    return [both] if both else []
