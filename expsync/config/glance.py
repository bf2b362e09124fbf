"""A glance at a workspace, for what must be quick rather than complete: the names that a shell completes.

Nothing is checked and no model is made. What can't be read, or would take too long, is left out without a word: who
presses TAB wants names, and `expsync validate` says what is wrong.
"""

# ruff: noqa: PTH118 - names stay text: a Path for each of ten thousand files costs more than reading them
from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from expsync.config.files import read_bounded
from expsync.config.find import compile_glob, glob_problem, split_glob

SECONDS = 1.5
"""A look at all files ends after so long, with what was found until then."""
_GLOBS = ("experiments/**/*.yaml", "experiments/**/*.yml")
_MOST = 1_000_000
"""Bytes of a file that are looked at."""
_KEY = re.compile(
    rb"""^(?:---[ ])?(?:key|"key"|'key')[ ]*:[ ]+
    ("(?:[^"\\\n]|\\[^\n])*"|'(?:[^'\n]|'')*'|[^\s"'&*!|>%@`\[{\#](?:[^\n#]|(?<![ \t])\#)*)""",
    re.MULTILINE | re.VERBOSE,
)
_FLOW = re.compile(rb"\A(?:\s+|#[^\n]*\n|---)*\{")


@dataclass(frozen=True, slots=True)
class Glance:
    """What a workspace file says of names: its environments, in order, and the globs of its experiments."""

    root: str
    file: str
    environments: Sequence[str]
    globs: Sequence[str]

    def keys(self, start: str = "", *, seconds: float = SECONDS) -> set[str]:
        """The experiments' keys that begin with `start`, as far as they are found in so many seconds.

        Files that are named after such a key, as is the custom, are read first.
        """
        until = time.monotonic() + seconds
        names = list(self._files(until))
        names.sort(key=lambda name: not name.rpartition("/")[2].startswith(start))
        found: set[str] = set()
        for name in names:
            if time.monotonic() > until:
                break
            found.update(key for key in _keys_in(os.path.join(self.root, name)) if key.startswith(start))
        return found

    def _files(self, until: float) -> Iterator[str]:
        """The files that the globs match, relative to the root; links are left alone, to be safe and quick."""
        patterns = [compile_glob(glob) for glob in self.globs]
        waiting = sorted({split_glob(glob)[0] for glob in self.globs})
        entered: set[str] = set()
        while waiting and time.monotonic() < until:
            folder = waiting.pop()
            if folder in entered:
                continue
            entered.add(folder)
            try:
                with os.scandir(os.path.join(self.root, folder)) as entries:
                    for entry in entries:
                        name = f"{folder}/{entry.name}" if folder else entry.name
                        if entry.is_dir(follow_symlinks=False):
                            if not entry.name.startswith("."):
                                waiting.append(name)
                        elif name != self.file and any(pattern.fullmatch(name) for pattern in patterns):
                            yield name
            except OSError:
                continue  # a folder that is not there, or may not be read, has no names to give


def glance(path: Path) -> Glance | None:
    """What the workspace file says of names; None where it can't be read, or is no mapping."""
    try:
        raw = _mapping(read_bounded(os.fspath(path), _MOST))
        root = os.path.realpath(path.parent)
    except (OSError, ValueError):
        return None
    if raw is None:
        return None
    environments = raw.get("environments")
    globs = raw.get("experiments")
    listed = globs if isinstance(globs, list) else _GLOBS
    return Glance(
        root,
        path.name,
        [name for name in environments if isinstance(name, str)] if isinstance(environments, dict) else [],
        [glob for glob in listed if isinstance(glob, str) and not glob_problem(glob)],
    )


def _keys_in(path: str) -> list[str]:
    """The keys that stand in a file: found by the look of their lines, or in a flow mapping by reading it."""
    try:
        content = read_bounded(path, _MOST)
    except (OSError, ValueError):
        return []
    if _FLOW.match(content):
        raw = _mapping(content)
        key = None if raw is None else raw.get("key")
        return [key] if isinstance(key, str) else []
    return [key for found in _KEY.findall(content) if (key := _scalar(found)) is not None]


def _scalar(text: bytes) -> str | None:
    """The text of a YAML scalar on one line; None where that takes a real look."""
    try:
        shown = text.decode("utf-8").strip()
    except UnicodeDecodeError:
        return None
    if shown[:1] == "'":
        return shown[1:-1].replace("''", "'")
    if shown[:1] == '"':
        return None if "\\" in shown else shown[1:-1]
    return shown


def _mapping(content: bytes) -> dict[object, object] | None:
    """The first document with all scalars as text; None where it is no mapping, or no YAML."""
    if len(content) > _MOST:
        return None
    try:
        value = YAML(typ="base").load(content)
    except (YAMLError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
