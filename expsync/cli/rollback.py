"""`expsync rollback`: the change to the file that restores a version."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from expsync.cli.help import ExpsyncCommand
from expsync.cli.interrupt import Interruption
from expsync.cli.options import Globals, with_globals
from expsync.cli.suggest import keys
from expsync.errors import ExpsyncError
from expsync.render.safe import visible

if TYPE_CHECKING:
    from expsync.api.client import Client
    from expsync.authoring.drafts import Draft
    from expsync.cli.session import Session
    from expsync.model.state import State
    from expsync.model.taken import RolledBack
    from expsync.wire.schema import WireVersion


@click.command(
    "rollback",
    cls=ExpsyncCommand,
    examples=[
        ("show what would bring a version back", "expsync rollback checkout-button --to 2"),
        ("write it into the file, then look at the plan", "expsync rollback checkout-button --to 2 --write"),
    ],
)
@click.argument("key", shell_complete=keys)
@click.option(
    "--to", "number", type=int, required=True, metavar="VERSION", help="The version, as `expsync history` lists it."
)
@click.option("--write", is_flag=True, help="Make the change, and not only show it.")
@with_globals
def command(globals_: Globals, key: str, number: int, write: bool) -> int:
    """Show the change to the file of the experiment KEY that restores a version, as a diff; with --write, make it.

    Every field that the version recorded is restored; a field that the file left out is declared, if it is another
    now. What the version does not record is left alone, and named. Nothing remote is written: that is for plan and
    apply, as with any other change.
    """
    from expsync.authoring.drafted import Judge
    from expsync.authoring.drafts import Drafts
    from expsync.authoring.rollback import roll_back
    from expsync.authoring.take import read_files
    from expsync.cli.entries import read_files_of
    from expsync.cli.session import open_session, today
    from expsync.core.versions import unrecorded, version_state

    session = open_session(globals_)
    interruption = Interruption()
    with interruption.at_once():
        files = read_files_of(session)
        entry = next((entry for entry in files.entries if entry.desired.state.key == key), None)
        if entry is None:
            raise files.not_declared(key)
        drafts = Drafts(session.workspace.root)
        read_files([entry], drafts)
        with session.client(sleep=interruption.wait_turn) as client:
            version, live = _read(session, client, key, number)
        judge = Judge(session.workspace, files.place, today())
        result = roll_back(entry, number, version_state(version), live, drafts, judge)
        if result.problem:
            raise ExpsyncError(f"experiment {key!r} can't be rolled back to version {number}: {result.problem}")
        result = replace(result, unrecorded=tuple(unrecorded(version)))
        changed = list(drafts.changed())
        if write:
            drafts.write()
    _show(session, changed)
    _say(session, result, changed=bool(changed), written=write)
    return 0


def _read(session: Session, client: Client, key: str, number: int) -> tuple[WireVersion, State]:
    """The version, and the whole live state; ExpsyncError where there is no such version, or nothing live."""
    from expsync.api.reader import Reader
    from expsync.apply.looks import state_of
    from expsync.cli.history import read_versions, version_of
    from expsync.model.reads import EVERY_FIELD, Recipe

    versions = read_versions(session, client, key)
    version = version_of(versions, number, key)
    reader = Reader(client, parallelism=1)
    body = reader.look_up(key)
    if body is None:
        raise ExpsyncError(f"experiment {key!r} went away while it was read", hint="run the command again")
    return version, state_of(reader.again(body.id, Recipe(details=True, inclusions=(), cohorts=()), EVERY_FIELD))


def _show(session: Session, changed: list[Draft]) -> None:
    from expsync.render import text_diff

    for draft in changed:
        # As git has it, so that it can be applied where the working directory is the workspace.
        name = os.path.relpath(session.workspace.root / draft.file).replace(os.sep, "/")
        colour = session.globals.colour(sys.stdout)
        click.echo(text_diff.render(name, draft.before, draft.after, colour=colour), nl=False, color=True)


def _say(session: Session, result: RolledBack, *, changed: bool, written: bool) -> None:
    from expsync.render import rolled_back

    lines = rolled_back.warning_lines(result)
    if not session.globals.quiet:
        lines += rolled_back.note_lines(result)
        lines.append(_outcome(session, result, changed=changed, written=written))
    for line in lines:
        click.echo(line, err=True)


def _outcome(session: Session, result: RolledBack, *, changed: bool, written: bool) -> str:
    key, number = visible(result.key), result.version
    if not changed:
        return f"nothing to change: the file of {key} says already what version {number} recorded"
    if not written:
        return f"this is what would restore version {number}; nothing was written: --write does it"
    where = visible(session.name)
    return (
        f"the file of {key} says now what version {number} recorded\n"
        f"next:\n  git diff                   # review it\n  expsync plan -e {where} -t {key}"
    )
