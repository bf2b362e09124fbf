"""A plan carried out: checked first, experiment by experiment, and read again at the end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import httpx
import pytest

from expsync.apply.sight import FRESH
from expsync.errors import Interrupted, RefusedError, UnclearError
from expsync.model.plan import Finding
from expsync.sandbox.habits import Habits
from tests.apply.world import Answer, Bench, Trouble, bench

TAGS = ["managed-by-expsync"]
ARMS = [{"key": "control"}, {"key": "treatment"}]


def live(key: str = "exp", **fields: Any) -> dict[str, Any]:
    return {"key": key, "variants": ARMS, "tags": TAGS, **fields}


def renamed(key: str) -> dict[str, Any]:
    return {"key": key, "name": f"New {key}", "rolloutPercentage": 5}


def ticking(*times: float) -> Callable[[], float]:
    """A clock that shows these times, the last of them for ever."""
    left = list(times)
    return lambda: left.pop(0) if len(left) > 1 else left[0]


# --- before the first write ---


def _name(run: Bench) -> None:
    run.edit("exp", name="By hand")


def _weight(run: Bench) -> None:
    run.call("PATCH", f"/{run.live('exp')['id']}/variants/control", {"rolloutWeight": 7})


def _payload(run: Bench) -> None:
    run.call("PATCH", f"/{run.live('exp')['id']}/variants/control", {"payload": {"by": "hand"}})


def _user(run: Bench) -> None:
    run.call("POST", f"/{run.live('exp')['id']}/variants/control/users", {"inclusions": ["eve"]})


def _cohort(run: Bench) -> None:
    run.call("POST", f"/{run.live('exp')['id']}/variants/control/cohorts", {"inclusions": ["c9"]})


def _archive(run: Bench) -> None:
    run.edit("exp", archive=True)


def _tags(run: Bench) -> None:
    run.edit("exp", tags=[*TAGS, "hand"])


def _deployment(run: Bench) -> None:
    run.call("POST", f"/{run.live('exp')['id']}/deployments", {"deployments": ["101"]})


def _segment(run: Bench) -> None:
    segment = {
        "name": "US",
        "percentage": 1,
        "conditions": [],
        "bucketingKey": "user_id",
        "rolloutWeights": {"control": 1},
    }
    run.edit("exp", targetSegments=[segment])


def _new_taken(run: Bench) -> None:
    run.call("POST", "", {"projectId": "1001", "key": "fresh"})


@pytest.mark.parametrize(
    "by_hand",
    [_name, _weight, _payload, _user, _cohort, _archive, _tags, _deployment, _segment, _new_taken],
    ids=lambda f: f.__name__.strip("_"),
)
def test_one_that_changed_since_refuses_the_whole_plan(tmp_path: Path, by_hand: Callable[[Bench], None]) -> None:
    variant = {"key": "control", "name": "Arm", "inclusions": ["ada"], "cohortInclusions": ["c1"]}
    with bench(tmp_path, live=[live(), live("other")]) as run:
        run.declare(
            {"key": "exp", "name": "New", "tags": TAGS, "deployments": [], "variants": [variant, ARMS[1]]},
            renamed("other"),
            {"key": "fresh"},
        )
        plan = run.plan()
        by_hand(run)
        before = run.engine.export("1001")

        with pytest.raises(RefusedError) as caught:
            run.apply(plan)

        changed = "fresh" if by_hand is _new_taken else "exp"
        assert caught.value.message == f"the plan is stale: changed since it was made: {changed}; nothing was written"
        assert caught.value.hint == "run expsync plan again and look at what is different now"
        assert (run.wire.writes, run.engine.export("1001")) == ([], before)


def test_every_one_that_changed_is_named_in_order(tmp_path: Path) -> None:
    with bench(tmp_path, live=[live("b"), live("a")]) as run:
        run.declare(renamed("a"), renamed("b"), renamed("c"))
        plan = run.plan()
        for key in ("b", "a"):
            run.edit(key, name="By hand")
        _ = run.call("POST", "", {"projectId": "1001", "key": "c"})

        with pytest.raises(RefusedError, match="since it was made: a, b, c; nothing"):
            run.apply(plan, parallelism=4)


def test_one_that_is_gone_refuses_the_plan(tmp_path: Path) -> None:
    with bench(tmp_path, live=[live()]) as run:
        run.declare(renamed("exp"))
        plan = run.plan()
        run.wire.troubles = [Trouble("getExperiment", "404")]

        with pytest.raises(RefusedError, match="since it was made: exp; nothing was written"):
            run.apply(plan)


def test_a_change_of_what_the_plan_does_not_rest_on_is_let_pass(tmp_path: Path) -> None:
    with bench(tmp_path, live=[live()]) as run:
        run.declare(renamed("exp"))
        plan = run.plan()
        run.call("POST", f"/{run.live('exp')['id']}/variants/control/users", {"inclusions": ["eve"]})

        assert run.apply(plan).exit_code == 0


def test_a_body_that_tells_archiving_wrong_is_checked_against_the_list(tmp_path: Path) -> None:
    def never_deleted(request: httpx.Request, answer: Answer) -> httpx.Response:
        body = answer(request).json()
        return httpx.Response(200, json={**body, "deleted": False})

    with bench(tmp_path, live=[live(archived=True)]) as run:
        run.declare({"key": "exp", "archived": True, "name": "New"})
        run.wire.troubles = [Trouble("getExperiment", never_deleted, times=99)]
        plan = run.plan()

        outcome = run.apply(plan)

        assert (outcome.exit_code, run.live("exp")["name"]) == (0, "New")


def test_a_check_that_cannot_be_made_fails_with_nothing_written(tmp_path: Path) -> None:
    with bench(tmp_path, live=[live()]) as run:
        run.declare(renamed("exp"))
        plan = run.plan()
        run.wire.troubles = [Trouble("getExperiment", "503", times=99)]

        with pytest.raises(UnclearError):
            run.apply(plan)
        assert run.wire.writes == []


# --- right before an experiment's own first write ---


def editing_when(run: Bench, op: str, key: str) -> Trouble:
    """While the first call of this kind is made, somebody edits another experiment by hand."""

    def react(request: httpx.Request, answer: Answer) -> httpx.Response:
        run.edit(key, name="By hand")
        return answer(request)

    return Trouble(op, react)


def test_a_change_found_later_fails_that_one_alone(tmp_path: Path) -> None:
    with bench(tmp_path, live=[live("a"), live("b"), live("c")]) as run:
        run.declare(renamed("a"), renamed("b"), renamed("c"))
        plan = run.plan()
        run.wire.troubles = [editing_when(run, "editExperiment", "b")]
        # Three times for the check, then twice before the first write of a, in the queue and out of it; from then on
        # the check is too long ago.
        clock = ticking(0, 0, 0, FRESH - 0.1, FRESH - 0.1, FRESH)

        outcome = run.apply(plan, clock=clock)

        assert [(e.key, e.status) for e in outcome.experiments] == [("a", "done"), ("b", "failed"), ("c", "done")]
        failed = outcome.experiments[1]
        assert failed.error == "it changed after the plan was checked; nothing of it was written"
        assert (failed.failed, failed.done, failed.pending) == (None, [], plan.experiments[1].operations)
        assert outcome.exit_code == 4
        assert run.live("b")["name"] == "By hand"
        assert run.wire.asked == [
            *["getExperiment"] * 3,
            *["editExperiment"],
            # Seen to be different, and the list asked whether it is only the archiving that a body does not tell.
            *["getExperiment", "listExperiments"],
            *["getExperiment", "editExperiment"],
            *["getExperiment"] * 2,
        ]


def test_a_key_that_is_taken_later_fails_that_one_alone(tmp_path: Path) -> None:
    def react(request: httpx.Request, answer: Answer) -> httpx.Response:
        run.call("POST", "", {"projectId": "1001", "key": "b"})
        return answer(request)

    with bench(tmp_path) as run:
        run.declare({"key": "a"}, {"key": "b"})
        plan = run.plan()
        run.wire.troubles = [Trouble("createExperiment", react)]

        outcome = run.apply(plan, clock=ticking(0, 0, FRESH))

        assert [(e.key, e.status) for e in outcome.experiments] == [("a", "done"), ("b", "failed")]


def test_a_read_that_is_fresh_is_not_repeated(tmp_path: Path) -> None:
    with bench(tmp_path, live=[live()]) as run:
        run.declare(renamed("exp"))
        plan = run.plan()

        run.apply(plan, clock=ticking(0, FRESH - 0.001))

        assert run.wire.asked == ["getExperiment", "editExperiment", "getExperiment"]


def test_a_second_look_that_cannot_be_made_fails_that_one_alone(tmp_path: Path) -> None:
    with bench(tmp_path, live=[live("a"), live("b")]) as run:
        run.declare(renamed("a"), renamed("b"))
        plan = run.plan()
        run.wire.troubles = [Trouble("getExperiment", "401", first=3)]

        outcome = run.apply(plan, clock=ticking(0, 0, FRESH, 0))

        assert [e.status for e in outcome.experiments] == ["failed", "done"]
        assert outcome.experiments[0].error.startswith("getExperiment: the key in EXPSYNC_API_KEY was not accepted")
        assert outcome.experiments[0].hint


# --- the calls ---


def test_one_that_fails_stops_alone_and_everything_is_listed(tmp_path: Path) -> None:
    def many(key: str) -> dict[str, Any]:
        variants = [{"key": "control", "rolloutWeight": 2}, {"key": "treatment", "rolloutWeight": 3}, {"key": "new"}]
        return {"key": key, "name": "New", "variants": variants}

    with bench(tmp_path, live=[live("a"), live("b"), live("c")]) as run:
        run.declare(many("a"), many("b"), many("c"))
        plan = run.plan()
        operations = plan.experiments[1].operations
        assert [o.op for o in operations] == ["createVariant", "editExperiment", "editVariant", "editVariant"]
        run.wire.troubles = [Trouble("editVariant", "400", first=3)]

        outcome = run.apply(plan)

        assert [(e.key, e.status) for e in outcome.experiments] == [("a", "done"), ("b", "failed"), ("c", "done")]
        failed = outcome.experiments[1]
        assert failed.done == operations[:2]
        assert failed.failed == operations[2]
        assert failed.pending == operations[3:]
        assert failed.error == "editVariant: the server refused it (400): no"
        assert outcome.exit_code == 4
        assert [e.key for e in run.plan().experiments] == ["b"]


def test_what_is_blocked_is_left_out_and_said(tmp_path: Path) -> None:
    cohort = {"name": "Beta", "conditions": [{"type": "cohort", "prop": "x", "op": "is", "values": ["1"]}]}
    with bench(tmp_path, live=[live("a", targetSegments=[cohort]), live("b")]) as run:
        run.declare({"key": "a", "targetSegments": []}, renamed("b"))
        plan = run.plan()

        outcome = run.apply(plan)

        blocked, done = outcome.experiments
        assert (blocked.status, done.status, outcome.exit_code) == ("blocked", "done", 4)
        assert blocked.error == f"cohort-lost: {plan.experiments[0].findings[0].message}"
        assert run.live("a")["targetSegments"] != []


def test_what_is_refused_is_left_out_unread_and_said(tmp_path: Path) -> None:
    risk = Finding(risk="disabled", severity="high", acknowledged=False, message="users stop getting it")
    with bench(tmp_path, live=[live("a"), live("b")]) as run:
        run.declare(renamed("a"), renamed("b"))
        plan = run.plan()

        outcome = run.apply(plan, refused={"a": [risk, risk]})

        refused, done = outcome.experiments
        assert (refused.status, done.status, outcome.exit_code) == ("refused", "done", 4)
        assert refused.error == "; ".join(["disabled: users stop getting it"] * 2)
        assert (refused.done, refused.pending) == ([], plan.experiments[0].operations)
        assert run.wire.asked == ["getExperiment", "editExperiment", "getExperiment"]


def test_experiments_go_side_by_side_and_the_calls_of_each_in_order(tmp_path: Path) -> None:
    keys = ["a", "b", "c"]
    meet = Barrier(3, timeout=30)

    def together(request: httpx.Request, answer: Answer) -> httpx.Response:
        # Nobody passes before all three are here.
        meet.wait()
        return answer(request)

    with bench(tmp_path) as run:
        run.declare(*({"key": key, "name": key, "rolloutPercentage": 5, "deployments": ["web"]} for key in keys))
        plan = run.plan()
        run.wire.troubles = [
            Trouble("createExperiment", together, times=3),
            Trouble("editExperiment", together, times=3),
        ]

        outcome = run.apply(plan, parallelism=3)

        assert outcome.exit_code == 0
        assert [(e.key, e.status) for e in outcome.experiments] == [(key, "done") for key in keys]
        assert run.wire.done[:3] == ["createExperiment"] * 3
        assert run.plan().experiments == []


@pytest.mark.parametrize("parallelism", [1, 2, 8])
def test_the_outcome_does_not_depend_on_who_is_faster(tmp_path: Path, parallelism: int) -> None:
    first: Any = None
    for turn in range(2):
        root = tmp_path / str(turn)
        root.mkdir()
        with bench(root, live=[live(f"exp-{n}", id=str(n + 1), bucketingSalt="salt") for n in range(6)]) as run:
            run.declare(*(renamed(f"exp-{n}") for n in range(6)))
            outcome = run.apply(run.plan(), parallelism=parallelism)
        first = first or outcome.document()
        assert outcome.document() == first


def test_who_watches_is_told_of_each_that_ended(tmp_path: Path) -> None:
    with bench(tmp_path, live=[live("a"), live("b")]) as run:
        run.declare(renamed("a"), renamed("b"))
        run.wire.troubles = [Trouble("editExperiment", "400")]
        ended: list[str] = []

        run.apply(run.plan(), advance=ended.append)

        assert ended == ["a", "b"]


# --- what is sent ---


def _create(run: Bench) -> None:
    run.declare(
        {"key": "exp", "name": "New", "enabled": True, "variants": [{"key": "a", "inclusions": ["u"]}, {"key": "b"}]}
    )


def _create_archived(run: Bench) -> None:
    run.declare({"key": "exp", "archived": True})


def _update(run: Bench) -> None:
    run.declare({"key": "old-1", "name": "New", "variants": [{"key": "control", "inclusions": ["u"]}, ARMS[1]]})


def _details(run: Bench) -> None:
    run.declare({"key": "old-1", "variants": [{"key": "control", "payload": 1, "cohortInclusions": ["c"]}, ARMS[1]]})


def _many(run: Bench) -> None:
    run.declare(*({"key": f"exp-{n}"} for n in range(7)), renamed("old-1"), renamed("old-2"))


def _prune(run: Bench) -> None:
    run.declare(renamed("old-1"))


def _bring_back(run: Bench) -> None:
    run.declare({"key": "old-3", "archived": False, "enabled": True})


HABITS = {
    "plain": Habits(),
    "everything in lists": Habits(
        variants="whole", tags_in_list=True, deleted_in_list=True, exposure_event_read=True, segment_bucketing_key=True
    ),
    "small pages": Habits(page_size=2, cursor="text", last_cursor="empty"),
    "other shapes": Habits(ids="number", numbers="float", dates="instant", tag_order="reversed", unknown_fields=True),
}


@pytest.mark.parametrize("habits", HABITS.values(), ids=HABITS)
@pytest.mark.parametrize(
    "declare",
    [_create, _create_archived, _update, _details, _many, _prune, _bring_back],
    ids=lambda f: f.__name__.strip("_"),
)
def test_a_plan_says_how_many_requests_its_apply_sends(
    tmp_path: Path, declare: Callable[[Bench], None], habits: Habits
) -> None:
    old = [live("old-1"), live("old-2"), live("old-3", archived=True)]
    with bench(tmp_path, live=old, habits=habits) as run:
        declare(run)
        plan = run.plan(prune=declare is _prune)
        assert plan.experiments

        outcome = run.apply(plan, clock=lambda: 0)

        assert [(e.status, e.left) for e in outcome.experiments] == [("done", [])] * len(plan.experiments)
        assert plan.summary.requests == outcome.requests == len(run.wire.asked)
        assert plan.summary.operations == len(run.wire.writes)
        assert run.plan(prune=declare is _prune).experiments == []


def test_an_empty_plan_sends_nothing(tmp_path: Path) -> None:
    with bench(tmp_path) as run:
        outcome = run.apply(run.plan())

        assert (outcome.experiments, outcome.exit_code, outcome.requests, run.wire.asked) == ([], 0, 0, [])


# --- at the end ---


def dropping(*fields: str) -> Callable[[httpx.Request, Answer], httpx.Response]:
    """A server that says yes and passes over some fields."""

    def drop(request: httpx.Request, answer: Answer) -> httpx.Response:
        body = {name: value for name, value in json.loads(request.content).items() if name not in fields}
        content = json.dumps(body).encode()
        return answer(
            httpx.Request(request.method, request.url, headers={"content-type": "application/json"}, content=content)
        )

    return drop


def test_what_the_server_passed_over_is_said_after_some_patience(tmp_path: Path) -> None:
    with bench(tmp_path, live=[live()]) as run:
        run.declare({"key": "exp", "name": "New", "stickyBucketing": True})
        plan = run.plan()
        run.wire.troubles = [Trouble("editExperiment", dropping("stickyBucketing"))]

        outcome = run.apply(plan)

        (experiment,) = outcome.experiments
        assert (experiment.status, outcome.exit_code) == ("done", 4)
        assert experiment.left == [change for change in plan.experiments[0].changes if change.path == "stickyBucketing"]
        assert outcome.document()["summary"] == {
            "done": 1,
            "failed": 0,
            "stopped": 0,
            "not-tried": 0,
            "refused": 0,
            "blocked": 0,
            "left": 1,
            "requests": 7,
        }
        assert run.slept == [0.2, 0.5, 1.0, 2.0]


@pytest.mark.parametrize("archive", [True, False])
def test_an_archiving_that_was_passed_over_is_said(tmp_path: Path, archive: bool) -> None:
    with bench(tmp_path, live=[live(archived=not archive)]) as run:
        run.declare({"key": "exp", "archived": archive})
        plan = run.plan()
        run.wire.troubles = [Trouble("editExperiment", "ignored")]

        outcome = run.apply(plan)

        assert [change.path for change in outcome.experiments[0].left] == ["archived"]


def test_a_server_that_lags_behind_is_waited_for(tmp_path: Path) -> None:
    with bench(tmp_path, live=[live()]) as run:
        run.declare(renamed("exp"))
        plan = run.plan()
        before = run.call("GET", f"/{run.live('exp')['id']}")
        stale = Trouble("getExperiment", lambda _, __: httpx.Response(200, content=before), first=2, times=2)
        run.wire.troubles = [stale]

        outcome = run.apply(plan)

        assert (outcome.exit_code, run.slept) == (0, [0.2, 0.5])


def test_a_last_read_that_cannot_be_made_does_not_hide_what_was_done(tmp_path: Path) -> None:
    with bench(tmp_path, live=[live("a"), live("b")]) as run:
        run.declare(renamed("a"), renamed("b"))
        plan = run.plan()
        run.wire.troubles = [
            Trouble("getExperiment", "401", first=3),
            Trouble("editExperiment", dropping("name"), first=2),
        ]

        outcome = run.apply(plan)

        assert [(e.status, len(e.left)) for e in outcome.experiments] == [("done", 0), ("done", 1)]
        assert outcome.unverified.startswith("a: getExperiment: the key in EXPSYNC_API_KEY was not accepted")
        assert outcome.exit_code == 4


# --- interrupted ---


def stopping(stop: Event) -> Callable[[httpx.Request, Answer], httpx.Response]:
    """Somebody asks to stop while this call is under way."""

    def react(request: httpx.Request, answer: Answer) -> httpx.Response:
        stop.set()
        return answer(request)

    return react


def several(key: str) -> dict[str, Any]:
    return {"key": key, "name": "New", "variants": [{"key": "control", "rolloutWeight": 4}, ARMS[1]]}


def statuses(run: Bench, op: str, first: int, keys: Iterable[str] = "abc") -> list[tuple[str, int, int]]:
    """What an interruption at this call leaves: status, calls done and calls not tried, of three experiments."""
    stop = Event()
    run.declare(*(several(key) for key in keys))
    plan = run.plan()
    run.wire.troubles = [Trouble(op, stopping(stop), first=first)]
    outcome = run.apply(plan, stop=stop)
    assert outcome.exit_code == 130
    assert outcome.interrupted
    return [(e.status, len(e.done), len(e.pending)) for e in outcome.experiments]


@pytest.mark.parametrize(
    ("op", "first", "left", "last"),
    [
        ("getExperiment", 1, [("not-tried", 0, 2)] * 3, "getExperiment"),
        ("editExperiment", 1, [("stopped", 1, 1), *[("not-tried", 0, 2)] * 2], "editExperiment"),
        ("editVariant", 2, [("done", 2, 0), ("done", 2, 0), ("not-tried", 0, 2)], "editVariant"),
        ("getExperiment", 5, [("done", 2, 0)] * 3, "getExperiment"),
    ],
)
def test_an_interruption_finishes_the_call_under_way_and_begins_no_other(
    tmp_path: Path, op: str, first: int, left: list[tuple[str, int, int]], last: str
) -> None:
    with bench(tmp_path, live=[live("a"), live("b"), live("c")]) as run:
        assert statuses(run, op, first) == left
        assert (run.wire.asked.count(op), run.wire.asked[-1]) == (first, last)

        run.wire.troubles = []
        assert run.apply(run.plan()).exit_code == 0
        assert run.plan().experiments == []


@pytest.mark.parametrize(
    ("op", "first", "clock", "status"),
    [
        ("getExperiment", 1, (0,), "not-tried"),
        ("getExperiment", 2, (0, FRESH), "not-tried"),
        ("editExperiment", 1, (0,), "stopped"),
        ("getExperiment", 2, (0,), "done"),
    ],
)
def test_an_interruption_while_waiting_for_a_turn_is_reported_too(
    tmp_path: Path, op: str, first: int, clock: tuple[float, ...], status: str
) -> None:
    stop = Event()

    def interrupted(request: httpx.Request, answer: Answer) -> httpx.Response:
        stop.set()
        raise Interrupted("interrupted while waiting for a turn")

    with bench(tmp_path, live=[live()]) as run:
        run.declare(renamed("exp"))
        plan = run.plan()
        run.wire.troubles = [Trouble(op, interrupted, first=first)]

        outcome = run.apply(plan, stop=stop, clock=ticking(*clock))

        assert (outcome.exit_code, outcome.experiments[0].status) == (130, status)
        assert outcome.unverified == ""


def test_an_interruption_ends_the_patience_at_the_end(tmp_path: Path) -> None:
    stop = Event()
    with bench(tmp_path, live=[live()]) as run:
        run.declare(renamed("exp"))
        plan = run.plan()
        run.wire.troubles = [Trouble("editExperiment", "ignored"), Trouble("getExperiment", stopping(stop), first=3)]

        outcome = run.apply(plan, stop=stop)

        assert (outcome.exit_code, run.slept) == (130, [0.2])


def test_many_threads_share_one_executor_without_loss(tmp_path: Path) -> None:
    with bench(tmp_path) as run:
        run.declare(*({"key": f"exp-{n:02}", "name": f"{n}"} for n in range(30)))

        outcome = run.apply(run.plan(), parallelism=8)

        assert outcome.exit_code == 0
        assert run.plan(prune=True).experiments == []
