"""A workspace with the embedded sandbox, used through the command line, with a wire to watch and to break."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from expsync.cli import embedded
from expsync.cli.interrupt import Interruption
from expsync.sandbox.embedded import EmbeddedTransport
from expsync.sandbox.engine import Engine, Request
from expsync.sandbox.store import Store
from tests.apply.world import DEPLOYMENTS, PROJECT, Trouble, Wire

FILE = """\
version: 1
defaultEnvironment: test
environments:
  test: {baseUrl: sandbox, projectId: "1001", deployments: {web: "101", ios: "102"}}
  other: {baseUrl: sandbox, projectId: "2002", deployments: {web: "201"}}
"""
TAGS = ["managed-by-expsync"]


@dataclass
class Workspace:
    """The folder, what was sent by each command that talked to the sandbox, and what goes wrong on the way."""

    root: Path
    troubles: list[Trouble] = field(default_factory=list)
    wires: list[Wire] = field(default_factory=list)

    @property
    def asked(self) -> list[str]:
        """What was sent, by all commands, in order."""
        return [name for wire in self.wires for name in wire.asked]

    @property
    def writes(self) -> list[str]:
        return [name for wire in self.wires for name in wire.writes]

    def forget(self) -> None:
        self.wires.clear()

    def configure(self, text: str) -> None:
        """Nothing; the workspace file has this at its end."""
        (self.root / "expsync.yaml").write_text(FILE + text, encoding="utf-8")

    def declare(self, *experiments: Mapping[str, Any]) -> None:
        """Nothing; the files declare these experiments and no others."""
        for path in (self.root / "experiments").glob("*.yaml"):
            path.unlink()
        for experiment in experiments:
            self.path(experiment["key"]).write_text(json.dumps(experiment), encoding="utf-8")

    def path(self, key: str) -> Path:
        return self.root / "experiments" / f"{key}.yaml"

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        """The sandbox that the commands use, for somebody else's hands."""
        with Store(self.root / ".expsync" / "sandbox.db") as store:
            yield Engine(store)

    def sow(self, *experiments: Mapping[str, Any]) -> None:
        """Nothing; these experiments are live."""
        with self.engine() as engine:
            engine.import_world(
                {"projectId": PROJECT, "deployments": DEPLOYMENTS[:2], "experiments": [dict(e) for e in experiments]}
            )

    def edit(self, key: str, **fields: Any) -> None:
        """Nothing; somebody edited the experiment by hand."""
        with self.engine() as engine:
            path = f"/api/1/experiments/{_find(engine, key)['id']}"
            headers = {"content-type": "application/json"}
            assert engine.answer(Request("PATCH", path, {}, headers, json.dumps(fields).encode())).status == 200

    def live(self, key: str) -> dict[str, Any]:
        with self.engine() as engine:
            return _find(engine, key)

    def world(self) -> Any:
        with self.engine() as engine:
            return engine.export(PROJECT)


def _find(engine: Engine, key: str) -> dict[str, Any]:
    experiments: Any = engine.export(PROJECT)["experiments"]
    found: dict[str, Any] = next(experiment for experiment in experiments if experiment["key"] == key)
    return found


def live(key: str, **fields: Any) -> dict[str, Any]:
    return {"key": key, "variants": [{"key": "control"}, {"key": "treatment"}], "tags": TAGS, **fields}


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """An empty workspace, the working directory in it; nobody waits."""
    found = Workspace(tmp_path)
    (tmp_path / "experiments").mkdir()
    found.configure("")
    monkeypatch.chdir(tmp_path)

    def wire(engine: Engine) -> Wire:
        found.wires.append(Wire(EmbeddedTransport(engine), troubles=found.troubles))
        return found.wires[-1]

    monkeypatch.setattr(embedded, "EmbeddedTransport", wire)
    monkeypatch.setattr(Interruption, "wait", lambda _, __: None)
    monkeypatch.setattr(Interruption, "wait_turn", lambda _, __: None)
    return found
