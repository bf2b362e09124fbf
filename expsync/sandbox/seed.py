"""Worlds from files, to start a sandbox with."""

from __future__ import annotations

import json
from pathlib import Path

from expsync.sandbox.engine import Engine
from expsync.sandbox.store import SandboxError


def load_seed(engine: Engine, directory: Path) -> list[str]:
    """The ids of the projects that the folder's `*.json` files describe, in the order of the files' names.

    Each file is one project, taken whole or not at all; SandboxError names the file and the place in it.
    """
    if not directory.is_dir():
        raise SandboxError(f"{directory}: is no folder; name one that holds seed files (*.json)")
    paths = sorted(directory.glob("*.json"))
    if not paths:
        raise SandboxError(f"{directory}: holds no seed file (*.json)")
    return [_load(engine, path) for path in paths]


def _load(engine: Engine, path: Path) -> str:
    try:
        world = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise SandboxError(f"{path}: can't be read as JSON: {error}") from error
    if not isinstance(world, dict):
        raise SandboxError(f"{path}: must hold one JSON object, with projectId, deployments and experiments")
    try:
        engine.import_world(world)
    except SandboxError as error:
        raise SandboxError(f"{path}: {error}") from error
    return str(world["projectId"])
