"""Users removed one by one, by their place in the list, where the server knows no removal of many."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest

from expsync.apply.calls import WAITS
from expsync.errors import Interrupted
from expsync.model.outcome import ApplyOutcome
from expsync.sandbox.habits import Habits
from tests.apply.world import Answer, Bench, Trouble, bench

OLDER = Habits(older=True)
USERS = ["ada", "bob", "cyd", "dan", "eve", "fay"]
STAY, GO = ["bob", "dan"], ["ada", "cyd", "eve", "fay"]


def included(*users: str) -> dict[str, Any]:
    variants = [{"key": "control"}, {"key": "treatment", "inclusions": list(users)}]
    return {"key": "exp", "variants": variants, "tags": ["managed-by-expsync"]}


def users_of(run: Bench) -> list[str]:
    found: list[str] = run.live("exp")["variants"][1]["inclusions"]
    return found


def removing(run: Bench, *troubles: Trouble, **named: Any) -> ApplyOutcome:
    """What comes of removing four of six users."""
    run.declare({"key": "exp", "variants": included(*STAY)["variants"]})
    plan = run.plan()
    assert [operation.op for operation in plan.experiments[0].operations] == ["bulkRemoveUsers"]
    run.wire.troubles = list(troubles)
    return run.apply(plan, **named)


def indexes(run: Bench) -> list[str]:
    return [
        target.rpartition("/")[2] for method, target in run.wire.sent if method == "DELETE" and "bulk" not in target
    ]


@pytest.mark.parametrize("habits", [OLDER, Habits()], ids=["404", "405"])
def test_without_bulk_removal_users_go_one_by_one_from_the_end(tmp_path: Path, habits: Habits) -> None:
    with bench(tmp_path, live=[included(*USERS)], habits=habits) as run:
        refused = [] if habits.older else [Trouble("bulkRemoveUsers", "405")]

        outcome = removing(run, *refused)

        assert (outcome.exit_code, users_of(run)) == (0, STAY)
        assert run.wire.asked == [
            *["getExperiment", "getInclusions"],
            *["bulkRemoveUsers", "getInclusions", *["removeUser", "getInclusions"] * 4],
            *["getExperiment", "getInclusions"],
        ]
        assert indexes(run) == ["5", "4", "2", "0"]
        assert run.slept == []


def test_bulk_removal_is_asked_for_once_in_an_apply(tmp_path: Path) -> None:
    many = [f"user-{number:03}" for number in range(120)]
    with bench(tmp_path, live=[included(*many)], habits=OLDER) as run:
        run.declare({"key": "exp", "variants": included("user-000")["variants"]})
        plan = run.plan()

        assert run.apply(plan).exit_code == 0
        assert users_of(run) == ["user-000"]
        assert run.wire.asked.count("bulkRemoveUsers") == 1
        assert run.wire.done.count("removeUser") == 119


def test_another_refusal_of_bulk_removal_is_final(tmp_path: Path) -> None:
    with bench(tmp_path, live=[included(*USERS)]) as run:
        outcome = removing(run, Trouble("bulkRemoveUsers", "400"))

        assert outcome.experiments[0].error == "bulkRemoveUsers: the server refused it (400): no"
        assert users_of(run) == USERS


@pytest.mark.parametrize("first", [1, 2, 4])
@pytest.mark.parametrize("way", ["cut before", "cut after", "500 without doing", "500 after doing", "503"])
def test_no_user_is_removed_in_the_place_of_another(tmp_path: Path, way: str, first: int) -> None:
    with bench(tmp_path, live=[included(*USERS)], habits=OLDER) as run:
        outcome = removing(run, Trouble("removeUser", way, first=first))

        assert (outcome.exit_code, users_of(run)) == (0, STAY)
        assert run.wire.done.count("removeUser") == 4


def lagging(reads: int) -> Callable[[httpx.Request, Answer], httpx.Response]:
    """Shows the list of before, so many times."""
    left = reads

    def stale(request: httpx.Request, answer: Answer) -> httpx.Response:
        nonlocal left
        fresh = answer(request)
        if left == 0:
            return fresh
        left -= 1
        return httpx.Response(200, text=json.dumps(USERS))

    return stale


def test_a_list_that_lags_behind_is_not_taken_for_the_next_index(tmp_path: Path) -> None:
    with bench(tmp_path, live=[included(*USERS)], habits=OLDER) as run:
        # The first read is the check, the second begins the removal; those after it show what was done.
        outcome = removing(run, Trouble("getInclusions", lagging(2), first=3, times=99))

        assert (outcome.exit_code, users_of(run), indexes(run)) == (0, STAY, ["5", "4", "2", "0"])
        assert run.slept == list(WAITS[:2])


def test_a_removal_that_never_shows_ends_it(tmp_path: Path) -> None:
    with bench(tmp_path, live=[included(*USERS)], habits=OLDER) as run:
        outcome = removing(run, Trouble("getInclusions", lagging(99), first=3, times=99))

        assert outcome.experiments[0].error == "removeUser: the server confirmed it, and still lists the user"
        assert users_of(run) == USERS[:-1]
        assert indexes(run) == ["5"]


def test_a_user_that_never_goes_ends_it(tmp_path: Path) -> None:
    with bench(tmp_path, live=[included(*USERS)], habits=OLDER) as run:
        outcome = removing(run, Trouble("removeUser", "503", times=99))

        assert outcome.experiments[0].error == "removeUser: the server failed (503): overloaded"
        assert (users_of(run), indexes(run)) == (USERS, ["5"] * 4)


def by_hand(run: Bench, method: str, path: str, body: Any = None) -> None:
    run.call(method, f"/{run.live('exp')['id']}/variants/treatment/{path}", body)


def test_an_index_is_not_sent_again_on_a_list_that_has_changed(tmp_path: Path) -> None:
    """The server is busy; while it is waited for, somebody removes a user, and the index is another's."""

    def busy(request: httpx.Request, answer: Answer) -> httpx.Response:
        by_hand(run, "DELETE", "users/0")
        return httpx.Response(429, text="slow down")

    with bench(tmp_path, live=[included(*USERS)], habits=OLDER) as run:
        outcome = removing(run, Trouble("removeUser", busy))

        assert (outcome.exit_code, users_of(run), indexes(run)) == (0, STAY, ["5", "4", "3", "1"])


