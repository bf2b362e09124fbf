"""Who may call what."""

from __future__ import annotations

from typing import Any

import pytest

from expsync.sandbox.store import Store
from tests.sandbox.calls import EXPERIMENTS, Caller, said

HEADER = "send the header Authorization: Bearer <management-api-key>"


@pytest.fixture
def guarded(store: Store, caller: Caller) -> Caller:
    """A caller of an engine with keys, over a world with an experiment in each of two projects."""
    caller.create()
    caller.call("POST", EXPERIMENTS, {"projectId": "2002", "key": "other"})
    return Caller(store, keys={"one": frozenset({"1001"}), "all": None})


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (None, "no API key was sent"),
        ("", "the API key is not known"),
        ("one", "the API key is not known"),
        ("Basic one", "the API key is not known"),
        ("Bearer two", "the API key is not known"),
        ("Bearer Bearer one", "the API key is not known"),
    ],
)
@pytest.mark.parametrize("path", [EXPERIMENTS, "/nowhere", f"{EXPERIMENTS}/100001"])
def test_without_a_known_key_everything_is_refused(guarded: Caller, header: Any, why: str, path: str) -> None:
    guarded.headers = {} if header is None else {"authorization": header}
    assert guarded.call("GET", path) == (401, said(f"{why}; {HEADER}"))


def test_a_key_lists_its_own_projects_alone(guarded: Caller) -> None:
    guarded.headers = {"authorization": "Bearer one"}
    assert [one["key"] for one in guarded.get(EXPERIMENTS)["experiments"]] == ["exp"]
    assert [one["id"] for one in guarded.get("/api/1/deployments")["deployments"]] == ["101", "102"]


def test_a_key_without_bounds_lists_all(guarded: Caller) -> None:
    guarded.headers = {"authorization": "Bearer all"}
    assert [one["key"] for one in guarded.get(EXPERIMENTS)["experiments"]] == ["other", "exp"]


def test_what_is_outside_the_key_is_forbidden(guarded: Caller) -> None:
    guarded.headers = {"authorization": "Bearer one"}
    project = said("the key has no access to project 2002")
    experiment = said("the key has no access to the project of experiment 100002")
    assert guarded.call("GET", EXPERIMENTS, projectId="2002") == (403, project)
    assert guarded.call("POST", EXPERIMENTS, {"projectId": "2002", "key": "k"}) == (403, project)
    assert guarded.call("GET", f"{EXPERIMENTS}/100002") == (403, experiment)
    assert guarded.call("DELETE", f"{EXPERIMENTS}/100002/variants/control/users") == (403, experiment)


def test_a_project_that_is_not_there_is_forbidden_to_create_in(caller: Caller) -> None:
    answer = caller.call("POST", EXPERIMENTS, {"projectId": "3", "key": "k"})
    assert answer == (403, said("the key has no access to project 3"))


@pytest.mark.parametrize("identifier", ["999", "0100001", "+100001", "100001.0", "abc"])
def test_an_id_that_is_not_there_is_not_found(caller: Caller, identifier: str) -> None:
    caller.create()
    answer = caller.call("GET", f"{EXPERIMENTS}/{identifier}")
    assert answer == (404, said(f"there is no experiment {identifier}"))


def test_a_path_is_decoded_once(caller: Caller) -> None:
    caller.create()
    answer = caller.call("GET", f"{EXPERIMENTS}/100001/variants/a%252Fb%2Fc")
    assert answer == (404, said("experiment 100001 has no variant a%2Fb/c"))
