"""`expsync fmt`."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from expsync.cli import fmt
from expsync.errors import ExpsyncError
from tests.cli.conftest import Run

WORKSPACE = "version: 1\nenvironments:\n  dev: {baseUrl: sandbox, projectId: '1'}\n"
UNTIDY = "name: B # the name\nkey:   b\n"
TIDY = "key: b\nname: B  # the name\n"
DIFF = """\
--- a/experiments/b.yaml
+++ b/experiments/b.yaml
@@ -1,2 +1,2 @@
-name: B # the name
-key:   b
+key: b
+name: B  # the name
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with one file that is in canonical form and one that is not."""
    (tmp_path / "expsync.yaml").write_text(WORKSPACE, encoding="utf-8")
    (tmp_path / "experiments" / "more").mkdir(parents=True)
    (tmp_path / "experiments" / "a.yaml").write_text("key: a\n", encoding="utf-8")
    (tmp_path / "experiments" / "b.yaml").write_text(UNTIDY, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def contents(root: Path) -> dict[str, str]:
    """All files, so that nothing is left lying about."""
    return {path.relative_to(root).as_posix(): path.read_bytes().decode() for path in root.rglob("*") if path.is_file()}


def test_files_are_formatted_in_place_and_those_that_changed_are_listed(run: Run, workspace: Path) -> None:
    before = contents(workspace)

    ran = run("fmt")

    assert (ran.code, ran.out) == (0, "experiments/b.yaml\n")
    assert ran.err == "1 file formatted, 1 left as it was\n"
    assert contents(workspace) == {**before, "experiments/b.yaml": TIDY}

    again = run("fmt")
    assert (again.code, again.out, again.err) == (0, "", "0 files formatted, 2 left as they were\n")


def test_quiet_lists_the_files_alone(run: Run, workspace: Path) -> None:
    ran = run("fmt", "-q")

    assert (ran.code, ran.out, ran.err) == (0, "experiments/b.yaml\n", "")


def test_check_writes_nothing_and_ends_with_2(run: Run, workspace: Path) -> None:
    before = contents(workspace)

    ran = run("fmt", "--check")

    assert (ran.code, ran.out, ran.err) == (2, "experiments/b.yaml\n", "1 file would change, 1 would not\n")
    assert contents(workspace) == before


def test_check_of_tidy_files_ends_with_0(run: Run, workspace: Path) -> None:
    ran = run("fmt", "--check", "experiments/a.yaml")

    assert (ran.code, ran.out, ran.err) == (0, "", "0 files would change, 1 would not\n")


@pytest.mark.parametrize(("options", "code"), [(["--diff"], 0), (["--diff", "--check"], 2)])
def test_a_diff_is_shown_and_nothing_is_written(run: Run, workspace: Path, options: list[str], code: int) -> None:
    before = contents(workspace)

    ran = run("fmt", *options)

    assert (ran.code, ran.out, ran.err) == (code, DIFF, "1 file would change, 1 would not\n")
    assert contents(workspace) == before


def test_a_diff_can_be_applied_by_git(run: Run, workspace: Path) -> None:
    for name, text in {"crooked.yaml": "name: B\nkey: c", "empty.yaml": "\n\n", "c.yaml": "key:  d\n"}.items():
        (workspace / "experiments" / name).write_text(text, encoding="utf-8")
    diff = run("fmt", "--diff").out

    subprocess.run(["git", "apply", "-"], input=diff.encode(), cwd=workspace, check=True, timeout=30)
    ran = run("fmt", "--check")

    assert "\\ No newline at end of file\n" in diff
    assert (ran.code, ran.out) == (0, "")


def test_a_diff_can_neither_act_nor_tell_a_secret(run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMPLITUDE_PROD_KEY", "correct-horse-battery")
    (workspace / "experiments" / "b.yaml").write_text(
        "key:  b\r\nname: a\u202eb correct-horse-battery # ampex_abc123\r\n::set-output::x: 1\r\n", encoding="utf-8"
    )

    out = run("fmt", "--diff").out

    assert "\r" not in out
    assert "\u202e" not in out
    assert "-key:  b\\r\n" in out
    assert "correct-horse" not in out
    assert "ampex_abc123" not in out
    assert not [line for line in out.splitlines() if line[1:].startswith("::")]


def test_paths_choose_files_and_folders(run: Run, workspace: Path) -> None:
    (workspace / "experiments" / "more" / "c.yaml").write_text("key:  c\n", encoding="utf-8")

    assert run("fmt", "--check", "experiments/more").out == "experiments/more/c.yaml\n"
    assert run("fmt", "--check", "experiments/b.yaml").out == "experiments/b.yaml\n"
    assert run("fmt", "--check", ".").out == "experiments/b.yaml\nexperiments/more/c.yaml\n"


def test_names_are_relative_to_the_working_directory(
    run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workspace / "experiments" / "more")

    assert run("fmt", "--check").out == "../b.yaml\n"


def test_a_path_that_is_not_there_is_an_error_and_the_others_are_done(run: Run, workspace: Path) -> None:
    ran = run("fmt", "experiments/nope.yaml", "experiments/b.yaml")

    assert (ran.code, ran.out) == (1, "experiments/b.yaml\n")
    assert ran.err == (
        "error[EXP017]: there is no such file or folder\n  experiments/nope.yaml\n"
        "1 file formatted, 0 left as they were, 1 can't be formatted\n"
    )


def test_the_workspace_file_is_formatted_only_if_it_is_named(run: Run, workspace: Path) -> None:
    assert "expsync.yaml" not in run("fmt", "--check").out

    ran = run("fmt", "expsync.yaml")

    assert (ran.code, ran.out, ran.err) == (0, "expsync.yaml\n", "1 file formatted, 0 left as they were\n")
    assert (workspace / "expsync.yaml").read_text(encoding="utf-8") == WORKSPACE.replace("'", '"')


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"key: b\nname: [\n", "error[EXP005]: a value is missing here\n  experiments/b.yaml:2:8\n"),
        (b"key: b\nkey: c\n", 'error[EXP006]: the key "key" stands here twice\n  experiments/b.yaml:2:1\n'),
        (b"key: \xff\n", "error[EXP003]: the file is not UTF-8\n  experiments/b.yaml:1:6\n"),
    ],
)
def test_what_is_no_yaml_is_shown_with_its_place_and_left_alone(
    run: Run, workspace: Path, content: bytes, told: str
) -> None:
    (workspace / "experiments" / "b.yaml").write_bytes(content)
    (workspace / "experiments" / "c.yaml").write_text("key:  c\n", encoding="utf-8")

    ran = run("fmt")

    assert (ran.code, ran.out) == (1, "experiments/c.yaml\n")
    assert ran.err.startswith(told)
    assert ran.err.endswith("1 file formatted, 1 left as it was, 1 can't be formatted\n")
    assert (workspace / "experiments" / "b.yaml").read_bytes() == content


def test_what_is_no_valid_experiment_is_formatted_all_the_same(run: Run, workspace: Path) -> None:
    (workspace / "experiments" / "b.yaml").write_text("naem:   x\nrolloutPercentage: 130\n", encoding="utf-8")

    ran = run("fmt")

    assert (ran.code, ran.out) == (0, "experiments/b.yaml\n")
    assert (workspace / "experiments" / "b.yaml").read_text() == "rolloutPercentage: 130\nnaem: x\n"


def test_the_mode_stays_and_a_link_inside_the_workspace_stays_a_link(run: Run, workspace: Path) -> None:
    target = workspace / "b.txt"
    (workspace / "experiments" / "b.yaml").rename(target)
    target.chmod(0o640)
    (workspace / "experiments" / "b.yaml").symlink_to(target)

    assert run("fmt").code == 0
    assert (workspace / "experiments" / "b.yaml").is_symlink()
    assert target.read_text(encoding="utf-8") == TIDY
    assert target.stat().st_mode & 0o777 == 0o640


def test_a_link_out_of_the_workspace_is_refused(
    run: Run, workspace: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "b.yaml"
    (workspace / "experiments" / "b.yaml").rename(outside)
    (workspace / "experiments" / "b.yaml").symlink_to(outside)

    ran = run("fmt")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error[EXP016]: the link leads out of the workspace\n  experiments/b.yaml\n")
    assert outside.read_text(encoding="utf-8") == UNTIDY


def test_a_file_that_changes_meanwhile_is_not_overwritten(
    run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workspace / "experiments" / "b.yaml"
    write = fmt._write

    def late(*arguments: object) -> bool:
        path.write_text("key:  somebody-else\n", encoding="utf-8")
        return write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(fmt, "_write", late)
    ran = run("fmt")

    assert (ran.code, ran.out) == (1, "")
    assert "the file changed while it was worked on\n  experiments/b.yaml\n  hint: run the command again\n" in ran.err
    assert path.read_text(encoding="utf-8") == "key:  somebody-else\n"


def test_what_fails_on_the_way_leaves_the_file_as_it_was(
    run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(workspace)

    def fail(_: object) -> None:
        raise OSError(28, "No space left on device", "experiments/b.yaml")

    monkeypatch.setattr(os, "fsync", fail)
    ran = run("fmt")

    assert (ran.code, ran.out) == (1, "")
    assert "no space left on device" in ran.err
    assert contents(workspace) == before


def test_a_mistake_of_formatting_is_told_for_the_file_and_nothing_is_written(
    run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from expsync.config import format as module

    def refuse(*_: object) -> None:
        raise module.FormatError("a comment would be lost or doubled")

    monkeypatch.setattr(module, "_verify", refuse)
    ran = run("fmt")

    assert issubclass(module.FormatError, ExpsyncError)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "error[EXP001]: the file can't be formatted\n  experiments/b.yaml\n  a comment would be lost or doubled\n"
        "  hint: this is a bug in expsync; the file is left as it is\n"
        "0 files formatted, 1 left as it was, 1 can't be formatted\n"
    )
    assert (workspace / "experiments" / "b.yaml").read_text(encoding="utf-8") == UNTIDY


def test_without_a_workspace_there_is_nothing_to_format(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    ran = run("fmt")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error[EXP301]: there is no expsync.yaml\n")


def stdin(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_stdin_is_formatted_to_stdout(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "expsync", "fmt", "-"],
        input=UNTIDY.encode(),
        capture_output=True,
        cwd=tmp_path,
        check=False,
        timeout=60,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, TIDY.encode(), b"")


def test_stdin_can_be_checked_and_shown(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin(monkeypatch, UNTIDY)
    ran = run("fmt", "-", "--check")
    assert (ran.code, ran.out, ran.err) == (2, "", "")

    stdin(monkeypatch, UNTIDY)
    ran = run("fmt", "-", "--diff")
    assert (ran.code, ran.out, ran.err) == (0, DIFF.replace("experiments/b.yaml", "<stdin>"), "")


def test_stdin_that_is_no_yaml_gives_nothing_but_the_problem(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin(monkeypatch, "key: [\n")

    ran = run("fmt", "-")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error[EXP005]: a value is missing here\n  <stdin>:1:7\n")


def test_stdin_goes_with_no_other_path(run: Run, workspace: Path) -> None:
    ran = run("fmt", "-", "experiments")

    assert (ran.code, ran.out) == (64, "")
