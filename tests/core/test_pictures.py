"""The splits before and after, as the pictures show them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expsync.core.impact import impacts_of
from expsync.core.normalize import live_state
from expsync.core.pictures import split_changes
from expsync.model.plan import Flow, SplitChange
from expsync.model.state import State
from expsync.wire.schema import WireExperiment

GERMANY = {"name": "Germany", "percentage": 100, "rolloutWeights": {"a": 1}, "conditions": []}


def state(
    weights: dict[str, float], percentage: float, segments: Any = (), *, enabled: bool = True, salt: str = "s"
) -> State:
    body = {
        "id": "1",
        "key": "exp",
        "enabled": enabled,
        "bucketingSalt": salt,
        "rolloutPercentage": percentage,
        "variants": [{"key": key} for key in weights],
        "rolloutWeights": weights,
        "targetSegments": list(segments),
    }
    return live_state(WireExperiment.model_validate(body), archived=False)


def test_equal_splits_make_no_picture() -> None:
    assert split_changes(state({"a": 1, "b": 1}, 50), state({"a": 50, "b": 50}, 50)) == []


def flow(before: str | None, after: str | None, share: float) -> Flow:
    return Flow(before=before, after=after, share=share)


def test_each_variant_has_its_share_of_all_who_reach_the_segment() -> None:
    before, after = state({"a": 1, "b": 1}, 50), state({"a": 60, "b": 40, "c": 0}, 80)
    assert split_changes(before, after) == [
        SplitChange(
            segment=None,
            before={"a": 0.25, "b": 0.25},
            after={"a": 0.48, "b": 0.32},
            flows=[
                flow("a", "a", 0.25),
                flow("b", "a", 0.05),
                flow("b", "b", 0.2),
                flow(None, "a", 0.18),
                flow(None, "b", 0.12),
                flow(None, None, 0.2),
            ],
        )
    ]


def test_another_salt_deals_users_out_anew() -> None:
    before, after = state({"a": 1, "b": 1}, 100), state({"a": 3, "b": 1}, 100, salt="other")
    (found,) = split_changes(before, after)
    assert found.flows == [
        flow("a", "a", 0.375), flow("a", "b", 0.125), flow("b", "a", 0.375), flow("b", "b", 0.125)
    ]  # fmt: skip


def test_a_segment_that_comes_has_nothing_before_and_nobody_knows_from_where_its_users_come() -> None:
    found = split_changes(state({"a": 1, "b": 1}, 0), state({"a": 1, "b": 1}, 0, [GERMANY]))
    assert found == [SplitChange(segment="Germany", before={}, after={"a": 1.0}, flows=[])]


def test_behind_other_conditions_come_other_users() -> None:
    other = {**GERMANY, "conditions": [{"prop": "country", "op": "is", "values": ["Chad"]}]}
    before, after = state({"a": 1}, 10, [GERMANY]), state({"a": 1}, 20, [other])
    assert [(split.segment, split.flows) for split in split_changes(before, after)] == [(None, [])]


def test_behind_the_same_segment_the_same_users_come() -> None:
    (found,) = split_changes(state({"a": 1}, 10, [GERMANY]), state({"a": 1}, 20, [GERMANY]))
    assert found.flows == [flow("a", "a", 0.1), flow(None, "a", 0.1), flow(None, None, 0.8)]


def test_more_flows_than_a_picture_shows_are_left_out() -> None:
    variants = {f"v{number}": 1.0 for number in range(11)}
    before, after = state(variants, 100), state({**variants, "v0": 2.0}, 100, salt="other")
    (found,) = split_changes(before, after)
    assert (len(found.before), found.flows) == (11, [])


def test_one_that_is_disabled_serves_nobody() -> None:
    found = split_changes(state({"a": 1}, 100), state({"a": 1}, 100, enabled=False))
    assert found == [SplitChange(segment=None, before={"a": 1.0}, after={}, flows=[flow("a", None, 1.0)])]


WEIGHTS = st.lists(st.integers(0, 9), min_size=1, max_size=5)


@given(WEIGHTS, WEIGHTS, st.integers(0, 100), st.integers(0, 100), st.sampled_from(["s", "other"]))
def test_flows_add_up_to_the_shares_and_to_who_moves(
    old: list[int], new: list[int], before: int, after: int, salt: str
) -> None:
    first = state({f"v{at}": weight for at, weight in enumerate(old)}, before)
    second = state({f"v{at}": weight for at, weight in enumerate(new)}, after, salt=salt)
    # Each flow is rounded to four decimals, and there are 36 of them at most.
    most = 36 * 0.00005
    for split in split_changes(first, second):
        total = dict.fromkeys(("switch", "enter", "leave", "stay"), 0.0)
        for one in split.flows:
            total[_what_happens(one)] += one.share
        for impact in impacts_of([first, second]):
            assert total == pytest.approx({name: getattr(impact, name) for name in total}, abs=most)
        for key, share in split.before.items():
            assert sum(one.share for one in split.flows if one.before == key) == pytest.approx(share, abs=most)
        for key, share in split.after.items():
            assert sum(one.share for one in split.flows if one.after == key) == pytest.approx(share, abs=most)


def _what_happens(one: Flow) -> str:
    if one.before == one.after:
        return "stay"
    if one.before is None:
        return "enter"
    return "leave" if one.after is None else "switch"
