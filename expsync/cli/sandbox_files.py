"""A workspace's files behind the sandbox: what they say is served, and they are read again when they change."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from expsync.authoring.sown import world_of
from expsync.cli.session import today
from expsync.config.find import find_files
from expsync.config.load import load_declarations
from expsync.config.workspace import Workspace, load_workspace
from expsync.errors import ConfigError, ExpsyncError
from expsync.model.workspace import Environment
from expsync.render.problems import count_text, problem_text
from expsync.render.safe import visible
from expsync.render.view import counted
from expsync.sandbox.engine import Engine
from expsync.sandbox.messages import Reply, Request
from expsync.sandbox.store import SandboxError

READ_ONLY = (
    "this sandbox serves a workspace's files and takes no writes: change the files, and it reads them again, or serve "
    "one without --from"
)
"""What a write is told."""
LOOK_SECONDS = 0.2
"""The longest that a change goes unseen: the files are looked at when something is asked for."""
LOOK_SHARE = 10
"""Between two looks passes so many times as long as the first took: a few files are as good as always looked at."""

Stamp = tuple[int, int, int]
"""A file's time of change, size and inode; all -1 where it can't be looked at."""


@dataclass(slots=True)
class WorkspaceFiles:
    """The files of one workspace for one environment; `where` is a folder in it, or its workspace file."""

    where: Path
    environment: str | None
    environ: Mapping[str, str]
    workspace: Workspace = field(init=False)
    name: str = field(init=False)
    experiments: int = field(init=False, default=0)
    warnings: int = field(init=False, default=0)
    _chosen: Environment = field(init=False)
    _stamp: Stamp = field(init=False)
    _files: dict[str, Stamp] = field(init=False, default_factory=dict)
    _lists: dict[str, Stamp] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._open()

    def read(self) -> dict[str, JsonValue]:
        """The seed that the files amount to; ConfigError with every error where there is one."""
        # Each file's stamp is taken before it is read, so that a change while it is read shows in the next look.
        self._stamp = _stamp(os.fspath(self.workspace.path))
        self._open()
        self._files = self._found()
        before = {name: _stamp(name) for name in self._lists}
        loaded = load_declarations(self.workspace, self.name, today=today())
        self._lists = {name: before.get(name) or _stamp(name) for name in loaded.users_files}
        errors = [problem for problem in loaded.diagnostics if problem.severity == "error"]
        if errors:
            raise ConfigError(errors)
        self.experiments, self.warnings = len(loaded.declared), len(loaded.diagnostics)
        return world_of(loaded.declared, self._chosen, self.workspace.file.ownership)

    def changed(self) -> bool:
        """Whether a file came, went or changed since they were read."""
        return (
            _stamp(os.fspath(self.workspace.path)) != self._stamp
            or any(_stamp(name) != stamp for name, stamp in self._lists.items())
            or self._found() != self._files
        )

    def _open(self) -> None:
        config, folder = (None, self.where) if self.where.is_dir() else (self.where, Path.cwd())
        self.workspace = load_workspace(config, cwd=folder, environ=self.environ)
        self.name, self._chosen = self.workspace.environment(self.environment, self.environ)

    def _found(self) -> dict[str, Stamp]:
        root = os.fspath(self.workspace.root)
        found = find_files(self.workspace.root, self.workspace.file.experiments, leave_out=self.workspace.path.name)
        return {name: _stamp(f"{root}/{name}") for name in found.files}


class ServedFiles:
    """Answers requests out of an engine that holds what the files say; one at a time looks whether they changed.

    A change that can't be used is told, once, and what the files said before is served on.
    """

    def __init__(
        self,
        files: WorkspaceFiles,
        engine: Engine,
        *,
        say: Callable[[str], None],
        quiet: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._files = files
        self._engine = engine
        self._say = say
        self._quiet = quiet
        self._clock = clock
        self._lock = threading.Lock()
        _sow(engine, files)
        self._next_look = clock()

    def answer(self, request: Request) -> Reply:
        """The answer, by the files as they are now."""
        with self._lock:
            self._look()
        return self._engine.answer(request)

    def _look(self) -> None:
        now = self._clock()
        if now < self._next_look:
            return
        try:
            changed = self._files.changed()
            after = self._clock()
            self._next_look = after + min(LOOK_SECONDS, LOOK_SHARE * (after - now))
            if not changed:
                return
            _sow(self._engine, self._files)
        except ConfigError as error:
            for problem in error.diagnostics:
                self._say(problem_text(problem, colour=False))
            self._say(f"{count_text(error.diagnostics)}; what the files said before is still served")
        except (ExpsyncError, OSError) as error:
            self._say(visible(f"the files can't be read again: {error}; what they said before is still served"))
        else:
            if not self._quiet:
                self._say(f"the files were read again: {counted(self._files.experiments, 'experiment')}")


def _sow(engine: Engine, files: WorkspaceFiles) -> None:
    try:
        engine.replace_world(files.read())
    except SandboxError as error:
        raise ExpsyncError(str(error)) from error


def _stamp(name: str) -> Stamp:
    try:
        # Not of a Path: every file is looked at each time.
        found = os.stat(name)  # noqa: PTH116
    except (OSError, ValueError):
        return (-1, -1, -1)
    return (found.st_mtime_ns, found.st_size, found.st_ino)
