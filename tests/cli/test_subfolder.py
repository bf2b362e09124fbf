"""The workspace found from a folder inside it, and files named as they are called where the user stands."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from expsync.config import nearest
from expsync.config.nearest import nearest_workspace
from tests.cli.conftest import Run
from tests.cli.workspace import Workspace, live, workspace

__all__ = ["workspace"]


@pytest.fixture
def inside(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with a file for `exp`, the working directory among the files."""
    workspace.declare({"key": "exp", "description": "new"})
    monkeypatch.chdir(workspace.root / "experiments")
    return workspace


def test_validate_names_files_from_here(run: Run, inside: Workspace) -> None:
    (inside.root / "experiments" / "bad.yaml").write_text("key: bad\nnme: x\n")
    (inside.root / "experiments" / "team").mkdir()
    (inside.root / "experiments" / "team" / "bad.yaml").write_text("key: bad2\nnme: x\n")

    assert [line for line in run("validate").out.splitlines() if ".yaml" in line] == [
        "  bad.yaml:2:1  bad",
        "  team/bad.yaml:2:1  bad2",
    ]
    assert "\n  bad.yaml:2:1  bad\n" in run("validate", "bad.yaml").out
    assert run("validate", "nope.yaml").out == (
        "error[EXP017]: there is no such file or folder\n  nope.yaml\n0 files, 0 experiments: 1 error.\n"
    )
    # What programs read is relative to the workspace.
    found = json.loads(run("validate", "--format", "json").out)["problems"]
    assert [problem["file"] for problem in found] == ["experiments/bad.yaml", "experiments/team/bad.yaml"]


@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"], ["drift"], ["pull"], ["import", "--all"]])
def test_every_command_names_a_bad_file_from_here(run: Run, inside: Workspace, command: list[str]) -> None:
    (inside.root / "experiments" / "bad.yaml").write_text("key: bad\nnme: x\n")

    ran = run(*command)
    assert ran.code == 1
    assert "\n  bad.yaml:2:1  bad\n" in ran.err


def test_a_bad_workspace_file_is_named_from_here(run: Run, inside: Workspace) -> None:
    inside.configure("nope: 1\n")

    assert "\n  ../expsync.yaml:6:1\n" in run("plan").err


def test_plan_and_show_name_files_from_here(run: Run, inside: Workspace) -> None:
    assert "+ exp will be created  exp.yaml:1\n" in run("plan", "--out", "plan.json").out
    assert (inside.root / "experiments" / "plan.json").is_file()
    assert "+ exp will be created  exp.yaml:1\n" in run("show", "plan.json").out
    assert json.loads(run("plan", "--format", "json").out)["experiments"][0]["file"] == "experiments/exp.yaml"


def test_a_workspace_named_from_afar_names_files_from_here(
    run: Run, inside: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    (inside.root / "elsewhere").mkdir()
    monkeypatch.chdir(inside.root / "elsewhere")
    name = os.path.relpath(inside.root / "expsync.yaml")

    assert "+ exp will be created  ../experiments/exp.yaml:1\n" in run("plan", "-c", name).out


def test_drift_pull_fmt_and_rollback_name_files_from_here(run: Run, inside: Workspace) -> None:
    run("apply", "--yes")
    inside.edit("exp", description="by hand")

    assert "\nexp  exp.yaml:1\n" in run("drift").out
    assert run("pull").out.startswith("exp.yaml  exp\n")
    assert run("rollback", "exp", "--to", "1").out.startswith("--- a/exp.yaml\n+++ b/exp.yaml\n")
    assert run("fmt").out == "exp.yaml\n"


def test_import_names_files_from_here(run: Run, inside: Workspace) -> None:
    inside.sow(live("found"), live("other"))

    assert run("import", "found", "--out", ".").out == "found.yaml\n"
    assert "found is declared already, in found.yaml:" in run("import", "found").err
    assert run("import", "other").out == "other.yaml\n"


def test_a_linked_folder_is_the_folder_itself(run: Run, inside: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    (inside.root / "link").symlink_to("experiments")
    monkeypatch.chdir(inside.root / "link")

    assert "+ exp will be created  exp.yaml:1\n" in run("plan").out
    assert run("validate", "exp.yaml").code == 0


def test_a_link_to_the_workspace_leads_into_it(
    run: Run, inside: Workspace, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = tmp_path_factory.mktemp("away")
    (away / "ws").symlink_to(inside.root)
    monkeypatch.chdir(away)

    assert run("validate", "-c", "ws/expsync.yaml").code == 0
    monkeypatch.chdir(away / "ws" / "experiments")
    assert "+ exp will be created  exp.yaml:1\n" in run("plan").out


def test_a_folder_named_as_the_workspace_file_is_told(run: Run, inside: Workspace) -> None:
    assert run("plan", "-c", "..").err == (
        "error[EXP301]: no workspace file\n  ..\n  it is a folder\n"
        f"  hint: name the file in it: --config {inside.root}/experiments/../expsync.yaml\n1 error.\n"
    )
    assert "\n  nope.yaml\n  it does not exist\n" in run("plan", "-c", "nope.yaml").err


def test_a_working_directory_that_is_gone_is_told(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    ran = run("plan")
    monkeypatch.chdir(tmp_path)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "error: the working directory is not there any more\n  hint: go to a folder that is\n"


# --- folders that may not be looked into ---


def test_a_closed_folder_on_the_way_up_is_passed_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the system has it for everybody but the superuser, who may look into all folders."""
    (tmp_path / "expsync.yaml").touch()
    inner = tmp_path / "closed" / "inner"
    inner.mkdir(parents=True)
    stat = os.stat

    def refused(path: str | Path, *arguments: object, **options: object) -> os.stat_result:
        if Path(os.fspath(path)).parent in (inner, inner.parent):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return stat(path)

    monkeypatch.setattr(os, "stat", refused)
    assert nearest_workspace(inner) == tmp_path / "expsync.yaml"


def test_only_a_file_is_a_workspace_file(tmp_path: Path) -> None:
    (tmp_path / "expsync.yaml").touch()
    (tmp_path / "a" / "expsync.yaml").mkdir(parents=True)

    assert nearest_workspace(tmp_path / "a") == tmp_path / "expsync.yaml"
    assert nearest_workspace(tmp_path / "a", above=False) is None
    assert nearest.FILE_NAME == "expsync.yaml"
