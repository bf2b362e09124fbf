"""After an answer that says neither yes nor no, everything is done, and nothing twice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.apply.world import Trouble, bench

TAGS = ["managed-by-expsync"]
ARMS = [{"key": "control"}, {"key": "treatment"}]


def arms(**treatment: Any) -> dict[str, Any]:
    return {"key": "exp", "variants": [{"key": "control"}, {"key": "treatment", **treatment}]}


@dataclass(frozen=True)
class Kind:
    """One kind of call: what is live before, and the declaration that makes exactly this call."""

    op: str
    live: dict[str, Any] | None
    declared: dict[str, Any]


def live(**fields: Any) -> dict[str, Any]:
    return {"key": "exp", "variants": ARMS, "tags": TAGS, **fields}


USERS = [f"user-{number}" for number in range(5)]
SEGMENT = {"name": "US", "percentage": 10, "conditions": [{"prop": "country", "op": "is", "values": ["US"]}]}
KINDS = {
    "create": Kind("createExperiment", None, {"key": "exp", "name": "New", "variants": ARMS}),
    "create a variant": Kind(
        "createVariant", live(), {"key": "exp", "variants": [*ARMS, {"key": "third", "payload": {"a": 1}}]}
    ),
    "edit a variant": Kind("editVariant", live(), arms(rolloutWeight=3)),
    "edit a payload": Kind("editVariant", live(), arms(payload={"colour": "red"})),
    "rename a variant": Kind(
        "editVariant",
        live(),
        {"key": "exp", "variants": [{"key": "control"}, {"key": "green", "renamedFrom": "treatment"}]},
    ),
    "remove a variant": Kind(
        "removeVariant", live(variants=[*ARMS, {"key": "third"}]), {"key": "exp", "variants": ARMS}
    ),
    "add users": Kind("addUsers", live(), arms(inclusions=USERS)),
    "remove all users": Kind(
        "removeAllUsers", live(variants=[ARMS[0], {**ARMS[1], "inclusions": USERS}]), arms(inclusions=[])
    ),
    "remove some users": Kind(
        "bulkRemoveUsers", live(variants=[ARMS[0], {**ARMS[1], "inclusions": USERS}]), arms(inclusions=USERS[:2])
    ),
    "add deployments": Kind("addDeployments", live(), {"key": "exp", "deployments": ["web", "ios"]}),
    "remove a deployment": Kind(
        "removeDeployment", live(deployments=["101", "102"]), {"key": "exp", "deployments": ["web"]}
    ),
    "edit fields": Kind(
        "editExperiment",
        live(),
        {"key": "exp", "rolloutPercentage": 20, "startDate": "2026-02-01", "bucketingSalt": "x"},
    ),
    "edit segments": Kind("editExperiment", live(), {"key": "exp", "targetSegments": [SEGMENT]}),
    "edit tags": Kind("editExperiment", live(), {"key": "exp", "tags": ["a", "b", *TAGS]}),
    "archive": Kind("editExperiment", live(), {"key": "exp", "archived": True}),
    "bring back": Kind("editExperiment", live(archived=True), {"key": "exp", "archived": False}),
    "add cohorts": Kind("addCohorts", live(), arms(cohortInclusions=["c1", "c2"])),
    "remove cohorts": Kind(
        "bulkRemoveCohorts",
        live(variants=[ARMS[0], {**ARMS[1], "cohortInclusions": ["c1", "c2"]}]),
        arms(cohortInclusions=["c1"]),
    ),
}
WAYS = ("cut before", "cut after", "500 without doing", "500 after doing", "503")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_call_is_done_once_whatever_its_answer(tmp_path: Path, name: str, way: str) -> None:
    kind = KINDS[name]
    with bench(tmp_path, live=[kind.live] if kind.live else []) as run:
        run.declare(kind.declared)
        plan = run.plan()
        planned = [operation.op for operation in plan.experiments[0].operations]
        assert planned[0] == kind.op
        versions = run.versions("exp") if kind.live else 0
        run.wire.troubles = [Trouble(kind.op, way)]

        outcome = run.apply(plan)

        assert [(e.status, e.left, e.error) for e in outcome.experiments] == [("done", [], "")]
        assert run.wire.done == planned
        again = 0 if "after" in way else 1
        assert run.wire.writes == [kind.op] * again + planned
        writes_versions = [op for op in planned if "User" not in op and "Cohort" not in op]
        assert run.versions("exp") == versions + len(writes_versions)
        assert run.plan().experiments == []


@pytest.mark.parametrize("name", KINDS)
def test_what_is_never_done_is_tried_four_times_and_reported(tmp_path: Path, name: str) -> None:
    kind = KINDS[name]
    with bench(tmp_path, live=[kind.live] if kind.live else []) as run:
        run.declare(kind.declared)
        plan = run.plan()
        run.wire.troubles = [Trouble(kind.op, "503", times=99)]

        outcome = run.apply(plan)

        (experiment,) = outcome.experiments
        operation = plan.experiments[0].operations[0]
        assert (experiment.status, experiment.failed, experiment.done) == ("failed", operation, [])
        assert experiment.error == f"{kind.op}: the server failed (503): overloaded"
        assert run.wire.writes == [kind.op] * 4
        assert run.wire.done == []
        assert outcome.exit_code == 4


def test_a_read_that_lags_behind_does_not_make_it_happen_twice(tmp_path: Path) -> None:
    """The first read after the cut still shows the world of before."""
    kind = KINDS["create a variant"]
    with bench(tmp_path, live=[live()]) as run:
        run.declare(kind.declared)
        plan = run.plan()
        before = run.call("GET", f"/{run.live('exp')['id']}")
        run.wire.forget()

        def stale(request: Any, answer: Any) -> Any:
            found = answer(request)
            return type(found)(200, content=before)

        # The first read of the experiment itself is the check before; the second asks what came of the call.
        run.wire.troubles = [Trouble("createVariant", "cut after"), Trouble("getExperiment", stale, first=2)]
        outcome = run.apply(plan)

        assert outcome.exit_code == 0
        assert run.wire.done == ["createVariant"]
