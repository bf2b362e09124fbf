"""Bodies made from the truth, with a server's habits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import assert_never

from pydantic import JsonValue

from expsync.sandbox.habits import Habits
from expsync.sandbox.records import Deployment, Experiment, Json, Number, Variant, Version

_AUTHORS = ("createdBy", "lastModifiedBy", "createdAt", "lastModifiedAt")


def as_listed(experiment: Experiment, habits: Habits) -> Json:
    """The experiment as List shows it."""
    body = _details(experiment, habits)
    if not habits.older:
        body |= {name: getattr(experiment, name) for name in _AUTHORS}
    if habits.tags_in_list:
        body["tags"] = _tags(experiment, habits)
    if habits.deleted_in_list:
        body["deleted"] = experiment.archived
    return body


def as_read(experiment: Experiment, habits: Habits) -> Json:
    """The experiment as Get shows it."""
    body = _details(experiment, habits)
    body |= {"deleted": experiment.archived, "tags": _tags(experiment, habits)}
    if not habits.older:
        body["createdBy"] = experiment.createdBy
    return body


def as_version(version: Version, habits: Habits) -> Json:
    """A version with the configuration of that moment."""
    experiment = version.config
    config: Json = {
        "id": as_id(experiment.id, habits),
        "projectId": as_id(experiment.projectId, habits),
        "deployments": [as_id(deployment, habits) for deployment in experiment.deployments],
        "key": experiment.key,
        "name": _text(experiment.name, habits),
        "description": _text(experiment.description, habits),
        "enabled": experiment.enabled,
        "bucketingKey": experiment.bucketingKey,
        "variants": _variants(experiment, habits),
        "rolloutWeights": _rollout_weights(experiment, habits),
        "targetSegments": _segments(experiment, habits),
        "stickyBucketing": experiment.stickyBucketing,
        "state": experiment.state,
        "startDate": as_date(experiment.startDate, habits),
        "endDate": as_date(experiment.endDate, habits),
        "experimentType": experiment.experimentType,
    }
    body: Json = {
        "createdAt": version.createdAt,
        "createdBy": version.createdBy,
        "version": version.version,
        "flagConfig": decorated(config, habits),
    }
    return decorated(body, habits)


def as_variant(variant: Variant, habits: Habits) -> Json:
    """The variant as the variant endpoints show it."""
    payload = variant.payload
    if payload is None or payload == {}:
        payload = {} if habits.empty_payload == "object" else None
    body: Json = {
        "key": variant.key,
        "name": _text(variant.name, habits),
        "payload": payload,
        "description": _text(variant.description, habits),
        "rolloutWeight": _number(variant.rolloutWeight or 0, habits),
    }
    return decorated(body, habits)


def as_deployment(deployment: Deployment, habits: Habits) -> Json:
    """The deployment as both deployment lists show it."""
    body: Json = {
        "id": as_id(deployment.id, habits),
        "projectId": as_id(deployment.projectId, habits),
        "label": deployment.label,
        "key": deployment.key,
        "deleted": deployment.deleted,
    }
    return decorated(body, habits)


def as_page(name: str, bodies: list[Json], cursor: JsonValue, habits: Habits) -> Json:
    """One page of a list; `cursor` is None on the last one."""
    page: Json = {name: list(bodies)}
    if cursor is not None:
        page["nextCursor"] = cursor
    elif habits.last_cursor != "absent":
        page["nextCursor"] = None if habits.last_cursor == "null" else ""
    return decorated(page, habits)


def decorated(body: Json, habits: Habits) -> Json:
    """The body, with a field from the future where the server has such a habit."""
    return {**body, "xFuture": {"since": 2031}} if habits.unknown_fields else body


def as_id(identifier: str, habits: Habits) -> JsonValue:
    """The id as text or as a number; one that a number would change stays text."""
    if habits.ids == "number" and identifier.isdecimal() and str(int(identifier)) == identifier:
        return int(identifier)
    return identifier


def as_date(text: str | None, habits: Habits) -> str | None:
    """The date or instant in the server's way; a day without a time begins at 00:00 UTC."""
    if text is None or habits.dates == "as-sent":
        return text
    moment = datetime.fromisoformat(text)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    match habits.dates:
        case "date":
            return moment.date().isoformat()
        case "instant":
            return as_instant(moment)
        case never:
            assert_never(never)


