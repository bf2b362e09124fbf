"""`expsync validate`: all that is wrong with the files, offline."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from expsync.cli.options import ExpsyncCommand, Globals, with_globals

if TYPE_CHECKING:
    from pydantic import JsonValue

    from expsync.config.load import Loaded
    from expsync.diagnostics import Diagnostic

FORMATS = ("text", "json", "github", "sarif")


@click.command("validate", cls=ExpsyncCommand)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@with_globals
def command(globals_: Globals, paths: tuple[Path, ...], strict: bool, form: str) -> int:
    """Check all files, offline, and list every problem with its place.

    With PATHs, only these files and folders are checked. Every environment's form of every experiment is checked; with
    --env, that one's alone.
    """
    from expsync.render.problems import count_text

    loaded = _load(globals_, paths)
    problems = loaded.diagnostics
    errors = sum(problem.severity == "error" for problem in problems)
    match form:
        case "json":
            click.echo(_as_json(loaded), nl=False)
        case "github":
            from expsync.render.github import render_annotations

            click.echo(render_annotations(problems, folder=_folder(globals_)), nl=False)
        case "sarif":
            click.echo(_as_sarif(problems, _folder(globals_)), nl=False)
        case _:
            _print_text(loaded, count_text(problems), colour=globals_.colour(sys.stdout))
    return int(bool(errors or (strict and problems)))


def _load(globals_: Globals, paths: Sequence[Path]) -> Loaded:
    """What the files say; a workspace that can't be used is one more thing that is wrong with them."""
    from expsync.config.load import Loaded, load_declarations, load_workspace
    from expsync.errors import ConfigError

    try:
        workspace = load_workspace(globals_.config, cwd=Path.cwd(), environ=os.environ)
        if globals_.environment is not None:
            workspace.environment(globals_.environment, os.environ)
    except ConfigError as error:
        return Loaded((), error.diagnostics)
    return load_declarations(workspace, globals_.environment, paths=paths, today=datetime.now(UTC).date())


def _print_text(loaded: Loaded, counts: str, *, colour: bool) -> None:
    from expsync.render.problems import problem_text
    from expsync.render.view import counted

    for problem in loaded.diagnostics:
        click.echo(problem_text(problem, colour=colour), color=True)
    read = f"{counted(loaded.files, 'file')}, {counted(loaded.experiments, 'experiment')}"
    click.echo(f"{read}: {counts}.")


def _folder(globals_: Globals) -> str:
    """The workspace's folder, relative to the working directory, which in a pipeline is the repository's root."""
    from expsync.config.load import load_workspace
    from expsync.errors import ConfigError

    try:
        root = load_workspace(globals_.config, cwd=Path.cwd(), environ=os.environ).root
    except ConfigError:
        root = Path.cwd() if globals_.config is None else globals_.config.parent
    return Path(os.path.relpath(root)).as_posix()


def _as_sarif(problems: Sequence[Diagnostic], folder: str) -> str:
    from expsync import __version__
    from expsync.config.codes import CODES
    from expsync.config.lint import RULES
    from expsync.render.sarif import render_sarif

    rules = {**CODES, **{rule.code: rule.why for rule in RULES}}
    return render_sarif(problems, folder=folder, version=__version__, rules=rules)


def _as_json(loaded: Loaded) -> str:
    from expsync.model.json_text import indented_json
    from expsync.render.problems import problem_document

    problems: list[JsonValue] = [problem_document(problem) for problem in loaded.diagnostics]
    errors = sum(problem.severity == "error" for problem in loaded.diagnostics)
    summary: JsonValue = {
        "files": loaded.files,
        "experiments": loaded.experiments,
        "errors": errors,
        "warnings": len(problems) - errors,
    }
    return indented_json({"problems": problems, "summary": summary})
