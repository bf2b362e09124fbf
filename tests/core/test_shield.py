"""The shield: with it, nobody is ever in an arm that is neither their old nor their new one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from amplitude_experiment.evaluation.engine import EvaluationEngine

from expsync.core.normalize import Desired, desired_state, live_state
from expsync.core.planner import Planned, plan_declared
from expsync.core.target import SHIELD
from expsync.model.experiment import Declared, Experiment
from expsync.model.plan import Operation
from expsync.model.state import State
from expsync.model.workspace import Environment, Ownership
from expsync.sandbox.engine import Engine, Request
from expsync.sandbox.store import Store
from expsync.wire.schema import WireExperiment
from tests.verify.flags import flag_of, load_flag

USERS = [f"user-{number}" for number in range(400)]
DAY = date(2026, 2, 1)
GERMANS = {"type": "property", "prop": "country", "op": "is", "values": ["Germany"]}
GERMANY: dict[str, Any] = {
    "name": "Germany",
    "percentage": 50,
    "conditions": [GERMANS],
    "rolloutWeights": {"control": 1, "treatment": 1},
}


def experiment(weights: dict[str, float], **more: Any) -> dict[str, Any]:
    """A live one: served to 80 % of all other users."""
    return {
        "id": "1",
        "key": "exp",
        "enabled": True,
        "bucketingSalt": "salt",
        "rolloutPercentage": 80,
        "deployments": ["101"],
        "tags": ["managed-by-expsync"],
        "variants": [{"key": key, "rolloutWeight": weight} for key, weight in weights.items()],
        **more,
    }


class World:
    """A sandbox with one experiment in it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def state(self) -> State:
        world: dict[str, Any] = self.engine.export("1001")
        return live_state(WireExperiment.model_validate(world["experiments"][0]), archived=False, whole=True)

    def arms(self) -> list[str | None]:
        """Who gets what, by the vendor's own engine; every other user is from Germany."""
        flag = load_flag(flag_of(self.state(), "exp"))
        engine = EvaluationEngine()
        found: list[str | None] = []
        for place, user in enumerate(USERS):
            context = {"user": {"user_id": user, "amplitude_id": user, "country": "Germany" if place % 2 else "France"}}
            found.append(engine.evaluate(context, [flag])["exp"].key)
        return found

    def plan(self, wanted: dict[str, Any], *, shield: bool = True) -> Planned:
        return plan_declared(desired(wanted), self.state(), Ownership(), "1001", today=DAY, shield=shield)

    def send(self, operation: Operation) -> None:
        body = b"" if operation.body is None else json.dumps(operation.body).encode()
        headers = {"content-type": "application/json"} if body else {}
        reply = self.engine.answer(Request(operation.method, operation.path, {}, headers, body))
        assert reply.status == 200, reply.body


def desired(wanted: dict[str, Any]) -> Desired:
    environment = Environment(baseUrl="sandbox", projectId="1001")
    return desired_state(Declared(Experiment.model_validate(wanted), "a.yaml", 1), environment)


@contextmanager
def world_of(live: dict[str, Any]) -> Iterator[World]:
    with Store(None) as store:
        engine = Engine(store)
        deployments = [{"id": "101", "label": "web", "key": "web"}]
        engine.import_world({"projectId": "1001", "deployments": deployments, "experiments": [live]})
        yield World(engine)


def wanted(weights: dict[str, float], **more: Any) -> dict[str, Any]:
    return {"key": "exp", "variants": [{"key": key, "rolloutWeight": w} for key, w in weights.items()], **more}


CHANGES = {
    "two weights": (experiment({"control": 1, "treatment": 1}), wanted({"control": 60, "treatment": 40})),
    "three weights": (experiment({"a": 1, "b": 1, "c": 1}), wanted({"a": 5, "b": 1, "c": 60})),
    "one is added": (experiment({"a": 1, "b": 1}), wanted({"a": 2, "b": 1, "c": 1})),
    "one is removed": (experiment({"a": 1, "b": 1, "c": 2}), wanted({"a": 3, "b": 1})),
    "all are replaced": (experiment({"a": 1, "b": 1}), wanted({"x": 2, "y": 1})),
    "through none at all": (experiment({"a": 1, "b": 0}), wanted({"a": 0, "b": 1})),
    "beside a segment": (
        experiment({"control": 1, "treatment": 1}, targetSegments=[GERMANY]),
        wanted({"control": 1, "treatment": 9, "third": 2}),
    ),
    "with a segment and the percentage": (
        experiment({"control": 1, "treatment": 1}, targetSegments=[GERMANY]),
        wanted({"control": 9, "treatment": 2}, rolloutPercentage=40, targetSegments=[{**GERMANY, "percentage": 90}]),
    ),
    "with the salt": (experiment({"a": 1, "b": 2}), wanted({"a": 3, "b": 1}, bucketingSalt="another")),
}


