"""The action's first step, and its last: the others are in the life of a pull request."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.parts.forges import TOKEN, GitHubStub
from tests.parts.steps import KEY, ROOT, Action, machine
from tests.parts.world import KEY_VARIABLE, github_variables, pull_request_event, repository, served

# Stands for any python3: makes what `venv` would make, and writes down what it is asked for, and what it could see.
PYTHON = """\
#!/bin/sh
case "$1" in
  -c) exit "${OLD:-0}" ;;
  -m)
    { echo "$@"; env | sort; } >> "$HOME/seen"
    if [ "$2" = venv ]; then
      mkdir -p "$3/bin"
      cp "$0" "$3/bin/python"
    else
      touch "$(dirname "$0")/expsync" && chmod +x "$(dirname "$0")/expsync"
    fi
    ;;
esac
"""


@pytest.fixture
def python(tmp_path: Path) -> Path:
    path = tmp_path / "python3"
    path.write_text(PYTHON, encoding="utf-8")
    path.chmod(0o755)
    return path


def test_expsync_is_installed_once_as_pinned_and_without_a_secret_in_reach(tmp_path: Path, python: Path) -> None:
    temporary = tmp_path / "runner"
    runner = machine(
        tmp_path,
        temporary,
        RUNNER_TEMP=str(temporary),
        GITHUB_ACTION_PATH=str(ROOT),
        GITHUB_RUN_ATTEMPT="2",
        GITHUB_TOKEN=TOKEN,
        PIP_INDEX_URL="https://index.example/simple",
        https_proxy="http://proxy.example",
        **{KEY_VARIABLE: KEY},
    )
    action = Action(runner, command="apply", environment="prod/eu", working_directory="teams/web", github_token=TOKEN)
    runner.outputs["python"] = {"python-path": str(python)}

    first, second = action.step("prepare"), action.step("prepare")

    assert (first.code, second.code, first.err) == (0, 0, "")
    assert runner.outputs["prepare"] == {
        "python": f"{temporary}/expsync-venv/bin/python",
        "folder": f"{temporary}/expsync-apply-prod-eu-teams-web",
        "artifact": "expsync-plan-prod-eu-teams-web",
        "kept": "expsync-apply-prod-eu-teams-web-2",
    }
    seen = (temporary / "seen").read_text(encoding="utf-8")
    asked = [line for line in seen.splitlines() if line.startswith("-m ")]
    assert asked == [
        f"-m venv {temporary}/expsync-venv",
        f"-m pip install --quiet --disable-pip-version-check --no-input --constraint {ROOT}/constraints.txt {ROOT}",
    ]
    assert "PIP_INDEX_URL=https://index.example/simple\n" in seen
    assert "https_proxy=http://proxy.example\n" in seen
    assert KEY not in seen
    assert TOKEN not in seen


@pytest.mark.parametrize(
    ("command", "old", "code", "said"),
    [
        ("destroy", "0", 64, "::error title=expsync::the input 'command' is none of plan, apply and drift\n"),
        ("plan", "1", 1, "::error title=expsync::Python 3.11 or later is needed; see the input 'python-version'\n"),
    ],
)
def test_what_can_not_work_is_said_first(
    tmp_path: Path, python: Path, command: str, old: str, code: int, said: str
) -> None:
    runner = machine(tmp_path, tmp_path / "runner", GITHUB_ACTION_PATH=str(ROOT), RUNNER_TEMP=str(tmp_path), OLD=old)
    action = Action(runner, command=command, github_token=TOKEN)
    runner.outputs["python"] = {"python-path": str(python)}

    ran = action.step("prepare")

    assert (ran.code, ran.out) == (code, said)
    assert not (tmp_path / "runner" / "seen").exists()


def test_values_of_inputs_are_never_text_of_the_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evil = '"; touch pwned; $(touch pwned) `touch pwned` #'
    forge = GitHubStub()
    with served(forge) as live:
        git = repository(tmp_path / "flags", live, monkeypatch)
        temporary = tmp_path / "runner"
        pull = forge.pull(12, "a" * 40, base="b" * 40)
        # A folder of the checkout that would be imported in place of the installed program.
        git.write({"expsync/__init__.py": "raise SystemExit('taken over')", "expsync/forge/__init__.py": ""})
        environ = github_variables(forge, temporary, commit=git.run("rev-parse", "HEAD"))
        runner = machine(git.root, temporary, **environ, **pull_request_event(temporary, pull))
        action = Action(runner, command="plan", environment=evil, targets=evil, base=evil, github_token=TOKEN)
        runner.outputs["prepare"] = {"python": "python3", "folder": str(temporary / "made")}

        ran = action.step("plan")

    assert ran.code == 1
    assert "there is no environment" in ran.out
    assert list(tmp_path.rglob("pwned")) == []
    assert os.listdir(git.root / "experiments") == ["checkout-button.yaml"]  # noqa: PTH208 - names alone
