"""What the tests of the sandbox share: a caller without HTTP, a clock that goes by the second, and a rich seed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from expsync.sandbox.engine import Engine, Reply, Request
from expsync.sandbox.habits import Habits
from expsync.sandbox.store import Store

EXPERIMENTS = "/api/1/experiments"
AUTHOR = "sandbox@expsync.invalid"
FIRST = "2026-01-01T00:00:00.000Z"


def ticking() -> Callable[[], datetime]:
    """A clock that starts with 2026 and goes on by a second each time that it is read."""
    now = datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC)

    def clock() -> datetime:
        nonlocal now
        now += timedelta(seconds=1)
        return now

    return clock


class Caller:
    """Calls an engine and gives back status and value; `one` is the path of the first experiment created."""

    one = f"{EXPERIMENTS}/100001"

    def __init__(self, store: Store, habits: Habits = Habits(), **named: Any) -> None:  # noqa: B008
        self.engine = Engine(store, habits=habits, **{"clock": ticking(), **named})
        self.headers: dict[str, str] = {}

    def reply(self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> Reply:
        content = b"" if body is None else json.dumps(body).encode()
        headers = {**self.headers, **({} if body is None else {"content-type": "application/json"})}
        return self.engine.answer(Request(method, path, query or {}, headers, content))

    def raw(self, method: str, path: str, content: bytes, kind: str = "application/json") -> tuple[int, Any]:
        reply = self.engine.answer(Request(method, path, {}, {**self.headers, "content-type": kind}, content))
        return reply.status, _value(reply)

    def call(self, method: str, path: str, body: Any = None, **query: str) -> tuple[int, Any]:
        reply = self.reply(method, path, body, query)
        return reply.status, _value(reply)

    def get(self, path: str, **query: str) -> Any:
        """The value of a read that must succeed."""
        status, value = self.call("GET", path, **query)
        assert status == 200, value
        return value

    def write(self, method: str, path: str, body: Any = None) -> None:
        """A write that must succeed."""
        assert self.call(method, path, body) == (200, "OK")

    def create(self, key: str = "exp", **fields: Any) -> str:
        """The path of a new experiment of project 1001."""
        status, value = self.call("POST", EXPERIMENTS, {"projectId": "1001", "key": key, **fields})
        assert status == 200, value
        return f"{EXPERIMENTS}/{value['id']}"

    def truth(self, project: str = "1001") -> Any:
        return self.engine.export(project)

    def only(self) -> Any:
        """The truth about the one experiment that there is."""
        (experiment,) = self.truth()["experiments"]
        return experiment


def said(message: str) -> Any:
    """The body of a refusal."""
    return {"error": {"message": message}}


def _value(reply: Reply) -> Any:
    if reply.headers["content-type"].startswith("application/json"):
        return json.loads(reply.body)
    return reply.body.decode()


def segment(**fields: Any) -> dict[str, Any]:
    """A segment as the current document wants it."""
    return {
        "name": "US",
        "conditions": [{"type": "property", "prop": "country", "op": "is", "values": ["United States"]}],
        "percentage": 50,
        "rolloutWeights": {"control": 1, "treatment": 1},
        **fields,
    }


def rich_seed() -> dict[str, Any]:
    """A project with an experiment that has something in every field, a web experiment and an archived one."""
    return {
        "projectId": "1001",
        "deployments": [
            {"id": "101", "label": "web", "key": "client-web", "deleted": False},
            {"id": "102", "label": "old", "key": "client-old", "deleted": True},
        ],
        "experiments": [
            {
                "id": "500",
                "projectId": "1001",
                "key": "checkout",
                "name": "Checkout",
                "description": "Green against blue.",
                "kind": "experiment",
                "enabled": True,
                "archived": False,
                "evaluationMode": "local",
                "experimentType": "multi-arm-bandit",
                "bucketingKey": "device_id",
                "bucketingSalt": "28fWNw1M",
                "bucketingUnit": "org name",
                "stickyBucketing": True,
                "rolloutPercentage": 12.5,
                "startDate": "2026-02-01",
                "endDate": "2026-03-01T10:26:00.996+02:00",
                "tags": ["team", "checkout"],
                "exposureEvent": {"event_type": "_active", "filters": []},
                "decision": "continue-running",
                "decisionReason": "not enough users",
                "rolledOutVariant": "treatment",
                "state": "analyzing",
                "parentDependencies": {"flags": {"12345": ["slot-1"]}, "operator": "all"},
                "deployments": ["101"],
                "targetSegments": [
                    {
                        "name": "beta",
                        "conditions": [{"type": "cohort", "prop": "userdata_cohort", "op": "in", "values": ["c1"]}],
                        "percentage": 100,
                        "bucketingKey": "user_id",
                        "rolloutWeights": {"treatment": 3},
                    }
                ],
                "createdBy": "ann@example.com",
                "lastModifiedBy": "bob@example.com",
                "createdAt": "2025-01-01T00:00:00.000Z",
                "lastModifiedAt": "2025-06-01T00:00:00.000Z",
                "rolloutWeights": {"control": 1, "treatment": 2},
                "variants": [
                    {
                        "key": "control",
                        "name": "",
                        "description": "",
                        "payload": None,
                        "rolloutWeight": 1,
                        "inclusions": [],
                        "cohortInclusions": [],
                    },
                    {
                        "key": "treatment",
                        "name": "Green",
                        "description": "The green button",
                        "payload": {"color": "#0a0"},
                        "rolloutWeight": 2,
                        "inclusions": ["qa@example.com", "device-7"],
                        "cohortInclusions": ["c9"],
                    },
                ],
            },
            {"id": "501", "key": "banner", "kind": "web", "variants": [{"key": "on"}]},
            {"id": "502", "key": "gone", "archived": True, "variants": [{"key": "on"}]},
        ],
    }
