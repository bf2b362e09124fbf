"""From a workspace's files to what is wanted in one environment, with every problem of every file at once."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import NamedTuple

from expsync.config.check import Checked, Checker
from expsync.config.files import read_bounded
from expsync.config.find import find_files
from expsync.config.report import find_secrets, yaml_diagnostics
from expsync.config.unmatched import unmatched_globs
from expsync.config.wording import plain
from expsync.config.workspace import Workspace, load_workspace
from expsync.config.yaml import YamlError, parse
from expsync.config.yaml_lines import PlainLines
from expsync.config.yaml_text import MAX_BYTES
from expsync.diagnostics import Diagnostic, Place
from expsync.model.experiment import Declared

__all__ = ["Loaded", "Workspace", "choose_files", "load_declarations", "load_workspace"]

_TOLD_EVERY = 50
"""Files between two words about how far it is."""


class Loaded(NamedTuple):
    """What the files declare for an environment, by key; and all that was found wrong or doubtful, by place.

    An experiment with an error, or one that the environment skips, is not among `declared`. `files` and `experiments`
    count what was read, good or bad; `users_files` are the resolved paths of the files of users that were read.
    """

    declared: tuple[Declared, ...]
    diagnostics: tuple[Diagnostic, ...]
    files: int = 0
    experiments: int = 0
    users_files: tuple[str, ...] = ()


def load_declarations(
    workspace: Workspace,
    environment: str | None,
    *,
    paths: Sequence[Path] = (),
    today: date | None = None,
    advance: Callable[[int, int], None] | None = None,
) -> Loaded:
    """The experiments of a workspace as `environment` wants them; nothing is raised for what a file says.

    Without an environment nothing is declared, and every environment's form of every experiment is checked. With one,
    names of deployments are looked up in that one alone. `paths` are the files and folders to keep to, relative to the
    working directory; two files with one key are then seen only if both are among them. `today` is for rules about
    days past. `advance` is told now and then how many of how many files have been read.
    """
    with collector_paused():
        files, diagnostics = choose_files(workspace, paths)
        root = os.fspath(workspace.root)
        checker = Checker(workspace, environment, today)
        checked: list[Checked] = []
        lines = PlainLines()
        for number, name in enumerate(files):
            if advance is not None and number % _TOLD_EVERY == 0:
                advance(number, len(files))
            found, problems = _read(root, name, checker, lines)
            checked.extend(found)
            diagnostics.extend(problems)
        repeated = checker.repeated_keys(checked)
        diagnostics.extend(repeated.diagnostics)
        declared = [c.declared for c in checked if c.declared is not None and c.key not in repeated.keys]
    return Loaded(
        tuple(sorted(declared, key=lambda d: d.key)),
        tuple(sorted(diagnostics, key=lambda d: d.order)),
        files=len(files),
        experiments=len(checked),
        users_files=checker.inclusions.read,
    )


@contextmanager
def collector_paused() -> Iterator[None]:
    """Loading makes many values and no garbage: with the collector on, it takes more than twice as long."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _read(root: str, name: str, checker: Checker, lines: PlainLines) -> tuple[list[Checked], list[Diagnostic]]:
    try:
        content = read_bounded(f"{root}/{name}", MAX_BYTES)
    except OSError as error:
        reason = plain(error.strerror or "")
        return [], [Diagnostic("EXP001", "error", Place(name), "the file can't be read", reason)]
    secrets = find_secrets(name, content)
    try:
        documents = parse(content, lines)
    except YamlError as error:
        # What stands before the mistake is checked all the same, so that one run shows as much as can be.
        found, diagnostics = checker.check_damaged(name, content)
        return found, [*secrets, *yaml_diagnostics(name, error.problems), *diagnostics]
    found, diagnostics = checker.check_file(name, content, documents)
    if secrets:
        found = [entry._replace(declared=None) for entry in found]
    return found, [*secrets, *diagnostics]


def choose_files(workspace: Workspace, paths: Sequence[Path]) -> tuple[list[str], list[Diagnostic]]:
    """The files to read, relative to the workspace: all that the globs match, or those among them that `paths` name."""
    found = find_files(workspace.root, workspace.file.experiments, leave_out=workspace.path.name)
    if not paths:
        return found.files, [*found.diagnostics, *unmatched_globs(workspace, found.unmatched)]
    chosen: set[str] = set()
    diagnostics: list[Diagnostic] = []
    for path in paths:
        # Only the folder is resolved: a linked file is known by its own name.
        absolute = Path(os.path.normpath(Path.cwd() / path))
        real = absolute.parent.resolve() / absolute.name
        # As every place is: relative to the workspace.
        shown = plain(Path(os.path.relpath(real, workspace.root)).as_posix(), 200)
        try:
            inside = real.relative_to(workspace.root).as_posix()
        except ValueError:
            inside = None
        if not os.path.lexists(absolute):
            diagnostics.append(Diagnostic("EXP017", "error", Place(shown), "there is no such file or folder"))
            continue
        names = [n for n in found.files if inside in (n, ".") or (inside is not None and n.startswith(inside + "/"))]
        about = [d for d in found.diagnostics if d.place and inside and (d.place.file + "/").startswith(inside + "/")]
        if not names and not about:
            what = "the folder has none of the workspace's files" if absolute.is_dir() else "no file of the workspace"
            globs = ", ".join(plain(glob) for glob in workspace.file.experiments)
            hint = f"its files are those that match: {globs}"
            diagnostics.append(Diagnostic("EXP017", "error", Place(shown), what, "", hint))
        chosen.update(names)
        diagnostics.extend(about)
    return sorted(chosen), list(dict.fromkeys(diagnostics))
