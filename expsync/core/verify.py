"""Whether a change has come about: asked of a fresh read, for the check at the end and for calls without an answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import JsonValue

from expsync.core.normalize import conditions_leaf, leaf_of, number, positive_weights, same
from expsync.core.paths import Path
from expsync.model.plan import Change
from expsync.model.state import SegmentState, State, VariantState


def unmet(changes: Iterable[Change], live: State) -> list[Change]:
    """The changes that a live state does not show; what it does not tell counts as shown."""
    return [change for change in changes if not _is_met(change, live)]


def split_path(text: str, segments: Iterable[str]) -> Path:
    """The parts of a change's path; `segments` are the known names, which may hold dots themselves."""
    head, dot, rest = text.partition(".")
    if not dot:
        return (head,)
    if head == "variants":
        return (head, *rest.split("."))
    if head == "targetSegments":
        fits = [name for name in segments if rest == name or rest.startswith(name + ".")]
        name = max(fits, key=len, default=rest)
        left = rest[len(name) + 1 :]
        if left.startswith("rolloutWeights."):
            return (head, name, "rolloutWeights", left.removeprefix("rolloutWeights."))
        return (head, name, left) if left else (head, name)
    return (head, rest)


def _is_met(change: Change, live: State) -> bool:
    after = change.after
    match split_path(change.path, live.targetSegments or ()):
        case ("targetSegments",):
            return live.targetSegments is None or list(live.targetSegments) == after
        case (name,):
            return _field_met(name, after, live.fields)
        case ("tags" | "deployments" as name, member):
            members = getattr(live, name)
            return members is None or (member in members) == (change.kind != "remove")
        case ("variants", key):
            return live.variants is None or _variant_met(after, live.variants.get(key))
        case ("variants", key, "key"):
            return live.variants is None or (key in live.variants and change.before not in live.variants)
        case ("variants", key, name):
            variant = (live.variants or {}).get(key)
            return variant is not None and _variant_field_met(name, after, variant)
        case ("targetSegments", name):
            return live.targetSegments is None or _segment_met(after, live.targetSegments.get(name))
        case ("targetSegments", name, "rolloutWeights", variant_key):
            segment = (live.targetSegments or {}).get(name)
            return segment is not None and (segment.rolloutWeights or {}).get(variant_key) == after
        case ("targetSegments", name, field):
            segment = (live.targetSegments or {}).get(name)
            return segment is not None and _segment_field_met(field, after, segment)
    return False


def _field_met(name: str, wanted: JsonValue, fields: Mapping[str, Any]) -> bool:
    return name not in fields or same(name, leaf_of(name, wanted), fields[name])


def _variant_met(wanted: JsonValue, live: VariantState | None) -> bool:
    if not isinstance(wanted, dict) or live is None:
        return wanted is None and live is None
    return all(_variant_field_met(name, value, live) for name, value in wanted.items() if name != "key")


def _variant_field_met(name: str, wanted: JsonValue, live: VariantState) -> bool:
    if name in ("inclusions", "cohortInclusions"):
        members = getattr(live, name)
        return members is None or (isinstance(wanted, list) and members == frozenset(map(str, wanted)))
    return _field_met(name, wanted, live.fields)


def _segment_met(wanted: JsonValue, live: SegmentState | None) -> bool:
    if not isinstance(wanted, dict) or live is None:
        return wanted is None and live is None
    return all(_segment_field_met(name, value, live) for name, value in wanted.items() if name != "name")


def _segment_field_met(name: str, wanted: Any, live: SegmentState) -> bool:
    if name == "rolloutWeights":
        return live.rolloutWeights is None or positive_weights(wanted) == live.rolloutWeights
    found = live.fields.get(name)
    if name == "conditions":
        return found == conditions_leaf(wanted)
    if name == "percentage":
        return found == number(wanted)
    return bool(found == wanted)
