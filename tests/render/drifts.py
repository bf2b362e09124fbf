"""Drift documents to render, made by hand."""

from __future__ import annotations

from typing import Any

from expsync.model.drift import DRIFT_VERSION, Drift, DriftChange, DriftedExperiment, DriftSummary, Since
from expsync.model.plan import Base, Unmanaged

COMMIT = "3c556ce0a1b2c3d4e5f60718293a4b5c6d7e8f90"


def change(path: str, kind: Any, declared: Any, live: Any, **parts: Any) -> DriftChange:
    return DriftChange(path=path, kind=kind, declared=declared, live=live, **{"origin": "live", "since": None, **parts})


def drift(*experiments: DriftedExperiment, **parts: Any) -> Drift:
    changes = [change for experiment in experiments for change in experiment.changes]
    given: dict[str, Any] = {
        "formatVersion": DRIFT_VERSION,
        "expsyncVersion": "0.1.0",
        "createdAt": "2026-01-02T03:04:05Z",
        "environment": "prod",
        "projectId": "2002",
        "baseUrl": "https://experiment.amplitude.com",
        "targets": [],
        "base": None,
        "notLive": [],
        "unmanaged": [],
        "summary": DriftSummary(
            experiments=43,
            drifted=len(experiments),
            changes=len(changes),
            conflicts=sum(change.origin == "both" for change in changes),
        ),
    }
    return Drift(experiments=list(experiments), **{**given, **parts})


def rich_drift() -> Drift:
    """One of everything."""
    since = Since(version=7, createdAt="2026-02-01T12:26:00.996+02:00", createdBy="ann@example.com")
    return drift(
        DriftedExperiment(
            key="checkout-button",
            id="183980",
            file="experiments/checkout-button.yaml",
            line=2,
            lastModifiedAt="2026-02-03T04:05:06Z",
            lastModifiedBy="bob@example.com",
            changes=[
                change("rolloutPercentage", "replace", 50, 20),
                change(
                    "description", "replace", "a" * 90 + "old end", "a" * 90 + "new end", origin="both", since=since
                ),
                change("endDate", "replace", None, "2026-02-01", origin="both"),
                change("tags.a | b", "add", None, "a | b", since=since),
                change(
                    "variants.treatment",
                    "remove",
                    {"key": "treatment", "payload": {"color": "#0a0"}, "rolloutWeight": 1},
                    None,
                    since=Since(version=5, createdAt=None, createdBy="cy"),
                ),
                change("variants.control.inclusions", "replace", ["zoe"], ["ann", "bob", "cy", "dan"]),
            ],
        ),
        DriftedExperiment(
            key="search-ranking",
            id="183981",
            file="experiments/search-ranking.yaml",
            line=1,
            lastModifiedAt=None,
            lastModifiedBy=None,
            changes=[
                change("name", "replace", "`a`", "**b**", since=Since(version=2, createdAt="later", createdBy=None)),
                change("enabled", "replace", True, False, since=Since(version=1, createdAt=None, createdBy=None)),
            ],
        ),
        targets=["checkout-*", "search-*"],
        base=Base(ref="main", commit=COMMIT),
        unmanaged=[
            Unmanaged(key="old-test", id="1", owned=True),
            Unmanaged(key="made-in-the-ui", id="22", owned=False),
            Unmanaged(key="who-knows", id="333", owned=None),
        ],
        notLive=["not-yet"],
    )
