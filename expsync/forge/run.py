"""What one run works with: the site, expsync itself, the folder for what is made, and where results are told."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from expsync.config.nearest import FILE_NAME
from expsync.config.workspace import load_workspace
from expsync.errors import ConfigError, ExpsyncError
from expsync.forge.program import Program
from expsync.forge.site import Site, site_of
from expsync.model.workspace import SANDBOX
from expsync.render.safe import visible

COMMENT, OUTDATED, NUMBER = "comment.md", "outdated.md", "pull-request"
ISSUE, DRIFTED = "issue.md", "drifted"
PLAN, REPORT, OUTCOME, CALLS = "plan.json", "plan.html", "outcome.json", "apply.jsonl"
_OURS = (COMMENT, OUTDATED, NUMBER, ISSUE, DRIFTED, PLAN, REPORT, OUTCOME, CALLS)


@dataclass(frozen=True, slots=True)
class Place:
    """The environment that is worked in. `key` is the variable that its key is in, or empty where it needs none."""

    environment: str
    project: str
    key: str


@dataclass(frozen=True, slots=True)
class Run:
    """One step of a pipeline."""

    site: Site | None
    folder: Path
    workspace: Path
    """The folder of the workspace file."""
    environment: str
    """As it was asked for; empty for the workspace's own choice."""
    environ: Mapping[str, str]

    @classmethod
    def begin(cls, *, folder: Path, workspace: Path, environment: str, environ: Mapping[str, str]) -> Run:
        """A run with an empty folder: what an earlier one left there is never taken for its own."""
        run = cls(site_of(environ), folder, workspace, environment, environ)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name in _OURS:
                (folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise ExpsyncError(f"the folder {folder} can't be used: {error.strerror}") from None
        return run

    @property
    def program(self) -> Program:
        """expsync for this workspace and environment."""
        chosen = ("-e", self.environment) if self.environment else ()
        return Program(("-c", os.fspath(self._file), *chosen))

    def place(self) -> Place:
        """The environment; ConfigError where the workspace can't be used."""
        workspace = load_workspace(self._file, cwd=Path.cwd(), environ=self.environ)
        name, environment = workspace.environment(self.environment or None, self.environ)
        return Place(name, environment.project, "" if environment.url == SANDBOX else environment.apiKeyEnv)

    def known_environment(self) -> str:
        """The environment's name as far as it can be known while the workspace may be broken; else empty."""
        try:
            return self.place().environment
        except ConfigError:
            return self.environment

    def path(self, name: str) -> Path:
        """A file of the folder."""
        return self.folder / name

    def keep(self, name: str, text: str) -> None:
        """Nothing; the file of the folder holds this."""
        self.path(name).write_text(text, encoding="utf-8", newline="\n")

    def tell(self, **outputs: JsonValue) -> None:
        """Nothing; later steps can ask for these."""
        if self.site is not None and self.site.outputs is not None:
            lines = [f"{name.replace('_', '-')}={_one_line(value)}\n" for name, value in outputs.items()]
            _append(self.site.outputs, "".join(lines))

    def summarise(self, markdown: str) -> None:
        """Nothing; this stands on the page of the run."""
        if self.site is not None and self.site.summary is not None:
            _append(self.site.summary, markdown + "\n")

    def warn(self, text: str) -> None:
        """Nothing; the person who looks at the run sees this, and it fails nothing."""
        if self.site is not None and self.site.kind == "github":
            sys.stdout.write(f"::warning title=expsync::{_escaped(visible(text))}\n")
            sys.stdout.flush()
        else:
            sys.stderr.write(f"warning: {visible(text)}\n")

    @property
    def _file(self) -> Path:
        return self.workspace / FILE_NAME


def _one_line(value: JsonValue) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if not text.isprintable():
        raise ExpsyncError(f"{text!r} can't be an output: it is more than one line of text")
    return text


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(text)


def _escaped(text: str) -> str:
    return text.replace("%", "%25")
