"""What the write endpoints accept, as strict as the documents allow."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    PlainValidator,
    ValidationInfo,
    field_validator,
    model_validator,
)

from expsync.sandbox.habits import Habits
from expsync.sandbox.records import Json

MAX_INCLUSIONS = 2000
"""Users that a variant may include."""
MAX_BULK = 100
"""Users, or cohorts, that one bulk removal may name."""

_FILTER_OPS = (
    "is",
    "is not",
    "contains",
    "does not contain",
    "less",
    "less or equal",
    "greater",
    "greater or equal",
    "glob match",
    "glob does not match",
)
_SET_OPS = ("set is", "set is not", "set contains", "set does not contain")
_TYPES = ("a-b-test", "multi-arm-bandit")
_OLDER_TYPES = ("hypothesis-testing", "no-harm")
_VARIANT_KEY = re.compile(r"[a-z0-9][a-z0-9_-]*")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?")
_LARGEST = 2**53


def _check_variant_key(text: str) -> str:
    if not _VARIANT_KEY.fullmatch(text):
        raise ValueError("must be lower-case, in kebab or snake case")
    if text == "off":
        raise ValueError("`off` is reserved")
    return text


def _check_date(text: str) -> str:
    try:
        valid = _DATE.fullmatch(text) and datetime.fromisoformat(text)
    except ValueError:
        valid = None
    if not valid:
        raise ValueError("must be a date or an instant in ISO 8601")
    return text


def _check_number(value: Any, highest: int) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number")
    if not 0 <= value <= highest:
        raise ValueError(f"must be between 0 and {highest}")
    return value


def _check_weight(value: Any) -> int | float:
    return _check_number(value, _LARGEST)


def _check_percentage(value: Any) -> int | float:
    return _check_number(value, 100)


Text = Annotated[str, Field(min_length=1)]
VariantKey = Annotated[str, AfterValidator(_check_variant_key)]
Date = Annotated[str, AfterValidator(_check_date)]
# Checked by hand: a union of int and float would complain once for each, and in pydantic's words.
Weight = Annotated[int | float, PlainValidator(_check_weight)]
Percentage = Annotated[int | float, PlainValidator(_check_percentage)]
Weights = dict[str, Weight]


class Body(BaseModel):
    """The base of every body: no unknown field, no type but the documented one."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    def sent(self) -> dict[str, Any]:
        """The fields that were sent, as plain values."""
        return self.model_dump(exclude_unset=True)


class Condition(Body):
    """One condition of a segment."""

    type: Literal["property"]
    prop: Text
    op: str
    values: list[str]

    @field_validator("op")
    @classmethod
    def _known_op(cls, op: str, info: ValidationInfo) -> str:
        return _one_of(op, _FILTER_OPS if _older(info) else (*_FILTER_OPS, *_SET_OPS))


class Segment(Body):
    """One target segment; the current document requires every field but bucketingKey, which its examples carry."""

    name: str = ""
    conditions: list[Condition]
    percentage: Percentage = 0
    bucketingKey: Text = ""
    rolloutWeights: Weights = Field(default_factory=dict)

    @model_validator(mode="after")
    def _complete(self, info: ValidationInfo) -> Self:
        missing = {"name", "percentage", "rolloutWeights"} - self.model_fields_set
        if missing and not _older(info):
            raise ValueError(f"is missing {', '.join(sorted(missing))}")
        return self


class ExposureFilter(Body):
    """One property filter of the exposure event; the documents' own example has another subprop_type than three."""

    group_type: str | None = None
    subprop_key: str | None
    subprop_op: str
    subprop_type: Text
    subprop_value: list[str]

    @field_validator("subprop_op")
    @classmethod
    def _known_op(cls, op: str) -> str:
        return _one_of(op, _FILTER_OPS)


class ExposureEvent(Body):
    """The event that counts as an exposure."""

    event_type: Text
    filters: list[ExposureFilter]


class NewVariant(Body):
    """A variant within Create."""

    key: VariantKey
    name: str = ""
    description: str = ""
    payload: JsonValue = None


class CreateVariant(NewVariant):
    """The body of Create variant."""

    rolloutWeight: Weight = 0


class EditVariant(Body):
    """The body of Edit variant."""

    key: VariantKey = ""
    name: str = ""
    description: str = ""
    payload: JsonValue = None
    rolloutWeight: Weight = 0


class _Experiment(Body):
    """What Create and Edit have in common."""

    name: str = ""
    description: str = ""
    bucketingKey: Text = ""
    evaluationMode: Literal["remote", "local"] = "remote"
    experimentType: str = ""
    targetSegments: list[Segment] = Field(default_factory=list)

    @field_validator("experimentType")
    @classmethod
    def _known_type(cls, text: str, info: ValidationInfo) -> str:
        return _one_of(text, _OLDER_TYPES if _older(info) else _TYPES)


class CreateExperiment(_Experiment):
    """The body of Create."""

    projectId: Text
    key: Text
    variants: Annotated[list[NewVariant], Field(min_length=1)] = Field(default_factory=list)
    rolloutWeights: dict[str, Annotated[int, Field(ge=0, le=_LARGEST)]] = Field(default_factory=dict)
    deployments: list[Text] = Field(default_factory=list)


class EditExperiment(_Experiment):
    """The body of Edit."""

    bucketingSalt: Text = ""
    bucketingUnit: Text = ""
    rolloutPercentage: Percentage = 0
    enabled: bool = False
    archive: bool = False
    stickyBucketing: bool = False
    startDate: Date | None = None
    endDate: Date | None = None
    exposureEvent: ExposureEvent | None = None
    tags: list[Text] = Field(default_factory=list)
    decision: Literal["rollout", "rollback", "continue-running"] | None = None
    decisionReason: str | None = None
    rolledOutVariant: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _known_fields(cls, body: Any, info: ValidationInfo) -> Any:
        habits = _habits(info)
        if isinstance(body, dict):
            refused = {"targetSegments"} if habits.older else set()
            if not habits.decisions_in_edit:
                refused |= {"decision", "decisionReason", "rolledOutVariant"}
            for name in body:
                if name in refused:
                    raise ValueError(f"unknown field `{name}`")
        return body


class AddMembers(Body):
    """The body of Add users, and of Add cohorts."""

    inclusions: list[Text]


class RemoveMembers(Body):
    """The body of the bulk removals, of users and of cohorts."""

    users: Annotated[list[Text], Field(max_length=MAX_BULK)]


class AddDeployments(Body):
    """The body of Add deployment."""

    deployments: list[Text]


def segments_sent(body: CreateExperiment | EditExperiment) -> list[Json]:
    """The segments as they were sent, without the fields that were not."""
    return [segment.sent() for segment in body.targetSegments]


def _one_of(text: str, known: tuple[str, ...]) -> str:
    if text not in known:
        raise ValueError(f"must be one of: {', '.join(known)}")
    return text


def _habits(info: ValidationInfo) -> Habits:
    return info.context if isinstance(info.context, Habits) else Habits()


def _older(info: ValidationInfo) -> bool:
    return _habits(info).older
