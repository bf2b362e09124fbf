"""The embedded sandbox as a transport, with its state in a file beside the workspace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from expsync.errors import ExpsyncError
from expsync.model.workspace import Environment
from expsync.sandbox.embedded import EmbeddedTransport
from expsync.sandbox.engine import Engine
from expsync.sandbox.store import SandboxError, Store


@contextmanager
def sandbox_transport(path: Path, environment: Environment) -> Iterator[httpx.BaseTransport]:
    """A transport to the emulator; the environment's project and deployments are there from the start."""
    for link in (path.parent, path):
        if link.is_symlink():
            raise ExpsyncError(
                f"{link}: is a link, and the sandbox keeps its state in the workspace alone",
                hint="remove the link; it is made anew",
            )
    try:
        with Store(path) as store:
            engine = Engine(store)
            engine.ensure_project(
                environment.project, {str(id): alias for alias, id in environment.deployments.items()}
            )
            yield EmbeddedTransport(engine)
    except SandboxError as error:
        raise ExpsyncError(str(error), hint=f"remove {path} to start with an empty sandbox") from None
