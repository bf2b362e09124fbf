"""`expsync plan`: what apply would change."""

from __future__ import annotations

from pathlib import Path

import click

from expsync.cli.help import ExpsyncCommand
from expsync.cli.options import Globals, scope_options, with_globals
from expsync.cli.output import PLAN_FORMATS, PlanFormat, print_plan
from expsync.cli.suggest import revisions

PENDING = 2
"""The exit code of `--detailed-exitcode` where changes are pending."""


@click.command(
    "plan",
    cls=ExpsyncCommand,
    examples=[
        ("what would change in one environment", "expsync plan -e prod"),
        ("only some experiments, kept for a review", "expsync plan -t 'checkout-*' --out plan.json"),
        ("as a comment of a pull request", "expsync plan --base main --format markdown"),
    ],
)
@scope_options
@click.option(
    "--base",
    "ref",
    metavar="REF",
    shell_complete=revisions,
    help="Say of each change whether the files or people brought it in since this commit.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Save the plan for apply.")
@click.option(
    "--format",
    "form",
    type=click.Choice(PLAN_FORMATS),
    default="text",
    show_default=True,
    help="How the plan is written.",
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 where changes are pending.")
@with_globals
def command(
    globals_: Globals,
    targets: tuple[str, ...],
    prune: bool,
    shield: bool,
    ref: str | None,
    out: Path | None,
    form: PlanFormat,
    detailed_exitcode: bool,
) -> int:
    """Show what apply would change.

    Reads the files and the live side, and writes nothing remote. With --base, the files as they were at that commit
    tell what people changed on the live side, which an apply would undo.
    """
    from expsync.cli.interrupt import Interruption
    from expsync.cli.planning import both_sides, make_plan
    from expsync.cli.refused import tell_of_idle_acknowledgements, warn_of_refusals
    from expsync.cli.session import open_session

    session = open_session(globals_)
    interruption = Interruption()
    with interruption.at_once(), both_sides(session, interruption) as sides:
        base = None
        if ref is not None:
            from expsync.cli.base import read_base

            base = read_base(session, ref)
        plan = make_plan(session, sides, targets=targets, prune=prune, shield=shield, base=base)
    if out is not None:
        from expsync.model.plan_file import save_plan

        save_plan(out, plan)
    print_plan(plan, form=form, globals_=globals_, saved=out)
    if not globals_.quiet:
        warn_of_refusals(plan, session.workspace.file.policy)
        tell_of_idle_acknowledgements(plan, sides.declarations)
    return PENDING if detailed_exitcode and plan.experiments else 0
