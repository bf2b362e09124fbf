"""The guard against mistakes that hit many experiments at once: a moved folder, a wrong glob, a bad overlay."""

from __future__ import annotations

from expsync.model.plan import Plan, PlannedExperiment
from expsync.model.workspace import MassChange


def mass_change(plan: Plan, limit: MassChange) -> str | None:
    """A sentence about how much of what is managed a plan archives or disables, where that is more than the limit."""
    counts = plan.summary
    managed = counts.unchanged + counts.update + counts.archive + counts.unarchive + counts.blocked
    stopping = sum(_stops(planned) for planned in plan.experiments)
    if managed < limit.atLeast or stopping * 100 <= limit.percent * managed:
        return None
    return (
        f"{stopping} of {managed} managed experiments would be archived or disabled at once, "
        f"more than {limit.percent:g} % (policy.massChange)"
    )


def _stops(planned: PlannedExperiment) -> bool:
    return planned.action != "blocked" and any(
        (change.path, change.before, change.after) in (("enabled", True, False), ("archived", False, True))
        for change in planned.changes
        if change.kind == "replace"
    )
