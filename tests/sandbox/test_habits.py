"""Each habit, seen in the bodies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expsync.sandbox.habits import Habits
from expsync.sandbox.records import Experiment
from expsync.sandbox.store import Store
from expsync.sandbox.views import as_date, as_id
from tests.sandbox.calls import EXPERIMENTS, Caller, rich_seed, said, segment

Maker = Callable[..., Caller]
EXTRA = {"xFuture": {"since": 2031}}


def reading(caller_with: Maker, field: str, **habits: Any) -> Any:
    """A field of the rich seed's first experiment, as a server of those habits reads it."""
    caller = caller_with(**habits)
    caller.engine.import_world(rich_seed())
    return caller.get(f"{EXPERIMENTS}/500")[field]


def test_ids_may_be_numbers(caller_with: Maker) -> None:
    caller = caller_with(ids="number")
    assert caller.call("POST", EXPERIMENTS, {"projectId": "1001", "key": "k", "deployments": ["101"]}) == (
        200,
        {"id": 100001, "url": "http://experiment.amplitude.com/amplitude/1001/config/100001"},
    )
    body = caller.get(f"{EXPERIMENTS}/100001")
    assert (body["id"], body["projectId"], body["deployments"]) == (100001, 1001, [101])
    (deployment,) = caller.get(f"{EXPERIMENTS}/100001/deployments")
    assert (deployment["id"], deployment["projectId"]) == (101, 1001)
    config = caller.get(f"{EXPERIMENTS}/100001/versions/1")["flagConfig"]
    assert (config["id"], config["projectId"], config["deployments"]) == (100001, 1001, [101])


@pytest.mark.parametrize("identifier", ["web", "007", "٣", "1.5"])
def test_an_id_that_a_number_would_change_stays_text(identifier: str) -> None:
    assert as_id(identifier, Habits(ids="number")) == identifier


def test_variants_may_be_whole_in_every_body(caller_with: Maker) -> None:
    caller = caller_with(variants="whole")
    path = caller.create()
    whole = caller.get(f"{path}/variants")
    assert whole[0]["rolloutWeight"] == 1
    assert caller.get(path)["variants"] == whole
    assert caller.get(EXPERIMENTS)["experiments"][0]["variants"] == whole
    assert caller.get(f"{path}/versions/1")["flagConfig"]["variants"] == whole


def test_lists_may_show_tags_and_deleted(caller_with: Maker) -> None:
    caller = caller_with(tags_in_list=True, deleted_in_list=True)
    caller.write("PATCH", caller.create(), {"tags": ["b", "a"], "archive": True})
    (body,) = caller.get(EXPERIMENTS, includeArchived="true")["experiments"]
    assert (body["tags"], body["deleted"]) == (["b", "a"], True)


def test_numbers_may_be_floats_or_whole(caller_with: Maker, store: Store) -> None:
    caller = caller_with(numbers="float")
    path = caller.create(targetSegments=[segment()], rolloutWeights={"control": 1, "treatment": 2})
    caller.write("PATCH", path, {"rolloutPercentage": 50})
    caller.write("PATCH", f"{path}/variants/control", {"rolloutWeight": 1.5, "payload": 3})
    numbers = [
        (body["rolloutPercentage"], body["rolloutWeights"], body["targetSegments"][0])
        for body in (caller.get(path), Caller(store).get(path))
    ]
    assert repr(numbers[0]) == repr(
        (
            50.0,
            {"control": 1.5, "treatment": 2.0},
            segment(percentage=50.0, rolloutWeights={"control": 1.0, "treatment": 1.0}),
        )
    )
    assert repr(numbers[1]) == repr((50, {"control": 1.5, "treatment": 2}, segment()))
    assert repr(caller.get(f"{path}/variants/treatment")["rolloutWeight"]) == "2.0"
    assert repr(caller.get(f"{path}/variants/control")["payload"]) == "3"


DATES = [
    (None, None, None),
    ("2026-02-01", "2026-02-01", "2026-02-01T00:00:00.000Z"),
    ("2026-02-01T10:26", "2026-02-01", "2026-02-01T10:26:00.000Z"),
    ("2026-03-01T00:26:00.996+02:00", "2026-02-28", "2026-02-28T22:26:00.996Z"),
    ("2023-07-31T10:26:00.996Z", "2023-07-31", "2023-07-31T10:26:00.996Z"),
]


