"""The live side, read whole, in as few requests as can be."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from expsync.api.reader import Reader
from expsync.api.sightings import Sighting
from expsync.errors import ApiError, ReplyError, UnclearError
from expsync.model.reads import Needs, Recipe
from expsync.sandbox.habits import Habits
from tests.api.world import client_of
from tests.apply.world import Answer, Bench, Trouble, bench

EVENT = {"event_type": "seen", "filters": []}
KEYS = ("a", "b", "c")
PLAIN = Habits()
HABITS = {
    "plain": PLAIN,
    "older": Habits(older=True),
    "numbers for ids": Habits(ids="number"),
    "whole variants": Habits(variants="whole"),
    "tags in the list": Habits(tags_in_list=True),
    "deleted in the list": Habits(deleted_in_list=True),
    "floats": Habits(numbers="float"),
    "days": Habits(dates="date"),
    "instants": Habits(dates="instant"),
    "sorted tags": Habits(tag_order="sorted"),
    "reversed tags": Habits(tag_order="reversed"),
    "segments with bucketing keys": Habits(segment_bucketing_key=True),
    "text cursor, null at the end": Habits(cursor="text", last_cursor="null", page_size=2),
    "number cursor, empty at the end": Habits(cursor="number", last_cursor="empty", page_size=1),
    "small ok": Habits(ok="ok"),
    "unknown fields": Habits(unknown_fields=True),
    "exposure event": Habits(exposure_event_read=True),
    "null payload": Habits(empty_payload="null"),
    "null description": Habits(description_null=True),
    "archived are closed": Habits(edit_while_archived=False),
    "rename loses weights": Habits(rename_keeps_weights=False),
    "no decisions": Habits(decisions_in_edit=False),
    "all in the list": Habits(variants="whole", tags_in_list=True, deleted_in_list=True, exposure_event_read=True),
}


def live(key: str, **fields: Any) -> dict[str, Any]:
    control = {"key": "control", "name": "C", "payload": {"x": 1}, "inclusions": ["u"], "cohortInclusions": ["k"]}
    return {
        "key": key,
        "name": f"Name {key}",
        "startDate": "2026-02-01",
        "deployments": ["101"],
        "tags": ["managed-by-expsync", "t"],
        "exposureEvent": EVENT,
        "variants": [control, {"key": "treatment", "rolloutWeight": 2}],
        "targetSegments": [{"name": "US", "conditions": [], "percentage": 5, "rolloutWeights": {"control": 1}}],
        **fields,
    }


SEGMENTS = [{"name": "US", "percentage": 5}]
WORLD = [live(key) for key in KEYS]
TREATMENT = {"key": "treatment"}
# What is declared of each of three experiments, all of it live already; and what is read for it once for each of them.
DECLARED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "nothing": ({}, []),
    "what lists carry": (
        {"startDate": "2026-02-01", "enabled": False, "deployments": ["web"], "archived": False},
        [],
    ),
    "segments": ({"targetSegments": SEGMENTS}, []),
    "tags": ({"tags": ["managed-by-expsync", "t"]}, ["tags"]),
    "the exposure event": ({"exposureEvent": EVENT}, ["event"]),
    "keys and weights": ({"variants": [{"key": "control"}, {**TREATMENT, "rolloutWeight": 2}]}, []),
    "a name of a variant": ({"variants": [{"key": "control", "name": "C"}, TREATMENT]}, ["details"]),
    "users of one": ({"variants": [{"key": "control", "inclusions": ["u"]}, TREATMENT]}, ["users"]),
    "users of two": (
        {"variants": [{"key": "control", "inclusions": ["u"]}, {**TREATMENT, "inclusions": []}]},
        ["users", "users"],
    ),
    "all": (
        {
            "tags": ["managed-by-expsync", "t"],
            "exposureEvent": EVENT,
            "targetSegments": SEGMENTS,
            "variants": [
                {"key": "control", "payload": {"x": 1}, "inclusions": ["u"]},
                {**TREATMENT, "description": "", "inclusions": []},
            ],
        },
        ["tags", "event", "details", "users", "users"],
    ),
}


def expected(needs: list[str], habits: Habits) -> Counter[str]:
    """Three of each read that the list does not save."""
    carried = {"tags": habits.tags_in_list, "event": habits.exposure_event_read, "details": habits.variants == "whole"}
    left = [need for need in needs if not carried.get(need, False)]
    body = ["getExperiment"] if {"tags", "event"} & set(left) else []
    others = [
        {"details": "listVariants", "users": "getInclusions"}[need] for need in left if need in ("details", "users")
    ]
    pages = -(-len(KEYS) // habits.page_size)
    return Counter([*["listExperiments"] * pages, *[*body, *others] * len(KEYS)])


@pytest.mark.parametrize("habits", HABITS.values(), ids=HABITS)
@pytest.mark.parametrize("what", DECLARED)
def test_only_what_the_list_does_not_carry_is_read_further(tmp_path: Path, what: str, habits: Habits) -> None:
    declared, needs = DECLARED[what]
    with bench(tmp_path, live=WORLD, habits=habits) as run:
        run.declare(*({"key": key, **declared} for key in KEYS))

        plan = run.plan()

        assert plan.experiments == []
        assert Counter(run.wire.asked) == expected(needs, habits)


def test_cohorts_are_read_of_the_variants_that_declare_them(tmp_path: Path) -> None:
    with bench(tmp_path, live=WORLD) as run:
        run.declare({"key": "a", "variants": [{"key": "control", "cohortInclusions": ["k"]}, TREATMENT]})

        assert run.plan().experiments == []
        assert run.wire.asked == ["listExperiments", "getCohortInclusions"]


def test_what_is_ignored_is_not_read(tmp_path: Path) -> None:
    with bench(tmp_path, live=WORLD) as run:
        ignored = ["tags", "exposureEvent", "variants.*.name", "variants.*.inclusions", "variants.*.cohortInclusions"]
        control = {"key": "control", "name": "Other", "inclusions": [], "cohortInclusions": []}
        run.declare(
            {
                "key": "a",
                "tags": [],
                "exposureEvent": None,
                "variants": [control, TREATMENT],
                "lifecycle": {"ignoreChanges": ignored},
            }
        )

        assert run.plan().experiments == []
        assert run.wire.asked == ["listExperiments"]


def test_users_are_read_under_the_key_that_a_variant_still_has(tmp_path: Path) -> None:
    with bench(tmp_path, live=WORLD) as run:
        renamed = {"key": "base", "renamedFrom": "control", "inclusions": ["u"]}
        fresh = {"key": "fresh", "inclusions": ["v"]}
        run.declare({"key": "a", "tags": ["managed-by-expsync", "t"], "variants": [renamed, TREATMENT, fresh]})

        (planned,) = run.plan().experiments

        asked = [target for _, target in run.wire.sent if target.endswith("/users")]
        assert asked == [f"/api/1/experiments/{planned.id}/variants/control/users"]
        assert [change.path for change in planned.changes] == ["variants.base.key", "variants.fresh"]


def test_an_edit_of_one_whose_tags_are_not_known_reads_them_once(tmp_path: Path) -> None:
    with bench(tmp_path, live=WORLD) as run:
        run.declare(*({"key": key, "name": "New" if key == "b" else f"Name {key}"} for key in KEYS))

        assert [planned.key for planned in run.plan().experiments] == ["b"]
        assert run.wire.asked == ["listExperiments", "getExperiment"]


@pytest.mark.parametrize(("tags_in_list", "reads"), [(False, 2), (True, 0)])
def test_pruning_reads_the_tags_of_what_no_file_declares(tmp_path: Path, tags_in_list: bool, reads: int) -> None:
    with bench(tmp_path, live=WORLD, habits=Habits(tags_in_list=tags_in_list)) as run:
        run.declare({"key": "a"})

        assert [planned.key for planned in run.plan(prune=True).experiments] == ["b", "c"]
        assert run.wire.asked == ["listExperiments", *["getExperiment"] * reads]


@pytest.mark.parametrize(("missing", "lookups"), [(1, 1), (5, 5), (6, 2), (20, 2)])
def test_keys_that_are_not_there_are_looked_up_one_by_one_or_all_at_once(
    tmp_path: Path, missing: int, lookups: int
) -> None:
    """The whole list takes two pages here: with the archived one there are four experiments."""
    with bench(tmp_path, live=[*WORLD, live("gone", archived=True)], habits=Habits(page_size=3)) as run:
        new = [f"new-{number:02}" for number in range(missing - 1)]
        run.declare(*({"key": key} for key in (*KEYS, "gone", *new)))

        plan = run.plan()

        # The one that is archived is known, and stays as it is.
        assert [planned.key for planned in plan.experiments] == new
        assert run.wire.asked == ["listExperiments"] * (1 + lookups)
        whole = [target for _, target in run.wire.sent if "includeArchived=true" in target and "&key=" not in target]
        assert len(whole) == (lookups if missing > 5 else 0)


def test_an_archived_experiment_is_read_as_any_other(tmp_path: Path) -> None:
    with bench(tmp_path, live=[live("a", archived=True)]) as run:
        run.declare({"key": "a", "archived": False, "tags": ["managed-by-expsync", "t"]})

        assert [planned.action for planned in run.plan().experiments] == ["unarchive"]
        assert run.wire.asked == ["listExperiments", "listExperiments", "getExperiment"]


# --- what breaks off ---

ALL = DECLARED["all"][0] | {"variants": [{"key": "control", "name": "C", "inclusions": ["u"]}, TREATMENT]}


def planning(run: Bench, *troubles: Trouble) -> Callable[[], object]:
    run.declare(*({"key": key, **ALL} for key in KEYS), *({"key": f"new-{n}"} for n in range(6)))
    run.wire.troubles = list(troubles)
    return run.plan


@pytest.mark.parametrize("how", ["503", "cut before", "garbage"])
@pytest.mark.parametrize("first", [1, 2, 3, 4])
def test_a_list_that_breaks_off_is_an_error_and_no_plan(tmp_path: Path, first: int, how: str) -> None:
    """Two pages of the default list, and two of the whole one."""
    with bench(tmp_path, live=WORLD, habits=Habits(page_size=2)) as run:
        plan = planning(run, Trouble("listExperiments", how, first=first, times=99))

        with pytest.raises((UnclearError, ReplyError), match=r"^listExperiments: "):
            plan()
        assert set(run.wire.asked) == {"listExperiments"}


def test_a_list_that_goes_in_circles_is_an_error(tmp_path: Path) -> None:
    first: list[bytes] = []

    def same(request: httpx.Request, answer: Answer) -> httpx.Response:
        first.append(answer(request).content)
        return httpx.Response(200, content=first[0])

    with bench(tmp_path, live=WORLD, habits=Habits(page_size=2)) as run:
        plan = planning(run, Trouble("listExperiments", same, times=99))

        with pytest.raises(ReplyError, match="the list does not end: a page brought nothing new"):
            plan()


@pytest.mark.parametrize("op", ["getExperiment", "listVariants", "getInclusions"])
@pytest.mark.parametrize("first", [1, 2, 3])
def test_an_experiment_that_vanishes_while_it_is_read_is_an_error(tmp_path: Path, op: str, first: int) -> None:
    with bench(tmp_path, live=WORLD) as run:
        plan = planning(run, Trouble(op, "404", first=first))

        with pytest.raises(ReplyError, match=r"^experiment [abc] went away while it was read$") as caught:
            plan()
        assert caught.value.hint == "run the command again"


@pytest.mark.parametrize("op", ["getExperiment", "listVariants", "getInclusions"])
def test_any_read_that_fails_ends_the_plan(tmp_path: Path, op: str) -> None:
    with bench(tmp_path, live=WORLD) as run:
        plan = planning(run, Trouble(op, "503", first=2, times=99))

        with pytest.raises(UnclearError, match=f"^{op}: the server failed"):
            plan()


def test_a_server_without_cohorts_is_explained(tmp_path: Path) -> None:
    with bench(tmp_path, live=WORLD, habits=Habits(older=True)) as run:
        run.declare({"key": "a", "variants": [{"key": "control", "cohortInclusions": ["k"]}, TREATMENT]})

        with pytest.raises(ReplyError) as caught:
            run.plan()
        id = run.live("a")["id"]
        assert caught.value.message == (
            f"the cohorts of variant control of experiment {id} can't be read: the server has no such list (404)"
        )
        assert caught.value.hint == "it may be too old for cohortInclusions: leave them out of the file"


# --- piece by piece ---


def project(
    *listed: Mapping[str, Any], one: Mapping[str, Any] | None = None, archived: tuple[Mapping[str, Any], ...] = ()
) -> Callable[[httpx.Request], httpx.Response]:
    """A server whose list has these bodies, and `archived` too where those are asked for; `one` is any own body."""

    def answer(request: httpx.Request) -> httpx.Response:
        query = request.url.params
        if not request.url.path.endswith("/experiments"):
            return httpx.Response(404 if one is None else 200, text=json.dumps(one))
        found = [*listed, *(archived if "includeArchived" in query else ())]
        kept = [body for body in found if query.get("key", body["key"]) == body["key"]]
        return httpx.Response(200, json={"experiments": kept})

    return answer


def reader_of(server: Callable[[httpx.Request], httpx.Response], **named: Any) -> Reader:
    return Reader(client_of(server), parallelism=2, **named)


def test_what_the_default_list_calls_archived_is_archived(tmp_path: Path) -> None:
    reader = reader_of(
        project(
            {"id": 1, "key": "a", "deleted": True},
            {"id": 2, "key": "b", "archived": True},
            {"id": 3, "key": "c", "deleted": False},
            {"id": 4, "key": "d", "deleted": True},
            {"id": 5, "key": "e"},
        )
    )

    found = reader.snapshot({key: Needs() for key in "abc"}, own="abc")

    assert {key: sighting.archived for key, sighting in found.asked.items()} == {"a": True, "b": True, "c": False}
    assert list(found.others) == ["e"]
    assert found.keys == (1, 1)


def test_what_is_declared_and_not_asked_for_is_neither_read_nor_an_other() -> None:
    reader = reader_of(project({"id": 1, "key": "a"}, {"id": 2, "key": "b"}, {"id": 3, "key": "c"}))

    found = reader.snapshot({"a": Needs()}, own=["a", "b"])

    assert (list(found.asked), list(found.others)) == (["a"], ["c"])


def test_who_watches_is_told_how_many_are_read() -> None:
    told: list[tuple[int, int]] = []
    reader = reader_of(
        project({"id": 1, "key": "a"}, {"id": 2, "key": "b"}), advance=lambda done, total: told.append((done, total))
    )

    reader.snapshot({"a": Needs(), "b": Needs()}, own="ab")

    assert told == [(1, 2), (2, 2)]


def test_the_own_body_is_laid_over_that_of_the_list() -> None:
    reader = reader_of(
        project({"id": 1, "key": "a", "name": "Old", "state": "running"}, one={"id": 1, "key": "a", "name": "N"})
    )

    listed = reader.sightings({"a": reader.look_up("a") or pytest.fail("it is there")})
    own = reader.with_bodies(listed)

    assert (listed["a"].whole, listed["a"].archived, listed["a"].body.name) == (False, False, "Old")
    assert (own["a"].whole, own["a"].body.name, own["a"].body.state) == (True, "N", "running")


def test_a_key_is_looked_up_among_the_archived_too() -> None:
    reader = reader_of(project({"id": 1, "key": "a"}, archived=({"id": 2, "key": "b"},)))

    assert [found and found.id for found in map(reader.look_up, "abc")] == ["1", "2", None]


@pytest.mark.parametrize("more", [0, 4])
def test_keys_that_are_taken_are_told(more: int) -> None:
    reader = reader_of(project({"id": 1, "key": "a"}, archived=({"id": 2, "key": "b"},)))

    assert reader.taken(["a", "b", *(f"new-{n}" for n in range(more))]) == {"a", "b"}
    assert reader.taken([f"new-{n}" for n in range(1 + more)]) == set()


NOTHING = Recipe(details=False, inclusions=(), cohorts=())


@pytest.mark.parametrize(
    ("listed", "own", "observed", "archived", "name", "requests"),
    [
        ({}, {"deleted": False, "name": "N"}, ["name"], False, "N", 1),
        ({}, {"deleted": True, "name": "N"}, ["name", "archived", "variants.details"], True, "N", 1),
        ({"name": "L"}, {"deleted": False}, ["name"], False, "L", 2),
        ({"name": "L"}, {"deleted": True}, ["name"], True, "L", 2),
        ({"name": "L"}, {"name": "N"}, [], False, "N", 2),
        (None, {"name": "N"}, [], True, "N", 2),
        (None, {"archived": False}, ["name"], False, "", 2),
    ],
)
def test_one_is_read_again_with_the_list_where_its_body_does_not_say_enough(
    listed: dict[str, Any] | None, own: dict[str, Any], observed: list[str], archived: bool, name: str, requests: int
) -> None:
    base = {"id": 1, "key": "a"}
    client = client_of(project(*([] if listed is None else [{**base, **listed}]), one={**base, **own}))

    found = Reader(client, parallelism=1).again("1", NOTHING, observed)

    assert (found.archived, found.body.name, found.whole) == (archived, name, True)
    assert client.requests_sent == requests


def test_one_is_read_again_by_its_recipe(tmp_path: Path) -> None:
    with bench(tmp_path, live=WORLD) as run:
        recipe = Recipe(details=True, inclusions=("control", "treatment"), cohorts=("control",))

        found = Reader(run.client, parallelism=1).again(run.live("b")["id"], recipe)

        assert [variant.name for variant in found.variants or ()] == ["C", ""]
        assert (found.inclusions, found.cohorts) == ({"control": ["u"], "treatment": []}, {"control": ["k"]})
        assert len(run.wire.asked) == recipe.requests


@pytest.mark.parametrize(("there", "archived"), [(True, False), (False, True)])
def test_the_list_settles_whether_one_is_archived(there: bool, archived: bool) -> None:
    reader = reader_of(project(*([{"id": 1, "key": "a"}] if there else [])))
    body = reader_of(project({"id": 1, "key": "a"})).look_up("a")
    assert body is not None
    sighting = Sighting(body, archived=None, whole=True)

    assert reader.settled(sighting) == sighting._replace(archived=archived)


def test_of_several_errors_the_first_by_key_is_told() -> None:
    reader = reader_of(project(*({"id": number, "key": f"k{number:02}"} for number in range(1, 40))))

    with pytest.raises(ApiError, match="experiment k01 went away"):
        reader.snapshot({f"k{n:02}": Needs(fields=frozenset({"tags"})) for n in range(1, 40)}, own=[])
