"""States out of what files declare and what the API says. Every difference of mere shape dies here.

Defaults live only here. What the API was seen to vary: numbers as `50`, `50.0` or text; dates as null, a day or an
instant; texts as null or empty; payloads as null or `{}`; the order of tags; variants as keys only or whole; segments
with or without a bucketing key and with or without the weights that are zero.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from pydantic import JsonValue

from expsync.model.experiment import Acknowledgement, Declared
from expsync.model.fields import DATE_FIELDS, NUMBER_FIELDS, PLAIN_FIELDS, SCALAR_FIELDS, TEXT_FIELDS, VARIANT_DETAILS
from expsync.model.state import Leaf, Opaque, SegmentState, State, VariantState, canonical_json, opaque, whole_numbers
from expsync.model.workspace import Environment
from expsync.wire.schema import WireExperiment, WireSegment, WireVariant

DEFAULT_VARIANTS = ("control", "treatment")
"""What the API makes of a new experiment that came without variants."""
DEFAULT_WEIGHT = 1
"""The weight that the API gives to each variant of a new experiment."""
DEFAULT_PERCENTAGE = 0
"""The percentage of a new segment whose file says nothing: nobody."""
ADDED_WEIGHT = 0
"""The weight of a variant that joins an existing experiment and whose file says nothing: nobody is moved."""
NEW_FIELDS: Mapping[str, Leaf] = {
    "description": "",
    "archived": False,
    "evaluationMode": "remote",
    "experimentType": "a-b-test",
    "bucketingUnit": "User",
    "stickyBucketing": False,
    "startDate": None,
    "endDate": None,
    "exposureEvent": None,
    "decision": None,
    "decisionReason": "",
    "rolledOutVariant": None,
}
"""What the API makes of a new experiment's fields; apart from its name, which is its key, and from those that decide
who gets what, which no file should leave to the server."""
NEW_VARIANT: Mapping[str, Leaf] = {"name": "", "description": ""}
"""What the API makes of a new variant's texts."""
PROPERTY = "property"
"""The only type of condition that can be written."""
NO_PAYLOAD: tuple[str, ...] = ("null", "{}")
"""The canonical texts by which servers say that a variant has no payload."""

_CONDITION_FIELDS = ("type", "prop", "op", "values")
_FILTER_FIELDS = ("group_type", "subprop_key", "subprop_op", "subprop_type", "subprop_value")
_RECENT_FIELDS = ("parentDependencies", "createdBy", "lastModifiedBy", "createdAt", "lastModifiedAt")


@dataclass(frozen=True, slots=True)
class Desired:
    """A declaration, ready to be compared.

    `state` holds the declared fields alone, `renames` maps a variant's key to the one it had, `ignore` are the
    patterns of `lifecycle.ignoreChanges`, `prevent_archive` is None where the file doesn't say, and `acknowledged` are
    the risks that it accepts.
    """

    state: State
    renames: Mapping[str, str]
    ignore: tuple[str, ...]
    prevent_archive: bool | None
    acknowledged: tuple[Acknowledgement, ...]
    file: str
    line: int


def desired_state(declared: Declared, environment: Environment) -> Desired:
    """The declaration as a state, with deployments as ids."""
    wanted: dict[str, Any] = declared.experiment.declared()
    variants: list[dict[str, Any]] | None = wanted.get("variants")
    segments: list[dict[str, Any]] | None = wanted.get("targetSegments")
    lifecycle: dict[str, Any] = wanted.get("lifecycle", {})
    deployments: list[str | int] | None = wanted.get("deployments")
    tags: list[str] | None = wanted.get("tags")
    return Desired(
        state=State(
            key=declared.key,
            fields=_fields({name: wanted[name] for name in SCALAR_FIELDS if name in wanted}),
            variants=None if variants is None else {v["key"]: _declared_variant(v) for v in variants},
            targetSegments=None if segments is None else {s["name"]: _declared_segment(s) for s in segments},
            tags=None if tags is None else frozenset(tags),
            deployments=None if deployments is None else frozenset(environment.deployment_id(d) for d in deployments),
        ),
        renames={v["key"]: v["renamedFrom"] for v in variants or () if v.get("renamedFrom")},
        ignore=tuple(_with_ids(pattern, environment) for pattern in lifecycle.get("ignoreChanges", ())),
        prevent_archive=lifecycle.get("preventArchive"),
        acknowledged=tuple(declared.experiment.acknowledge),
        file=declared.file,
        line=declared.line,
    )


def _with_ids(pattern: str, environment: Environment) -> str:
    """The pattern of a path; a deployment's alias in it becomes the id, which is what paths hold."""
    head, dot, rest = pattern.partition(".")
    return f"{head}{dot}{environment.deployment_id(rest)}" if head == "deployments" and dot else pattern


