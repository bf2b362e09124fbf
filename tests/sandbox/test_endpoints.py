"""What each endpoint answers and does, by the current document."""

from __future__ import annotations

from typing import Any

import pytest

from expsync.sandbox import engine as engine_module
from expsync.wire.endpoints import ENDPOINTS
from tests.sandbox.calls import AUTHOR, EXPERIMENTS, FIRST, Caller, segment


def full_create() -> dict[str, Any]:
    return {
        "projectId": "1001",
        "name": "Analyze button clicks",
        "key": "analyze-button-clicks",
        "description": "analyze button clicks on the main page",
        "variants": [{"key": "control"}, {"key": "treatment", "name": "T", "description": "d", "payload": [1, None]}],
        "bucketingKey": "device_id",
        "rolloutWeights": {"control": 1, "treatment": 3},
        "targetSegments": [segment(bucketingKey="amplitude_id")],
        "deployments": ["102", "101", "102"],
        "evaluationMode": "local",
        "experimentType": "multi-arm-bandit",
    }


def without_salt(body: dict[str, Any]) -> dict[str, Any]:
    salt = body["bucketingSalt"]
    assert len(salt) == 8
    assert salt.isalnum()
    return {name: value for name, value in body.items() if name != "bucketingSalt"}


NEW = {
    "id": "100001",
    "projectId": "1001",
    "deployments": [],
    "key": "exp",
    "name": "exp",
    "decision": None,
    "decisionReason": None,
    "description": "",
    "enabled": False,
    "evaluationMode": "remote",
    "bucketingKey": "amplitude_id",
    "bucketingUnit": "User",
    "variants": [{"key": "control"}, {"key": "treatment"}],
    "rolledOutVariant": None,
    "rolloutPercentage": 0,
    "rolloutWeights": {"control": 1, "treatment": 1},
    "targetSegments": [],
    "stickyBucketing": False,
    "state": "planning",
    "startDate": None,
    "endDate": None,
    "experimentType": "a-b-test",
    "parentDependencies": None,
}


def test_the_engine_answers_every_endpoint_of_the_table() -> None:
    answered = {*engine_module._READS, *engine_module._WRITES}
    assert answered == {endpoint.name for endpoint in ENDPOINTS}


def test_create_answers_with_id_and_url(caller: Caller) -> None:
    assert caller.call("POST", EXPERIMENTS, {"projectId": "1001", "key": "exp"}) == (
        200,
        {"id": "100001", "url": "http://experiment.amplitude.com/amplitude/1001/config/100001"},
    )


def test_get_shows_the_defaults_of_a_new_experiment(caller: Caller) -> None:
    path = caller.create()
    assert without_salt(caller.get(path)) == {**NEW, "deleted": False, "tags": [], "createdBy": AUTHOR}


def test_list_shows_who_and_when_but_no_tags(caller: Caller) -> None:
    caller.create()
    (listed,) = caller.get(EXPERIMENTS)["experiments"]
    assert without_salt(listed) == {
        **NEW,
        "createdBy": AUTHOR,
        "lastModifiedBy": AUTHOR,
        "createdAt": FIRST,
        "lastModifiedAt": FIRST,
    }


def test_create_takes_all_that_the_document_lists(caller: Caller) -> None:
    status, reply = caller.call("POST", EXPERIMENTS, full_create())
    assert status == 200
    path = f"{EXPERIMENTS}/{reply['id']}"
    assert without_salt(caller.get(path)) == {
        **NEW,
        "key": "analyze-button-clicks",
        "name": "Analyze button clicks",
        "description": "analyze button clicks on the main page",
        "bucketingKey": "device_id",
        "rolloutWeights": {"control": 1, "treatment": 3},
        "targetSegments": [segment(bucketingKey="amplitude_id")],
        "deployments": ["102", "101"],
        "evaluationMode": "local",
        "experimentType": "multi-arm-bandit",
        "deleted": False,
        "tags": [],
        "createdBy": AUTHOR,
    }
    assert caller.get(f"{path}/variants") == [
        {"key": "control", "name": "", "payload": {}, "description": "", "rolloutWeight": 1},
        {"key": "treatment", "name": "T", "payload": [1, None], "description": "d", "rolloutWeight": 3},
    ]


def test_a_variant_left_out_of_the_given_weights_weighs_nothing(caller: Caller) -> None:
    path = caller.create(rolloutWeights={"treatment": 2})
    assert caller.get(path)["rolloutWeights"] == {"control": 0, "treatment": 2}


