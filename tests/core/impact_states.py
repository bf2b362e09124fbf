"""States for tests of impacts, in few words."""

from __future__ import annotations

from collections.abc import Mapping

from expsync.core.normalize import conditions_leaf
from expsync.model.state import Leaf, SegmentState, State, VariantState

SERVED: Mapping[str, Leaf] = {
    "enabled": True,
    "archived": False,
    "rolloutPercentage": 100,
    "bucketingKey": "user_id",
    "bucketingSalt": "salt",
    "bucketingUnit": "User",
}


def state(
    weights: Mapping[str, float | None] | None,
    segments: Mapping[str, SegmentState] | None = None,
    *,
    id: str | None = "1",
    without: str = "",
    **fields: Leaf,
) -> State:
    """A live experiment with these weights; `fields` over what is usual, and the field `without` left out."""
    variants = None
    if weights is not None:
        variants = {
            key: VariantState({} if weight is None else {"rolloutWeight": weight}) for key, weight in weights.items()
        }
    known = {name: value for name, value in {**SERVED, **fields}.items() if name != without}
    return State("exp", id, known, variants, segments)


def segment(
    country: str | None, weights: Mapping[str, float] | None, percentage: float | None = 100, key: str = ""
) -> SegmentState:
    """A segment of users in one country; of everyone where it is None."""
    conditions = [] if country is None else [{"prop": "gp:country", "op": "is", "values": [country]}]
    fields: dict[str, Leaf] = {"conditions": conditions_leaf(conditions)}
    if percentage is not None:
        fields["percentage"] = percentage
    if key:
        fields["bucketingKey"] = key
    return SegmentState(fields, weights)