@pytest.mark.parametrize(("sent", "date", "instant"), DATES)
def test_dates_may_read_back_in_three_ways(sent: str | None, date: str | None, instant: str | None) -> None:
    assert as_date(sent, Habits()) == sent
    assert as_date(sent, Habits(dates="date")) == date
    assert as_date(sent, Habits(dates="instant")) == instant


def test_dates_are_turned_in_every_body(caller_with: Maker) -> None:
    caller = caller_with(dates="instant")
    path = caller.create()
    caller.write("PATCH", path, {"startDate": "2026-02-01", "endDate": "2026-03-01"})
    bodies = [
        caller.get(path),
        caller.get(EXPERIMENTS)["experiments"][0],
        caller.get(f"{path}/versions/2")["flagConfig"],
    ]
    assert [(body["startDate"], body["endDate"]) for body in bodies] == [
        ("2026-02-01T00:00:00.000Z", "2026-03-01T00:00:00.000Z")
    ] * 3


@pytest.mark.parametrize(
    ("order", "tags"), [("kept", ["b", "c", "a"]), ("sorted", ["a", "b", "c"]), ("reversed", ["a", "c", "b"])]
)
def test_tags_read_in_some_order(caller_with: Maker, order: str, tags: list[str]) -> None:
    caller = caller_with(tag_order=order)
    path = caller.create()
    caller.write("PATCH", path, {"tags": ["b", "c", "a"]})
    assert caller.get(path)["tags"] == tags


def test_segments_may_be_given_the_bucketing_key_of_the_experiment(caller_with: Maker) -> None:
    caller = caller_with(segment_bucketing_key=True)
    path = caller.create(bucketingKey="device_id", targetSegments=[segment(), segment(bucketingKey="user_id")])
    assert [one["bucketingKey"] for one in caller.get(path)["targetSegments"]] == ["device_id", "user_id"]
    caller.write("PATCH", path, {"bucketingKey": "org", "targetSegments": [segment()]})
    assert [one["bucketingKey"] for one in caller.get(path)["targetSegments"]] == ["org"]


def test_the_answer_to_a_write_may_be_lower_case(caller_with: Maker) -> None:
    caller = caller_with(ok="ok")
    assert caller.call("PATCH", caller.create(), {}) == (200, "ok")


def test_fields_of_the_future_may_stand_everywhere(caller_with: Maker) -> None:
    caller = caller_with(unknown_fields=True, variants="whole")
    _, reply = caller.call(
        "POST", EXPERIMENTS, {"projectId": "1001", "key": "k", "deployments": ["101"], "targetSegments": [segment()]}
    )
    path = f"{EXPERIMENTS}/100001"
    page, version = caller.get(EXPERIMENTS), caller.get(f"{path}/versions")[0]
    body, config = caller.get(path), version["flagConfig"]
    objects = [
        reply,
        page,
        page["experiments"][0],
        body,
        body["variants"][0],
        body["targetSegments"][0],
        body["targetSegments"][0]["conditions"][0],
        version,
        config,
        config["variants"][0],
        caller.get(f"{path}/variants/control"),
        caller.get(f"{path}/deployments")[0],
        caller.get("/api/1/deployments"),
        caller.get("/api/1/deployments")["deployments"][0],
    ]
    assert [{name: one[name] for name in one if name == "xFuture"} for one in objects] == [EXTRA] * len(objects)
    assert body["rolloutWeights"] == {"control": 1, "treatment": 1}


def test_fields_of_the_future_are_not_taken_back(caller_with: Maker) -> None:
    caller = caller_with(unknown_fields=True)
    path = caller.create(targetSegments=[segment()])
    answer = caller.call("PATCH", path, {"targetSegments": caller.get(path)["targetSegments"]})
    assert answer == (
        400,
        said("unknown field `targetSegments.0.conditions.0.xFuture`; unknown field `targetSegments.0.xFuture`"),
    )


def test_bodies_may_carry_the_exposure_event(caller_with: Maker) -> None:
    event = {"event_type": "_active", "filters": []}
    assert reading(caller_with, "exposureEvent", exposure_event_read=True) == event


