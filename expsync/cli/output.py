"""How a plan gets onto stdout, for all commands that print one."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Literal

import click

from expsync.cli.options import Globals

if TYPE_CHECKING:
    from expsync.model.plan import Plan

PlanFormat = Literal["text", "json"]
PIPE_WIDTH = 120
"""Columns where stdout is no terminal, so that a log looks the same everywhere."""


def stdout_width() -> int:
    """The columns that a line may have: the terminal's, or a fixed number where stdout is none."""
    return shutil.get_terminal_size((PIPE_WIDTH, 24)).columns if sys.stdout.isatty() else PIPE_WIDTH


def render_plan(plan: Plan, *, form: PlanFormat, globals_: Globals) -> str:
    """The plan in the form asked for, as wide and as colourful as stdout can take."""
    from expsync.render import json, text

    if form == "json":
        return json.render(plan)
    return text.render(plan, colour=globals_.colour(sys.stdout), width=stdout_width(), verbose=globals_.verbose)


def print_plan(plan: Plan, *, form: PlanFormat, globals_: Globals) -> None:
    """Print the plan, and nothing else, on stdout."""
    click.echo(render_plan(plan, form=form, globals_=globals_), nl=False, color=True)
