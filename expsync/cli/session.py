"""The parts, put together: the workspace, one environment of it, what the files want there, and its client."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from expsync.api.client import Client
from expsync.cli.options import Globals
from expsync.cli.progress import Progress
from expsync.config.load import collector_paused, load_declarations
from expsync.config.workspace import Workspace, load_workspace
from expsync.errors import ConfigError, ExpsyncError
from expsync.model.experiment import Declared
from expsync.model.workspace import SANDBOX, Environment
from expsync.render.safe import visible

if TYPE_CHECKING:
    from expsync.core.normalize import Desired

STATE_FOLDER = ".expsync"
"""Where the embedded sandbox keeps its state, beside the workspace file."""


class Session(NamedTuple):
    """One environment of a workspace, for one command."""

    globals: Globals
    workspace: Workspace
    name: str
    environment: Environment

    @contextmanager
    def client(self, *, sleep: Callable[[float], None] = time.sleep) -> Iterator[Client]:
        """The environment's client; for `baseUrl: sandbox` it talks to the emulator inside this process."""
        limits = self.workspace.file.limits
        trace = _say_trace if self.globals.verbose else None
        with ExitStack() as stack:
            transport = None
            if self.environment.url == SANDBOX:
                from expsync.cli.embedded import sandbox_transport

                transport = stack.enter_context(
                    sandbox_transport(self.workspace.root / STATE_FOLDER / "sandbox.db", self.environment)
                )
            key = None if transport is not None else os.environ.get(self.environment.apiKeyEnv)
            yield stack.enter_context(
                Client(
                    base_url=self.environment.url,
                    api_key=key,
                    project_id=self.environment.project,
                    environment=self.name,
                    key_variable=self.environment.apiKeyEnv,
                    requests_per_second=limits.requestsPerSecond,
                    timeout=limits.timeout,
                    transport=transport,
                    trace=trace,
                    sleep=sleep,
                )
            )

    def declared(self) -> list[Desired]:
        """What the files want here, ready to be compared; ConfigError with every problem if one is an error."""
        from expsync.core.normalize import desired_state

        with collector_paused():
            return [desired_state(declared, self.environment) for declared in self.declarations()]

    def declarations(self) -> Sequence[Declared]:
        """The declarations of the files, by key; ConfigError with every problem if there is an error among them."""
        with Progress(self.globals, "reading files") as progress:
            loaded = load_declarations(self.workspace, self.name, today=today(), advance=progress.update)
        if any(problem.severity == "error" for problem in loaded.diagnostics):
            raise ConfigError(loaded.diagnostics)
        if loaded.diagnostics and not self.globals.quiet:
            count = len(loaded.diagnostics)
            said = "a warning" if count == 1 else f"{count} warnings"
            click.echo(f"{said} about the files: `expsync validate` shows {'it' if count == 1 else 'them'}", err=True)
        return loaded.declared


def open_session(globals_: Globals, *, environment: str | None = None) -> Session:
    """The session for the environment that was asked for; ConfigError where the workspace can't be used."""
    workspace = load_workspace(globals_.config, cwd=Path.cwd(), environ=os.environ)
    name, chosen = workspace.environment(environment or globals_.environment, os.environ)
    return Session(globals_, workspace, name, chosen)


def today() -> date:
    """The day by which acknowledgements count, in UTC."""
    return datetime.now(UTC).date()


def is_targeted(key: str, targets: Sequence[str]) -> bool:
    """Whether a key is among what was asked for; no targets means all."""
    return not targets or any(fnmatchcase(key, target) for target in targets)


def check_targets(targets: Sequence[str], keys: set[str]) -> None:
    """ExpsyncError for a target that is neither declared nor live: most likely a slip of the pen."""
    for target in targets:
        if any(fnmatchcase(key, target) for key in keys):
            continue
        if not set(target) & set("*?["):
            from difflib import get_close_matches

            near = get_close_matches(target, sorted(keys), n=1)
            raise ExpsyncError(
                f"no experiment is called {target!r}, neither in the files nor live",
                hint=f"did you mean {near[0]!r}?" if near else "-t takes keys, or globs such as 'checkout-*'",
            )
        click.echo(f"warning: nothing matches the target '{visible(target)}'", err=True)


def _say_trace(line: str) -> None:
    click.echo(line, err=True)