def test_an_index_is_sent_again_on_a_list_that_is_the_same(tmp_path: Path) -> None:
    with bench(tmp_path, live=[included(*USERS)], habits=OLDER) as run:
        outcome = removing(run, Trouble("removeUser", "429"))

        assert (outcome.exit_code, users_of(run), indexes(run)) == (0, STAY, ["5", "5", "4", "2", "0"])
        assert run.wire.asked[3:8] == ["getInclusions", "removeUser", "getInclusions", "removeUser", "getInclusions"]


@pytest.mark.parametrize("edited", [True, False])
def test_a_first_write_by_index_rests_on_the_fingerprint_too(tmp_path: Path, *, edited: bool) -> None:
    """The refusal of bulk removal takes its time, and meanwhile somebody edits the experiment."""
    now = [0.0]

    def slow(request: httpx.Request, answer: Answer) -> httpx.Response:
        now[0] += 3
        if edited:
            run.edit("exp", name="By hand")
        return answer(request)

    with bench(tmp_path, live=[included(*USERS)], habits=OLDER) as run:
        (told,) = removing(run, Trouble("bulkRemoveUsers", slow), clock=lambda: now[0]).experiments

        assert (told.status, users_of(run)) == (("failed", USERS) if edited else ("done", STAY))
        assert told.error == ("it changed after the plan was checked; nothing of it was written" if edited else "")
        assert run.wire.asked.count("getExperiment") == (2 if edited else 3)


def test_a_list_that_changes_all_the_time_ends_it(tmp_path: Path) -> None:
    def busy(request: httpx.Request, answer: Answer) -> httpx.Response:
        by_hand(run, "POST", "users", {"inclusions": [f"new-{len(run.wire.sent)}"]})
        return httpx.Response(429, text="slow down")

    with bench(tmp_path, live=[included(*USERS)], habits=OLDER) as run:
        (told,) = removing(run, Trouble("removeUser", busy, times=99)).experiments

        assert told.error == "removeUser: the users of variant treatment change all the time"
        assert set(users_of(run)) > set(USERS)


