"""Whether a plan that was reviewed is still what the files and the live side ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from expsync.model.plan import Plan, PlannedExperiment

_PATHS = 3
_COMPARED = ("key", "id", "action", "operations")


@dataclass(frozen=True, slots=True)
class Comparison:
    """`same`: each experiment is planned now as it was. `done`: nothing of it is left to do. `moved`: neither."""

    state: Literal["same", "done", "moved"]
    reasons: tuple[str, ...]
    """Why it is `moved`."""
    unreviewed: tuple[str, ...]
    """Experiments that would change now, and are in the reviewed plan not at all."""


def compare_plans(reviewed: Plan, fresh: Plan) -> Comparison:
    """What has become of a reviewed plan, told by one that was made of the merged files just now.

    Experiments are independent: that others have changes too does not touch the plan. What a file says where, and
    whose change it is, may differ; what would be done, why, and at which risk, may not.
    """
    then = {experiment.key: experiment for experiment in reviewed.experiments}
    now = {experiment.key: experiment for experiment in fresh.experiments}
    unreviewed = tuple(sorted(now.keys() - then.keys()))
    reasons = _other_place(reviewed, fresh)
    if reasons:
        return Comparison("moved", tuple(reasons), unreviewed)
    if not then.keys() & now.keys():
        return Comparison("done" if then else "same", (), unreviewed)
    for key, experiment in sorted(then.items()):
        if key not in now:
            reasons.append(f"{key}: what was to be done is live already, or asked for no more")
        elif _essence(experiment) != _essence(now[key]):
            reasons.append(f"{key}: {_difference(experiment, now[key])}")
    return Comparison("moved" if reasons else "same", tuple(reasons), unreviewed)


def _other_place(reviewed: Plan, fresh: Plan) -> list[str]:
    pairs = (
        ("environment", reviewed.environment, fresh.environment),
        ("project", reviewed.projectId, fresh.projectId),
        ("base URL", reviewed.baseUrl, fresh.baseUrl),
        ("targets", sorted(reviewed.scope.targets), sorted(fresh.scope.targets)),
        ("prune", reviewed.scope.prune, fresh.scope.prune),
    )
    return [f"{name}: it was made for {then!r}, and this is {now!r}" for name, then, now in pairs if then != now]


def _essence(experiment: PlannedExperiment) -> dict[str, JsonValue]:
    document: dict[str, JsonValue] = experiment.model_dump(mode="json")
    essence = {name: document[name] for name in _COMPARED}
    essence["changes"] = list(_changes(experiment).values())
    essence["findings"] = [
        [finding.risk, finding.severity, finding.acknowledged, finding.message] for finding in experiment.findings
    ]
    return essence


def _changes(experiment: PlannedExperiment) -> dict[str, JsonValue]:
    return {change.path: change.model_dump(mode="json", exclude={"origin"}) for change in experiment.changes}


def _difference(then: PlannedExperiment, now: PlannedExperiment) -> str:
    was, is_ = _changes(then), _changes(now)
    paths = sorted(path for path in was.keys() | is_.keys() if was.get(path) != is_.get(path))
    if not paths:
        return "its changes are the same, and what they take or risk is not"
    more = f" and {len(paths) - _PATHS} more" if len(paths) > _PATHS else ""
    return f"planned otherwise now: {', '.join(paths[:_PATHS])}{more}"
