"""Impacts: who moves in each segment, exactly where that can be known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from expsync.core import bucketing
from expsync.core.bucketing import Shares, Split, Weight, columns_of
from expsync.core.impact import MOST_ROUTES, Move, impacts_of, moves_of, rounded_impact, splits_of
from expsync.model.plan import Impact
from expsync.model.state import SegmentState, State
from tests.core.impact_states import segment, state

EVEN = {"control": 1, "treatment": 1}
UNEVEN = {"control": 1, "treatment": 2}
FAR = {"control": 60, "treatment": 40}
A, B = segment("US", EVEN), segment("DE", {"control": 3, "treatment": 1}, 60)


def impact(
    segment: str | None,
    *,
    switch: float = 0.0,
    enter: float = 0.0,
    leave: float = 0.0,
    stay: float,
    transient: float | None = None,
    exact: bool = True,
) -> Impact:
    return Impact(
        segment=segment,
        switch=switch,
        enter=enter,
        leave=leave,
        stay=stay,
        transientSwitch=switch if transient is None else transient,
        exact=exact,
    )


def test_weights_of_all_other_users() -> None:
    assert impacts_of([state(EVEN), state(UNEVEN)]) == [impact(None, switch=0.1667, stay=0.8333)]


def test_what_does_not_move_anybody_has_no_impact() -> None:
    assert impacts_of([state(EVEN, {"A": A}), state({"control": 50, "treatment": 50}, {"A": A}, name="x")]) == []


def test_without_states_nobody_is_moved() -> None:
    assert impacts_of([]) == []


def test_less_than_a_digit_shows_has_no_impact() -> None:
    assert impacts_of([state({"a": 1_000_000, "b": 1_000_000}), state({"a": 1_000_001, "b": 1_000_000})]) == []


def test_states_on_the_way_show_in_the_transient_switch() -> None:
    path = [state(EVEN), state({"control": 60, "treatment": 1}), state(FAR)]
    assert impacts_of(path) == [impact(None, switch=0.1, stay=0.9, transient=0.4836)]


def test_what_is_undone_on_the_way_is_a_transient_switch_alone() -> None:
    path = [state(EVEN), state(UNEVEN), state(EVEN)]
    assert impacts_of(path) == [impact(None, stay=1.0, transient=0.1667)]


@pytest.mark.parametrize("field", [{"enabled": False}, {"archived": True}])
def test_disabled_or_archived_is_a_split_that_gives_nobody_a_variant(field: dict[str, bool]) -> None:
    on, off = state(EVEN, {"B": B}), state(EVEN, {"B": B}, **field)
    assert impacts_of([on, off]) == [impact("B", leave=0.6, stay=0.4), impact(None, leave=1.0, stay=0.0)]
    assert impacts_of([off, on]) == [impact("B", enter=0.6, stay=0.4), impact(None, enter=1.0, stay=0.0)]
    assert impacts_of([off, replace(off, variants=state(FAR).variants)]) == []


def test_a_pause_on_the_way_switches_nobody() -> None:
    path = [state(EVEN), state(EVEN, enabled=False), state(FAR, enabled=False), state(FAR)]
    assert impacts_of(path) == [impact(None, switch=0.1, stay=0.9)]


def test_deployments_do_not_count() -> None:
    assert (
        impacts_of([replace(state(EVEN), deployments=frozenset("1")), replace(state(EVEN), deployments=frozenset())])
        == []
    )


@pytest.mark.parametrize("field", ["bucketingSalt", "bucketingKey", "bucketingUnit"])
def test_another_draw_moves_everyone_independently(field: str) -> None:
    after = state(EVEN, {"A": A, "B": B}, **{field: "other"})
    assert impacts_of([state(EVEN, {"A": A, "B": B}), after]) == [
        impact("A", switch=0.5, stay=0.5),
        impact("B", switch=0.135, enter=0.24, leave=0.24, stay=0.385),
        impact(None, switch=0.5, stay=0.5),
    ]


def test_a_segment_has_its_own_bucketing_key_or_that_of_the_experiment() -> None:
    same = segment("US", EVEN, key="user_id")
    assert impacts_of([state(EVEN, {"A": A}), state(EVEN, {"A": same})]) == []
    other = segment("US", EVEN, key="device_id")
    assert impacts_of([state(EVEN, {"A": A}), state(EVEN, {"A": other})]) == [impact("A", switch=0.5, stay=0.5)]


def test_segment_weights_that_are_missing_are_even() -> None:
    before, after = state(UNEVEN, {"A": segment("US", None)}), state(UNEVEN, {"A": A})
    assert impacts_of([before, after]) == []


def test_weights_of_variants_that_are_gone_do_not_count() -> None:
    stray = segment("US", {"control": 1, "gone": 5, "treatment": 1})
    assert impacts_of([state(EVEN, {"A": stray}), state(EVEN, {"A": A})]) == []


def test_a_renamed_variant_is_the_same_arm() -> None:
    before = state({"control": 1, "green": 1}, {"A": segment("US", {"control": 1, "green": 1})})
    after = state(EVEN, {"A": A})
    assert impacts_of([before, after], renamed={"treatment": "green"}) == []
    assert impacts_of([before, after]) == [impact("A", switch=0.5, stay=0.5), impact(None, switch=0.5, stay=0.5)]


class TestChangedLists:
    """What can be known when segments come, go, change places or change their conditions."""

    def test_an_added_segment_takes_its_users_from_all_others(self) -> None:
        after = state(EVEN, {"A": A, "B": B})
        assert impacts_of([state(EVEN, {"A": A}), after]) == [impact("B", switch=0.15, leave=0.4, stay=0.45)]

    def test_a_segment_added_in_front_may_take_its_users_from_any(self) -> None:
        after = state(FAR, {"B": B, "A": A})
        assert impacts_of([state(FAR, {"A": A}), after]) == [
            impact("B", switch=0.15, leave=0.4, stay=0.45, exact=False),
        ]

    def test_users_of_a_removed_segment_are_among_all_others_and_what_is_above_is_exact(self) -> None:
        before = state(EVEN, {"A": A, "B": B})
        assert impacts_of([before, state(EVEN, {"A": segment("US", EVEN, 50)})]) == [
            impact("A", leave=0.5, stay=0.5),
            impact(None, switch=0.15, enter=0.4, stay=0.45, exact=False),
        ]

    def test_in_another_order_the_new_first_may_come_from_any_before_it(self) -> None:
        swapped = [state(EVEN, {"A": A, "B": B}), state(EVEN, {"B": B, "A": A})]
        assert impacts_of(swapped) == [impact("B", switch=0.15, leave=0.4, stay=0.45, exact=False)]

    def test_other_conditions_are_other_users(self) -> None:
        moved = replace(B, fields={**B.fields, "conditions": segment("FR", None).fields["conditions"]})
        assert impacts_of([state(EVEN, {"B": B}), state(EVEN, {"B": moved})]) == [
            impact("B", switch=0.15, leave=0.4, stay=0.45, exact=False),
            impact(None, switch=0.15, enter=0.4, stay=0.45, exact=False),
        ]

    def test_another_name_is_the_same_segment(self) -> None:
        half = segment("US", EVEN, 50)
        assert impacts_of([state(EVEN, {"A": A}), state(EVEN, {"Z": half})]) == [impact("Z", leave=0.5, stay=0.5)]

    def test_wherever_they_come_from_equal_shares_are_exact(self) -> None:
        after = state(EVEN, {"C": segment("FR", FAR)})
        assert impacts_of([state(EVEN, {"A": A}), after]) == [impact("C", switch=0.1, stay=0.9)]

    def test_nobody_reaches_what_is_below_a_segment_of_everyone(self) -> None:
        everyone = segment(None, FAR)
        before, after = state(EVEN, {"A": A}), state(EVEN, {"A": A, "all": everyone, "B": B})
        assert impacts_of([before, after]) == [impact("all", switch=0.1, stay=0.9)]
        assert [move.segment for move in moves_of([before, after])] == ["A", "all"]

    def test_nobody_reaches_the_second_of_two_segments_with_the_same_conditions(self) -> None:
        path = [state(EVEN, {"A": A}), state(EVEN, {"A": A, "again": segment("US", FAR)})]
        assert [move.segment for move in moves_of(path)] == ["A", None]
        assert impacts_of(path) == []

    def test_bounds_are_the_worst_of_each_and_still_add_up_to_one(self) -> None:
        before = state(EVEN, {"A": segment("US", {"control": 0, "treatment": 1}, 80), "B": segment("DE", EVEN, 0)})
        after = state(EVEN, {"C": segment("FR", {"control": 1}, 60)})
        assert impacts_of([before, after])[0] == impact("C", switch=0.6, leave=0.4, stay=0.0, exact=False)

    def test_behind_a_shield_nobody_is_moved_on_the_way(self) -> None:
        shield = {"shield": segment(None, EVEN)}
        path = [state(EVEN), state(EVEN, shield), state({"control": 60, "treatment": 1}, shield), state(FAR, shield)]
        assert impacts_of([*path, state(FAR)]) == [impact(None, switch=0.1, stay=0.9)]
        assert impacts_of(path[:-1]) == []

    def test_a_list_that_changes_on_the_way_bounds_what_happens_there(self) -> None:
        path = [state(EVEN), state(EVEN, {"C": segment("FR", FAR)}), state(EVEN)]
        assert impacts_of(path) == [impact(None, stay=1.0, transient=0.1, exact=False)]

    def test_too_many_ways_through_three_lists_are_bounded_at_once(self) -> None:
        def many(start: int) -> dict[str, SegmentState]:
            return {str(n): segment(f"{start + n}", EVEN, 50 + n / 10) for n in range(30)}

        path = [state(EVEN, many(0)), state(EVEN, many(100)), state(EVEN, many(200))]
        assert MOST_ROUTES < 31 * 31
        moves = moves_of(path)
        assert {(move.exact, move.ever_switched, move.ever_wrong) for move in moves} == {(False, 1.0, 1.0)}
        assert moves[0].shares.leave == pytest.approx(0.5)


class TestUnknown:
    """What the API does not tell is taken at its worst; what a new experiment gets is known."""

    def test_a_percentage_that_is_not_told_counts_as_all(self) -> None:
        before, after = state(EVEN, without="rolloutPercentage"), state(EVEN, rolloutPercentage=50)
        assert impacts_of([before, after]) == [impact(None, leave=0.5, stay=0.5, exact=False)]

    def test_a_segment_percentage_that_is_not_told_counts_as_all_and_leaves_the_rest_exact(self) -> None:
        before, after = state(EVEN, {"A": segment("US", EVEN, None)}), state(FAR, {"A": segment("US", FAR, None)})
        assert impacts_of([before, after]) == [
            impact("A", switch=0.1, stay=0.9, exact=False),
            impact(None, switch=0.1, stay=0.9),
        ]

    @pytest.mark.parametrize("weights", [None, {"control": None, "treatment": None}])
    def test_weights_that_are_not_told_count_as_even(self, weights: dict[str, float | None] | None) -> None:
        assert impacts_of([state(weights), state(FAR)]) == [impact(None, switch=0.1, stay=0.9, exact=False)]

    def test_a_new_experiment_serves_nobody_and_then_has_the_defaults(self) -> None:
        nothing = State("exp")
        created = state(None, {"A": segment("US", None, None)}, id=None)
        assert impacts_of([nothing, created]) == [impact(None, enter=1.0, stay=0.0)]

    def test_a_live_experiment_that_does_not_say_if_it_is_enabled_counts_as_enabled(self) -> None:
        assert impacts_of([state(EVEN, without="enabled"), state(EVEN, enabled=False)]) == [
            impact(None, leave=1.0, stay=0.0)
        ]

    def test_a_segment_without_word_of_conditions_is_for_everyone(self) -> None:
        bare = SegmentState({"percentage": 100}, FAR)
        assert impacts_of([state(EVEN), state(EVEN, {"all": bare})]) == [impact("all", switch=0.1, stay=0.9)]


def test_shares_rounded_up_leave_nothing_below_zero() -> None:
    # Nobody stays, and the others are rounded to more than all.

    for shares in [(0.33335, 0.33335, 0.3333), (0.50005, 0.0, 0.49995), (0.50005, 0.49995, 0.0)]:
        got = rounded_impact(Move(None, Shares(*shares, 0.0), shares[0], 0.0, exact=True))
        assert got.switch + got.enter + got.leave + got.stay == pytest.approx(1, abs=1e-12)
        assert min(got.switch, got.enter, got.leave, got.stay) >= 0


def test_splits_are_those_of_each_segment_and_of_all_other_users() -> None:
    live = state({"green": 1, "b": 2}, {"A": segment("US", {"b": 1}, 12.5, key="device_id")}, rolloutPercentage=30)
    assert splits_of(live, renamed={"blue": "green"}) == {
        "A": Split((("blue", 0), ("b", 1)), 12.5, "salt", "device_id", "User"),
        None: Split((("blue", 1), ("b", 2)), 30, "salt", "user_id", "User"),
    }
    assert splits_of(replace(live, fields={**live.fields, "enabled": False})) == {"A": None, None: None}


@pytest.mark.parametrize("segments", [0, 1, 40])
def test_only_places_whose_split_changes_are_reckoned(monkeypatch: pytest.MonkeyPatch, segments: int) -> None:
    """So that a plan of many changes is quick: how long a share takes is how many splits are laid out for it."""
    laid_out: list[tuple[Weight, ...]] = []

    def counted(variants: Sequence[tuple[str, Weight]]) -> list[tuple[str, int]]:
        laid_out.append(tuple(weight for _, weight in variants))
        return columns_of(variants)

    monkeypatch.setattr(bucketing, "columns_of", counted)
    others = {str(number): segment(str(number), EVEN, number) for number in range(segments)}
    path = [state(weights, others) for weights in (EVEN, {"control": 60, "treatment": 1}, FAR)]

    assert impacts_of(path) == [impact(None, switch=0.1, stay=0.9, transient=0.4836)]
    # From the first split to the last, then all three together, and the first alone.
    assert laid_out == [(1, 1), (60, 40), (1, 1), (60, 1), (60, 40), (1, 1)]
