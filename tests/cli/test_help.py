"""The help of every command: one form, at any width, and examples that do what they say."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from expsync.cli.help import ExpsyncCommand, ExpsyncGroup
from expsync.cli.main import group, main
from tests.cli.conftest import Run
from tests.cli.shells import environment, shell

WORKSPACE = """\
version: 1
defaultEnvironment: sandbox
environments:
  sandbox: {baseUrl: sandbox, projectId: "1001", deployments: {web: "101"}}
  prod: {baseUrl: sandbox, projectId: "2002", deployments: {web: "201"}}
"""
BUTTON = "key: checkout-button\ndescription: one\nvariants:\n  - key: control\n  - key: treatment\n"
RANKING = "key: search-ranking\nvariants:\n  - key: control\n  - key: by-freshness\n"
SYNTAX = frozenset("&|<>$(")
ENDS = {
    # Nobody is there to say yes.
    "expsync plan && expsync apply": 3,
    "expsync apply": 3,
    "expsync apply -t 'checkout-*' --allow 'checkout-*:payload'": 3,
    # The file waits for an apply.
    "expsync drift --format markdown --detailed-exitcode": 2,
}


def commands() -> Iterator[tuple[str, click.Command]]:
    """All commands with what they are called by."""
    ctx = click.Context(group, info_name="expsync")
    waiting: list[tuple[str, click.Command]] = [("expsync", group)]
    while waiting:
        name, command = waiting.pop(0)
        yield name, command
        if isinstance(command, click.Group):
            inner = ((one, command.get_command(ctx, one)) for one in command.list_commands(ctx))
            waiting += [(f"{name} {one}", found) for one, found in inner if found is not None]


NAMES = [name for name, _ in commands()]
EXAMPLES = [
    (name, what, line)
    for name, command in commands()
    if isinstance(command, ExpsyncCommand | ExpsyncGroup)
    for what, line in command.examples
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_help_fits_the_terminal(run: Run, monkeypatch: pytest.MonkeyPatch, name: str, width: int) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))

    lines = run(*name.split()[1:], "--help").out.splitlines()

    # What can't be broken stands out: an option's choices, the heading of the global options.
    whole = ("  --format [", "Global options, before or after", "      ~/.config/fish/completions/")
    assert [line for line in lines if len(line) > min(width, 100) and not line.startswith(whole)] == []


@pytest.mark.parametrize("name", NAMES)
def test_in_a_pipe_help_has_80_columns_whatever_is_around(run: Run, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    usual = run(*name.split()[1:], "--help").out
    monkeypatch.setenv("COLUMNS", "200")

    assert run(*name.split()[1:], "--help").out == usual
    assert max(map(len, usual.splitlines())) <= 80


@pytest.mark.parametrize("name", NAMES)
def test_help_ends_with_examples(run: Run, name: str) -> None:
    examples = run(*name.split()[1:], "--help").out.partition("\nExamples:\n")[2].splitlines()

    assert examples
    assert all(line.startswith("  ") for line in examples)
    assert examples[0].startswith("  # ")
    assert examples[1].startswith("  ")
    assert "expsync" in examples[1]


def test_a_narrow_help_reads_well(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")

    assert run("history", "--help").out == (
        "Usage: expsync history \n"
        "           [OPTIONS] KEY\n"
        "\n"
        "  Show the versions of the experiment\n"
        "  KEY, newest first.\n"
        "\n"
        "  Each with when it was made, by whom,\n"
        "  and what it changed. The experiment\n"
        "  need not be declared, and may be\n"
        "  archived.\n"
        "\n"
        "Options:\n"
        "  --diff A B\n"
        "      Show all that changed from\n"
        "      version A to version B.\n"
        "  --format [text|json|markdown]\n"
        "      How the versions are written.\n"
        "      [default: text]\n"
        "\n"
        "Global options, before or after the command:\n"
        "  -c, --config FILE\n"
        "      The workspace file; without it,\n"
        "      expsync.yaml here or in a\n"
        "      directory above.\n"
        "  -e, --env NAME\n"
        "      The environment; else\n"
        "      EXPSYNC_ENV, or the workspace's\n"
        "      defaultEnvironment.\n"
        "  -v, --verbose\n"
        "      Say more.\n"
        "  -q, --quiet\n"
        "      Only the result and errors.\n"
        "  --no-color\n"
        "      No colour; NO_COLOR does the\n"
        "      same, FORCE_COLOR the opposite.\n"
        "  --version\n"
        "      Show the version and exit.\n"
        "  -h, --help\n"
        "      Show this and exit.\n"
        "\n"
        "Examples:\n"
        "  # all versions, newest first\n"
        "  expsync history checkout-button\n"
        "  # all that changed between two of\n"
        "  # them\n"
        "  expsync history checkout-button \\\n"
        "      --diff 1 2\n"
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with two versions of an experiment live in both environments, and a change that waits."""
    root = tmp_path_factory.mktemp("world")
    (root / "experiments" / "search").mkdir(parents=True)
    (root / "expsync.yaml").write_text(WORKSPACE, encoding="utf-8")
    button = root / "experiments" / "checkout-button.yaml"
    (root / "experiments" / "search" / "ranking.yaml").write_text(RANKING, encoding="utf-8")
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@b.invalid", "-c", "init.defaultBranch=main")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        for description in ("one", "two"):
            button.write_text(BUTTON.replace("one", description), encoding="utf-8")
            for name in ("sandbox", "prod"):
                assert main(["apply", "--yes", "-q", "-e", name]) == 0
        for arguments in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "all")):
            subprocess.run([*git, *arguments], check=True, env=environment(root))
        button.write_text(BUTTON.replace("one", "three"), encoding="utf-8")
        assert main(["plan", "-q", "--out", "plan.json"]) == 0
    return root


