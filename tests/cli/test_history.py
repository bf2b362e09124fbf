"""`expsync history`."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from expsync.sandbox.engine import Engine, Request
from tests.apply.world import Answer, Trouble
from tests.cli.conftest import Run
from tests.cli.workspace import Workspace, live, workspace

__all__ = ["workspace"]

AGAIN = "`expsync history KEY` lists the versions"


@pytest.fixture
def three(workspace: Workspace) -> Workspace:
    """A workspace that declares nothing; `exp` is live and has three versions."""
    workspace.sow(live("exp", name="Exp", rolloutPercentage=0), live("other"))
    workspace.edit("exp", name="Better")
    workspace.edit("exp", enabled=True)
    return workspace


def listed(answer: list[dict[str, Any]]) -> Trouble:
    """The server lists these versions instead."""

    def reply(request: httpx.Request, answer_: Answer) -> httpx.Response:
        return httpx.Response(200, json=answer)

    return Trouble("listVersions", reply)


def test_the_versions_are_shown_newest_first_in_two_requests(run: Run, three: Workspace) -> None:
    ran = run("history", "exp", "--format", "json")

    assert (ran.code, ran.err) == (0, "")
    found = json.loads(ran.out)
    assert [(v["version"], v["config"]["name"], v["config"]["enabled"]) for v in found] == [
        (3, "Better", True),
        (2, "Better", False),
        (1, "Exp", False),
    ]
    assert {frozenset(v) for v in found} == {frozenset({"version", "createdAt", "createdBy", "config"})}
    assert three.asked == ["listExperiments", "listVersions"]


def test_each_version_says_what_it_changed(run: Run, three: Workspace) -> None:
    ran = run("history", "exp")

    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == "exp (environment test, project 1001): 3 versions"
    assert lines[2].split() == ["VERSION", "WHEN", "(UTC)", "BY", "CHANGES"]
    assert [line.split("invalid  ")[-1] for line in lines[3:6]] == [
        "~ enabled  false → true",
        '~ name  "Exp" → "Better"',
        "created",
    ]
    assert lines[7].startswith("Not in every version, so not always compared: archived, evaluationMode,")


def test_verbose_shows_a_paragraph_a_version(run: Run, three: Workspace) -> None:
    ran = run("history", "exp", "-v")

    assert '    ~ name  "Exp" → "Better"\n\nversion 1  ' in ran.out


def test_an_archived_experiment_has_a_history(run: Run, three: Workspace) -> None:
    three.edit("exp", archive=True)

    assert [v["version"] for v in json.loads(run("history", "exp", "--format", "json").out)] == [4, 3, 2, 1]


def test_the_files_are_not_read_where_the_experiment_is_live(run: Run, three: Workspace) -> None:
    three.path("broken").write_text("key: [", encoding="utf-8")

    assert run("history", "exp").code == 0


@pytest.mark.parametrize(
    ("versions", "changes"),
    [
        ((1, 3), [("name", "Exp", "Better"), ("enabled", False, True)]),
        ((3, 1), [("name", "Better", "Exp"), ("enabled", True, False)]),
        ((2, 2), []),
    ],
)
def test_two_versions_are_compared_in_either_order(
    run: Run, three: Workspace, versions: tuple[int, int], changes: list[Any]
) -> None:
    ran = run("history", "exp", "--diff", *versions, "--format", "json")

    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out) == {
        "key": "exp",
        "from": versions[0],
        "to": versions[1],
        "changes": [{"path": p, "kind": "replace", "before": one, "after": other} for p, one, other in changes],
    }
    assert three.asked == ["listExperiments", "listVersions"]


def test_a_difference_as_text(run: Run, three: Workspace) -> None:
    lines = run("history", "exp", "--diff", "1", "3").out.splitlines()

    assert lines[:4] == [
        "exp (environment test, project 1001): version 1 → version 3",
        "",
        '    ~ name     "Exp" → "Better"',
        "    ~ enabled  false → true",
    ]


def test_markdown(run: Run, three: Workspace) -> None:
    assert run("history", "exp", "--format", "markdown").out.startswith("### History of `exp`\n")
    assert run("history", "exp", "--format", "markdown", "--diff", 1, 3).out.startswith(
        "### `exp`: version 1 → version 3\n"
    )


def test_a_version_that_is_not_there_is_an_error_that_says_which_are(run: Run, three: Workspace) -> None:
    ran = run("history", "exp", "--diff", "1", "9")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"error: experiment 'exp' has no version 9: there are 1 to 3\n  hint: {AGAIN}\n"


@pytest.mark.parametrize(
    ("versions", "there"),
    [([], "the server lists none"), ([{"version": 2, "flagConfig": {}}], "there is only 2")],
)
def test_a_short_list_of_versions_is_told_as_it_is(
    run: Run, three: Workspace, versions: list[dict[str, Any]], there: str
) -> None:
    three.troubles.append(listed(versions))

    ran = run("history", "exp", "--diff", "1", "2")

    assert (ran.code, ran.out, ran.err) == (
        1,
        "",
        f"error: experiment 'exp' has no version 1: {there}\n  hint: {AGAIN}\n",
    )


@pytest.mark.parametrize(
    ("key", "error", "hint"),
    [
        (
            "exq",
            "no experiment 'exq' is live in environment 'test' (project 1001), nor archived there",
            "did you mean 'exp'?",
        ),
        (
            "nothing-like-it",
            "no experiment 'nothing-like-it' is live in environment 'test' (project 1001), nor archived there",
            "`expsync plan` lists what is live and in no file",
        ),
        (
            "new",
            "experiment 'new' is declared and not live in environment 'test' yet, so it has no versions",
            "`expsync apply` creates it",
        ),
    ],
)
def test_a_key_that_is_not_live_is_an_error_with_the_way_out(
    run: Run, three: Workspace, key: str, error: str, hint: str
) -> None:
    three.declare({"key": "new"})

    ran = run("history", key)

    assert (ran.code, ran.out, ran.err) == (1, "", f"error: {error}\n  hint: {hint}\n")
    assert "listVersions" not in three.asked


def test_an_archived_key_is_among_those_that_may_be_meant(run: Run, three: Workspace) -> None:
    three.edit("other", archive=True)

    assert "did you mean 'other'?" in run("history", "othr").err


def test_a_server_without_versions_is_named_as_such(run: Run, three: Workspace) -> None:
    three.troubles.append(Trouble("listVersions", "404"))

    ran = run("history", "exp")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "error: experiment 'exp': the server shows no versions of it (404)\n"
        "  hint: it may be too old to have them, or the experiment went away just now: run the command again\n"
    )


ODD: dict[str, list[dict[str, Any]]] = {
    "none": [],
    "nothing but numbers": [{"version": 2, "flagConfig": {}}, {"version": 1, "flagConfig": {}}],
    "nulls": [
        {
            "version": number,
            "createdAt": None,
            "createdBy": None,
            "flagConfig": dict.fromkeys(
                ("id", "name", "enabled", "variants", "rolloutWeights", "targetSegments", "tags", "startDate")[1:]
            ),
        }
        for number in (2, 1)
    ],
    "people as numbers and objects": [
        {"version": 2, "createdAt": 1.5, "createdBy": 7, "flagConfig": {"enabled": True}},
        {"version": 1, "createdAt": {}, "createdBy": {"id": 7}, "flagConfig": {"enabled": False}},
    ],
    "variants in two shapes": [
        {"version": 2, "flagConfig": {"variants": [{"key": "a", "payload": {"x": 1}, "rolloutWeight": 2}]}},
        {"version": 1, "flagConfig": {"variants": ["a"], "rolloutWeights": None}},
    ],
    "segments without names": [
        {"version": 2, "flagConfig": {"targetSegments": [{}, {"name": None, "conditions": [{"type": "cohort"}]}]}},
        {"version": 1, "flagConfig": {"targetSegments": [{"percentage": None}]}},
    ],
    "the oldest first, one twice, one missing": [
        {"version": number, "flagConfig": {"name": str(number)}} for number in (1, 4, 2, 4)
    ],
    "the future": [{"version": 1, "flagConfig": {"next": [1.0, {"a": None}]}, "reason": "who knows"}],
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("more", [(), ("-v",), ("--format", "markdown"), ("--format", "json")])
def test_odd_versions_are_shown_all_the_same(run: Run, three: Workspace, name: str, more: tuple[str, ...]) -> None:
    three.troubles.append(listed(ODD[name]))

    ran = run("history", "exp", *more)

    assert ran.code == 0, ran.err
    assert "error" not in ran.err
    if "json" in more:
        given = {version["version"]: version["flagConfig"] for version in ODD[name]}
        numbers = sorted(given, reverse=True)
        assert [(v["version"], v["config"]) for v in json.loads(ran.out)] == [(n, given[n]) for n in numbers]


@pytest.mark.parametrize("name", [name for name, versions in ODD.items() if len(versions) > 1])
@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_odd_versions_are_compared_all_the_same(run: Run, three: Workspace, name: str, form: str) -> None:
    three.troubles.append(listed(ODD[name]))

    ran = run("history", "exp", "--diff", 1, 2, "--format", form)

    assert (ran.code, ran.err) == (0, "")


def test_an_answer_that_is_no_list_of_versions_is_an_error(run: Run, three: Workspace) -> None:
    three.troubles.append(listed([{"version": "two"}]))

    ran = run("history", "exp")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == ("error: listVersions: the answer can't be read: $[0].version: a text does not fit there\n")


@pytest.mark.parametrize(
    "arguments", [("exp", "--diff", "1"), ("exp", "--diff", "a", "b"), (), ("exp", "--format", "html")]
)
def test_wrong_usage_is_said_before_anything_is_asked(run: Run, three: Workspace, arguments: tuple[str, ...]) -> None:
    assert run("history", *arguments).code == 64
    assert three.asked == []


def test_a_key_with_the_signs_of_an_address_finds_its_own_experiment(run: Run, three: Workspace) -> None:
    with three.engine() as engine:
        _create(engine, "a&b=c#d")

    assert [v["config"]["key"] for v in json.loads(run("history", "a&b=c#d", "--format", "json").out)] == ["a&b=c#d"]
    assert run("history", "").code == 1


def _create(engine: Engine, key: str) -> None:
    body = json.dumps({"projectId": "1001", "key": key}).encode()
    reply = engine.answer(Request("POST", "/api/1/experiments", {}, {"content-type": "application/json"}, body))
    assert reply.status == 200, reply.body
