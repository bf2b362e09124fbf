"""The endpoints that read; each gives back the JSON value of its answer."""

from __future__ import annotations

import re

from pydantic import JsonValue

from expsync.sandbox.call import Call
from expsync.sandbox.messages import Refusal
from expsync.sandbox.records import Json
from expsync.sandbox.views import as_deployment, as_listed, as_page, as_read, as_variant, as_version

_CAP = 1000
_FILTERS = frozenset({"limit", "cursor", "key", "projectId", "includeArchived"})
_OLDER_FILTERS = frozenset({"limit", "cursor"})
_TEXT_CURSOR = re.compile(r"after-(?P<place>[0-9a-f]{1,15})")
_LONGEST_NUMBER = 18
"""Digits; anything longer names nothing that is stored."""


def list_experiments(call: Call) -> JsonValue:
    """One page of experiments, the most recently created first."""
    query = call.query
    _check_query(call, _OLDER_FILTERS if call.habits.older else _FILTERS)
    filters = {} if call.habits.older else query
    projects = _projects(call, filters.get("projectId"))
    size = min(_limit(query.get("limit")) or call.habits.page_size, call.habits.page_size, _CAP)
    found = call.tables.newest_experiments(
        projects,
        key=filters.get("key"),
        archived=_flag(filters.get("includeArchived")),
        below=_read_cursor(call),
        count=size + 1,
    )
    page = found[:size]
    cursor = _write_cursor(call, page[-1][0]) if len(found) > size else None
    return as_page("experiments", [as_listed(one, call.habits) for _, one in page], cursor, call.habits)


def get_experiment(call: Call) -> JsonValue:
    """One experiment, archived or not."""
    return as_read(call.experiment(), call.habits)


def list_versions(call: Call) -> JsonValue:
    """All versions, newest first."""
    return [as_version(version, call.habits) for version in call.tables.versions(call.experiment().id)]


def get_version(call: Call) -> JsonValue:
    """One version."""
    experiment = call.experiment()
    text = call.values["version"]
    number = _ordinal(text)
    version = None if number is None else call.tables.version(experiment.id, number)
    if version is None:
        raise Refusal(404, f"experiment {experiment.id} has no version {text}")
    return as_version(version, call.habits)


def list_variants(call: Call) -> JsonValue:
    """All variants, whole, in their order."""
    return [as_variant(variant, call.habits) for variant in call.experiment().variants]


def get_variant(call: Call) -> JsonValue:
    """One variant, whole."""
    return as_variant(call.variant(call.experiment()), call.habits)


def get_inclusions(call: Call) -> JsonValue:
    """The users of a variant, in the order in which they came."""
    experiment = call.experiment()
    return [*call.tables.members(experiment.id, call.variant(experiment).key, "users")]


def get_cohort_inclusions(call: Call) -> JsonValue:
    """The cohorts of a variant, in the order in which they came."""
    experiment = call.experiment()
    return [*call.tables.members(experiment.id, call.variant(experiment).key, "cohorts")]


def list_deployments(call: Call) -> JsonValue:
    """The deployments of an experiment."""
    found = (call.tables.deployment(identifier) for identifier in call.experiment().deployments)
    return [as_deployment(deployment, call.habits) for deployment in found if deployment is not None]


def list_project_deployments(call: Call) -> JsonValue:
    """The deployments of all projects in reach: all at once, or page by page where a limit is asked for."""
    _check_query(call, frozenset({"limit", "cursor"}))
    everything = call.tables.deployments(call.projects())
    limit = _limit(call.query.get("limit"))
    start = _read_cursor(call) or 0
    end = len(everything) if limit is None else start + min(limit, _CAP)
    bodies: list[Json] = [as_deployment(deployment, call.habits) for deployment in everything[start:end]]
    if limit is None and not start:
        return as_page("deployments", bodies, None, call.habits)
    cursor = _write_cursor(call, end) if end < len(everything) else None
    return as_page("deployments", bodies, cursor, call.habits)


def check_no_query(call: Call) -> None:
    """Nothing; Refusal (400) where an endpoint without query parameters is sent some."""
    _check_query(call, frozenset())


def _check_query(call: Call, known: frozenset[str]) -> None:
    unknown = sorted(set(call.query) - known)
    # An older server knows fewer filters, and passes over what it doesn't know.
    if unknown and not call.habits.older:
        raise Refusal(400, f"unknown query parameter `{unknown[0]}`")


def _projects(call: Call, wanted: str | None) -> list[str]:
    if wanted is None:
        return call.projects()
    if not call.may_touch(wanted):
        raise Refusal(403, f"the key has no access to project {wanted}")
    return [wanted]


def _limit(text: str | None) -> int | None:
    if text is None:
        return None
    limit = _ordinal(text)
    if limit is None or limit < 1:
        raise Refusal(400, f"`limit`: `{text}` isn't a number from 1 on")
    return limit


def _flag(text: str | None) -> bool:
    if text not in (None, "true", "false"):
        raise Refusal(400, f"`includeArchived`: `{text}` is neither true nor false")
    return text == "true"


def _write_cursor(call: Call, place: int) -> JsonValue:
    return place if call.habits.cursor == "number" else f"after-{place:x}"


def _read_cursor(call: Call) -> int | None:
    text = call.query.get("cursor")
    if text is None:
        return None
    if call.habits.cursor == "number":
        place = _ordinal(text)
    else:
        ours = _TEXT_CURSOR.fullmatch(text)
        place = int(ours["place"], 16) if ours else None
    if place is None:
        raise Refusal(400, f"`cursor`: `{text}` isn't one of ours")
    return place


def _ordinal(text: str) -> int | None:
    """The whole number that the text is, in plain digits, or None."""
    plain = text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER
    return int(text) if plain else None
