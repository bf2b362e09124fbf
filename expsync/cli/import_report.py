"""What `expsync import` says at its end: the files on stdout, everything else on stderr."""

from __future__ import annotations

import os
from collections.abc import Iterator

import click

from expsync.authoring.importer import Wanted
from expsync.authoring.placing import Placed
from expsync.cli.here import seen_from
from expsync.cli.options import Globals
from expsync.render.safe import unaddressed, visible
from expsync.render.view import counted

IN_PART = 4
"""The exit code where some experiments have files now and others were refused."""


def report(placed: Placed, wanted: Wanted, globals_: Globals) -> int:
    """The exit code, once everything is said."""
    if not globals_.quiet:
        _say(_headline(placed, wanted))
    for path in placed.paths:
        click.echo(visible(os.path.relpath(path)))
    if not globals_.quiet:
        _say(*_left_out(placed, wanted))
    _say(*(f"error: {visible(one.key)}: not imported: {visible(one.reason)}" for one in placed.refused))
    if not placed.refused:
        return 0
    return IN_PART if placed.files else 1


def say_next(wanted: Wanted, globals_: Globals, *, adopted: bool) -> None:
    """Say what there is to know, and to do, once there are new files."""
    if not globals_.quiet:
        _say(*_next(wanted, adopted=adopted))


def _headline(placed: Placed, wanted: Wanted) -> str:
    if placed.files:
        count = counted(len(placed.files), "experiment")
        return f"imported {count} from {visible(wanted.environment)}; the files written:"
    if placed.refused:
        return "nothing was imported:"
    return "nothing to import: what is live, not archived, and was asked for has a file already"


def _left_out(placed: Placed, wanted: Wanted) -> Iterator[str]:
    partial = [file for file in placed.files if file.left_out]
    if partial:
        yield f"\nleft out of {counted(len(partial), 'file')}, and so left alone; the files say so too:"
    for file in partial:
        for one in file.left_out:
            name = seen_from(wanted.workspace.root)(wanted.folder.name(file.name))
            yield f"  {visible(name)}: {visible(one.path)}: {visible(one.reason)}"


def _next(wanted: Wanted, *, adopted: bool) -> Iterator[str]:
    if wanted.folder.inside is None:
        yield "\nwarning: no glob of the workspace reaches the folder, so no command sees these files"
        return
    others = [name for name in wanted.workspace.file.environments if name != wanted.environment]
    if others:
        yield (
            f"\nnote: the files are for every environment: in {', '.join(visible(name) for name in others)},"
            " apply would create what is not there; `skip: true` under `environments:` leaves an experiment out of one"
        )
    change = "nothing" if adopted else "nothing but the ownership tag"
    yield f"\nnext:\n  expsync plan      # shows what apply would change: {change}"


def _say(*lines: str) -> None:
    for line in lines:
        click.echo(unaddressed(line), err=True)
