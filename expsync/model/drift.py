"""The drift document: where the live side is not as the files say because of what people did there, who, and when."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from expsync.model.plan import Base, ChangeKind, PlanModel, Unmanaged

DRIFT_VERSION = "1.0"


class Since(PlanModel):
    """The version in which a live value came in; times and names as the server gives them."""

    version: int
    createdAt: str | None
    createdBy: str | None


class DriftChange(PlanModel):
    """One place where the live side departs from the files. `path` is as in a plan."""

    path: str
    kind: ChangeKind
    """What was done on the live side: `add` is there and not in the files, `remove` the other way round."""
    declared: JsonValue
    """What the files say; null where they have no such member."""
    live: JsonValue
    """What is live; null where there is no such member."""
    origin: Literal["live", "both"]
    """`both`: the files changed it too since the base, and in another way."""
    since: Since | None
    """Null where the versions don't tell: they leave the field out, or it is older than they are."""


class DriftedExperiment(PlanModel):
    """One experiment that is not live as its file says."""

    key: str
    id: str
    file: str
    line: int
    lastModifiedAt: str | None
    lastModifiedBy: str | None
    changes: list[DriftChange] = Field(min_length=1)


class DriftSummary(PlanModel):
    """Counts. `experiments` are those declared and looked at, `drifted` are those of them that are listed."""

    experiments: int
    drifted: int
    changes: int
    conflicts: int


class Drift(PlanModel):
    """The whole document."""

    formatVersion: str
    expsyncVersion: str
    createdAt: str
    environment: str
    projectId: str
    baseUrl: str
    targets: list[str]
    base: Base | None
    """The commit whose files are compared with; null where that are the files as they are now."""
    experiments: list[DriftedExperiment]
    notLive: list[str]
    """Keys that are declared and not live, which is no drift: an apply creates them."""
    unmanaged: list[Unmanaged]
    """What is live and in no file, which is no drift either."""
    summary: DriftSummary
