"""An experiment that is live, as each endpoint tells of it; a file that declares it; and a server that may lie."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from expsync.wire.endpoints import endpoint_of

Replies = dict[str, Any]
"""By endpoint, what it answers: a JSON value, the body itself, or a function of the request."""

EXPERIMENT: dict[str, Any] = {
    "id": "183980",
    "projectId": "1001",
    "deployments": ["101"],
    "key": "checkout",
    "name": "Checkout",
    "description": "Green against blue.",
    "enabled": True,
    "evaluationMode": "remote",
    "experimentType": "a-b-test",
    "bucketingKey": "amplitude_id",
    "bucketingSalt": "28fWNw1M",
    "bucketingUnit": "User",
    "stickyBucketing": False,
    "rolloutPercentage": 10,
    "rolloutWeights": {"control": 1, "treatment": 1},
    "variants": [{"key": "control"}, {"key": "treatment"}],
    "targetSegments": [
        {
            "name": "US",
            "conditions": [{"prop": "country", "op": "is", "type": "property", "values": ["United States"]}],
            "percentage": 50,
            "bucketingKey": "amplitude_id",
            "rolloutWeights": {"control": 1, "treatment": 1},
        }
    ],
    "tags": ["managed-by-expsync", "team"],
    "state": "running",
    "startDate": "2026-01-01",
    "endDate": None,
    "decision": None,
    "decisionReason": None,
    "rolledOutVariant": None,
    "parentDependencies": {"flags": {"12345": ["slot-1"]}, "operator": "all"},
    "createdBy": "a@example.com",
    "lastModifiedBy": "b@example.com",
    "createdAt": "2025-09-09T15:29:47.940Z",
    "lastModifiedAt": "2026-01-25T11:43:41.073Z",
}
VARIANTS: list[dict[str, Any]] = [
    {"key": "control", "name": "Control", "description": "", "payload": None, "rolloutWeight": 1},
    {"key": "treatment", "name": "Green", "description": "d", "payload": {"color": "#0a0"}, "rolloutWeight": 1},
]
STRANGER: dict[str, Any] = {**EXPERIMENT, "id": "183981", "key": "other", "name": "Other"}
REPLIES: Replies = {
    "listExperiments": {"experiments": [EXPERIMENT, STRANGER], "nextCursor": None},
    "getExperiment": EXPERIMENT,
    "listVariants": VARIANTS,
    "getVariant": VARIANTS[0],
    "getInclusions": ["qa@example.com", "device-7"],
    "getCohortInclusions": ["c1", "c2"],
    "listDeployments": [{"id": "101", "projectId": "1001", "label": "web", "key": "client-1"}],
    "listProjectDeployments": {
        "deployments": [{"id": "101", "projectId": "1001", "label": "web", "key": "client-1", "deleted": False}]
    },
    "listVersions": [
        {"version": 2, "createdAt": "2026-01-25", "createdBy": "b@example.com", "flagConfig": EXPERIMENT},
        {"version": 1, "createdAt": "2025-09-09", "createdBy": "a@example.com", "flagConfig": EXPERIMENT},
    ],
    "getVersion": {"version": 1, "createdAt": "2025-09-09", "createdBy": "a@example.com", "flagConfig": EXPERIMENT},
    "createExperiment": {"id": "183982", "url": "https://example.com/183982"},
}
READ_BY_PLAN = ("listExperiments", "getExperiment", "listVariants", "getInclusions", "getCohortInclusions")
"""The endpoints that planning the declaration below asks."""
DECLARED: dict[str, Any] = {
    "key": "checkout",
    "name": "Checkout button",
    "description": "Blue against green.",
    "enabled": True,
    "rolloutPercentage": 20,
    "startDate": "2026-02-01",
    "endDate": None,
    "tags": ["checkout"],
    "deployments": ["web", "102"],
    "exposureEvent": {"event_type": "checkout_viewed", "filters": []},
    "decisionReason": "none yet",
    "variants": [
        {"key": "control", "name": "Blue", "rolloutWeight": 1, "cohortInclusions": ["c2", "c3"]},
        {
            "key": "treatment",
            "payload": {"color": "#0b0"},
            "rolloutWeight": 2,
            "inclusions": ["qa@example.com", "device-8"],
        },
        {"key": "third", "rolloutWeight": 1},
    ],
    "targetSegments": [
        {
            "name": "US",
            "percentage": 60,
            "rolloutWeights": {"control": 1, "treatment": 2, "third": 1},
            "conditions": [{"prop": "country", "op": "is", "values": ["United States", "Canada"]}],
        }
    ],
    "lifecycle": {"ignoreChanges": ["bucketingSalt"]},
}
OLDER_LIST = ("tags", "variants", "rolloutWeights", "targetSegments", "deployments", "startDate", "endDate")
"""Fields that a list may leave out, so that the experiment's own body is asked for."""


def sparse_list() -> Any:
    """A list page that leaves much to be read elsewhere."""
    return {"experiments": [{k: v for k, v in EXPERIMENT.items() if k not in OLDER_LIST}], "nextCursor": ""}


@dataclass
class Liar(httpx.BaseTransport):
    """Answers each endpoint from `replies`, and writes with `OK`; keeps the endpoints' names that were asked."""

    replies: Replies = field(default_factory=lambda: copy.deepcopy(REPLIES))
    asked: list[str] = field(default_factory=list)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        found = endpoint_of(request.method, request.url.raw_path.partition(b"?")[0].decode())
        assert found is not None
        self.asked.append(found[0].name)
        answer = self.replies.get(found[0].name, b"OK")
        if isinstance(answer, Callable):  # type: ignore[arg-type]
            made: httpx.Response = answer(request)
            return made
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return httpx.Response(200, content=content)

    @property
    def writes(self) -> list[str]:
        """The writes that were sent, in order."""
        return [name for name in self.asked if not name.startswith(("get", "list"))]
