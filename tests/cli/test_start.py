"""What a command imports: the start is most of the time of a small plan, and all of `--version`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ASK = """
import json, sys
before = set(sys.modules)
from expsync.cli.main import program
sys.argv = ["expsync", *sys.argv[1:]]
program()
new = sorted(name for name in set(sys.modules) - before if name.partition(".")[0] not in sys.stdlib_module_names)
print(json.dumps(new), file=sys.stderr)
"""
FRONT_DOOR = {
    "expsync",
    "expsync.cli",
    "expsync.cli.help",
    "expsync.cli.main",
    "expsync.cli.memory",
    "expsync.cli.options",
    "expsync.cli.suggest",
    "expsync.diagnostics",
    "expsync.errors",
}
"""All of ours that is imported before a command is known."""


def imported(folder: Path, *arguments: str) -> set[str]:
    """The modules, but for the standard library's, that a run of the program imports."""
    ran = subprocess.run(
        [sys.executable, "-c", ASK, *arguments],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
        env={**os.environ, "NO_COLOR": "1"},
    )
    found: list[str] = json.loads(ran.stderr.splitlines()[-1])
    return set(found)


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_the_front_door_needs_click_alone(tmp_path: Path, option: str) -> None:
    found = imported(tmp_path, option)
    assert {name.partition(".")[0] for name in found} == {"click", "expsync"}
    assert {name for name in found if name.startswith("expsync")} <= FRONT_DOOR


@pytest.mark.parametrize("command", ["plan", "apply", "validate", "drift", "import", "sandbox"])
def test_the_help_of_a_command_needs_no_models_and_no_network(tmp_path: Path, command: str) -> None:
    found = {name.partition(".")[0] for name in imported(tmp_path, command, "--help")}
    assert found <= {"click", "expsync"}


def test_validate_needs_no_client_and_no_diff(tmp_path: Path) -> None:
    write_workspace(tmp_path)
    found = imported(tmp_path, "validate")
    assert not {name.partition(".")[0] for name in found} & {"httpx", "deepdiff", "rich", "starlette"}


def test_an_unchanged_plan_needs_nothing_of_what_makes_a_change(tmp_path: Path) -> None:
    write_workspace(tmp_path)
    assert "expsync.core.risk" in imported(tmp_path, "apply", "--yes")
    found = imported(tmp_path, "plan")
    assert not {name.partition(".")[0] for name in found} & {"deepdiff", "rich"}
    heavy = ("planner", "diff", "risk", "impact", "weights", "operations", "normalize")
    assert not found & {f"expsync.core.{name}" for name in heavy}
    assert not found & {"expsync.apply.executor", "expsync.cli.comparing"}


def write_workspace(folder: Path) -> None:
    """A workspace of one experiment on the embedded sandbox."""
    (folder / "expsync.yaml").write_text(
        'version: 1\nenvironments:\n  test: {baseUrl: sandbox, projectId: "1"}\n', encoding="utf-8"
    )
    (folder / "experiments").mkdir()
    (folder / "experiments" / "a.yaml").write_text("key: a\nenabled: false\n", encoding="utf-8")
