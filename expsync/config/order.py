"""The canonical order of the keys at a path of a file."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from expsync.config.canonical_order import field_order
from expsync.config.fields import model_at
from expsync.config.parsed import Path
from expsync.model.experiment import Experiment
from expsync.model.workspace import WorkspaceFile


def experiment_order(path: Path) -> Sequence[str]:
    """The fields at a path of an experiment's document, in order; empty where keys are free, as in a payload."""
    return _order(Experiment, path)


def workspace_order(path: Path) -> Sequence[str]:
    """The same for the workspace file."""
    return _order(WorkspaceFile, path)


def _order(model: type[BaseModel], path: Path) -> Sequence[str]:
    found = model_at(model, path)
    return () if found is None else field_order(found)
