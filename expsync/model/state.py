"""An experiment as a value: what is live, what is wanted, and what it will be.

One shape for all three, so that comparing is plain equality. Children are keyed by key. What is not known (live) or not
declared (wanted) is absent: a missing entry of `fields`, or None for a whole collection. Names are the API's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from pydantic import JsonValue


@dataclass(frozen=True, slots=True)
class Opaque:
    """A JSON value that is compared as a whole, by its canonical text, and written as it was given."""

    canonical: str
    value: JsonValue = field(compare=False, hash=False)


Leaf: TypeAlias = str | int | float | bool | Opaque | None
Fields: TypeAlias = Mapping[str, Leaf]


@dataclass(frozen=True, slots=True)
class VariantState:
    """One arm: `fields` are name, description, payload and rolloutWeight."""

    fields: Fields = field(default_factory=dict)
    inclusions: frozenset[str] | None = None
    cohortInclusions: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class SegmentState:
    """One segment: `fields` are percentage, bucketingKey and conditions; weights leave out what is zero.

    `foreign` is true where it holds a condition that the API can show but not take back (a cohort).
    """

    fields: Fields = field(default_factory=dict)
    rolloutWeights: Mapping[str, int | float] | None = None
    foreign: bool = False
    title: str | None = None
    """The name as the server holds it, where that is not the key it has here (it had none, or shared one)."""


@dataclass(frozen=True, slots=True)
class State:
    """One experiment. `variants` and `targetSegments` are in the order that evaluation uses.

    `older` is true where the body looks like the older document's, whose edit can't write segments; `running` where the
    product says that it collects results.
    """

    key: str
    id: str | None = None
    fields: Fields = field(default_factory=dict)
    variants: Mapping[str, VariantState] | None = None
    targetSegments: Mapping[str, SegmentState] | None = None
    tags: frozenset[str] | None = None
    deployments: frozenset[str] | None = None
    older: bool = False
    running: bool = False

    def flag(self, name: str, *, unknown: bool) -> bool:
        """A boolean field, or `unknown` where it is not known."""
        value = self.fields.get(name)
        return unknown if value is None else bool(value)


_EXACT = 2.0**53
"""Past it a float no longer holds each whole number, and a longer text would pretend to digits that are not there."""


def canonical_json(value: JsonValue) -> str:
    """The one text for a JSON value: sorted keys, and whole numbers without a fraction."""
    return json.dumps(whole_numbers(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def whole_numbers(value: JsonValue) -> JsonValue:
    """The same JSON value with `50.0` as `50`, all the way down."""
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    if isinstance(value, list):
        return [whole_numbers(item) for item in value]
    if isinstance(value, dict):
        return {key: whole_numbers(item) for key, item in value.items()}
    return value


def opaque(value: JsonValue) -> Opaque:
    """The value, compared by its canonical text."""
    return Opaque(canonical_json(value), whole_numbers(value))


def plain(leaf: Leaf) -> JsonValue:
    """The leaf as plain JSON."""
    return leaf.value if isinstance(leaf, Opaque) else leaf


def variant_value(key: str, variant: VariantState) -> dict[str, JsonValue]:
    """A variant as plain JSON, key first: what a change shows of a whole one."""
    value: dict[str, JsonValue] = {"key": key}
    value.update({name: plain(leaf) for name, leaf in variant.fields.items()})
    for name in ("inclusions", "cohortInclusions"):
        members = getattr(variant, name)
        if members:
            value[name] = sorted_list(members)
    return value


def segment_value(name: str, segment: SegmentState, variants: Iterable[str] = ()) -> dict[str, JsonValue]:
    """A segment as plain JSON, as the API takes it; the weights name each of `variants`, zeros included.

    Unknown weights are written as equal ones, since evaluation splits evenly where none is positive.
    """
    value: dict[str, JsonValue] = {"name": segment.title or name}
    for field_name in ("conditions", "percentage", "bucketingKey"):
        leaf = segment.fields.get(field_name)
        if leaf is not None:
            value[field_name] = plain(leaf)
    weights: dict[str, JsonValue] = dict.fromkeys(variants, 1 if segment.rolloutWeights is None else 0)
    weights.update(segment.rolloutWeights or {})
    value["rolloutWeights"] = weights
    return value


def sorted_list(members: Iterable[str]) -> list[JsonValue]:
    """The members in one fixed order."""
    members_in_order: list[JsonValue] = []
    members_in_order.extend(sorted(members))
    return members_in_order
