"""`expsync init`: a new repository for experiments."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from expsync.cli.help import ExpsyncCommand
from expsync.cli.options import Globals, with_globals
from expsync.cli.suggest import folders
from expsync.errors import UsageError

if TYPE_CHECKING:
    from expsync.authoring.scaffold import Scaffolded


@click.command(
    "init",
    cls=ExpsyncCommand,
    examples=[
        ("a new repository, and its first plan", "expsync init flags && cd flags && expsync plan"),
    ],
)
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(), shell_complete=folders)
@with_globals
def command(globals_: Globals, folder: str) -> None:
    """Make a new repository for experiments in DIR (here, where none is given).

    A workspace that works at once, offline and without a key; one example; schemas and editor settings; a GitHub
    workflow; pre-commit hooks. Prints the files made. Files that are there already are kept and named. A folder that
    has an expsync.yaml is refused.
    """
    from expsync import __version__
    from expsync.authoring.scaffold import scaffold

    if globals_.config is not None:
        raise UsageError("init makes the workspace file DIR/expsync.yaml: --config is for one that is there")
    if not folder:
        raise UsageError("DIR is empty: name a folder, or leave it out to take this one")
    root = Path(folder)
    done = scaffold(root, version=__version__)
    _print(done, root, quiet=globals_.quiet)


def _print(done: Scaffolded, root: Path, *, quiet: bool) -> None:
    from expsync.render.safe import visible
    from expsync.render.view import counted

    is_here = root.samefile(".")
    if not quiet:
        where = "here" if is_here else f"in {visible(os.fspath(root))}"
        click.echo(f"made {counted(len(done.made), 'file')} {where}:", err=True)
    for name in done.made:
        click.echo(visible(os.fspath(root / name)))
    if quiet:
        return
    if done.kept:
        click.echo("\nkept as they were:", err=True)
    for kept in done.kept:
        advice = f": {kept.by_hand}" if kept.by_hand else ", which needs nothing"
        click.echo(visible(f"{root / kept.name}{advice}"), err=True)
    for line in _warnings(done):
        click.echo(f"warning: {visible(line)}", err=True)
    click.echo("\nnext:", err=True)
    if not is_here:
        click.echo(f"  cd {visible(shlex.quote(os.fspath(root)))}", err=True)
    for arguments, what in (
        ("validate", "checks the files"),
        ("plan", "shows what would change"),
        ("apply", "shows that, asks, and carries it out, on the embedded sandbox"),
    ):
        click.echo(f"  expsync {arguments.ljust(10)}# {what}", err=True)


def _warnings(done: Scaffolded) -> list[str]:
    said = []
    if done.workspace_above is not None:
        said.append(f"{done.workspace_above} is another workspace, above this one; in here, the new one is used")
    if done.repository_above is not None:
        said.append(
            f"this is a part of the git repository {done.repository_above}: GitHub and pre-commit look for"
            " .github and .pre-commit-config.yaml there"
        )
    return said
