"""The plan document: what `plan --out` saves, `--format json` prints and `apply` carries out.

Its schema is published (`schemas/plan.schema.json`). The digest covers everything but itself and `createdAt`, so that
equal inputs give equal digests.
"""

from __future__ import annotations

import hashlib
import json
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic.json_schema import SkipJsonSchema

from expsync.model.words import RiskName, RiskSeverity

FORMAT_VERSION = "1.0"
SETTLE = "; to settle it: "
"""Stands in a finding's message between what will happen and how to settle it."""

Action = Literal["create", "update", "archive", "unarchive", "blocked"]
ChangeKind = Literal["add", "remove", "replace"]
Method = Literal["GET", "POST", "PATCH", "DELETE"]
Origin = Literal["file", "live", "both"]
"""Where a change comes from: the files, the live side, or both, and then in different ways."""


def _is_absent(value: object) -> bool:
    """Whether a field was not asked for, so that the document does not have it at all."""
    return value is None


class PlanModel(BaseModel):
    """The base of the plan's parts."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Change(PlanModel):
    """One difference. `path` names members of lists by their key: `variants.treatment.payload`."""

    path: str
    kind: ChangeKind
    before: JsonValue
    after: JsonValue
    origin: Origin | SkipJsonSchema[None] = Field(default=None, exclude_if=_is_absent)
    """Who brought the difference in since the plan's base: `live` undoes what people changed there, `both` is a
    conflict. Only in a plan that has a base."""


class Operation(PlanModel):
    """One call that writes. `{id}` stands in `path` until the experiment exists."""

    op: str
    """The endpoint's name: `editVariant`."""
    method: Method
    path: str
    body: JsonValue
    """The JSON body, or null where there is none."""
    reason: str


class Impact(PlanModel):
    """Shares of all users who reach one segment (`null`: all other users); the first four add up to 1."""

    segment: str | None
    switch: float
    enter: float
    leave: float
    stay: float
    transientSwitch: float
    exact: bool


class Finding(PlanModel):
    """One risk of a change."""

    risk: RiskName
    severity: RiskSeverity
    acknowledged: bool
    message: str
    impact: list[Impact] = Field(default_factory=list)

    def sentences(self) -> tuple[str, str]:
        """What will happen to whom, and how to settle it (empty where the message does not say)."""
        said, mark, settle = self.message.rpartition(SETTLE)
        return (said, settle) if mark else (settle, "")


class Flow(PlanModel):
    """The share of users who have one variant before and one after; `null` is no variant."""

    before: str | None
    after: str | None
    share: float


class SplitChange(PlanModel):
    """How the users who reach one segment (`null`: all other users) are split, before and after.

    Each maps variant keys, in the server's order, to shares; who gets no variant is what is missing to 1.
    """

    segment: str | None
    before: dict[str, float]
    after: dict[str, float]
    flows: list[Flow] = Field(default_factory=list)
    """From which variant to which, those who stay included; none where other users reach the segment afterwards, so
    that it can't be told, and none where there are more than a picture shows."""


class PlannedExperiment(PlanModel):
    """What happens to one experiment."""

    key: str
    id: str | None
    file: str | None
    line: int | None
    action: Action
    changes: list[Change]
    operations: list[Operation]
    findings: list[Finding]
    splits: list[SplitChange] = Field(default_factory=list)
    """The splits that change; none for an experiment that is new."""
    observed: list[str]
    """The live fields that the plan rests on and the fingerprint covers."""
    fingerprint: str


class Unmanaged(PlanModel):
    """A live experiment that no file declares; `owned` is null where its tags were not read."""

    key: str
    id: str
    owned: bool | None


class Note(PlanModel):
    """Something worth knowing that is no change."""

    key: str
    path: str
    message: str


class Scope(PlanModel):
    """What the plan was asked to look at."""

    targets: list[str]
    prune: bool


class Base(PlanModel):
    """The commit that each change's origin is reckoned from."""

    ref: str
    """As it was asked for: a branch, a tag, a commit."""
    commit: str
    """The commit that this was when the plan was made."""


class Summary(PlanModel):
    """Counts; `requests` is what `apply` of this document sends when nothing fails, its reads included."""

    create: int
    update: int
    archive: int
    unarchive: int
    unchanged: int
    blocked: int
    operations: int
    requests: int


class Plan(PlanModel):
    """The whole document."""

    formatVersion: str
    expsyncVersion: str
    createdAt: str
    environment: str
    projectId: str
    baseUrl: str
    scope: Scope
    base: Base | SkipJsonSchema[None] = Field(default=None, exclude_if=_is_absent)
    """Only where the plan was made with `--base`."""
    experiments: list[PlannedExperiment]
    unmanaged: list[Unmanaged]
    notes: list[Note]
    summary: Summary
    digest: str

    def sealed(self) -> Plan:
        """This plan with the digest that belongs to it."""
        return self.model_copy(update={"digest": digest_of(self.model_dump(mode="json"))})


def digest_of(document: dict[str, JsonValue]) -> str:
    """`sha256:` and the hex digest of a plan document, without its `createdAt` and `digest`."""
    covered = {name: value for name, value in document.items() if name not in ("createdAt", "digest")}
    text = json.dumps(covered, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