@pytest.fixture
def copy(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The world once more, the working directory in it."""
    root = tmp_path / "world"
    shutil.copytree(world, root)
    monkeypatch.chdir(root)
    return root


@pytest.mark.parametrize(("name", "what", "line"), EXAMPLES, ids=[line for _, _, line in EXAMPLES])
def test_an_example_does_what_it_says(run: Run, copy: Path, tmp_path: Path, name: str, what: str, line: str) -> None:
    expected = ENDS.get(line, 0)
    if name == "expsync sandbox serve" or name == "expsync sandbox":
        # It would serve until somebody stops it; that it understands its options is what there is to see here.
        command = dict(commands())["expsync sandbox serve"]
        assert command.make_context("serve", shlex.split(line)[3:]).params
    elif "import" in line:
        (copy / "experiments" / "search" / "ranking.yaml").unlink()
        assert _in_shell("bash", line, copy, tmp_path) == expected
        assert any("search-ranking" in path.read_text() for path in (copy / "experiments").rglob("*.yaml"))
    elif SYNTAX & set(line):
        assert (
            _in_shell(what.split(",")[0] if name == "expsync completion" else "bash", line, copy, tmp_path) == expected
        )
    else:
        assert run(*shlex.split(line)[1:]).code == expected


def _in_shell(name: str, line: str, folder: Path, home: Path) -> int:
    """How a line ends in a real shell."""
    start = {
        "bash": "set -euo pipefail; ",
        "zsh": "setopt errexit; fpath=(~ $fpath); autoload -Uz compinit; compinit -u; ",
    }
    (home / "config" / "fish" / "completions").mkdir(parents=True)
    (home / ".config").symlink_to(home / "config")
    options = {"zsh": ["-f"], "fish": ["--no-config"]}
    return subprocess.run(
        [shell(name), *options.get(name, []), "-c", start.get(name, "") + line],
        cwd=folder,
        env={**environment(home), "PAGER": "cat"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        timeout=60,
        check=False,
    ).returncode


def test_the_variable_of_a_wide_terminal_counts(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """No wider than is easy to read."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "300")

    widest = max(map(len, run("drift", "--help").out.splitlines()))
    assert 80 < widest <= 100
    assert os.environ["COLUMNS"] == "300"
