"""`expsync sandbox`: the emulator, over HTTP."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from expsync.cli.options import ExpsyncCommand, ExpsyncGroup, Globals, remember, with_globals
from expsync.errors import ExpsyncError, UsageError

if TYPE_CHECKING:
    from expsync.config.workspace import Workspace
    from expsync.sandbox.engine import Engine


@click.group("sandbox", cls=ExpsyncGroup)
@with_globals
def command(globals_: Globals) -> None:
    """The emulator of the API."""
    remember(click.get_current_context(), globals_)


@command.command("serve", cls=ExpsyncCommand, short_help="Serve it over HTTP until Ctrl-C.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8377, show_default=True, help="The port; 0 takes any free one."
)
@click.option(
    "--seed",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Start with the projects that the JSON files of this folder describe.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="FAULT",
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
    globals_: Globals, host: str, port: int, seed: Path | None, faults: tuple[str, ...], api_key_env: str | None
) -> None:
    """Serve the emulator over HTTP until Ctrl-C.

    In a workspace its state is .expsync/sandbox.db beside expsync.yaml, the same that `baseUrl: sandbox` uses;
    elsewhere it is kept in memory and gone at the end.
    """
    from expsync.sandbox import server
    from expsync.sandbox.engine import Engine
    from expsync.sandbox.faults import Faults
    from expsync.sandbox.seed import load_seed
    from expsync.sandbox.store import SandboxError, Store

    keys = _keys(api_key_env)
    try:
        planned = Faults.parse(faults)
    except ValueError as error:
        raise UsageError(str(error)) from None
    workspace = _workspace(globals_)
    path = workspace.root / ".expsync" / "sandbox.db" if workspace is not None else None

    def announce(url: str) -> None:
        kept = f"its state is {path}" if path is not None else "its state is in memory"
        if not globals_.quiet:
            click.echo(f"the sandbox listens at {url}; {kept}", err=True)
            click.echo(f"point a workspace at it with `baseUrl: {url}`, or with EXPSYNC_BASE_URL={url}", err=True)

    try:
        with Store(path) as store:
            engine = Engine(store, keys=keys)
            if workspace is not None:
                _keep_projects(engine, workspace)
            if seed is not None:
                load_seed(engine, seed)
            server.serve(engine, host=host, port=port, faults=planned, announce=announce)
    except SandboxError as error:
        raise ExpsyncError(str(error)) from error


def _keys(variable: str | None) -> dict[str, frozenset[str] | None] | None:
    if variable is None:
        return None
    key = os.environ.get(variable, "")
    if not key:
        raise UsageError(f"--api-key-env {variable}: the variable is not set, or empty")
    return {key: None}


def _workspace(globals_: Globals) -> Workspace | None:
    """The workspace that the sandbox belongs to; None where there is none and none was asked for."""
    from expsync.config.workspace import FILE_NAME, load_workspace

    here = Path.cwd()
    if globals_.config is None and not any((folder / FILE_NAME).is_file() for folder in (here, *here.parents)):
        return None
    return load_workspace(globals_.config, cwd=here, environ=os.environ)


def _keep_projects(engine: Engine, workspace: Workspace) -> None:
    """Nothing; the projects of the workspace's sandbox environments are there, with their deployments."""
    from expsync.model.workspace import SANDBOX

    for environment in workspace.file.environments.values():
        if environment.url == SANDBOX:
            labels = {str(id_): alias for alias, id_ in environment.deployments.items()}
            engine.ensure_project(environment.project, labels)
