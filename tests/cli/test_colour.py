"""When there is colour: who asks for it, who objects, and who comes first. And pipes whose reader goes away."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from expsync.cli.options import Globals
from tests.cli.conftest import Run
from tests.cli.shells import environment, shell
from tests.cli.workspace import Workspace, workspace

__all__ = ["workspace"]
ESCAPE = "\x1b["


class Stream:
    def __init__(self, *, is_terminal: bool) -> None:
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


@pytest.mark.parametrize(
    ("variables", "terminal", "pipe"),
    [
        ({}, True, False),
        ({"CI": "true"}, False, False),
        ({"TERM": "dumb"}, False, False),
        ({"CLICOLOR": "0"}, False, False),
        ({"CLICOLOR": "1"}, True, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "1", "CI": "true"}, True, True),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True, True),
        ({"FORCE_COLOR": "0"}, True, False),
        ({"FORCE_COLOR": ""}, True, False),
        ({"CLICOLOR_FORCE": "1"}, True, True),
        ({"CLICOLOR_FORCE": "0"}, True, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
    ],
)
def test_who_wants_colour_and_who_objects(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], terminal: bool, pipe: bool
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    def colour(globals_: Globals, *, is_terminal: bool) -> bool:
        return globals_.colour(Stream(is_terminal=is_terminal))  # type: ignore[arg-type]

    assert (colour(Globals(), is_terminal=True), colour(Globals(), is_terminal=False)) == (terminal, pipe)
    assert not colour(Globals(no_color=True), is_terminal=True)


COMMANDS = [
    ["plan"],
    ["drift"],
    ["history", "exp"],
    ["history", "exp", "--diff", "1", "2"],
    ["rollback", "exp", "--to", "3"],
    ["fmt", "--diff"],
    ["pull"],
    ["apply", "--yes"],
]


@pytest.fixture
def changed(run: Run, workspace: Workspace) -> Workspace:
    """An experiment with two versions, the second by hand."""
    workspace.declare({"key": "exp", "description": "new"})
    run("apply", "--yes")
    workspace.edit("exp", description="by hand")
    return workspace


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_takes_colour_and_leaves_it(
    run: Run, changed: Workspace, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    file = changed.path("exp")
    before = file.read_text()
    assert ESCAPE not in run(*command).out
    monkeypatch.setenv("FORCE_COLOR", "1")
    file.write_text(before)
    changed.edit("exp", description="by hand again")
    assert ESCAPE in run(*command).out
    file.write_text(before)
    changed.edit("exp", description="by hand")
    assert ESCAPE not in run(*command, "--no-color").out
    assert ESCAPE not in run("--no-color", *command).out


@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"], ["validate"], ["drift"], ["fmt"]], ids=" ".join)
def test_what_is_wrong_is_in_colour_only_where_that_is_wanted(
    run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    (workspace.root / "experiments" / "bad.yaml").write_text("key: [\n")
    monkeypatch.setenv("FORCE_COLOR", "1")

    coloured, plain = run(*command), run(*command, "--no-color")
    assert ESCAPE in coloured.out + coloured.err
    assert ESCAPE not in plain.out + plain.err


@pytest.mark.parametrize("form", ["json", "markdown", "html"])
def test_what_programs_read_has_no_colour(
    run: Run, changed: Workspace, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    assert ESCAPE not in run("plan", "--format", form).out


@pytest.mark.parametrize("line", ["expsync rules | head -1", "expsync plan | head -1", "expsync --help | true"])
def test_a_reader_that_goes_away_is_no_noise(tmp_path: Path, line: str) -> None:
    (tmp_path / "experiments").mkdir()
    (tmp_path / "expsync.yaml").write_text("version: 1\nenvironments: {a: {baseUrl: sandbox, projectId: 1}}\n")
    for number in range(200):
        (tmp_path / "experiments" / f"e{number}.yaml").write_text(f"key: e{number}\ndescription: {'x' * 500}\n")

    ran = subprocess.run(
        [shell("bash"), "-c", line],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
