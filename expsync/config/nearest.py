"""Where the workspace is: the file found from a folder upwards, without a look into it."""

from __future__ import annotations

import os
from pathlib import Path

FILE_NAME = "expsync.yaml"


def nearest_workspace(start: Path, *, above: bool = True) -> Path | None:
    """The `expsync.yaml` in `start` or in the nearest folder `above` it; None where there is none that can be seen.

    A folder that may not be looked into is passed by: what is above it may be seen all the same.
    """
    here = start.absolute()
    for folder in (here, *(here.parents if above else ())):
        path = folder / FILE_NAME
        # Path.is_file raises where a folder on the way is closed.
        if os.path.isfile(path):  # noqa: PTH113
            return path
    return None