@pytest.mark.parametrize(("live", "want"), CHANGES.values(), ids=list(CHANGES))
def test_after_every_call_everybody_is_in_their_old_or_their_new_arm(
    live: dict[str, Any], want: dict[str, Any]
) -> None:
    with world_of(live) as world:
        planned = world.plan(want).experiment
        assert planned is not None
        seen = [world.arms()]
        for operation in planned.operations:
            world.send(operation)
            seen.append(world.arms())
        assert seen[0] != seen[-1]
        strays = [arms for user in zip(*seen, strict=True) if not (arms := set(user)) <= {user[0], user[-1]}]
        assert strays == []
        assert SHIELD not in (world.state().targetSegments or {})
        assert world.plan(want).experiment is None


def test_without_it_some_are_in_a_wrong_arm_on_the_way() -> None:
    """What the test above would see if the shield did nothing."""
    live, want = CHANGES["three weights"]
    with world_of(live) as world:
        planned = world.plan(want, shield=False).experiment
        assert planned is not None
        seen = [world.arms()]
        for operation in planned.operations:
            world.send(operation)
            seen.append(world.arms())
        assert any(not set(user) <= {user[0], user[-1]} for user in zip(*seen, strict=True))


def test_the_plan_says_that_nobody_switches_on_the_way() -> None:
    live, want = CHANGES["two weights"]
    with world_of(live) as world:
        shielded, bare = world.plan(want).experiment, world.plan(want, shield=False).experiment
    assert shielded is not None
    assert bare is not None
    impact = shielded.findings[0].impact[0]
    assert (impact.switch, impact.transientSwitch) == (0.08, 0.08)
    assert bare.findings[0].impact[0].transientSwitch > 0.08
    assert [call.op for call in shielded.operations] == [
        "editExperiment",
        "editVariant",
        "editVariant",
        "editExperiment",
    ]


@pytest.mark.parametrize(("live", "want"), CHANGES.values(), ids=list(CHANGES))
@pytest.mark.parametrize("again_shielded", [True, False])
def test_an_interrupted_run_is_finished_by_the_next_without_a_stray(
    live: dict[str, Any], want: dict[str, Any], *, again_shielded: bool
) -> None:
    with world_of(live) as world:
        planned = world.plan(want).experiment
    assert planned is not None
    for stop in range(1, len(planned.operations)):
        with world_of(live) as world:
            seen = [world.arms()]
            for operation in planned.operations[:stop]:
                world.send(operation)
            covered = again_shielded or SHIELD in (world.state().targetSegments or {})
            rest = world.plan(want, shield=again_shielded).experiment
            for operation in rest.operations if rest is not None else ():
                world.send(operation)
                seen.append(world.arms())
            assert SHIELD not in (world.state().targetSegments or {})
            assert world.plan(want).experiment is None
            if covered:
                assert all(set(user) <= {user[0], user[-1]} for user in zip(*seen, strict=True))


@pytest.mark.parametrize(
    ("live", "want"),
    [
        (experiment({"a": 1, "b": 1}), wanted({"a": 2, "b": 1})),
        (experiment({"a": 1, "b": 1}, rolloutPercentage=0), wanted({"a": 2, "b": 3})),
        (experiment({"a": 1, "b": 1}, enabled=False), wanted({"a": 2, "b": 3})),
        (
            experiment(
                {"a": 1, "b": 1},
                targetSegments=[{**GERMANY, "rolloutWeights": {"a": 1}, "conditions": [{**GERMANS, "type": "cohort"}]}],
            ),
            wanted({"a": 2, "b": 3}),
        ),
    ],
    ids=["one call", "nobody is let in", "disabled", "a cohort that can't be written back"],
)
def test_it_is_not_put_where_it_would_help_nobody(live: dict[str, Any], want: dict[str, Any]) -> None:
    with world_of(live) as world:
        shielded, bare = world.plan(want).experiment, world.plan(want, shield=False).experiment
        assert shielded == bare
        assert shielded is not None
        assert shielded.operations
