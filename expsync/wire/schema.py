"""Tolerant models of what the API answers.

Nothing here fails on a field it does not know (it is kept) or on an optional one that is missing. Ids may be
numbers or text and are text here; numbers may be text and are numbers here. `null` for a list or a mapping is
an empty one; `null` for a text that describes (`name`, `description`) is the empty text; any other `null` is
None.

`carries(field)` tells a field that the body held from one that it left out, which matters, since a field that
was not read must never be taken for a change.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    JsonValue,
    SkipValidation,
    Strict,
)
from pydantic_core import CoreSchema, core_schema

_MOST = 10**15
"""No number of this API comes near it; past it, floats lose whole numbers."""


def _number(text: str) -> int | float:
    """The number that a text holds; ValueError where it holds none, or none that can be reckoned with."""
    number: int | float
    try:
        number = int(text)
    except ValueError:
        number = float(text)
    if not -_MOST <= number <= _MOST:
        raise ValueError("out of range")
    return number


def _text(value: JsonValue) -> str:
    """A text for any JSON value: itself where it is one, its JSON otherwise."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _texts(value: JsonValue) -> list[str]:
    """A list of texts for any JSON value: none for null, one for what is no list."""
    if value is None:
        return []
    return [_text(member) for member in value] if isinstance(value, list) else [_text(value)]


@dataclass(frozen=True, slots=True)
class _Else:
    """Beside a type: what does not fit it, but fits `other`, is handed to `make`.

    The type itself is tried first and in Rust, so that only rare shapes cost a call of a Python function.
    """

    other: Any
    make: Callable[[Any], Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        made = core_schema.no_info_after_validator_function(self.make, handler.generate_schema(self.other))
        return core_schema.union_schema([handler(source), made], mode="left_to_right")


def _no_list(_: None) -> list[Any]:
    return []


def _no_mapping(_: None) -> dict[str, Any]:
    return {}


def _no_text(_: None) -> str:
    return ""


# Only for floats: of whole numbers the question whether they are finite would be asked in Python, field by field.
Number = Annotated[
    Annotated[int, Strict(), Field(ge=-_MOST, le=_MOST)]
    | Annotated[float, Strict(), Field(ge=-_MOST, le=_MOST, allow_inf_nan=False)],
    Field(union_mode="left_to_right"),
    _Else(Annotated[str, Strict(), Field(max_length=40)], _number),
]
"""A number, or a number in a text."""
Json = Annotated[JsonValue, SkipValidation]
"""Any JSON value, kept as it came; `wire.replies` sees to it that its numbers are finite."""
Loose = Annotated[str, _Else(Any, _text)] | None
"""A text for people, made from whatever came."""
Phrase = Annotated[str, _Else(None, _no_text)]
Texts = Annotated[list[str], _Else(None, _no_list)]
Word = Annotated[str, Field(min_length=1)]
"""What stands in paths, where an empty one would name something else."""
Words = Annotated[list[Word], _Else(None, _no_list)]
Values = Annotated[list[str], _Else(Any, _texts)]
"""The values of a condition: texts, whatever their JSON type was."""
Weights = Annotated[dict[str, Number], _Else(None, _no_mapping)]


class WireModel(BaseModel):
    """The base: frozen, open to unknown fields, numbers taken for texts where a text is meant."""

    model_config = ConfigDict(
        extra="allow",
        frozen=True,
        coerce_numbers_to_str=True,
        defer_build=True,
    )

    def carries(self, field: str) -> bool:
        """Whether the body held this field at all, be it as null."""
        return field in self.model_fields_set


class WireVariant(WireModel):
    """A variant: only its key in most lists, whole in `listVariants`, `getVariant` and some live lists."""

    key: Word
    name: Phrase = ""
    description: Phrase = ""
    payload: Json = None
    rolloutWeight: Number | None = None


class WireCondition(WireModel):
    """One condition. Only `type: property` can be written back; others are read so that they can be named."""

    type: str = "property"
    prop: Phrase = ""
    op: Phrase = ""
    values: Values = []


def _bare_variant(key: str) -> WireVariant:
    return WireVariant(key=key)


Variants = Annotated[list[Annotated[WireVariant, _Else(Word, _bare_variant)]], _Else(None, _no_list)]
Conditions = Annotated[list[WireCondition], _Else(None, _no_list)]


class WireSegment(WireModel):
    """A target segment; older servers leave out its name, percentage and weights."""

    name: str | None = None
    conditions: Conditions = []
    percentage: Number | None = None
    bucketingKey: str | None = None
    rolloutWeights: dict[str, Number] | None = None


Segments = Annotated[list[WireSegment], _Else(None, _no_list)]


class WireExperiment(WireModel):
    """An experiment as it is read. Every field is optional here; what is parsed has at least `id` and `key`."""

    id: str = ""
    projectId: str | None = None
    key: str = ""
    name: Phrase = ""
    description: Phrase = ""
    enabled: bool | None = None
    archived: bool | None = None
    deleted: bool | None = None
    evaluationMode: str | None = None
    experimentType: str | None = None
    bucketingKey: str | None = None
    bucketingSalt: str | None = None
    bucketingUnit: str | None = None
    stickyBucketing: bool | None = None
    rolloutPercentage: Number | None = None
    rolloutWeights: Weights = {}
    variants: Variants = []
    targetSegments: Segments = []
    deployments: Words = []
    tags: Texts = []
    startDate: str | None = None
    """A date or an instant, as the server wrote it."""
    endDate: str | None = None
    exposureEvent: Json = None
    state: str | None = None
    """`planning`, `running`, `analyzing`, `decision-made`; set by the product."""
    parentDependencies: Json = None
    decision: str | None = None
    decisionReason: str | None = None
    rolledOutVariant: str | None = None
    createdBy: Loose = None
    lastModifiedBy: Loose = None
    createdAt: Loose = None
    lastModifiedAt: Loose = None


class WirePage(WireModel):
    """One page of a list, and the cursor of the next; None or the empty text on the last page."""

    experiments: list[WireExperiment]
    nextCursor: str | None = None


class WireVersion(WireModel):
    """One version: what the experiment was, from when on, and by whom."""

    version: int
    createdAt: Loose = None
    createdBy: Loose = None
    flagConfig: WireExperiment
    givenConfig: Annotated[Json, Field(validation_alias="flagConfig")] = None
    """The same to the letter: ids, nulls and fields from the future as the server gave them."""


class WireDeployment(WireModel):
    """A deployment; `label` is its name, `key` its client key."""

    id: Word
    projectId: str | None = None
    label: str | None = None
    key: str | None = None
    deleted: bool | None = None


class WireDeployments(WireModel):
    """The deployments of a project."""

    deployments: list[WireDeployment]


class WireCreated(WireModel):
    """What the server says of a new experiment."""

    id: Word
    url: str | None = None
