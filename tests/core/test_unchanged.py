"""A yes of the quick comparison is certain: the slow one finds nothing either, and nothing more had to be read."""

from __future__ import annotations

import copy
import json
import os
import random
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from benchmarks.worlds import DECLARATION, live_experiment
from expsync.config.yaml import parse
from expsync.core.normalize import desired_state, live_state
from expsync.core.planner import Planned, needs_of, plan_declared
from expsync.core.unchanged import is_plainly_unchanged
from expsync.errors import ReplyError
from expsync.model.experiment import Condition, Declared, Experiment
from expsync.model.workspace import Environment, Ownership
from expsync.wire.replies import parse_experiment
from expsync.wire.schema import WireCondition, WireExperiment
from tests.test_convergence import set_up
from tests.worlds import Situation, situations

EXAMPLES = int(os.environ.get("EXPSYNC_EXAMPLES", "40"))
ENVIRONMENT = Environment(projectId="2002", deployments={"web": "9301", "ios": "9302"})
OWNERSHIP = Ownership()


def declared(raw: Any) -> Declared:
    return Declared(Experiment.model_validate(raw), "a.yaml", 1)


def quick(raw: Any, live: Any, environment: Environment = ENVIRONMENT) -> bool:
    body = live if isinstance(live, WireExperiment) else parse_experiment(live)
    return is_plainly_unchanged(declared(raw), body, environment, OWNERSHIP)


def slow(raw: Any, live: Any, environment: Environment = ENVIRONMENT) -> bool:
    """Whether the body is all that there is to read, and the plan is empty and says nothing."""
    body = live if isinstance(live, WireExperiment) else parse_experiment(live)
    desired = desired_state(declared(raw), environment)
    needs = needs_of(desired)
    archived = bool(body.archived or body.deleted)
    planned = plan_declared(desired, live_state(body, archived=archived), OWNERSHIP, "2002", today=date(2026, 2, 1))
    read = all(body.carries(name) for name in needs.fields) and not needs.inclusions and not needs.cohorts
    return read and planned == Planned(None)


def raw() -> dict[str, Any]:
    (document,) = parse(DECLARATION.format(n=7, percentage=50, team=7, size=7))
    assert isinstance(document.value, dict)
    return {**document.value, "bucketingUnit": "User", "endDate": None, "archived": False, "decision": None}


