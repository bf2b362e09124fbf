"""What is said of globs that match no file."""

from __future__ import annotations

from collections.abc import Sequence

from expsync.config.check import adjustable
from expsync.config.report import Located
from expsync.config.wording import quote
from expsync.config.workspace import Workspace
from expsync.config.yaml import parse_with_places
from expsync.diagnostics import Diagnostic, Place


def unmatched_globs(workspace: Workspace, unmatched: Sequence[str]) -> list[Diagnostic]:
    """What is said of globs without a file; `.yml` needs none beside a `.yaml` that has some, nor the other way."""
    globs = workspace.file.experiments
    matched = {_stem(glob) for glob in globs if glob not in unmatched}
    diagnostics: list[Diagnostic] = []
    told: set[str] = set()
    for index, glob in enumerate(globs):
        stem = _stem(glob)
        if stem in matched or stem in told:
            continue
        told.add(stem)
        place = _glob_place(workspace, index)
        hint = "correct it under `experiments:`, or add a file"
        message = f"no file matches {quote(glob)}"
        diagnostics.extend(adjustable(workspace, "EXP404", place, message, hint))
    return diagnostics


def _stem(glob: str) -> str:
    return glob.removesuffix(".yaml").removesuffix(".yml")


def _glob_place(workspace: Workspace, index: int) -> Place:
    """Where the glob stands in the workspace file, or its first line where the default globs are in use."""
    name = workspace.path.name
    try:
        content = workspace.path.read_bytes()
    except OSError:
        return Place(name)
    located = Located(name, parse_with_places(content))
    spot = located.document(0).places.get(("experiments", index))
    return Place(name, spot.line, spot.column) if spot else Place(name, 1, 1)
