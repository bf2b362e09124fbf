"""The experiment files of a workspace: globs to names, with links and odd files judged."""

# ruff: noqa: PTH116, PTH118 - names stay text: a Path for each of ten thousand files costs more than reading them
from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from expsync.config.wording import plain
from expsync.diagnostics import Diagnostic, Place

_GITS_OWN = re.compile(r"[/\\]\.git(?:[/\\]|\Z)", re.IGNORECASE)


def compile_glob(glob: str) -> re.Pattern[str]:
    """A pattern for whole relative names with `/`; `**` is any depth, and `*` and `?` do not match a leading dot."""
    parts = [part for part in glob.split("/") if part not in ("", ".")]
    text = ""
    for index, part in enumerate(parts):
        is_last = index == len(parts) - 1
        if part == "**":
            text += r"(?:(?!\.)[^/]+/)*" + (r"(?!\.)[^/]+" if is_last else "")
        else:
            text += _segment(part) + ("" if is_last else "/")
    return re.compile(text)


def _segment(part: str) -> str:
    text = "" if part.startswith(".") else r"(?!\.)"
    index = 0
    while index < len(part):
        character = part[index]
        index += 1
        closing = part.find("]", index + 1) if character == "[" else -1
        if character == "*":
            text += "[^/]*"
        elif character == "?":
            text += "[^/]"
        elif closing > 0:
            inside = part[index:closing]
            negated = inside.startswith("!")
            text += "[" + ("^/" if negated else "") + re.sub(r"([\\\[\]^&~|])", r"\\\1", inside[negated:]) + "]"
            index = closing + 1
        else:
            text += re.escape(character)
    return text


def glob_problem(glob: str) -> str:
    """Why a glob can't be used, or the empty text."""
    if not glob.isprintable():
        # Nor would a file be taken whose name has one.
        return "it has characters that can't be shown"
    if glob.startswith("/") or re.match(r"[A-Za-z]:", glob):
        return "it must be relative to the workspace file"
    if "\\" in glob:
        return "folders are separated by /"
    if ".." in glob.split("/"):
        return "it may not leave the workspace"
    if not [part for part in glob.split("/") if part not in ("", ".")]:
        return "it names nothing"
    try:
        compile_glob(glob)
    except re.error:
        return "it is not a glob"
    return ""


@dataclass(slots=True)
class Found:
    """The names found, sorted, relative to the root and with `/`; and what stood in the way."""

    files: list[str] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)
    """The globs that matched nothing."""


def find_files(root: Path, globs: Sequence[str], *, leave_out: str) -> Found:
    """The files that the globs match; `root` is resolved, `leave_out` is the workspace file's own name.

    Links are followed inside the workspace and refused out of it. Folders whose name begins with a dot are entered
    only where a glob names them.
    """
    patterns = [(glob, compile_glob(glob)) for glob in globs]
    any_glob = re.compile("|".join(f"(?:{pattern.pattern})" for _, pattern in patterns))
    search = _Search(os.fspath(root), patterns, any_glob, leave_out)
    for start, depth in _starts(globs):
        search.walk(start, depth)
    while search.links:
        folder, depth = search.links.pop(0)
        search.follow(folder, depth)
    found = search.found
    found.files = sorted(search.names | search.links_to_others())
    matched = [glob for glob, pattern in search.patterns if any(pattern.fullmatch(name) for name in found.files)]
    found.unmatched = [glob for glob in globs if glob not in matched]
    return found


def _starts(globs: Sequence[str]) -> list[tuple[str, int]]:
    """Where to begin, and how many levels to go down (-1: any): a repository is not walked for one folder of it."""
    starts: dict[str, int] = {}
    for glob in globs:
        folder, rest = split_glob(glob)
        depth = -1 if "**" in rest else len(rest) - 1
        known = starts.get(folder)
        starts[folder] = depth if known is None else -1 if -1 in (known, depth) else max(known, depth)
    return sorted(starts.items())


def split_glob(glob: str) -> tuple[str, list[str]]:
    """The folder that a glob begins in, and its parts from there on."""
    parts = [part for part in glob.split("/") if part not in ("", ".")]
    fixed = next((at for at, part in enumerate(parts[:-1]) if set(part) & set("*?[")), len(parts) - 1)
    return "/".join(parts[:fixed]), parts[fixed:]


