"""`expsync show`: a saved plan, rendered again."""

from __future__ import annotations

from pathlib import Path

import click

from expsync.cli.help import ExpsyncCommand
from expsync.cli.options import Globals, with_globals
from expsync.cli.output import PLAN_FORMATS, PlanFormat, print_plan


@click.command(
    "show",
    cls=ExpsyncCommand,
    examples=[
        ("a saved plan, once more", "expsync show plan.json"),
        ("as a page for a browser", "expsync show plan.json --format html > plan.html"),
    ],
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(PLAN_FORMATS),
    default="text",
    show_default=True,
    help="How the plan is written.",
)
@with_globals
def command(globals_: Globals, file: Path, form: PlanFormat) -> None:
    """Show the plan saved in FILE, as `plan --out` wrote it, without asking the API anything."""
    from expsync.model.plan_file import read_plan

    print_plan(read_plan(file), form=form, globals_=globals_, saved=file)
