"""The states that users meet on the way from the live state to the target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from expsync.core.normalize import desired_state
from expsync.core.operations import order_operations
from expsync.core.steps import states_along
from expsync.core.target import Target, target_of
from expsync.model.experiment import Declared, Experiment
from expsync.model.state import SegmentState, State
from expsync.model.workspace import Environment, Ownership
from tests.core.risk_worlds import held, live_of, segment, variants


def target(live: State | None, declared: Mapping[str, Any]) -> Target:
    experiment = Experiment.model_validate({"key": "exp", **declared})
    desired = desired_state(Declared(experiment, "exp.yaml", 1), Environment(projectId="1", baseUrl="sandbox"))
    return target_of(desired, live, Ownership())


def along(body: Mapping[str, Any], declared: Mapping[str, Any]) -> list[State]:
    found = target(live_of(body), declared)
    return states_along(found, order_operations(found, "1"))


def split_of(state: State) -> dict[str, Any]:
    return {key: variant.fields.get("rolloutWeight") for key, variant in (state.variants or {}).items()}


def test_a_new_experiment_has_no_way_to_go() -> None:
    created = target(None, {"enabled": True})

    assert states_along(created, order_operations(created, "1")) == []


def test_without_a_call_that_moves_the_split_there_is_the_live_state_alone() -> None:
    wanted = {
        "name": "New",
        "tags": ["a", "managed-by-expsync"],
        "deployments": ["101", "102"],
        "variants": [{"key": "control", "inclusions": ["qa"]}, {"key": "treatment", "description": "new"}],
    }

    assert along({}, wanted) == [live_of({})]


def test_each_changed_weight_is_a_split_that_users_are_served_by() -> None:
    states = along({}, {"variants": variants(control=60, treatment=40)})

    assert [split_of(state) for state in states] == [
        {"control": 1, "treatment": 1},
        {"control": 60, "treatment": 1},
        {"control": 60, "treatment": 40},
    ]


def test_a_new_variant_comes_at_zero_and_one_that_goes_goes_last() -> None:
    states = along(held(control=1, old=1), {"variants": variants(control=1, new=1)})

    assert [split_of(state) for state in states] == [
        {"control": 1, "old": 1},
        {"control": 1, "old": 1, "new": 0},
        {"control": 1, "old": 1, "new": 1},
        {"control": 1, "new": 1},
    ]


def test_a_variant_without_a_weight_comes_at_zero() -> None:
    states = along({"enabled": False}, {"variants": [*variants(control=1, treatment=1), {"key": "new"}]})

    assert [split_of(state) for state in states[1:]] == [{"control": 1, "treatment": 1, "new": 0}]


def test_a_rename_by_itself_is_no_step() -> None:
    wanted = {"variants": [{"key": "control"}, {"key": "green", "renamedFrom": "treatment"}]}

    assert [split_of(state) for state in along({}, wanted)] == [{"control": 1, "green": 1}]


def test_a_rename_with_a_new_weight_is_one_under_the_new_key() -> None:
    wanted = {"variants": [{"key": "control"}, {"key": "green", "renamedFrom": "treatment", "rolloutWeight": 3}]}

    assert [split_of(state) for state in along({}, wanted)] == [
        {"control": 1, "green": 1},
        {"control": 1, "green": 3},
    ]


def test_an_edit_moves_the_fields_that_decide_and_no_others() -> None:
    wanted = {
        "name": "New",
        "bucketingSalt": "x",
        "bucketingKey": "user_id",
        "bucketingUnit": "org",
        "stickyBucketing": True,
        "rolloutPercentage": 12.5,
    }

    before, after = along({}, wanted)

    assert {name: value for name, value in after.fields.items() if before.fields[name] != value} == {
        name: value for name, value in wanted.items() if name != "name"
    }


def test_stop_comes_first_and_start_last() -> None:
    weights = {"variants": variants(control=3, treatment=1)}

    stopping = along({}, {"enabled": False, **weights})
    starting = along({"enabled": False}, {"enabled": True, **weights})

    assert [(state.fields["enabled"], split_of(state)["control"]) for state in stopping] == [
        (True, 1),
        (False, 1),
        (False, 3),
    ]
    assert [(state.fields["enabled"], split_of(state)["control"]) for state in starting] == [
        (False, 1),
        (False, 3),
        (True, 3),
    ]


def test_archiving_is_a_step_and_bringing_back_too() -> None:
    archived, back = {"archived": True}, {"archived": False}

    assert [state.fields["archived"] for state in along(back, archived)] == [False, True]
    assert [state.fields["archived"] for state in along(archived, back)] == [True, False]


def test_segments_are_replaced_in_one_step() -> None:
    body = {"targetSegments": [segment("US"), segment("DE", ["Germany"])]}
    states = along(body, {"targetSegments": [segment("FR", ["France"], percentage=5)]})

    assert [list(state.targetSegments or ()) for state in states] == [["US", "DE"], ["FR"]]
    moved: SegmentState = (states[1].targetSegments or {})["FR"]
    assert moved.fields["percentage"] == 5


def test_segments_in_another_order_are_a_step() -> None:
    body = {"targetSegments": [segment("US"), segment("DE", ["Germany"], percentage=1)]}
    states = along(body, {"targetSegments": body["targetSegments"][::-1]})

    assert [list(state.targetSegments or ()) for state in states] == [["US", "DE"], ["DE", "US"]]


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ({}, {"variants": variants(control=60, treatment=40), "rolloutPercentage": 10}),
        (held(a=1, b=1, c=1), {"variants": [{"key": "z", "renamedFrom": "b", "rolloutWeight": 7}, *variants(d=2)]}),
        ({}, {"enabled": False, "archived": True, "bucketingSalt": "x", "variants": variants(control=5)}),
        ({"archived": True}, {"archived": False, "enabled": True, "variants": variants(control=5, treatment=1)}),
        (
            {"targetSegments": [segment("US")]},
            {"variants": variants(control=5), "targetSegments": [segment("All", [], rolloutWeights={"control": 2})]},
        ),
    ],
)  # fmt: skip
def test_the_way_ends_at_the_target(body: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    found = target(live_of(body), wanted)
    last = states_along(found, order_operations(found, "1"))[-1]

    assert (last.fields, split_of(last)) == (found.state.fields, split_of(found.state))
    assert list((last.targetSegments or {}).items()) == list((found.state.targetSegments or {}).items())
