"""An experiment as the emulator keeps it: the truth that bodies are made from."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

Number = int | float
Kind = Literal["experiment", "web", "guide"]
Json = dict[str, JsonValue]


class Record(BaseModel):
    """The base of what is stored; changed by copying."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Variant(Record):
    """One arm; `rolloutWeight` is None where the weight was lost or never there."""

    key: str
    name: str = ""
    description: str = ""
    payload: JsonValue = None
    rolloutWeight: Number | None = None


class Experiment(Record):
    """One experiment without its inclusions, which are kept beside it."""

    id: str
    projectId: str
    key: str
    name: str
    description: str = ""
    kind: Kind = "experiment"
    enabled: bool = False
    archived: bool = False
    started: bool = False
    """Has ever been enabled, so that taking a decision back knows what to fall back to."""
    evaluationMode: str = "remote"
    experimentType: str = "a-b-test"
    bucketingKey: str = "amplitude_id"
    bucketingSalt: str = ""
    bucketingUnit: str = "User"
    stickyBucketing: bool = False
    rolloutPercentage: Number = 0
    startDate: str | None = None
    endDate: str | None = None
    tags: list[str] = Field(default_factory=list)
    exposureEvent: Json | None = None
    decision: str | None = None
    decisionReason: str | None = None
    rolledOutVariant: str | None = None
    state: str = "planning"
    parentDependencies: Json | None = None
    deployments: list[str] = Field(default_factory=list)
    variants: list[Variant] = Field(default_factory=list)
    targetSegments: list[Json] = Field(default_factory=list)
    """Kept as sent, since fields that came without a value must stay absent."""
    createdBy: str
    lastModifiedBy: str
    createdAt: str
    lastModifiedAt: str

    def variant(self, key: str) -> Variant | None:
        """The variant of that key, or None."""
        return next((variant for variant in self.variants if variant.key == key), None)


class Deployment(Record):
    """One deployment of a project."""

    id: str
    projectId: str
    label: str
    key: str
    deleted: bool = False


class Version(Record):
    """What an experiment was after one change; numbers start at 1."""

    version: int
    createdAt: str
    createdBy: str
    config: Experiment
