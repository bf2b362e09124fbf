"""One call on its way through the emulator, and the checks that many endpoints share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from expsync.sandbox.habits import Habits
from expsync.sandbox.messages import Refusal
from expsync.sandbox.records import Experiment, Variant
from expsync.sandbox.tables import Tables


@dataclass(frozen=True)
class Call:
    """A call whose key, path and body have been looked at, but not its meaning.

    `allowed` are the projects that the key may touch, None for all; `now` and `author` go into what is written.
    """

    tables: Tables
    habits: Habits
    values: Mapping[str, str]
    query: Mapping[str, str]
    body: JsonValue
    allowed: frozenset[str] | None
    now: str
    author: str

    def may_touch(self, project: str) -> bool:
        """Whether the key reaches the project."""
        return self.allowed is None or project in self.allowed

    def projects(self) -> list[str]:
        """The projects that the key reaches."""
        return [project for project in self.tables.projects() if self.may_touch(project)]

    def experiment(self) -> Experiment:
        """The experiment of the path; Refusal where there is none (404), or where it is out of reach (403)."""
        identifier = self.values["id"]
        experiment = self.tables.experiment(identifier)
        if experiment is None:
            raise Refusal(404, f"there is no experiment {identifier}")
        if not self.may_touch(experiment.projectId):
            raise Refusal(403, f"the key has no access to the project of experiment {identifier}")
        return experiment

    def variant(self, experiment: Experiment) -> Variant:
        """The variant of the path; Refusal (404) where the experiment has none of that key."""
        key = self.values["variant"]
        variant = experiment.variant(key)
        if variant is None:
            raise Refusal(404, f"experiment {experiment.id} has no variant {key}")
        return variant

    def keep(self, before: Experiment, changes: Mapping[str, Any]) -> Experiment:
        """The experiment with the changes, stored; a version is written only if it is another one now."""
        # As text, since for Python 1 is true and 0 is false, and a payload may go from one to the other.
        if before.model_copy(update=dict(changes)).model_dump_json() == before.model_dump_json():
            return before
        signed = {**changes, "lastModifiedAt": self.now, "lastModifiedBy": self.author}
        after = before.model_copy(update=signed)
        self.tables.replace_experiment(after)
        return after


def check_editable(experiment: Experiment, habits: Habits, body: JsonValue) -> None:
    """Nothing; Refusal for the kinds that the API can't edit (405), and for archived ones where that is the habit."""
    if experiment.kind != "experiment":
        what = "a web experiment" if experiment.kind == "web" else "a guide or survey"
        raise Refusal(405, f"experiment {experiment.id} is {what}, which the API can't edit")
    if habits.edit_while_archived or not experiment.archived:
        return
    # Archiving once more changes nothing, so sending it again is no error.
    unarchives = isinstance(body, dict) and (body.get("archive") is False or body == {"archive": True})
    if not unarchives:
        raise Refusal(400, f"experiment {experiment.id} is archived; unarchive it first")


def check_weights(keys: list[str], weights: Mapping[str, Any], where: str) -> None:
    """Nothing; Refusal (400) where a weight is for a variant that isn't there."""
    for key in weights:
        if key not in keys:
            raise Refusal(400, f"`{where}`: there is no variant `{key}`")


def check_deployments(tables: Tables, project: str, identifiers: list[str]) -> list[str]:
    """The ids, each once; Refusal (400) for one that is unknown, deleted, or of another project."""
    for identifier in identifiers:
        deployment = tables.deployment(identifier)
        if deployment is None or deployment.projectId != project or deployment.deleted:
            raise Refusal(400, f"`deployments`: project {project} has no deployment `{identifier}`")
    return list(dict.fromkeys(identifiers))
