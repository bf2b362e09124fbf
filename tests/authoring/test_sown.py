"""The seed that files amount to is the world that applying them to an empty project makes."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expsync.authoring.sown import world_of
from expsync.model.experiment import Declared, Experiment
from expsync.model.workspace import Environment, Ownership
from expsync.sandbox.engine import Engine
from expsync.sandbox.habits import Habits
from expsync.sandbox.store import Store
from tests.test_convergence import set_up
from tests.worlds import Situation, declaration, some_keys

EXAMPLES = int(os.environ.get("EXPSYNC_EXAMPLES", "60"))
ENVIRONMENT = Environment(baseUrl="sandbox", projectId="7", deployments={"web": "71"})
SERVERS_OWN = {"id", "createdAt", "createdBy", "lastModifiedAt", "lastModifiedBy"}


@st.composite
def declarations(draw: st.DrawFn) -> list[dict[str, Any]]:
    return [draw(declaration(key, None, older=False)) for key in draw(some_keys())]


def comparable(world: Any, declared: list[dict[str, Any]]) -> dict[str, Any]:
    """The project's experiments by key, without what no file could say and with lists that are sets in one order."""
    salted = {one["key"] for one in declared if "bucketingSalt" in one}
    shown: dict[str, Any] = {}
    for experiment in world["experiments"]:
        one = {name: value for name, value in experiment.items() if name not in SERVERS_OWN}
        if one["key"] not in salted:
            del one["bucketingSalt"]
        one["tags"], one["deployments"] = sorted(one["tags"]), sorted(one["deployments"])
        for variant in one["variants"]:
            variant["inclusions"], variant["cohortInclusions"] = (
                sorted(variant[name]) for name in ("inclusions", "cohortInclusions")
            )
        shown[one["key"]] = one
    return shown


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    report_multiple_bugs=False,
)
@given(declarations())
def test_files_amount_to_what_applying_them_to_an_empty_project_makes(declared: list[dict[str, Any]]) -> None:
    with set_up(Situation(Habits(), [], declared)) as run, Store(None) as store:
        wanted = run.session.declarations()
        run.apply(run.plan())
        sown = Engine(store)
        sown.import_world(world_of(wanted, run.session.environment, run.session.workspace.file.ownership))
        assert comparable(sown.export("1001"), declared) == comparable(run.engine.export("1001"), declared)


def declared(**fields: Any) -> Declared:
    return Declared(Experiment.model_validate({"key": "exp", **fields}), "experiments/exp.yaml", 1)


def test_what_a_file_leaves_out_is_what_a_new_experiment_has() -> None:
    assert world_of([declared()], ENVIRONMENT, Ownership()) == {
        "projectId": "7",
        "deployments": [{"id": "71", "label": "web"}],
        "experiments": [
            {
                "key": "exp",
                "bucketingSalt": "TAERHVAI",
                "variants": [{"key": "control"}, {"key": "treatment"}],
                "targetSegments": [],
                "deployments": [],
                "tags": ["managed-by-expsync"],
            }
        ],
    }


def test_a_deployment_without_an_alias_is_there_under_its_id() -> None:
    world = world_of([declared(deployments=["web", "9302"])], ENVIRONMENT, Ownership())
    assert world["deployments"] == [{"id": "71", "label": "web"}, {"id": "9302", "label": "9302"}]


def test_of_two_aliases_of_a_deployment_the_first_is_its_label() -> None:
    environment = ENVIRONMENT.model_copy(update={"deployments": {"web": 71, "www": "71"}})
    assert world_of([], environment, Ownership())["deployments"] == [{"id": "71", "label": "web"}]