def live_state(
    wire: WireExperiment,
    *,
    archived: bool | None,
    whole: bool = False,
    variants: Sequence[WireVariant] | None = None,
    inclusions: Mapping[str, Iterable[str]] | None = None,
    cohorts: Mapping[str, Iterable[str]] | None = None,
) -> State:
    """What a body says, as a state.

    `archived` is what the lists told, `whole` says that it is the experiment's own body and not a list's (segments that
    it leaves out are none, not unknown), `variants` the answer of the variants' own list where it was asked,
    `inclusions` and `cohorts` the members of those variants whose lists were read. A field that no body carries stays
    unknown.
    """
    carried = {name: getattr(wire, name) for name in SCALAR_FIELDS if wire.carries(name)}
    if archived is not None:
        carried["archived"] = archived
    return State(
        key=wire.key,
        id=wire.id,
        fields=_fields(carried),
        variants=_live_variants(wire, variants, inclusions or {}, cohorts or {}),
        targetSegments=_live_segments(wire) if whole or wire.carries("targetSegments") else None,
        tags=frozenset(wire.tags) if wire.carries("tags") and wire.tags is not None else None,
        deployments=frozenset(wire.deployments) if wire.carries("deployments") else None,
        older=not any(wire.carries(name) for name in _RECENT_FIELDS),
        running=wire.state == "running",
    )


def same(name: str, wanted: Leaf, live: Leaf) -> bool:
    """Whether two values of the field `name` mean the same, whatever shape the server gave them."""
    if wanted == live:
        return True
    if name in DATE_FIELDS:
        return isinstance(wanted, str) and isinstance(live, str) and _same_moment(wanted, live)
    if name == "payload" and isinstance(wanted, Opaque) and isinstance(live, Opaque):
        return _same_payload(wanted, live)
    return False


def moment(text: str) -> date | datetime | None:
    """The day, or the instant in UTC, that an ISO 8601 text means; None where it is neither."""
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def instant_text(text: str) -> str:
    """The text of a date or an instant as the API's own examples write one: `2026-02-01T00:00:00.000Z`."""
    found = moment(text)
    if found is None:
        return text
    if not isinstance(found, datetime):
        return f"{found.isoformat()}T00:00:00.000Z"
    return found.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _same_moment(wanted: str, live: str) -> bool:
    # Some servers keep only the day of an instant: two texts are compared as exactly as the coarser one allows.
    one, other = moment(wanted), moment(live)
    if one is None or other is None:
        return False
    if isinstance(one, datetime) and isinstance(other, datetime):
        return _to_milliseconds(one) == _to_milliseconds(other)
    return _day(one) == _day(other)


def _day(value: date | datetime) -> date:
    return value.date() if isinstance(value, datetime) else value


def _to_milliseconds(value: datetime) -> datetime:
    # The API keeps milliseconds.
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


def _same_payload(wanted: Opaque, live: Opaque) -> bool:
    if wanted.canonical in NO_PAYLOAD and live.canonical in NO_PAYLOAD:
        return True
    # The older document types a payload as text: such a server may give back the JSON in a string.
    if isinstance(live.value, str) and not isinstance(wanted.value, str):
        try:
            return opaque(json.loads(live.value)).canonical == wanted.canonical
        except (ValueError, RecursionError):
            return False
    return False


def _fields(values: Mapping[str, Any]) -> dict[str, Leaf]:
    return {name: leaf_of(name, value) for name, value in values.items()}


def leaf_of(name: str, value: Any) -> Leaf:
    """The value of an experiment's or a variant's field, in the one shape that it has here."""
    if name in TEXT_FIELDS:
        return value or ""
    if name in NUMBER_FIELDS or name == "rolloutWeight":
        return number(value)
    if name in DATE_FIELDS:
        return value or None
    if name == "exposureEvent":
        return _exposure_event(value)
    if name == "payload":
        return opaque(value)
    assert name in PLAIN_FIELDS, name
    return None if value == "" else value


def number(value: int | float | None) -> int | float:
    """The number as an int where it is whole; a missing one is 0, as evaluation has it."""
    whole = whole_numbers(value or 0)
    assert isinstance(whole, int | float)
    return whole


def _exposure_event(value: JsonValue) -> Leaf:
    """The event with the documents' fields alone, so that what a server adds is no difference."""
    if not isinstance(value, dict):
        return None
    filters = value.get("filters")
    event: dict[str, JsonValue] = {
        "event_type": value.get("event_type"),
        "filters": [_only(f, _FILTER_FIELDS) for f in filters if isinstance(f, dict)]
        if isinstance(filters, list)
        else [],
    }
    return opaque(event)


def _only(value: dict[str, JsonValue], names: tuple[str, ...]) -> dict[str, JsonValue]:
    return {name: value.get(name) for name in names}


def _declared_variant(variant: dict[str, Any]) -> VariantState:
    return VariantState(
        fields=_fields({name: variant[name] for name in (*VARIANT_DETAILS, "rolloutWeight") if name in variant}),
        inclusions=frozenset(variant["inclusions"]) if "inclusions" in variant else None,
        cohortInclusions=frozenset(variant["cohortInclusions"]) if "cohortInclusions" in variant else None,
    )


