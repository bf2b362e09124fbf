"""The state that an experiment is to have: what the file declares, laid over what is live.

Here "what is left out is left alone" is made true once and for all: every field that is not declared, is ignored, or
means the same as the live one takes the live value. After that, comparing is plain equality, and whatever replaces a
whole list carries over what the file does not mention.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from expsync.core.normalize import (
    ADDED_WEIGHT,
    DEFAULT_PERCENTAGE,
    DEFAULT_VARIANTS,
    DEFAULT_WEIGHT,
    Desired,
    conditions_leaf,
    same,
)
from expsync.core.paths import Path, is_ignored
from expsync.core.unfinished import completed, is_unfinished, may_be_left
from expsync.model.state import Fields, Leaf, SegmentState, State, VariantState
from expsync.model.words import BANDIT as BANDIT
from expsync.model.words import SHIELD as SHIELD
from expsync.model.workspace import Ownership


@dataclass(frozen=True, slots=True)
class Target:
    """Where one experiment stands and where it goes.

    `live` is the live state under the keys that its variants will have (None: it does not exist yet), `state` the
    state to reach, `renamed` maps new variant keys to live ones, `unread` are declared values that the API does not
    give back, and `order` is the order of variants that the file asks for, where it is not the server's.
    """

    live: State | None
    state: State
    renamed: Mapping[str, str]
    unread: Fields
    order: tuple[str, ...] | None
    bandit_weights: tuple[str, ...] = ()
    """Variants of a multi-arm bandit whose declared weight is not the live one: left to the product."""
    may_pause: bool = False
    """Whether the file says that it is enabled, so that a pause would be ended by the next run if this one died."""
    marked: bool = False
    """Whether the creation bears a mark until it is completed (see core.unfinished)."""

    @property
    def alters(self) -> bool:
        """Whether there is anything to do; another order of segments is something, and mappings are equal in any."""
        live = self.live
        return (
            live is None
            or live != self.state
            or bool(self.renamed)
            or list(live.targetSegments or ()) != list(self.state.targetSegments or ())
        )


def target_of(desired: Desired, live: State | None, ownership: Ownership) -> Target:
    """The target for a declaration; `live` is None where the experiment does not exist."""
    return _to_create(desired, ownership) if live is None else _to_change(desired, live, ownership)


def unowned_target(live: State) -> Target:
    """The target for an experiment that no file declares any more: archived, and otherwise as it is."""
    return Target(live, replace(live, fields={**live.fields, "archived": True}), {}, {}, None)


def renames_of(desired: Desired, live: State) -> dict[str, str]:
    """New key to live key, for each declared rename that is still to be done; what is left to people keeps its key."""
    there = live.variants or {}
    declared = desired.state.variants or {}
    return {
        new: old
        for new, old in desired.renames.items()
        if new not in there
        and old in there
        and old not in declared
        and not is_ignored(desired.ignore, ("variants", old, "key"))
    }


def needs_tags(desired: Desired, live: State, ownership: Ownership) -> bool:
    """Whether the live tags must be known before the ownership tag can be added: they are not, and it is wanted."""
    return live.tags is None and desired.state.tags is None and not is_ignored(desired.ignore, ("tags", ownership.tag))


def _to_create(desired: Desired, ownership: Ownership) -> Target:
    wanted = desired.state
    variants = wanted.variants
    if variants is not None and any("rolloutWeight" in v.fields for v in variants.values()):
        variants = {
            key: replace(v, fields={**v.fields, "rolloutWeight": v.fields.get("rolloutWeight", DEFAULT_WEIGHT)})
            for key, v in variants.items()
        }
    segments = wanted.targetSegments
    if segments is not None:
        weights = _all_users_weights(variants)
        segments = {name: _completed(segment, weights) for name, segment in segments.items()}
    tags = _created_tags(desired, ownership)
    state = replace(wanted, variants=variants, targetSegments=segments, tags=tags)
    return Target(None, state, {}, {}, None, marked=may_be_left(desired, state))


def _created_tags(desired: Desired, ownership: Ownership) -> frozenset[str]:
    tags = (desired.state.tags or frozenset()) | {ownership.tag}
    return tags | {ownership.protectedTag} if desired.prevent_archive else tags


def _to_change(desired: Desired, live: State, ownership: Ownership) -> Target:
    renames = renames_of(desired, live)
    live = rekeyed(live, {old: new for new, old in renames.items()})
    ignore = desired.ignore
    fields, unread = _merged_fields(desired.state.fields, live.fields, ignore)
    variants = live.variants
    bandit: tuple[str, ...] = ()
    sets_weights = fields.get("experimentType") == live.fields.get("experimentType") == BANDIT
    if sets_weights:
        ignore = (*ignore, "variants.*.rolloutWeight", "targetSegments.*.rolloutWeights")
    if desired.state.variants is not None and live.variants is not None and not is_ignored(ignore, ("variants",)):
        if sets_weights:
            bandit = tuple(_different_weights(desired.state.variants, live.variants))
        variants = _merged_variants(desired.state.variants, live.variants, ignore)
    state = replace(
        live,
        fields=fields,
        variants=variants,
        targetSegments=_merged_segments(desired.state.targetSegments, live.targetSegments, variants, ignore),
        deployments=_merged_set("deployments", desired.state.deployments, live.deployments, ignore),
        tags=_merged_tags(desired, live, ownership, stays_archived=bool(fields.get("archived"))),
    )
    if is_unfinished(live):
        state = completed(desired, live, state, unread, tags=_created_tags(desired, ownership))
        bandit = tuple(_different_weights(desired.state.variants or {}, state.variants or {})) if sets_weights else ()
    return Target(
        live,
        state,
        renames,
        unread,
        _other_order(desired, state),
        bandit,
        may_pause=desired.state.flag("enabled", unknown=False) and not is_ignored(desired.ignore, ("enabled",)),
    )


def rekeyed(state: State, new_keys: Mapping[str, str]) -> State:
    """The state with variants under their new keys; `new_keys` maps each key that changes to the one it becomes."""
    if not new_keys or state.variants is None:
        return state
    segments = state.targetSegments
    if segments is not None:
        segments = {
            name: segment
            if segment.rolloutWeights is None
            else replace(segment, rolloutWeights={new_keys.get(k, k): w for k, w in segment.rolloutWeights.items()})
            for name, segment in segments.items()
        }
    variants = {new_keys.get(key, key): variant for key, variant in state.variants.items()}
    return replace(state, variants=variants, targetSegments=segments)


def _merged_fields(wanted: Fields, live: Fields, ignore: tuple[str, ...]) -> tuple[dict[str, Leaf], dict[str, Leaf]]:
    merged = dict(live)
    unread: dict[str, Leaf] = {}
    for name, value in wanted.items():
        if is_ignored(ignore, (name,)):
            continue
        if name not in live:
            unread[name] = value
        elif not same(name, value, live[name]):
            merged[name] = value
    return merged, unread


def _merged_variants(
    wanted: Mapping[str, VariantState], live: Mapping[str, VariantState], ignore: tuple[str, ...]
) -> dict[str, VariantState]:
    merged: dict[str, VariantState] = {}
    for key, variant in live.items():
        if key in wanted:
            merged[key] = _merged_variant(key, wanted[key], variant, ignore)
        elif is_ignored(ignore, ("variants", key)):
            merged[key] = variant
    for key, variant in wanted.items():
        if key not in live and not is_ignored(ignore, ("variants", key)):
            merged[key] = replace(variant, fields={"rolloutWeight": ADDED_WEIGHT, **variant.fields})
    return merged


def _merged_variant(key: str, wanted: VariantState, live: VariantState, ignore: tuple[str, ...]) -> VariantState:
    declared = {name: value for name, value in wanted.fields.items() if not is_ignored(ignore, ("variants", key, name))}
    equal = {name for name, value in declared.items() if name in live.fields and same(name, value, live.fields[name])}
    fields = {**live.fields, **{name: value for name, value in declared.items() if name not in equal}}
    path: Path = ("variants", key)
    return VariantState(
        fields=fields,
        inclusions=_kept_set((*path, "inclusions"), wanted.inclusions, live.inclusions, ignore),
        cohortInclusions=_kept_set((*path, "cohortInclusions"), wanted.cohortInclusions, live.cohortInclusions, ignore),
    )


def _kept_set(
    path: Path, wanted: frozenset[str] | None, live: frozenset[str] | None, ignore: tuple[str, ...]
) -> frozenset[str] | None:
    return live if wanted is None or is_ignored(ignore, path) else wanted


def _merged_set(
    name: str, wanted: frozenset[str] | None, live: frozenset[str] | None, ignore: tuple[str, ...]
) -> frozenset[str] | None:
    if wanted is None or live is None:
        return live
    return frozenset(
        member for member in wanted | live if member in (live if is_ignored(ignore, (name, member)) else wanted)
    )


def _merged_tags(desired: Desired, live: State, ownership: Ownership, *, stays_archived: bool) -> frozenset[str] | None:
    tags = _merged_set("tags", desired.state.tags, live.tags, desired.ignore)
    if tags is None or live.tags is None:
        return tags
    if stays_archived and live.fields.get("archived") and desired.state.tags is None:
        # It is out of use: there is nothing to adopt it for.
        return tags
    added, removed = {ownership.tag}, set[str]()
    if desired.prevent_archive:
        added.add(ownership.protectedTag)
    elif desired.prevent_archive is False and desired.state.tags is None:
        removed.add(ownership.protectedTag)
    added = {tag for tag in added if not is_ignored(desired.ignore, ("tags", tag))}
    removed = {tag for tag in removed if not is_ignored(desired.ignore, ("tags", tag))}
    return (tags | added) - removed


def _merged_segments(
    wanted: Mapping[str, SegmentState] | None,
    live: Mapping[str, SegmentState] | None,
    variants: Mapping[str, VariantState] | None,
    ignore: tuple[str, ...],
) -> Mapping[str, SegmentState] | None:
    if live is None:
        return None
    if wanted is None or is_ignored(ignore, ("targetSegments",)):
        merged = dict(live)
    else:
        merged = {}
        for name, segment in wanted.items():
            path: Path = ("targetSegments", name)
            if name in live:
                merged[name] = _merged_segment(path, segment, live[name], ignore)
            elif not is_ignored(ignore, path):
                merged[name] = _completed(segment, _all_users_weights(variants))
        merged = _with_ignored(merged, wanted, live, ignore)
    if wanted is None or SHIELD not in wanted:
        merged = {name: segment for name, segment in merged.items() if name != SHIELD}
    return {name: _without_strangers(segment, variants) for name, segment in merged.items()}


def _with_ignored(
    merged: Mapping[str, SegmentState],
    wanted: Mapping[str, SegmentState],
    live: Mapping[str, SegmentState],
    ignore: tuple[str, ...],
) -> dict[str, SegmentState]:
    """The segments with those that are left to people, each right behind the one that it follows on the live side."""
    names = list(merged)
    place = 0
    for name in live:
        if name not in wanted and is_ignored(ignore, ("targetSegments", name)):
            names.insert(place, name)
        if name in names:
            place = names.index(name) + 1
    return {name: merged[name] if name in merged else live[name] for name in names}


def _merged_segment(path: Path, wanted: SegmentState, live: SegmentState, ignore: tuple[str, ...]) -> SegmentState:
    fields = dict(live.fields)
    fields.update({name: value for name, value in wanted.fields.items() if not is_ignored(ignore, (*path, name))})
    weights = live.rolloutWeights
    if wanted.rolloutWeights is not None:
        held = live.rolloutWeights or {}
        weights = {}
        for key in dict.fromkeys((*wanted.rolloutWeights, *held)):
            source = held if is_ignored(ignore, (*path, "rolloutWeights", key)) else wanted.rolloutWeights
            if key in source:
                weights[key] = source[key]
    # The conditions decide whether it still is one that the API can't take back.
    foreign = live.foreign and fields.get("conditions") == live.fields.get("conditions")
    return replace(live, fields=fields, rolloutWeights=weights, foreign=foreign)


def _completed(segment: SegmentState, weights: Mapping[str, int | float]) -> SegmentState:
    """A segment that does not exist yet, with everything that the API asks for."""
    fields: dict[str, Leaf] = {
        "conditions": conditions_leaf([]),
        "percentage": DEFAULT_PERCENTAGE,
        **segment.fields,
    }
    return replace(
        segment,
        fields=fields,
        rolloutWeights=dict(weights) if segment.rolloutWeights is None else segment.rolloutWeights,
    )


def _all_users_weights(variants: Mapping[str, VariantState] | None) -> dict[str, int | float]:
    if variants is None:
        return dict.fromkeys(DEFAULT_VARIANTS, DEFAULT_WEIGHT)
    weights: dict[str, int | float] = {}
    for key, variant in variants.items():
        weight = variant.fields.get("rolloutWeight", DEFAULT_WEIGHT)
        assert isinstance(weight, int | float)
        if weight:
            weights[key] = weight
    return weights


def _without_strangers(segment: SegmentState, variants: Mapping[str, VariantState] | None) -> SegmentState:
    """The segment without weights of variants that will not be there: they must go before the variant does."""
    if segment.rolloutWeights is None or variants is None or segment.rolloutWeights.keys() <= variants.keys():
        return segment
    return replace(segment, rolloutWeights={k: w for k, w in segment.rolloutWeights.items() if k in variants})


def _different_weights(wanted: Mapping[str, VariantState], live: Mapping[str, VariantState]) -> list[str]:
    return [
        key
        for key, variant in wanted.items()
        if key in live
        and "rolloutWeight" in variant.fields
        and variant.fields["rolloutWeight"] != live[key].fields.get("rolloutWeight")
    ]


def _other_order(desired: Desired, state: State) -> tuple[str, ...] | None:
    """The file's order of variants, where the server will have another."""
    wanted = tuple(desired.state.variants or ())
    there = tuple(key for key in state.variants or () if key in wanted)
    common = tuple(key for key in wanted if key in there)
    return common if common != there else None
