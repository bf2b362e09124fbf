"""What stops an apply until somebody says yes to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from expsync.model.experiment import Acknowledgement
from expsync.model.plan import Finding, Plan
from expsync.model.words import SEVERITIES, RiskName
from expsync.model.workspace import Policy


def refused_findings(plan: Plan, policy: Policy, allowed: Sequence[tuple[str, str]]) -> Mapping[str, list[Finding]]:
    """The findings that refuse, by experiment: as bad as the policy says or worse, not acknowledged and not allowed.

    `allowed` are pairs of globs, for the experiment's key and for the risk.
    """
    if policy.refuse == "never":
        return {}
    worst = SEVERITIES[: SEVERITIES.index(policy.refuse) + 1]
    refused: dict[str, list[Finding]] = {}
    for planned in plan.experiments:
        if planned.action == "blocked":
            continue
        for finding in planned.findings:
            allows = any(fnmatchcase(planned.key, key) and fnmatchcase(finding.risk, risk) for key, risk in allowed)
            if finding.severity in worst and not finding.acknowledged and not allows:
                refused.setdefault(planned.key, []).append(finding)
    return refused


def idle_acknowledgements(
    plan: Plan, acknowledged: Mapping[str, Sequence[Acknowledgement]]
) -> Mapping[str, list[RiskName]]:
    """The risks that the files accept without a last day and the plan has no finding of, by experiment.

    One with a last day may be meant for a change to come, and ends by itself. Of experiments that the plan does not
    look at, and of blocked ones, whose risks were not looked for, nothing is said.
    """
    planned = {one.key: one for one in plan.experiments}
    idle: dict[str, list[RiskName]] = {}
    targets = plan.scope.targets
    for key, notes in sorted(acknowledged.items()):
        one = planned.get(key)
        if (targets and not any(fnmatchcase(key, target) for target in targets)) or (one and one.action == "blocked"):
            continue
        found = {finding.risk for finding in one.findings} if one else set()
        lasting = dict.fromkeys(note.risk for note in notes if not note.until)
        needless = [risk for risk in lasting if risk not in found]
        if needless:
            idle[key] = needless
    return idle
