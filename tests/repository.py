"""A git repository in a folder of a test, with nothing of the settings of whoever runs it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

IDENTITY = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "commit.gpgsign=false")


@dataclass(frozen=True)
class Git:
    """The repository at `root`."""

    root: Path

    def run(self, *arguments: str) -> str:
        """What git prints."""
        command = ["git", "-C", str(self.root), *IDENTITY, *arguments]
        return subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout.strip()

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Nothing; these files hold this."""
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self, files: Mapping[str, str | bytes] | None = None) -> str:
        """The id of a new commit of all that is there now."""
        self.write(files or {})
        self.run("add", "--all")
        self.run("commit", "--quiet", "--allow-empty", "--message", "change")
        return self.run("rev-parse", "HEAD")


def new_repository(root: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """An empty repository at `root`, which is made."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    # No repository around the temporary directory is to be taken for the test's.
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(root.parent))
    root.mkdir(parents=True, exist_ok=True)
    git = Git(root)
    git.run("init", "--quiet", "--initial-branch", "main")
    return git
