"""All that can be declared of live experiments, read in as few requests as can be."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from expsync.api.reader import Reader
from expsync.api.sightings import Sighting
from expsync.errors import AccessError, ReplyError
from expsync.sandbox.habits import Habits
from tests.api.test_reader import EVENT, KEYS, WORLD, live
from tests.apply.world import Answer, Bench, Trouble, bench

WHOLE_LISTS = Habits(variants="whole", tags_in_list=True, exposure_event_read=True)


def everything(run: Bench, *, members: bool = True) -> dict[str, Sighting]:
    reader = Reader(run.client, parallelism=4)
    return reader.everything(reader.listed(), members=members)


@pytest.mark.parametrize(
    ("habits", "asked"),
    [
        (Habits(), {"getExperiment": 3, "listVariants": 3, "getInclusions": 6, "getCohortInclusions": 6}),
        (Habits(older=True), {"getExperiment": 3, "listVariants": 3, "getInclusions": 6, "getCohortInclusions": 1}),
        # What the first body does not carry either is not looked for in the others'.
        (
            Habits(variants="whole", tags_in_list=True),
            {"getExperiment": 1, "getInclusions": 6, "getCohortInclusions": 6},
        ),
        (WHOLE_LISTS, {"getInclusions": 6, "getCohortInclusions": 6}),
    ],
    ids=["sparse lists", "older", "nothing more in bodies", "whole lists"],
)
def test_only_what_lists_do_not_carry_is_read_further(tmp_path: Path, habits: Habits, asked: dict[str, int]) -> None:
    with bench(tmp_path, live=WORLD, habits=habits) as run:
        found = everything(run)

        assert Counter(run.wire.asked) == {"listExperiments": 1, **asked}
        assert list(found) == list(KEYS)
        for sighting in found.values():
            assert set(sighting.body.tags) == {"managed-by-expsync", "t"}
            assert sighting.inclusions == {"control": ["u"], "treatment": []}
            assert sighting.cohorts == ({} if habits.older else {"control": ["k"], "treatment": []})
            variants = sighting.variants if sighting.variants is not None else sighting.body.variants
            assert next((one.key, one.name, one.payload) for one in variants) == ("control", "C", {"x": 1})


def test_members_that_are_not_wanted_are_not_read(tmp_path: Path) -> None:
    with bench(tmp_path, live=WORLD, habits=WHOLE_LISTS) as run:
        found = everything(run, members=False)

        assert run.wire.asked == ["listExperiments"]
        assert {key: (one.inclusions, one.cohorts) for key, one in found.items()} == dict.fromkeys(KEYS, (None, None))
        assert found["a"].body.exposureEvent == EVENT


def test_nothing_to_read_is_no_request(tmp_path: Path) -> None:
    with bench(tmp_path) as run:
        assert Reader(run.client, parallelism=4).everything({}, members=True) == {}
        assert run.wire.asked == []


def test_archived_experiments_are_listed_only_by_their_keys(tmp_path: Path) -> None:
    world = [live("a"), live("old", archived=True), live("older", archived=True)]
    with bench(tmp_path, live=world) as run:
        found = Reader(run.client, parallelism=4).listed(["a", "old", "gone"])

        assert {key: one.archived for key, one in found.items()} == {"a": False, "old": True}
        assert run.wire.asked == ["listExperiments"] * 3


def test_many_keys_that_are_not_in_the_list_cost_one_more_list(tmp_path: Path) -> None:
    world = [live("a"), *(live(f"old-{n}", archived=True) for n in range(7))]
    with bench(tmp_path, live=world) as run:
        found = Reader(run.client, parallelism=4).listed([f"old-{n}" for n in range(7)])

        assert sum(bool(one.archived) for one in found.values()) == 7
        assert run.wire.asked == ["listExperiments"] * 2


def test_a_404_of_cohorts_after_an_answer_is_an_experiment_that_went_away(tmp_path: Path) -> None:
    with bench(tmp_path, live=WORLD) as run:
        run.wire.troubles.append(Trouble("getCohortInclusions", "404", first=2))
        with pytest.raises(ReplyError, match="went away while it was read"):
            everything(run)


@pytest.mark.parametrize(
    ("op", "how", "error"),
    [
        ("getExperiment", "404", ReplyError),
        ("listVariants", "404", ReplyError),
        ("getInclusions", "404", ReplyError),
        ("getInclusions", "garbage", ReplyError),
        ("getCohortInclusions", "403", AccessError),
    ],
)
def test_a_read_that_fails_is_no_shorter_answer(tmp_path: Path, op: str, how: str, error: type[Exception]) -> None:
    with bench(tmp_path, live=WORLD) as run:
        run.wire.troubles.append(Trouble(op, how, first=3))
        with pytest.raises(error):
            everything(run)


def test_a_body_without_variants_takes_them_from_their_own_list(tmp_path: Path) -> None:
    def without_variants(request: httpx.Request, answer: Answer) -> httpx.Response:
        page: Any = answer(request).json()
        bodies = page.get("experiments", [page])
        for body in bodies:
            del body["variants"]
        return httpx.Response(200, json=page)

    with bench(tmp_path, live=WORLD[:1]) as run:
        run.wire.troubles += [Trouble(op, without_variants, times=9) for op in ("listExperiments", "getExperiment")]
        found = everything(run)

        assert found["a"].inclusions == {"control": ["u"], "treatment": []}
