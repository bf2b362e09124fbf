"""Lists: order, pages, cursors and filters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from expsync.sandbox.habits import Habits
from expsync.sandbox.store import Store
from tests.sandbox.calls import EXPERIMENTS, Caller, said

Maker = Callable[..., Caller]


def keys(page: Any) -> list[str]:
    return [one["key"] for one in page["experiments"]]


def pages(caller: Caller, path: str = EXPERIMENTS, **query: str) -> list[Any]:
    """All pages of a list, followed by cursor."""
    found = [caller.get(path, **query)]
    while found[-1].get("nextCursor"):
        found.append(caller.get(path, **query, cursor=str(found[-1]["nextCursor"])))
        assert len(found) < 20
    return found


@pytest.mark.parametrize("cursor", ["number", "text"])
def test_pages_hold_everything_once_most_recent_first(caller_with: Maker, cursor: str) -> None:
    caller = caller_with(page_size=2, cursor=cursor)
    for key in "abcde":
        caller.create(key)
    assert [keys(page) for page in pages(caller)] == [["e", "d"], ["c", "b"], ["a"]]


@pytest.mark.parametrize(("cursor", "first"), [("number", 3), ("text", "after-3")])
def test_the_cursor_has_the_shape_of_the_habit(caller_with: Maker, cursor: str, first: Any) -> None:
    caller = caller_with(page_size=1, cursor=cursor)
    for key in "abc":
        caller.create(key)
    assert caller.get(EXPERIMENTS)["nextCursor"] == first


@pytest.mark.parametrize(
    ("habit", "end"), [("absent", {}), ("null", {"nextCursor": None}), ("empty", {"nextCursor": ""})]
)
@pytest.mark.parametrize("count", [0, 2])
def test_the_last_page_ends_by_habit(caller_with: Maker, habit: str, end: dict[str, Any], count: int) -> None:
    caller = caller_with(page_size=2, last_cursor=habit)
    for key in "ab"[:count]:
        caller.create(key)
    page = caller.get(EXPERIMENTS)
    assert {name: value for name, value in page.items() if name != "experiments"} == end


def test_a_limit_makes_pages_smaller_but_never_larger_than_the_cap(caller_with: Maker) -> None:
    caller = caller_with(page_size=3)
    for key in "abcde":
        caller.create(key)
    assert [len(page["experiments"]) for page in pages(caller, limit="2")] == [2, 2, 1]
    assert [len(page["experiments"]) for page in pages(caller, limit="1000000")] == [3, 2]


def test_a_page_holds_at_most_a_thousand(store: Store) -> None:
    caller = Caller(store, Habits(page_size=5000))
    many: Any = [{"key": f"k{number}", "variants": [{"key": "on"}]} for number in range(1001)]
    caller.engine.import_world({"projectId": "1001", "experiments": many})
    assert [len(page["experiments"]) for page in pages(caller, limit="5000")] == [1000, 1]


def test_experiments_created_between_pages_move_nothing(caller_with: Maker) -> None:
    caller = caller_with(page_size=2)
    for key in "abcd":
        caller.create(key)
    first = caller.get(EXPERIMENTS)
    caller.create("e")
    second = caller.get(EXPERIMENTS, cursor=str(first["nextCursor"]))
    assert keys(first) + keys(second) == ["d", "c", "b", "a"]


def test_filters_choose_by_key_and_project_and_hold_across_pages(caller_with: Maker) -> None:
    caller = caller_with(page_size=1)
    caller.engine.ensure_project("2002", {})
    for key in "ab":
        caller.create(key)
        caller.call("POST", EXPERIMENTS, {"projectId": "2002", "key": key})
    assert [keys(page) for page in pages(caller, key="a")] == [["a"], ["a"]]
    assert [keys(page) for page in pages(caller, projectId="2002")] == [["b"], ["a"]]
    assert [keys(page) for page in pages(caller, projectId="2002", key="a")] == [["a"]]
    assert caller.get(EXPERIMENTS, key="A") == {"experiments": []}
    assert caller.get(EXPERIMENTS, projectId="3003") == {"experiments": []}


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "-1", "after-", "after-xyz", "after-0x1", "after-1\n", "after-1_0", "after-" + "1" * 30, "1" * 30],
)
@pytest.mark.parametrize("habit", ["number", "text"])
def test_a_cursor_that_was_never_given_is_refused(caller_with: Maker, cursor: str, habit: str) -> None:
    answer = caller_with(cursor=habit).call("GET", EXPERIMENTS, cursor=cursor)
    assert answer == (400, said(f"`cursor`: `{cursor}` isn't one of ours"))


def test_deployments_come_in_pages_only_where_a_limit_is_asked_for(caller_with: Maker) -> None:
    caller = caller_with(page_size=1, last_cursor="null")
    caller.engine.ensure_project("1001", {"103": "web 2"})
    path = "/api/1/deployments"
    ids = [[one["id"] for one in page["deployments"]] for page in pages(caller, path, limit="2")]
    assert ids == [["101", "102"], ["103"]]
    assert [len(page["deployments"]) for page in pages(caller, path)] == [3]
    assert caller.get(path, cursor="3") == {"deployments": [], "nextCursor": None}