def as_instant(moment: datetime) -> str:
    """The instant in UTC, to the millisecond, as the documents show instants."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _details(experiment: Experiment, habits: Habits) -> Json:
    body: Json = {
        "id": as_id(experiment.id, habits),
        "projectId": as_id(experiment.projectId, habits),
        "deployments": [as_id(deployment, habits) for deployment in experiment.deployments],
        "key": experiment.key,
        "name": _text(experiment.name, habits),
        "decision": experiment.decision,
        "decisionReason": experiment.decisionReason,
        "description": _text(experiment.description, habits),
        "enabled": experiment.enabled,
        "evaluationMode": experiment.evaluationMode,
        "bucketingKey": experiment.bucketingKey,
        "bucketingSalt": experiment.bucketingSalt,
        "bucketingUnit": experiment.bucketingUnit,
        "variants": _variants(experiment, habits),
        "rolledOutVariant": experiment.rolledOutVariant,
        "rolloutPercentage": _number(experiment.rolloutPercentage, habits),
        "rolloutWeights": _rollout_weights(experiment, habits),
        "targetSegments": _segments(experiment, habits),
        "stickyBucketing": experiment.stickyBucketing,
        "state": experiment.state,
        "startDate": as_date(experiment.startDate, habits),
        "endDate": as_date(experiment.endDate, habits),
        "experimentType": experiment.experimentType,
    }
    if not habits.older:
        body["parentDependencies"] = experiment.parentDependencies
    if habits.exposure_event_read:
        body["exposureEvent"] = experiment.exposureEvent
    return decorated(body, habits)


def _variants(experiment: Experiment, habits: Habits) -> list[JsonValue]:
    match habits.variants:
        case "keys":
            return [decorated({"key": variant.key}, habits) for variant in experiment.variants]
        case "whole":
            return [as_variant(variant, habits) for variant in experiment.variants]
        case never:
            assert_never(never)


def _rollout_weights(experiment: Experiment, habits: Habits) -> Json:
    weights = {variant.key: variant.rolloutWeight for variant in experiment.variants}
    return {key: _number(weight, habits) for key, weight in weights.items() if weight is not None}


def _segments(experiment: Experiment, habits: Habits) -> list[JsonValue]:
    return [_segment(segment, habits) for segment in experiment.targetSegments]


def _segment(segment: Mapping[str, JsonValue], habits: Habits) -> Json:
    body = dict(segment)
    percentage, weights, conditions = (body.get(name) for name in ("percentage", "rolloutWeights", "conditions"))
    if isinstance(percentage, int | float):
        body["percentage"] = _number(percentage, habits)
    if isinstance(weights, dict):
        body["rolloutWeights"] = {
            key: _number(weight, habits) for key, weight in weights.items() if isinstance(weight, int | float)
        }
    if isinstance(conditions, list):
        body["conditions"] = [decorated(c, habits) if isinstance(c, dict) else c for c in conditions]
    return decorated(body, habits)


def _tags(experiment: Experiment, habits: Habits) -> list[JsonValue]:
    match habits.tag_order:
        case "kept":
            return [*experiment.tags]
        case "sorted":
            return [*sorted(experiment.tags)]
        case "reversed":
            return [*reversed(experiment.tags)]
        case never:
            assert_never(never)


def _number(value: Number, habits: Habits) -> Number:
    if habits.numbers == "float":
        return float(value)
    return int(value) if value == int(value) else value


def _text(text: str, habits: Habits) -> str | None:
    return None if habits.description_null and not text else text
