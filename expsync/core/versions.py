"""What the versions of an experiment tell: what each recorded, what it changed, and where a value came in.

A version's body is not whole. The documents show one without tags, percentage, evaluation mode, salt, and with variants
as keys alone; users and cohorts are in none. So what a body leaves out is unknown and never none, and two versions are
compared in what both recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import TypeVar

from expsync.core.diff import diff_states, located_changes
from expsync.core.normalize import live_state, same
from expsync.core.paths import Path
from expsync.model.fields import DATE_FIELDS, SCALAR_FIELDS, TEXT_FIELDS, VARIANT_DETAILS
from expsync.model.history import FIRST_VERSION, HistoryEntry
from expsync.model.plan import Change
from expsync.model.state import Fields, SegmentState, State, VariantState
from expsync.wire.schema import WireExperiment, WireVersion

T = TypeVar("T")
Member = TypeVar("Member", VariantState, SegmentState)

_SEGMENT_FIELDS = ("percentage", "bucketingKey", "conditions")
_VARIANT_FIELDS = ("key", *VARIANT_DETAILS, "rolloutWeight", "inclusions", "cohortInclusions")
_NEVER_NULL = frozenset(SCALAR_FIELDS) - {*TEXT_FIELDS, *DATE_FIELDS, "exposureEvent", "decision", "rolledOutVariant"}
"""Where the API has no null, so that one in a version says that nothing was recorded."""

RECORDABLE = (
    *SCALAR_FIELDS,
    "deployments",
    "tags",
    "variants",
    *(f"variants.*.{name}" for name in (*VARIANT_DETAILS, "rolloutWeight", "inclusions", "cohortInclusions")),
    "targetSegments",
)
"""Everything of an experiment that a version might record, in the order of the fields."""


def version_state(version: WireVersion) -> State:
    """What the experiment was in this version; what the body does not carry is unknown.

    Unknown, too, is what it carries as null where the API knows no null, and variants or weights that are empty: no
    experiment is without variants, and a body without their weights must not read as one that gives nobody anything.
    """
    wire = _telling(version.flagConfig)
    return live_state(wire, archived=wire.deleted if wire.archived is None else wire.archived)


def recorded(version: WireVersion) -> frozenset[str]:
    """The names out of `RECORDABLE` that this version records: `variants.*.payload` where it does for every variant."""
    return _known(version_state(version))


def unrecorded(*versions: WireVersion) -> list[str]:
    """The names out of `RECORDABLE`, in order, that at least one of these versions does not record."""
    known = [recorded(version) for version in versions]
    return [name for name in RECORDABLE if not all(name in names for names in known)]


def changes_between(before: WireVersion, after: WireVersion) -> list[Change]:
    """The changes from one version to another, in what both recorded; a field that one of them lacks is no change."""
    return diff_states(*_both(version_state(before), version_state(after)))


def known_changes(before: State, after: State) -> list[tuple[Path, Change]]:
    """The changes from one state to another in what both know, each behind its path in parts."""
    return located_changes(*_both(before, after))


def history_of(versions: Iterable[WireVersion]) -> list[HistoryEntry]:
    """The versions, newest first, each with what it changed; the order in which they are given does not matter."""
    newest_first = _newest_first(versions)
    return [
        HistoryEntry(
            version=version.version,
            createdAt=version.createdAt,
            createdBy=version.createdBy,
            config=version.givenConfig,
            changes=None if before is None else changes_between(before, version),
        )
        for version, before in zip_longest(newest_first, newest_first[1:])
    ]


def came_in(versions: Iterable[WireVersion], path: str, live: State) -> WireVersion | None:
    """The version since which the live value at a change's path has been there without a break.

    A member (`tags.x`, `variants.treatment`, `targetSegments.US on iOS`) counts as there or not there, whatever it
    holds; `targetSegments` is their order. A field of a member that is new came in with the member. None where nobody
    can tell: live or the newest version does not record it, the newest version has another value (the list lags), or
    the value is older than what the list holds: its oldest version has it and is not the first of all, or a version
    before does not record it.
    """
    newest_first = _newest_first(versions)
    states = [version_state(version) for version in newest_first]
    place = _place(path, [live, *states])
    found: WireVersion | None = None
    for version, state in zip(newest_first, states, strict=True):
        match _holds(state, live, place):
            case None:
                return None
            case False:
                return found
            case True:
                found = version
    return found if found is not None and found.version <= FIRST_VERSION else None


def _newest_first(versions: Iterable[WireVersion]) -> list[WireVersion]:
    """The versions by their numbers, each once."""
    by_number = {version.version: version for version in versions}
    return [by_number[number] for number in sorted(by_number, reverse=True)]


def _telling(wire: WireExperiment) -> WireExperiment:
    """The body with only those fields that say something."""
    kept = {name: getattr(wire, name) for name in wire.model_fields_set}
    for name in kept.keys() & _NEVER_NULL:
        if kept[name] is None:
            del kept[name]
    for name in kept.keys() & {"variants", "rolloutWeights"}:
        if not kept[name]:
            del kept[name]
    return WireExperiment.model_construct(set(kept), **kept)


def _known(state: State) -> frozenset[str]:
    names = set(state.fields)
    names |= {name for name in ("deployments", "tags", "targetSegments") if getattr(state, name) is not None}
    if state.variants is not None:
        names.add("variants")
        members = state.variants.values()
        names |= {
            f"variants.*.{name}"
            for name in (*VARIANT_DETAILS, "rolloutWeight")
            if all(name in variant.fields for variant in members)
        }
    return frozenset(names)


def _both(one: State, other: State) -> tuple[State, State]:
    """The two states in what both of them know, and with one form for what is written in two and means the same."""
    fields = _both_fields(one.fields, other.fields)
    variants = _both_members(one.variants, other.variants, _both_variants)
    segments = _both_members(one.targetSegments, other.targetSegments, _both_segments)
    known = [name for name in ("tags", "deployments") if None not in (getattr(one, name), getattr(other, name))]
    first, second = (
        State(
            key=one.key,
            fields=fields[side],
            variants=variants[side],
            targetSegments=segments[side],
            **{name: getattr(state, name) for name in known},
        )
        for side, state in enumerate((one, other))
    )
    return first, second


def _both_fields(one: Fields, other: Fields) -> tuple[Fields, Fields]:
    names = [name for name in one if name in other]
    alike = {name: one[name] if same(name, one[name], other[name]) else other[name] for name in names}
    return {name: one[name] for name in names}, alike


def _both_members(
    one: Mapping[str, Member] | None,
    other: Mapping[str, Member] | None,
    both: Callable[[Member, Member], tuple[Member, Member]],
) -> tuple[dict[str, Member] | None, dict[str, Member] | None]:
    """Members that both have, in what both know; those that only one has stay whole."""
    if one is None or other is None:
        return None, None
    pairs = {name: both(member, other[name]) for name, member in one.items() if name in other}
    return (
        {name: pairs[name][0] if name in pairs else member for name, member in one.items()},
        {name: pairs[name][1] if name in pairs else member for name, member in other.items()},
    )


def _both_variants(one: VariantState, other: VariantState) -> tuple[VariantState, VariantState]:
    # No version tells users or cohorts.
    first, second = _both_fields(one.fields, other.fields)
    return VariantState(first), VariantState(second)


def _both_segments(one: SegmentState, other: SegmentState) -> tuple[SegmentState, SegmentState]:
    first, second = _both_fields(one.fields, other.fields)
    weighed = None not in (one.rolloutWeights, other.rolloutWeights)
    return (
        replace(one, fields=first, rolloutWeights=one.rolloutWeights if weighed else None),
        replace(other, fields=second, rolloutWeights=other.rolloutWeights if weighed else None),
    )


def _place(path: str, states: Sequence[State]) -> Path:
    """The parts of a change's path. Names of members may hold dots, so those that the states have are looked for."""
    head, dot, rest = path.partition(".")
    if head not in ("variants", "targetSegments"):
        return (head, rest) if dot else (head,)
    if not dot:
        return (head,)
    for state in states:
        # The longest that fits, and live's own before any earlier one.
        for name in sorted(getattr(state, head) or (), key=len, reverse=True):
            steps = _steps_within(head, rest, name)
            if steps is not None:
                return (head, name, *steps)
    return (head, rest)


