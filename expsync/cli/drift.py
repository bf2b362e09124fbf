"""`expsync drift`: what people changed on the live side, and when."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal, assert_never

import click

from expsync.cli.help import ExpsyncCommand
from expsync.cli.options import Globals, target_option, with_globals
from expsync.cli.suggest import revisions

if TYPE_CHECKING:
    from expsync.model.drift import Drift

DRIFTED = 2
"""The exit code of `--detailed-exitcode` where something has drifted."""
Format = Literal["text", "json", "markdown"]


@click.command(
    "drift",
    cls=ExpsyncCommand,
    examples=[
        ("what is live and not as the files say", "expsync drift -e prod"),
        ("by hand, since what main says was applied", "expsync drift -e prod --base main"),
        ("a report for a job that fails when there is any", "expsync drift --format markdown --detailed-exitcode"),
    ],
)
@target_option
@click.option(
    "--base",
    "ref",
    metavar="REF",
    shell_complete=revisions,
    help="Compare with the files of this commit, which is to be the one that was applied last, so that what they "
    "changed since then is no drift.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="How the drift is written.",
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 where something has drifted.")
@with_globals
def command(globals_: Globals, targets: tuple[str, ...], ref: str | None, form: Format, detailed_exitcode: bool) -> int:
    """Show what is live and not as the files say, with who changed it and when.

    Without --base every difference counts, changes of the files that wait for an apply too. `pull` takes what is live
    into the files; `apply` makes live what the files say.
    """
    from expsync.cli.drift_live import find_drift
    from expsync.cli.interrupt import Interruption
    from expsync.cli.session import open_session

    session = open_session(globals_)
    desired = session.declared()
    interruption = Interruption()
    with interruption.at_once():
        base = None
        if ref is not None:
            from expsync.cli.base import read_base

            base = read_base(session, ref, needed=True)
        with session.client(sleep=interruption.wait_turn) as client:
            drift = find_drift(session, client, desired, targets=targets, base=base)
    click.echo(_rendered(drift, form=form, globals_=globals_), nl=False, color=True)
    return DRIFTED if detailed_exitcode and drift.experiments else 0


def _rendered(drift: Drift, *, form: Format, globals_: Globals) -> str:
    from expsync.cli.here import seen_from_here
    from expsync.cli.output import stdout_width
    from expsync.render import drift as renderer

    match form:
        case "text":
            return renderer.render_text(
                drift,
                colour=globals_.colour(sys.stdout),
                width=stdout_width(),
                zone=None,
                named=seen_from_here(globals_),
            )
        case "json":
            return renderer.render_json(drift)
        case "markdown":
            return renderer.render_markdown(drift)
        case _:
            assert_never(form)
