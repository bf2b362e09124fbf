"""What a file declares: one experiment, in the API's own words.

A field that a file leaves out is not in `model_fields_set`, and so not in `declared(model)`; its Python default
here is never read as a wish. `null` is accepted only where the API has one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from expsync.model.words import (
    ConditionOp,
    Decision,
    EvaluationMode,
    ExperimentKey,
    ExperimentType,
    FilterOp,
    Json,
    Percentage,
    RiskName,
    Text,
    VariantKey,
    Weight,
    no_members,
)


class Declaration(BaseModel):
    """The base of everything that stands in a file: frozen, strict, and closed to unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)

    def declared(self) -> dict[str, JsonValue]:
        """The declared fields alone, as plain JSON values."""
        return self.model_dump(exclude_unset=True)


class Condition(Declaration):
    """One condition of a segment; a user must meet all of them."""

    type: Literal["property"] = "property"
    """The only type that files can hold; it may be left out."""
    prop: Text
    """The property; custom ones are prefixed `gp:`."""
    op: ConditionOp
    """How the property is compared with the values."""
    values: list[str]
    """At least one; `(none)` stands for users without the property."""


class Segment(Declaration):
    """Some of the users, chosen by conditions, with a split of their own; the first segment that matches decides."""

    name: Text
    """What it is called, and known by: another name is another segment."""
    percentage: Percentage = 0
    """The share of the matching users who get a variant."""
    bucketingKey: Text = ""
    """The property whose value is hashed for the users of this segment."""
    rolloutWeights: dict[VariantKey, Weight] = Field(default_factory=dict)
    """Variant key to weight, relative to the others; a variant that is left out gets nobody."""
    conditions: list[Condition] = Field(default_factory=no_members)
    """All must hold; without any, the segment takes everybody who comes so far."""


class InclusionsFile(Declaration):
    """Users listed in a file: one id a line, `#` starts a comment. The path is relative to the YAML file."""

    file: Text
    """The path of the list, within the workspace."""


class Variant(Declaration):
    """One arm of the experiment."""

    key: VariantKey
    """What applications are given, and what the variant is known by."""
    name: str = ""
    """What people read in Amplitude."""
    description: str = ""
    """What it is about."""
    payload: Json = None
    """Any JSON value, given to the application along with the variant."""
    rolloutWeight: Weight = 0
    """The weight among all other users (those in no segment), relative to the weights of the others."""
    renamedFrom: VariantKey = ""
    """The key that this variant had; it is renamed if it is still there under it."""
    inclusions: list[Text] | InclusionsFile = Field(default_factory=no_members)
    """User or device ids that always get this variant, the whole list; at most 2,000."""
    cohortInclusions: list[Text] = Field(default_factory=no_members)
    """Ids of cohorts whose users always get this variant, the whole list."""


class ExposureFilter(Declaration):
    """One property filter of the exposure event."""

    group_type: str | None = None
    """The group type whose property it is, or `User`; `null` for none."""
    subprop_key: str | None
    """The property; `null` where its type says it all."""
    subprop_op: FilterOp
    """How the property is compared with the values."""
    subprop_type: Text
    """Whose property it is: `event`, `user` or `group`, or a type of its own, such as `day_time_prop`."""
    subprop_value: list[str]
    """What it is compared with."""


class ExposureEvent(Declaration):
    """The event that counts as an exposure."""

    event_type: Text
    """The event's name."""
    filters: list[ExposureFilter] = Field(default_factory=no_members)
    """All must hold for the event to count."""


class Lifecycle(Declaration):
    """How expsync treats this experiment."""

    ignoreChanges: list[Text] = Field(default_factory=no_members)
    """Paths, with `*`, that are set on creation and then left to people: `variants.*.rolloutWeight`."""
    preventArchive: bool = False
    """Never archive it, not even when this file is gone."""


class Acknowledgement(Declaration):
    """A risk that a person has looked at and accepted, until a day."""

    risk: RiskName
    """Which risk is accepted; `expsync rules` lists them."""
    reason: Text
    """Why, for whoever reviews it and whoever reads it later."""
    until: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")] = ""
    """The last day on which it counts; without one it counts for good."""


class Fields(Declaration):
    """The fields of an experiment that an environment may override."""

    name: str = ""
    """What people read in Amplitude."""
    description: str = ""
    """What is asked, and why."""
    enabled: bool = False
    """Whether users get a variant at all."""
    archived: bool = False
    """Put away; an archived experiment can't be enabled."""
    evaluationMode: EvaluationMode = "remote"
    """Where users are bucketed: on the vendor's servers, or in the SDK."""
    experimentType: ExperimentType = "a-b-test"
    """Older servers know `hypothesis-testing` and `no-harm` instead of the first two."""
    bucketingKey: Text = ""
    """The property whose value is hashed: users who share it share a variant."""
    bucketingSalt: Text = ""
    """Another salt draws everyone again."""
    bucketingUnit: Text = ""
    """What is counted: `User`, or a group type."""
    stickyBucketing: bool = False
    """Whether users keep the variant that they once had; remote evaluation only."""
    rolloutPercentage: Percentage = 0
    """The share of all other users (those in no segment) who get a variant."""
    startDate: str | None = None
    """A date or an instant, ISO 8601."""
    endDate: str | None = None
    """A date or an instant, ISO 8601."""
    tags: list[Text] = Field(default_factory=no_members)
    """The whole list. The tag of ownership need not be among them."""
    deployments: list[str | int] = Field(default_factory=no_members)
    """Aliases from the workspace file, or deployment ids."""
    exposureEvent: ExposureEvent | None = None
    """`null` is the product's default event."""
    decision: Decision | None = None
    """What was decided, on servers that have it."""
    decisionReason: str | None = None
    """Why it was decided so."""
    rolledOutVariant: VariantKey | None = None
    """The variant that everybody gets, where one was rolled out."""
    variants: list[Variant] = Field(default_factory=no_members)
    """The order matters: it decides who gets what. New variants go to the end."""
    targetSegments: list[Segment] = Field(default_factory=no_members)
    """Tried from the top; the first that matches decides."""
    lifecycle: Lifecycle = Field(default_factory=Lifecycle)
    """How expsync treats it."""
    acknowledge: list[Acknowledgement] = Field(default_factory=no_members)
    """Risks that somebody accepted; nothing of this is sent."""


class Overlay(Fields):
    """What one environment says otherwise: mappings merge, lists replace, variants merge by key."""

    skip: bool = False
    """Not in this environment at all."""


class Experiment(Fields):
    """One experiment. `key` is its identity; what is left out is left alone."""

    key: ExperimentKey
    """The identity, with the environment's project; applications ask for it."""
    environments: dict[str, Overlay] = Field(default_factory=dict)
    """Overrides by the environment's name."""


class Declared:
    """An experiment as it is wanted in one environment, and where it is declared.

    `experiment` has the environment's overlay merged in, and inclusions read from their files. `file` is relative to
    the workspace, with `/`; `line` is the line of the document's first key, counted from 1.
    """

    __slots__ = ("experiment", "file", "line")

    def __init__(self, experiment: Experiment, file: str, line: int) -> None:
        self.experiment = experiment
        self.file = file
        self.line = line

    @property
    def key(self) -> str:
        """The experiment's key."""
        return self.experiment.key

    def __repr__(self) -> str:
        return f"Declared({self.key!r}, {Path(self.file).as_posix()}:{self.line})"
