"""Plans that write to many experiments look at them in the default list, read once, and count what that takes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from expsync.model.plan import Plan
from expsync.model.plan_file import read_plan, save_plan
from expsync.model.reads import MANY
from expsync.sandbox.habits import Habits
from tests.apply.world import Answer, Bench, Trouble, bench

COUNT = 2 * MANY + 5
WHOLE = Habits(variants="whole", tags_in_list=True, deleted_in_list=True)
OWNED = ["managed-by-expsync"]
STALE = "the plan is stale: changed since it was made: {}; nothing was written"


def live(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "key": f"old-{number:02}",
        "id": str(500 + number),
        "name": "Old",
        "tags": OWNED,
        "variants": [{"key": "control", "inclusions": ["eve"]}, {"key": "treatment", "payload": 1}],
        **fields,
    }


def new(number: int) -> dict[str, Any]:
    """All that a creation may take, in four calls of its own: create, edit, users, and the users again."""
    return {
        "key": f"new-{number:02}",
        "name": "New",
        "description": "what it is about",
        "enabled": True,
        "rolloutPercentage": 50,
        "tags": ["team"],
        "deployments": ["web"],
        "variants": [
            {"key": "control", "payload": {"a": 1}, "rolloutWeight": 1},
            {"key": "treatment", "name": "Green", "payload": {"a": 2}, "rolloutWeight": 3, "inclusions": ["ada"]},
        ],
        "targetSegments": [
            {
                "name": "US",
                "percentage": 100,
                "rolloutWeights": {"control": 1, "treatment": 1},
                "conditions": [{"prop": "country", "op": "is", "values": ["United States"]}],
            }
        ],
    }


def renamed(number: int, **fields: Any) -> dict[str, Any]:
    return {"key": f"old-{number:02}", "name": "New", **fields}


def with_details(number: int) -> dict[str, Any]:
    return renamed(number, variants=[{"key": "control", "inclusions": ["ada"]}, {"key": "treatment", "payload": 2}])


def seen(plan: Plan) -> Counter[str | None]:
    return Counter(planned.seenIn for planned in plan.experiments)


# --- what it takes ---


def create(run: Bench) -> bool:
    run.declare(*map(new, range(COUNT)))
    return False


def update(run: Bench) -> bool:
    run.declare(*map(renamed, range(COUNT)))
    return False


def update_details(run: Bench) -> bool:
    run.declare(*map(with_details, range(COUNT)))
    return False


def archive(run: Bench) -> bool:
    run.declare(renamed(0))
    return True


def everything(run: Bench) -> bool:
    run.declare(
        *map(new, range(COUNT)),
        *(renamed(number) if number % 3 else {"key": live(number)["key"], "archived": True} for number in range(COUNT)),
        {"key": "gone", "archived": False},
    )
    return True


HABITS = {
    "lists as the document shows them": Habits(),
    "whole lists": WHOLE,
    "small pages": Habits(variants="whole", tags_in_list=True, page_size=4, cursor="text", last_cursor="empty"),
    "other shapes": Habits(ids="number", numbers="float", tags_in_list=True, dates="instant", unknown_fields=True),
}


@pytest.mark.parametrize("habits", HABITS.values(), ids=HABITS)
@pytest.mark.parametrize("declare", [create, update, update_details, archive, everything], ids=lambda f: f.__name__)
def test_a_plan_of_many_says_how_many_requests_its_apply_sends(
    tmp_path: Path, declare: Callable[[Bench], bool], habits: Habits
) -> None:
    there = [*map(live, range(COUNT)), {**live(99), "key": "gone", "archived": True}]
    with bench(tmp_path, live=there, habits=habits) as run:
        prune = declare(run)
        plan = run.plan(prune=prune)
        assert len(plan.experiments) >= COUNT - 1

        outcome = run.apply(plan, clock=lambda: 0)

        assert {(e.status, *e.left) for e in outcome.experiments} == {("done",)}
        assert plan.summary.requests == outcome.requests == len(run.wire.asked)
        assert run.plan(prune=prune).experiments == []


def test_a_creation_takes_four_requests_where_the_list_is_whole(tmp_path: Path) -> None:
    with bench(tmp_path, habits=WHOLE) as run:
        create(run)
        plan = run.plan()
        assert seen(plan) == {"list": COUNT}

        run.apply(plan)

        each = ("createExperiment", "editExperiment", "addUsers", "getInclusions")
        # One list tells that the keys are free, one what has become of them.
        assert Counter(run.wire.asked) == {**dict.fromkeys(each, COUNT), "listExperiments": 2}
        assert run.plan().experiments == []


def test_an_update_takes_one_look_and_its_write_where_the_list_is_whole(tmp_path: Path) -> None:
    with bench(tmp_path, live=map_live(), habits=WHOLE) as run:
        update(run)
        run.apply(run.plan())

        # The look right before the write is the experiment's own, and at all of it.
        each = ("getExperiment", "listVariants", "editExperiment")
        assert Counter(run.wire.asked) == {**dict.fromkeys(each, COUNT), "listExperiments": 2}


def test_a_list_that_leaves_things_out_is_made_up_for(tmp_path: Path) -> None:
    """Nothing is live yet, so the plan can't know what lists carry here; the check at the end reads what they don't."""
    with bench(tmp_path) as run:
        create(run)
        plan = run.plan()
        assert seen(plan) == {"list": COUNT}

        outcome = run.apply(plan)

        assert {(e.status, *e.left) for e in outcome.experiments} == {("done",)}
        counted = Counter(run.wire.asked)
        assert (counted["getExperiment"], counted["listVariants"]) == (COUNT, COUNT)


def test_few_are_looked_at_by_themselves(tmp_path: Path) -> None:
    with bench(tmp_path, live=map_live(), habits=WHOLE) as run:
        run.declare(*map(renamed, range(MANY)))
        plan = run.plan()

        assert seen(plan) == {None: MANY}
        assert "seenIn" not in plan.model_dump_json()


def test_a_list_of_many_pages_is_not_read_for_a_few_more(tmp_path: Path) -> None:
    with bench(tmp_path, live=map_live(), habits=Habits(**{**vars_of(WHOLE), "page_size": 2})) as run:
        run.declare(*map(renamed, range(MANY + 1)))
        assert seen(run.plan()) == {None: MANY + 1}


def test_one_that_stays_archived_is_looked_at_by_itself(tmp_path: Path) -> None:
    """The default list does not show it, neither before it is edited nor afterwards."""
    habits = Habits(**{**vars_of(WHOLE), "edit_while_archived": True})
    with bench(tmp_path, live=[*map_live(), live(99, key="gone", archived=True)], habits=habits) as run:
        run.declare(*map(renamed, range(COUNT)), {"key": "gone", "archived": True, "name": "New"})
        plan = run.plan()
        assert seen(plan) == {"list": COUNT, None: 1}

        outcome = run.apply(plan, clock=lambda: 0)

        assert outcome.exit_code == 0
        assert plan.summary.requests == outcome.requests == len(run.wire.asked)


def test_a_server_that_knows_no_filter_takes_a_whole_list_for_each_key(tmp_path: Path) -> None:
    with bench(tmp_path, live=map_live(), habits=Habits(older=True, page_size=10)) as run:
        run.declare({"key": "new-1"}, {"key": "new-2"})
        plan = run.plan()

        outcome = run.apply(plan)

        assert outcome.exit_code == 0
        assert Counter(run.wire.asked)["listExperiments"] == 2 * -(-COUNT // 10)
        assert plan.summary.requests == outcome.requests == len(run.wire.asked)


def test_a_saved_plan_keeps_how_it_is_looked_at(tmp_path: Path) -> None:
    with bench(tmp_path, live=map_live(), habits=WHOLE) as run:
        update(run)
        plan = run.plan()
        save_plan(tmp_path / "plan.json", plan)

        assert read_plan(tmp_path / "plan.json") == plan
        assert seen(plan) == {"list": COUNT}


def map_live() -> list[Mapping[str, Any]]:
    return [live(number) for number in range(COUNT)]


def vars_of(habits: Habits) -> dict[str, Any]:
    return {name: getattr(habits, name) for name in habits.__dataclass_fields__}


# --- what it is worth ---


@pytest.mark.parametrize("field", [{"name": "By hand"}, {"tags": ["mine"]}, {"rolloutPercentage": 7}])
def test_one_that_changed_refuses_the_whole_plan(tmp_path: Path, field: dict[str, Any]) -> None:
    with bench(tmp_path, live=map_live(), habits=WHOLE) as run:
        update(run)
        plan = run.plan()
        run.edit("old-07", **field)

        with pytest.raises(Exception, match="old-07") as stale:
            run.apply(plan)

        assert str(stale.value) == STALE.format("old-07")
        assert run.wire.writes == []


def test_one_that_is_not_in_the_list_any_more_refuses_the_whole_plan(tmp_path: Path) -> None:
    with bench(tmp_path, live=map_live(), habits=WHOLE) as run:
        update(run)
        plan = run.plan()
        run.edit("old-07", archive=True)

        with pytest.raises(Exception, match="old-07") as stale:
            run.apply(plan)

        assert str(stale.value) == STALE.format("old-07")


def test_each_is_looked_at_once_more_right_before_its_first_write(tmp_path: Path) -> None:
    def by_hand(request: httpx.Request, answer: Answer) -> httpx.Response:
        run.edit("old-07", description="By hand")
        return answer(request)

    with bench(tmp_path, live=map_live(), habits=WHOLE) as run:
        update(run)
        plan = run.plan()
        # Right after the list was read, and long before its own turn.
        run.wire.troubles = [Trouble("editExperiment", by_hand)]
        outcome = run.apply(plan)

        failed = [e for e in outcome.experiments if e.status != "done"]
        assert [(e.key, e.status, e.error) for e in failed] == [
            ("old-07", "failed", "it changed after the plan was checked; nothing of it was written")
        ]
        assert outcome.exit_code == 4
        assert run.live("old-07")["name"] == "Old"


def test_a_write_that_did_nothing_is_told_at_the_end(tmp_path: Path) -> None:
    with bench(tmp_path, live=map_live(), habits=WHOLE) as run:
        update(run)
        run.wire.troubles = [Trouble("editExperiment", "ignored", first=8)]
        outcome = run.apply(run.plan())

        left = {e.key: [change.path for change in e.left] for e in outcome.experiments if e.left}
        assert (outcome.exit_code, left) == (4, {"old-07": ["name"]})


def test_users_that_were_not_added_are_told_at_the_end(tmp_path: Path) -> None:
    with bench(tmp_path, habits=WHOLE) as run:
        create(run)
        run.wire.troubles = [Trouble("addUsers", "ignored", first=4)]
        outcome = run.apply(run.plan())

        left = {e.key: [change.path for change in e.left] for e in outcome.experiments if e.left}
        assert (outcome.exit_code, left) == (4, {"new-03": ["variants.treatment"]})


def old_news(run: Bench) -> Callable[[httpx.Request, Answer], httpx.Response]:
    """A list that lags behind: it shows what was there before the first write."""
    before = run.engine.export("1001")
    assert before["experiments"]
    content = json.dumps({"experiments": [listed(e) for e in before["experiments"]]})  # type: ignore[union-attr]
    return lambda request, answer: httpx.Response(200, text=content)


def listed(experiment: Any) -> dict[str, Any]:
    weights = {variant["key"]: 1 for variant in experiment["variants"]}
    return {**experiment, "rolloutWeights": weights, "deleted": False, "projectId": "1001"}


def test_a_list_that_lags_behind_says_nothing(tmp_path: Path) -> None:
    with bench(tmp_path, live=map_live(), habits=WHOLE) as run:
        update(run)
        plan = run.plan()
        run.wire.troubles = [Trouble("listExperiments", old_news(run), first=2)]
        outcome = run.apply(plan)

        assert {(e.status, *e.left) for e in outcome.experiments} == {("done",)}
        # By itself each was read before its write, and at the end.
        assert Counter(run.wire.asked)["getExperiment"] == 2 * COUNT


@pytest.mark.parametrize("status", ["400", "garbage"])
def test_where_the_list_fails_at_the_end_each_is_read_by_itself(tmp_path: Path, status: str) -> None:
    with bench(tmp_path, live=map_live(), habits=WHOLE) as run:
        update(run)
        plan = run.plan()
        run.wire.troubles = [Trouble("listExperiments", status, first=2)]
        outcome = run.apply(plan)

        assert (outcome.exit_code, outcome.unverified) == (0, "")
        assert Counter(run.wire.asked)["getExperiment"] == 2 * COUNT


def test_where_nothing_can_be_read_at_the_end_that_is_told(tmp_path: Path) -> None:
    with bench(tmp_path, live=map_live(), habits=WHOLE) as run:
        update(run)
        plan = run.plan()
        run.wire.troubles = [
            Trouble("listExperiments", "401", first=2),
            Trouble("getExperiment", "401", first=COUNT + 1, times=COUNT),
        ]
        outcome = run.apply(plan)

        assert outcome.exit_code == 4
        assert outcome.unverified.startswith("old-00: getExperiment: the key in EXPSYNC_API_KEY was not accepted")


# --- what is looked at, and when ---


def test_creations_are_not_looked_up_again_however_long_it_takes(tmp_path: Path) -> None:
    """Of two experiments with one key the server lets only one be; so a look would only cost a request."""
    now = iter(range(0, 10_000, 5))
    with bench(tmp_path, habits=WHOLE) as run:
        create(run)
        plan = run.plan()
        outcome = run.apply(plan, clock=lambda: next(now))

        assert outcome.requests == plan.summary.requests


def test_what_exists_goes_before_what_is_new(tmp_path: Path) -> None:
    with bench(tmp_path, live=[live(0, key="zebra")]) as run:
        run.declare(new(1), {"key": "zebra", "name": "New"})
        outcome = run.apply(run.plan())

        assert [e.key for e in outcome.experiments] == ["new-01", "zebra"]
        assert run.wire.writes == ["editExperiment", "createExperiment", "addUsers", "editExperiment"]
