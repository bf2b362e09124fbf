"""What a file says so that it means a live state."""

from __future__ import annotations

from typing import Any

import pytest

from expsync.authoring.declare import (
    declared_conditions,
    declared_deployments,
    declared_experiment,
    declared_field,
    declared_segment,
    declared_variant,
    foreign_segments,
)
from expsync.core.normalize import NEW_FIELDS, conditions_leaf, leaf_of
from expsync.core.target import SHIELD
from expsync.model.state import SegmentState, State, VariantState, opaque
from expsync.model.workspace import Ownership

OWNERSHIP = Ownership()
COHORT: dict[str, Any] = {"type": "cohort", "prop": "p", "op": "is", "values": ["c"]}
PROPERTY: dict[str, Any] = {"type": "property", "prop": "country", "op": "is", "values": ["US"]}


def declare(state: State, **named: Any) -> dict[str, Any]:
    return declared_experiment(state, aliases={"101": "web"}, ownership=OWNERSHIP, **named)


def test_what_a_new_experiment_has_anyway_is_left_out() -> None:
    state = State(
        key="k",
        fields={**NEW_FIELDS, "name": "k", "enabled": False, "rolloutPercentage": 0},
        variants={"a": VariantState({"name": "", "description": "", "payload": opaque({}), "rolloutWeight": 0})},
        targetSegments={},
        tags=frozenset({"managed-by-expsync"}),
        deployments=frozenset(),
    )

    assert declare(state) == {
        "key": "k",
        "enabled": False,
        "rolloutPercentage": 0,
        "variants": [{"key": "a", "rolloutWeight": 0}],
    }


def test_with_all_fields_they_are_there_in_the_order_of_files() -> None:
    state = State(
        key="k",
        fields={"endDate": None, "name": "k", "description": "", "archived": False, "exposureEvent": None},
        variants={"a": VariantState({"payload": opaque(None)}, frozenset(), frozenset({"2", "1"}))},
        targetSegments={},
        tags=frozenset(),
        deployments=frozenset({"9", "101"}),
    )

    said = declare(state, all_fields=True)

    assert said == {
        "key": "k",
        "name": "k",
        "description": "",
        "archived": False,
        "endDate": None,
        "tags": [],
        "deployments": ["web", "9"],
        "exposureEvent": None,
        "variants": [{"key": "a", "payload": None, "inclusions": [], "cohortInclusions": ["1", "2"]}],
        "targetSegments": [],
    }
    assert list(said) == [
        *("key", "name", "description", "archived", "endDate", "tags", "deployments", "exposureEvent", "variants"),
        "targetSegments",
    ]


def test_what_was_not_read_is_not_declared() -> None:
    assert declare(State(key="k"), all_fields=True) == {"key": "k"}


def test_a_field_of_which_the_server_says_nothing_is_left_out() -> None:
    assert declare(State(key="k", fields={"bucketingKey": None, "enabled": None}), all_fields=True) == {"key": "k"}


def test_our_own_tags_never_stand_in_a_file() -> None:
    tags = frozenset({"managed-by-expsync", "protected-by-expsync", "b", "a"})

    assert declare(State(key="k", tags=tags)) == {"key": "k", "tags": ["a", "b"], "lifecycle": {"preventArchive": True}}


@pytest.mark.parametrize(
    ("live", "said"),
    [
        ("2026-02-01", "2026-02-01"),
        ("2026-02-01T10:00:00Z", "2026-02-01T10:00:00Z"),
        ("2026-02-01T10:00:00+02:00", "2026-02-01T10:00:00+02:00"),
        ("2026-02-01T10:00:00", "2026-02-01T10:00:00.000Z"),
        ("2026-02-01 10:00:00+02:00", "2026-02-01T08:00:00.000Z"),
        ("some day", "some day"),
        (None, None),
    ],
)
def test_a_date_is_said_so_that_no_zone_has_to_be_guessed(live: str | None, said: str | None) -> None:
    assert declared_field("startDate", live) == said


def test_an_exposure_event_leaves_out_what_is_not_there() -> None:
    one = {"group_type": None, "subprop_key": None, "subprop_op": "is", "subprop_type": "event", "subprop_value": ["1"]}
    event = {"event_type": "e", "filters": [one, {**one, "group_type": "org"}]}
    bare = {name: value for name, value in one.items() if name != "group_type"}

    assert declared_field("exposureEvent", leaf_of("exposureEvent", event)) == {
        "event_type": "e",
        "filters": [bare, {**one, "group_type": "org"}],
    }
    assert declared_field("exposureEvent", leaf_of("exposureEvent", {"event_type": "e"})) == {"event_type": "e"}


def test_a_variant_says_its_weight_and_who_is_included() -> None:
    state = VariantState(
        {"rolloutWeight": 1, "payload": opaque([1.0, {"a": None}]), "name": "N", "description": ""},
        frozenset({"b", "a"}),
        frozenset(),
    )

    said = declared_variant("a", state)

    assert said == {"key": "a", "name": "N", "payload": [1, {"a": None}], "rolloutWeight": 1, "inclusions": ["a", "b"]}
    assert list(said) == ["key", "name", "payload", "rolloutWeight", "inclusions"]


@pytest.mark.parametrize(
    ("own", "of_all", "said"), [("d", "a", {"bucketingKey": "d"}), ("a", "a", {}), ("a", None, {"bucketingKey": "a"})]
)
def test_a_segment_says_its_bucketing_key_where_it_has_another(own: str, of_all: str | None, said: Any) -> None:
    state = SegmentState({"percentage": 5, "bucketingKey": own, "conditions": conditions_leaf([])}, {"b": 1})

    assert declared_segment("S", state, variants=["a", "b"], bucketing_key=of_all) == {
        "name": "S",
        "percentage": 5,
        **said,
        "rolloutWeights": {"a": 0, "b": 1},
        "conditions": [],
    }


def test_conditions_keep_only_a_type_that_is_not_taken_for_granted() -> None:
    bare = {name: value for name, value in PROPERTY.items() if name != "type"}

    assert declared_conditions(conditions_leaf([dict(PROPERTY), dict(COHORT)])) == [bare, COHORT]


def test_segments_with_a_cohort_are_left_out_and_told() -> None:
    segments = {
        "A": SegmentState({"conditions": conditions_leaf([dict(PROPERTY)])}),
        "B": SegmentState({"conditions": conditions_leaf([dict(PROPERTY), dict(COHORT)])}, foreign=True),
    }
    state = State(key="k", targetSegments=segments)

    assert declare(state, all_fields=True) == {"key": "k"}
    assert foreign_segments(state) == {"B": ("cohort",)}


def test_the_segment_that_only_holds_a_split_is_never_said() -> None:
    state = State(key="k", targetSegments={SHIELD: SegmentState({"percentage": 5}), "A": SegmentState()})

    assert declare(state) == {"key": "k", "targetSegments": [{"name": "A"}]}


def test_deployments_are_named_where_they_have_a_name() -> None:
    assert declared_deployments({"3", "1", "2", "10"}, {"2": "b", "3": "a"}) == ["a", "b", "1", "10"]
