"""Users and cohorts of a variant."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.calls import Caller, said


@pytest.fixture
def users(caller: Caller) -> str:
    """The path of the users of an experiment's control."""
    return caller.create() + "/variants/control/users"


@pytest.fixture
def bulk(users: str) -> str:
    return users.replace("/users", "/bulk-delete-users")


def test_added_users_keep_their_order_and_stand_once(caller: Caller, users: str) -> None:
    caller.write("POST", users, {"inclusions": ["c", "a", "c"]})
    caller.write("POST", users, {"inclusions": ["b", "a"]})
    assert caller.get(users) == ["c", "a", "b"]


def test_a_user_may_be_in_two_variants(caller: Caller, users: str) -> None:
    caller.write("POST", users, {"inclusions": ["a"]})
    caller.write("POST", users.replace("control", "treatment"), {"inclusions": ["a"]})
    assert caller.get(users.replace("control", "treatment")) == ["a"]


def test_the_limit_counts_each_user_once_and_nothing_is_added_past_it(caller: Caller, users: str) -> None:
    everyone = [f"u{number}" for number in range(2000)]
    caller.write("POST", users, {"inclusions": everyone})
    caller.write("POST", users, {"inclusions": ["u0", "u1999"]})
    assert caller.call("POST", users, {"inclusions": ["new"]}) == (
        400,
        said("`inclusions`: 2001 users are more than the 2000 of a variant"),
    )
    assert caller.get(users) == everyone


def test_removing_by_index_moves_up_those_behind(caller: Caller, users: str) -> None:
    caller.write("POST", users, {"inclusions": ["a", "b", "c"]})
    caller.write("DELETE", f"{users}/1")
    caller.write("DELETE", f"{users}/1")
    assert caller.get(users) == ["a"]


@pytest.mark.parametrize(
    ("index", "answer"),
    [
        ("3", (404, said("variant `control` has no user at index 3"))),
        ("9" * 5000, (404, said(f"variant `control` has no user at index {'9' * 20}"))),
        ("-1", (400, said("`-1` isn't an index"))),
        ("one", (400, said("`one` isn't an index"))),
        ("%C2%B2", (400, said("`²` isn't an index"))),
    ],
)
def test_a_bad_index_is_refused(caller: Caller, users: str, index: str, answer: Any) -> None:
    caller.write("POST", users, {"inclusions": ["a", "b", "c"]})
    assert caller.call("DELETE", f"{users}/{index}") == answer


def test_removing_all_leaves_none(caller: Caller, users: str) -> None:
    caller.write("POST", users, {"inclusions": ["a", "b"]})
    caller.write("DELETE", users)
    caller.write("DELETE", users)
    assert caller.get(users) == []


def test_bulk_removal_passes_over_users_who_are_not_there(caller: Caller, users: str, bulk: str) -> None:
    caller.write("POST", users, {"inclusions": ["a", "b", "c"]})
    caller.write("DELETE", bulk, {"users": ["b", "z", "b"]})
    assert caller.get(users) == ["a", "c"]


def test_bulk_removal_takes_a_hundred_and_no_more(caller: Caller, users: str, bulk: str) -> None:
    everyone = [f"u{number}" for number in range(101)]
    caller.write("POST", users, {"inclusions": everyone})
    status, _ = caller.call("DELETE", bulk, {"users": everyone})
    assert status == 400
    assert caller.get(users) == everyone
    caller.write("DELETE", bulk, {"users": everyone[:100]})
    assert caller.get(users) == ["u100"]


def test_cohorts_are_added_and_removed_apart_from_users(caller: Caller, users: str) -> None:
    cohorts = users.replace("/users", "/cohorts")
    caller.write("POST", users, {"inclusions": ["a"]})
    caller.write("POST", cohorts, {"inclusions": ["c1", "c2", "c1"]})
    caller.write("DELETE", users.replace("/users", "/bulk-delete-cohorts"), {"users": ["c1", "c9"]})
    assert (caller.get(cohorts), caller.get(users)) == (["c2"], ["a"])


def test_any_text_can_be_a_user(caller: Caller, users: str) -> None:
    odd = ["ann@example.com", " ", "a/b?c#d", "ü", "\u0000", "😀", "%2F"]
    caller.write("POST", users, {"inclusions": odd})
    assert caller.get(users) == odd
