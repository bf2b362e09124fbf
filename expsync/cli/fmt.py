"""`expsync fmt`: the files in their one canonical form."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from expsync.cli.help import ExpsyncCommand
from expsync.cli.options import Globals, with_globals
from expsync.errors import UsageError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from expsync.config.workspace import Workspace
    from expsync.diagnostics import Diagnostic

WOULD_CHANGE = 2
_STDIN = "-"


@dataclass(frozen=True, slots=True)
class _Formatted:
    """One file, relative to the workspace, as it is and in canonical form."""

    file: str
    before: str
    after: str

    @property
    def is_same(self) -> bool:
        return self.before == self.after


@click.command(
    "fmt",
    cls=ExpsyncCommand,
    examples=[
        ("format all files", "expsync fmt"),
        ("fail in a pipeline where one is not formatted", "expsync fmt --check --diff"),
        ("from an editor", "expsync fmt - < experiments/checkout-button.yaml"),
    ],
)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, allow_dash=True), metavar="[PATH]...")
@click.option("--check", is_flag=True, help="Write nothing; list what would change, and exit with 2 if there is any.")
@click.option("--diff", "show", is_flag=True, help="Write nothing; show what would change as a diff.")
@with_globals
def command(globals_: Globals, paths: tuple[Path, ...], check: bool, show: bool) -> int:
    """Put all experiment files in one canonical form: the order of fields, indentation, quotes and blank lines.

    Comments stay with what they belong to, and what the files mean never changes. Files are changed in place, and
    those that changed are listed. With PATHs, only these files and folders; the workspace file is formatted if it is
    named. With - as the only PATH, an experiment is read from stdin and written to stdout.

    A file that is no YAML is left as it is, and its problems are shown.
    """
    from expsync.cli.progress import Progress
    from expsync.config.load import collector_paused, load_workspace

    if _STDIN in map(os.fspath, paths):
        if len(paths) > 1:
            raise UsageError("- stands for stdin, and goes with no other PATH")
        return _format_stdin(check=check, show=show, colour=globals_.colour(sys.stdout))
    workspace = load_workspace(globals_.config, cwd=Path.cwd(), environ=os.environ)
    problems: list[Diagnostic] = []
    changed = same = 0
    with collector_paused(), Progress(globals_, "formatting") as progress:
        for done in _format_files(workspace, paths, problems, progress.update):
            if done.is_same:
                same += 1
            elif check or show or _write(workspace, done, problems):
                changed += 1
                _print(done, _name(workspace, done.file), show=show, colour=globals_.colour(sys.stdout))
    _print_problems(problems, globals_)
    failed = any(problem.severity == "error" for problem in problems)
    if not globals_.quiet:
        bad = len({problem.place and problem.place.file for problem in problems if problem.severity == "error"})
        click.echo(_counts(changed, same, bad, writes=not (check or show)), err=True)
    if failed:
        return 1
    return WOULD_CHANGE if check and changed else 0


def _format_files(
    workspace: Workspace, paths: Sequence[Path], problems: list[Diagnostic], advance: Callable[[int, int], None]
) -> Iterator[_Formatted]:
    """The files one by one, as they are and in canonical form; those that have none add to the problems."""
    from expsync.config.load import choose_files
    from expsync.model.experiment import Experiment
    from expsync.model.workspace import WorkspaceFile

    others = [path for path in paths if not _is_workspace_file(workspace, path)]
    if len(others) < len(paths):
        yield from _format_file(workspace, workspace.path.name, WorkspaceFile, problems)
    if others or not paths:
        names, found = choose_files(workspace, others)
        problems += found
        for number, name in enumerate(names):
            advance(number, len(names))
            yield from _format_file(workspace, name, Experiment, problems)


def _is_workspace_file(workspace: Workspace, path: Path) -> bool:
    try:
        return path.samefile(workspace.path)
    except OSError:
        return False


def _format_file(
    workspace: Workspace, name: str, model: type[BaseModel], problems: list[Diagnostic]
) -> Iterator[_Formatted]:
    """The file, or nothing where it can't be formatted."""
    from expsync.config.files import read_bounded
    from expsync.config.format import FormatError, format_text
    from expsync.config.report import yaml_diagnostics
    from expsync.config.yaml_text import MAX_BYTES, YamlError, decode
    from expsync.diagnostics import Diagnostic, Place

    try:
        content = read_bounded(f"{workspace.root}/{name}", MAX_BYTES)
        after = format_text(decode(content), model)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        problems.append(Diagnostic("EXP001", "error", Place(name), "the file can't be read", reason))
    except YamlError as error:
        problems += yaml_diagnostics(name, error.problems)
    except FormatError as error:
        message = "the file can't be formatted"
        problems.append(Diagnostic("EXP001", "error", Place(name), message, error.message, error.hint))
    else:
        yield _Formatted(name, content.decode("utf-8"), after)


