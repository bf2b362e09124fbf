"""A first call that got no clear answer is sent again only to the experiment that was planned for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from tests.apply.world import Answer, Bench, Trouble, bench

LIVE: dict[str, Any] = {
    "key": "exp",
    "tags": ["managed-by-expsync"],
    "variants": [{"key": "control"}, {"key": "treatment"}],
}
DECLARED = {
    "key": "exp",
    "rolloutPercentage": 20,
    "variants": [{"key": "control", "rolloutWeight": 3}, LIVE["variants"][1]],
}


def test_it_is_not_sent_again_once_somebody_has_edited_the_experiment(tmp_path: Path) -> None:
    with bench(tmp_path, live=[LIVE]) as run:
        run.declare(DECLARED)
        plan = run.plan()

        def edited_meanwhile(request: httpx.Request, answer: Answer) -> httpx.Response:
            run.edit("exp", rolloutPercentage=1)
            return httpx.Response(503, text="overloaded")

        run.wire.troubles = [Trouble("editExperiment", edited_meanwhile)]
        outcome = run.apply(plan)

        (told,) = outcome.experiments
        assert (told.status, told.done, told.failed, told.pending, told.error) == (
            "failed",
            [],
            plan.experiments[0].operations[0],
            plan.experiments[0].operations[1:],
            "editExperiment: the server failed (503): overloaded; "
            "the experiment has changed since, so the call was not sent again",
        )
        assert told.hint == "run expsync plan again and look at what is different now"
        assert outcome.exit_code == 4
        assert run.wire.writes == ["editExperiment"]
        assert run.live("exp")["rolloutPercentage"] == 1


def test_one_that_arrives_late_changes_the_experiment_and_is_done(tmp_path: Path) -> None:
    """Neither read after the failure shows it, and the check before it would be sent again does."""
    with bench(tmp_path, live=[LIVE]) as run:
        run.declare(DECLARED)
        plan = run.plan()
        late: list[httpx.Request] = []

        def slow(request: httpx.Request, answer: Answer) -> httpx.Response:
            late.append(request)
            return httpx.Response(503, text="overloaded")

        def after_it(request: httpx.Request, answer: Answer) -> httpx.Response:
            answer(late.pop())
            return answer(request)

        # Read before the first write, twice after the failure, and then by the check.
        run.wire.troubles = [Trouble("editExperiment", slow), Trouble("getExperiment", after_it, first=4)]
        outcome = run.apply(plan)

        assert outcome.exit_code == 0
        assert run.wire.writes == ["editExperiment", "editVariant"]
        assert late == []
        assert run.plan().experiments == []


def test_a_later_call_is_sent_again_whatever_else_has_changed(tmp_path: Path) -> None:
    """What was begun is completed; the plan of it was checked before."""
    with bench(tmp_path, live=[LIVE]) as run:
        run.declare(DECLARED)
        plan = run.plan()
        rename_by_hand(run)
        outcome = run.apply(plan)

        assert outcome.exit_code == 0
        assert run.wire.writes == ["editExperiment", "editVariant", "editVariant"]
        assert (run.live("exp")["name"], run.plan().experiments) == ("by hand", [])


def rename_by_hand(run: Bench) -> None:
    def edited_meanwhile(request: httpx.Request, answer: Answer) -> httpx.Response:
        run.edit("exp", name="by hand")
        return httpx.Response(503, text="overloaded")

    run.wire.troubles = [Trouble("editVariant", edited_meanwhile)]
