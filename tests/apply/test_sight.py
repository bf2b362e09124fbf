"""What a call rests on is looked at again where time has passed, and what people did meanwhile is not written over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from expsync.apply.sight import FRESH
from expsync.errors import Interrupted
from expsync.model.outcome import ExperimentOutcome
from tests.apply.world import Answer, Bench, Trouble, bench

LIVE: dict[str, Any] = {
    "key": "exp",
    "name": "Old",
    "rolloutPercentage": 10,
    "tags": ["managed-by-expsync"],
    "variants": [{"key": "control"}, {"key": "treatment", "payload": 1}, {"key": "third", "inclusions": ["ada"]}],
}
DECLARED = {
    "key": "exp",
    "name": "New",
    "rolloutPercentage": 20,
    "variants": [
        {"key": "control", "rolloutWeight": 3},
        {"key": "green", "renamedFrom": "treatment", "payload": 2},
        {"key": "third", "inclusions": []},
    ],
}
CALLS = ["editVariant", "editExperiment", "editVariant", "removeAllUsers"]
"""The rename, the fields, the weight, the users."""
ByHand = Callable[[Bench], object]


@dataclass
class Clock:
    """Moves only when it is moved."""

    now: float = 0.0

    def read(self) -> float:
        return self.now


def after(run: Bench, by_hand: ByHand, status: int = 429) -> Callable[[httpx.Request, Answer], httpx.Response]:
    """Nothing is done but what somebody does by hand."""

    def react(request: httpx.Request, answer: Answer) -> httpx.Response:
        by_hand(run)
        return httpx.Response(status, text="no")

    return react


def nothing(run: Bench) -> None:
    pass


def variant(key: str, **fields: Any) -> ByHand:
    return lambda run: run.call("PATCH", f"/{run.live('exp')['id']}/variants/{key}", fields)


def user(key: str, name: str) -> ByHand:
    return lambda run: run.call("POST", f"/{run.live('exp')['id']}/variants/{key}/users", {"inclusions": [name]})


def edit(**fields: Any) -> ByHand:
    return lambda run: run.edit("exp", **fields)


def applied(run: Bench, *troubles: Trouble, **named: Any) -> ExperimentOutcome:
    run.declare(DECLARED)
    plan = run.plan()
    assert [operation.op for operation in plan.experiments[0].operations] == CALLS
    run.wire.troubles = list(troubles)
    (told,) = run.apply(plan, **named).experiments
    return told


# --- the first write ---


def test_a_first_write_that_is_repeated_is_looked_at_again(tmp_path: Path) -> None:
    with bench(tmp_path, live=[LIVE]) as run:
        told = applied(run, Trouble("editVariant", after(run, nothing)))

        assert (told.status, told.left) == ("done", [])
        look = ["getExperiment", "listVariants", "getInclusions"]
        assert run.wire.asked == [*look, "editVariant", *look, *CALLS, *look]


@pytest.mark.parametrize("by_hand", [edit(name="By hand"), variant("control", rolloutWeight=9), user("third", "eve")])
def test_a_first_write_is_not_repeated_once_somebody_has_edited_anything(tmp_path: Path, by_hand: ByHand) -> None:
    with bench(tmp_path, live=[LIVE]) as run:
        told = applied(run, Trouble("editVariant", after(run, by_hand)))

        assert told.error == "it changed after the plan was checked; nothing of it was written"
        assert told.hint == "run expsync plan again and look at what is different now"
        assert (told.status, told.done) == ("failed", [])
        # It was sent once, and refused.
        assert told.failed is not None
        assert [operation.op for operation in told.pending] == CALLS[1:]
        assert (run.wire.writes, run.wire.done) == (["editVariant"], [])


def test_a_look_that_cannot_be_made_fails_it(tmp_path: Path) -> None:
    with bench(tmp_path, live=[LIVE]) as run:
        told = applied(run, Trouble("editVariant", "429"), Trouble("getExperiment", "401", first=2))

        assert told.error.startswith("getExperiment: the key in EXPSYNC_API_KEY was not accepted")
        assert run.wire.writes == ["editVariant"]


# What the server says to the rename, of which nobody knows then whether it was done.
UNCLEAR = "editVariant: the server failed (503): no"
# The look before it, and after that two questions whether it was done; then comes the look before it is sent again.
AGAIN = 4


def test_a_write_without_a_clear_answer_is_not_repeated_over_an_edit(tmp_path: Path) -> None:
    with bench(tmp_path, live=[LIVE]) as run:
        told = applied(run, Trouble("editVariant", after(run, edit(name="By hand"), 503)))

        assert told.error == f"{UNCLEAR}; the experiment has changed since, so the call was not sent again"
        assert told.hint == "run expsync plan again and look at what is different now"
        assert (told.status, run.wire.writes, run.wire.done) == ("failed", ["editVariant"], [])


def test_what_changed_it_may_be_this_very_write_that_was_late(tmp_path: Path) -> None:
    late: list[httpx.Request] = []

    def withheld(request: httpx.Request, answer: Answer) -> httpx.Response:
        late.append(request)
        return httpx.Response(503, text="no")

    def arrives(request: httpx.Request, answer: Answer) -> httpx.Response:
        assert run.wire.inner.handle_request(late.pop()).status_code == 200
        return answer(request)

    with bench(tmp_path, live=[LIVE]) as run:
        told = applied(run, Trouble("editVariant", withheld), Trouble("listVariants", arrives, first=AGAIN))

        assert (told.status, told.left, late) == ("done", [], [])
        # The rename was sent once; the second is that of the weight.
        assert run.wire.writes == CALLS


def test_a_write_without_a_clear_answer_is_not_repeated_blindly(tmp_path: Path) -> None:
    with bench(tmp_path, live=[LIVE]) as run:
        told = applied(run, Trouble("editVariant", "503"), Trouble("listVariants", "401", first=AGAIN))

        assert told.error.startswith("editVariant: the server failed (503): overloaded; it can't be looked at since: ")
        assert "the key in EXPSYNC_API_KEY was not accepted" in told.error
        assert run.wire.writes == ["editVariant"]


def test_an_interrupted_look_leaves_the_unclear_answer(tmp_path: Path) -> None:
    def interrupted(request: httpx.Request, answer: Answer) -> httpx.Response:
        raise Interrupted("interrupted while waiting for a turn")

    with bench(tmp_path, live=[LIVE]) as run:
        troubles = [Trouble("editVariant", after(run, nothing, 503)), Trouble("listVariants", interrupted, first=AGAIN)]
        told = applied(run, *troubles)

        assert (told.status, told.error) == ("failed", UNCLEAR)
        assert run.wire.writes == ["editVariant"]


def test_the_age_counts_from_before_the_read_is_sent(tmp_path: Path) -> None:
    """The check is answered at 1.5 and the write could go out at once, but what it shows may be older by then."""
    clock = Clock()

    def slow(seconds: float) -> Callable[[httpx.Request, Answer], httpx.Response]:
        def react(request: httpx.Request, answer: Answer) -> httpx.Response:
            response = answer(request)
            clock.now += seconds
            return response

        return react

    for seconds, looks in ((FRESH - 0.01, 1), (FRESH, 2)):
        root = tmp_path / str(looks)
        root.mkdir()
        with bench(root, live=[LIVE]) as run:
            told = applied(run, Trouble("getExperiment", slow(seconds)), clock=clock.read)
            assert told.status == "done"
            assert run.wire.asked.index("editVariant") == 3 * looks


def test_an_interruption_while_it_is_looked_at_is_a_stop(tmp_path: Path) -> None:
    def interrupted(request: httpx.Request, answer: Answer) -> httpx.Response:
        raise Interrupted("interrupted while waiting for a turn")

    with bench(tmp_path, live=[LIVE]) as run:
        told = applied(run, Trouble("editVariant", "429"), Trouble("getInclusions", interrupted, first=2))

        assert (told.status, told.done, told.failed, len(told.pending)) == ("stopped", [], None, 4)


# --- further writes ---


OF_THE_FIELDS = {
    "the same field": (edit(name="By hand"), False),
    "another field of the call": (edit(rolloutPercentage=99), False),
    "what was declared": (edit(name="New"), True),
    "a field that no call writes": (edit(description="By hand"), True),
    "a variant": (variant("third", rolloutWeight=9), True),
}


@pytest.mark.parametrize(("by_hand", "goes_on"), OF_THE_FIELDS.values(), ids=OF_THE_FIELDS)
@pytest.mark.parametrize("status", [429, 503])
def test_a_further_write_is_repeated_only_over_what_was_seen(
    tmp_path: Path, status: int, by_hand: ByHand, *, goes_on: bool
) -> None:
    with bench(tmp_path, live=[LIVE]) as run:
        told = applied(run, Trouble("editExperiment", after(run, by_hand, status)))

        assert [operation.op for operation in told.done] == (CALLS if goes_on else CALLS[:1])
        assert run.wire.writes.count("editExperiment") == 1 + goes_on
        if not goes_on:
            assert told.failed is not None
            assert (told.status, told.failed.op) == ("failed", "editExperiment")
            assert (
                told.error
                == {
                    429: "editExperiment: somebody has edited what it writes, so it was not sent again",
                    503: "editExperiment: the server failed (503): no; the experiment has changed since, "
                    "so the call was not sent again",
                }[status]
            )


def test_a_further_write_costs_no_look_while_nothing_fails(tmp_path: Path) -> None:
    with bench(tmp_path, live=[LIVE]) as run:
        run.declare(DECLARED)
        plan = run.plan()
        outcome = run.apply(plan)

        assert (outcome.exit_code, outcome.requests) == (0, plan.summary.requests)


def test_users_that_came_meanwhile_are_not_removed_with_all(tmp_path: Path) -> None:
    with bench(tmp_path, live=[LIVE]) as run:
        told = applied(run, Trouble("removeAllUsers", after(run, user("third", "eve"))))

        assert (told.status, len(told.done)) == ("failed", 3)
        assert run.live("exp")["variants"][2]["inclusions"] == ["ada", "eve"]


def test_what_this_run_has_created_is_nobody_elses(tmp_path: Path) -> None:
    with bench(tmp_path) as run:
        run.declare({"key": "exp", "name": "New", "rolloutPercentage": 20})
        plan = run.plan()
        run.wire.troubles = [Trouble("editExperiment", "429")]
        outcome = run.apply(plan)

        assert outcome.exit_code == 0
        assert run.wire.asked == [
            "listExperiments",
            "createExperiment",
            *["editExperiment"] * 2,
            "getExperiment",
        ]


def test_a_creation_that_is_repeated_asks_whether_the_key_is_still_free(tmp_path: Path) -> None:
    def taken(run: Bench) -> None:
        run.call("POST", "", {"projectId": "1001", "key": "exp", "name": "By hand"})

    with bench(tmp_path) as run:
        run.declare({"key": "exp", "name": "New"})
        plan = run.plan()
        run.wire.troubles = [Trouble("createExperiment", after(run, taken))]
        (told,) = run.apply(plan).experiments

        assert told.error == "it changed after the plan was checked; nothing of it was written"
        assert (run.wire.writes, run.live("exp")["name"]) == (["createExperiment"], "By hand")
