"""`expsync pull`: live values into the files."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import click

from expsync.cli.help import ExpsyncCommand
from expsync.cli.interrupt import Interruption
from expsync.cli.memory import collect_again
from expsync.cli.options import Globals, with_globals
from expsync.cli.suggest import keys as declared_keys
from expsync.render.safe import visible

if TYPE_CHECKING:
    from expsync.api.client import Client
    from expsync.api.reader import Reader
    from expsync.api.sightings import Sighting
    from expsync.authoring.take import Entry
    from expsync.cli.entries import Files
    from expsync.cli.session import Session
    from expsync.model.state import State
    from expsync.model.taken import Taken

IN_PART = 4
"""The exit code where some of it was taken and some could not be."""
_WILD = frozenset("*?[")
_SHOWN = 20


@click.command(
    "pull",
    cls=ExpsyncCommand,
    examples=[
        ("take all that people changed", "expsync pull -e prod"),
        ("some experiments, and a look at what came", "expsync pull checkout-button 'search-*' && git diff"),
    ],
)
@click.argument("keys", nargs=-1, metavar="[KEY]...", shell_complete=declared_keys)
@with_globals
def command(globals_: Globals, keys: tuple[str, ...]) -> int:
    """Take live values into the files that declare them.

    Only what a file declares and what differs is changed: comments, order and everything else stay as they are. KEY
    may be a glob; without one, all experiments are looked at. Nothing remote is written. Prints the changed files with
    the fields that changed.
    """
    from expsync.authoring.drafted import Judge
    from expsync.authoring.drafts import Drafts
    from expsync.authoring.pull import pull_experiment
    from expsync.authoring.take import read_files
    from expsync.cli.entries import read_files_of
    from expsync.cli.session import open_session, today
    from expsync.model.taken import Taken

    session = open_session(globals_)
    interruption = Interruption()
    with interruption.at_once():
        files = read_files_of(session)
        chosen = _choose(files, keys)
        drafts = Drafts(session.workspace.root)
        read_files(chosen, drafts)
        with session.client(sleep=interruption.wait_turn) as client:
            live = _read(session, client, chosen)
        judge = Judge(session.workspace, files.place, today())
        results: list[Taken] = []
        for entry in chosen:
            key = entry.desired.state.key
            if key in live:
                results.append(pull_experiment(entry, live[key], drafts, judge))
            elif key in keys:
                results.append(Taken(key, problem=f"it is not live in environment {session.name!r}"))
        drafts.write()
    absent = [entry.desired.state.key for entry in chosen if entry.desired.state.key not in {*live, *keys}]
    _report(session, results, absent)
    failed = any(result.problem or result.left for result in results)
    return (IN_PART if any(result.files for result in results) else 1) if failed else 0


def _choose(files: Files, keys: Sequence[str]) -> list[Entry]:
    """The experiments that were asked for; ExpsyncError for a key that no file declares."""
    declared = [entry.desired.state.key for entry in files.entries]
    for key in dict.fromkeys(keys):
        if key in declared:
            continue
        if not set(key) & _WILD:
            raise files.not_declared(key)
        if not any(fnmatchcase(name, key) for name in declared):
            click.echo(f"warning: no declared experiment matches '{visible(key)}'", err=True)
    return [
        entry
        for entry, name in zip(files.entries, declared, strict=True)
        if not keys or name in keys or any(fnmatchcase(name, key) for key in keys)
    ]


def _read(session: Session, client: Client, chosen: Sequence[Entry]) -> dict[str, State]:
    """What is live of each experiment: as much as a plan needs, and more where a file is to say more than before."""
    collect_again()
    from expsync.api.reader import Reader
    from expsync.apply.looks import state_of
    from expsync.cli.progress import Progress
    from expsync.config.load import collector_paused
    from expsync.core.planner import needs_of

    with Progress(session.globals, "reading what is live") as progress, collector_paused():
        reader = Reader(client, parallelism=session.workspace.file.limits.parallelism, advance=progress.update)
        needs = {entry.desired.state.key: needs_of(entry.desired) for entry in chosen}
        snapshot = reader.snapshot(needs, own=needs)
        states: dict[str, State] = {key: state_of(sighting) for key, sighting in snapshot.asked.items()}
        for entry in chosen:
            key = entry.desired.state.key
            if key in states:
                again = _second_look(reader, entry, states[key])
                states[key] = states[key] if again is None else state_of(again)
    return states


def _second_look(reader: Reader, entry: Entry, live: State) -> Sighting | None:
    """The experiment with all that its new variants need a file to say; None where it has no new ones."""
    from expsync.core.paths import is_ignored
    from expsync.core.planner import needs_of
    from expsync.core.target import renames_of
    from expsync.model.reads import Recipe

    desired = entry.desired
    declared = desired.state.variants
    if declared is None or live.id is None or is_ignored(desired.ignore, ("variants",)):
        return None
    waiting = renames_of(desired, live)
    known = {waiting.get(key, key): variant for key, variant in declared.items()}
    there = live.variants or {}
    if there.keys() <= known.keys():
        return None
    new = [key for key in there if key not in known]

    def members(name: str) -> tuple[str, ...]:
        listed = [key for key, variant in known.items() if getattr(variant, name) is not None]
        return (*(key for key in listed if key in there), *new) if listed else ()

    recipe = Recipe(details=True, inclusions=members("inclusions"), cohorts=members("cohortInclusions"))
    return reader.again(live.id, recipe, observed=needs_of(desired).fields)


def _report(session: Session, results: Sequence[Taken], absent: Sequence[str]) -> None:
    from expsync.cli.output import stdout_width
    from expsync.render import pulled

    globals_ = session.globals
    shown = [replace(result, files=_names(session, result.files)) for result in results]
    click.echo(pulled.render(shown, colour=globals_.colour(sys.stdout), width=stdout_width()), nl=False, color=True)
    said = pulled.problem_lines(shown)
    if not globals_.quiet:
        said = [*pulled.note_lines(shown), *_absent(session, absent), *said]
        said.append(pulled.summary_line(shown, environment=session.name))
        if any(result.files for result in shown):
            said.append("next:\n  git diff          # review it\n  expsync plan      # shows what is left")
    for line in said:
        click.echo(line, err=True)


def _names(session: Session, files: Sequence[str]) -> tuple[str, ...]:
    """The files relative to the working directory, so that other programs find them."""
    return tuple(os.path.relpath(session.workspace.root / file).replace(os.sep, "/") for file in files)


def _absent(session: Session, keys: Sequence[str]) -> list[str]:
    if not keys:
        return []
    names = ", ".join(visible(key) for key in keys[:_SHOWN]) + (", …" if len(keys) > _SHOWN else "")
    return [f"note: not live in environment {visible(session.name)} yet, so there is nothing to take: {names}"]