@pytest.mark.parametrize(("habit", "empty"), [("object", {}), ("null", None)])
@pytest.mark.parametrize("fields", [{}, {"payload": None}, {"payload": {}}])
def test_an_empty_payload_reads_one_way(caller_with: Maker, habit: str, empty: Any, fields: dict[str, Any]) -> None:
    caller = caller_with(empty_payload=habit)
    path = caller.create(variants=[{"key": "a", **fields}, {"key": "b", "payload": False}])
    assert [variant["payload"] for variant in caller.get(f"{path}/variants")] == [empty, False]


def test_empty_texts_may_read_as_null(caller_with: Maker) -> None:
    caller = caller_with(description_null=True)
    path = caller.create(name="", variants=[{"key": "a"}, {"key": "b", "name": "n", "description": "d"}])
    body = caller.get(path)
    assert (body["name"], body["description"]) == (None, None)
    variants = caller.get(f"{path}/variants")
    assert [(one["name"], one["description"]) for one in variants] == [(None, None), ("n", "d")]


def test_an_archived_experiment_may_refuse_all_but_its_unarchiving(caller_with: Maker) -> None:
    caller = caller_with(edit_while_archived=False)
    path = caller.create()
    caller.write("PATCH", path, {"name": "n", "archive": True})
    refused = (400, said("experiment 100001 is archived; unarchive it first"))
    assert caller.call("PATCH", path, {"name": "m"}) == refused
    assert caller.call("PATCH", path, {"name": "m", "archive": True}) == refused
    assert caller.call("DELETE", f"{path}/variants/control/users") == refused
    assert caller.call("POST", f"{path}/deployments", {"deployments": ["101"]}) == refused
    caller.write("PATCH", path, {"archive": True})
    caller.write("PATCH", path, {"name": "m", "archive": False})
    caller.write("DELETE", f"{path}/variants/control")
    assert caller.get(path)["name"] == "m"


def test_an_archived_experiment_takes_edits_otherwise(caller: Caller) -> None:
    path = caller.create()
    caller.write("PATCH", path, {"archive": True})
    caller.write("POST", f"{path}/variants", {"key": "third"})


def test_a_rename_may_lose_the_weights_but_never_the_inclusions(caller_with: Maker) -> None:
    caller = caller_with(rename_keeps_weights=False)
    path = caller.create(targetSegments=[segment(), segment(name="rest", rolloutWeights={"treatment": 1})])
    caller.write("POST", f"{path}/variants/control/users", {"inclusions": ["u"]})
    caller.write("PATCH", f"{path}/variants/control", {"key": "base"})
    body = caller.get(path)
    assert body["rolloutWeights"] == {"treatment": 1}
    assert [one["rolloutWeights"] for one in body["targetSegments"]] == [{"treatment": 1}] * 2
    assert caller.get(f"{path}/variants/base")["rolloutWeight"] == 0
    assert caller.get(f"{path}/variants/base/users") == ["u"]
    caller.write("PATCH", f"{path}/variants/base", {"key": "basis", "rolloutWeight": 4})
    assert caller.get(path)["rolloutWeights"] == {"basis": 4, "treatment": 1}


@pytest.mark.parametrize("name", ["decision", "decisionReason", "rolledOutVariant"])
def test_edit_may_not_know_decisions(caller_with: Maker, name: str) -> None:
    caller = caller_with(decisions_in_edit=False)
    assert caller.call("PATCH", caller.create(), {name: None}) == (400, said(f"unknown field `{name}`"))


OLDER_MISSING = [
    ("DELETE", "/api/1/experiments/100001/variants/control/bulk-delete-users"),
    ("GET", "/api/1/experiments/100001/variants/control/cohorts"),
    ("POST", "/api/1/experiments/100001/variants/control/cohorts"),
    ("DELETE", "/api/1/experiments/100001/variants/control/bulk-delete-cohorts"),
    ("GET", "/api/1/deployments"),
]


@pytest.mark.parametrize(("method", "path"), OLDER_MISSING)
def test_an_older_server_lacks_endpoints(caller_with: Maker, method: str, path: str) -> None:
    caller = caller_with(older=True)
    caller.create()
    assert caller.call(method, path, {"users": []}) == (404, said("there is no such path"))


