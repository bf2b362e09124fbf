"""Whole runs of the program against a server that lies, and against the sandbox."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from expsync.cli import embedded
from expsync.cli.interrupt import Interruption
from tests.cli.conftest import Ran, Run, run  # noqa: F401 - a fixture
from tests.cli.workspace import Workspace, workspace  # noqa: F401 - a fixture
from tests.security.world import DECLARED, Liar, Replies


@dataclass
class Lied:
    """A workspace whose server is a liar, one for each run of the program."""

    root: Path
    run_: Run
    liars: list[Liar] = field(default_factory=list)
    replies: Replies = field(default_factory=dict)

    def run(self, *arguments: object, replies: Replies | None = None) -> Ran:
        """What a run gave, with the liar's replies changed by these."""
        self.replies = replies or {}
        return self.run_(*arguments)

    @property
    def writes(self) -> list[str]:
        """The writes that the last run sent."""
        return self.liars[-1].writes


@pytest.fixture
def lied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> Lied:  # noqa: F811
    """A workspace that declares an experiment which is live in another form; nobody waits."""
    made = Lied(tmp_path, run)
    (tmp_path / "expsync.yaml").write_text(
        "version: 1\nenvironments:\n"
        '  test: {baseUrl: sandbox, projectId: "1001", deployments: {web: "101", ios: "102"}}\n'
        "policy: {refuse: never}\n",
        encoding="utf-8",
    )
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "checkout.yaml").write_text(json.dumps(DECLARED), encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def liar(_: object) -> Liar:
        found = Liar()
        found.replies.update(made.replies)
        made.liars.append(found)
        return found

    monkeypatch.setattr(embedded, "EmbeddedTransport", liar)
    monkeypatch.setattr(Interruption, "wait", lambda _, __: None)
    monkeypatch.setattr(Interruption, "wait_turn", lambda _, __: None)
    return made


Change = Callable[[Any], Any]
