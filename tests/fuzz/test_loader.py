"""Files with mistakes in them: each is declared, or told with its place; and what is declared can be planned."""

from __future__ import annotations

import copy
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from expsync.config.load import Workspace, load_declarations, load_workspace
from expsync.core.normalize import desired_state, live_state
from expsync.core.planner import plan_declared
from expsync.diagnostics import Diagnostic
from expsync.errors import ConfigError
from expsync.render.problems import problem_document, problem_text
from expsync.wire.replies import parse_experiment
from tests.config.world import WORKSPACE
from tests.fuzz.budget import explore
from tests.fuzz.mutations import damaged, edited
from tests.security.world import DECLARED, EXPERIMENT

TODAY = date(2026, 2, 1)
RICH: dict[str, Any] = {
    **copy.deepcopy(DECLARED),
    "evaluationMode": "remote",
    "experimentType": "a-b-test",
    "bucketingKey": "amplitude_id",
    "bucketingSalt": "28fWNw1M",
    "bucketingUnit": "User",
    "stickyBucketing": False,
    "archived": False,
    "decision": "continue-running",
    "rolledOutVariant": None,
    "lifecycle": {"ignoreChanges": ["rolloutPercentage", "variants.*.rolloutWeight"], "preventArchive": True},
    "acknowledge": [{"risk": "variant-weights", "reason": "restarting", "until": "2026-12-31"}],
    "environments": {
        "prod": {"rolloutPercentage": 5, "variants": [{"key": "treatment", "renamedFrom": "green"}]},
        "sandbox": {"skip": False},
    },
}
RICH["variants"][2]["inclusions"] = {"file": "users.txt"}
TEXT = """\
# yaml-language-server: $schema=../schemas/experiment.schema.json
key: checkout
name: "Check\\u00e9out" # a comment
description: >-
  folded
  text
enabled: true
tags: [a, 'b', "c"]
deployments:
  - web
  - "9302"
variants: &all
  - {key: control, rolloutWeight: 1}
  - key: treatment
    payload: {color: "#0a0", list: [1, 0x1f, 0o17, 1e3, .5, ~, null, true]}
    rolloutWeight: 1
    inclusions: [qa@example.com, device-7]
targetSegments:
  - name: US
    percentage: 100
    rolloutWeights: {control: 1, treatment: 1}
    conditions:
      - {prop: country, op: is, values: [United States]}
startDate: 2026-02-01
endDate: 2026-02-01T10:00:00Z
environments:
  prod: {rolloutPercentage: 5}
---
key: second
variants: [{key: a}, {key: b}]
"""
USERS = b"# users\nqa-1@example.com\ndevice-9 # a comment\r\n\r\n  spaced id  \n"
CONTENTS = [TEXT.encode(), json.dumps(RICH, indent=2).encode()]
LIVE = live_state(parse_experiment(EXPERIMENT), archived=False)


def in_order(diagnostics: tuple[Diagnostic, ...]) -> None:
    """Nothing; each diagnostic can be shown on a line, and as JSON."""
    for diagnostic in diagnostics:
        shown = problem_text(diagnostic, colour=False)
        assert all(line.isprintable() for line in shown.split("\n"))
        assert len(shown) < 5000
        json.dumps(problem_document(diagnostic), allow_nan=False).encode()


def loaded(workspace: Workspace, content: bytes, *, name: str = "experiments/a.yaml") -> str:
    """What came of the workspace with this in one of its files."""
    (workspace.root / name).write_bytes(content)
    came = "told"
    for environment in (None, "sandbox", "prod"):
        found = load_declarations(workspace, environment, today=TODAY)
        in_order(found.diagnostics)
        if environment is None or any(d.severity == "error" for d in found.diagnostics):
            continue
        for declared in found.declared:
            came = "declared"
            wanted = desired_state(declared, workspace.file.environments[environment])
            for live in (None, LIVE):
                plan_declared(wanted, live, workspace.file.ownership, "1001", today=TODAY)
    return came


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "experiments").mkdir()
    (tmp_path / "expsync.yaml").write_text(WORKSPACE, encoding="utf-8")
    (tmp_path / "experiments" / "users.txt").write_bytes(USERS)
    return load_workspace(tmp_path / "expsync.yaml", cwd=tmp_path, environ={})


def test_the_files_without_mistakes_are_declared(workspace: Workspace) -> None:
    assert [loaded(workspace, content) for content in CONTENTS] == ["declared", "declared"]


def test_bytes_of_files_with_mistakes_are_declared_or_told(workspace: Workspace) -> None:
    came = explore("bytes of files", damaged(CONTENTS), lambda content: loaded(workspace, content), examples=120)
    assert came["told"]


def test_files_with_odd_values_are_declared_or_told(workspace: Workspace) -> None:
    def check(document: Any) -> str:
        return loaded(workspace, json.dumps(document).encode())

    came = explore("files", edited([RICH], most=2), check, examples=120)
    assert came["told"]
    assert came["declared"]


def test_files_of_users_with_mistakes_are_taken_or_told(workspace: Workspace) -> None:
    (workspace.root / "experiments" / "a.yaml").write_text(json.dumps(RICH), encoding="utf-8")

    def check(content: bytes) -> str:
        return loaded(workspace, content, name="experiments/users.txt")

    came = explore("files of users", damaged([USERS]) | st.binary(max_size=80), check, examples=60)
    assert came["told"]
    assert came["declared"]


FILE: dict[str, Any] = {
    "version": 1,
    "experiments": ["experiments/**/*.yaml"],
    "defaultEnvironment": "sandbox",
    "environments": {
        "sandbox": {"baseUrl": "sandbox", "projectId": "1001", "deployments": {"web": "101"}},
        "prod": {"region": "us", "projectId": 2002, "apiKeyEnv": "KEY", "deployments": {"web": "9301"}},
        "near": {"baseUrl": "http://127.0.0.1:1", "projectId": "1"},
    },
    "ownership": {"tag": "mine", "protectedTag": "protected"},
    "limits": {"requestsPerSecond": 90, "parallelism": 10, "timeout": 30},
    "policy": {"refuse": "critical", "massChange": {"percent": 30, "atLeast": 10}},
    "rules": {},
}


def opened(folder: Path, content: bytes) -> str:
    (folder / "expsync.yaml").write_bytes(content)
    try:
        found = load_workspace(folder / "expsync.yaml", cwd=folder, environ={})
        in_order(load_declarations(found, None, today=TODAY).diagnostics)
        found.environment(None, {})
    except ConfigError as error:
        in_order(error.diagnostics)
        return "told"
    return "opened"


def test_workspace_files_with_mistakes_are_opened_or_told(tmp_path: Path) -> None:
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "a.yaml").write_text("key: a\nvariants: [{key: b}]\n", encoding="utf-8")
    contents = [WORKSPACE.encode(), json.dumps(FILE, indent=2).encode()]
    came = explore("bytes of workspace files", damaged(contents), lambda c: opened(tmp_path, c), examples=100)
    assert came["told"]

    def check(document: Any) -> str:
        return opened(tmp_path, json.dumps(document).encode())

    came = explore("workspace files", edited([copy.deepcopy(FILE)], most=2), check, examples=100)
    assert came["told"]
    assert came["opened"]
