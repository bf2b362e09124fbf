"""The states that users meet on the way: one after each call that moves the split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from expsync.core.normalize import number
from expsync.core.shield import with_shield
from expsync.core.target import SHIELD, Target
from expsync.model.plan import Operation
from expsync.model.state import SegmentState, State, VariantState
from expsync.wire.endpoints import endpoint_of

_MOVING = ("rolloutPercentage", "bucketingKey", "bucketingSalt", "bucketingUnit", "enabled", "stickyBucketing")
"""Fields of an edit that decide who gets what, beside the segments and archiving."""


def states_along(target: Target, operations: Sequence[Operation]) -> list[State]:
    """The live state, the state after each call that moves the split, and so at last the target's.

    Variants stand under the keys that they will have, so that a rename by itself moves nobody. Empty for a creation:
    nobody is there to be moved.
    """
    if target.live is None:
        return []
    states = [target.live]
    for operation in operations:
        after = _after(states[-1], operation, target)
        if after != states[-1] or list(after.targetSegments or ()) != list(states[-1].targetSegments or ()):
            # Mappings are equal in any order, but the first segment that matches decides.
            states.append(after)
    return states


def _after(state: State, operation: Operation, target: Target) -> State:
    body: dict[str, Any] = operation.body if isinstance(operation.body, dict) else {}
    match operation.op:
        case "editExperiment":
            moved = {name: body[name] for name in _MOVING if name in body}
            if "archive" in body:
                moved["archived"] = body["archive"]
            segments = _segments_after(state, body, target)
            return replace(state, fields={**state.fields, **moved}, targetSegments=segments)
        case "createVariant":
            return _with_weight(state, body["key"], body.get("rolloutWeight"))
        case "editVariant" if "rolloutWeight" in body:
            found = endpoint_of(operation.method, operation.path)
            assert found is not None
            return _with_weight(state, body.get("key", found[1]["variant"]), body["rolloutWeight"])
        case "removeVariant":
            found = endpoint_of(operation.method, operation.path)
            assert found is not None
            left = {key: variant for key, variant in (state.variants or {}).items() if key != found[1]["variant"]}
            return replace(state, variants=left)
    return state


def _segments_after(state: State, body: dict[str, Any], target: Target) -> Mapping[str, SegmentState] | None:
    """The segments after an edit: as they were, with the shield below them, or the target's."""
    if "targetSegments" not in body:
        return state.targetSegments
    if any(segment["name"] == SHIELD for segment in body["targetSegments"]):
        return with_shield(state).targetSegments
    return target.state.targetSegments


def _with_weight(state: State, key: str, weight: int | float | None) -> State:
    variants = dict(state.variants or {})
    held = variants.get(key, VariantState())
    variants[key] = replace(held, fields={**held.fields, "rolloutWeight": number(weight)})
    return replace(state, variants=variants)
