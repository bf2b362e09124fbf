"""The command line's front door: finds the command, runs it, and turns every outcome into an exit code."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TextIO, cast

import click

from expsync.cli.help import ExpsyncGroup
from expsync.cli.options import Globals, remembered, with_globals
from expsync.cli.process import INTERRUPTED
from expsync.errors import ConfigError, ExpsyncError, UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

FAILED = 1
WRONG_USAGE = UsageError.exit_code
COMPLETE_VARIABLE = "_EXPSYNC_COMPLETE"
"""The environment variable by which a shell asks for completions, as click names it."""

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
    "completion": ("expsync.cli.completion", "Print the script that completes words in a shell."),
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
            raise click.UsageError(f"no such command {args[0]!r}{_meant(args[0], COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """The commands, from the table, so that none is imported; or the global options."""
        if incomplete.startswith("-"):
            return click.Command.shell_complete(self, ctx, incomplete)
        from click.shell_completion import CompletionItem

        known = ((name, short) for name, (_, short) in COMMANDS.items() if name.startswith(incomplete))
        return [CompletionItem(name, help=short) for name, short in known]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the commands, from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, short) for name, (_, short) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"max_content_width": 100},
    examples=[
        ("begin, offline and without a key", "expsync init flags && cd flags"),
        ("look, then do it", "expsync plan && expsync apply"),
    ],
)
@with_globals
def group(_: Globals) -> None:
    """Amplitude experiments in git: YAML files, a plan, and an apply that does what the plan says."""


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code of one run; the result goes to stdout, everything else to stderr."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _use_utf8(sys.stdout)
    _use_utf8(sys.stderr)
    if COMPLETE_VARIABLE in os.environ:
        return _complete()
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has gone (`expsync plan | head`); what is still in the buffer must not fail again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    return code


def _run(arguments: list[str]) -> int:
    ctx: click.Context | None = None
    try:
        _check_folder()
        ctx = group.make_context("expsync", arguments)
        from expsync.cli.interrupt import ending

        with ending(), ctx:
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
        _say_error(_usage_text(error), hint=_usage_hint(error.ctx))
        return WRONG_USAGE
    except click.ClickException as error:
        _say_error(error.format_message())
        return FAILED
    except ExpsyncError as error:
        _explain(error, Globals() if ctx is None else remembered(ctx))
        return error.exit_code
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - the last resort: nobody sees a raw traceback by surprise
        _confess(error, verbose=_is_verbose(arguments))
        return FAILED


def _complete() -> int:
    """0, once a shell has been told what could stand at its cursor: words or nothing, since it would print the rest."""
    from expsync.cli.complete import answer

    # Whatever is wrong here, a complaint would stand in the middle of the line that somebody is writing.
    with contextlib.suppress(Exception), open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123
        with contextlib.redirect_stderr(nowhere):
            said = answer(group, os.environ[COMPLETE_VARIABLE])
        sys.stdout.write(said + "\n" if said else "")
        sys.stdout.flush()
    return 0


def _check_folder() -> None:
    """ExpsyncError where the working directory was removed while somebody stood in it."""
    try:
        os.getcwd()  # noqa: PTH109 - only asked for, not used
    except OSError:
        raise ExpsyncError("the working directory is not there any more", hint="go to a folder that is") from None


def _explain(error: ExpsyncError, globals_: Globals) -> None:
    if not isinstance(error, ConfigError):
        _say_error(error.message, hint=error.hint)
        return
    from expsync.cli.here import seen_from_here
    from expsync.cli.output import wrap_width
    from expsync.render.problems import count_text, problem_text

    colour, width, named = globals_.colour(sys.stderr), wrap_width(sys.stderr), seen_from_here(globals_)
    for problem in error.diagnostics:
        click.echo(problem_text(problem, colour=colour, width=width, named=named), err=True, color=True)
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
    from expsync.cli.output import wrap_width
    from expsync.render.safe import unaddressed, visible
    from expsync.render.view import hanging

    first, *rest = message.splitlines() or [""]
    lines = [f"error: {visible(first)}", *(f"  {visible(line)}" for line in rest)]
    lines += [f"  hint: {visible(line)}" for line in hint.splitlines()]
    width = wrap_width(sys.stderr)
    shown = [piece for line in lines for piece in hanging(line, width, indent=4 if line.startswith("  hint:") else 2)]
    click.echo("\n".join(unaddressed(line) for line in shown), err=True)


def _usage_text(error: click.UsageError) -> str:
    """What click says, in our own tone: in lower case, and with what was probably meant."""
    ctx = error.ctx
    if isinstance(error, click.NoSuchOption) and ctx is not None:
        known = [name for parameter in ctx.command.get_params(ctx) for name in parameter.opts if name.startswith("--")]
        return f"no such option {error.option_name!r}{_meant(error.option_name, known)}"
    if isinstance(error, click.exceptions.NoSuchCommand) and ctx is not None and isinstance(ctx.command, click.Group):
        return f"no such command {error.command_name!r}{_meant(error.command_name, ctx.command.list_commands(ctx))}"
    text = error.format_message()
    return text[:1].lower() + text[1:].removesuffix(".")


def _meant(word: str, known: Iterable[str]) -> str:
    import difflib

    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


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
