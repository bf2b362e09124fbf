"""Whether a call has been done, told from what is live: asked when its answer said neither yes nor no."""

from __future__ import annotations

from typing import Any

from pydantic import JsonValue

from expsync.core.normalize import leaf_of, same
from expsync.core.verify import unmet
from expsync.model.fields import VARIANT_DETAILS
from expsync.model.plan import Change, Operation
from expsync.model.reads import Recipe
from expsync.model.state import State
from expsync.wire.endpoints import endpoint_of


def recipe_of(operation: Operation) -> Recipe:
    """What must be read of the experiment to tell."""
    variant = parts_of(operation).get("variant", "")
    users = operation.op in ("addUsers", "removeAllUsers", "bulkRemoveUsers")
    cohorts = operation.op in ("addCohorts", "bulkRemoveCohorts")
    return Recipe(
        details=operation.op == "editVariant" and any(name in body_of(operation) for name in VARIANT_DETAILS),
        inclusions=(variant,) if users else (),
        cohorts=(variant,) if cohorts else (),
    )


def holds(operation: Operation, live: State) -> bool:
    """Whether what the call asks for is so. What is not given back counts as not so: the call may be sent again."""
    body, parts = body_of(operation), parts_of(operation)
    variants = live.variants or {}
    match operation.op:
        case "editExperiment":
            return all(field_holds(name, value, live) for name, value in body.items())
        case "createVariant":
            return body["key"] in variants
        case "editVariant":
            return _variant_holds(parts["variant"], body, live)
        case "removeVariant":
            return parts["variant"] not in variants
        case "addDeployments":
            return live.deployments is not None and live.deployments >= set(_texts(body["deployments"]))
        case "removeDeployment":
            return live.deployments is not None and parts["deployment"] not in live.deployments
    variant = variants.get(parts["variant"])
    if variant is None:
        return False
    there = variant.cohortInclusions if "Cohort" in operation.op else variant.inclusions
    if there is None:
        return False
    match operation.op:
        case "addUsers" | "addCohorts":
            return there >= set(_texts(body["inclusions"]))
        case "bulkRemoveUsers" | "bulkRemoveCohorts":
            return there.isdisjoint(_texts(body["users"]))
        case "removeAllUsers":
            return not there
    raise AssertionError(f"no postcondition for {operation.op}")


def field_holds(name: str, value: JsonValue, live: State) -> bool:
    """Whether a field of an edit's body has this value; not where it is not known."""
    if name == "archive":
        return live.flag("archived", unknown=not value) == value
    if name == "tags":
        return live.tags is not None and live.tags == set(_texts(value))
    if name == "targetSegments":
        segments: list[Any] = value if isinstance(value, list) else []
        names: list[JsonValue] = [segment["name"] for segment in segments]
        wanted = [
            Change(path=f"targetSegments.{segment['name']}", kind="add", before=None, after=segment)
            for segment in segments
        ]
        return live.targetSegments is not None and list(live.targetSegments) == names and not unmet(wanted, live)
    return name in live.fields and same(name, leaf_of(name, value), live.fields[name])


def _variant_holds(key: str, body: dict[str, JsonValue], live: State) -> bool:
    variants = live.variants or {}
    new = str(body.get("key", key))
    if new != key and key in variants:
        return False
    variant = variants.get(new)
    return variant is not None and all(
        name in variant.fields and same(name, leaf_of(name, value), variant.fields[name])
        for name, value in body.items()
        if name != "key"
    )


def _texts(value: JsonValue) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def body_of(operation: Operation) -> dict[str, JsonValue]:
    """The call's body; empty where it has none."""
    return operation.body if isinstance(operation.body, dict) else {}


def parts_of(operation: Operation) -> dict[str, str]:
    """The decoded values in the call's path."""
    found = endpoint_of(operation.method, operation.path)
    return {} if found is None else found[1]