EDITS: list[tuple[str, Any, Any]] = [
    ("name", "", ""),
    ("description", "new", "new"),
    ("bucketingKey", "device_id", "device_id"),
    ("bucketingSalt", "salt", "salt"),
    ("bucketingUnit", "org name", "org name"),
    ("evaluationMode", "local", "local"),
    ("rolloutPercentage", 99.5, 99.5),
    ("targetSegments", [segment(conditions=[])], [segment(conditions=[])]),
    ("experimentType", "multi-arm-bandit", "multi-arm-bandit"),
    ("stickyBucketing", True, True),
    ("startDate", "2023-07-31T10:26:00.996Z", "2023-07-31T10:26:00.996Z"),
    ("endDate", "2023-09-23", "2023-09-23"),
    ("tags", ["prod", "staging", "prod"], ["prod", "staging"]),
    ("decision", "rollback", "rollback"),
    ("decisionReason", "flat", "flat"),
    ("rolledOutVariant", "treatment", "treatment"),
]


@pytest.mark.parametrize(("name", "sent", "read"), EDITS, ids=[name for name, _, _ in EDITS])
def test_edit_changes_that_field_alone(caller: Caller, name: str, sent: Any, read: Any) -> None:
    path = caller.create()
    before = caller.get(path)
    caller.write("PATCH", path, {name: sent})
    after = caller.get(path)
    states = {"state": "decision-made"} if name == "decision" else {}
    assert after == {**before, **states, name: read}


@pytest.mark.parametrize("name", ["startDate", "endDate", "decision", "decisionReason", "rolledOutVariant"])
def test_null_takes_a_value_away_where_it_is_allowed(caller: Caller, name: str) -> None:
    path = caller.create()
    before = caller.get(path)
    caller.write("PATCH", path, {name: {field: sent for field, sent, _ in EDITS}[name]})
    caller.write("PATCH", path, {name: None})
    assert caller.get(path) == before


def test_edit_stores_the_exposure_event_as_sent_and_null_resets_it(caller: Caller) -> None:
    path = caller.create()
    event = {
        "event_type": "_active",
        "filters": [
            {
                "group_type": "User",
                "subprop_key": "amplitude_day_of_week",
                "subprop_op": "is",
                "subprop_type": "day_time_prop",
                "subprop_value": ["Tuesday"],
            },
            {"subprop_key": None, "subprop_op": "glob match", "subprop_type": "event", "subprop_value": []},
        ],
    }
    caller.write("PATCH", path, {"exposureEvent": event})
    assert caller.only()["exposureEvent"] == event
    assert "exposureEvent" not in caller.get(path)
    caller.write("PATCH", path, {"exposureEvent": None})
    assert caller.only()["exposureEvent"] is None


def test_an_empty_edit_changes_nothing(caller: Caller) -> None:
    path = caller.create()
    before = caller.truth()
    caller.write("PATCH", path, {})
    assert caller.truth() == before


def test_archiving_hides_from_the_default_list_and_comes_back(caller: Caller) -> None:
    path = caller.create()
    caller.write("PATCH", path, {"archive": True})
    assert caller.get(EXPERIMENTS) == {"experiments": []}
    assert [one["key"] for one in caller.get(EXPERIMENTS, includeArchived="true")["experiments"]] == ["exp"]
    assert caller.get(path)["deleted"] is True
    caller.write("PATCH", path, {"archive": False})
    assert len(caller.get(EXPERIMENTS, includeArchived="false")["experiments"]) == 1


def test_the_state_runs_from_the_first_enabling_and_ends_with_a_decision(caller: Caller) -> None:
    path = caller.create()
    seen = []
    edits: list[dict[str, Any]] = [
        {"decision": "rollout"},
        {"decision": None},
        {"enabled": True},
        {"enabled": False},
        {"decision": "continue-running"},
        {"name": "other"},
        {"decision": None},
    ]
    for edit in edits:
        caller.write("PATCH", path, edit)
        seen.append(caller.get(path)["state"])
    assert seen == ["decision-made", "planning", "running", "running", "decision-made", "decision-made", "running"]


