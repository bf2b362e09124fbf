"""What came of an apply: for each experiment what was done, what failed and what was not tried."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from expsync.model.plan import Action, Change, Operation, PlanModel

Status = Literal["done", "failed", "stopped", "not-tried", "refused", "blocked"]
"""`stopped`: begun, and interrupted between two calls. `not-tried`: nothing was sent. `refused`: left out for
a risk that nobody has accepted. `blocked`: left out since the API can't do it without a loss."""


class ExperimentOutcome(PlanModel):
    """What came of one experiment."""

    key: str
    id: str | None
    action: Action
    status: Status
    done: list[Operation] = Field(default_factory=list)
    """Calls that were carried out, in order."""
    failed: Operation | None = None
    """The call that failed; None where the failure was none of a call's."""
    pending: list[Operation] = Field(default_factory=list)
    """Calls that were not tried."""
    error: str = ""
    hint: str = ""
    left: list[Change] = Field(default_factory=list)
    """Changes that the read at the end does not show."""


class ApplyOutcome(PlanModel):
    """What came of the whole plan."""

    environment: str
    digest: str
    """The plan's."""
    experiments: list[ExperimentOutcome]
    interrupted: bool
    requests: int
    """Requests that carrying it out took, reads included; those of planning are not."""
    unverified: str = ""
    """Why the read at the end could not be made; empty where it was."""

    def count(self, status: Status) -> int:
        """How many experiments ended so."""
        return sum(e.status == status for e in self.experiments)

    @property
    def exit_code(self) -> int:
        """0 done, 4 in part, 130 interrupted."""
        if self.interrupted:
            return 130
        whole = all(e.status == "done" and not e.left for e in self.experiments)
        return 0 if whole and not self.unverified else 4

    def document(self) -> dict[str, JsonValue]:
        """The outcome as JSON, with its counts."""
        statuses: tuple[Status, ...] = ("done", "failed", "stopped", "not-tried", "refused", "blocked")
        summary: dict[str, JsonValue] = {status: self.count(status) for status in statuses}
        summary["left"] = sum(bool(e.left) for e in self.experiments)
        summary["requests"] = self.requests
        document: dict[str, JsonValue] = self.model_dump(mode="json")
        return {**document, "exitCode": self.exit_code, "summary": summary}
