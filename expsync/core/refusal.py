"""What stops an apply until somebody says yes to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from expsync.core.risk import SEVERITIES
from expsync.model.plan import Finding, Plan
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
