"""The options that every command takes, before or after its name, and what they amount to."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO, cast

import click

from expsync import __version__
from expsync.cli.help import GlobalOption
from expsync.cli.suggest import environments, files, keys
from expsync.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

_META = "expsync.globals"


class Globals(NamedTuple):
    """The global options as given, the later ones winning; None and False where they were not."""

    config: Path | None = None
    environment: str | None = None
    verbose: bool = False
    quiet: bool = False
    no_color: bool = False

    def colour(self, stream: TextIO) -> bool:
        """Whether text for `stream` is to be coloured: on a person's terminal, where nobody objects.

        FORCE_COLOR (or CLICOLOR_FORCE) asks for colour in pipes and logs too; --no-color and NO_COLOR come first.
        """
        said = os.environ.get
        if self.no_color or said("NO_COLOR"):
            return False
        if any(said(name) not in (None, "", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
            return True
        return stream.isatty() and not (said("CI") or said("TERM") == "dumb" or said("CLICOLOR") == "0")


def with_globals(command: Callable[..., Any]) -> Callable[..., Any]:
    """The function with the global options as its own: it is called with one `Globals` as its first argument."""

    @click.pass_context
    @functools.wraps(command)
    def call(ctx: click.Context, /, **arguments: Any) -> Any:
        names = ("config", "environment", "verbose", "quiet", "no_color")
        given = {name: arguments.pop(f"global_{name}") for name in names}
        return command(_merged(ctx, given), **arguments)

    for option in reversed(_options()):
        call = option(call)
    return cast("Callable[..., Any]", call)


def target_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The function with the option that keeps it to some experiments: `targets`."""
    option = click.option(
        "-t",
        "--target",
        "targets",
        multiple=True,
        metavar="GLOB",
        shell_complete=keys,
        help="Only experiments with such a key; may be repeated.",
    )
    return option(command)


def scope_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The function with the options that say what a plan is about: `targets`, `prune` and `shield`."""
    options = (
        target_option,
        click.option(
            "--prune", is_flag=True, help="Archive what bears the ownership tag and no file declares any more."
        ),
        click.option(
            "--shield",
            is_flag=True,
            help="Change weights behind a segment that holds the old split; see docs/risks.md.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def remembered(ctx: click.Context) -> Globals:
    """The global options as far as they are known by now, before and after the command."""
    found: Globals = ctx.meta.get(_META, Globals())
    return found


def _merged(ctx: click.Context, given: dict[str, Any]) -> Globals:
    """What was given before the command, overruled by what was given here; kept for what comes after."""
    if given["verbose"] and given["quiet"]:
        raise UsageError("--verbose and --quiet can't be used together")
    earlier = remembered(ctx)
    ctx.meta[_META] = merged = Globals(
        config=_path(given["config"]) or earlier.config,
        environment=given["environment"] or earlier.environment,
        verbose=given["verbose"] or (earlier.verbose and not given["quiet"]),
        quiet=given["quiet"] or (earlier.quiet and not given["verbose"]),
        no_color=given["no_color"] or earlier.no_color,
    )
    return merged


def _path(given: str | None) -> Path | None:
    if given is None:
        return None
    from pathlib import Path  # not for an option that nobody gave

    return Path(given)


def _options() -> list[Callable[[Callable[..., Any]], Callable[..., Any]]]:
    def option(*names: str, **settings: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        return click.option(*names, cls=GlobalOption, **settings)

    return [
        option(
            "-c",
            "--config",
            "global_config",
            metavar="FILE",
            shell_complete=files,
            help="The workspace file; without it, expsync.yaml here or in a directory above.",
        ),
        option(
            "-e",
            "--env",
            "global_environment",
            metavar="NAME",
            shell_complete=environments,
            help="The environment; else EXPSYNC_ENV, or the workspace's defaultEnvironment.",
        ),
        option("-v", "--verbose", "global_verbose", is_flag=True, help="Say more."),
        option("-q", "--quiet", "global_quiet", is_flag=True, help="Only the result and errors."),
        option(
            "--no-color",
            "global_no_color",
            is_flag=True,
            help="No colour; NO_COLOR does the same, FORCE_COLOR the opposite.",
        ),
        _said_and_gone("--version", said=lambda _: f"expsync {__version__}", help="Show the version and exit."),
        _said_and_gone("-h", "--help", said=lambda ctx: ctx.get_help(), help="Show this and exit."),
    ]


def _said_and_gone(
    *names: str, said: Callable[[click.Context], str], help: str
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    # As click's own two options do, which look for a translation first: a fortieth of `--version`.
    def say(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        if value and not ctx.resilient_parsing:
            click.echo(said(ctx), color=ctx.color)
            ctx.exit()

    return click.option(
        *names, cls=GlobalOption, is_flag=True, expose_value=False, is_eager=True, help=help, callback=say
    )
