"""Every folder under tests/cases: the plan is as written down, and applying it does that, all of it and no more."""

from __future__ import annotations

import pytest

from tests.cases_frame import Case, all_cases, fields_along, fields_changed, fields_listed, running

CASES = all_cases()
SETTLING = [case for case in CASES if case.settings.get("settles", True)]


def test_there_are_at_least_forty_cases() -> None:
    assert len(CASES) >= 40


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_plan_is_as_written_down(case: Case) -> None:
    with running(case) as run:
        assert run.text() == (case.folder / "expected.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("case", SETTLING, ids=lambda case: case.name)
def test_applying_it_leaves_nothing_to_do_and_no_call_is_refused(case: Case) -> None:
    with running(case) as run:
        plan = run.plan()
        before = run.client.requests_sent
        outcome = run.apply(plan)
        sent = run.client.requests_sent - before
        assert [(e.key, e.status, e.error, e.left) for e in outcome.experiments] == [
            (e.key, "done", "", []) for e in plan.experiments
        ]
        if not case.settings.get("habits", {}).get("older", False):
            assert sent == plan.summary.requests
        again = run.plan()
        assert again.experiments == []
        assert run.refused == case.settings.get("refused", [])


@pytest.mark.parametrize("case", SETTLING, ids=lambda case: case.name)
def test_applying_it_changes_what_the_plan_lists_and_nothing_else(case: Case) -> None:
    with running(case) as run:
        before = run.engine.export("1001")
        plan = run.plan()
        run.apply(plan)
        changed, listed, along = (
            fields_changed(before, run.engine.export("1001")),
            fields_listed(plan),
            fields_along(plan),
        )
    assert changed.keys() == listed.keys()
    for key in listed:
        assert listed[key] <= changed[key] <= listed[key] | along.get(key, set())
