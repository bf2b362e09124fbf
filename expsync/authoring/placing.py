"""Imported files put in their place: each whole or not at all, none where something is already."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from expsync.authoring.drafts import Drafts
from expsync.authoring.file_names import Folder
from expsync.authoring.fresh_files import FreshFiles
from expsync.authoring.importer import FreshFile, Imported, Refused, Wanted
from expsync.config.files import read_bounded
from expsync.config.wording import plain
from expsync.errors import ExpsyncError


@dataclass(slots=True)
class Placed:
    """What was written, as paths in the order of writing; the experiments that have files now, and those refused."""

    paths: list[Path] = field(default_factory=list)
    files: list[FreshFile] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


def names_in(folder: Folder) -> list[str]:
    """The names in the folder; none where it is not there yet. ExpsyncError where it can't be looked into."""
    try:
        return os.listdir(folder.path)  # noqa: PTH208 - names, not paths
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ExpsyncError(f"{plain(str(folder.path), 200)} can't be read: {(error.strerror or '').lower()}") from None


def place_files(imported: Imported, wanted: Wanted, drafts: Drafts) -> Placed:
    """What was written. ExpsyncError where that can't be done: then no experiment has a file.

    The workspace file comes first and users' lists before what names them, so that a run that is killed leaves a good
    workspace. A list of the same users that is there already, from such a run, is used as it is.
    """
    placed = Placed(refused=sorted(imported.refused, key=lambda one: one.key))
    with FreshFiles() as fresh:
        if imported.files:
            placed.paths += [wanted.workspace.root / name for name in drafts.write()]
            fresh.make_folder(wanted.folder.path)
        for file in imported.files:
            blocked = next((name for name, text in file.texts.items() if not _is_free(wanted.folder, name, text)), "")
            if not blocked:
                blocked = _write(fresh, wanted.folder, file.texts, placed.paths)
            if blocked:
                name = plain(wanted.folder.name(blocked))
                placed.refused.append(Refused(file.key, f"{name} is there already, with something else in it"))
            else:
                placed.files.append(file)
    return placed


def _write(fresh: FreshFiles, folder: Folder, texts: Mapping[str, str], written: list[Path]) -> str:
    """The name that was taken meanwhile, or the empty text once all files are there."""
    for name, text in texts.items():
        if fresh.write(folder.path / name, text.encode()):
            written.append(folder.path / name)
        elif not _is_free(folder, name, text):
            return name
    return ""


def _is_free(folder: Folder, name: str, text: str) -> bool:
    """Whether a name is not taken, or by a plain file that says just the same."""
    path = folder.path / name
    if not os.path.lexists(path):
        return True
    content = text.encode()
    try:
        return not path.is_symlink() and read_bounded(os.fspath(path), len(content)) == content
    except OSError:
        return False
