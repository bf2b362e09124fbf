"""Where things are, from where the user stands: the working directory need not be the workspace's folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from expsync.cli.options import Globals
from expsync.config.nearest import nearest_workspace


def seen_from_here(globals_: Globals) -> Callable[[str], str]:
    """A function that names a file of the workspace as it is called from the working directory."""
    path = nearest_workspace(Path.cwd()) if globals_.config is None else globals_.config.expanduser()
    return str if path is None else seen_from(Path(os.path.realpath(path.parent)))


def seen_from(root: Path) -> Callable[[str], str]:
    """The same for a workspace whose folder is known, with links resolved."""
    here = Path(os.path.realpath(Path.cwd()))

    def named(file: str) -> str:
        if root == here and not Path(file).is_absolute():
            return file
        return Path(os.path.relpath(root / file, here)).as_posix()

    return named