def test_create_variant_appends_it(caller: Caller) -> None:
    path = caller.create()
    caller.write("POST", f"{path}/variants", {"key": "third"})
    caller.write(
        "POST",
        f"{path}/variants",
        {"key": "fourth_1", "name": "n", "description": "d", "payload": {"a": 1}, "rolloutWeight": 0.5},
    )
    assert caller.get(f"{path}/variants")[2:] == [
        {"key": "third", "name": "", "payload": {}, "description": "", "rolloutWeight": 0},
        {"key": "fourth_1", "name": "n", "payload": {"a": 1}, "description": "d", "rolloutWeight": 0.5},
    ]
    assert caller.get(path)["rolloutWeights"] == {"control": 1, "treatment": 1, "third": 0, "fourth_1": 0.5}


def test_get_variant_shows_it_whole(caller: Caller) -> None:
    path = caller.create()
    assert caller.get(f"{path}/variants/control") == {
        "key": "control",
        "name": "",
        "payload": {},
        "description": "",
        "rolloutWeight": 1,
    }


def test_edit_variant_changes_what_it_carries(caller: Caller) -> None:
    path = caller.create()
    caller.write("PATCH", f"{path}/variants/control", {"name": "n", "payload": "text"})
    caller.write("PATCH", f"{path}/variants/control", {"description": "d", "rolloutWeight": 7})
    assert caller.get(f"{path}/variants/control") == {
        "key": "control",
        "name": "n",
        "payload": "text",
        "description": "d",
        "rolloutWeight": 7,
    }


def prepared(caller: Caller) -> str:
    """An experiment whose control has a weight in one segment of two, users, a cohort and the roll-out."""
    weights = {"treatment": 2, "control": 3}
    segments = [segment(rolloutWeights=weights), segment(name="rest", rolloutWeights={"treatment": 1})]
    path = caller.create(targetSegments=segments)
    caller.write("POST", f"{path}/variants/control/users", {"inclusions": ["u1", "u2"]})
    caller.write("POST", f"{path}/variants/control/cohorts", {"inclusions": ["c1"]})
    caller.write("PATCH", path, {"rolledOutVariant": "control"})
    return path


def test_a_renamed_variant_takes_along_all_that_hung_on_its_key(caller: Caller) -> None:
    path = prepared(caller)
    caller.write("PATCH", f"{path}/variants/control", {"key": "base", "rolloutWeight": 5})
    body = caller.get(path)
    assert body["variants"] == [{"key": "base"}, {"key": "treatment"}]
    assert body["rolloutWeights"] == {"base": 5, "treatment": 1}
    assert [one["rolloutWeights"] for one in body["targetSegments"]] == [{"treatment": 2, "base": 3}, {"treatment": 1}]
    assert body["rolledOutVariant"] == "base"
    assert caller.get(f"{path}/variants/base/users") == ["u1", "u2"]
    assert caller.get(f"{path}/variants/base/cohorts") == ["c1"]
    assert caller.call("GET", f"{path}/variants/control")[0] == 404


def test_renaming_another_variant_leaves_the_rolled_out_one(caller: Caller) -> None:
    path = prepared(caller)
    caller.write("PATCH", f"{path}/variants/treatment", {"key": "green"})
    assert caller.get(path)["rolledOutVariant"] == "control"


def test_a_variant_may_be_renamed_to_its_own_key(caller: Caller) -> None:
    path = prepared(caller)
    before = caller.truth()
    caller.write("PATCH", f"{path}/variants/control", {"key": "control"})
    assert caller.truth() == before


def test_a_removed_variant_takes_along_all_that_hung_on_its_key(caller: Caller) -> None:
    path = prepared(caller)
    caller.write("DELETE", f"{path}/variants/control")
    body = caller.get(path)
    assert body["variants"] == [{"key": "treatment"}]
    assert body["rolloutWeights"] == {"treatment": 1}
    assert [one["rolloutWeights"] for one in body["targetSegments"]] == [{"treatment": 2}, {"treatment": 1}]
    assert body["rolledOutVariant"] is None
    caller.write("POST", f"{path}/variants", {"key": "control"})
    assert caller.get(f"{path}/variants/control/users") == []
    assert caller.get(f"{path}/variants/control/cohorts") == []


def test_removing_another_variant_leaves_the_rolled_out_one(caller: Caller) -> None:
    path = prepared(caller)
    caller.write("DELETE", f"{path}/variants/treatment")
    assert caller.get(path)["rolledOutVariant"] == "control"


def test_deployments_are_added_once_and_removed(caller: Caller) -> None:
    path = caller.create(deployments=["102"])
    caller.write("POST", f"{path}/deployments", {"deployments": ["101", "102", "101"]})
    assert caller.get(f"{path}/deployments") == [
        {"id": "102", "projectId": "1001", "label": "ios", "key": "sandbox-deployment-102", "deleted": False},
        {"id": "101", "projectId": "1001", "label": "web", "key": "sandbox-deployment-101", "deleted": False},
    ]
    caller.write("DELETE", f"{path}/deployments/102")
    assert caller.get(path)["deployments"] == ["101"]


