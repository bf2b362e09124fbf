"""`expsync import`: deployments, requests, failures on the way, and adopting."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from expsync.authoring.fresh_files import FreshFiles
from tests.apply.world import Trouble
from tests.cli.conftest import Run
from tests.cli.importing import (
    NEXT,
    NOTE,
    changed_paths,
    experiment,
    files,
    reply_with,
    sow_deployments,
    users,
)
from tests.cli.workspace import FILE, Workspace, workspace

__all__ = ["workspace"]


# --- deployments ---


def test_new_aliases_come_from_labels_and_leave_the_workspace_file_as_it_was(run: Run, workspace: Workspace) -> None:
    text = """\
# ours
version: 1
environments:
  test:   # the sandbox
    baseUrl: sandbox
    projectId: "1001"
    deployments:
      # by the platform team
      web: "101"   # the site

rules: {}  # none
"""
    (workspace.root / "expsync.yaml").write_text(text)
    sow_deployments(workspace)
    workspace.sow(
        experiment("a", deployments=["101", "302", "301"]), experiment("b", deployments=["303", "304", "305"])
    )
    workspace.forget()

    ran = run("import", "--all")

    assert (ran.code, ran.out) == (0, "expsync.yaml\nexperiments/a.yaml\nexperiments/b.yaml\n")
    added = """\
      android-app-beta: "301"
      android-app-beta-2: "302"
      deployment-42: "303"
      web-2: "305"
"""
    before, after = text.split("# the site\n")
    assert (workspace.root / "expsync.yaml").read_text() == f"{before}# the site\n{added}{after}"
    assert "deployments: [android-app-beta, android-app-beta-2, web]\n" in files(workspace)["a.yaml"]
    assert 'deployments: [deployment-42, web-2, "304"]\n' in files(workspace)["b.yaml"]
    assert Counter(workspace.asked)["listProjectDeployments"] == 1
    assert run("validate").code == 0
    assert changed_paths(run) == []


def test_deployments_that_all_have_aliases_cost_no_request(run: Run, workspace: Workspace) -> None:
    before = (workspace.root / "expsync.yaml").read_bytes()
    workspace.sow(experiment("a", deployments=["102", "101"]))

    assert run("import", "a").out == "experiments/a.yaml\n"

    assert "listProjectDeployments" not in workspace.asked
    assert (workspace.root / "expsync.yaml").read_bytes() == before


@pytest.mark.parametrize("status", ["403", "404", "405"])
def test_where_labels_are_not_told_ids_stand_in_quotes(run: Run, workspace: Workspace, status: str) -> None:
    workspace.configure("")
    sow_deployments(workspace)
    workspace.sow(experiment("a", deployments=["305", "102"]))
    workspace.troubles.append(Trouble("listProjectDeployments", status))

    assert run("import", "a").code == 0

    assert 'environments:\n  test: {deployments: [ios, "305"]}\n' in files(workspace)["a.yaml"]
    assert run("validate").code == 0
    assert changed_paths(run) == []


def test_aliases_that_other_environments_lack_stand_under_this_one(run: Run, workspace: Workspace) -> None:
    workspace.sow(experiment("a", deployments=["101", "102"]), experiment("b", deployments=["101"]))

    assert run("import", "--all").code == 0

    assert "environments:\n  test: {deployments: [ios, web]}\n" in files(workspace)["a.yaml"]
    assert "\ndeployments: [web]\n" in files(workspace)["b.yaml"]
    assert "environments" not in files(workspace)["b.yaml"]
    assert run("validate").code == 0
    assert run("fmt", "--check").code == 0
    assert changed_paths(run) == []


# --- requests ---


def test_requests_are_as_few_as_can_be(run: Run, workspace: Workspace) -> None:
    workspace.sow(*(experiment(f"exp-{n}") for n in range(4)))

    run("import", "--all")

    asked = {"getExperiment": 4, "listVariants": 4, "getInclusions": 8, "getCohortInclusions": 8, "listExperiments": 1}
    assert Counter(workspace.asked) == asked


def test_cohorts_that_the_server_does_not_list_are_asked_for_once(run: Run, workspace: Workspace) -> None:
    workspace.sow(*(experiment(f"exp-{n}") for n in range(4)))
    workspace.troubles.append(Trouble("getCohortInclusions", "404", times=99))

    assert run("import", "--all", "--all-fields").code == 0

    assert Counter(workspace.asked)["getCohortInclusions"] == 1
    assert "cohortInclusions" not in files(workspace)["exp-0.yaml"]


def test_a_read_that_fails_writes_nothing(run: Run, workspace: Workspace) -> None:
    workspace.sow(*(experiment(f"exp-{n}") for n in range(4)))
    workspace.troubles.append(Trouble("getInclusions", "403", first=5))

    ran = run("import", "--all")

    assert (ran.code, ran.out, files(workspace)) == (1, "", {})


# --- failures between files ---


def test_a_failure_between_files_takes_all_back(
    run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    sow_deployments(workspace)
    workspace.sow(experiment("a", deployments=["301"]), experiment("b", variants=users(30)))
    write, written = FreshFiles.write, []

    def failing(self: FreshFiles, path: Path, content: bytes) -> bool:
        written.append(path.name)
        if len(written) == 3:
            raise KeyboardInterrupt
        return write(self, path, content)

    monkeypatch.setattr(FreshFiles, "write", failing)

    ran = run("import", "--all")

    assert (ran.code, ran.out, ran.err) == (130, "", "interrupted\n")
    assert files(workspace) == {}
    assert run("validate").code == 0


KILLED = """
import os, sys
from expsync.authoring import drafts, fresh_files
from expsync.cli.main import main

