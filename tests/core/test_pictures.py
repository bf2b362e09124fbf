"""The splits before and after, as the pictures show them."""

from __future__ import annotations

from typing import Any

from expsync.core.normalize import live_state
from expsync.core.pictures import split_changes
from expsync.model.plan import SplitChange
from expsync.model.state import State
from expsync.wire.schema import WireExperiment

GERMANY = {"name": "Germany", "percentage": 100, "rolloutWeights": {"a": 1}, "conditions": []}


def state(weights: dict[str, float], percentage: float, segments: Any = (), *, enabled: bool = True) -> State:
    body = {
        "id": "1",
        "key": "exp",
        "enabled": enabled,
        "rolloutPercentage": percentage,
        "variants": [{"key": key} for key in weights],
        "rolloutWeights": weights,
        "targetSegments": list(segments),
    }
    return live_state(WireExperiment.model_validate(body), archived=False)


def test_equal_splits_make_no_picture() -> None:
    assert split_changes(state({"a": 1, "b": 1}, 50), state({"a": 50, "b": 50}, 50)) == []


def test_each_variant_has_its_share_of_all_who_reach_the_segment() -> None:
    before, after = state({"a": 1, "b": 1}, 50), state({"a": 60, "b": 40, "c": 0}, 80)
    assert split_changes(before, after) == [
        SplitChange(segment=None, before={"a": 0.25, "b": 0.25}, after={"a": 0.48, "b": 0.32})
    ]


def test_a_segment_that_comes_has_nothing_before() -> None:
    found = split_changes(state({"a": 1, "b": 1}, 0), state({"a": 1, "b": 1}, 0, [GERMANY]))
    assert found == [SplitChange(segment="Germany", before={}, after={"a": 1.0})]


def test_one_that_is_disabled_serves_nobody() -> None:
    found = split_changes(state({"a": 1}, 100), state({"a": 1}, 100, enabled=False))
    assert found == [SplitChange(segment=None, before={"a": 1.0}, after={})]
