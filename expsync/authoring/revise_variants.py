"""The variants of a declaration with other values."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from pydantic import JsonValue

from expsync.authoring.declare import declared_variant
from expsync.authoring.terms import Terms
from expsync.config.overlay import Raw
from expsync.core.normalize import leaf_of, same
from expsync.model.fields import VARIANT_DETAILS
from expsync.model.state import Leaf, Opaque, State, VariantState, plain, sorted_list

_FIELDS = (*VARIANT_DETAILS, "rolloutWeight")
_MEMBERS = ("inclusions", "cohortInclusions")


def revise_variants(raw: Raw, wanted: State, terms: Terms) -> dict[str, frozenset[str]]:
    """The users of the variants whose own files must change; the variants of `raw` itself are replaced."""
    states = wanted.variants
    if states is None or terms.leaves("variants"):
        return {}
    held = mappings(raw.get("variants"))
    since = terms.since.variants if terms.since is not None else None
    users: dict[str, frozenset[str]] = {}
    if held is None:
        if since is not None and (terms.renamed or _differ(since, states, terms)):
            raw["variants"] = [_added(key, state, terms) for key, state in states.items()]
        return users
    before = since or {}
    listed = [str(variant["key"]) for variant in held]
    found: dict[str, JsonValue] = {}
    for key, variant in zip(listed, held, strict=True):
        if key in states:
            found[key] = _revised(key, variant, states[key], before.get(key), terms, users)
        elif terms.leaves("variants", key):
            found[key] = variant
    order = [key for key in listed if key in found]
    place = 0
    for key, state in states.items():
        if key not in found and not terms.leaves("variants", key):
            found[key] = _added(key, state, terms)
            # Live ones stand behind those that they follow there; what is created anew goes to the end.
            order.insert(place if terms.since is None else len(order), key)
        if key in found:
            place = order.index(key) + 1
    raw["variants"] = [_without_rename(found[key], order) for key in order]
    return users


def mappings(value: JsonValue) -> Sequence[Raw] | None:
    """The mappings of a list, or None where there is no list."""
    if not isinstance(value, list):
        return None
    return [item for item in value if isinstance(item, dict)]


def _without_rename(variant: JsonValue, keys: Sequence[str]) -> JsonValue:
    """The variant without the key that it once had, where another has that key now."""
    if isinstance(variant, dict) and variant.get("renamedFrom") in keys:
        return {name: value for name, value in variant.items() if name != "renamedFrom"}
    return variant


def _added(key: str, state: VariantState, terms: Terms) -> Raw:
    said = declared_variant(key, state)
    if terms.leaves("variants", key, "rolloutWeight"):
        said.pop("rolloutWeight", None)
    return said | {"renamedFrom": terms.renamed[key]} if key in terms.renamed else said


def _differ(since: Mapping[str, VariantState], wanted: Mapping[str, VariantState], terms: Terms) -> bool:
    """Whether variants are to change in what is recorded; their order, which nobody can change, apart."""
    if since.keys() != wanted.keys():
        return True
    return any(
        name not in since[key].fields or not same(name, since[key].fields[name], value)
        for key, state in wanted.items()
        for name, value in state.fields.items()
        if not terms.leaves("variants", key, name)
    )


def _revised(
    key: str,
    held: Raw,
    state: VariantState,
    since: VariantState | None,
    terms: Terms,
    users: dict[str, frozenset[str]],
) -> Raw:
    variant = dict(held)
    for name in _FIELDS:
        if name not in state.fields or terms.leaves("variants", key, name):
            continue
        value = state.fields[name]
        if name in held:
            before = leaf_of(name, held[name])
            if not same(name, before, value):
                variant[name] = _payload(before, value) if name == "payload" else plain(value)
        elif terms.since is not None and _is_new(name, since, value):
            variant[name] = plain(value)
    for name, members in _members(state):
        if name not in held or terms.leaves("variants", key, name):
            continue
        listed = held[name]
        if isinstance(listed, list):
            kept = [item for item in listed if str(item) in members]
            variant[name] = [*kept, *sorted_list(members - {str(item) for item in listed})]
        elif terms.users.get(key, frozenset()) != members:
            users[key] = members
    return variant


def _is_new(name: str, since: VariantState | None, value: Leaf) -> bool:
    """Whether a value is another one than there was; where that is not known it may be."""
    return since is None or name not in since.fields or not same(name, since.fields[name], value)


def _members(state: VariantState) -> Iterator[tuple[str, frozenset[str]]]:
    for name in _MEMBERS:
        members: frozenset[str] | None = getattr(state, name)
        if members is not None:
            yield name, members


def _payload(before: Leaf, live: Leaf) -> JsonValue:
    """The live payload; an older server gives JSON back as text, which is told by what the file had."""
    value = plain(live)
    if isinstance(value, str) and isinstance(before, Opaque) and not isinstance(before.value, str):
        try:
            parsed: JsonValue = json.loads(value)
        except (ValueError, RecursionError):
            return value
        return parsed
    return value
