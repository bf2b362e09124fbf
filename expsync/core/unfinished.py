"""Creations that were broken off, and what the next run still has to do for them.

A creation takes several calls: the API's create takes some fields, and only an edit sets the rest. If the program dies
in between, the next run finds an experiment that exists, and what `lifecycle.ignoreChanges` names (or a bandit's own
weights) is left to people once an experiment exists. It must not be overlooked, and an experiment that people made must
not be touched; so the two have to be told apart for certain. Nothing that happens to be so is proof: by hand, too, an
experiment can be made that has no tag, is off, and was never edited. Hence a mark that nobody else makes: where it will
matter, a creation sends `UNFINISHED` as the description, and its last edit writes the real one. It stands there for a
moment, or says in the product's own pages what has happened.

What is set by the next run is only what still is as create left it. Anything else is a person's work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from expsync.core.normalize import DEFAULT_WEIGHT, NEW_FIELDS, Desired
from expsync.core.paths import Path, is_ignored
from expsync.model.state import Leaf, State, VariantState
from expsync.model.words import BANDIT, UNFINISHED

CREATE_FIELDS = ("name", "description", "bucketingKey", "evaluationMode", "experimentType")
"""Scalar fields that create takes; it takes variants, weights, segments and deployments too, and no more."""
_CREATED: Mapping[str, Leaf] = {
    "enabled": False,
    "rolloutPercentage": 0,
    **{name: value for name, value in NEW_FIELDS.items() if name not in (*CREATE_FIELDS, "archived")},
}
"""What a new experiment has in the fields that only an edit sets; the salt is random, and being archived goes last."""


def is_unfinished(live: State) -> bool:
    """Whether a live experiment bears the mark of a creation that was not completed."""
    return live.fields.get("description") == UNFINISHED


def may_be_left(desired: Desired, state: State) -> bool:
    """Whether something of a creation comes after the first call, and would be left alone by the next run."""
    paths: list[Path] = [(name,) for name in state.fields if name in _CREATED or name == "bucketingSalt"]
    paths += [("tags", tag) for tag in state.tags or ()]
    variants = state.variants or {}
    for key, variant in variants.items():
        paths += [("variants", key, name) for name in ("inclusions", "cohortInclusions") if getattr(variant, name)]
    if has_fractions(variants):
        if state.fields.get("experimentType") == BANDIT:
            return True
        paths += [("variants", key, "rolloutWeight") for key in variants]
    return any(is_ignored(desired.ignore, path) for path in paths)


def has_fractions(variants: Mapping[str, VariantState]) -> bool:
    """Whether a weight is no whole number: create takes none of them then."""
    return any(not isinstance(_weight(variant), int) for variant in variants.values())


def completed(desired: Desired, live: State, state: State, unread: dict[str, Leaf], *, tags: frozenset[str]) -> State:
    """The state to reach, with all that a creation which was broken off has not set yet; `tags` are those it sets.

    What the API doesn't give back is added to `unread`.
    """
    fields = {**state.fields, "description": desired.state.fields.get("description", "")}
    for name, value in desired.state.fields.items():
        if not is_ignored(desired.ignore, (name,)) or (name not in _CREATED and name != "bucketingSalt"):
            continue
        if name not in live.fields:
            unread[name] = value
        elif name == "bucketingSalt" or live.fields[name] == _CREATED[name]:
            fields[name] = value
    variants = state.variants
    if variants is not None and desired.state.variants is not None:
        variants = _variants(desired.state.variants, live.variants or {}, variants)
    return replace(state, fields=fields, variants=variants, tags=tags if live.tags == frozenset() else state.tags)


def _variants(
    wanted: Mapping[str, VariantState], live: Mapping[str, VariantState], state: Mapping[str, VariantState]
) -> dict[str, VariantState]:
    # They are set one by one: some may be.
    ours = has_fractions(wanted) and all(
        _weight(variant) in (DEFAULT_WEIGHT, _weight(wanted[key])) for key, variant in live.items() if key in wanted
    )
    found = dict(state)
    for key in wanted.keys() & live.keys() & state.keys():
        asked, there, variant = wanted[key], live[key], state[key]
        found[key] = VariantState(
            fields={**variant.fields, "rolloutWeight": _weight(asked)} if ours else variant.fields,
            inclusions=_members(asked.inclusions, there.inclusions, variant.inclusions),
            cohortInclusions=_members(asked.cohortInclusions, there.cohortInclusions, variant.cohortInclusions),
        )
    return found


def _weight(variant: VariantState) -> Leaf:
    return variant.fields.get("rolloutWeight", DEFAULT_WEIGHT)


def _members(
    wanted: frozenset[str] | None, live: frozenset[str] | None, state: frozenset[str] | None
) -> frozenset[str] | None:
    return wanted if wanted is not None and live == frozenset() else state
