"""The front door: exit codes, global options, errors, and what is imported when."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from expsync import __version__
from expsync.cli import main as front
from expsync.cli import show
from expsync.cli.help import ExpsyncCommand
from expsync.cli.main import COMMANDS, group, main
from expsync.cli.options import Globals, with_globals
from expsync.diagnostics import Diagnostic, Place
from expsync.errors import ConfigError, ExpsyncError, Interrupted, RefusedError
from tests.cli.conftest import Run

Instead = Callable[[Callable[[Globals], Any]], None]


@pytest.fixture
def instead(monkeypatch: pytest.MonkeyPatch) -> Instead:
    """Puts a function in the place of what `expsync show` does."""

    def replace(work: Callable[[Globals], Any]) -> None:
        @click.command("show", cls=ExpsyncCommand)
        @with_globals
        def command(globals_: Globals) -> Any:
            return work(globals_)

        monkeypatch.setattr(show, "command", command)

    return replace


def _fails_with(error: BaseException) -> Callable[[Globals], None]:
    def fail(_: Globals) -> None:
        raise error

    return fail


def test_version_is_printed(run: Run) -> None:
    ran = run("--version")

    assert (ran.code, ran.out, ran.err) == (0, f"expsync {__version__}\n", "")


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["show", "--help"], ["show", "--version"]])
def test_help_and_version_are_results(run: Run, arguments: list[str]) -> None:
    ran = run(*arguments)

    assert (ran.code, ran.err) == (0, "")
    assert ran.out


def test_without_arguments_the_help_goes_to_stderr(run: Run) -> None:
    ran = run()

    assert (ran.code, ran.out) == (64, "")
    assert ran.err == run("--help").out


def test_help_lists_every_command_with_its_own_words(run: Run) -> None:
    ran = run("--help")

    for name, (_, short) in COMMANDS.items():
        assert f"  {name.ljust(10)}  {short}\n" in ran.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_can_be_loaded_and_shows_its_help(run: Run, name: str) -> None:
    ran = run(name, "--help")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"Usage: expsync {name} ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["shw"], "error: no such command 'shw'; did you mean 'show'?\n  hint: see `expsync --help`\n"),
        (["frobnicate"], "error: no such command 'frobnicate'\n  hint: see `expsync --help`\n"),
        (["--bad"], "error: no such option '--bad'\n  hint: see `expsync --help`\n"),
        (["show"], "error: missing argument 'FILE'\n  hint: see `expsync show --help`\n"),
        (["show", "a", "b"], "error: got unexpected extra argument (b)\n  hint: see `expsync show --help`\n"),
        (
            ["show", "a", "--format", "pdf"],
            "error: invalid value for '--format': 'pdf' is not one of 'text', 'json', 'markdown', 'html'\n"
            "  hint: see `expsync show --help`\n",
        ),
        (
            ["plan", "--formt", "json"],
            "error: no such option '--formt'; did you mean '--format'?\n  hint: see `expsync plan --help`\n",
        ),
        (
            ["--verson"],
            "error: no such option '--verson'; did you mean '--version'?\n  hint: see `expsync --help`\n",
        ),
        (
            ["sandbox", "serv"],
            "error: no such command 'serv'; did you mean 'serve'?\n  hint: see `expsync sandbox --help`\n",
        ),
        (["sandbox", "zz"], "error: no such command 'zz'\n  hint: see `expsync sandbox --help`\n"),
        (["plan", "-e"], "error: option '-e' requires an argument\n  hint: see `expsync plan --help`\n"),
        (["plan", "--prune=3"], "error: option '--prune' does not take a value\n  hint: see `expsync plan --help`\n"),
        (["-v", "-q", "show", "a"], "error: --verbose and --quiet can't be used together\n"),
        (["show", "-vq", "a"], "error: --verbose and --quiet can't be used together\n"),
        (
            ["shw\x1b[31m\n::error::"],
            "error: no such command 'shw\\x1b[31m\\n::error::'\n  hint: see `expsync --help`\n",
        ),
    ],
)
def test_wrong_usage_ends_with_64(run: Run, arguments: list[str], message: str) -> None:
    ran = run(*arguments)

    assert (ran.code, ran.out, ran.err) == (64, "", message)


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (["show"], Globals()),
        (
            ["-c", "a.yaml", "-e", "prod", "-v", "--no-color", "show"],
            Globals(config=Path("a.yaml"), environment="prod", verbose=True, no_color=True),
        ),
        (["show", "-c", "a.yaml", "-e", "prod", "-q"], Globals(config=Path("a.yaml"), environment="prod", quiet=True)),
        (["-c", "a", "-e", "dev", "show", "-e", "prod"], Globals(config=Path("a"), environment="prod")),
        (["-v", "show", "-q"], Globals(quiet=True)),
        (["-q", "show", "-v"], Globals(verbose=True)),
    ],
)
def test_global_options_count_before_and_after_the_command(
    run: Run, instead: Instead, arguments: list[str], given: Globals
) -> None:
    seen: list[Globals] = []
    instead(seen.append)

    assert run(*arguments).code == 0
    assert seen == [given]


def test_what_a_command_returns_is_the_exit_code(run: Run, instead: Instead) -> None:
    instead(lambda _: 2)

    assert run("show").code == 2


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ExpsyncError("no network", hint="try later"), 1, "error: no network\n  hint: try later\n"),
        (ExpsyncError("a:\nb"), 1, "error: a:\n  b\n"),
        (RefusedError("the plan is stale"), 3, "error: the plan is stale\n"),
        (Interrupted("stopped after the call under way"), 130, "error: stopped after the call under way\n"),
        (ExpsyncError("\x1b[2J::error::"), 1, "error: \\x1b[2J::error::\n"),
        (click.FileError("f", "gone"), 1, "error: Could not open file 'f': gone\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (click.Abort(), 130, "interrupted\n"),
        (
            ZeroDivisionError("division by zero"),
            1,
            "error: internal error: ZeroDivisionError: division by zero; "
            "this is a bug in expsync, run again with -v for the details\n",
        ),
    ],
)
def test_an_error_is_explained_and_has_its_exit_code(
    run: Run, instead: Instead, error: BaseException, code: int, message: str
) -> None:
    instead(_fails_with(error))

    ran = run("show")
    assert (ran.code, ran.out, ran.err) == (code, "", message)


def test_every_problem_of_the_files_is_printed_and_counted(run: Run, instead: Instead) -> None:
    problems = [
        Diagnostic("EXP202", "warning", Place("b.yaml", 3, 1), "later"),
        Diagnostic("EXP104", "error", Place("a.yaml", 14, 20), "out of range", detail="130", hint="less", subject="k"),
    ]
    instead(_fails_with(ConfigError(problems)))

    ran = run("show")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "error[EXP104]: out of range\n  a.yaml:14:20  k\n  130\n  hint: less\n"
        "warning[EXP202]: later\n  b.yaml:3:1\n"
        "1 error, 1 warning.\n"
    )


def test_a_traceback_comes_only_with_verbose_and_holds_no_key(
    run: Run, instead: Instead, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMPLITUDE_PROD_KEY", "hunter2hunter2")
    instead(_fails_with(ValueError("refused Bearer hunter2hunter2 and ampex_abc")))

    quiet, verbose = run("show"), run("show", "-v")

    assert "Traceback" not in quiet.err
    assert verbose.err.startswith("Traceback (most recent call last):\n")
    assert verbose.err.endswith(
        "\nerror: internal error: ValueError: refused Bearer [redacted] and [redacted]; this is a bug in expsync\n"
    )
    assert "hunter2" not in quiet.err + verbose.err
    assert "ampex_" not in quiet.err + verbose.err


def _program(*arguments: str, code: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    program = ["-c", code] if code else ["-m", "expsync"]
    return subprocess.run(
        [sys.executable, *program, *arguments],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, **environment},
        timeout=60,
        check=False,
    )


def test_the_module_runs_as_the_program_does() -> None:
    ran = _program("shaw")

    assert (ran.returncode, ran.stdout) == (64, "")
    assert ran.stderr.startswith("error: no such command 'shaw'; did you mean 'show'?\n")


def test_a_reader_that_goes_away_is_no_noise() -> None:
    code = (
        "import os, sys, click\n"
        "from expsync.cli import show\n"
        "from expsync.cli.main import main\n"
        "@click.command('show')\n"
        "def command():\n"
        "    read, write = os.pipe(); os.dup2(write, 1); os.close(write); os.close(read)\n"
        "    click.echo('x' * 100_000)\n"
        "show.command = command\n"
        "sys.exit(main(['show']))"
    )

    ran = _program(code=code)

    assert (ran.returncode, ran.stderr) == (1, "")


def test_any_plan_can_be_printed_whatever_the_locale(tmp_path: Path) -> None:
    from expsync.model.plan_file import save_plan
    from tests.render.plans import rich_plan

    save_plan(tmp_path / "plan.json", rich_plan())

    ran = _program("show", str(tmp_path / "plan.json"), PYTHONIOENCODING="ascii", LC_ALL="C")

    assert (ran.returncode, ran.stderr) == (0, "")
    assert "20 → 50" in ran.stdout


class _Terminal:
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("globals_", "variables", "coloured"),
    [
        (Globals(), {}, True),
        (Globals(no_color=True), {}, False),
        (Globals(), {"NO_COLOR": "1"}, False),
        (Globals(), {"NO_COLOR": ""}, True),
        (Globals(), {"CI": "true"}, False),
    ],
)
def test_colour_is_for_terminals_where_nobody_objects(
    monkeypatch: pytest.MonkeyPatch, globals_: Globals, variables: dict[str, str], coloured: bool
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert globals_.colour(_Terminal()) is coloured  # type: ignore[arg-type]
    assert globals_.colour(sys.__stderr__ or sys.stderr) is False or (sys.__stderr__ or sys.stderr).isatty()


def test_help_without_a_short_text_is_no_command() -> None:
    with click.Context(group) as ctx:
        assert group.list_commands(ctx) == list(COMMANDS)
        assert group.get_command(ctx, "none") is None


def test_the_exit_codes_are_those_of_the_contract() -> None:
    assert (front.FAILED, front.WRONG_USAGE, front.INTERRUPTED) == (1, 64, 130)
    assert main(["--version"]) == 0
