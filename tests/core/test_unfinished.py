"""A creation that was broken off is completed by the next run, what its file leaves to people included."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from expsync.model.plan import Plan
from expsync.model.words import UNFINISHED
from expsync.sandbox.habits import Habits
from tests.apply.world import Bench, Trouble, bench

IGNORED = ["rolloutPercentage", "enabled", "bucketingSalt", "tags", "variants.*.rolloutWeight", "variants.*.inclusions"]
DECLARED: dict[str, Any] = {
    "key": "exp",
    "enabled": True,
    "rolloutPercentage": 50,
    "bucketingSalt": "abcd1234",
    "tags": ["growth"],
    "deployments": ["web"],
    "variants": [
        {"key": "control", "rolloutWeight": 1.5},
        {"key": "treatment", "rolloutWeight": 2.5, "inclusions": ["ada", "bob"]},
    ],
    "lifecycle": {"ignoreChanges": IGNORED},
}
BANDIT: dict[str, Any] = {
    "key": "exp",
    "description": "Which one pays",
    "experimentType": "multi-arm-bandit",
    "variants": DECLARED["variants"],
}


def calls(plan: Plan) -> list[str]:
    return [operation.op for operation in plan.experiments[0].operations]


CASES = {
    "ignored": (DECLARED, Habits()),
    "ignored, on an older server": (DECLARED, Habits(older=True)),
    "a bandit": (BANDIT, Habits(tags_in_list=True)),
}


@pytest.mark.parametrize(("declared", "habits"), CASES.values(), ids=CASES)
def test_wherever_a_creation_breaks_off_the_next_runs_complete_it(
    tmp_path: Path, declared: dict[str, Any], habits: Habits
) -> None:
    """Twice: the run that is to complete it may break off as well."""
    root = tmp_path / "wanted"
    root.mkdir()
    with bench(root, habits=habits) as run:
        run.declare(declared)
        first = run.plan()
        assert run.apply(first).exit_code == 0
        whole = run.live("exp")
    count = len(calls(first))
    for broken in range(2, count + 1):
        for again in range(1, count + 1):
            root = tmp_path / f"{broken}-{again}"
            root.mkdir()
            with bench(root, habits=habits) as run:
                run.declare(declared)
                stop_at(run, broken)
                assert run.apply(run.plan()).exit_code == 4
                stop_at(run, again)
                run.apply(run.plan())
                run.wire.troubles = []
                assert run.apply(run.plan()).exit_code == 0
                assert run.plan().experiments == []
                differing = {name for name, value in run.live("exp").items() if value != whole[name]}
                assert differing <= {"createdAt", "lastModifiedAt"} | {"bucketingSalt"} - declared.keys()


def stop_at(run: Bench, number: int) -> None:
    """Nothing; the write of this number, and those after it, are refused."""
    left = number - 1

    def count(request: Any, answer: Any) -> Any:
        nonlocal left
        left -= 1
        return answer(request) if left >= 0 else type(answer(read_of(request)))(401, text="no")

    ops = ("createExperiment", "editVariant", "addUsers", "editExperiment")
    run.wire.troubles = [Trouble(op, count, times=999) for op in ops]


def read_of(request: Any) -> Any:
    return type(request)("GET", str(request.url).partition("/experiments")[0] + "/experiments")


def test_the_mark_stands_only_where_it_matters(tmp_path: Path) -> None:
    with bench(tmp_path) as run:
        run.declare(
            {key: value for key, value in DECLARED.items() if key != "lifecycle"},
            {
                "key": "of-create",
                "name": "N",
                "lifecycle": {"ignoreChanges": ["name", "variants.*.payload", "archived"]},
            },
            {"key": "not-declared", "lifecycle": {"ignoreChanges": ["rolloutPercentage", "tags.x"]}},
            {"key": "tagged", "lifecycle": {"ignoreChanges": ["tags"]}},
        )
        plan = run.plan()
        bodies: dict[str, Any] = {e.key: e.operations[0].body for e in plan.experiments}
        marked = {key for key, body in bodies.items() if body.get("description") == UNFINISHED}
        assert marked == {"tagged"}


def half_made(run: Bench) -> None:
    run.declare(DECLARED)
    stop_at(run, 2)
    assert run.apply(run.plan()).exit_code == 4
    run.wire.troubles = []


def test_what_people_have_set_meanwhile_stays(tmp_path: Path) -> None:
    with bench(tmp_path) as run:
        half_made(run)
        id = run.live("exp")["id"]
        run.edit("exp", rolloutPercentage=7, tags=["theirs"])
        run.call("PATCH", f"/{id}/variants/control", {"rolloutWeight": 9})
        run.call("POST", f"/{id}/variants/treatment/users", {"inclusions": ["eve"]})

        assert run.apply(run.plan()).exit_code == 0

        live = run.live("exp")
        assert (live["rolloutPercentage"], live["tags"], live["description"]) == (7, ["theirs"], "")
        assert [variant["rolloutWeight"] for variant in live["variants"]] == [9, 1]
        assert live["variants"][1]["inclusions"] == ["eve"]
        assert (live["enabled"], live["bucketingSalt"]) == (True, "abcd1234")


def test_what_people_have_made_is_left_to_them(tmp_path: Path) -> None:
    """Off, at zero, without a tag and never edited, as a creation leaves it; but nobody else makes the mark."""
    with bench(tmp_path) as run:
        run.call("POST", "", {"projectId": "1001", "key": "exp", "deployments": ["101"]})
        before = run.live("exp")
        run.declare(DECLARED)

        assert run.plan().experiments == []
        assert run.live("exp") == before


def test_the_mark_goes_even_where_the_file_leaves_nothing_to_people_any_more(tmp_path: Path) -> None:
    with bench(tmp_path) as run:
        half_made(run)
        run.declare({"key": "exp", "name": "exp"})

        assert run.apply(run.plan()).exit_code == 0
        assert run.live("exp")["description"] == ""
