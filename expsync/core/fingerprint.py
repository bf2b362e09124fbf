"""What a plan rests on, in one short text: if it differs later, somebody changed the experiment meanwhile."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from expsync.model.fields import VARIANT_DETAILS
from expsync.model.state import Opaque, State, plain

ABSENT = "absent"
"""What a plan that creates rests on: that the key is not there."""


def observed_of(state: State | None) -> list[str]:
    """The names of everything that is known of a live state; `["absent"]` where there is none.

    `variants` are the keys in order and the weights, `variants.details` the rest, `variants.KEY.inclusions` the users.
    """
    if state is None:
        return [ABSENT]
    names = list(state.fields)
    names += [name for name in ("tags", "deployments", "targetSegments") if getattr(state, name) is not None]
    if state.variants is not None:
        names.append("variants")
        if state.variants and all(name in v.fields for v in state.variants.values() for name in VARIANT_DETAILS):
            names.append("variants.details")
        for key, variant in state.variants.items():
            names += [
                f"variants.{key}.{name}"
                for name in ("inclusions", "cohortInclusions")
                if getattr(variant, name) is not None
            ]
    return sorted(names)


def fingerprint_of(state: State | None, observed: Iterable[str], key: str) -> str:
    """`sha256:` and a hex digest over what is `observed` of a live state; equal where nothing of it changed."""
    value: Any = {ABSENT: key} if state is None else {name: _aspect(state, name) for name in sorted(observed)}
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return "sha256:" + hashlib.sha256(text.encode("ascii")).hexdigest()


def _aspect(state: State, name: str) -> Any:
    variants = state.variants or {}
    if name in state.fields:
        leaf = state.fields[name]
        return leaf.canonical if isinstance(leaf, Opaque) else leaf
    match name.split("."):
        case ["tags" | "deployments"]:
            members = getattr(state, name)
            return None if members is None else sorted(members)
        case ["targetSegments"]:
            return [
                [
                    segment_name,
                    {n: _canonical(leaf) for n, leaf in segment.fields.items()},
                    segment.rolloutWeights,
                ]
                for segment_name, segment in (state.targetSegments or {}).items()
            ]
        case ["variants"]:
            return [[key, plain(variant.fields.get("rolloutWeight"))] for key, variant in variants.items()]
        case ["variants", "details"]:
            return [[_canonical(v.fields.get(n)) for n in VARIANT_DETAILS] for v in variants.values()]
        case ["variants", key, ("inclusions" | "cohortInclusions") as members_name]:
            members = getattr(variants[key], members_name) if key in variants else None
            return None if members is None else sorted(members)
    return None


def _canonical(leaf: Any) -> Any:
    return leaf.canonical if isinstance(leaf, Opaque) else leaf
