"""A new GitOps repository that works at once, offline: which files it has, and how they get there."""

# ruff: noqa: PTH110, PTH112, PTH113 - Path's own raise where a folder above can't be entered; these say no
from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from expsync.authoring.fresh_files import FreshFiles, obstacle
from expsync.config.files import read_bounded
from expsync.config.find import find_files
from expsync.config.nearest import FILE_NAME
from expsync.errors import ExpsyncError
from expsync.model.json_schema import KINDS, schema_text
from expsync.model.workspace import WorkspaceFile

EXAMPLE = "experiments/checkout-button.yaml"
_TAKEN = (FILE_NAME, "expsync.yml")
_VERSION_MARK = "@EXPSYNC_VERSION@"
_OTHERS = "compare it with the one that `expsync init` makes in an empty folder"


@dataclass(frozen=True, slots=True)
class _Part:
    """One file of the new repository: its template, and what to do where the repository has such a file already."""

    template: str
    by_hand: str = _OTHERS
    is_list: bool = False
    """Each line counts by itself: what is missing can be told."""


_PARTS: Mapping[str, _Part] = {
    "README.md": _Part("README.md", "say in it how experiments are changed here: validate, plan, apply"),
    EXAMPLE: _Part("checkout-button.yaml"),
    ".gitignore": _Part("gitignore", is_list=True),
    ".gitattributes": _Part("gitattributes", is_list=True),
    ".pre-commit-config.yaml": _Part(
        "pre-commit-config.yaml",
        "add two local hooks, `expsync fmt` and `expsync validate`, with pass_filenames: false",
    ),
    ".vscode/settings.json": _Part(
        "settings.json", 'add to "yaml.schemas" that schemas/experiment.schema.json is for experiments/**/*.yaml'
    ),
    ".vscode/extensions.json": _Part("extensions.json", "recommend redhat.vscode-yaml"),
    ".github/workflows/expsync.yaml": _Part("workflow.yaml"),
}


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that was there already and stays as it is; `by_hand` is what to do about it, or empty."""

    name: str
    by_hand: str


@dataclass(frozen=True, slots=True)
class Scaffolded:
    """What was made, by names relative to the folder and with `/`, and what the person should know about the place."""

    made: tuple[str, ...]
    kept: tuple[Kept, ...]
    workspace_above: Path | None
    """A workspace file in a folder above: other commands use it there, and the new one here."""
    repository_above: Path | None
    """The git repository that the folder is only a part of."""


def contents(version: str) -> dict[str, bytes]:
    """The files of a new repository by their names, for expsync of this version; the workspace file is the last."""
    templates = files("expsync.authoring") / "templates"

    def text(template: str) -> bytes:
        return (templates / template).read_bytes().replace(_VERSION_MARK.encode(), version.encode())

    return {
        **{name: text(part.template) for name, part in _PARTS.items()},
        **{f"schemas/{kind}.schema.json": schema_text(kind).encode() for kind in KINDS},
        FILE_NAME: text(FILE_NAME),
    }


def scaffold(folder: Path, *, version: str) -> Scaffolded:
    """What was made in `folder`, which is made too where it is missing; files that are there stay as they are.

    ExpsyncError where the folder has a workspace already, can't be one, or can't be written: then nothing was made, or
    all that was made is removed again. The workspace file comes last, so that a run that was killed can be repeated.
    """
    wanted = contents(version)
    _check(folder, wanted)
    made: list[str] = []
    kept: list[Kept] = []
    with FreshFiles() as fresh:
        fresh.make_folder(folder)
        others = _declared_already(folder)
        if others:
            del wanted[EXAMPLE]
            kept.append(Kept(others, "it declares experiments, so the example was left out"))
        for name, content in wanted.items():
            blocked = obstacle(folder, name)
            if blocked:
                raise ExpsyncError(blocked)
            fresh.make_folder((folder / name).parent)
            if fresh.write(folder / name, content):
                made.append(name)
            elif name == FILE_NAME:
                raise _taken(folder / name)
            else:
                kept.append(Kept(name, _by_hand(folder / name, name, content)))
    # A person looks for the workspace first.
    return Scaffolded((FILE_NAME, *made[:-1]), tuple(kept), *_above(folder))


def _check(folder: Path, wanted: Mapping[str, bytes]) -> None:
    """ExpsyncError for whatever can be known to be in the way before anything is made."""
    if os.path.lexists(folder) and not os.path.isdir(folder):
        what = "not a folder" if os.path.exists(folder) or not folder.is_symlink() else "a link to nothing"
        raise ExpsyncError(f"{folder} is {what}", hint="name a folder, or one that is to be made")
    try:
        folder.resolve()
    except (OSError, RuntimeError) as error:
        raise ExpsyncError(f"{folder} leads nowhere: {error}") from error
    for name in _TAKEN:
        if os.path.lexists(folder / name):
            raise _taken(folder / name)
    for name in wanted:
        blocked = obstacle(folder, name)
        if blocked:
            raise ExpsyncError(f"{blocked}; nothing was made", hint="move it away, or name another folder")


def _taken(path: Path) -> ExpsyncError:
    return ExpsyncError(
        f"{path} is there already; nothing was made",
        hint="this is a workspace: `expsync validate` checks it; or name another folder",
    )


def _declared_already(folder: Path) -> str:
    """The first file that the new workspace would take for an experiment's, other than the example, or nothing."""
    globs = WorkspaceFile.model_fields["experiments"].get_default(call_default_factory=True)
    found = find_files(folder.resolve(), globs, leave_out=FILE_NAME).files
    return next((name for name in found if name != EXAMPLE), "")


def _by_hand(path: Path, name: str, content: bytes) -> str:
    """What to do about a file that is kept: nothing where it says all that ours would say."""
    part = _PARTS.get(name)
    try:
        there = read_bounded(os.fspath(path), 16 * 1024 * 1024)
    except OSError as error:
        return f"it can't be read ({(error.strerror or str(error)).lower()}); {part.by_hand if part else _OTHERS}"
    if there == content:
        return ""
    if part is None:
        kind = name.removeprefix("schemas/").removesuffix(".schema.json")
        return f"renew it with `expsync schema {kind} > {name}`"
    if part.is_list:
        missing = list(_missing_lines(there, content))
        return f"add the lines {', '.join(missing)}" if missing else ""
    return part.by_hand


def _missing_lines(there: bytes, content: bytes) -> Iterator[str]:
    known = {line.strip() for line in there.splitlines()}
    for line in content.splitlines():
        if line and not line.startswith(b"#") and line not in known:
            yield line.decode()


def _above(folder: Path) -> tuple[Path | None, Path | None]:
    """The nearest workspace file above the folder, and the git repository that the folder is only a part of."""
    here = folder.resolve()
    workspace = next((path for parent in here.parents if os.path.isfile(path := parent / FILE_NAME)), None)
    if os.path.lexists(here / ".git"):
        return workspace, None
    return workspace, next((parent for parent in here.parents if os.path.lexists(parent / ".git")), None)
