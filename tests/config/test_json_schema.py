"""The published schemas: up to date, and of one mind with the loader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from expsync.config.yaml import parse
from expsync.model.json_schema import DIALECT, KINDS, Kind, schema_of, schema_text
from tests.config.test_load import FULL
from tests.config.world import WORKSPACE

SCHEMAS = Path(__file__).parents[2] / "schemas"


def is_valid(kind: Kind, text: str) -> bool:
    (document,) = parse(text)
    validator: Any = jsonschema.Draft7Validator(schema_of(kind))
    return bool(validator.is_valid(document.value))


@pytest.mark.parametrize("kind", KINDS)
def test_the_file_is_up_to_date(kind: Kind) -> None:
    """To renew it: `expsync schema KIND > schemas/KIND.schema.json`."""
    assert (SCHEMAS / f"{kind}.schema.json").read_text(encoding="utf-8") == schema_text(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_is_a_schema(kind: Kind) -> None:
    jsonschema.Draft7Validator.check_schema(schema_of(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_python_shows(kind: Kind) -> None:
    schema = schema_of(kind)
    assert schema["$schema"] == DIALECT
    names: set[str] = set()
    waiting: list[Any] = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if "properties" in node:
                assert node["additionalProperties"] is False
                waiting.extend(node["properties"].values())
            names.update(node)
            waiting.extend(value for name, value in node.items() if name != "properties")
        elif isinstance(node, list):
            waiting.extend(node)
    assert not names & {"default", "$defs", "ge", "le", "gt"}
    assert schema_text(kind) == json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        FULL,
        "key: a",
        "key: a\ndeployments: [1, '2', web]",
        "key: a\nvariants: [{key: b, inclusions: {file: x.txt}, payload: [1, null, {a: b}]}]",
        "key: a\nexposureEvent: null\ndecision: null",
        "key: a\nrolloutPercentage: 0.5",
        "key: a\nenvironments: {prod: {skip: true, exposureEvent: {filters: []}, rolloutPercentage: 5}}",
        "key: a\nenvironments: {prod: {variants: [{key: b, rolloutWeight: 2}]}}",
    ],
)
def test_a_good_experiment_is_accepted(text: str) -> None:
    assert is_valid("experiment", text)


@pytest.mark.parametrize(
    "text",
    [
        "name: a",
        "key: a b",
        "key: a\nrollout: 1",
        "key: a\nrolloutPercentage: 101",
        "key: a\nrolloutPercentage: '5'",
        "key: a\nenabled: yes",
        "key: a\ntags: null",
        "key: a\nexposureEvent: {filters: []}",
        "key: a\nvariants: [{name: b}]",
        "key: a\nvariants: [{key: b, rolloutWeight: -1}]",
        "key: a\nvariants: [{key: b, inclusions: {fiel: x}}]",
        "key: a\ntargetSegments: [{name: s, rolloutWeights: {B: 1}}]",
        "key: a\ntargetSegments: [{name: s, rolloutWeights: {b: -1}}]",
        "key: a\ntargetSegments: [{name: s, conditions: [{prop: p, op: equals, values: [x]}]}]",
        "key: a\nenvironments: {prod: {key: b}}",
        "key: a\nenvironments: {prod: {environments: {}}}",
        "[]",
    ],
)
def test_a_bad_experiment_is_refused(text: str) -> None:
    assert not is_valid("experiment", text)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        (WORKSPACE, True),
        (WORKSPACE + "limits: {requestsPerSecond: 0.5, timeout: 600}\nrules: {EXP401: off}\n", True),
        (WORKSPACE + "limits: {requestsPerSecond: 0}\n", False),
        (WORKSPACE + "rules: {EXP401: loud}\n", False),
        (WORKSPACE + "nothing: 1\n", False),
        ("version: 2\nenvironments: {a: {projectId: 1}}", False),
        ("version: 1\nenvironments: {}", False),
        ("version: 1\nenvironments: {a: {}}", False),
    ],
)
def test_a_workspace_is_accepted_or_refused(text: str, good: bool) -> None:
    assert is_valid("workspace", text) is good


PLAN: dict[str, Any] = {
    "formatVersion": "1.0",
    "expsyncVersion": "0.1.0",
    "createdAt": "2026-02-01T00:00:00Z",
    "environment": "prod",
    "projectId": "2002",
    "baseUrl": "sandbox",
    "scope": {"targets": [], "prune": False},
    "experiments": [],
    "unmanaged": [{"key": "old-test", "id": "1", "owned": None}],
    "notes": [],
    "summary": dict.fromkeys(
        ["create", "update", "archive", "unarchive", "unchanged", "blocked", "operations", "requests"], 0
    ),
    "digest": "sha256:0",
}


@pytest.mark.parametrize(
    ("change", "good"), [({}, True), ({"extra": 1}, False), ({"projectId": 2002}, False), ({"scope": {}}, False)]
)
def test_a_plan_is_accepted_or_refused(change: dict[str, Any], good: bool) -> None:
    assert is_valid("plan", json.dumps({**PLAN, **change})) is good