def _write(workspace: Workspace, done: _Formatted, problems: list[Diagnostic]) -> bool:
    """Whether the file was written, whole; where it has changed since it was read, or can't be, that is a problem."""
    from expsync.authoring.drafts import Drafts
    from expsync.diagnostics import Diagnostic, Place
    from expsync.errors import ExpsyncError

    drafts = Drafts(workspace.root)
    try:
        if drafts.text(done.file) != done.before:
            raise ExpsyncError("the file changed while it was worked on", hint="run the command again")
        drafts.put(done.file, done.after)
        drafts.write()
    except ExpsyncError as error:
        problems.append(Diagnostic("EXP001", "error", Place(done.file), error.message, "", error.hint))
        return False
    return True


def _format_stdin(*, check: bool, show: bool, colour: bool) -> int:
    from expsync.config.format import format_text
    from expsync.config.report import yaml_diagnostics
    from expsync.config.yaml_text import MAX_BYTES, YamlError, decode
    from expsync.errors import ConfigError
    from expsync.model.experiment import Experiment

    content = sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        after = format_text(decode(content), Experiment)
    except YamlError as error:
        raise ConfigError(yaml_diagnostics("<stdin>", error.problems)) from None
    done = _Formatted("<stdin>", content.decode("utf-8"), after)
    if show:
        _print(done, done.file, show=True, colour=colour)
    elif not check:
        sys.stdout.buffer.write(after.encode("utf-8"))
    return WOULD_CHANGE if check and not done.is_same else 0


def _name(workspace: Workspace, file: str) -> str:
    """The file relative to the working directory, so that other programs find it."""
    return Path(os.path.relpath(workspace.root / file)).as_posix()


def _print(done: _Formatted, name: str, *, show: bool, colour: bool) -> None:
    from expsync.render.safe import visible

    if not show:
        click.echo(visible(name))
        return
    from expsync.cli.redact import without_secrets
    from expsync.render import text_diff

    def redacted(line: str) -> str:
        return without_secrets(line, os.environ)

    text = text_diff.render(name, done.before, done.after, colour=colour, redacted=redacted)
    click.echo(text, nl=False, color=True)


def _print_problems(problems: Sequence[Diagnostic], globals_: Globals) -> None:
    from expsync.cli.here import seen_from_here
    from expsync.cli.output import wrap_width
    from expsync.render.problems import problem_text

    colour, width, named = globals_.colour(sys.stderr), wrap_width(sys.stderr), seen_from_here(globals_)
    for problem in sorted(problems, key=lambda problem: problem.order):
        if problem.severity == "error" or not globals_.quiet:
            click.echo(problem_text(problem, colour=colour, width=width, named=named), err=True, color=True)


def _counts(changed: int, same: int, bad: int, *, writes: bool) -> str:
    """`1 file formatted, 2 left as they were`, and how many could not be."""
    from expsync.render.view import counted

    told = f"{counted(changed, 'file')} {'formatted' if writes else 'would change'}"
    told += f", {same} left as {'it was' if same == 1 else 'they were'}" if writes else f", {same} would not"
    return told + (f", {bad} can't be formatted" if bad else "")
