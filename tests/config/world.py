"""Small workspaces in a folder of the test's own."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from expsync.config.load import Loaded, Workspace, load_declarations, load_workspace
from expsync.diagnostics import Diagnostic

WORKSPACE = """\
version: 1
environments:
  sandbox: {baseUrl: sandbox, projectId: 1001, deployments: {web: "101", ios: "102"}}
  prod: {region: us, projectId: "2002", deployments: {web: "9301", ios: "9302"}}
"""
TODAY = date(2026, 2, 1)


class Case:
    """A file's text, and what is to be said of it: `CODE line:column message`, warnings marked."""

    def __init__(self, name: str, text: str | bytes, *expected: str) -> None:
        self.name = name
        self.text = text
        self.expected = expected


def workspace_in(folder: Path, files: dict[str, str | bytes], *, workspace: str = WORKSPACE) -> Workspace:
    """A workspace with these files, by their names relative to it."""
    for name, text in {"expsync.yaml": workspace, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_workspace(folder / "expsync.yaml", cwd=folder, environ={})


def load_one(folder: Path, text: str | bytes, environment: str | None = None, *, workspace: str = WORKSPACE) -> Loaded:
    """What is loaded from a workspace with one experiment file, `experiments/a.yaml`."""
    made = workspace_in(folder, {"experiments/a.yaml": text}, workspace=workspace)
    return load_declarations(made, environment, today=TODAY)


def brief(diagnostic: Diagnostic) -> str:
    """`EXP104 2:20 rolloutPercentage is out of range`; a warning is marked, and a place that is unknown left out."""
    place = diagnostic.place
    where = f"{place.line}:{place.column} " if place is not None and place.line else ""
    return f"{'' if diagnostic.severity == 'error' else 'warning '}{diagnostic.code} {where}{diagnostic.message}"


def placed(diagnostic: Diagnostic) -> str:
    """The same with the file's name."""
    return f"{diagnostic.code} {diagnostic.place} {diagnostic.message}"
