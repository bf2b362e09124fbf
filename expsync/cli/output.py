"""How a plan gets onto stdout, for all commands that print one."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TextIO, assert_never, get_args

import click

from expsync.cli.options import Globals

if TYPE_CHECKING:
    from expsync.model.plan import Plan

PlanFormat = Literal["text", "json", "markdown", "html"]
PLAN_FORMATS: tuple[PlanFormat, ...] = get_args(PlanFormat)
PIPE_WIDTH = 120
"""Columns where stdout is no terminal, so that a log looks the same everywhere."""


def stdout_width() -> int:
    """The columns that a line may have: the terminal's, or a fixed number where stdout is none."""
    return wrap_width(sys.stdout) or PIPE_WIDTH


def wrap_width(stream: TextIO) -> int | None:
    """Where lines of prose are broken that go to `stream`; None where it is no terminal, so that they can be searched.

    The variable COLUMNS, which a person may set, comes before what the terminal says.
    """
    if not stream.isatty():
        return None
    try:
        columns = int(os.environ.get("COLUMNS", "0"))
        return columns if columns > 0 else os.get_terminal_size(stream.fileno()).columns or None
    except (ValueError, OSError):
        return PIPE_WIDTH  # a terminal that has no size to tell


def render_plan(
    plan: Plan, *, form: PlanFormat, globals_: Globals, saved: Path | None = None, stream: TextIO | None = None
) -> str:
    """The plan in the form asked for, as wide and as colourful as `stream` can take, or else stdout.

    `saved` is the file that holds the plan, to which a form that had to leave something out refers.
    """
    match form:
        case "text":
            from expsync.cli.here import seen_from_here
            from expsync.render import text

            stream = stream or sys.stdout
            return text.render(
                plan,
                colour=globals_.colour(stream),
                width=wrap_width(stream) or PIPE_WIDTH,
                verbose=globals_.verbose,
                named=seen_from_here(globals_),
            )
        case "json":
            from expsync.render import json

            return json.render(plan)
        case "markdown":
            return _markdown(plan, saved)
        case "html":
            from expsync.render import html

            return html.render(plan)
        case _:
            assert_never(form)


def _markdown(plan: Plan, saved: Path | None) -> str:
    import shlex

    from expsync.render import markdown
    from expsync.render.markdown_text import code

    if saved is None:
        return markdown.render(plan)
    page = f"expsync show {shlex.quote(saved.name)} --format html"
    return markdown.render(plan, where_whole=f"{code(saved.name)} and its HTML report ({code(page)})")


def print_plan(plan: Plan, *, form: PlanFormat, globals_: Globals, saved: Path | None = None) -> None:
    """Print the plan, and nothing else, on stdout."""
    click.echo(render_plan(plan, form=form, globals_=globals_, saved=saved), nl=False, color=True)
