"""The plan: for each experiment its changes, its calls in order, and what would stop them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from expsync.core.assembly import Planned as Planned
from expsync.core.diff import diff_states
from expsync.core.fingerprint import fingerprint_of, observed_of
from expsync.core.impact import impacts_of
from expsync.core.normalize import DEFAULT_VARIANTS, Desired
from expsync.core.operations import order_operations, segments_are_written
from expsync.core.paths import is_ignored
from expsync.core.pictures import split_changes
from expsync.core.risk import cohort_lost, findings_of
from expsync.core.steps import states_along
from expsync.core.target import Target, needs_tags, target_of, unowned_target
from expsync.diagnostics import Diagnostic, Place
from expsync.model.experiment import Acknowledgement
from expsync.model.fields import VARIANT_DETAILS
from expsync.model.plan import (
    Action,
    Change,
    Finding,
    Note,
    Operation,
    PlannedExperiment,
)
from expsync.model.reads import Needs
from expsync.model.state import State
from expsync.model.workspace import Ownership


def needs_of(desired: Desired) -> Needs:
    """What must be known of the live experiment to compare it with this declaration."""
    state, ignore = desired.state, desired.ignore
    fields = {name for name in state.fields if name != "archived" and not is_ignored(ignore, (name,))}
    fields |= {
        name
        for name in ("tags", "deployments", "targetSegments", "variants")
        if getattr(state, name) is not None and not is_ignored(ignore, (name,))
    }
    variants = state.variants or {}
    if any("rolloutWeight" in v.fields for v in variants.values()):
        fields.add("rolloutWeights")
    wanted = {
        name: {
            key: desired.renames.get(key)
            for key, variant in variants.items()
            if getattr(variant, name) is not None and not is_ignored(ignore, ("variants", key, name))
        }
        for name in ("inclusions", "cohortInclusions")
    }
    return Needs(
        fields=frozenset(fields),
        details=any(
            name in variant.fields and not is_ignored(ignore, ("variants", key, name))
            for key, variant in variants.items()
            for name in VARIANT_DETAILS
        ),
        inclusions=wanted["inclusions"],
        cohorts=wanted["cohortInclusions"],
        # Nothing was left to people yet.
        unfinished=needs_of(replace(desired, ignore=())) if ignore else None,
    )


def waits_for_tags(planned: Planned, desired: Desired, live: State | None, ownership: Ownership) -> bool:
    """Whether there is something to change and the live tags must be read first, since an edit also adopts."""
    return planned.experiment is not None and live is not None and needs_tags(desired, live, ownership)


def plan_declared(
    desired: Desired, live: State | None, ownership: Ownership, project_id: str, *, today: date, shield: bool = False
) -> Planned:
    """What a declaration makes of an experiment; `live` is None where there is none.

    `today` is the day by which acknowledgements count. With `shield`, weights change behind a segment that holds the
    old split.
    """
    target = target_of(desired, live, ownership)
    changes = diff_states(target.live, target.state, target.renamed)
    notes = tuple(_notes(target))
    problems = tuple(_strangers(desired, target))
    if live is not None and not changes:
        return Planned(None, notes, problems)
    lost = _cohorts_lost(target)
    operations = [] if lost else order_operations(target, project_id, shield=shield)
    observed = observed_of(live)
    return Planned(
        PlannedExperiment(
            key=desired.state.key,
            id=None if live is None else live.id,
            file=desired.file,
            line=desired.line,
            action="blocked" if lost else _action(target),
            changes=changes,
            operations=operations,
            findings=lost or _findings(target, changes, operations, desired.acknowledged, today),
            splits=split_changes(target.live, target.state) if target.live is not None else [],
            observed=observed,
            fingerprint=fingerprint_of(live, observed, desired.state.key),
        ),
        notes,
        problems,
    )


def plan_pruned(live: State, project_id: str, *, today: date) -> PlannedExperiment:
    """The archiving of an experiment that no file declares any more."""
    target = unowned_target(live)
    observed = observed_of(live)
    changes = diff_states(live, target.state)
    operations = order_operations(target, project_id)
    return PlannedExperiment(
        key=live.key,
        id=live.id,
        file=None,
        line=None,
        action="archive",
        changes=changes,
        operations=operations,
        findings=_findings(target, changes, operations, (), today),
        observed=observed,
        fingerprint=fingerprint_of(live, observed, live.key),
    )


def is_owned(state: State, ownership: Ownership) -> bool | None:
    """Whether we manage a live experiment; None where its tags are not known."""
    return None if state.tags is None else ownership.tag in state.tags


def may_be_pruned(state: State, ownership: Ownership) -> bool:
    """Whether it bears the ownership tag and not the protected one."""
    return state.tags is not None and ownership.tag in state.tags and ownership.protectedTag not in state.tags


def _action(target: Target) -> Action:
    if target.live is None:
        return "create"
    before, after = (s.flag("archived", unknown=False) for s in (target.live, target.state))
    if before == after:
        return "update"
    return "archive" if after else "unarchive"


def _findings(
    target: Target,
    changes: Sequence[Change],
    operations: Sequence[Operation],
    acknowledged: Sequence[Acknowledgement],
    today: date,
) -> list[Finding]:
    """The risks of the change, with who moves and who moves on the way."""
    states = states_along(target, operations)
    impact = impacts_of(states) if states else []
    return findings_of(target, changes, impact, acknowledged, today)


def _cohorts_lost(target: Target) -> list[Finding]:
    """A finding that blocks, where a list of segments would be replaced and one holds what can't be written back."""
    if target.live is None or not segments_are_written(target):
        return []
    names = [name for name, segment in (target.live.targetSegments or {}).items() if segment.foreign]
    if not names:
        return []
    return [cohort_lost(names)]


def _strangers(desired: Desired, target: Target) -> Iterable[Diagnostic]:
    """An error for each weight of a variant that will not be there; the loader sees to files that list the variants."""
    variants = DEFAULT_VARIANTS if target.live is None and target.state.variants is None else target.state.variants
    for name, segment in (desired.state.targetSegments or {}).items():
        for key in (segment.rolloutWeights or {}).keys() - set(variants or ()):
            yield Diagnostic(
                code="EXP209",
                severity="error",
                place=Place(desired.file, desired.line),
                subject=desired.state.key,
                message=f'segment "{name}" gives a weight to "{key}", which is no variant',
                detail=f"the experiment has {', '.join(variants or ())}",
                hint="correct the key, or declare the variants",
            )


def _notes(target: Target) -> Iterable[Note]:
    key = target.state.key
    for name in target.unread:
        yield Note(
            key=key,
            path=name,
            message="the API does not give it back, so it could not be compared; it is sent along with any other edit",
        )
    if target.order is not None:
        there = ", ".join(variant for variant in target.state.variants or () if variant in target.order)
        yield Note(
            key=key,
            path="variants",
            message=f"the API can't reorder variants: the file says {', '.join(target.order)}, "
            f"users are split in the order {there}",
        )
    if target.live is not None and target.live.older and segments_are_written(target):
        yield Note(
            key=key,
            path="targetSegments",
            message="the server looks too old to edit segments: it may refuse the call",
        )
    for variant in target.bandit_weights:
        yield Note(
            key=key,
            path=f"variants.{variant}.rolloutWeight",
            message="a multi-arm bandit sets its weights itself: the declared one counts only when it is created",
        )
