"""What a command imports: the start is most of the time of a small plan, and all of `--version`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ASK = """
import gc, json, sys
import click
before = set(sys.modules)
from expsync.cli.process import program
sys.argv = ["expsync", *sys.argv[1:]]
program()
print(json.dumps([sorted(set(sys.modules) - before), gc.get_freeze_count()]), file=sys.stderr)
"""
FRONT_DOOR = {
    "expsync",
    "expsync.cli",
    "expsync.cli.help",
    "expsync.cli.main",
    "expsync.cli.memory",
    "expsync.cli.options",
    "expsync.cli.process",
    "expsync.cli.suggest",
    "expsync.errors",
    "signal",
}
"""All that is imported before a command is known, beside what click itself imports."""
FOLDING = {"click._textwrap", "textwrap"}
"""What click folds the texts of a help with."""


def imported(folder: Path, *arguments: str) -> set[str]:
    """The modules that a run of the program imports beside those of `import click`."""
    return set(run_once(folder, *arguments)[0])


def packages(found: set[str]) -> set[str]:
    """The packages of the modules, but for those of the standard library."""
    roots = {name.partition(".")[0] for name in found} - sys.stdlib_module_names
    # Python's own too, though each platform calls it otherwise.
    return {root for root in roots if not root.startswith("_sysconfigdata")}


def run_once(folder: Path, *arguments: str) -> tuple[list[str], int]:
    """The modules that a run of the program imports beside those of `import click`, and how many values it froze."""
    ran = subprocess.run(
        [sys.executable, "-c", ASK, *arguments],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
        env={**os.environ, "NO_COLOR": "1"},
    )
    found, frozen = json.loads(ran.stderr.splitlines()[-1])
    return found, frozen


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_the_front_door_needs_click_alone(tmp_path: Path, option: str) -> None:
    assert imported(tmp_path, option) <= (FRONT_DOOR | FOLDING if option == "--help" else FRONT_DOOR)


def test_what_is_there_at_the_end_is_not_looked_through_for_garbage(tmp_path: Path) -> None:
    _, frozen = run_once(tmp_path, "--version")
    assert frozen > 0


@pytest.mark.parametrize("command", ["plan", "apply", "validate", "drift", "import", "sandbox"])
def test_the_help_of_a_command_needs_no_models_and_no_network(tmp_path: Path, command: str) -> None:
    assert packages(imported(tmp_path, command, "--help")) <= {"click", "expsync"}


def test_validate_of_good_files_needs_no_client_no_diff_and_no_parser(tmp_path: Path) -> None:
    write_workspace(tmp_path)
    found = imported(tmp_path, "validate")
    assert packages(found) <= {
        "annotated_types",
        "click",
        "expsync",
        "pydantic",
        "pydantic_core",
        "typing_extensions",
        "typing_inspection",
    }
    assert not {name for name in found if name.startswith(("expsync.wire", "expsync.core", "expsync.api"))}
    assert not found & {"expsync.cli.session", "expsync.model.plan", "expsync.model.state"}


def test_an_unchanged_plan_needs_nothing_of_what_makes_a_change(tmp_path: Path) -> None:
    write_workspace(tmp_path)
    assert "expsync.core.risk" in imported(tmp_path, "apply", "--yes")
    found = imported(tmp_path, "plan")
    assert not packages(found) & {"_ruamel_yaml", "deepdiff", "httpcore", "rich", "ruamel"}
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
