"""Worlds of any size: a workspace with a file for each experiment, and the pages that a server lists of the same.

An experiment is 43 lines and some 900 bytes, with everything that the list of a current server carries: texts, two
variants with payloads, a segment with two conditions, tags and deployments. Both sides are written down here from the
same numbers and not from each other, so neither the program nor its sandbox decides what the other reads.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PAGE = 1000
"""The experiments of one page."""
TAG = "managed-by-expsync"

WORKSPACE = """\
version: 1
defaultEnvironment: prod
environments:
  prod:
    baseUrl: {url}
    projectId: "2002"
    apiKeyEnv: BENCHMARK_KEY
    deployments: {{web: "9301", ios: "9302"}}
"""

DECLARATION = """\
# yaml-language-server: $schema=../schemas/experiment.schema.json
key: experiment-{n:05}
name: Experiment {n}
description: "What happens with {n}: more, or less?"
enabled: true
evaluationMode: remote
experimentType: a-b-test
bucketingKey: amplitude_id
bucketingSalt: salt{n:05}
stickyBucketing: false
rolloutPercentage: {percentage}
startDate: 2026-02-01
tags:
  - managed-by-expsync
  - team-{team}
deployments:
  - web
  - ios
variants:
  - key: control
    name: Control
    payload:
      color: "#777"
      size: {size}
    rolloutWeight: 1
  - key: treatment
    name: Treatment
    payload:
      color: "#0a0"
      size: {size}
    rolloutWeight: 1
targetSegments:
  - name: US on iOS
    percentage: 100
    bucketingKey: amplitude_id
    rolloutWeights: {{control: 1, treatment: 1}}
    conditions:
      - prop: country
        op: is
        values: [United States, Canada]
      - prop: platform
        op: is
        values: [iOS]
"""


def write_workspace(folder: Path, count: int, *, url: str = "https://experiment.invalid", changed: int = 0) -> None:
    """Write `expsync.yaml` and `count` files; the first `changed` of them want another percentage than is live."""
    experiments = folder / "experiments"
    experiments.mkdir(parents=True)
    (folder / "expsync.yaml").write_text(WORKSPACE.format(url=url))
    for n in range(count):
        (experiments / f"experiment-{n:05}.yaml").write_text(
            DECLARATION.format(n=n, percentage=51 if n < changed else 50, team=n % 20, size=n % 50)
        )


def write_new_experiments(folder: Path, count: int) -> None:
    """Write `count` files of experiments that are nowhere yet: with users included in a variant, and enabled."""
    for n in range(count):
        text = DECLARATION.format(n=n, percentage=50, team=n % 20, size=n % 50)
        users = f"    inclusions: [qa-{n}@example.com, device-{n}]\ntargetSegments:"
        (folder / "experiments" / f"new-{n:05}.yaml").write_text(text.replace("targetSegments:", users))


def live_experiment(n: int) -> dict[str, Any]:
    """The experiment as a current server lists it: whole, and with what only the server says."""
    return {
        "id": str(100_000 + n),
        "projectId": "2002",
        "deployments": ["9301", "9302"],
        "key": f"experiment-{n:05}",
        "name": f"Experiment {n}",
        "description": f"What happens with {n}: more, or less?",
        "enabled": True,
        "evaluationMode": "remote",
        "experimentType": "a-b-test",
        "bucketingKey": "amplitude_id",
        "bucketingSalt": f"salt{n:05}",
        "bucketingUnit": "User",
        "stickyBucketing": False,
        "state": "running",
        "variants": [
            {
                "key": key,
                "name": key.capitalize(),
                "description": "",
                "payload": {"color": color, "size": n % 50},
                "rolloutWeight": 1,
            }
            for key, color in (("control", "#777"), ("treatment", "#0a0"))
        ],
        "rolloutPercentage": 50,
        "rolloutWeights": {"control": 1, "treatment": 1},
        "targetSegments": [
            {
                "name": "US on iOS",
                "conditions": [
                    {"prop": "country", "op": "is", "type": "property", "values": ["United States", "Canada"]},
                    {"prop": "platform", "op": "is", "type": "property", "values": ["iOS"]},
                ],
                "percentage": 100,
                "bucketingKey": "amplitude_id",
                "rolloutWeights": {"control": 1, "treatment": 1},
            }
        ],
        "startDate": "2026-02-01",
        "endDate": None,
        "tags": [TAG, f"team-{n % 20}"],
        "deleted": False,
        "parentDependencies": None,
        "createdBy": "ada@example.com",
        "lastModifiedBy": "ada@example.com",
        "createdAt": "2026-01-15T09:30:00.000Z",
        "lastModifiedAt": "2026-01-20T11:00:00.000Z",
    }


def write_seed(folder: Path, count: int) -> None:
    """Write the same experiments as a seed of the emulator."""
    folder.mkdir()
    only_read = {"rolloutWeights", "deleted", "parentDependencies"}
    experiments = [
        {name: value for name, value in live_experiment(n).items() if name not in only_read} for n in range(count)
    ]
    deployments = [
        {"id": "9301", "label": "web", "key": "client-web"},
        {"id": "9302", "label": "ios", "key": "client-ios"},
    ]
    seed = {"projectId": "2002", "deployments": deployments, "experiments": experiments}
    (folder / "project.json").write_text(json.dumps(seed))


def list_pages(count: int) -> list[bytes]:
    """The answers of the list, in order; each but the last names the number of the next as its cursor."""
    pages: list[bytes] = []
    for start in range(0, max(count, 1), PAGE):
        end = min(start + PAGE, count)
        page: dict[str, Any] = {"experiments": [live_experiment(n) for n in range(start, end)]}
        if end < count:
            page["nextCursor"] = len(pages) + 1
        pages.append(json.dumps(page).encode())
    return pages
