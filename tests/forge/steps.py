"""A repository, its live side and GitHub, with the steps run in this process."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from expsync.cli.main import main as expsync
from expsync.forge import program
from expsync.forge.__main__ import main
from tests.forge.sites import github_environ
from tests.parts.forges import GitHubStub
from tests.parts.steps import KEY
from tests.parts.world import KEY_VARIABLE, Live, pull_request_event
from tests.repository import Git


def run_here(command: Sequence[str], stdout: int | None) -> program.Ran:
    """What the program does, without another process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = expsync(command[4:])
    if stdout is None:
        print(out.getvalue(), end="")
    else:
        os.write(stdout, out.getvalue().encode())
    return program.Ran(code, err.getvalue())


@dataclass
class Pipeline:
    """One repository's pipeline on GitHub."""

    git: Git
    live: Live
    forge: GitHubStub
    temporary: Path
    patch: pytest.MonkeyPatch

    @property
    def folder(self) -> Path:
        return self.temporary / "made"

    def on_pull_request(self, number: int = 12, *, home: str = "acme/flags", key: str = KEY) -> str:
        """The head; the runner works on a pull request with what is committed now on main, and edited since."""
        base = self.git.run("rev-parse", "HEAD")
        self.git.run("switch", "--quiet", "--create", f"branch-{number}")
        head = self.git.commit()
        self.git.run("switch", "--quiet", "--detach", "main")
        self.git.run("merge", "--quiet", "--no-ff", "--message", "merge", f"branch-{number}")
        pull = self.forge.pull(number, head, base=base, home=home)
        self._set(key, **pull_request_event(self.temporary, pull))
        return head

    def merged(self, number: int = 12) -> str:
        """The commit on main by which the pull request was merged, for which the runner works now."""
        self.git.run("switch", "--quiet", "main")
        self.git.run("merge", "--quiet", "--no-ff", "--message", "merge", f"branch-{number}")
        commit = self.git.run("rev-parse", "HEAD")
        pull = self.forge.pulls[number]
        self.forge.pull(number, pull["head"]["sha"], base=pull["base"]["sha"], merged=commit)
        self.on_main()
        return commit

    def on_main(self) -> None:
        """Nothing; the runner works for a push to main."""
        self._set(KEY, GITHUB_EVENT_NAME="push", GITHUB_REF="refs/heads/main")

    def keep_plan(self, name: str = "expsync-plan") -> bytes:
        """What is in the folder, kept as the artifact of the run."""
        content = (self.folder / "plan.json").read_bytes()
        self.forge.artifact(name, content, head=self.forge.pulls[12]["head"]["sha"])
        return content

    def step(self, command: str, *options: str) -> int:
        """The exit code of one step."""
        for name in ("output", "summary"):
            (self.temporary / name).write_text("", encoding="utf-8")
        return main([command, "--folder", str(self.folder), *options])

    def apply(self, *options: str) -> int:
        return self.step("apply", "--artifact", "expsync-plan", *options)

    @property
    def outputs(self) -> dict[str, str]:
        lines = (self.temporary / "output").read_text(encoding="utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines)

    @property
    def summary(self) -> str:
        return (self.temporary / "summary").read_text(encoding="utf-8")

    @property
    def comment(self) -> str:
        """The text that is to be the comment."""
        return (self.folder / "comment.md").read_text(encoding="utf-8")

    def _set(self, key: str, **environ: str) -> None:
        for name in list(os.environ):
            if name.startswith("GITHUB_"):
                self.patch.delenv(name)
        self.temporary.mkdir(parents=True, exist_ok=True)
        commit = self.git.run("rev-parse", "HEAD")
        files = {
            "GITHUB_OUTPUT": str(self.temporary / "output"),
            "GITHUB_STEP_SUMMARY": str(self.temporary / "summary"),
        }
        given = github_environ(self.forge, GITHUB_SHA=commit, **files, **environ)
        for name, value in {**given, KEY_VARIABLE: key, "CI": "true"}.items():
            self.patch.setenv(name, value)
