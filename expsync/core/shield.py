"""The shield: a segment that holds the old split while the weights behind it change, one call at a time.

The API changes the weights of all other users one variant a call, and each call is a split that users meet. With the
shield in place as the last segment, without conditions, everybody who is in no other segment gets what they had; the
weights change behind it, and one edit then puts the wanted segments in its place. Nobody is ever in an arm that is
neither their old nor their new one. It costs two calls and, while it lasts, a segment in the product's page; so it is
for those who ask for it. If a run dies on the way, the next plan finds the shield and takes it away, last.
"""

from __future__ import annotations

from dataclasses import replace

from expsync.core.normalize import conditions_leaf, number
from expsync.core.target import SHIELD, Target
from expsync.model.state import Leaf, SegmentState, State


def is_shielded(live: State) -> bool:
    """Whether a shield is in place, left by a run that did not come to its end."""
    return SHIELD in (live.targetSegments or {})


def can_shield(target: Target, live: State) -> bool:
    """Whether a shield would help: two calls or more move the split, users are in it, and segments can be written."""
    segments = (live.targetSegments or {}).values()
    writable = live.targetSegments is not None and not live.older and not any(s.foreign for s in segments)
    before, after = _weights(live), _weights(target.state)
    moving = [key for key in before if after.get(key, 0) != before[key]]
    moving += [key for key in after if key not in before and after[key]]
    return writable and len(moving) > 1 and bool(live.fields.get("rolloutPercentage", 0))


def with_shield(live: State) -> State:
    """The live state with the shield as its last segment: who is in no other one keeps their variant."""
    percentage = live.fields.get("rolloutPercentage", 0)
    assert isinstance(percentage, int | float)
    fields: dict[str, Leaf] = {"conditions": conditions_leaf([]), "percentage": percentage}
    if "bucketingKey" in live.fields:
        fields["bucketingKey"] = live.fields["bucketingKey"]
    weights = {key: weight for key, weight in _weights(live).items() if weight}
    shield = SegmentState(fields=fields, rolloutWeights=weights)
    return replace(live, targetSegments={**(live.targetSegments or {}), SHIELD: shield})


def _weights(state: State) -> dict[str, int | float]:
    found: dict[str, int | float] = {}
    for key, variant in (state.variants or {}).items():
        weight = variant.fields.get("rolloutWeight", 0)
        assert isinstance(weight, int | float)
        found[key] = number(weight)
    return found
