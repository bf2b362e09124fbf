"""Two worlds with everything that an apply may have to do in them, and what is declared for each.

Each live user whom no declaration sends away must be there at any moment; `stay` lists them by experiment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from expsync.sandbox.habits import Habits

Json = dict[str, Any]

OWNED = ["managed-by-expsync"]
US = {"prop": "country", "op": "is", "values": ["United States"], "type": "property"}
IOS = {"prop": "platform", "op": "is", "values": ["iOS"], "type": "property"}


@dataclass(frozen=True)
class Scenario:
    """A server, what is live on it, what is declared, and how many requests planning and applying that take."""

    name: str
    habits: Habits
    live: Sequence[Json]
    declared: Sequence[Json]
    stay: Mapping[str, frozenset[str]]
    requests: int

    @property
    def starting(self) -> dict[str, Json]:
        """What is live before, by key."""
        return {experiment["key"]: experiment for experiment in self.live}


def users(name: str, count: int) -> list[str]:
    return [f"{name}-{number:03}" for number in range(count)]


def arm(key: str, **fields: Any) -> Json:
    return {"key": key, **fields}


def segment(name: str, weights: Json | None = None, **fields: Any) -> Json:
    return {"name": name, **fields} | ({} if weights is None else {"rolloutWeights": weights})


CREATED: Json = {
    "key": "created",
    "name": "Created from nothing",
    "description": "all that an experiment can have",
    "enabled": True,
    "bucketingSalt": "aBcDeF12",
    "rolloutPercentage": 50,
    "tags": ["checkout", "growth"],
    "deployments": ["web", "ios"],
    "startDate": "2026-02-01",
    "exposureEvent": {"event_type": "checkout_viewed", "filters": []},
    "variants": [
        arm("control", rolloutWeight=1.5, inclusions=users("qa", 3)),
        arm("treatment", rolloutWeight=2.5, payload={"color": "#0a0"}, inclusions=users("dev", 120)),
    ],
    "targetSegments": [
        segment("US on iOS", {"control": 1, "treatment": 3}, percentage=20, conditions=[US, IOS]),
        segment("US", percentage=10, conditions=[US]),
    ],
}

RENAMED_LIVE: Json = {
    "id": "11",
    "key": "renamed",
    "name": "Renamed by hand",
    "enabled": True,
    "bucketingSalt": "salt-11",
    "rolloutPercentage": 40,
    "tags": [*OWNED, "by-hand"],
    "deployments": ["101"],
    "variants": [
        arm("control", rolloutWeight=1, inclusions=users("kept", 2)),
        arm("green", rolloutWeight=1, payload={"a": 1}, description="by hand", inclusions=users("green", 3)),
        arm("old", rolloutWeight=2, inclusions=users("old", 2)),
    ],
    "targetSegments": [
        segment("US", {"control": 1, "green": 1, "old": 1}, percentage=30, conditions=[US]),
        segment("iOS", {"green": 1}, percentage=60, conditions=[IOS], bucketingKey="device_id"),
    ],
}
RENAMED: Json = {
    "key": "renamed",
    "variants": [
        arm("control", rolloutWeight=3),
        arm("treatment", rolloutWeight=2, renamedFrom="green"),
        arm("third", rolloutWeight=1, name="Third", inclusions=users("third", 2)),
    ],
    "targetSegments": [
        segment("iOS", {"treatment": 1, "third": 1}),
        segment("US", percentage=35),
    ],
}

# More than a hundred go, and more than a hundred come.
CROWDED_LIVE: Json = {
    "id": "12",
    "key": "crowded",
    "enabled": True,
    "bucketingSalt": "salt-12",
    "tags": OWNED,
    "deployments": ["101", "103"],
    "variants": [
        arm("control", rolloutWeight=1, inclusions=users("gone", 60) + users("stay", 20) + users("lost", 50)),
        arm("treatment", rolloutWeight=1, inclusions=users("nobody-says", 5)),
        arm("third", rolloutWeight=1, inclusions=users("third", 4)),
    ],
}
CROWDED: Json = {
    "key": "crowded",
    "deployments": ["web", "ios"],
    "variants": [
        arm("control", inclusions=users("stay", 20) + users("new", 101)),
        arm("treatment", payload=[1, 2]),
        arm("third", inclusions=[]),
    ],
}

STOPPED_LIVE: Json = {
    "id": "13",
    "key": "stopped",
    "name": "By hand",
    "enabled": True,
    "bucketingSalt": "salt-13",
    "tags": ["by-hand"],
    "deployments": ["102"],
    "variants": [arm("control", rolloutWeight=1, inclusions=users("kept", 2)), arm("treatment", rolloutWeight=1)],
}
STOPPED: Json = {"key": "stopped", "enabled": False, "archived": True, "description": "it is over"}

BACK_LIVE: Json = {
    "id": "14",
    "key": "back",
    "name": "By hand",
    "enabled": True,
    "archived": True,
    "bucketingSalt": "salt-14",
    "tags": OWNED,
    "deployments": ["101"],
    "variants": [arm("control", rolloutWeight=1), arm("treatment", rolloutWeight=1, inclusions=users("kept", 2))],
}
BACK: Json = {
    "key": "back",
    "enabled": True,
    "archived": False,
    "rolloutPercentage": 5,
    "variants": [arm("control"), arm("treatment", rolloutWeight=4)],
}

UNCHANGED: Json = {
    "id": "15",
    "key": "unchanged",
    "name": "As declared",
    "bucketingSalt": "salt-15",
    "tags": OWNED,
    "variants": [arm("control", rolloutWeight=1, inclusions=users("kept", 1))],
}
FOREIGN: Json = {
    "id": "16",
    "key": "nobodys",
    "enabled": True,
    "bucketingSalt": "salt-16",
    "deployments": ["101"],
    "variants": [arm("control", rolloutWeight=1, inclusions=users("kept", 1))],
}

CURRENT = Scenario(
    name="current",
    habits=Habits(),
    live=[RENAMED_LIVE, CROWDED_LIVE, STOPPED_LIVE, BACK_LIVE, UNCHANGED, FOREIGN],
    declared=[CREATED, RENAMED, CROWDED, STOPPED, BACK, {"key": "unchanged", "name": "As declared"}],
    stay={
        "renamed": frozenset(users("kept", 2) + users("green", 3)),
        "crowded": frozenset(users("stay", 20) + users("nobody-says", 5)),
        "stopped": frozenset(users("kept", 2)),
        "back": frozenset(users("kept", 2)),
        "unchanged": frozenset(users("kept", 1)),
        "nobodys": frozenset(users("kept", 1)),
    },
    requests=60,
)

# The older server removes users by index, edits no segments, and can't list what is archived.
INDEXED_LIVE: Json = {
    "id": "12",
    "key": "indexed",
    "bucketingSalt": "salt-12",
    "experimentType": "no-harm",
    "tags": OWNED,
    "deployments": ["101", "103"],
    "variants": [
        arm("control", rolloutWeight=1, inclusions=["gone-1", "stay-1", "gone-2", "gone-3", "stay-2"]),
        arm("treatment", rolloutWeight=1, inclusions=["nobody-says"]),
        arm("third", rolloutWeight=1, inclusions=["third-1", "third-2"]),
    ],
}
INDEXED: Json = {
    "key": "indexed",
    "deployments": ["web", "ios"],
    "variants": [
        arm("control", inclusions=["stay-1", "stay-2", "new-1"]),
        arm("treatment"),
        arm("third", inclusions=["third-2"]),
    ],
}
RESHAPED_LIVE: Json = {
    **{name: RENAMED_LIVE[name] for name in ("id", "key", "name", "enabled", "bucketingSalt", "rolloutPercentage")},
    "experimentType": "hypothesis-testing",
    "tags": [*OWNED, "by-hand"],
    "deployments": ["101"],
    "variants": RENAMED_LIVE["variants"],
    "targetSegments": [segment("US", {"control": 1, "green": 1}, percentage=30, conditions=[US])],
}
RESHAPED: Json = {"key": "renamed", "enabled": False, "variants": RENAMED["variants"]}
OLDER = Scenario(
    name="older",
    habits=Habits(older=True, ids="number", ok="ok", empty_payload="null"),
    live=[INDEXED_LIVE, RESHAPED_LIVE, FOREIGN],
    declared=[
        {
            **CREATED,
            "variants": [arm("control", inclusions=users("qa", 2)), arm("b")],
            "targetSegments": [segment("US", percentage=20, conditions=[US])],
        },
        INDEXED,
        RESHAPED,
    ],
    stay={
        "indexed": frozenset(["stay-1", "stay-2", "nobody-says", "third-2"]),
        "renamed": frozenset(users("kept", 2) + users("green", 3)),
        "nobodys": frozenset(users("kept", 1)),
    },
    requests=44,
)
SCENARIOS = {scenario.name: scenario for scenario in (CURRENT, OLDER)}
