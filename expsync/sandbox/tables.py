"""The queries, one method each; they run inside the transaction that `Store` has opened."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from expsync.sandbox.records import Deployment, Experiment, Version

Members = Literal["users", "cohorts"]
"""The two lists that a variant has."""

SCHEMA = (
    "CREATE TABLE projects (place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE)",
    "CREATE TABLE deployments (place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, project TEXT NOT NULL,"
    " label TEXT NOT NULL, key TEXT NOT NULL, deleted INTEGER NOT NULL)",
    "CREATE TABLE experiments (place INTEGER PRIMARY KEY, id INTEGER NOT NULL UNIQUE, project TEXT NOT NULL,"
    " key TEXT NOT NULL, archived INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE (project, key))",
    "CREATE TABLE versions (experiment TEXT NOT NULL, version INTEGER NOT NULL, created_at TEXT NOT NULL,"
    " created_by TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (experiment, version)) WITHOUT ROWID",
    "CREATE TABLE members (experiment TEXT NOT NULL, variant TEXT NOT NULL, kind TEXT NOT NULL,"
    " ids TEXT NOT NULL, PRIMARY KEY (experiment, variant, kind)) WITHOUT ROWID",
)

_FIRST_ID = 100_001


class Tables:
    """Reads and writes of the stored world; `place` is the order of creation."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @property
    def age(self) -> tuple[int, int]:
        """A mark of what is stored: equal marks of one connection mean that nothing was written in between."""
        row = self._one("PRAGMA data_version")
        return (row[0] if row else 0, self._connection.total_changes)

    def clear(self) -> None:
        """Nothing; the world is empty."""
        for table in ("members", "versions", "experiments", "deployments", "projects"):
            self._connection.execute(f"DELETE FROM {table}")

    # Projects and deployments

    def projects(self) -> list[str]:
        """The ids of all projects, oldest first."""
        return [row[0] for row in self._connection.execute("SELECT id FROM projects ORDER BY place")]

    def has_project(self, project: str) -> bool:
        """Whether there is such a project."""
        return self._one("SELECT 1 FROM projects WHERE id = ?", project) is not None

    def add_project(self, project: str) -> None:
        """Nothing; the project is there afterwards."""
        self._connection.execute("INSERT INTO projects (id) VALUES (?) ON CONFLICT DO NOTHING", (project,))

    def deployments(self, projects: Iterable[str]) -> list[Deployment]:
        """The deployments of those projects, oldest first."""
        wanted = list(projects)
        rows = self._connection.execute(
            "SELECT id, project, label, key, deleted FROM deployments"
            f" WHERE project IN ({_marks(wanted)}) ORDER BY place",
            wanted,
        )
        return [_deployment(row) for row in rows]

    def deployment(self, identifier: str) -> Deployment | None:
        """The deployment of that id, or None."""
        row = self._one("SELECT id, project, label, key, deleted FROM deployments WHERE id = ?", identifier)
        return _deployment(row) if row else None

    def all_deployments(self) -> list[Deployment]:
        """The deployments of every project that are not deleted, oldest first."""
        rows = self._connection.execute(
            "SELECT id, project, label, key, deleted FROM deployments WHERE deleted = 0 ORDER BY place"
        )
        return [_deployment(row) for row in rows]

    def add_deployment(self, deployment: Deployment) -> None:
        """Nothing; the deployment's id must be new."""
        self._connection.execute(
            "INSERT INTO deployments (id, project, label, key, deleted) VALUES (?, ?, ?, ?, ?)",
            (deployment.id, deployment.projectId, deployment.label, deployment.key, int(deployment.deleted)),
        )

    # Experiments

    def new_id(self) -> str:
        """An experiment id that no experiment has."""
        row = self._one("SELECT MAX(id) FROM experiments")
        highest = row[0] if row else None
        return str(max(_FIRST_ID, (highest or 0) + 1))

    def experiment(self, identifier: str) -> Experiment | None:
        """The experiment of that id, or None."""
        row = self._one("SELECT body FROM experiments WHERE id = ?", identifier)
        found = Experiment.model_validate_json(row[0]) if row else None
        # The column holds numbers, so it finds 7 for "007" too, which is no experiment's id.
        return found if found is not None and found.id == identifier else None

    def id_of_key(self, project: str, key: str) -> str | None:
        """The id of the project's experiment of that key, archived or not."""
        row = self._one("SELECT id FROM experiments WHERE project = ? AND key = ?", project, key)
        return str(row[0]) if row else None

    def newest_experiments(
        self, projects: Sequence[str], *, key: str | None, archived: bool, below: int | None, count: int
    ) -> list[tuple[int, Experiment]]:
        """At most `count` experiments with their places, the most recently created first, starting under `below`."""
        # The plus keeps SQLite from gathering and sorting whole projects for each page: it goes down the places.
        project = "+project" if key is None else "project"
        query = f"SELECT place, body FROM experiments WHERE {project} IN ({_marks(projects)})"
        values: list[object] = list(projects)
        if key is not None:
            query += " AND key = ?"
            values.append(key)
        if not archived:
            query += " AND archived = 0"
        if below is not None:
            query += " AND place < ?"
            values.append(below)
        rows = self._connection.execute(query + " ORDER BY place DESC LIMIT ?", [*values, count])
        return [(place, Experiment.model_validate_json(body)) for place, body in rows]

    def experiments(self, project: str) -> list[Experiment]:
        """All experiments of a project, oldest first."""
        rows = self._connection.execute("SELECT body FROM experiments WHERE project = ? ORDER BY place", (project,))
        return [Experiment.model_validate_json(body) for (body,) in rows]

    def add_experiment(self, experiment: Experiment) -> None:
        """Nothing; id and key must be new, and the first version is written with it."""
        body = experiment.model_dump_json()
        self._connection.execute(
            "INSERT INTO experiments (id, project, key, archived, body) VALUES (?, ?, ?, ?, ?)",
            (experiment.id, experiment.projectId, experiment.key, int(experiment.archived), body),
        )
        self.add_version(experiment, body=body)

    def replace_experiment(self, experiment: Experiment) -> None:
        """Nothing; the experiment of that id is now this, and a version says so."""
        body = experiment.model_dump_json()
        self._connection.execute(
            "UPDATE experiments SET archived = ?, body = ? WHERE id = ?",
            (int(experiment.archived), body, experiment.id),
        )
        self.add_version(experiment, body=body)

    # Versions

    def add_version(self, experiment: Experiment, *, body: str) -> None:
        """Nothing; the next version of the experiment is written."""
        self._connection.execute(
            "INSERT INTO versions (experiment, version, created_at, created_by, body)"
            " SELECT ?1, COALESCE(MAX(version), 0) + 1, ?2, ?3, ?4 FROM versions WHERE experiment = ?1",
            (experiment.id, experiment.lastModifiedAt, experiment.lastModifiedBy, body),
        )

    def versions(self, experiment: str) -> list[Version]:
        """All versions of an experiment, newest first."""
        rows = self._connection.execute(
            "SELECT version, created_at, created_by, body FROM versions WHERE experiment = ? ORDER BY version DESC",
            (experiment,),
        )
        return [_version(row) for row in rows]

    def version(self, experiment: str, number: int) -> Version | None:
        """One version, or None."""
        row = self._one(
            "SELECT version, created_at, created_by, body FROM versions WHERE experiment = ? AND version = ?",
            experiment,
            number,
        )
        return _version(row) if row else None

    def latest_version(self, experiment: str) -> int:
        """The number of the newest version of an experiment; 0 where there is none."""
        row = self._one("SELECT MAX(version) FROM versions WHERE experiment = ?", experiment)
        return (row[0] or 0) if row else 0

    # Inclusions

    def members(self, experiment: str, variant: str, kind: Members) -> list[str]:
        """The users or cohorts that a variant includes, in the order in which they came."""
        row = self._one(
            "SELECT ids FROM members WHERE experiment = ? AND variant = ? AND kind = ?",
            experiment,
            variant,
            kind,
        )
        return list(json.loads(row[0])) if row else []

    def set_members(self, experiment: str, variant: str, kind: Members, ids: Sequence[str]) -> None:
        """Nothing; the variant includes exactly these."""
        self._connection.execute(
            "INSERT INTO members (experiment, variant, kind, ids) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET ids = excluded.ids",
            (experiment, variant, kind, json.dumps(list(ids))),
        )

    def rename_members(self, experiment: str, variant: str, new_key: str) -> None:
        """Nothing; both lists of the variant now belong to its new key."""
        self._connection.execute(
            "UPDATE members SET variant = ? WHERE experiment = ? AND variant = ?",
            (new_key, experiment, variant),
        )

    def remove_members(self, experiment: str, variant: str) -> None:
        """Nothing; both lists of the variant are gone."""
        self._connection.execute("DELETE FROM members WHERE experiment = ? AND variant = ?", (experiment, variant))

    def _one(self, query: str, *values: object) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._connection.execute(query, values).fetchone()
        return row


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" * len(values))


def _deployment(row: Sequence[Any]) -> Deployment:
    return Deployment(id=row[0], projectId=row[1], label=row[2], key=row[3], deleted=bool(row[4]))


def _version(row: Sequence[Any]) -> Version:
    number, created_at, created_by, body = row
    return Version(
        version=number,
        createdAt=created_at,
        createdBy=created_by,
        config=Experiment.model_validate_json(body),
    )
