"""The command line's front door: finds the command, runs it, and turns every outcome into an exit code."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import TextIO, cast

import click

from expsync.cli.options import ExpsyncGroup, Globals, remember, with_globals
from expsync.errors import ConfigError, ExpsyncError, UsageError

FAILED = 1
WRONG_USAGE = UsageError.exit_code
INTERRUPTED = 130

# Name: module and short help. The module is imported when its command is used, so that `expsync --help` is quick.
COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("expsync.cli.init", "Make a new repository that works at once, offline."),
    "validate": ("expsync.cli.validate", "Check all files, offline, and list every problem."),
    "fmt": ("expsync.cli.fmt", "Put the files in their one canonical form; comments stay."),
    "plan": ("expsync.cli.plan", "Show what apply would change; writes nothing remote."),
    "show": ("expsync.cli.show", "Show a saved plan again."),
    "apply": ("expsync.cli.apply", "Make live what the files say."),
    "drift": ("expsync.cli.drift", "Show what people changed on the live side, who and when."),
    "history": ("expsync.cli.history", "Show an experiment's versions, and what changed between two."),
    "rollback": ("expsync.cli.rollback", "Show or make the change to a file that restores a version."),
    "import": ("expsync.cli.import_", "Write files for live experiments that none declares yet."),
    "pull": ("expsync.cli.pull", "Take live values into the files that declare them."),
    "rules": ("expsync.cli.rules", "List every rule of the files and every risk of a change."),
    "schema": ("expsync.cli.schema", "Print the JSON Schema of a file or of the plan."),
    "sandbox": ("expsync.cli.sandbox", "Run the emulator of the API."),
}


class LazyGroup(ExpsyncGroup):
    """A group that imports a command only when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names, in the order in which they are met."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The command, imported now, or None where there is no such one."""
        if cmd_name not in COMMANDS:
            return None
        return cast("click.Command", importlib.import_module(COMMANDS[cmd_name][0]).command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that `args` name and what is left for it; a usage error that knows what was meant."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            meant = f"; did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"no such command {args[0]!r}{meant}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the commands, from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, short) for name, (_, short) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"max_content_width": 100})
@with_globals
def group(globals_: Globals) -> None:
    """Amplitude experiments in git: YAML files, a plan, and an apply that does what the plan says."""
    remember(click.get_current_context(), globals_)


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code of one run; the result goes to stdout, everything else to stderr."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _use_utf8(sys.stdout)
    _use_utf8(sys.stderr)
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has gone (`expsync plan | head`); what is still in the buffer must not fail again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    return code


def _run(arguments: list[str]) -> int:
    try:
        with group.make_context("expsync", arguments) as ctx:
            outcome = group.invoke(ctx)
        return outcome if isinstance(outcome, int) else 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return WRONG_USAGE
    except click.UsageError as error:
        _say_error(error.format_message(), hint=_usage_hint(error.ctx))
        return WRONG_USAGE
    except click.ClickException as error:
        _say_error(error.format_message())
        return FAILED
    except ExpsyncError as error:
        _explain(error)
        return error.exit_code
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - the last resort: nobody sees a raw traceback by surprise
        _confess(error, verbose=_is_verbose(arguments))
        return FAILED


def _explain(error: ExpsyncError) -> None:
    if not isinstance(error, ConfigError):
        _say_error(error.message, hint=error.hint)
        return
    from expsync.render.problems import count_text, problem_text

    for problem in error.diagnostics:
        click.echo(problem_text(problem, colour=Globals().colour(sys.stderr)), err=True)
    click.echo(f"{count_text(error.diagnostics)}.", err=True)


def _confess(error: Exception, *, verbose: bool) -> None:
    """Say that this is our own mistake; the traceback only on request, and never with a key in it."""
    import traceback

    from expsync.cli.redact import without_secrets
    from expsync.render.safe import visible

    if verbose:
        trace = without_secrets("".join(traceback.format_exception(error)), os.environ)
        # What an exception quotes may come from anywhere.
        click.echo("\n".join(visible(line) for line in trace.rstrip().split("\n")), err=True)
    said = without_secrets(f"{type(error).__name__}: {error}", os.environ)
    again = "" if verbose else ", run again with -v for the details"
    _say_error(f"internal error: {said}; this is a bug in expsync{again}")


def _say_error(message: str, *, hint: str = "") -> None:
    from expsync.render.safe import unaddressed, visible

    first, *rest = message.splitlines() or [""]
    lines = [f"error: {visible(first)}", *(f"  {visible(line)}" for line in rest)]
    lines += [f"  hint: {visible(line)}" for line in hint.splitlines()]
    click.echo("\n".join(unaddressed(line) for line in lines), err=True)


def _usage_hint(ctx: click.Context | None) -> str:
    return f"see `{ctx.command_path if ctx is not None else 'expsync'} --help`"


def _is_verbose(arguments: Sequence[str]) -> bool:
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "-v" in options or "--verbose" in options


def _use_utf8(stream: TextIO) -> None:
    """Make the stream able to print every plan: UTF-8 into files and pipes, and on a terminal what it can show."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")