def test_the_deployments_of_all_projects_are_listed(caller: Caller) -> None:
    assert caller.get("/api/1/deployments") == {
        "deployments": [
            {"id": "101", "projectId": "1001", "label": "web", "key": "sandbox-deployment-101", "deleted": False},
            {"id": "102", "projectId": "1001", "label": "ios", "key": "sandbox-deployment-102", "deleted": False},
            {"id": "201", "projectId": "2002", "label": "web", "key": "sandbox-deployment-201", "deleted": False},
        ]
    }


def test_a_version_is_shown_with_the_configuration_of_its_moment(caller: Caller) -> None:
    path = caller.create(description="first", targetSegments=[segment()])
    caller.write("PATCH", path, {"description": "second", "enabled": True, "startDate": "2026-02-01"})
    config = {
        "id": "100001",
        "projectId": "1001",
        "deployments": [],
        "key": "exp",
        "name": "exp",
        "description": "first",
        "enabled": False,
        "bucketingKey": "amplitude_id",
        "variants": [{"key": "control"}, {"key": "treatment"}],
        "rolloutWeights": {"control": 1, "treatment": 1},
        "targetSegments": [segment()],
        "stickyBucketing": False,
        "state": "planning",
        "startDate": None,
        "endDate": None,
        "experimentType": "a-b-test",
    }
    first = {"createdAt": FIRST, "createdBy": AUTHOR, "version": 1, "flagConfig": config}
    changed = {"description": "second", "enabled": True, "state": "running", "startDate": "2026-02-01"}
    second = {
        "createdAt": "2026-01-01T00:00:01.000Z",
        "createdBy": AUTHOR,
        "version": 2,
        "flagConfig": {**config, **changed},
    }
    assert caller.get(f"{path}/versions") == [second, first]
    assert caller.get(f"{path}/versions/1") == first
    assert caller.get(f"{path}/versions/2") == second


VERSIONED: list[tuple[str, str, Any]] = [
    ("PATCH", "", {"tags": ["a"]}),
    ("PATCH", "", {"archive": True}),
    ("PATCH", "/variants/control", {"payload": 1}),
    ("PATCH", "/variants/control", {"key": "base"}),
    ("POST", "/variants", {"key": "third"}),
    ("DELETE", "/variants/control", None),
    ("POST", "/deployments", {"deployments": ["101"]}),
]
UNVERSIONED: list[tuple[str, str, Any]] = [
    ("PATCH", "", {"name": "exp", "rolloutPercentage": 0, "tags": []}),
    ("PATCH", "/variants/control", {"rolloutWeight": 1}),
    ("POST", "/deployments", {"deployments": []}),
    ("POST", "/variants/control/users", {"inclusions": ["u"]}),
    ("DELETE", "/variants/control/users", None),
    ("POST", "/variants/control/cohorts", {"inclusions": ["c"]}),
]


@pytest.mark.parametrize(("method", "below", "body"), VERSIONED)
def test_each_change_of_the_configuration_writes_one_version(
    caller: Caller, method: str, below: str, body: Any
) -> None:
    path = caller.create()
    caller.write(method, path + below, body)
    assert [version["version"] for version in caller.get(f"{path}/versions")] == [2, 1]
    assert caller.only()["lastModifiedAt"] == "2026-01-01T00:00:01.000Z"


@pytest.mark.parametrize(("method", "below", "body"), UNVERSIONED)
def test_a_write_that_leaves_the_configuration_writes_no_version(
    caller: Caller, method: str, below: str, body: Any
) -> None:
    path = caller.create()
    caller.write(method, path + below, body)
    assert [version["version"] for version in caller.get(f"{path}/versions")] == [1]
    assert caller.only()["lastModifiedAt"] == FIRST


def test_another_author_on_the_same_store_stands_in_the_versions(caller: Caller) -> None:
    path = caller.create()
    person = Caller(caller.engine._store, author="ann@example.com")
    person.write("PATCH", path, {"rolloutPercentage": 10})
    assert [version["createdBy"] for version in caller.get(f"{path}/versions")] == ["ann@example.com", AUTHOR]
    assert (caller.only()["createdBy"], caller.only()["lastModifiedBy"]) == (AUTHOR, "ann@example.com")