def live() -> dict[str, Any]:
    return {**live_experiment(7), "decision": None}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a JSON value, the inner ones too."""
    if path:
        yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from places(member, (*path, key))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def without(value: Any, path: tuple[Any, ...]) -> Any:
    changed = copy.deepcopy(value)
    del at(changed, path[:-1])[path[-1]]
    return changed


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    changed = copy.deepcopy(value)
    at(changed, path[:-1])[path[-1]] = new
    return changed


NEW = [None, True, False, 0, 1, 2.0, 50, "", "x", "2026-02-01", [], ["x"], {}, {"a": 1}]


def differing() -> Iterator[tuple[Any, Any]]:
    """Pairs of a declaration and a body, equal but for one place of one of the two."""
    for path in places(raw()):
        yield without(raw(), path), live()
        for new in NEW:
            yield put(raw(), path, new), live()
    for path in places(live()):
        yield raw(), without(live(), path)
        for new in NEW:
            yield raw(), put(live(), path, new)


def test_what_is_equal_is_told_to_be() -> None:
    assert quick(raw(), live())
    assert slow(raw(), live())
    assert quick({"key": "experiment-00007"}, live())


def test_one_difference_at_any_place_is_never_overlooked() -> None:
    pairs = yes = 0
    for wanted, body in differing():
        try:
            told = quick(wanted, json.loads(json.dumps(body)))
        except (ValueError, ReplyError):
            continue  # no experiment, or no body, any more
        pairs += 1
        yes += told
        assert not told or slow(wanted, body), (wanted, body)
    assert pairs > 800
    assert yes > 100  # what is left out is left alone, and what only the server says counts for nothing


@pytest.mark.parametrize(
    "wanted",
    [
        {"lifecycle": {"ignoreChanges": ["name"]}},
        {"lifecycle": {"preventArchive": True}},
        {"exposureEvent": None},
        {"archived": True},
        {"tags": ["team-7"], "lifecycle": {"preventArchive": True}},
        {"variants": [{"key": "control"}]},
        {"variants": [{"key": "treatment"}, {"key": "control"}]},
        {"variants": [{"key": "control", "inclusions": []}, {"key": "treatment"}]},
        {"variants": [{"key": "control", "cohortInclusions": []}, {"key": "treatment"}]},
        {"deployments": ["web"]},
    ],
)
def test_what_takes_a_second_look_gets_one(wanted: dict[str, Any]) -> None:
    assert not quick({**raw(), **wanted}, live())


@pytest.mark.parametrize(
    ("wanted", "tags", "told"),
    [
        ({}, ["managed-by-expsync"], True),
        ({}, ["other"], False),
        ({}, None, True),
        ({"tags": ["x"]}, ["x"], False),
        ({"tags": ["x"]}, ["managed-by-expsync", "x"], True),
        ({"tags": ["x"]}, None, False),
        ({"lifecycle": {"preventArchive": True}}, ["managed-by-expsync"], False),
        ({"lifecycle": {"preventArchive": True}}, ["managed-by-expsync", "protected-by-expsync"], True),
        ({"lifecycle": {"preventArchive": False}}, ["managed-by-expsync", "protected-by-expsync"], False),
        ({"lifecycle": {"preventArchive": False}}, ["managed-by-expsync"], True),
        ({}, ["managed-by-expsync", "protected-by-expsync"], True),
    ],
)
def test_the_tags_of_the_tool_are_looked_at(wanted: dict[str, Any], tags: list[str] | None, told: bool) -> None:
    body = without(live(), ("tags",)) if tags is None else {**live(), "tags": tags}
    asked = {"key": "experiment-00007", **wanted}
    assert (quick(asked, body), slow(asked, body)) == (told, told)


def test_a_shield_that_was_left_is_seen() -> None:
    body = live()
    body["targetSegments"].insert(0, {**body["targetSegments"][0], "name": "expsync-shield"})
    assert not quick({"key": "experiment-00007"}, body)


def test_a_condition_has_the_same_fields_in_a_file_and_in_a_body() -> None:
    assert set(Condition.model_fields) == set(WireCondition.model_fields)
    wire = WireCondition.model_validate({"prop": "p", "op": "is", "values": ["x"], "negated": False})
    assert vars(Condition(prop="p", op="is", values=["x"])) == vars(wire)


@pytest.mark.parametrize(
    ("wanted", "listed", "same"),
    [
        (1, True, False),
        (1, 1.0, False),
        (0.0, -0.0, False),
        (None, False, False),
        ("1", 1, False),
        ([1, [2, {"a": 3}]], [1, [2, {"a": 3.0}]], False),
        ({"a": "ä\U0001f600", "b": 2**80}, {"a": "ä\U0001f600", "b": 2**80}, True),
        ([], {}, False),
        (["x", "x"], [chr(120), "".join(["x"])], True),
    ],
)
def test_payloads_are_the_same_if_they_are_to_the_type(wanted: JsonValue, listed: JsonValue, same: bool) -> None:
    asked, body = raw(), live()
    asked["variants"][0]["payload"] = wanted
    body["variants"][0]["payload"] = listed
    assert quick(asked, body) is same


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(situations(), st.integers(0, 2**32))
def test_for_all_worlds_a_yes_is_certain(situation: Situation, seed: int) -> None:
    rng = random.Random(seed)
    with set_up(situation) as run:
        environment = run.session.environment
        for applied in (False, True):
            if applied:
                run.apply(run.plan())
            listed = {body.key: body for body in run.client.list_all()}
            for wanted in situation.declared:
                forms = [wanted]
                inner = [path for path in places(wanted) if path != ("key",)]
                forms += [without(wanted, rng.choice(inner)) for _ in range(4 if inner else 0)]
                for form in forms:
                    body = listed.get(wanted["key"])
                    try:
                        told = body is not None and quick(form, body, environment)
                    except ValueError:
                        continue
                    event(f"applied {applied}: {told}")
                    assert not told or slow(form, body, environment), (form, body)
