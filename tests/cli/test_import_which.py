"""`expsync import`: which experiments get files, where, and what is not touched."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.apply.world import Trouble
from tests.cli.conftest import Run
from tests.cli.importing import (
    changed_paths,
    experiment,
    files,
    reply_with,
    users,
)
from tests.cli.workspace import Workspace, workspace

__all__ = ["workspace"]


# --- which ---


def test_all_is_what_is_live_not_archived_and_in_no_document_of_any_file(run: Run, workspace: Workspace) -> None:
    workspace.sow(*(experiment(key, archived=key == "old") for key in ("a", "b", "c", "d", "old")))
    workspace.declare({"key": "a", "environments": {"test": {"skip": True}}})
    (workspace.root / "experiments" / "more.yaml").write_text(
        "key: x\n---\nkey: b\nenvironments: {other: {skip: true}}\n"
    )

    ran = run("import", "--all", "-q")

    assert (ran.code, ran.out, ran.err) == (0, "experiments/c.yaml\nexperiments/d.yaml\n", "")
    again = run("import", "--all")
    assert (again.code, again.out) == (0, "")
    assert again.err == "nothing to import: what is live, not archived, and was asked for has a file already\n"


def test_globs_take_what_is_not_archived_and_a_key_also_what_is(run: Run, workspace: Workspace) -> None:
    workspace.sow(
        experiment("new-1"), experiment("old-1", archived=True, enabled=True), experiment("old-2", archived=True)
    )

    assert run("import", "*-1").out == "experiments/new-1.yaml\n"
    assert run("import", "old-1").out == "experiments/old-1.yaml\n"

    text = files(workspace)["old-1.yaml"]
    assert "archived: true\n" in text
    assert "# - enabled: an archived experiment can't be enabled" in text
    assert run("validate").code == 0
    assert changed_paths(run) == []


def test_an_archived_and_protected_experiment_stays_both(run: Run, workspace: Workspace) -> None:
    workspace.sow(experiment("old", archived=True, tags=["protected-by-expsync", "managed-by-expsync", "z"]))

    assert run("import", "old").code == 0

    text = files(workspace)["old.yaml"]
    assert "archived: true\n" in text
    assert [line[4:13] for line in text.splitlines() if line.startswith("# - ")] == ["tags: the", "lifecycle"]
    assert changed_paths(run) == []


def test_a_key_that_a_file_declares_is_left_to_pull(run: Run, workspace: Workspace) -> None:
    workspace.sow(experiment("a"), experiment("b"))
    workspace.declare({"key": "a"})

    ran = run("import", "a", "b")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "error: a is declared already, in experiments/a.yaml:1\n"
        "  hint: `expsync pull a` takes what is live into the files that are there\n"
    )
    assert workspace.asked == []


@pytest.mark.parametrize(
    ("keys", "message", "hint"),
    [
        (["chekout"], "'chekout'", "did you mean 'checkout'?"),
        (["zzz", "\x1b31m"], "'zzz', '\\x1b31m'", "`expsync plan` lists what is live and in no file; globs such as "),
    ],
)
def test_a_key_that_is_not_live_is_an_error(
    run: Run, workspace: Workspace, keys: list[str], message: str, hint: str
) -> None:
    workspace.sow(experiment("checkout"))

    ran = run("import", "checkout", *keys)

    assert (ran.code, ran.out) == (1, "")
    first, second = ran.err.splitlines()
    assert first == f"error: no live experiment is called {message}; nothing was written"
    assert second.startswith(f"  hint: {hint}")
    assert files(workspace) == {}


def test_a_glob_that_matches_nothing_is_a_warning(run: Run, workspace: Workspace) -> None:
    workspace.sow(experiment("a"))

    ran = run("import", "z*")

    assert (ran.code, ran.err.splitlines()[0]) == (0, "warning: nothing live matches 'z*'")


@pytest.mark.parametrize(
    "arguments", [["import"], ["import", "a", "--all"], ["import", "--all", "--adopt", "--out", "/tmp"]]
)
def test_wrong_use_is_said_before_anything_is_read(run: Run, workspace: Workspace, arguments: list[str]) -> None:
    assert run(*arguments).code == 64
    assert workspace.asked == []


def test_files_with_errors_come_first(run: Run, workspace: Workspace) -> None:
    workspace.sow(experiment("a"))
    workspace.declare({"key": "b", "enabled": "yes"})

    ran = run("import", "--all")

    assert (ran.code, ran.out, "error[EXP103]" in ran.err) == (1, "", True)
    assert workspace.asked == []


# --- keys that are no names ---


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("../../etc/x", 'a file\'s name may have letters, digits, ".", "_" and "-", and begins with a letter or digit'),
        ("..", 'a file\'s name may have letters, digits, ".", "_" and "-", and begins with a letter or digit'),
        (".hidden", 'a file\'s name may have letters, digits, ".", "_" and "-", and begins with a letter or digit'),
        ("a\\b", 'a file\'s name may have letters, digits, ".", "_" and "-", and begins with a letter or digit'),
        ("a\nb", 'a file\'s name may have letters, digits, ".", "_" and "-", and begins with a letter or digit'),
        ("\u202eevil", 'a file\'s name may have letters, digits, ".", "_" and "-", and begins with a letter or digit'),
        ("con", '"con" is the name of a device on Windows'),
        ("COM1.x", '"COM1" is the name of a device on Windows'),
        ("dot.", "a file's name can't end with a dot"),
        ("x" * 201, "it has 201 characters, and a file's name can't be made of more than 200"),
    ],
)
def test_a_key_that_is_no_safe_name_is_refused_by_name(run: Run, workspace: Workspace, key: str, why: str) -> None:
    workspace.sow(experiment("good"), experiment(key))

    ran = run("import", "--all")

    assert (ran.code, ran.out) == (4, "experiments/good.yaml\n")
    (said,) = [line for line in ran.err.splitlines() if line.startswith("error: ")]
    assert said.endswith(f": not imported: the key can't be a file's name: {why}")
    assert said.isprintable()
    assert list(files(workspace)) == ["good.yaml"]
    assert Counter(workspace.asked)["getExperiment"] == 1


def test_where_all_are_refused_nothing_was_done(run: Run, workspace: Workspace) -> None:
    workspace.sow(experiment("Same"), experiment("same"))

    ran = run("import", "--all", "-q")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        'error: Same: not imported: the key and "same" differ only in case, and would be one file\'s name on many'
        ' systems\nerror: same: not imported: the key and "Same" differ only in case, and would be one file\'s name on'
        " many systems\n"
    )
    assert files(workspace) == {}


def test_a_body_with_another_key_is_refused(run: Run, workspace: Workspace) -> None:
    workspace.sow(experiment("good"), experiment("liar"))
    workspace.troubles.append(Trouble("getExperiment", reply_with({"key": "../x"}), first=2))

    ran = run("import", "--all")

    assert (ran.code, ran.out) == (4, "experiments/good.yaml\n")
    assert 'error: liar: not imported: the server calls it "../x" where it is asked for it alone\n' in ran.err


# --- where ---


def test_no_file_that_is_there_is_touched(run: Run, workspace: Workspace) -> None:
    folder = workspace.root / "experiments"
    (folder / "A.yaml").write_text("key: other\n")
    (folder / "b.yaml").symlink_to("nowhere.yaml")
    (folder / "c.control.users.txt").write_text("mine\n")
    (folder / "d.yaml").mkdir()
    workspace.sow(*(experiment(key, variants=users(21)) for key in "abcde"))
    (folder / "b.yaml").unlink()
    (folder / "d.yaml").rmdir()
    (folder / "d.YAML").mkdir()
    (folder / "notes").symlink_to("nowhere")
    (folder / "b.YML").symlink_to("nowhere")
    (folder / "b.yaml~").write_text("")

    ran = run("import", "--all")

    assert ran.code == 4
    refused = [line.split(": not imported: ") for line in ran.err.splitlines() if line.startswith("error: ")]
    assert refused == [
        ["error: a", "experiments/A.yaml is there already, and declares another or none"],
        ["error: d", "experiments/d.YAML is there already, and declares another or none"],
        ["error: c", "experiments/c.control.users.txt is there already, with something else in it"],
    ]
    assert (folder / "A.yaml").read_text() == "key: other\n"
    assert (folder / "c.control.users.txt").read_text() == "mine\n"
    assert sorted(path.name for path in folder.glob("*.y*ml")) == ["A.yaml", "b.yaml", "e.yaml"]


def test_a_link_to_nothing_is_not_written_through(run: Run, workspace: Workspace, tmp_path: Path) -> None:
    folder = workspace.root / "drafts"
    folder.mkdir()
    workspace.configure("experiments: [experiments/*.yaml, drafts/a*.yaml]\n")
    workspace.declare({"key": "z"})
    (folder / "b.yaml").symlink_to(tmp_path / "target")
    workspace.sow(experiment("b"), experiment("a"))

    ran = run("import", "--all", "--out", "drafts")

    assert (ran.code, ran.out) == (4, "drafts/a.yaml\n")
    assert 'error: b: not imported: no glob of the workspace matches "drafts/b.yaml"' in ran.err
    assert not (tmp_path / "target").exists()


def test_the_folder_is_that_of_the_first_glob_and_is_made(run: Run, workspace: Workspace) -> None:
    workspace.configure("experiments: ['teams/growth/*/*.yml', 'teams/growth/*.yml']\n")
    workspace.sow(experiment("a"))
    (workspace.root / "sub dir").mkdir()
    os.chdir(workspace.root / "sub dir")

    ran = run("import", "a")

    assert (ran.code, ran.out) == (0, "../teams/growth/a.yml\n")
    text = (workspace.root / "teams/growth/a.yml").read_text()
    assert text.startswith("# yaml-language-server: $schema=../../schemas/experiment.schema.json\nkey: a\n")


def test_out_is_relative_to_the_working_directory(run: Run, workspace: Workspace) -> None:
    workspace.sow(experiment("a"))
    os.chdir(workspace.root / "experiments")

    ran = run("import", "a", "--out", "team a/b")

    assert (ran.code, ran.out) == (0, "team a/b/a.yaml\n")
    text = (workspace.root / "experiments/team a/b/a.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=../../../schemas/experiment.schema.json\nkey: a\n")


def test_outside_of_the_workspace_it_is_only_a_look(run: Run, workspace: Workspace, tmp_path_factory: Any) -> None:
    workspace.sow(experiment("a", deployments=["102"]))
    before = (workspace.root / "expsync.yaml").read_bytes()
    out = tmp_path_factory.mktemp("look")

    ran = run("import", "a", "--out", out)

    assert ran.code == 0
    assert ran.err.endswith("\nwarning: no glob of the workspace reaches the folder, so no command sees these files\n")
    assert (out / "a.yaml").read_text().startswith("key: a\n")
    assert (workspace.root / "expsync.yaml").read_bytes() == before


@pytest.mark.parametrize("out", ["elsewhere", ".", "experiments/.hidden"])
def test_a_folder_of_the_workspace_that_no_glob_reaches_is_for_a_look_too(
    run: Run, workspace: Workspace, out: str
) -> None:
    workspace.sow(experiment("a"))

    ran = run("import", "a", "--out", out)
    adopting = run("import", "a", "--out", out, "--adopt")

    assert (ran.code, adopting.code) == (0, 64)
    assert ran.err.endswith("\nwarning: no glob of the workspace reaches the folder, so no command sees these files\n")
    assert (workspace.root / out / "a.yaml").read_text().startswith("key: a\n")


@pytest.mark.parametrize(
    ("out", "message"),
    [
        (".git/hooks", "leads out of the workspace; what git keeps in .git is no part of it"),
        ("link", "leads out of the workspace; what git keeps in .git is no part of it"),
        ("link/deep", "leads out of the workspace; what git keeps in .git is no part of it"),
    ],
)
def test_a_folder_that_leads_out_of_the_workspace_is_refused_before_anything_is_read(
    run: Run, workspace: Workspace, tmp_path_factory: Any, out: str, message: str
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (workspace.root / "link").symlink_to(outside)

    ran = run("import", "--all", "--out", out)

    assert (ran.code, ran.out) == (1, "")
    assert message in ran.err
    assert workspace.asked == []
    assert list(outside.iterdir()) == []


def test_a_linked_folder_of_the_globs_is_not_written_through(
    run: Run, workspace: Workspace, tmp_path_factory: Any
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (workspace.root / "experiments").rmdir()
    (workspace.root / "experiments").symlink_to(outside)

    assert run("import", "--all").code == 1
    assert list(outside.iterdir()) == []
    assert workspace.asked == []
