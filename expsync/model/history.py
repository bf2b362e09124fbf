"""The versions of an experiment, and the difference of two of them, ready to be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from expsync.model.plan import Change

FIRST_VERSION = 1
"""The number of the version that the creation of an experiment makes."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose versions they are, and where."""

    key: str
    environment: str
    projectId: str


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One version and what it changed.

    `createdAt` and `createdBy` are the server's, None where it says nothing. `config` is what the experiment was, to
    the letter. `changes` are those since the version before, in what both recorded; None where the list holds no
    earlier one.
    """

    version: int
    createdAt: str | None
    createdBy: str | None
    config: JsonValue
    changes: Sequence[Change] | None

    @property
    def creates(self) -> bool:
        """Whether the experiment began with this version, and not merely the list."""
        return self.changes is None and self.version <= FIRST_VERSION


@dataclass(frozen=True, slots=True)
class History:
    """The versions, newest first; `unrecorded` names the fields that some of them leave out."""

    subject: Subject
    entries: Sequence[HistoryEntry]
    unrecorded: Sequence[str]


@dataclass(frozen=True, slots=True)
class VersionDiff:
    """What changed from one version to another; `unrecorded` names the fields that could not be compared."""

    subject: Subject
    before: int
    after: int
    changes: Sequence[Change]
    unrecorded: Sequence[str]