def _declared_segment(segment: dict[str, Any]) -> SegmentState:
    fields: dict[str, Leaf] = {}
    if "percentage" in segment:
        fields["percentage"] = number(segment["percentage"])
    if "bucketingKey" in segment:
        fields["bucketingKey"] = segment["bucketingKey"]
    if "conditions" in segment:
        fields["conditions"] = conditions_leaf(segment["conditions"])
    return SegmentState(
        fields=fields,
        rolloutWeights=positive_weights(segment["rolloutWeights"]) if "rolloutWeights" in segment else None,
    )


def positive_weights(weights: Mapping[str, int | float | None]) -> dict[str, int | float]:
    """The weights that are not zero; for evaluation a missing one is zero."""
    return {key: number(weight) for key, weight in weights.items() if weight}


def _weights_of(weights: Mapping[str, int | float], there: set[str] | None) -> dict[str, int | float]:
    positive = positive_weights(weights)
    if there is None or positive.keys() <= there:
        return positive
    return {key: weight for key, weight in positive.items() if key in there}


def conditions_leaf(conditions: Sequence[dict[str, JsonValue]]) -> Opaque:
    """The conditions, compared as the set that they are: all must hold, and each holds for any of its values.

    Only the documents' four fields count and are written; a condition that is not of type `property` is kept whole.
    """
    known = [{"type": PROPERTY, **condition} for condition in conditions]
    written: list[JsonValue] = [_only(c, _CONDITION_FIELDS) if c["type"] == PROPERTY else c for c in known]
    # By way of repr, since this runs for each segment of each experiment and JSON takes four times as long.
    return Opaque(repr(sorted(_meaning(condition) for condition in known)), written)


def _meaning(condition: Mapping[str, JsonValue]) -> tuple[str, ...]:
    values = condition.get("values")
    if condition["type"] != PROPERTY or not isinstance(values, list):
        return (canonical_json(dict(condition)),)
    return (str(condition.get("prop")), str(condition.get("op")), *sorted({str(value) for value in values}))


def _live_variants(
    wire: WireExperiment,
    details: Sequence[WireVariant] | None,
    inclusions: Mapping[str, Iterable[str]],
    cohorts: Mapping[str, Iterable[str]],
) -> dict[str, VariantState] | None:
    listed = wire.variants if wire.carries("variants") else details
    if listed is None:
        return None
    whole = {variant.key: variant for variant in details or ()}
    return {
        variant.key: VariantState(
            fields=_live_variant_fields(wire, whole.get(variant.key, variant), read=variant.key in whole),
            inclusions=_members(inclusions, variant.key),
            cohortInclusions=_members(cohorts, variant.key),
        )
        for variant in listed
    }


def _live_variant_fields(wire: WireExperiment, variant: WireVariant, *, read: bool) -> dict[str, Leaf]:
    names = [name for name in VARIANT_DETAILS if read or variant.carries(name)]
    fields = _fields({name: getattr(variant, name) for name in names})
    if wire.carries("rolloutWeights"):
        fields["rolloutWeight"] = number(wire.rolloutWeights.get(variant.key))
    elif variant.carries("rolloutWeight"):
        fields["rolloutWeight"] = number(variant.rolloutWeight)
    return fields


def _members(lists: Mapping[str, Iterable[str]], key: str) -> frozenset[str] | None:
    return frozenset(lists[key]) if key in lists else None


def _live_segments(wire: WireExperiment) -> dict[str, SegmentState]:
    # A weight that outlived its variant gives nobody anything: it is nothing to compare, and no reason to write.
    there = {variant.key for variant in wire.variants} if wire.carries("variants") else None
    states: dict[str, SegmentState] = {}
    for place, segment in enumerate(wire.targetSegments, start=1):
        # A segment made by hand may lack a name, or share one: it still needs one of its own here.
        name = segment.name or f"segment {place}"
        while name in states:
            name += " (again)"
        states[name] = _live_segment(segment, there, title=segment.name if name != segment.name else None)
    return states


def _live_segment(segment: WireSegment, there: set[str] | None, *, title: str | None) -> SegmentState:
    conditions: list[dict[str, JsonValue]] = [condition.model_dump() for condition in segment.conditions]
    fields: dict[str, Leaf] = {"conditions": conditions_leaf(conditions)}
    if segment.percentage is not None:
        fields["percentage"] = number(segment.percentage)
    if segment.bucketingKey:
        fields["bucketingKey"] = segment.bucketingKey
    return SegmentState(
        fields=fields,
        rolloutWeights=None if segment.rolloutWeights is None else _weights_of(segment.rolloutWeights, there),
        foreign=any(condition["type"] != PROPERTY for condition in conditions),
        title=title,
    )
