"""Creations without a clear answer, and what an interruption makes of them."""

from __future__ import annotations

from pathlib import Path
from threading import Event
from typing import Any

import httpx

from expsync.apply.calls import WAITS
from expsync.errors import Interrupted
from expsync.model.outcome import ApplyOutcome
from tests.apply.world import Answer, Bench, Trouble, bench

NEW = {"key": "exp", "name": "New"}


def creating(run: Bench, *troubles: Trouble, **named: Any) -> ApplyOutcome:
    run.declare(NEW)
    plan = run.plan()
    run.wire.troubles = list(troubles)
    return run.apply(plan, **named)


def nothing_listed(request: httpx.Request, answer: Answer) -> httpx.Response:
    return httpx.Response(200, json={"experiments": []})


def test_an_answer_to_create_that_cannot_be_read_is_made_up_for_by_the_list(tmp_path: Path) -> None:
    with bench(tmp_path) as run:
        outcome = creating(run, Trouble("createExperiment", "garbage"))

        assert (outcome.exit_code, outcome.experiments[0].id) == (0, run.live("exp")["id"])
        assert run.wire.done == ["createExperiment", "editExperiment"]


def test_the_list_may_lag_behind_a_create(tmp_path: Path) -> None:
    with bench(tmp_path) as run:
        lag = Trouble("listExperiments", nothing_listed, first=2, times=2)
        outcome = creating(run, Trouble("createExperiment", "garbage"), lag)

        assert outcome.exit_code == 0
        assert run.slept == list(WAITS[:2])


def test_a_create_that_never_shows_in_the_list_fails_and_says_so(tmp_path: Path) -> None:
    with bench(tmp_path) as run:
        lag = Trouble("listExperiments", nothing_listed, first=2, times=99)
        outcome = creating(run, Trouble("createExperiment", "garbage"), lag)

        (experiment,) = outcome.experiments
        assert (experiment.status, experiment.id) == ("failed", None)
        assert experiment.error == "createExperiment: it was created, and the list does not show it, nor its id"
        assert [operation.op for operation in experiment.pending] == ["editExperiment"]


def test_a_second_create_that_finds_the_first_is_no_failure(tmp_path: Path) -> None:
    """Cut after it was done, with a list that lags: the second attempt gets a 409, and then the list has it."""
    with bench(tmp_path) as run:
        # Twice whether it was done, and once whether the key is still free.
        lag = Trouble("listExperiments", nothing_listed, first=2, times=3)
        outcome = creating(run, Trouble("createExperiment", "cut after"), lag)

        assert outcome.exit_code == 0
        assert run.wire.writes == ["createExperiment", "createExperiment", "editExperiment"]
        assert run.versions("exp") == 2


def test_a_refusal_after_an_unclear_answer_is_the_error_where_nothing_shows(tmp_path: Path) -> None:
    with bench(tmp_path) as run:
        outcome = creating(run, Trouble("createExperiment", "503"), Trouble("createExperiment", "400"))

        assert outcome.experiments[0].error == "createExperiment: the server refused it (400): no"
        assert run.wire.done == []


def test_a_clear_refusal_is_not_asked_about(tmp_path: Path) -> None:
    with bench(tmp_path) as run:
        outcome = creating(run, Trouble("createExperiment", "400"))

        assert outcome.experiments[0].error == "createExperiment: the server refused it (400): no"
        assert run.wire.asked == ["listExperiments", "createExperiment"]


def test_an_interruption_while_asking_what_came_of_a_call_is_that_calls_failure(tmp_path: Path) -> None:
    def interrupted(request: httpx.Request, answer: Answer) -> httpx.Response:
        raise Interrupted("interrupted while waiting for a turn")

    with bench(tmp_path) as run:
        troubles = [Trouble("createExperiment", "cut after"), Trouble("listExperiments", interrupted, first=2, times=9)]
        (experiment,) = creating(run, *troubles).experiments

        assert (experiment.status, experiment.error) == ("failed", "createExperiment: the connection broke: cut")
        assert experiment.failed is not None


def test_after_an_interruption_an_unclear_call_is_asked_about_and_not_sent_again(tmp_path: Path) -> None:
    stop = Event()

    def broken(request: httpx.Request, answer: Answer) -> httpx.Response:
        stop.set()
        raise httpx.ReadError("cut", request=request)

    with bench(tmp_path) as run:
        outcome = creating(run, Trouble("createExperiment", broken), stop=stop)

        assert (outcome.exit_code, outcome.experiments[0].status) == (130, "failed")
        assert run.wire.asked == ["listExperiments", "createExperiment", "listExperiments", "listExperiments"]
