"""`expsync drift`."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from expsync.model.drift import Drift
from expsync.sandbox.engine import Request
from tests.apply.world import Trouble
from tests.cli.conftest import Run
from tests.cli.test_plan_base import git
from tests.cli.workspace import Workspace, live, workspace
from tests.repository import Git

__all__ = ["git", "workspace"]


def changes(out: str) -> dict[str, dict[str, list[Any]]]:
    """Each change of a drift document: what was done, what the files say, what is live, and whose it is."""
    return {
        experiment["key"]: {
            change["path"]: [change["kind"], change["declared"], change["live"], change["origin"]]
            for change in experiment["changes"]
        }
        for experiment in json.loads(out)["experiments"]
    }


def test_what_is_live_and_not_in_the_files(run: Run, workspace: Workspace) -> None:
    workspace.sow(
        live("a", name="by hand", tags=["managed-by-expsync", "new"], description="same"),
        live("b"),
        live("made-by-hand"),
    )
    workspace.declare(
        {"key": "a", "name": "A", "description": "same", "tags": ["old"], "variants": [{"key": "control"}]},
        {"key": "b"},
        {"key": "not-yet"},
    )

    ran = run("drift", "-q", "--format", "json")

    assert (ran.code, ran.err) == (0, "")
    assert changes(ran.out) == {
        "a": {
            "name": ["replace", "A", "by hand", "live"],
            "tags.new": ["add", None, "new", "live"],
            "tags.old": ["remove", "old", None, "live"],
            "variants.treatment": ["add", None, {"key": "treatment", "rolloutWeight": 1}, "live"],
        }
    }
    document = json.loads(ran.out)
    assert Drift.model_validate(document).model_dump(mode="json") == document
    assert (document["base"], document["notLive"]) == (None, ["not-yet"])
    assert [entry["key"] for entry in document["unmanaged"]] == ["made-by-hand"]
    assert document["summary"] == {"experiments": 3, "drifted": 1, "changes": 4, "conflicts": 0}
    assert workspace.writes == []


def test_that_the_tools_tag_is_missing_is_no_drift(run: Run, workspace: Workspace) -> None:
    workspace.sow(live("a", tags=[]), live("b", tags=["x"]))
    workspace.declare({"key": "a", "lifecycle": {"preventArchive": True}}, {"key": "b", "tags": ["x"]})

    assert run("drift", "--detailed-exitcode").code == 0
    assert run("plan", "--detailed-exitcode").code == 2


@pytest.mark.parametrize(("name", "code"), [("A", 0), ("B", 2)])
def test_the_detailed_exit_code_tells_whether_there_is_drift(
    run: Run, workspace: Workspace, name: str, code: int
) -> None:
    workspace.sow(live("a", name=name), live("unmanaged"))
    workspace.declare({"key": "a", "name": "A"}, {"key": "new"})

    assert run("drift", "--detailed-exitcode").code == code
    assert run("drift").code == 0


def test_targets_keep_to_what_is_asked_for(run: Run, workspace: Workspace) -> None:
    workspace.sow(live("a", name="x"), live("b", name="x"), live("other-a"), live("other-b"))
    workspace.declare({"key": "a", "name": "A"}, {"key": "b", "name": "B"}, {"key": "c"})

    document = json.loads(run("drift", "-t", "*a", "--format", "json").out)

    assert document["targets"] == ["*a"]
    assert [experiment["key"] for experiment in document["experiments"]] == ["a"]
    assert [entry["key"] for entry in document["unmanaged"]] == ["other-a"]
    assert (document["notLive"], document["summary"]["experiments"]) == ([], 1)


# --- who and when ---


def test_each_change_names_the_version_in_which_it_came_in(run: Run, workspace: Workspace) -> None:
    workspace.declare({"key": "a", "name": "A", "description": "d", "rolloutPercentage": 5, "tags": ["t"]})
    assert run("apply", "--yes").code == 0
    workspace.edit("a", description="by hand")
    workspace.edit("a", name="by hand")
    workspace.edit("a", rolloutPercentage=50)

    document = json.loads(run("drift", "--format", "json").out)

    (experiment,) = document["experiments"]
    with workspace.engine() as engine:
        reply = engine.answer(Request("GET", f"/api/1/experiments/{experiment['id']}/versions", {}, {}, b""))
    # The newest first, so that of those with the same texts the oldest is kept.
    versions = {(v["flagConfig"]["description"], v["flagConfig"]["name"]): v for v in json.loads(reply.body)}

    def since(description: str, name: str) -> dict[str, Any]:
        return {field: versions[description, name][field] for field in ("version", "createdAt", "createdBy")}

    # A version does not record the percentage.
    assert {change["path"]: change["since"] for change in experiment["changes"]} == {
        "description": since("by hand", "A"),
        "name": since("by hand", "by hand"),
        "rolloutPercentage": None,
    }
    assert experiment["lastModifiedBy"] == "sandbox@expsync.invalid"
    assert experiment["lastModifiedAt"].endswith("Z")


def test_versions_are_asked_for_once_for_each_experiment_that_drifted(run: Run, workspace: Workspace) -> None:
    names = [f"k{place}" for place in range(6)]
    drifted = ("k1", "k4")
    workspace.sow(*(live(name, name="x", description="x") for name in names), live("unmanaged"))
    workspace.declare(
        *({"key": name, "name": "A", "description": "d"} for name in drifted),
        *({"key": name, "name": "x"} for name in names if name not in drifted),
    )

    assert run("drift").code == 0

    # Both of them differ in two places.
    assert sorted(workspace.asked) == ["listExperiments", "listVersions", "listVersions"]
    assert workspace.writes == []


def test_without_drift_no_version_is_asked_for(run: Run, workspace: Workspace) -> None:
    workspace.sow(live("a"))
    workspace.declare({"key": "a"})
    run("drift")
    assert workspace.asked == ["listExperiments"]


@pytest.mark.parametrize("status", [404, 405])
def test_a_server_without_versions_is_said_and_the_rest_is_shown(run: Run, workspace: Workspace, status: int) -> None:
    workspace.sow(live("a", name="x"))
    workspace.declare({"key": "a", "name": "A"})
    workspace.troubles.append(Trouble("listVersions", lambda *_: httpx.Response(status, text="no\x1b[31m"), times=99))

    ran = run("drift", "--format", "json")

    assert ran.code == 0
    assert ran.err.startswith("warning: the versions of a can't be read: ")
    assert "\x1b" not in ran.err
    assert [change["since"] for change in json.loads(ran.out)["experiments"][0]["changes"]] == [None]


def test_another_failure_of_the_versions_fails(run: Run, workspace: Workspace) -> None:
    workspace.sow(live("a", name="x"))
    workspace.declare({"key": "a", "name": "A"})
    workspace.troubles.append(Trouble("listVersions", lambda *_: httpx.Response(403, text="no"), times=99))
    ran = run("drift")
    assert (ran.code, ran.out) == (1, "")


# --- against a commit ---


def test_what_the_files_changed_since_the_base_is_no_drift(run: Run, workspace: Workspace, git: Git) -> None:
    workspace.declare(
        {"key": "a", "name": "A", "description": "one", "rolloutPercentage": 5}, {"key": "b", "name": "B"}
    )
    commit = git.commit()
    workspace.sow(
        live("a", name="A", description="by hand", rolloutPercentage=7), live("b", name="B"), live("c", name="x")
    )
    workspace.declare(
        {"key": "a", "name": "New", "description": "two", "rolloutPercentage": 5},
        {"key": "b", "name": "Newer"},
        {"key": "c", "name": "C"},
    )

    ran = run("drift", "--base", "main", "--format", "json", "--detailed-exitcode")

    assert (ran.code, ran.err) == (2, "")
    assert changes(ran.out) == {
        "a": {
            "description": ["replace", "two", "by hand", "both"],
            "rolloutPercentage": ["replace", 5, 7, "live"],
        }
    }
    document = json.loads(ran.out)
    assert document["base"] == {"ref": "main", "commit": commit}
    assert document["summary"] == {"experiments": 3, "drifted": 1, "changes": 2, "conflicts": 1}
    assert workspace.asked.count("listVersions") == 1
    assert run("drift", "--base", "main", "-t", "b", "--detailed-exitcode").code == 0


def test_where_nothing_was_declared_there_is_no_false_all_clear(run: Run, workspace: Workspace, git: Git) -> None:
    git.write({"expsync.yaml": "version: 3\n"})
    git.commit()
    workspace.configure("")
    workspace.sow(live("a", name="by hand"))
    workspace.declare({"key": "a", "name": "A"})

    ran = run("drift", "--base", "HEAD")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: nothing was declared at HEAD: expsync.yaml can't be used there: ")
    assert workspace.asked == []


# --- how it looks ---


def test_text_says_it_for_people(run: Run, workspace: Workspace) -> None:
    workspace.declare({"key": "a", "name": "A", "rolloutPercentage": 5})
    run("apply", "--yes")
    workspace.edit("a", name="by hand", rolloutPercentage=50)
    time = workspace.live("a")["lastModifiedAt"]
    shown = f"{time[:10]} {time[11:19]} UTC by sandbox@expsync.invalid"

    lines = run("drift").out.splitlines()

    version = lines[5].split()[2].rstrip(",")
    assert lines == [
        "Environment test, project 1001, the embedded sandbox (what the files say → what is live)",
        "",
        "a  experiments/a.yaml:1",
        f"    last modified {shown}",
        '    ~ name               "A" → "by hand"',
        f"        since version {version}, {lines[5].partition(', ')[2]}",
        "    ~ rolloutPercentage  5 → 50",
        "",
        "Drift: 1 of 1 experiment, 2 differences; 0 live in no file, 0 not live.",
    ]
    assert lines[5].endswith(" UTC by sandbox@expsync.invalid")


def test_no_drift_is_said(run: Run, workspace: Workspace, git: Git) -> None:
    workspace.sow(live("a"))
    workspace.declare({"key": "a"})
    git.commit()

    assert run("drift").out.splitlines()[-2:] == [
        "No drift: live is as the files say.",
        "Drift: 0 of 1 experiment, 0 differences; 0 live in no file, 0 not live.",
    ]
    assert run("drift", "--base", "HEAD").out.splitlines()[-2] == "No drift: nobody changed what the files say."


def test_a_rename_that_waits_is_found_under_the_live_key(run: Run, workspace: Workspace) -> None:
    workspace.declare({"key": "a", "variants": [{"key": "old"}, {"key": "control"}]})
    run("apply", "--yes")
    workspace.declare({"key": "a", "variants": [{"key": "new", "renamedFrom": "old"}, {"key": "control"}]})

    document = json.loads(run("drift", "--format", "json").out)
    (change,) = document["experiments"][0]["changes"]
    assert (change["path"], change["declared"], change["live"]) == ("variants.new.key", "new", "old")
    assert change["since"]["version"] == 1
