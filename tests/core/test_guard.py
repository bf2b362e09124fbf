"""The guard against mistakes that hit many experiments at once."""

from __future__ import annotations

from typing import Any

import pytest

from expsync.core.guard import mass_change
from expsync.model.plan import Change, Plan, PlannedExperiment
from expsync.model.workspace import MassChange
from tests.render.plans import experiment, plan, summary

DISABLE = Change(path="enabled", kind="replace", before=True, after=False)
ENABLE = Change(path="enabled", kind="replace", before=False, after=True)
ARCHIVE = Change(path="archived", kind="replace", before=False, after=True)
BRING_BACK = Change(path="archived", kind="replace", before=True, after=False)
NEW_AND_OFF = Change(path="enabled", kind="add", before=None, after=False)
NAME = Change(path="name", kind="replace", before="a", after="b")


def stopping(number: int, *changes: Change, action: Any = "update") -> list[PlannedExperiment]:
    return [experiment(f"exp-{place}", action, changes=list(changes)) for place in range(number)]


def of(experiments: list[PlannedExperiment], **counts: int) -> Plan:
    return plan(*experiments, summary=summary(**counts))


LIMIT = MassChange(percent=30, atLeast=10)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (of(stopping(3, DISABLE), update=3, unchanged=7), None),
        (of(stopping(4, DISABLE), update=4, unchanged=6), "4 of 10"),
        (of(stopping(4, ARCHIVE, action="archive"), archive=4, unchanged=6), "4 of 10"),
        (of(stopping(4, DISABLE, ARCHIVE), archive=4, unchanged=6), "4 of 10"),
        (of(stopping(4, NAME, DISABLE), update=2, unarchive=2, unchanged=3, blocked=3), "4 of 10"),
        (of(stopping(9, DISABLE), update=9), None),
        (of(stopping(10, DISABLE), update=10), "10 of 10"),
        (of(stopping(10, NAME), update=10), None),
        (of(stopping(10, ENABLE), update=10), None),
        (of(stopping(10, BRING_BACK), unarchive=10), None),
        (of(stopping(10, NEW_AND_OFF, action="create"), create=10), None),
        (of(stopping(10, DISABLE, action="blocked"), blocked=10), None),
        (of(stopping(4, DISABLE), update=4, unchanged=2, create=20), None),
        (of([]), None),
    ],
)
def test_more_than_a_share_of_what_is_managed_is_a_mass_change(made: Plan, said: str | None) -> None:
    expected = said and (
        f"{said} managed experiments would be archived or disabled at once, more than 30 % (policy.massChange)"
    )
    assert mass_change(made, LIMIT) == expected


@pytest.mark.parametrize(
    ("limit", "stopped", "said"),
    [
        (MassChange(percent=0, atLeast=0), 0, None),
        (MassChange(percent=0, atLeast=0), 1, "more than 0 %"),
        (MassChange(percent=12.5, atLeast=0), 1, None),
        (MassChange(percent=12.5, atLeast=0), 2, "more than 12.5 %"),
        (MassChange(percent=100, atLeast=0), 8, None),
        (MassChange(percent=1, atLeast=9), 8, None),
    ],
)
def test_the_workspace_sets_the_limit(limit: MassChange, stopped: int, said: str | None) -> None:
    found = mass_change(of(stopping(stopped, DISABLE), update=stopped, unchanged=8 - stopped), limit)

    assert found is None if said is None else said in (found or "")