def test_an_older_server_passes_over_filters(caller_with: Maker) -> None:
    caller = caller_with(older=True)
    caller.create("a")
    caller.write("PATCH", caller.create("b"), {"archive": True})
    page = caller.get(EXPERIMENTS, key="x", projectId="9", includeArchived="true", other="1", limit="5")
    assert [one["key"] for one in page["experiments"]] == ["a"]


def test_an_older_server_takes_other_types_and_sparse_segments(caller_with: Maker) -> None:
    caller = caller_with(older=True)
    path = caller.create(targetSegments=[{"conditions": []}])
    body = caller.get(path)
    assert (body["experimentType"], body["targetSegments"]) == ("hypothesis-testing", [{"conditions": []}])
    caller.write("PATCH", path, {"experimentType": "no-harm"})
    answer = caller.call("PATCH", path, {"experimentType": "a-b-test"})
    assert answer == (400, said("`experimentType`: must be one of: hypothesis-testing, no-harm"))


def test_an_older_server_edits_no_segments_and_has_no_set_operators(caller_with: Maker) -> None:
    caller = caller_with(older=True)
    path = caller.create()
    answer = caller.call("PATCH", path, {"targetSegments": []})
    assert answer == (400, said("unknown field `targetSegments`"))
    conditions = [{"type": "property", "prop": "p", "op": "set is", "values": []}]
    status, refusal = caller.call(
        "POST", EXPERIMENTS, {"projectId": "1001", "key": "k", "targetSegments": [segment(conditions=conditions)]}
    )
    assert status == 400
    assert refusal["error"]["message"].startswith("`targetSegments.0.conditions.0.op`: must be one of: is, is not,")
    assert "set is" not in refusal["error"]["message"]


def test_an_older_server_shows_fewer_fields(caller_with: Maker, store: Store) -> None:
    path = caller_with(older=True).create()
    current = Caller(store)
    older = Caller(store, Habits(older=True))
    gone = current.get(path).keys() - older.get(path).keys()
    assert gone == {"parentDependencies", "createdBy"}
    gone = current.get(EXPERIMENTS)["experiments"][0].keys() - older.get(EXPERIMENTS)["experiments"][0].keys()
    assert gone == {"parentDependencies", "createdBy", "lastModifiedBy", "createdAt", "lastModifiedAt"}
    assert older.get(f"{path}/versions") == current.get(f"{path}/versions")


@pytest.mark.parametrize("field", ["parentDependencies", "targetSegments"])
def test_parent_dependencies_and_cohort_conditions_read_as_seeded(caller_with: Maker, field: str) -> None:
    assert reading(caller_with, field) == rich_seed()["experiments"][0][field]


every_habit = st.builds(
    Habits,
    older=st.booleans(),
    ids=st.sampled_from(["text", "number"]),
    variants=st.sampled_from(["keys", "whole"]),
    tags_in_list=st.booleans(),
    deleted_in_list=st.booleans(),
    numbers=st.sampled_from(["int", "float"]),
    dates=st.sampled_from(["as-sent", "date", "instant"]),
    tag_order=st.sampled_from(["kept", "sorted", "reversed"]),
    unknown_fields=st.booleans(),
    exposure_event_read=st.booleans(),
    empty_payload=st.sampled_from(["object", "null"]),
    description_null=st.booleans(),
)


@given(habits=every_habit)
def test_habits_change_how_the_truth_reads_but_never_the_truth(habits: Habits) -> None:
    with Store(None) as store:
        caller = Caller(store, habits)
        caller.engine.import_world(rich_seed())
        before = caller.truth()
        for path in (EXPERIMENTS, f"{EXPERIMENTS}/500", f"{EXPERIMENTS}/500/versions", f"{EXPERIMENTS}/500/variants"):
            caller.get(path)
        assert caller.truth() == before


def test_the_records_know_every_field_that_bodies_show(caller: Caller) -> None:
    body = caller.get(caller.create())
    made = {"rolloutWeights", "deleted"}
    assert set(body) - made <= set(Experiment.model_fields)
