"""Files as they were at a commit, asked of the `git` program; the work tree and the index are never touched.

Arguments go to git as a list, without a shell; names and contents come back separated by NUL or by their length. Time
and size are bounded. `git archive` would be simpler, but leaves out what `export-ignore` names.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from expsync.config.wording import plain, quote
from expsync.errors import ExpsyncError, UsageError

SECONDS = 120
"""One run of git may take so long: a partial clone fetches what it lacks."""
MAX_OUTPUT = 512 * 1024 * 1024
"""Bytes that one run of git may print: some millions of names, or all the files of a very large workspace."""
_NO_SUCH = "Needed a single revision"
"""How git says that it knows no such commit; our own words are plainer."""
_LINKS = "120000"
_FILES = ("100644", "100755")


@dataclass(frozen=True, slots=True)
class Entry:
    """A name in a commit, relative to the folder that was asked about, with `/`."""

    name: str
    id: str
    """The blob's."""
    is_link: bool


class _GitError(ExpsyncError):
    """Git said no; the message is made of its own words."""


@dataclass(frozen=True, slots=True)
class Repository:
    """The repository that a folder is in. `prefix` is the folder's name in it: empty, or ending in `/`.

    `hidden` are environment variables that git, and the hooks and helpers that it runs, need not see: API keys.
    """

    folder: Path
    prefix: str
    hidden: frozenset[str] = frozenset()

    @classmethod
    def around(cls, folder: Path, *, hidden: Iterable[str] = ()) -> Repository:
        """The repository around a folder; ExpsyncError where there is no git, or no repository."""
        try:
            out = _git(folder, frozenset(hidden), "rev-parse", "--show-prefix")
        except _GitError as error:
            raise ExpsyncError(
                f"{plain(str(folder), 200)} is in no git repository that can be read: {error.message}",
                hint="the base is a commit of the repository that the workspace is in",
            ) from None
        return cls(folder, os.fsdecode(out.removesuffix(b"\n")), frozenset(hidden))

    def commit(self, ref: str) -> str:
        """The full id of the commit that `ref` names; ExpsyncError where it names none."""
        # What begins with a dash would be taken for an option, and what git can't name is asked of it in vain.
        if not ref or ref.startswith("-") or not ref.isprintable():
            raise UsageError(f"{quote(ref)} can't be a commit", hint="give a branch, a tag or a commit, such as main")
        try:
            out = _git(self.folder, self.hidden, "rev-parse", "--verify", f"{ref}^{{commit}}")
        except _GitError as error:
            said = "" if error.message == _NO_SUCH else f": {error.message}"
            raise ExpsyncError(
                f"git knows no commit {quote(ref)}{said}",
                hint="fetch it first; a pipeline's clone often has one commit alone (fetch-depth: 0 brings all)",
            ) from None
        return out.decode("ascii", "replace").strip()

    def entries(self, commit: str) -> list[Entry]:
        """The files and links below the folder at that commit, in git's order; submodules are left out."""
        arguments = ["ls-tree", "-r", "-z", "--full-tree", commit]
        if self.prefix:
            arguments += ["--", self.prefix]
        found: list[Entry] = []
        for line in _git(self.folder, self.hidden, *arguments).split(b"\0"):
            if not line:
                continue
            described, _, raw = line.partition(b"\t")
            mode, _, id = described.decode("ascii", "replace").split(" ")
            name = os.fsdecode(raw)
            if name.startswith(self.prefix) and mode in (*_FILES, _LINKS):
                found.append(Entry(name.removeprefix(self.prefix), id, mode == _LINKS))
        return found

    def contents(self, ids: Iterable[str], *, limit: int) -> dict[str, bytes]:
        """The bytes of these blobs by id, without those that have more than `limit`."""
        asked = list(dict.fromkeys(ids))
        if not asked:
            return {}
        check = _git(self.folder, self.hidden, "cat-file", "--batch-check", given=_lines(asked))
        sizes = dict(_size(line) for line in check.decode("ascii", "replace").splitlines())
        small = [id for id in asked if sizes[id] <= limit]
        out = _git(self.folder, self.hidden, "cat-file", "--batch", given=_lines(small)) if small else b""
        found: dict[str, bytes] = {}
        at = 0
        for id in small:
            # Each blob stands behind a line with its id, kind and size, and before a line break.
            at = out.index(b"\n", at) + 1
            found[id] = out[at : at + sizes[id]]
            at += sizes[id] + 1
        return found


def _size(line: str) -> tuple[str, int]:
    match line.split(" "):
        case [id, "blob", size]:
            return id, int(size)
    raise ExpsyncError(
        f"git can't give a file of the base: {plain(line)}",
        hint="the clone may be partial or damaged: `git fsck` tells",
    )


def _lines(ids: Sequence[str]) -> bytes:
    return "".join(f"{id}\n" for id in ids).encode("ascii")


def _git(folder: Path, hidden: frozenset[str], *arguments: str, given: bytes = b"") -> bytes:
    """What git prints; _GitError with its first words where it fails, takes too long, or prints too much."""
    program = shutil.which("git")
    if program is None:
        raise ExpsyncError(
            "there is no git on this machine, and the base is read from it",
            hint="install git, or run without --base",
        )
    fixed = ("--no-pager", "--no-optional-locks", "--literal-pathspecs", "-C", os.fspath(folder))
    # Files take no part in a deadlock, as pipes would that both sides wait on.
    with tempfile.TemporaryFile() as questions, tempfile.TemporaryFile() as complaints:
        questions.write(given)
        questions.seek(0)
        out, code, late = _run([program, *fixed, *arguments], _settings(os.environ, hidden), questions, complaints)
        complaints.seek(0)
        said = complaints.read(4000).decode("utf-8", "replace")
    if late:
        raise _GitError(f"git {arguments[0]} took more than {SECONDS} seconds")
    if len(out) > MAX_OUTPUT:
        raise _GitError(f"git {arguments[0]} printed more than {MAX_OUTPUT:,} bytes")
    if code != 0:
        raise _GitError(plain(said.strip().removeprefix("fatal: "), 300) or f"git {arguments[0]} ended with {code}")
    return out


def _run(
    command: Sequence[str], settings: Mapping[str, str], questions: IO[bytes], complaints: IO[bytes]
) -> tuple[bytes, int, bool]:
    """What was printed (one byte more than the limit at most), the exit code, and whether time ran out."""
    late = threading.Event()
    with subprocess.Popen(command, stdin=questions, stdout=subprocess.PIPE, stderr=complaints, env=settings) as running:

        def end() -> None:
            late.set()
            running.kill()

        timer = threading.Timer(SECONDS, end)
        timer.start()
        try:
            assert running.stdout is not None
            out = running.stdout.read(MAX_OUTPUT + 1)
            if len(out) > MAX_OUTPUT:
                running.kill()
            code = running.wait()
        except BaseException:
            running.kill()
            raise
        finally:
            timer.cancel()
    return out, code, late.is_set()


def _settings(environ: Mapping[str, str], hidden: frozenset[str]) -> dict[str, str]:
    """The environment for git: the user's own, with English messages, and nobody asked for a password."""
    shown = {name: value for name, value in environ.items() if name not in hidden}
    return {"GIT_TERMINAL_PROMPT": "0", **shown, "LC_ALL": "C"}