def _steps_within(head: str, rest: str, name: str) -> Path | None:
    """The steps from the member of this name to what `rest` names; None where it names nothing in that member."""
    if rest == name:
        return ()
    if not rest.startswith(f"{name}."):
        return None
    field = rest[len(name) + 1 :]
    if head == "variants":
        return (field,) if field in _VARIANT_FIELDS else None
    whole, dot, variant = field.partition(".")
    if whole == "rolloutWeights" and dot:
        return (whole, variant)
    return (field,) if field in _SEGMENT_FIELDS else None


def _holds(state: State, live: State, place: Path) -> bool | None:
    """Whether the state has at that place what live has; None where one of them does not know."""
    match place:
        case ("tags" | "deployments" as name, member):
            return _alike(getattr(state, name), getattr(live, name), lambda members: member in members)
        case ("targetSegments",):
            return _alike_order(state, live)
        case ("variants" | "targetSegments" as name, member) | ("variants" as name, member, "key"):
            return _alike(getattr(state, name), getattr(live, name), lambda members: member in members)
        case ("variants", member, name):
            if state.variants is None or live.variants is None or member not in live.variants:
                return None
            if member not in state.variants:
                return False
            return _alike_field(name, state.variants[member].fields, live.variants[member].fields)
        case ("targetSegments", member, *rest):
            if state.targetSegments is None or live.targetSegments is None or member not in live.targetSegments:
                return None
            if member not in state.targetSegments:
                return False
            return _alike_segment(tuple(rest), state.targetSegments[member], live.targetSegments[member])
        case (name,):
            return _alike_field(name, state.fields, live.fields)
    return None


def _alike(one: T | None, other: T | None, value: Callable[[T], object]) -> bool | None:
    return None if one is None or other is None else value(one) == value(other)


def _alike_field(name: str, one: Fields, other: Fields) -> bool | None:
    return same(name, one[name], other[name]) if name in one and name in other else None


def _alike_segment(steps: Path, one: SegmentState, other: SegmentState) -> bool | None:
    match steps:
        case ("rolloutWeights", variant):
            return _alike(one.rolloutWeights, other.rolloutWeights, lambda weights: weights.get(variant))
        case (name,):
            return _alike_field(name, one.fields, other.fields)
    return None


def _alike_order(state: State, live: State) -> bool | None:
    if state.targetSegments is None or live.targetSegments is None:
        return None
    one, other = (
        State(key=live.key, targetSegments=dict.fromkeys(segments, SegmentState()))
        for segments in (state.targetSegments, live.targetSegments)
    )
    # What order is another one, beyond members that come and go, is for the diff to say.
    return all(change.path != "targetSegments" for change in diff_states(one, other))
