"""`expsync validate`: all that is wrong with the files, offline."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from expsync.cli.help import ExpsyncCommand
from expsync.cli.options import Globals, with_globals

if TYPE_CHECKING:
    from pydantic import JsonValue

    from expsync.config.load import Loaded
    from expsync.diagnostics import Diagnostic

FORMATS = ("text", "json", "github", "sarif")


@click.command(
    "validate",
    cls=ExpsyncCommand,
    examples=[
        ("all files, for every environment", "expsync validate"),
        ("some of them, warnings fail too", "expsync validate experiments/search --strict"),
        ("as annotations of a pull request", "expsync validate --format github"),
    ],
)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="How the problems are written; github and sarif are for pipelines.",
)
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
            _tell_annotations(problems, globals_)
        case "sarif":
            _tell_sarif(problems, globals_)
        case _:
            _print_text(loaded, count_text(problems), globals_)
    return int(bool(errors or (strict and problems)))


def _load(globals_: Globals, paths: Sequence[Path]) -> Loaded:
    """What the files say; a workspace that can't be used is one more thing that is wrong with them."""
    from expsync.cli.progress import Progress
    from expsync.config.load import Loaded, load_declarations, load_workspace
    from expsync.errors import ConfigError

    try:
        workspace = load_workspace(globals_.config, cwd=Path.cwd(), environ=os.environ)
        if globals_.environment is not None:
            workspace.environment(globals_.environment, os.environ)
    except ConfigError as error:
        return Loaded((), error.diagnostics)
    day = datetime.now(UTC).date()
    with Progress(globals_, "reading files") as progress:
        return load_declarations(workspace, globals_.environment, paths=paths, today=day, advance=progress.update)


def _print_text(loaded: Loaded, counts: str, globals_: Globals) -> None:
    from expsync.cli.here import seen_from_here
    from expsync.cli.output import wrap_width
    from expsync.render.problems import problem_text
    from expsync.render.view import counted, hanging

    colour, width, named = globals_.colour(sys.stdout), wrap_width(sys.stdout), seen_from_here(globals_)
    for problem in loaded.diagnostics:
        click.echo(problem_text(problem, colour=colour, width=width, named=named), color=True)
    read = f"{counted(loaded.files, 'file')}, {counted(loaded.experiments, 'experiment')}"
    click.echo("\n".join(hanging(f"{read}: {counts}.", width, indent=2)))


def _folder(globals_: Globals) -> str:
    """The workspace's folder, relative to the repository's root; or to the working directory where that is in none."""
    from expsync.config.load import load_workspace
    from expsync.errors import ConfigError

    try:
        root = load_workspace(globals_.config, cwd=Path.cwd(), environ=os.environ).root
    except ConfigError:
        root = Path.cwd() if globals_.config is None else (Path.cwd() / globals_.config).parent
    # A worktree has a file of that name.
    above = (folder for folder in (root, *root.parents) if os.path.lexists(folder / ".git"))
    return Path(os.path.relpath(root, next(above, Path.cwd()))).as_posix()


def _tell_annotations(problems: Sequence[Diagnostic], globals_: Globals) -> None:
    """Print the annotations, and on stderr what GitHub will not show: of a log line it does not tell the place."""
    from expsync.cli.here import seen_from_here
    from expsync.cli.output import wrap_width
    from expsync.render.github import MOST_SHOWN, render_annotations, unshown
    from expsync.render.problems import problem_text

    click.echo(render_annotations(problems, folder=_folder(globals_)), nl=False)
    rest = unshown(problems)
    if rest:
        click.echo(
            f"GitHub shows the first {MOST_SHOWN} errors and the first {MOST_SHOWN} warnings of a step; "
            f"{len(rest):,} more:",
            err=True,
        )
    colour, width, named = globals_.colour(sys.stderr), wrap_width(sys.stderr), seen_from_here(globals_)
    for problem in rest:
        click.echo(problem_text(problem, colour=colour, width=width, named=named), err=True, color=True)


def _tell_sarif(problems: Sequence[Diagnostic], globals_: Globals) -> None:
    """Print the document, and on stderr how much of it a service will not take."""
    from expsync import __version__
    from expsync.config.codes import CODES
    from expsync.config.lint import RULES
    from expsync.config.nearest import FILE_NAME
    from expsync.render.sarif import MOST_RESULTS, RuleText, render_sarif

    about = FILE_NAME if globals_.config is None else globals_.config.name
    rules: dict[str, RuleText] = {}
    for code, what in CODES.items():
        brief = what[0].upper() + what[1:]
        rules[code] = RuleText(brief, f"{brief}.", "What to write instead is in the message.")
    for rule in RULES:
        brief = rule.name.replace("-", " ").capitalize()
        rules[rule.code] = RuleText(brief, rule.why, rule.settle, rule.severity, rule.name)
    document = render_sarif(problems, folder=_folder(globals_), about=about, version=__version__, rules=rules)
    click.echo(document, nl=False)
    if len(problems) > MOST_RESULTS:
        click.echo(
            f"warning: {len(problems):,} problems; the file has the first {MOST_RESULTS:,}, errors before warnings, "
            "since GitHub takes no more",
            err=True,
        )


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
