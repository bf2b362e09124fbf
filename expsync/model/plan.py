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

from expsync.model.words import Json, RiskName, RiskSeverity, no_members

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

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Change(PlanModel):
    """One difference. `path` names members of lists by their key: `variants.treatment.payload`."""

    path: str
    """Where it is."""
    kind: ChangeKind
    """Whether something comes, goes, or becomes something else."""
    before: Json
    """The live value; `null` where there is none."""
    after: Json
    """The value that it will have; `null` where there is none."""
    origin: Origin | SkipJsonSchema[None] = Field(default=None, exclude_if=_is_absent)
    """Who brought the difference in since the plan's base: `live` undoes what people changed there, `both` is a
    conflict. Only in a plan that has a base."""


class Operation(PlanModel):
    """One call that writes. `{id}` stands in `path` until the experiment exists."""

    op: str
    """The endpoint's name: `editVariant`."""
    method: Method
    """The HTTP method."""
    path: str
    """The path, below the base URL."""
    body: Json
    """The JSON body, or null where there is none."""
    reason: str
    """What it is for, in a few words."""


class Impact(PlanModel):
    """Shares of all users who reach one segment (`null`: all other users); the first four add up to 1."""

    segment: str | None
    """The name of the segment, or `null` for all other users."""
    switch: float
    """A variant before, another one after."""
    enter: float
    """No variant before, one after."""
    leave: float
    """A variant before, none after."""
    stay: float
    """The same before and after, or none both times."""
    transientSwitch: float
    """Those who have a variant before, and another one at any time from the first call to the last."""
    exact: bool
    """Whether these are the shares themselves; else they are bounds, at worst."""


class Finding(PlanModel):
    """One risk of a change."""

    risk: RiskName
    """Which risk it is."""
    severity: RiskSeverity
    """How much it weighs; a `blocked` one can't be carried out."""
    acknowledged: bool
    """Whether the file accepts it."""
    message: str
    """What will happen to whom, and how to settle it."""
    impact: list[Impact] = Field(default_factory=no_members)
    """The shares of users who move, for risks that move users."""

    def sentences(self) -> tuple[str, str]:
        """What will happen to whom, and how to settle it (empty where the message does not say)."""
        said, mark, settle = self.message.rpartition(SETTLE)
        return (said, settle) if mark else (settle, "")


class Flow(PlanModel):
    """The share of users who have one variant before and one after; `null` is no variant."""

    before: str | None
    """The variant before."""
    after: str | None
    """The variant after."""
    share: float
    """The share of all users who reach the segment."""


class SplitChange(PlanModel):
    """How the users who reach one segment (`null`: all other users) are split, before and after.

    Each maps variant keys, in the server's order, to shares; who gets no variant is what is missing to 1.
    """

    segment: str | None
    """The name of the segment, or `null` for all other users."""
    before: dict[str, float]
    """Variant key to share, as it is."""
    after: dict[str, float]
    """Variant key to share, as it will be."""
    flows: list[Flow] = Field(default_factory=no_members)
    """From which variant to which, those who stay included; none where other users reach the segment afterwards, so
    that it can't be told, and none where there are more than a picture shows."""


class PlannedExperiment(PlanModel):
    """What happens to one experiment."""

    key: str
    """The experiment's key."""
    id: str | None
    """The experiment's id; `null` until it exists."""
    file: str | None
    """Where it is declared; `null` where no file declares it any more."""
    line: int | None
    """The line of its declaration."""
    action: Action
    """What becomes of it."""
    changes: list[Change]
    """What differs, in the order of the paths."""
    operations: list[Operation]
    """The calls that make it so, in the order in which they are sent."""
    findings: list[Finding]
    """What the changes do to users, the worst first."""
    splits: list[SplitChange] = Field(default_factory=no_members)
    """The splits that change; none for an experiment that is new."""
    observed: list[str]
    """The live fields that the plan rests on and the fingerprint covers."""
    fingerprint: str
    """The digest of what was observed; where live has another one, the plan is refused."""
    seenIn: Literal["list"] | SkipJsonSchema[None] = Field(default=None, exclude_if=_is_absent)
    """`list` where apply looks at it in the default list, read once for all such experiments; absent where by itself,
    as in every plan that writes to few."""


class Unmanaged(PlanModel):
    """A live experiment that no file declares; `owned` is null where its tags were not read."""

    key: str
    """The experiment's key."""
    id: str
    """The experiment's id."""
    owned: bool | None
    """Whether it bears the tag of ownership."""


class Note(PlanModel):
    """Something worth knowing that is no change."""

    key: str
    """The experiment's key."""
    path: str
    """What the note is about; empty for all of it."""
    message: str
    """What is worth knowing."""


class Scope(PlanModel):
    """What the plan was asked to look at."""

    targets: list[str]
    """The globs of `--target`; empty for all experiments."""
    prune: bool
    """Whether what no file declares any more is archived."""


class Base(PlanModel):
    """The commit that each change's origin is reckoned from."""

    ref: str
    """As it was asked for: a branch, a tag, a commit."""
    commit: str
    """The commit that this was when the plan was made."""


class Summary(PlanModel):
    """Counts; `requests` is what `apply` of this document sends when nothing fails, its reads included."""

    create: int
    """Experiments that are new."""
    update: int
    """Experiments that change."""
    archive: int
    """Experiments that are archived."""
    unarchive: int
    """Experiments that are taken out of the archive."""
    unchanged: int
    """Experiments that are as the files say; they are not listed."""
    blocked: int
    """Experiments whose changes the API can't carry out."""
    operations: int
    """Calls that write."""
    requests: int
    """What apply sends when nothing fails, its reads included."""


class Plan(PlanModel):
    """The whole document."""

    formatVersion: str
    """The version of this format: the number before the dot changes when readers have to."""
    expsyncVersion: str
    """What made it."""
    createdAt: str
    """When, in UTC; the only thing in which two plans of the same state differ."""
    environment: str
    """The environment's name in `expsync.yaml`."""
    projectId: str
    """The project."""
    baseUrl: str
    """Where the API is, or `sandbox`; apply of it goes nowhere else."""
    scope: Scope
    """What the plan was asked to look at."""
    base: Base | SkipJsonSchema[None] = Field(default=None, exclude_if=_is_absent)
    """Only where the plan was made with `--base`."""
    experiments: list[PlannedExperiment]
    """What changes, by key."""
    unmanaged: list[Unmanaged]
    """What is live and in no file, as far as it was looked at."""
    notes: list[Note]
    """What is worth knowing and no change."""
    summary: Summary
    """Counts."""
    digest: str
    """`sha256:` and the digest of all but `createdAt` and itself; a plan that was changed is refused."""

    def sealed(self) -> Plan:
        """This plan with the digest that belongs to it."""
        return self.model_copy(update={"digest": digest_of(self.model_dump(mode="json"))})


def digest_of(document: dict[str, JsonValue]) -> str:
    """`sha256:` and the hex digest of a plan document, without its `createdAt` and `digest`."""
    covered = {name: value for name, value in document.items() if name not in ("createdAt", "digest")}
    text = json.dumps(covered, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