@pytest.mark.parametrize("way", ["OK", "cut"])
def test_who_went_in_the_place_of_another_is_put_back_and_told(tmp_path: Path, way: str) -> None:
    """While the removal is under way, somebody removes the first user, so that all others move up by one."""

    def raced(request: httpx.Request, answer: Answer) -> httpx.Response:
        by_hand(run, "DELETE", "users/0")
        response = answer(request)
        if way == "cut":
            raise httpx.ReadError("cut", request=request)
        return response

    with bench(tmp_path, live=[included(*USERS)], habits=OLDER) as run:
        run.wire.troubles = []
        # Index 2 was cyd; it is dan when it gets there, who is to stay.
        (told,) = removing(run, Trouble("removeUser", raced, first=3)).experiments

        assert told.status == "failed"
        assert told.error == (
            "removeUser: the users of variant treatment were edited by somebody else while cyd was removed, and dan "
            "went; put back"
        )
        assert sorted(users_of(run)) == ["bob", "cyd", "dan"]
        assert run.wire.done[-1] == "addUsers"

        run.wire.troubles = []
        assert run.apply(run.plan()).exit_code == 0
        assert users_of(run) == STAY


@pytest.mark.parametrize(("way", "sent"), [("503", 4), ("400", 1)])
def test_who_cannot_be_put_back_is_named(tmp_path: Path, way: str, sent: int) -> None:
    def raced(request: httpx.Request, answer: Answer) -> httpx.Response:
        by_hand(run, "DELETE", "users/0")
        return answer(request)

    with bench(tmp_path, live=[included(*USERS)], habits=OLDER) as run:
        troubles = [Trouble("removeUser", raced, first=3), Trouble("addUsers", way, times=99)]
        (told,) = removing(run, *troubles).experiments

        assert "and dan went; they could not be put back: addUsers: the server " in told.error
        assert told.hint == "add to variant treatment: dan"
        assert run.wire.writes.count("addUsers") == sent


def test_a_user_whom_the_list_has_twice_is_removed_twice(tmp_path: Path) -> None:
    def doubled(request: httpx.Request, answer: Answer) -> httpx.Response:
        users = json.loads(answer(request).content)
        return httpx.Response(200, json=[*users, *extra])

    def shorter(request: httpx.Request, answer: Answer) -> httpx.Response:
        if request.url.path.endswith(f"/{len(users_of(run))}"):
            extra.pop()
            return httpx.Response(200, text="OK")
        return answer(request)

    extra = ["fay"]
    with bench(tmp_path, live=[included(*USERS)], habits=OLDER) as run:
        outcome = removing(
            run, Trouble("getInclusions", doubled, first=2, times=99), Trouble("removeUser", shorter, times=99)
        )

        assert (outcome.exit_code, users_of(run), indexes(run)) == (0, STAY, ["6", "5", "4", "2", "0"])


def test_an_interruption_between_two_users_is_a_stop(tmp_path: Path) -> None:
    stop = Event()

    def once(request: httpx.Request, answer: Answer) -> httpx.Response:
        stop.set()
        return answer(request)

    with bench(tmp_path, live=[included(*USERS)], habits=OLDER) as run:
        outcome = removing(run, Trouble("removeUser", once), stop=stop)

        (experiment,) = outcome.experiments
        assert (outcome.exit_code, experiment.status, len(experiment.pending)) == (130, "stopped", 1)
        assert users_of(run) == USERS[:-1]


def test_an_interruption_while_a_call_waits_for_its_turn_is_a_stop(tmp_path: Path) -> None:
    def interrupted(request: httpx.Request, answer: Answer) -> httpx.Response:
        raise Interrupted("interrupted while waiting for a turn")

    with bench(tmp_path, live=[included(*USERS)], habits=OLDER) as run:
        (experiment,) = removing(run, Trouble("getInclusions", interrupted, first=3)).experiments

        assert (experiment.status, experiment.done, len(experiment.pending)) == ("stopped", [], 1)
