"""What a file says so that it means a live state: plain JSON, in the words of the files and their canonical order.

What a new experiment would have anyway is left out; what decides who gets what is always said. The tags by which
expsync knows its own never stand in a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pydantic import JsonValue

from expsync.config.rules_fields import instant
from expsync.core.normalize import NEW_FIELDS, NEW_VARIANT, NO_PAYLOAD, PROPERTY, instant_text
from expsync.core.target import SHIELD
from expsync.model.experiment import Fields as DeclaredFields
from expsync.model.fields import DATE_FIELDS, VARIANT_DETAILS
from expsync.model.state import Leaf, Opaque, SegmentState, State, VariantState, plain, sorted_list
from expsync.model.workspace import Ownership

Said = dict[str, JsonValue]

NULLABLE = frozenset({"startDate", "endDate", "exposureEvent", "decision", "decisionReason", "rolledOutVariant"})
"""The fields of an experiment for which a file may say null."""
_CONDITION_FIELDS = ("prop", "op", "values")


def declared_experiment(
    state: State, *, aliases: Mapping[str, str], ownership: Ownership, all_fields: bool = False
) -> Said:
    """The document that declares a live experiment; `aliases` maps ids of deployments to the names that files use.

    With `all_fields` every field that was read is there, empty lists too. Segments are left out where one of them can't
    be written back (see `foreign_segments`): a list that is given is the whole list. The segment that holds a split
    while weights change is never said: it is not to stay.
    """
    parts: Said = dict(_fields(state, all_fields=all_fields))
    if state.tags is not None:
        parts["tags"] = declared_tags(state.tags, ownership)
    if state.deployments is not None:
        parts["deployments"] = declared_deployments(state.deployments, aliases)
    if state.variants is not None:
        parts["variants"] = [
            declared_variant(key, variant, all_fields=all_fields) for key, variant in state.variants.items()
        ]
    if state.targetSegments is not None and not foreign_segments(state):
        parts["targetSegments"] = [
            declared_segment(
                name,
                segment,
                variants=state.variants or (),
                bucketing_key=None if all_fields else state.fields.get("bucketingKey"),
            )
            for name, segment in state.targetSegments.items()
            if name != SHIELD
        ]
    if state.tags is not None and ownership.protectedTag in state.tags:
        parts["lifecycle"] = {"preventArchive": True}
    if not all_fields:
        parts = {name: value for name, value in parts.items() if value != []}
    return {"key": state.key} | {name: parts[name] for name in DeclaredFields.model_fields if name in parts}


def declared_field(name: str, value: Leaf) -> JsonValue:
    """The value of an experiment's own field as a file says it."""
    if name in DATE_FIELDS and isinstance(value, str) and instant(value) is None:
        # Servers may leave out the zone, by which they mean UTC; in a file it would have to be guessed.
        return instant_text(value)
    if name == "exposureEvent" and isinstance(value, Opaque) and isinstance(value.value, dict):
        return _exposure_event(value.value)
    return plain(value)


def declared_variant(key: str, variant: VariantState, *, all_fields: bool = False) -> Said:
    """A variant: its key, what is known of it beyond a new one's, its weight, and who is included."""
    said: Said = {"key": key}
    for name in VARIANT_DETAILS:
        if name in variant.fields and (all_fields or not _is_new(name, variant.fields[name])):
            said[name] = plain(variant.fields[name])
    if "rolloutWeight" in variant.fields:
        said["rolloutWeight"] = plain(variant.fields["rolloutWeight"])
    for name, members in (("inclusions", variant.inclusions), ("cohortInclusions", variant.cohortInclusions)):
        if members or (all_fields and members is not None):
            said[name] = sorted_list(members)
    return said


def declared_segment(
    name: str, segment: SegmentState, *, variants: Iterable[str] = (), bucketing_key: Leaf = None
) -> Said:
    """A segment; its weights name each of `variants`, zeros included.

    `bucketing_key` is the experiment's own: a segment that has the same need not say so.
    """
    said: Said = {"name": name}
    if "percentage" in segment.fields:
        said["percentage"] = plain(segment.fields["percentage"])
    own_key = segment.fields.get("bucketingKey")
    if own_key is not None and own_key != bucketing_key:
        said["bucketingKey"] = plain(own_key)
    if segment.rolloutWeights is not None:
        weights: Said = dict.fromkeys(variants, 0)
        weights.update(segment.rolloutWeights)
        said["rolloutWeights"] = weights
    if "conditions" in segment.fields:
        said["conditions"] = declared_conditions(segment.fields["conditions"])
    return said


def declared_conditions(conditions: Leaf) -> list[JsonValue]:
    """The conditions of a segment, without the type where it is the one that files take for granted."""
    said: list[JsonValue] = []
    for condition in _condition_values(conditions):
        if condition.get("type") == PROPERTY:
            said.append({name: condition[name] for name in _CONDITION_FIELDS if name in condition})
        else:
            said.append(condition)
    return said


def declared_tags(tags: Iterable[str], ownership: Ownership) -> list[JsonValue]:
    """The tags that people gave, in order."""
    return sorted_list(set(tags) - {ownership.tag, ownership.protectedTag})


def declared_deployments(ids: Iterable[str], aliases: Mapping[str, str]) -> list[JsonValue]:
    """The deployments by their aliases, in order; ids that have none go to the end as they are."""
    known = set(ids)
    named = sorted_list(aliases[id] for id in known if id in aliases)
    return [*named, *sorted_list(id for id in known if id not in aliases)]


def foreign_segments(state: State) -> dict[str, tuple[str, ...]]:
    """The segments that the API can show but not take back, by name, with the types of conditions that make them so."""
    return {
        name: tuple(sorted(_foreign_types(segment)))
        for name, segment in (state.targetSegments or {}).items()
        if segment.foreign
    }


def _foreign_types(segment: SegmentState) -> set[str]:
    conditions = _condition_values(segment.fields.get("conditions"))
    return {str(c.get("type")) for c in conditions} - {PROPERTY}


def _condition_values(conditions: Leaf) -> Iterator[Said]:
    values = plain(conditions)
    for condition in values if isinstance(values, list) else ():
        if isinstance(condition, dict):
            yield condition


def _fields(state: State, *, all_fields: bool) -> Iterator[tuple[str, JsonValue]]:
    for name, value in state.fields.items():
        if value is None and name not in NULLABLE:
            continue  # the server knows the field and says nothing: no file can say that
        default = state.key if name == "name" else NEW_FIELDS.get(name, ...)
        if all_fields or default is ... or value != default:
            yield name, declared_field(name, value)


def _is_new(name: str, value: Leaf) -> bool:
    """Whether a variant's field has the value that a new variant's has."""
    if name == "payload":
        return isinstance(value, Opaque) and value.canonical in NO_PAYLOAD
    return value == NEW_VARIANT[name]


def _exposure_event(event: Said) -> Said:
    said: Said = {"event_type": event.get("event_type")}
    filters = event.get("filters")
    if isinstance(filters, list) and filters:
        said["filters"] = [_filter(one) for one in filters]
    return said


def _filter(value: JsonValue) -> JsonValue:
    """A filter without a group type where there is none, which is what leaving it out means."""
    if not isinstance(value, dict):
        return value
    return {name: member for name, member in value.items() if name != "group_type" or member is not None}
