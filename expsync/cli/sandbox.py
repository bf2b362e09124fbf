"""`expsync sandbox`: the emulator, over HTTP."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import click

from expsync.cli.help import ExpsyncCommand, ExpsyncGroup
from expsync.cli.memory import collect_again
from expsync.cli.options import Globals, with_globals
from expsync.cli.suggest import faults as suggested_faults
from expsync.cli.suggest import folders
from expsync.errors import ExpsyncError, UsageError

if TYPE_CHECKING:
    from expsync.config.workspace import Workspace
    from expsync.sandbox.engine import Engine
    from expsync.sandbox.server import Answers

Keys: TypeAlias = dict[str, frozenset[str] | None] | None
"""API keys with the projects that each may touch; None asks for no key."""
_SHOWN = 10
"""Deployments that are named at the start."""


@click.group("sandbox", cls=ExpsyncGroup, examples=[("the API on this machine", "expsync sandbox serve --port 8377")])
@with_globals
def command(_: Globals) -> None:
    """The emulator of the API."""


@command.command(
    "serve",
    cls=ExpsyncCommand,
    short_help="Serve it over HTTP until Ctrl-C.",
    examples=[
        ("run an app against the experiments of a branch", "expsync sandbox serve --from ."),
        ("see what an apply does when the third call fails", "expsync sandbox serve --fault 500-after@3"),
    ],
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8377, show_default=True, help="The port; 0 takes any free one."
)
@click.option(
    "--seed",
    type=click.Path(path_type=Path),
    metavar="DIR",
    shell_complete=folders,
    help="Start with the projects that the JSON files of this folder describe.",
)
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Serve what a workspace's files say, read again when they change; DIR is a folder in it, or its file. Takes "
    "no writes and keeps nothing.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="FAULT",
    shell_complete=suggested_faults,
    help="Let a request go wrong: 429@3, 500-after@3, cut-before@3, timeout-after@3, half@3, garbage@3, or rate=100. "
    "May be given again.",
)
@click.option(
    "--api-key-env",
    metavar="NAME",
    help="The environment variable that holds the one key to accept; without it no key is asked for.",
)
@with_globals
def serve(
    globals_: Globals,
    host: str,
    port: int,
    seed: Path | None,
    source: Path | None,
    faults: tuple[str, ...],
    api_key_env: str | None,
) -> None:
    """Serve the emulator over HTTP until Ctrl-C.

    In a workspace its state is .expsync/sandbox.db beside expsync.yaml, the same that `baseUrl: sandbox` uses;
    elsewhere it is kept in memory and gone at the end.

    The vendor's SDKs are served as well: their server URL is the address that is shown, and their deployment key a
    deployment's name, such as web.
    """
    from expsync.sandbox import server
    from expsync.sandbox.faults import Faults
    from expsync.sandbox.store import SandboxError

    collect_again()
    keys = _keys(api_key_env)
    try:
        planned = Faults.parse(faults)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if source is not None and (seed is not None or globals_.config is not None):
        other = "--seed" if seed is not None else "--config"
        raise UsageError(f"--from and {other} can't be used together: --from alone says what is served")
    opened = _kept(globals_, seed, keys) if source is None else _read(globals_, source, keys)
    try:
        with opened as served:

            def announce(url: str) -> None:
                if not globals_.quiet:
                    click.echo("\n".join(_announcement(url, served)), err=True)

            server.serve(served.answers, host=host, port=port, faults=planned, announce=announce)
    except SandboxError as error:
        raise ExpsyncError(str(error)) from error


@dataclass(frozen=True, slots=True)
class _Served:
    """What is served, and what is said of it; `takes_writes` where a workspace can be pointed at it."""

    answers: Answers
    engine: Engine
    told: str
    takes_writes: bool


@contextmanager
def _kept(globals_: Globals, seed: Path | None, keys: Keys) -> Iterator[_Served]:
    """The workspace's own sandbox, or an empty one in memory where there is no workspace."""
    from expsync.sandbox.engine import Engine
    from expsync.sandbox.seed import load_seed
    from expsync.sandbox.store import Store

    workspace = _workspace(globals_)
    path = workspace.root / ".expsync" / "sandbox.db" if workspace is not None else None
    with Store(path) as store:
        engine = Engine(store, keys=keys)
        if workspace is not None:
            _keep_projects(engine, workspace)
        if seed is not None:
            load_seed(engine, seed)
        told = f"its state is {path}" if path is not None else "its state is in memory"
        yield _Served(engine, engine, told, takes_writes=True)


@contextmanager
def _read(globals_: Globals, source: Path, keys: Keys) -> Iterator[_Served]:
    """What the files under `source` say, in memory."""
    from expsync.cli.sandbox_files import READ_ONLY, ServedFiles, WorkspaceFiles
    from expsync.sandbox.engine import Engine
    from expsync.sandbox.store import Store

    def say(text: str) -> None:
        click.echo(text, err=True)

    files = WorkspaceFiles(source, globals_.environment, os.environ)
    with Store(None) as store:
        engine = Engine(store, keys=keys, read_only=READ_ONLY)
        answers = ServedFiles(files, engine, say=say, quiet=globals_.quiet)
        told = f"it serves what the files of {files.workspace.root} say for the environment {files.name}"
        yield _Served(answers, engine, told, takes_writes=False)


def _announcement(url: str, served: _Served) -> list[str]:
    from expsync.render.safe import visible

    lines = [f"the sandbox listens at {url}; {visible(served.told)}"]
    if served.takes_writes:
        lines.append(f"point a workspace at it with `baseUrl: {url}`, or with EXPSYNC_BASE_URL={url}")
    names = [visible(name) for name in served.engine.deployment_names()]
    if names:
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        lines.append(
            f"point an SDK at it with that as its server URL, and a deployment key: {', '.join(names[:_SHOWN])}{more}"
        )
    elif not served.takes_writes:
        lines.append("no SDK can ask it: the environment has no deployments; add some in expsync.yaml")
    return lines


def _keys(variable: str | None) -> Keys:
    if variable is None:
        return None
    key = os.environ.get(variable, "")
    if not key:
        raise UsageError(f"--api-key-env {variable}: the variable is not set, or empty")
    return {key: None}


def _workspace(globals_: Globals) -> Workspace | None:
    """The workspace that the sandbox belongs to; None where there is none and none was asked for."""
    from expsync.config.nearest import nearest_workspace
    from expsync.config.workspace import load_workspace

    here = Path.cwd()
    if globals_.config is None and nearest_workspace(here) is None:
        return None
    return load_workspace(globals_.config, cwd=here, environ=os.environ)


def _keep_projects(engine: Engine, workspace: Workspace) -> None:
    """Nothing; the projects of the workspace's sandbox environments are there, with their deployments."""
    from expsync.model.workspace import SANDBOX

    for environment in workspace.file.environments.values():
        if environment.url == SANDBOX:
            labels = {str(id_): alias for alias, id_ in environment.deployments.items()}
            engine.ensure_project(environment.project, labels)
