"""Whether an experiment is the one that a creation has just made, told from what is live."""

from __future__ import annotations

from typing import Any

from pydantic import JsonValue

from expsync.apply.postconditions import body_of, field_holds
from expsync.core.normalize import DEFAULT_VARIANTS, DEFAULT_WEIGHT, leaf_of, number, same
from expsync.core.unfinished import CREATE_FIELDS
from expsync.model.fields import VARIANT_DETAILS
from expsync.model.plan import Operation
from expsync.model.state import State

_BY_EDIT = ("enabled", "archived", "stickyBucketing", "rolloutPercentage", "startDate", "endDate")
"""Fields that only an edit sets; a new experiment has none of them on."""


def differences_of(operation: Operation, live: State) -> list[str]:
    """What of a live experiment is not as the creation sent it, or not as a new experiment is.

    What is not known is no difference. Where there are differences, somebody else made the experiment, or has edited
    it already. Where there are none, it doesn't matter who made it: nothing in it is anybody's own.
    """
    body = body_of(operation)
    found = [
        name
        for name in CREATE_FIELDS
        if name in body and name in live.fields and not same(name, leaf_of(name, body[name]), live.fields[name])
    ]
    found += [name for name in _BY_EDIT if live.fields.get(name)]
    if live.tags:
        found.append("tags")
    deployments = body.get("deployments", [])
    if live.deployments is not None and isinstance(deployments, list):
        found += ["deployments"] * (live.deployments != frozenset(map(str, deployments)))
    if live.targetSegments is not None and not field_holds("targetSegments", body.get("targetSegments", []), live):
        found.append("targetSegments")
    return found + _variants_different(body, live)


def _variants_different(body: dict[str, JsonValue], live: State) -> list[str]:
    if live.variants is None:
        return []
    sent: Any = body.get("variants") or [{"key": key} for key in DEFAULT_VARIANTS]
    if [variant["key"] for variant in sent] != list(live.variants):
        return ["variants"]
    weights: Any = body.get("rolloutWeights", {})
    found: list[str] = []
    for variant in sent:
        key, there = variant["key"], live.variants[variant["key"]].fields
        wanted = {**variant, "rolloutWeight": number(weights.get(key, DEFAULT_WEIGHT))}
        found += [
            f"variants.{key}.{name}"
            for name in (*VARIANT_DETAILS, "rolloutWeight")
            if name in wanted and name in there and not same(name, leaf_of(name, wanted[name]), there[name])
        ]
    return found
