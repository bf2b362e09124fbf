"""The options that every command takes, before or after its name, and what they amount to."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, cast

import click

from expsync import __version__
from expsync.errors import UsageError

_META = "expsync.globals"


@dataclass(frozen=True, slots=True)
class Globals:
    """The global options as given, the later ones winning; None and False where they were not."""

    config: Path | None = None
    environment: str | None = None
    verbose: bool = False
    quiet: bool = False
    no_color: bool = False

    def colour(self, stream: TextIO) -> bool:
        """Whether text for `stream` is to be coloured: only a person's terminal, and only if nobody objects."""
        return stream.isatty() and not (self.no_color or os.environ.get("NO_COLOR") or os.environ.get("CI"))


class GlobalOption(click.Option):
    """An option that is shown under a heading of its own."""


class ExpsyncGroup(click.Group):
    """A group whose help lists its commands, then its own options apart from the global ones."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, then both lists of options."""
        self.format_commands(ctx, formatter)
        write_options(self, ctx, formatter)


class ExpsyncCommand(click.Command):
    """A command whose help lists its own options apart from the global ones."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write both lists of options."""
        write_options(self, ctx, formatter)


def write_options(command: click.Command, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    """Write the command's own options, then the global ones, into its help."""
    own: list[tuple[str, str]] = []
    shared: list[tuple[str, str]] = []
    for parameter in command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if record is not None and not isinstance(parameter, click.Argument):
            (shared if isinstance(parameter, GlobalOption) else own).append(record)
    for heading, records in (("Options", own), ("Global options, before or after the command", shared)):
        if records:
            with formatter.section(heading):
                formatter.write_dl(records)


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


def remember(ctx: click.Context, globals_: Globals) -> None:
    """Keep what was given before the command, for the command to add to."""
    ctx.meta[_META] = globals_


def _merged(ctx: click.Context, given: dict[str, Any]) -> Globals:
    """What was given before the command, overruled by what was given here."""
    if given["verbose"] and given["quiet"]:
        raise UsageError("--verbose and --quiet can't be used together")
    earlier = ctx.meta.get(_META, Globals())
    return Globals(
        config=given["config"] or earlier.config,
        environment=given["environment"] or earlier.environment,
        verbose=given["verbose"] or (earlier.verbose and not given["quiet"]),
        quiet=given["quiet"] or (earlier.quiet and not given["verbose"]),
        no_color=given["no_color"] or earlier.no_color,
    )


def _options() -> list[Callable[[Callable[..., Any]], Callable[..., Any]]]:
    def option(*names: str, **settings: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        return click.option(*names, cls=GlobalOption, **settings)

    return [
        option(
            "-c",
            "--config",
            "global_config",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="The workspace file; without it, expsync.yaml here or in a directory above.",
        ),
        option(
            "-e",
            "--env",
            "global_environment",
            metavar="NAME",
            help="The environment; else EXPSYNC_ENV, or the workspace's defaultEnvironment.",
        ),
        option("-v", "--verbose", "global_verbose", is_flag=True, help="Say more."),
        option("-q", "--quiet", "global_quiet", is_flag=True, help="Only the result and errors."),
        option("--no-color", "global_no_color", is_flag=True, help="No colour; NO_COLOR does the same."),
        _version_option(),
        click.help_option("-h", "--help", cls=GlobalOption, help="Show this and exit."),
    ]


def _version_option() -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.version_option(
        __version__,
        "--version",
        cls=GlobalOption,
        message="%(prog)s %(version)s",
        prog_name="expsync",
        help="Show the version and exit.",
    )
