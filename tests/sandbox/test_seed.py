"""Worlds that come in from files and go out again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from expsync.sandbox.habits import Habits
from expsync.sandbox.seed import load_seed
from expsync.sandbox.store import SandboxError, Store
from tests.sandbox.calls import AUTHOR, EXPERIMENTS, FIRST, Caller, rich_seed


def small(**fields: Any) -> dict[str, Any]:
    """A seed with one experiment that has these fields."""
    return {"projectId": "1", "experiments": [{"key": "k", "variants": [{"key": "on"}], **fields}]}


def imported(store: Store, **fields: Any) -> Any:
    caller = Caller(store)
    caller.engine.import_world(small(**fields))
    return caller.truth("1")["experiments"][0]


def test_a_whole_experiment_comes_out_as_it_went_in(store: Store) -> None:
    caller = Caller(store)
    caller.engine.import_world(rich_seed())
    world = caller.truth()
    assert world["deployments"] == rich_seed()["deployments"]
    assert world["experiments"][0] == rich_seed()["experiments"][0]


def test_an_export_goes_into_another_sandbox_and_comes_out_equal(store: Store) -> None:
    caller = Caller(store)
    caller.engine.import_world(rich_seed())
    caller.call("POST", EXPERIMENTS, {"projectId": "1001", "key": "made"})
    world = caller.truth()
    with Store(None) as other:
        copy = Caller(other)
        copy.engine.import_world(world)
        assert copy.truth() == world
        assert [one["version"] for one in copy.get(f"{EXPERIMENTS}/500/versions")] == [1]


def test_what_a_seed_leaves_out_has_the_defaults_of_a_new_experiment(store: Store) -> None:
    experiment = imported(store)
    salt = experiment.pop("bucketingSalt")
    assert len(salt) == 8
    assert experiment == {
        "id": "100001",
        "projectId": "1",
        "key": "k",
        "name": "k",
        "description": "",
        "kind": "experiment",
        "enabled": False,
        "archived": False,
        "evaluationMode": "remote",
        "experimentType": "a-b-test",
        "bucketingKey": "amplitude_id",
        "bucketingUnit": "User",
        "stickyBucketing": False,
        "rolloutPercentage": 0,
        "rolloutWeights": {"on": 1},
        "startDate": None,
        "endDate": None,
        "tags": [],
        "exposureEvent": None,
        "decision": None,
        "decisionReason": None,
        "rolledOutVariant": None,
        "state": "planning",
        "parentDependencies": None,
        "deployments": [],
        "targetSegments": [],
        "variants": [
            {
                "key": "on",
                "name": "",
                "description": "",
                "payload": None,
                "rolloutWeight": 1,
                "inclusions": [],
                "cohortInclusions": [],
            }
        ],
        "createdBy": AUTHOR,
        "lastModifiedBy": AUTHOR,
        "createdAt": FIRST,
        "lastModifiedAt": FIRST,
    }


def test_an_older_server_seeds_older_types(store: Store) -> None:
    caller = Caller(store, Habits(older=True))
    caller.engine.import_world(small())
    assert caller.truth("1")["experiments"][0]["experimentType"] == "hypothesis-testing"


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"enabled": True}, "running"),
        ({"enabled": True, "state": "planning"}, "planning"),
        ({"decision": "rollout"}, "decision-made"),
    ],
)
def test_the_state_follows_from_the_rest_unless_it_is_given(store: Store, fields: dict[str, Any], state: str) -> None:
    assert imported(store, **fields)["state"] == state


def test_weights_may_stand_in_either_place(store: Store) -> None:
    experiment = imported(store, variants=[{"key": "a"}, {"key": "b"}], rolloutWeights={"b": 2})
    assert experiment["rolloutWeights"] == {"b": 2}


def test_who_created_it_also_modified_it_last(store: Store) -> None:
    experiment = imported(store, createdBy="ann@example.com", createdAt="2024-01-01T00:00:00.000Z")
    assert (experiment["lastModifiedBy"], experiment["lastModifiedAt"]) == (
        "ann@example.com",
        "2024-01-01T00:00:00.000Z",
    )


EXPERIMENT = "the seed can't be used: experiment `k`: "
BAD: list[tuple[dict[str, Any], str]] = [
    ({}, "the seed can't be used: `projectId`: field required"),
    ({"projectId": "1", "more": 1}, "the seed can't be used: unknown field `more`"),
    (
        {"projectId": "1", "experiments": [{"key": "k"}]},
        "the seed can't be used: `experiments.0.variants`: field required",
    ),
    (small(id="x"), "the seed can't be used: `experiments.0.id`: string should match pattern '^[1-9][0-9]{0,17}$'"),
    (
        small(rolloutPercentage=101),
        "the seed can't be used: `experiments.0.rolloutPercentage`: must be between 0 and 100",
    ),
    (
        small(startDate="soon"),
        "the seed can't be used: `experiments.0.startDate`: must be a date or an instant in ISO 8601",
    ),
    (
        small(parentDependencies={"a": float("inf")}),
        "the seed can't be used: Out of range float values are not JSON compliant",
    ),
    (small(variants=[{"key": "a"}, {"key": "a"}]), f"{EXPERIMENT}variant `a` stands there twice"),
    (small(rolloutWeights={"b": 1}), f"{EXPERIMENT}a weight is for `b`, which is no variant"),
    (
        small(variants=[{"key": "on", "rolloutWeight": 1}], rolloutWeights={"on": 2}),
        f"{EXPERIMENT}the two weights of `on` differ",
    ),
    (
        small(targetSegments=[{"conditions": [], "rolloutWeights": {"c": 1}}]),
        f"{EXPERIMENT}a weight is for `c`, which is no variant",
    ),
    (small(deployments=["7"]), f"{EXPERIMENT}the project has no deployment 7"),
    (small(projectId="2"), f"{EXPERIMENT}projectId is 2, and the seed is of project 1"),
    (small(deleted=True), f"{EXPERIMENT}`deleted` and `archived` differ"),
    (small(rolledOutVariant="x"), f"{EXPERIMENT}`rolledOutVariant` is `x`, which is no variant"),
    (
        {"projectId": "1", "experiments": small()["experiments"] * 2},
        f"{EXPERIMENT}the project already has an experiment of this key",
    ),
    (
        {"projectId": "1", "experiments": [{"id": "5", "key": key, "variants": [{"key": "on"}]} for key in "jk"]},
        f"{EXPERIMENT}there is already an experiment of id 5",
    ),
]


@pytest.mark.parametrize(("world", "message"), BAD, ids=[message[-50:] for _, message in BAD])
def test_a_bad_seed_is_refused_whole(store: Store, world: dict[str, Any], message: str) -> None:
    caller = Caller(store)
    with pytest.raises(SandboxError) as raised:
        caller.engine.import_world(world)
    assert str(raised.value) == message
    with store.reading() as tables:
        assert tables.projects() == []


def test_a_seed_keeps_deployments_that_are_there(caller: Caller) -> None:
    caller.engine.import_world({"projectId": "1001", "deployments": [{"id": "101", "label": "renamed"}]})
    assert caller.truth()["deployments"][0]["label"] == "web"


def test_a_folder_of_seeds_is_loaded_by_name(store: Store, tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text(json.dumps(rich_seed()))
    (tmp_path / "a.json").write_text(json.dumps(small()))
    (tmp_path / "notes.txt").write_text("not a seed")
    caller = Caller(store)
    assert load_seed(caller.engine, tmp_path) == ["1", "1001"]
    assert [one["key"] for one in caller.truth()["experiments"]] == ["checkout", "banner", "gone"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "must hold one JSON object, with projectId, deployments and experiments"),
        ("{", "can't be read as JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("{}", "the seed can't be used: `projectId`: field required"),
    ],
)
def test_a_bad_seed_file_is_named(caller: Caller, tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(content)
    with pytest.raises(SandboxError) as raised:
        load_seed(caller.engine, tmp_path)
    assert str(raised.value) == f"{path}: {message}"


def test_a_seed_nested_past_any_reading_is_refused(caller: Caller, tmp_path: Path) -> None:
    (tmp_path / "deep.json").write_text("[" * 200_000)
    with pytest.raises(SandboxError, match="can't be read as JSON"):
        load_seed(caller.engine, tmp_path)


def test_a_folder_without_seeds_is_refused(caller: Caller, tmp_path: Path) -> None:
    with pytest.raises(SandboxError) as raised:
        load_seed(caller.engine, tmp_path)
    assert str(raised.value) == f"{tmp_path}: holds no seed file (*.json)"
    with pytest.raises(SandboxError) as raised:
        load_seed(caller.engine, tmp_path / "nowhere")
    assert str(raised.value) == f"{tmp_path / 'nowhere'}: is no folder; name one that holds seed files (*.json)"
