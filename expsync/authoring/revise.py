"""A declaration with other values: what a file must say so that it means a given state.

Taking over what is live (pull) and going back to a version (rollback) are the same act: each value that the file
declares and that differs is replaced, and nothing else is touched. Only rollback declares what was left out, where
living on without it would keep what came since.
"""

from __future__ import annotations

from pydantic import JsonValue

from expsync.authoring.aliases import aliases_by_id
from expsync.authoring.declare import NULLABLE, declared_deployments, declared_field
from expsync.authoring.revise_segments import revise_segments
from expsync.authoring.revise_variants import revise_variants
from expsync.authoring.terms import Revision, Terms
from expsync.config.overlay import Raw
from expsync.core.normalize import leaf_of, same
from expsync.model.fields import SCALAR_FIELDS
from expsync.model.state import Fields, Leaf, State
from expsync.model.words import BANDIT

_ENABLED_AND_ARCHIVED = "`enabled` is left out now: a file can't say that an archived experiment is enabled"


def revised(merged: Raw, wanted: State, terms: Terms) -> Revision:
    """The declaration (one environment's merged form) as it must be to mean `wanted`; `merged` itself is not changed.

    What `wanted` does not know stays as it is. So does what no file can say: segments among which one has a cohort.
    """
    raw = dict(merged)
    if _sets_its_weights(merged, wanted, terms):
        # A bandit's running weights are the product's own: no change of anybody.
        terms = terms.leaving("variants.*.rolloutWeight", "targetSegments.*.rolloutWeights")
    _revise_fields(raw, wanted.fields, terms)
    _revise_set(raw, "tags", wanted.tags, terms)
    _revise_set(raw, "deployments", wanted.deployments, terms)
    users = revise_variants(raw, wanted, terms)
    revise_segments(raw, wanted, terms)
    notes: tuple[str, ...] = ()
    both = raw.get("archived") is True and raw.get("enabled") is True
    if both and terms.since is None and ("enabled",) not in terms.held:
        del raw["enabled"]
        notes = (_ENABLED_AND_ARCHIVED,)
    return Revision(raw, users, notes)


def _sets_its_weights(merged: Raw, wanted: State, terms: Terms) -> bool:
    """Whether the experiment is a bandit that goes on as one."""
    live = (terms.since or wanted).fields.get("experimentType", merged.get("experimentType"))
    if terms.leaves("experimentType"):
        return live == BANDIT
    return live == BANDIT and wanted.fields.get("experimentType", live) == BANDIT


def _revise_fields(raw: Raw, wanted: Fields, terms: Terms) -> None:
    for name in SCALAR_FIELDS:
        if name not in wanted or terms.leaves(name) or (wanted[name] is None and name not in NULLABLE):
            continue
        value = wanted[name]
        if name in raw:
            if same(name, leaf_of(name, raw[name]), value):
                continue
        elif terms.since is None or (name in terms.since.fields and same(name, terms.since.fields[name], value)):
            continue
        raw[name] = _said(name, value, raw.get(name))


def _said(name: str, value: Leaf, held: JsonValue) -> JsonValue:
    said = declared_field(name, value)
    if name == "exposureEvent" and isinstance(said, dict) and not (isinstance(held, dict) and "filters" not in held):
        # Said even where there are none: in an overlay, the filters of the base would show through.
        return {**said, "filters": said.get("filters", [])}
    return said


def _revise_set(raw: Raw, name: str, wanted: frozenset[str] | None, terms: Terms) -> None:
    """The members that stay keep their order and their words; new ones go behind them."""
    if wanted is None or terms.leaves(name):
        return
    held = raw.get(name)
    own = terms.own_tags if name == "tags" else frozenset[str]()
    if not isinstance(held, list):
        if terms.since is None:
            return
        before: frozenset[str] | None = getattr(terms.since, name)
        if before is not None and before - own == wanted - own:
            return
        held = []
    ids = [terms.environment.deployment_id(_word(item)) if name == "deployments" else str(item) for item in held]
    kept = [item for item, id in zip(held, ids, strict=True) if id in wanted or id in own or terms.leaves(name, id)]
    added = [id for id in wanted - set(ids) - own if not terms.leaves(name, id)]
    aliases = aliases_by_id(terms.environment) if name == "deployments" else {}
    raw[name] = [*kept, *declared_deployments(added, aliases)]


def _word(item: JsonValue) -> str | int:
    return item if isinstance(item, str | int) else str(item)