@dataclass(slots=True)
class _Search:
    root: str
    patterns: list[tuple[str, re.Pattern[str]]]
    any_glob: re.Pattern[str]
    leave_out: str
    found: Found = field(default_factory=Found)
    names: set[str] = field(default_factory=set)
    linked_names: set[str] = field(default_factory=set)
    links: list[tuple[str, int]] = field(default_factory=list)
    entered: dict[str, int] = field(default_factory=dict)

    def walk(self, start: str, depth: int) -> None:
        waiting = [(start, depth)]
        while waiting:
            folder, depth = waiting.pop()
            before = self.entered.get(folder)
            if before is not None and (before == -1 or (depth != -1 and depth <= before)):
                continue
            self.entered[folder] = depth
            if not is_inside(self.root, os.path.normpath(os.path.join(self.root, folder))):
                continue  # the glob is reported as matching nothing
            prefix = folder + "/" if folder else ""
            try:
                with os.scandir(os.path.join(self.root, folder)) as entries:
                    for entry in entries:
                        self.look(entry, prefix + entry.name, depth, waiting)
            except FileNotFoundError:
                continue  # likewise
            except OSError as error:
                self.refuse("EXP001", folder or ".", "the folder can't be read", error.strerror or "")

    def look(self, entry: os.DirEntry[str], name: str, depth: int, waiting: list[tuple[str, int]]) -> None:
        matches = name != self.leave_out and self.any_glob.fullmatch(name) is not None
        if matches and entry.is_file(follow_symlinks=False) and name.isprintable():
            self.names.add(name)  # as nearly all are
            return
        is_link = entry.is_symlink()
        if is_link and (matches or depth != 0) and not self.stays_inside(entry.path, name, matched=matches):
            return
        if _leads_to(entry, os.DirEntry.is_dir):
            if matches and not is_link and not any(glob.endswith("**") for glob, _ in self.patterns):
                self.refuse("EXP001", name, "a folder bears the name of an experiment file", hint="rename it")
            elif depth != 0 and not entry.name.startswith("."):
                (self.links if is_link else waiting).append((name, depth - 1 if depth > 0 else -1))
        elif matches and self.is_usable(entry, name):
            (self.linked_names if is_link else self.names).add(name)

    def is_usable(self, entry: os.DirEntry[str], name: str) -> bool:
        if not name.isprintable():
            self.refuse(
                "EXP001", plain(name, 200), "the file's name has characters that can't be shown", hint="rename it"
            )
            return False
        if not _leads_to(entry, os.DirEntry.is_file):
            what = "is a link to nothing" if entry.is_symlink() else "is not a regular file"
            self.refuse("EXP001", name, f"the file {what}")
            return False
        return True

    def stays_inside(self, path: str, name: str, *, matched: bool) -> bool:
        target = os.path.realpath(path)
        if is_inside(self.root, target):
            return True
        if matched or _is_folder(target):
            self.refuse(
                "EXP016",
                plain(name, 200),
                "the link leads out of the workspace",
                "files outside are not under review with it",
                "move what it points to into the workspace",
            )
        return False

    def follow(self, folder: str, depth: int) -> None:
        """Enter a linked folder, unless what it points to was entered by another way already."""
        real = self.real_name(folder)
        if real in self.entered or f"{folder}/".startswith(f"{real}/") or real == ".":
            return
        self.walk(folder, depth)
        self.entered[real] = depth

    def links_to_others(self) -> set[str]:
        """The linked files whose targets were not found under their own names, so that none is read twice."""
        return {name for name in self.linked_names if self.real_name(name) not in self.names}

    def real_name(self, name: str) -> str:
        target = os.path.realpath(os.path.join(self.root, name))
        return os.path.relpath(target, self.root).replace(os.sep, "/")

    def refuse(self, code: str, name: str, message: str, detail: str = "", hint: str = "") -> None:
        self.found.diagnostics.append(Diagnostic(code, "error", Place(name), message, detail, hint))


def is_inside(root: str, target: str) -> bool:
    """Whether a resolved name is the root or below it, and not in what git keeps for itself: that may hold tokens."""
    if target == root:
        return True
    below = root.rstrip(os.sep) + os.sep
    return target.startswith(below) and not _GITS_OWN.search(target, len(below) - 1)


def _leads_to(entry: os.DirEntry[str], kind: Callable[[os.DirEntry[str]], bool]) -> bool:
    """Whether what an entry names, links followed, is of a kind; a link to itself is of none."""
    try:
        return kind(entry)
    except OSError:
        return False


def _is_folder(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except OSError:
        return False
