"""What the files of a workspace declared at a commit: only declarations, never an address to talk to.

The files are put into a temporary directory outside of the work tree and read by the loader that reads them everywhere:
the workspace file of that commit, what its globs match there, and the lists of users that those name.
"""

from __future__ import annotations

import posixpath
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from pydantic import JsonValue

from expsync.authoring.git import Entry, Repository
from expsync.config.find import compile_glob
from expsync.config.inclusions import MAX_BYTES as MAX_USERS_BYTES
from expsync.config.lint import ADJUSTABLE
from expsync.config.load import Workspace, collector_paused, load_declarations, load_workspace
from expsync.config.wording import plain
from expsync.config.yaml import YamlError, parse
from expsync.config.yaml_text import MAX_BYTES
from expsync.core.normalize import Desired, desired_state
from expsync.diagnostics import Diagnostic, Place
from expsync.errors import ConfigError, ExpsyncError
from expsync.model.workspace import DEFAULT_KEY_VARIABLE


@dataclass(frozen=True, slots=True)
class Revision:
    """What was declared at a commit, by key.

    `nothing` says why nothing was, where that is so as a whole; `problems` are what stood in the way of single files,
    whose experiments then count as not declared.
    """

    ref: str
    commit: str
    declared: Mapping[str, Desired] = field(default_factory=dict)
    nothing: str = ""
    problems: tuple[Diagnostic, ...] = ()


def read_revision(workspace: Workspace, environment: str, ref: str) -> Revision:
    """What the workspace's files declared for an environment at the commit that `ref` names.

    ExpsyncError where that can't be known: no git, no repository, no such commit.
    """
    keys = {known.apiKeyEnv for known in workspace.file.environments.values()}
    repository = Repository.around(workspace.root, hidden=keys | {DEFAULT_KEY_VARIABLE})
    commit = repository.commit(ref)
    entries = [entry for entry in repository.entries(commit) if _is_plain_name(entry.name)]
    with tempfile.TemporaryDirectory(prefix="expsync-") as folder:
        copy = _Copy(Path(folder).resolve(), repository, {entry.name: entry for entry in entries})
        try:
            return _read(copy, workspace.path.name, environment, Revision(ref, commit))
        except OSError as error:
            raise ExpsyncError(
                f"the files of {plain(ref)} can't be put aside in {folder}: {plain(error.strerror or '')}",
                hint="free space there, or let TMPDIR name another folder",
            ) from None


@dataclass(frozen=True, slots=True)
class _Copy:
    """The files of one commit, put into `root` as they are asked for."""

    root: Path
    repository: Repository
    entries: Mapping[str, Entry]

    def bring(self, names: Sequence[str], *, limit: int) -> dict[str, bytes]:
        """The bytes of these files, which are now in the folder too; links, and what is too big, are left out."""
        wanted = {name: self.entries[name].id for name in names if not self.entries[name].is_link}
        contents = self.repository.contents(wanted.values(), limit=limit)
        brought = {name: contents[id] for name, id in wanted.items() if id in contents}
        for name, content in brought.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return brought


def _read(copy: _Copy, file: str, environment: str, revision: Revision) -> Revision:
    def empty(why: str) -> Revision:
        return Revision(revision.ref, revision.commit, nothing=why)

    entry = copy.entries.get(file)
    if entry is None:
        return empty(f"{plain(file)} is not there")
    if not copy.bring([file], limit=MAX_BYTES):
        return empty(f"{plain(file)} is {'a link' if entry.is_link else 'too large'} there")
    try:
        # No setting of today's has a say in what was declared then.
        workspace = load_workspace(Path(file), cwd=copy.root, environ={})
    except ConfigError as error:
        return empty(f"{plain(file)} can't be used there: {error.diagnostics[0].message}")
    if environment not in workspace.file.environments:
        return empty(f'there is no environment "{plain(environment)}" there')
    problems = _bring_experiments(copy, workspace)
    # What it took to be good then is not asked again: rules change, and so does the day.
    lenient = workspace.file.model_copy(update={"rules": dict.fromkeys(ADJUSTABLE, "off")})
    loaded = load_declarations(Workspace(workspace.root, workspace.path, lenient), environment)
    here = workspace.file.environments[environment]
    with collector_paused():
        declared = {found.key: desired_state(found, here) for found in loaded.declared}
    errors = tuple(problem for problem in loaded.diagnostics if problem.severity == "error")
    return Revision(revision.ref, revision.commit, declared, problems=(*problems, *errors))


def _bring_experiments(copy: _Copy, workspace: Workspace) -> list[Diagnostic]:
    """What stood in the way of bringing the files that the globs match, and the users' lists that they name."""
    patterns = [compile_glob(glob) for glob in workspace.file.experiments]
    names = [
        name
        for name in copy.entries
        if name != workspace.path.name and any(pattern.fullmatch(name) for pattern in patterns)
    ]
    brought = copy.bring(names, limit=MAX_BYTES)
    lists = {users for name, content in brought.items() for users in _lists_named(name, content)}
    copy.bring(sorted(lists & copy.entries.keys()), limit=MAX_USERS_BYTES)
    return [
        Diagnostic("EXP001", "error", Place(plain(name, 200)), "it is a link" if entry.is_link else "it is too large")
        for name, entry in ((name, copy.entries[name]) for name in names)
        if name not in brought
    ]


def _lists_named(file: str, content: bytes) -> Iterator[str]:
    """The names, from the workspace's folder, of the users' lists that a file may name."""
    if b"inclusions" not in content or b"file" not in content:
        return
    try:
        waiting: list[JsonValue] = [document.value for document in parse(content)]
    except YamlError:
        return  # the loader says what is wrong with it
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, dict):
            waiting.extend(value.values())
            match value.get("inclusions"):
                case {"file": str(name)}:
                    yield posixpath.normpath(posixpath.join(posixpath.dirname(file), name))


def _is_plain_name(name: str) -> bool:
    """Whether a name from a commit stays below the folder: a tree made by hand may hold anything."""
    parts = name.split("/")
    # The path's own parts are others where a separator or a drive of this system stands in a name.
    return PurePath(name).parts == tuple(parts) and not any(part == ".." or part.lower() == ".git" for part in parts)
