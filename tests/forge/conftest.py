"""The two forges behind a real connection, for tests that run in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from expsync.forge import calls, program
from expsync.sandbox.server import ServedSandbox
from tests.forge.steps import Pipeline, run_here
from tests.parts.forges import GitHubStub, GitLabStub
from tests.parts.world import repository, served


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "WAITS", (0.0, 0.0))


@pytest.fixture
def github() -> Iterator[GitHubStub]:
    stub = GitHubStub()
    with ServedSandbox(stub) as served:
        stub.url = served.url
        yield stub


@pytest.fixture
def gitlab() -> Iterator[GitLabStub]:
    stub = GitLabStub()
    with ServedSandbox(stub) as served:
        stub.url = served.url
        yield stub


@pytest.fixture
def pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipeline]:
    """A repository with one experiment, which is not live yet, and its pipeline; nobody waits for a process."""
    forge = GitHubStub()
    with served(forge) as live:
        git = repository(tmp_path / "flags", live, monkeypatch)
        monkeypatch.chdir(git.root)
        monkeypatch.setattr(program, "_run", run_here)
        yield Pipeline(git, live, forge, tmp_path / "runner", monkeypatch)
