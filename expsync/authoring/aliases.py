"""New aliases for deployments, out of the labels that people gave them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from pydantic import JsonValue

from expsync.authoring.drafts import Drafts
from expsync.config.rewrite import RewriteError, rewrite
from expsync.config.workspace import Workspace
from expsync.config.yaml import parse
from expsync.model.workspace import Environment, WorkspaceFile

_LONGEST = 60


def aliases_by_id(environment: Environment) -> dict[str, str]:
    """The aliases of an environment, by the ids that they stand for."""
    return {str(id): alias for alias, id in environment.deployments.items()}


def new_aliases(ids: Iterable[str], labels: Mapping[str, str], environment: Environment) -> dict[str, str]:
    """An alias for each deployment that has a label and none yet, in order; ids to aliases.

    None that is taken, and none that is, or looks like, an id. An id that is no number can stand in a file by an alias
    alone, and gets one made of itself where it has no label.
    """
    known = aliases_by_id(environment)
    taken = {*environment.deployments, *known, *labels}
    found: dict[str, str] = {}
    for id in sorted(set(ids) - known.keys()):
        is_number = id.isascii() and id.isdigit()
        stem = _slug(labels.get(id, "")) or ("" if is_number else _slug(id) or "deployment")
        if not stem:
            continue
        if stem.isdigit():
            stem = f"deployment-{stem}"
        alias, number = stem, 1
        while alias in taken:
            number += 1
            alias = f"{stem}-{number}"
        taken.add(alias)
        found[id] = alias
    return found


def with_aliases(workspace: Workspace, name: str, aliases: Mapping[str, str], drafts: Drafts) -> Workspace:
    """The workspace with these aliases (ids to aliases) in the environment `name`, and its file's text in the drafts.

    The same workspace where its file can't be edited: ids do as well.
    """
    file = workspace.path.name
    text = drafts.text(file)
    value = parse(text)[0].value
    assert isinstance(value, dict)
    environments = value["environments"]
    assert isinstance(environments, dict)
    environment = environments[name]
    assert isinstance(environment, dict)
    known = environment.get("deployments") or {}
    assert isinstance(known, dict)
    deployments: dict[str, JsonValue] = {**known, **{alias: id for id, alias in aliases.items()}}
    changed = {**value, "environments": {**environments, name: {**environment, "deployments": deployments}}}
    try:
        drafts.put(file, rewrite(text, 0, changed))
    except RewriteError:
        return workspace
    return workspace._replace(file=WorkspaceFile.model_validate(changed))


def _slug(label: str) -> str:
    """The label in lower-case words of plain letters and digits, joined by hyphens."""
    letters = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:_LONGEST].rstrip("-")
