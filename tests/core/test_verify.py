"""Whether a change has come about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from expsync.core.normalize import conditions_leaf, leaf_of
from expsync.core.verify import split_path, unmet
from expsync.model.plan import Change
from expsync.model.state import SegmentState, State, VariantState

CONDITION: dict[str, Any] = {"type": "property", "prop": "country", "op": "is", "values": ["US"]}
LIVE = State(
    key="exp",
    id="7",
    fields={"name": "Name", "enabled": True, "startDate": "2026-02-01", "endDate": None, "rolloutPercentage": 50},
    variants={
        "control": VariantState(
            fields={"rolloutWeight": 1, "payload": leaf_of("payload", {})}, inclusions=frozenset({"ada", "7"})
        ),
        "treatment": VariantState(fields={"rolloutWeight": 2}, cohortInclusions=frozenset({"c1"})),
    },
    targetSegments={
        "US": SegmentState(
            fields={"percentage": 10, "bucketingKey": "user_id", "conditions": conditions_leaf([CONDITION])},
            rolloutWeights={"control": 1},
        ),
        "US.west": SegmentState(fields={"percentage": 5, "conditions": conditions_leaf([])}),
    },
    tags=frozenset({"a"}),
    deployments=frozenset({"101"}),
)
UNKNOWN = State(key="exp", id="7")
US = {
    "name": "US",
    "percentage": 10.0,
    "bucketingKey": "user_id",
    "conditions": [CONDITION],
    "rolloutWeights": {"control": 1, "treatment": 0},
}


def change(path: str, after: Any, kind: Any = "replace", before: Any = None) -> Change:
    return Change(path=path, kind=kind, before=before, after=after)


MET = [
    change("name", "Name"),
    change("startDate", "2026-02-01T00:00:00.000Z"),
    change("endDate", None),
    change("rolloutPercentage", 50.0),
    change("exposureEvent", {"event_type": "seen"}),
    change("tags.a", "a", "add"),
    change("tags.b", None, "remove"),
    change("deployments.101", "101", "add"),
    change("deployments.102", None, "remove"),
    change("variants.control.rolloutWeight", 1),
    change("variants.control.payload", None),
    change("variants.control.name", "not read"),
    change("variants.control.inclusions", ["7", "ada"]),
    change("variants.control.inclusions", [7, "ada"]),
    change("variants.treatment.inclusions", ["not read"]),
    change("variants.treatment.cohortInclusions", ["c1"]),
    change("variants.control", {"key": "control", "rolloutWeight": 1, "inclusions": ["ada", "7"]}, "add"),
    change("variants.gone", None, "remove", {"key": "gone"}),
    change("variants.treatment.key", "treatment", before="old"),
    change("targetSegments", ["US", "US.west"]),
    change("targetSegments.US", US, "add"),
    change("targetSegments.EU", None, "remove", {}),
    change("targetSegments.US.percentage", 10),
    change("targetSegments.US.bucketingKey", "user_id"),
    change("targetSegments.US.conditions", [{k: v for k, v in CONDITION.items() if k != "type"}]),
    change("targetSegments.US.west.percentage", 5),
    change("targetSegments.US.west.rolloutWeights.control", None, "remove"),
    change("targetSegments.US.west", {"name": "US.west", "percentage": 5, "rolloutWeights": {"not": 1}}, "add"),
    change("targetSegments.US.rolloutWeights.control", 1),
    change("targetSegments.US.rolloutWeights.treatment", None, "remove", 2),
]
UNMET = [
    change("name", "Other"),
    change("enabled", False),
    change("endDate", "2026-02-01"),
    change("tags.b", "b", "add"),
    change("tags.a", None, "remove"),
    change("deployments.101", None, "remove"),
    change("variants.control.rolloutWeight", 2),
    change("variants.control.payload", {"a": 1}),
    change("variants.control.inclusions", ["ada"]),
    change("variants.control.inclusions", None),
    change("variants.gone.rolloutWeight", 1),
    change("variants.control", {"key": "control", "rolloutWeight": 3}, "add"),
    change("variants.gone", {"key": "gone"}, "add"),
    change("variants.control", None, "remove"),
    change("variants.control.key", "control", before="treatment"),
    change("variants.gone.key", "gone", before="old"),
    change("targetSegments", ["US.west", "US"]),
    change("targetSegments.US", {**US, "percentage": 11}, "add"),
    change("targetSegments.US", {**US, "bucketingKey": "device_id"}, "add"),
    change("targetSegments.US", {**US, "rolloutWeights": {"control": 2}}, "add"),
    change("targetSegments.US", None, "remove"),
    change("targetSegments.EU", {"name": "EU"}, "add"),
    change("targetSegments.EU.percentage", 10),
    change("targetSegments.US.percentage", 11),
    change("targetSegments.US.conditions", []),
    change("targetSegments.US.west.percentage", 10),
    change("targetSegments.US.rolloutWeights.control", 2),
    change("targetSegments.EU.rolloutWeights.control", 1),
    change("variants.control.too.deep", 1),
]


def shown(value: Change) -> str:
    return f"{value.kind} {value.path} {value.after}"


@pytest.mark.parametrize("wanted", MET, ids=shown)
def test_a_change_that_a_read_shows_is_met(wanted: Change) -> None:
    assert unmet([wanted], LIVE) == []


@pytest.mark.parametrize("wanted", UNMET, ids=shown)
def test_a_change_that_a_read_does_not_show_is_left(wanted: Change) -> None:
    assert unmet([wanted], LIVE) == [wanted]


def test_what_is_left_stands_in_the_order_of_the_plan() -> None:
    assert unmet([UNMET[2], *MET, UNMET[0], UNMET[1]], LIVE) == [UNMET[2], UNMET[0], UNMET[1]]


@pytest.mark.parametrize(
    "wanted",
    [
        change("name", "Other"),
        change("tags.b", "b", "add"),
        change("deployments.1", "1", "add"),
        change("variants.new", {"key": "new"}, "add"),
        change("variants.new.key", "new", before="old"),
        change("targetSegments", ["a", "b"]),
        change("targetSegments.US", US, "add"),
    ],
    ids=shown,
)
def test_what_a_read_does_not_tell_counts_as_shown(wanted: Change) -> None:
    assert unmet([wanted], UNKNOWN) == []


@pytest.mark.parametrize(
    ("path", "segments", "parts"),
    [
        ("name", (), ("name",)),
        ("tags.a.b", (), ("tags", "a.b")),
        ("variants.control.payload", (), ("variants", "control", "payload")),
        ("targetSegments.US", ("US",), ("targetSegments", "US")),
        ("targetSegments.US.percentage", ("US",), ("targetSegments", "US", "percentage")),
        ("targetSegments.US.percentage", ("US", "US.percentage"), ("targetSegments", "US.percentage")),
        ("targetSegments.US.west.percentage", ("US", "US.west"), ("targetSegments", "US.west", "percentage")),
        ("targetSegments.USA", ("US",), ("targetSegments", "USA")),
        ("targetSegments.EU.percentage", ("US",), ("targetSegments", "EU.percentage")),
        (
            "targetSegments.US.rolloutWeights.a.b",
            ("US",),
            ("targetSegments", "US", "rolloutWeights", "a.b"),
        ),
    ],
)
def test_a_path_is_read_with_the_names_of_the_segments(
    path: str, segments: tuple[str, ...], parts: tuple[str, ...]
) -> None:
    assert split_path(path, segments) == parts


def test_a_segment_may_bear_the_name_of_a_field() -> None:
    live = replace(LIVE, targetSegments={"percentage": SegmentState(fields={"percentage": 3})})

    assert unmet([change("targetSegments.percentage.percentage", 3)], live) == []
