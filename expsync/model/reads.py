"""What must be read of an experiment, and by which calls: for the reader that reads and the plan that counts."""

from __future__ import annotations

from dataclasses import dataclass, field

from expsync.model.plan import Plan, PlannedExperiment
from expsync.model.state import SCALAR_FIELDS, VARIANT_DETAILS

KEY_LOOKUPS = 5
"""So many keys are looked up one by one; for more, the whole list is read once."""

EVERY_FIELD = frozenset(
    {*SCALAR_FIELDS, "tags", "deployments", "variants", "rolloutWeights", "targetSegments"} - {"archived"}
)
"""Every name of the body that a file can declare; being archived is told by the lists."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a declaration makes worth reading of one live experiment.

    `fields` are names of the body, `details` says whether names, descriptions or payloads of variants are declared,
    `inclusions` and `cohorts` map each variant that declares members to the key it was renamed from.
    """

    fields: frozenset[str] = frozenset()
    details: bool = False
    inclusions: dict[str, str | None] = field(default_factory=dict)
    cohorts: dict[str, str | None] = field(default_factory=dict)
    unfinished: Needs | None = None
    """What is needed instead, where the experiment's creation was broken off; None where that is the same."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """The calls that read one existing experiment again: itself, variants' details, users and cohorts by variant."""

    details: bool
    inclusions: tuple[str, ...]
    cohorts: tuple[str, ...]

    @property
    def requests(self) -> int:
        """How many calls that is."""
        return 1 + self.details + len(self.inclusions) + len(self.cohorts)


def recipe_before(planned: PlannedExperiment) -> Recipe:
    """The calls that tell whether an existing experiment is still as it was when it was planned."""
    return Recipe(
        details="variants.details" in planned.observed,
        inclusions=_members(planned.observed, "inclusions"),
        cohorts=_members(planned.observed, "cohortInclusions"),
    )


def recipe_after(planned: PlannedExperiment) -> Recipe:
    """The calls that tell whether what was to change has changed."""
    paths = [change.path for change in planned.changes if change.kind != "remove"]
    for change in planned.changes:
        head, _, key = change.path.partition(".")
        if head == "variants" and "." not in key and isinstance(change.after, dict):
            paths += [f"{change.path}.{name}" for name in change.after]
    return Recipe(
        details=any(path.startswith("variants.") and path.rpartition(".")[2] in VARIANT_DETAILS for path in paths),
        inclusions=_members(paths, "inclusions"),
        cohorts=_members(paths, "cohortInclusions"),
    )


def _members(paths: list[str], name: str) -> tuple[str, ...]:
    parts = (path.split(".") for path in paths)
    return tuple(sorted({part[1] for part in parts if len(part) == 3 and part[0] == "variants" and part[2] == name}))


def written(plan: Plan) -> list[PlannedExperiment]:
    """The experiments that an apply of this plan writes to."""
    return [planned for planned in plan.experiments if planned.action != "blocked" and planned.operations]


def requests_of(experiments: list[PlannedExperiment], pages_with_archived: int) -> int:
    """The requests of an apply that goes well: reads before the first write, the writes, and reads of what was written.

    `pages_with_archived` is the length of the whole list, which is read where many keys must be known to be free.
    """
    creates = sum(planned.id is None for planned in experiments)
    reads = creates if creates <= KEY_LOOKUPS else pages_with_archived
    reads += sum(recipe_before(planned).requests for planned in experiments if planned.id is not None)
    reads += sum(recipe_after(planned).requests for planned in experiments)
    return reads + sum(len(planned.operations) for planned in experiments)
