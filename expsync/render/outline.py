"""What stands out of a plan, for the reports that say it first: risks by weight, what goes away, who is moved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from expsync.render.view import counted, finding_label

if TYPE_CHECKING:
    from expsync.model.plan import Change, Finding, Impact, Plan, PlannedExperiment

CONFLICT = "conflict with a change by hand"
"""How a conflict of a plan with a base is called where it stands among the risks."""
_WEIGHTS = {"blocked": 0, "critical": 1, "high": 3, "medium": 4, "low": 5}
_CONFLICT_WEIGHT = 2
_ACKNOWLEDGED = 10
_REMOVAL_WEIGHT = 20
_NO_WEIGHT = 21


@dataclass(frozen=True, slots=True)
class Gathered:
    """Names of one kind: who bears a risk, or what goes away; `heavy` stands in an apply's way."""

    label: str
    noun: str
    names: tuple[str, ...]
    heavy: bool


def weight(experiment: PlannedExperiment) -> int:
    """A number to sort experiments by, the worst first: risks, accepted ones behind the others, then removals."""
    weights = [_finding_weight(finding) for finding in experiment.findings]
    weights += [_CONFLICT_WEIGHT] if has_conflict(experiment) else []
    weights += [_REMOVAL_WEIGHT] if experiment.action == "archive" or any(map(is_removal, experiment.changes)) else []
    return min(weights, default=_NO_WEIGHT)


def by_weight(plan: Plan) -> list[PlannedExperiment]:
    """The experiments, the worst first; equal ones in the plan's order."""
    return sorted(plan.experiments, key=weight)


def has_conflict(experiment: PlannedExperiment) -> bool:
    """Whether the files and people changed the same thing of it in different ways."""
    return any(change.origin == "both" for change in experiment.changes)


def worst_label(experiment: PlannedExperiment) -> str:
    """The heaviest of its risks in words; empty where there is none."""
    if experiment.findings:
        worst = min(experiment.findings, key=_finding_weight)
        if not has_conflict(experiment) or _finding_weight(worst) < _CONFLICT_WEIGHT:
            return finding_label(worst)
    return CONFLICT if has_conflict(experiment) else ""


def is_heavy(finding: Finding) -> bool:
    """Whether it stands in an apply's way where the policy is the default one."""
    return not finding.acknowledged and finding.severity in ("critical", "blocked")


def risks_of(plan: Plan) -> list[Gathered]:
    """Each risk with the experiments that bear it, the worst first."""
    found: dict[tuple[int, str, bool], dict[str, None]] = {}
    for experiment in plan.experiments:
        for finding in experiment.findings:
            kind = (_finding_weight(finding), finding_label(finding), is_heavy(finding))
            found.setdefault(kind, {})[experiment.key] = None
        if has_conflict(experiment):
            found.setdefault((_CONFLICT_WEIGHT, CONFLICT, True), {})[experiment.key] = None
    ordered = sorted(found.items(), key=lambda item: item[0][:2])
    return [Gathered(label, "experiment", tuple(keys), heavy) for (_, label, heavy), keys in ordered]


def removals_of(plan: Plan) -> list[Gathered]:
    """What goes away: archived experiments, and the variants, segments and deployments that are taken out of others."""
    archived = [experiment.key for experiment in plan.experiments if experiment.action == "archive"]
    groups: list[tuple[str, str, Sequence[str]]] = [("archived", "experiment", archived)]
    for kind, noun in (("variants", "variant"), ("targetSegments", "segment"), ("deployments", "deployment")):
        groups.append((f"{noun} removed", noun, list(_removed(plan, kind))))
    return [Gathered(label, noun, tuple(names), heavy=False) for label, noun, names in groups if names]


def is_removal(change: Change) -> bool:
    """Whether a whole variant, segment or deployment goes."""
    if change.kind != "remove":
        return False
    # Of a segment, single weights go too; they are no mapping.
    whole = change.path.startswith(("variants.", "targetSegments.")) and isinstance(change.before, dict)
    return whole or change.path.startswith("deployments.")


def verdict_lines(plan: Plan) -> Iterator[str]:
    """Why an apply would not do all of the plan, in sentences; none where nothing stands in its way."""
    refused = [
        [finding for finding in experiment.findings if finding.severity == "critical" and not finding.acknowledged]
        for experiment in plan.experiments
        if experiment.action != "blocked"
    ]
    risks, experiments = sum(map(len, refused)), sum(map(bool, refused))
    if risks:
        yield (
            f"An apply would be refused: {counted(risks, 'critical risk')} that nobody has accepted, in "
            f"{counted(experiments, 'experiment')}. That is so unless the workspace's policy.refuse says otherwise."
        )
    blocked = sum(experiment.action == "blocked" for experiment in plan.experiments)
    if blocked:
        yield f"{counted(blocked, 'experiment')} {'is' if blocked == 1 else 'are'} blocked and would not be written."
    conflicts = sum(map(has_conflict, plan.experiments))
    if conflicts:
        yield f"In {counted(conflicts, 'experiment')} the files and people changed the same thing in different ways."


def most_switched(impacts: Iterable[Impact]) -> Impact | None:
    """The place where the largest share of users gets another variant; None where nobody is moved."""
    return max(impacts, key=lambda impact: impact.switch, default=None)


def short(text: str, width: int) -> str:
    """`text` if it has at most `width` characters; else its beginning and its end, since many names begin alike."""
    if len(text) <= width:
        return text
    tail = (width - 1) // 2
    return f"{text[: width - 1 - tail]}…{text[-tail:]}"


def _finding_weight(finding: Finding) -> int:
    return _WEIGHTS[finding.severity] + (_ACKNOWLEDGED if finding.acknowledged else 0)


def _removed(plan: Plan, kind: str) -> Iterator[str]:
    for experiment in plan.experiments:
        for change in experiment.changes:
            if is_removal(change) and change.path.startswith(f"{kind}."):
                yield f"{experiment.key}/{change.path.removeprefix(f'{kind}.')}"
