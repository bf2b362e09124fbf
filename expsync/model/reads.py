"""What must be read of an experiment, and by which calls: for the reader that reads and the plan that counts.

An experiment is looked at before its first write and at the end, each time by itself (`Recipe`). Where a plan writes to
many, the default list shows them all at once: who is `seenIn` it needs calls of its own only for what it does not carry
(`Needs`), and one look right before its first write, since the list is old by then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from expsync.model.fields import SCALAR_FIELDS, VARIANT_DETAILS
from expsync.model.plan import Plan, PlannedExperiment

KEY_LOOKUPS = 5
"""So many keys are looked up one by one; for more, the whole list is read once."""

MANY = 20
"""More experiments than that are looked at in the default list, where that takes fewer requests."""
_READINGS = 2
"""How often the list is read then: before the writes, and after them."""

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


class ListShape(NamedTuple):
    """What the default list is like: whom it shows, what each of its bodies carries, `details` of variants too."""

    keys: frozenset[str]
    fields: frozenset[str]
    details: bool
    page_size: int

    def shows(self, needs: Needs) -> bool:
        """Whether it carries all the fields; the variants' details may still have to be asked for."""
        return needs.fields <= self.fields

    def requests(self, needs: Needs) -> int:
        """How many calls it takes to see the rest of an experiment that it shows."""
        details = needs.details and not self.details
        return details + len(needs.inclusions) + len(needs.cohorts)

    def pages(self, *, more: int) -> int:
        """How many requests it takes once `more` experiments are in it."""
        return max(1, -(-(len(self.keys) + more) // self.page_size))


class KeyChecks(NamedTuple):
    """How many requests it takes to know that keys are free: the whole list, archived ones too, or one look-up.

    A look-up takes more than one where the server doesn't know the filter and answers with page after page.
    """

    whole_list: int
    one_key: int = 1

    def requests(self, keys: int) -> int:
        """What so many keys take."""
        return keys * self.one_key if keys <= KEY_LOOKUPS else self.whole_list


UNSEEN = frozenset(EVERY_FIELD - {"exposureEvent"})
"""What a list is expected to carry that shows no experiment yet: all that a current server gives back."""


class Recipe(NamedTuple):
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
    return _recipe(needs_before(planned))


def recipe_after(planned: PlannedExperiment) -> Recipe:
    """The calls that tell whether what was to change has changed."""
    return _recipe(needs_after(planned))


def _recipe(needs: Needs) -> Recipe:
    return Recipe(details=needs.details, inclusions=tuple(needs.inclusions), cohorts=tuple(needs.cohorts))


def needs_before(planned: PlannedExperiment) -> Needs:
    """What must be known of an existing experiment to tell whether it is still as it was when it was planned."""
    fields = {name for name in planned.observed if "." not in name and name != "archived"}
    return Needs(
        fields=frozenset(fields | {"rolloutWeights"} if "variants" in fields else fields),
        details="variants.details" in planned.observed,
        inclusions=_members(planned.observed, "inclusions"),
        cohorts=_members(planned.observed, "cohortInclusions"),
    )


def needs_after(planned: PlannedExperiment) -> Needs:
    """What must be known of an experiment to tell whether what was to change has changed."""
    fields: set[str] = set()
    parts: list[str] = []
    for change in planned.changes:
        head, _, key = change.path.partition(".")
        fields.add(head)
        if head == "variants":
            # A variant that is new stands as a whole.
            if "." not in key and isinstance(change.after, dict):
                parts += [f"{change.path}.{name}" for name in change.after]
            parts += [] if change.kind == "remove" else [change.path]
    names = {part.rpartition(".")[2] for part in parts if part.count(".") > 1}
    return Needs(
        fields=frozenset(fields - {"archived"} | ({"rolloutWeights"} if "rolloutWeight" in names else set())),
        details=not names.isdisjoint(VARIANT_DETAILS),
        inclusions=_members(parts, "inclusions"),
        cohorts=_members(parts, "cohortInclusions"),
    )


def _members(paths: list[str], name: str) -> dict[str, str | None]:
    parts = (path.split(".") for path in paths)
    keys = {part[1] for part in parts if len(part) == 3 and part[0] == "variants" and part[2] == name}
    return dict.fromkeys(sorted(keys))


def written(plan: Plan) -> list[PlannedExperiment]:
    """The experiments that an apply of this plan writes to."""
    return [planned for planned in plan.experiments if planned.action != "blocked" and planned.operations]


def seen_in_list(experiments: Sequence[PlannedExperiment], shape: ListShape) -> list[PlannedExperiment]:
    """The same experiments, those `seenIn` the default list that it shows whole, where there are many of them."""
    fit = [planned for planned in experiments if planned.operations and _is_shown(planned, shape)]
    if len(fit) <= max(MANY, _READINGS * shape.pages(more=len(fit))):
        return list(experiments)
    keys = {planned.key for planned in fit}
    return [p.model_copy(update={"seenIn": "list"}) if p.key in keys else p for p in experiments]


def _is_shown(planned: PlannedExperiment, shape: ListShape) -> bool:
    match planned.action:
        case "create":
            return shape.shows(needs_after(planned))
        case "update":
            # One that is archived, and stays so, is not in it.
            is_there = planned.key in shape.keys
            return is_there and shape.shows(needs_before(planned)) and shape.shows(needs_after(planned))
        case "archive":
            # Afterwards it is not in the list, which tells that and nothing else.
            return shape.shows(needs_before(planned)) and [c.path for c in planned.changes] == ["archived"]
        case "unarchive" | "blocked":
            # The default list does not show it yet; or there is nothing to see.
            return False


def requests_of(experiments: Sequence[PlannedExperiment], keys: KeyChecks, shape: ListShape | None) -> int:
    """The requests of an apply that goes well: reads before the first write, the writes, and reads of what was written.

    `shape` is the default list's, where experiments are seen in it.
    """
    requests = keys.requests(sum(planned.id is None for planned in experiments))
    requests += sum(len(planned.operations) for planned in experiments)
    alone = [planned for planned in experiments if planned.seenIn is None]
    requests += sum(recipe_before(planned).requests for planned in experiments if planned.id is not None)
    requests += sum(recipe_after(planned).requests for planned in alone)
    return requests if shape is None else requests + _requests_in_list(experiments, shape)


def _requests_in_list(experiments: Sequence[PlannedExperiment], shape: ListShape) -> int:
    listed = [planned for planned in experiments if planned.seenIn is not None]
    existing = [planned for planned in listed if planned.id is not None]
    requests = shape.pages(more=0) if existing else 0
    requests += sum(shape.requests(needs_before(planned)) for planned in existing)
    if listed:
        signs = {"create": 1, "unarchive": 1, "archive": -1}
        requests += shape.pages(more=sum(signs.get(planned.action, 0) for planned in experiments))
    requests += sum(shape.requests(needs_after(p)) for p in listed if p.action != "archive")
    return requests
