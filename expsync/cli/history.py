"""`expsync history`: the versions of an experiment, and what changed between two."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, assert_never

import click

from expsync.cli.help import ExpsyncCommand
from expsync.cli.options import Globals, with_globals
from expsync.cli.output import stdout_width
from expsync.cli.suggest import keys
from expsync.errors import ExpsyncError, NotFoundError

if TYPE_CHECKING:
    from expsync.api.client import Client
    from expsync.cli.session import Session
    from expsync.model.history import Subject
    from expsync.wire.schema import WireVersion

Format = Literal["text", "json", "markdown"]


@click.command(
    "history",
    cls=ExpsyncCommand,
    examples=[
        ("all versions, newest first", "expsync history checkout-button"),
        ("all that changed between two of them", "expsync history checkout-button --diff 1 2"),
    ],
)
@click.argument("key", shell_complete=keys)
@click.option("--diff", nargs=2, type=int, metavar="A B", help="Show all that changed from version A to version B.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="How the versions are written.",
)
@with_globals
def command(globals_: Globals, key: str, diff: tuple[int, int] | None, form: Format) -> None:
    """Show the versions of the experiment KEY, newest first.

    Each with when it was made, by whom, and what it changed. The experiment need not be declared, and may be archived.
    """
    from expsync.cli.interrupt import Interruption
    from expsync.cli.session import open_session
    from expsync.model.history import Subject

    session = open_session(globals_)
    interruption = Interruption()
    with interruption.at_once(), session.client(sleep=interruption.wait_turn) as client:
        versions = read_versions(session, client, key)
    subject = Subject(key, session.name, session.environment.project)
    if diff is None:
        shown = _list_text(subject, versions, form=form, globals_=globals_)
    else:
        shown = _diff_text(subject, versions, *diff, form=form, globals_=globals_)
    click.echo(shown, nl=False, color=True)


def read_versions(session: Session, client: Client, key: str) -> list[WireVersion]:
    """The versions of the experiment with this key, archived or not, in two requests.

    ExpsyncError where there is none, naming one that is spelled alike; only then are all live keys read.
    """
    from expsync.api.reader import Reader

    reader = Reader(client, parallelism=session.workspace.file.limits.parallelism)
    found = reader.look_up(key)
    if found is None:
        raise _no_such(session, client, key)
    try:
        return client.list_versions(found.id)
    except NotFoundError as error:
        raise ExpsyncError(
            f"experiment {key!r}: the server shows no versions of it (404)",
            hint="it may be too old to have them, or the experiment went away just now: run the command again",
        ) from error


def version_of(versions: Sequence[WireVersion], number: int, key: str) -> WireVersion:
    """The version with this number; ExpsyncError, with the numbers that there are, where there is none."""
    for version in versions:
        if version.version == number:
            return version
    numbers = sorted(version.version for version in versions)
    match numbers:
        case []:
            there = "the server lists none"
        case [only]:
            there = f"there is only {only}"
        case [first, *_, last]:
            there = f"there are {first} to {last}"
    raise ExpsyncError(
        f"experiment {key!r} has no version {number}: {there}", hint="`expsync history KEY` lists the versions"
    )


def _no_such(session: Session, client: Client, key: str) -> ExpsyncError:
    """The error for a key that is not live, with the way out that fits."""
    from difflib import get_close_matches

    from expsync.cli.session import today
    from expsync.config.load import load_declarations

    declared = {found.key for found in load_declarations(session.workspace, session.name, today=today()).declared}
    if key in declared:
        return ExpsyncError(
            f"experiment {key!r} is declared and not live in environment {session.name!r} yet, so it has no versions",
            hint="`expsync apply` creates it",
        )
    live = {body.key for body in client.list_all(include_archived=True)}
    near = get_close_matches(key, sorted(live | declared), n=1)
    return ExpsyncError(
        f"no experiment {key!r} is live in environment {session.name!r} "
        f"(project {session.environment.project}), nor archived there",
        hint=f"did you mean {near[0]!r}?" if near else "`expsync plan` lists what is live and in no file",
    )


def _list_text(subject: Subject, versions: Sequence[WireVersion], *, form: Format, globals_: Globals) -> str:
    from expsync.core.versions import history_of, unrecorded
    from expsync.model.history import History
    from expsync.render import history as renderer

    history = History(subject, history_of(versions), unrecorded(*versions))
    match form:
        case "text":
            colour, width = globals_.colour(sys.stdout), stdout_width()
            return renderer.render_text(history, colour=colour, width=width, verbose=globals_.verbose, zone=None)
        case "json":
            return renderer.render_json(history)
        case "markdown":
            return renderer.render_markdown(history, verbose=globals_.verbose)
        case _:
            assert_never(form)


def _diff_text(
    subject: Subject, versions: Sequence[WireVersion], before: int, after: int, *, form: Format, globals_: Globals
) -> str:
    from expsync.core.versions import changes_between, unrecorded
    from expsync.model.history import VersionDiff
    from expsync.render import history as renderer

    one, other = (version_of(versions, number, subject.key) for number in (before, after))
    diff = VersionDiff(subject, before, after, changes_between(one, other), unrecorded(one, other))
    match form:
        case "text":
            return renderer.render_diff_text(diff, colour=globals_.colour(sys.stdout), width=stdout_width())
        case "json":
            return renderer.render_diff_json(diff)
        case "markdown":
            return renderer.render_diff_markdown(diff)
        case _:
            assert_never(form)
