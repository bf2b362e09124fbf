"""Names for new files that are safe on every system, and the folder where they go."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote as url_quote

from expsync.config.find import compile_glob, is_inside
from expsync.config.wording import SECRET, plain, quote
from expsync.errors import ExpsyncError

SCHEMA = "schemas/experiment.schema.json"
"""Where `expsync init` puts the schema of experiment files."""
MOST = 200
"""Characters of a key that is to be a file's name: with what is added to it, it stays below the 255 of file systems."""
_LONGEST = 230
_SUFFIXES = (".yaml", ".yml")
_WILD = frozenset("*?[")
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"{port}{number}" for port in ("com", "lpt") for number in range(10)}
)
"""Names that mean a device on Windows, whatever comes behind a dot."""


@dataclass(frozen=True, slots=True)
class Folder:
    """Where files go. `inside` is its name relative to the workspace (empty: the workspace itself), with `/`.

    `inside` is None for a folder that no glob of the workspace reaches, be it outside or inside: no command will see
    its files.
    """

    path: Path
    inside: str | None

    def name(self, file: str) -> str:
        """The file's name relative to the workspace; outside of it, the bare name."""
        return f"{self.inside}/{file}" if self.inside else file


def key_problem(key: str) -> str:
    """Why a key can't be a file's name on every system, or the empty text."""
    if len(key) > MOST:
        return f"it has {len(key)} characters, and a file's name can't be made of more than {MOST}"
    if SECRET.search(key):
        return "it looks like an API key"
    if not _KEY.match(key):
        return 'a file\'s name may have letters, digits, ".", "_" and "-", and begins with a letter or digit'
    if key.endswith("."):
        return "a file's name can't end with a dot"
    if key.split(".")[0].lower() in _DEVICES:
        return f"{quote(key.split('.')[0])} is the name of a device on Windows"
    return ""


def twins(keys: Collection[str]) -> dict[str, str]:
    """For each key that differs from another only in case, that other: on many systems they are one file's name."""
    by_shape: dict[str, list[str]] = {}
    for key in sorted(keys):
        by_shape.setdefault(key.lower(), []).append(key)
    return {
        key: next(other for other in same if other != key)
        for same in by_shape.values()
        if len(same) > 1
        for key in same
    }


def yaml_name(key: str, folder: Folder, globs: Sequence[str]) -> str | None:
    """The name of the file for a key, one that the globs match; None where none would."""
    if folder.inside is None:
        return f"{key}{_SUFFIXES[0]}"
    patterns = [compile_glob(glob) for glob in globs]
    names = (f"{key}{suffix}" for suffix in _SUFFIXES)
    return next((name for name in names if any(p.fullmatch(folder.name(name)) for p in patterns)), None)


def users_name(key: str, variant: str, folder: Folder, globs: Sequence[str]) -> str | None:
    """The name of the file for the users of a variant; None where it would be too long, or taken for an experiment."""
    name = f"{key}.{variant}.users.txt"
    if len(name) > _LONGEST or any(compile_glob(glob).fullmatch(folder.name(name)) for glob in globs):
        return None
    return name


def choose_folder(root: Path, globs: Sequence[str], out: Path | None) -> Folder:
    """The folder for new files: `out`, else that of the first glob, its part without wildcards.

    ExpsyncError where that of the first glob is not one whose files the globs would match whatever their names, and for
    a folder that a link takes out of the workspace.
    """
    given = root / fixed_part(globs[0]) if out is None else Path.cwd() / out
    path = Path(os.path.realpath(given))
    if path.exists() and not path.is_dir():
        raise ExpsyncError(f"{plain(str(given), 200)} is not a folder", hint="name a folder with --out")
    if not is_inside(str(root), str(path)):
        if Path(os.path.normpath(given)).is_relative_to(root):
            raise ExpsyncError(
                f"{plain(str(given), 200)} leads out of the workspace; what git keeps in .git is no part of it",
                hint="put the folder itself in the place of the link, or name another with --out",
            )
        return Folder(path, None)
    inside = path.relative_to(root).as_posix()
    folder = Folder(path, "" if inside == "." else inside)
    if not any(_reaches(glob, folder) for glob in globs):
        if out is not None:
            return Folder(path, None)
        raise ExpsyncError(
            f"no command would see files in {quote(inside)}: the workspace's files are those that match "
            f"{', '.join(plain(glob) for glob in globs)}",
            hint="name a folder that they reach with --out, or add a glob to `experiments:` in the workspace file",
        )
    return folder


def schema_line(root: Path, folder: Folder) -> str:
    """The line that tells editors the schema, with a path from the folder; empty where no command sees the files."""
    if folder.inside is None:
        return ""
    path = os.path.relpath(root / SCHEMA, folder.path).replace(os.sep, "/")
    return f"# yaml-language-server: $schema={url_quote(path)}\n"


def fixed_part(glob: str) -> str:
    """The folders of a glob before its first wildcard."""
    folders = [part for part in glob.split("/") if part not in ("", ".")][:-1]
    wild = next((place for place, part in enumerate(folders) if set(part) & _WILD), len(folders))
    return "/".join(folders[:wild])


def _reaches(glob: str, folder: Folder) -> bool:
    """Whether a glob could match a file right in the folder, whatever the file's name."""
    parts = [part for part in glob.split("/") if part not in ("", ".")]
    last = parts[-1] if parts[-1] == "**" else "x"
    return compile_glob("/".join([*parts[:-1], last])).fullmatch(folder.name("x")) is not None
