"""The plan's document, put together of what became of each experiment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from expsync.diagnostics import Diagnostic
from expsync.model.plan import FORMAT_VERSION, Action, Base, Note, Plan, PlannedExperiment, Scope, Summary, Unmanaged
from expsync.model.reads import KeyChecks, ListShape, requests_of, seen_in_list


class Planned(NamedTuple):
    """What became of one experiment: its entry in the plan (None: unchanged), what is worth noting, and what is wrong.

    `problems` are errors of the file that only show beside what is live.
    """

    experiment: PlannedExperiment | None
    notes: tuple[Note, ...] = ()
    problems: tuple[Diagnostic, ...] = ()


class Destination(NamedTuple):
    """Where a plan is for."""

    environment: str
    project_id: str
    base_url: str


def assemble_plan(
    *,
    place: Destination,
    scope: Scope,
    version: str,
    created_at: str,
    planned: Iterable[Planned],
    unchanged: int = 0,
    pruned: Iterable[PlannedExperiment],
    unmanaged: Iterable[Unmanaged],
    keys: KeyChecks,
    shape: ListShape | None = None,
    base: Base | None = None,
) -> Plan:
    """The document, sealed with its digest; everything in it is in one fixed order.

    `unchanged` counts the experiments that needed no planning, beside those `planned` that came out unchanged. `keys`
    says what it takes to know that keys are free; `shape` what the default list is like, where anything might be seen
    in it; `base` is the commit that the origins of its changes are reckoned from, where they were.
    """
    outcomes = list(planned)
    experiments = [outcome.experiment for outcome in outcomes if outcome.experiment is not None]
    unchanged += len(outcomes) - len(experiments)
    experiments = sorted((*experiments, *pruned), key=lambda e: e.key)
    if shape is not None:
        experiments = seen_in_list(experiments, shape)
    return Plan(
        formatVersion=FORMAT_VERSION,
        expsyncVersion=version,
        createdAt=created_at,
        environment=place.environment,
        projectId=place.project_id,
        baseUrl=place.base_url,
        scope=scope,
        base=base,
        experiments=experiments,
        unmanaged=sorted(unmanaged, key=lambda u: u.key),
        notes=sorted((note for o in outcomes for note in o.notes), key=lambda n: (n.key, n.path)),
        summary=summary_of(experiments, unchanged=unchanged, keys=keys, shape=shape),
        digest="",
    ).sealed()


def summary_of(
    experiments: Sequence[PlannedExperiment],
    *,
    unchanged: int,
    keys: KeyChecks,
    shape: ListShape | None = None,
) -> Summary:
    """The counts of a plan."""

    def count(action: Action) -> int:
        return sum(e.action == action for e in experiments)

    writing = [e for e in experiments if e.operations]
    return Summary(
        create=count("create"),
        update=count("update"),
        archive=count("archive"),
        unarchive=count("unarchive"),
        unchanged=unchanged,
        blocked=count("blocked"),
        operations=sum(len(e.operations) for e in writing),
        requests=requests_of(writing, keys, shape),
    )
