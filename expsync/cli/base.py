"""The commit that a command compares with, and what is said about the files that it holds."""

from __future__ import annotations

import click

from expsync.authoring.revision import Revision, read_revision
from expsync.cli.session import Session
from expsync.errors import ExpsyncError
from expsync.render.safe import visible

_SHOWN = 10
"""Files that can't be used are named one by one up to so many."""


def read_base(session: Session, ref: str, *, needed: bool = False) -> Revision:
    """What the workspace declared at a commit for the session's environment; what was wrong there goes to stderr.

    Where nothing at all was declared there, that is a warning, or an ExpsyncError if it is `needed`.
    """
    revision = read_revision(session.workspace, session.name, ref)
    if revision.nothing and needed:
        raise ExpsyncError(
            f"nothing was declared at {ref}: {revision.nothing}",
            hint="name a later commit, or leave --base out to compare with the files as they are",
        )
    if revision.nothing:
        _warn(f"nothing was declared at {ref}: {revision.nothing}; every change counts as the files'")
    problems = revision.problems
    for problem in problems[:_SHOWN]:
        place = f"{problem.place}: " if problem.place else ""
        _warn(f"at {ref}, {place}{problem.message}; what it declares counts as not declared there")
    if len(problems) > _SHOWN:
        _warn(f"at {ref}, {len(problems) - _SHOWN} more such problems")
    return revision


def _warn(text: str) -> None:
    click.echo(f"warning: {visible(text)}", err=True)
