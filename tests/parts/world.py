"""A repository, a served sandbox as its live side, and a forge that reviews it: what the ready parts work with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import JsonValue

from expsync.sandbox.engine import Engine
from expsync.sandbox.server import ServedSandbox
from expsync.sandbox.store import Store
from tests.parts.forges import REPOSITORY, GitHubStub
from tests.parts.steps import KEY
from tests.repository import Git, new_repository

KEY_VARIABLE = "AMPLITUDE_PROD_KEY"
ENVIRONMENT = """\
  prod:
    baseUrl: {url}
    projectId: "2002"
    apiKeyEnv: AMPLITUDE_PROD_KEY
    deployments: {{web: "9301", ios: "9302"}}
"""
WORKSPACE = "version: 1\nenvironments:\n" + ENVIRONMENT
EXPERIMENT = """\
key: checkout-button
enabled: true
rolloutPercentage: 20
deployments: [web]
variants:
  - key: control
    rolloutWeight: 1
  - key: treatment
    rolloutWeight: 1
"""
FILE = "experiments/checkout-button.yaml"


@dataclass
class Live:
    """The live side, for other hands."""

    url: str
    engine: Engine

    def sow(self) -> None:
        """Nothing; the experiment is live as its file says, and expsync's own."""
        variants: list[JsonValue] = [{"key": "control"}, {"key": "treatment"}]
        experiment: dict[str, JsonValue] = {
            "key": "checkout-button",
            "enabled": True,
            "rolloutPercentage": 20,
            "deployments": ["9301"],
            "tags": ["managed-by-expsync"],
            "variants": variants,
        }
        deployments: list[JsonValue] = [{"id": "9301", "label": "web"}, {"id": "9302", "label": "ios"}]
        self.engine.import_world({"projectId": "2002", "deployments": deployments, "experiments": [experiment]})

    def experiment(self, key: str) -> dict[str, Any]:
        answer = httpx.get(f"{self.url}/api/1/experiments", headers=self._headers, timeout=10).json()
        found: dict[str, Any] = next(one for one in answer["experiments"] if one["key"] == key)
        return found

    def edit(self, key: str, **fields: Any) -> None:
        """Nothing; somebody edited it by hand."""
        path = f"{self.url}/api/1/experiments/{self.experiment(key)['id']}"
        httpx.patch(path, headers=self._headers, json=fields, timeout=10).raise_for_status()

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {KEY}"}


@contextmanager
def served(*forges: GitHubStub | Any) -> Iterator[Live]:
    """The sandbox with one project, and the forges, each on a port of its own."""
    with ExitStack() as stack:
        store = stack.enter_context(Store(None))
        engine = Engine(store, keys={KEY: None})
        engine.ensure_project("2002", {"9301": "web", "9302": "ios"})
        for forge in forges:
            forge.url = stack.enter_context(ServedSandbox(forge)).url
        yield Live(stack.enter_context(ServedSandbox(engine)).url, engine)


def repository(root: Path, live: Live, monkeypatch: pytest.MonkeyPatch) -> Git:
    """A repository with one experiment, which is not live yet, on the branch main."""
    git = new_repository(root, monkeypatch)
    git.commit({"expsync.yaml": WORKSPACE.format(url=live.url), FILE: EXPERIMENT})
    return git


def edited(git: Git, before: str, after: str, *, file: str = FILE) -> None:
    path = git.root / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def github_variables(forge: GitHubStub, temporary: Path, *, commit: str) -> dict[str, str]:
    """What GitHub's runner sets for every step."""
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_SERVER_URL": "https://github.example",
        "GITHUB_API_URL": forge.url,
        "GITHUB_RUN_ID": "9",
        "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_ACTOR": "ann",
        "GITHUB_SHA": commit,
        "RUNNER_TEMP": str(temporary),
    }


def pull_request_event(temporary: Path, pull: dict[str, Any]) -> dict[str, str]:
    """What is set beside that where a pull request was opened or pushed to."""
    temporary.mkdir(parents=True, exist_ok=True)
    event = temporary / "event.json"
    event.write_text(json.dumps({"action": "synchronize", "pull_request": pull}), encoding="utf-8")
    return {
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_REF": f"refs/pull/{pull['number']}/merge",
    }