left = int(sys.argv[1])

def counted(act):
    def call(*arguments):
        global left
        if left == 0:
            os._exit(9)
        left -= 1
        return act(*arguments)
    return call

fresh_files.FreshFiles.write = counted(fresh_files.FreshFiles.write)
drafts.Drafts.write = counted(drafts.Drafts.write)
sys.exit(main(["import", "--all"]))
"""


@pytest.mark.parametrize("calls", range(4))
def test_a_kill_between_files_leaves_a_good_workspace_and_the_next_run_finishes(
    run: Run, workspace: Workspace, calls: int
) -> None:
    sow_deployments(workspace)
    workspace.sow(experiment("a", deployments=["301"]), experiment("b", variants=users(30)))

    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(calls)], cwd=workspace.root, capture_output=True, check=False
    )

    assert killed.returncode == 9, killed.stderr
    assert run("validate").code == 0
    assert run("import", "--all").code == 0
    assert list(files(workspace)) == ["a.yaml", "b.control.users.txt", "b.yaml"]
    assert "android-app-beta" in files(workspace)["a.yaml"]
    assert changed_paths(run) == []


# --- adopting ---


def test_adopting_puts_our_tag_on_these_and_nothing_else(run: Run, workspace: Workspace) -> None:
    workspace.sow(
        experiment("a", tags=[]),
        experiment("b", tags=["x", "protected-by-expsync"]),
        experiment("c", tags=["x", "managed-by-expsync"]),
        experiment("d", tags=[]),
        experiment("e", tags=[]),
    )
    workspace.declare({"key": "e", "name": "E"})

    ran = run("import", "a", "b", "c", "--adopt")

    assert (ran.code, ran.out) == (0, "experiments/a.yaml\nexperiments/b.yaml\nexperiments/c.yaml\n")
    assert ran.err == (
        "imported 3 experiments from test; the files written:\n"
        "adopted: 2 experiments on test got the tag 'managed-by-expsync'\n"
        + NOTE
        + NEXT.replace(" but the ownership tag", "")
    )
    assert workspace.writes == ["editExperiment", "editExperiment"]
    tags = {key: sorted(workspace.live(key)["tags"]) for key in "abcde"}
    assert tags == {
        "a": ["managed-by-expsync"],
        "b": ["managed-by-expsync", "protected-by-expsync", "x"],
        "c": ["managed-by-expsync", "x"],
        "d": [],
        "e": [],
    }
    assert changed_paths(run) == ["e: name", "e: tags.managed-by-expsync"]


def test_adopting_leaves_alone_what_is_archived_or_ours_already(run: Run, workspace: Workspace) -> None:
    workspace.sow(experiment("old", tags=[], archived=True), experiment("ours"))

    ran = run("import", "old", "ours", "--adopt")

    assert (ran.code, workspace.writes) == (0, [])
    assert "\nnothing to adopt: what can bear the tag 'managed-by-expsync' has it\n" in ran.err


def test_adopting_stops_where_the_plan_would_do_more(run: Run, workspace: Workspace) -> None:
    workspace.sow(experiment("a", tags=[]))
    # Between the two reads somebody changed the name.
    workspace.troubles.append(Trouble("getExperiment", reply_with({"name": "New"}), first=2))

    ran = run("import", "a", "--all-fields", "--adopt")

    assert (ran.code, ran.out) == (1, "experiments/a.yaml\n")
    assert "~ a will be updated" in ran.err
    assert "error: the files are written, but the plan does more than to adopt: nothing was written to the" in ran.err
    assert workspace.writes == []


def test_what_could_not_be_adopted_is_told(run: Run, workspace: Workspace) -> None:
    workspace.sow(experiment("a", tags=[]), experiment("b", tags=[]))
    workspace.troubles.append(Trouble("editExperiment", "405", times=99))

    ran = run("import", "--all", "--adopt")

    assert (ran.code, ran.out) == (4, "experiments/a.yaml\nexperiments/b.yaml\n")
    assert "failed     a  " in ran.err
    assert FILE in (workspace.root / "expsync.yaml").read_text()
