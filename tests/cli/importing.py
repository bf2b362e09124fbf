"""What the tests of `expsync import` share: live experiments, the files made of them, and what is left to plan."""

from __future__ import annotations

import json
from typing import Any

import httpx

from tests.apply.world import Answer
from tests.cli.conftest import Run
from tests.cli.workspace import Workspace, live

COHORT = {"type": "cohort", "prop": "userdata_cohort", "op": "set contains", "values": ["c1"]}
PROPERTY = {"type": "property", "prop": "country", "op": "is", "values": ["US"]}
NEXT = "\nnext:\n  expsync plan      # shows what apply would change: nothing but the ownership tag\n"
NOTE = (
    "\nnote: the files are for every environment: in other, apply would create what is not there; "
    "`skip: true` under `environments:` leaves an experiment out of one\n"
)


def experiment(key: str, **fields: Any) -> dict[str, Any]:
    return {"key": key, "bucketingSalt": "aBcDeF12", **live(key, **fields)}


def files(workspace: Workspace) -> dict[str, str]:
    """Every file under the folder of experiments, by name."""
    folder = workspace.root / "experiments"
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.iterdir())}


def changed_paths(run: Run) -> list[str]:
    plan = json.loads(run("plan", "--format", "json").out)
    return [f"{one['key']}: {change['path']}" for one in plan["experiments"] for change in one["changes"]]


def reply_with(fields: dict[str, Any]) -> Any:
    """A way to answer: as the sandbox does, with other values of some fields."""

    def how(request: httpx.Request, answer: Answer) -> httpx.Response:
        response = answer(request)
        return httpx.Response(response.status_code, json={**response.json(), **fields})

    return how


def reply_with_each(fields: dict[str, Any]) -> Any:
    """The same for each experiment of a list."""

    def how(request: httpx.Request, answer: Answer) -> httpx.Response:
        page = answer(request).json()
        return httpx.Response(200, json={**page, "experiments": [{**one, **fields} for one in page["experiments"]]})

    return how


def users(count: int, *more: str) -> list[dict[str, Any]]:
    return [{"key": "control", "inclusions": [*(f"user-{n:02}" for n in range(count)), *more]}, {"key": "treatment"}]


OTHERS: list[Any] = [
    {"id": "301", "label": "Android App (beta)"},
    {"id": "302", "label": "android-app-beta"},
    {"id": "303", "label": "42"},
    {"id": "304", "label": "🩺"},
    {"id": "305", "label": "web"},
]


def sow_deployments(workspace: Workspace) -> None:
    with workspace.engine() as engine:
        engine.import_world({"projectId": "1001", "deployments": OTHERS, "experiments": []})
