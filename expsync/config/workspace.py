"""The workspace: its file found, read and checked, and the environment in use."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from expsync.config.fields import field_problems
from expsync.config.files import NotAFileError, read_bounded
from expsync.config.find import is_inside
from expsync.config.nearest import FILE_NAME as FILE_NAME
from expsync.config.nearest import nearest_workspace
from expsync.config.problem import Problem
from expsync.config.report import Located, find_secrets, yaml_diagnostics
from expsync.config.wording import plain, quote, suggest
from expsync.config.workspace_rules import base_url_problem, workspace_problems
from expsync.config.yaml import Document, YamlError, parse, parse_with_places
from expsync.config.yaml_text import MAX_BYTES
from expsync.diagnostics import Diagnostic, Place
from expsync.errors import ConfigError
from expsync.model.workspace import Environment, WorkspaceFile

ENVIRONMENT_VARIABLE = "EXPSYNC_ENV"
BASE_URL_VARIABLE = "EXPSYNC_BASE_URL"


class Workspace(NamedTuple):
    """A workspace file that was read and found good. `root` is its folder, with links resolved."""

    root: Path
    path: Path
    file: WorkspaceFile

    def environment(self, name: str | None, environ: Mapping[str, str]) -> tuple[str, Environment]:
        """The environment to work in, and its name.

        `name` comes first, then `EXPSYNC_ENV`, then `defaultEnvironment`, then the only one there is.
        `EXPSYNC_BASE_URL` takes the place of its base URL. Raises ConfigError.
        """
        known = self.file.environments
        source = "" if name else ENVIRONMENT_VARIABLE
        chosen = name or environ.get(ENVIRONMENT_VARIABLE, "") or self.file.defaultEnvironment
        if not chosen:
            if len(known) > 1:
                raise ConfigError([_no_choice(self.path.name, known)])
            chosen = next(iter(known))
        if chosen not in known:
            raise ConfigError([_unknown(self.path.name, chosen, known, source)])
        found = known[chosen]
        override = environ.get(BASE_URL_VARIABLE, "")
        if override:
            _check_override(override)
            found = found.model_copy(update={"baseUrl": override})
        return chosen, found


def load_workspace(config: Path | None, *, cwd: Path, environ: Mapping[str, str]) -> Workspace:
    """The workspace whose file is `config`, or the nearest `expsync.yaml` from `cwd` upwards.

    Raises ConfigError with every problem of the file, and for an `EXPSYNC_BASE_URL` that can't be used.
    """
    override = environ.get(BASE_URL_VARIABLE, "")
    if override:
        _check_override(override)
    path = _find(cwd) if config is None else cwd / config.expanduser()
    try:
        root = path.parent.resolve(strict=True)
        if path.is_dir():
            raise NotAFileError(0, "it is a folder")
        if not is_inside(os.fspath(root), os.path.realpath(path)):
            raise ConfigError([_elsewhere(path)])
        content = read_bounded(os.fspath(path), MAX_BYTES)
    except (OSError, RuntimeError, ValueError) as error:
        raise ConfigError([_unreadable(path, error, named=config is not None)]) from None
    name = path.name
    diagnostics = find_secrets(name, content)
    try:
        documents = parse(content)
    except YamlError as error:
        raise ConfigError([*diagnostics, *yaml_diagnostics(name, error.problems)]) from None
    model, problems = _check(documents)
    if problems:
        located = Located(name, parse_with_places(content))
        diagnostics.extend(located.diagnostic(problem, problem.path, document=0) for problem in problems)
    if model is None or diagnostics:
        raise ConfigError(diagnostics)
    return Workspace(root, root / name, model)


def _find(cwd: Path) -> Path:
    found = nearest_workspace(cwd)
    if found is not None:
        return found
    raise ConfigError(
        [
            Diagnostic(
                "EXP301",
                "error",
                None,
                f"there is no {FILE_NAME}",
                f"looked in {plain(os.fspath(cwd.absolute()), 200)} and the folders above it",
                "run `expsync init` to begin a workspace, or name the file with --config",
            )
        ]
    )


def _unreadable(path: Path, error: Exception, *, named: bool) -> Diagnostic:
    """What is said of a file that can't be read; `named` where somebody gave its name."""
    reason = "it does not exist" if isinstance(error, FileNotFoundError) else "it can't be read"
    hint = "look at its permissions"
    if isinstance(error, NotAFileError):
        reason = error.strerror or reason
        there = nearest_workspace(path, above=False)
        hint = "run `expsync init` to begin a workspace, or name its file with --config"
        if there is not None:
            hint = f"name the file in it: --config {plain(os.fspath(there), 200)}"
    elif isinstance(error, FileNotFoundError):
        hint = "run `expsync init` to begin a workspace, or name the file with --config"
        if named:
            hint = "name a file that is there; without --config, expsync.yaml here or in a folder above is taken"
    elif isinstance(error, OSError) and error.strerror:
        reason = plain(error.strerror).lower()
    return Diagnostic("EXP301", "error", Place(plain(os.fspath(path), 200)), "no workspace file", reason, hint)


def _elsewhere(path: Path) -> Diagnostic:
    """What is said of a link to a file elsewhere, of which messages would quote what nobody here is to see."""
    return Diagnostic(
        "EXP016",
        "error",
        Place(plain(os.fspath(path), 200)),
        "the link leads out of the workspace",
        "a workspace file stands in the folder that it is about",
        "name the file itself with --config, or move it here",
    )


def _check(documents: list[Document]) -> tuple[WorkspaceFile | None, list[Problem]]:
    values = [document.value for document in documents if document.value is not None]
    if len(values) != 1 or len(documents) != 1:
        what = "is empty" if not values else "has more than one document"
        return None, [
            Problem("EXP102", (), f"the workspace file {what}", "it is one mapping", "see `expsync init` for a start")
        ]
    raw = values[0]
    try:
        model = WorkspaceFile.model_validate(raw)
    except ValidationError as error:
        return None, field_problems(error, WorkspaceFile, raw)
    return model, list(workspace_problems(model, raw))


def _check_override(value: str) -> None:
    reason = base_url_problem(value)
    if reason:
        message = f"the environment variable {BASE_URL_VARIABLE} can't be used"
        hint = "give `sandbox`, an https:// address, or http:// to this machine"
        raise ConfigError([Diagnostic("EXP303", "error", None, message, reason, hint)])


def _no_choice(file: str, known: Mapping[str, Environment]) -> Diagnostic:
    return Diagnostic(
        "EXP309",
        "error",
        Place(file),
        "which environment?",
        f"there are {', '.join(plain(name) for name in known)}",
        f"give --env NAME, set {ENVIRONMENT_VARIABLE}, or write defaultEnvironment",
    )


def _unknown(file: str, name: str, known: Mapping[str, Environment], source: str) -> Diagnostic:
    return Diagnostic(
        "EXP308",
        "error",
        Place(file),
        f"there is no environment {quote(name)}",
        f"{source} names it" if source else "",
        suggest(name, known, kind="environment"),
    )
