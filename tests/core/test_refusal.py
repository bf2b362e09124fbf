"""What stops an apply until somebody says yes to it."""

from __future__ import annotations

from typing import Any

import pytest

from expsync.core.refusal import refused_findings
from expsync.model.plan import Finding, Plan
from expsync.model.workspace import Policy
from tests.render.plans import experiment, plan


def finding(risk: Any, severity: Any, *, acknowledged: bool = False) -> Finding:
    return Finding(risk=risk, severity=severity, acknowledged=acknowledged, message="users move")


CRITICAL = finding("variant-weights", "critical")
HIGH = finding("disabled", "high")
MEDIUM = finding("payload", "medium")
LOW = finding("analysis-window", "low")
ACCEPTED = finding("bucketing-salt", "critical", acknowledged=True)
BLOCKED = finding("cohort-lost", "blocked")

PLAN = plan(
    experiment("checkout-a", "update", findings=[CRITICAL, ACCEPTED, HIGH, MEDIUM, LOW]),
    experiment("checkout-b", "archive", findings=[HIGH]),
    experiment("cohort", "blocked", findings=[BLOCKED]),
    experiment("quiet", "update"),
)


def refused(made: Plan, refuse: Any, *allowed: tuple[str, str]) -> dict[str, list[str]]:
    found = refused_findings(made, Policy(refuse=refuse), allowed)
    return {key: [finding.risk for finding in findings] for key, findings in found.items()}


@pytest.mark.parametrize(
    ("refuse", "expected"),
    [
        ("never", {}),
        ("critical", {"checkout-a": ["variant-weights"]}),
        ("high", {"checkout-a": ["variant-weights", "disabled"], "checkout-b": ["disabled"]}),
        ("medium", {"checkout-a": ["variant-weights", "disabled", "payload"], "checkout-b": ["disabled"]}),
    ],
)
def test_the_policy_says_how_bad_a_finding_must_be(refuse: str, expected: dict[str, list[str]]) -> None:
    assert refused(PLAN, refuse) == expected


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        ([("checkout-a", "variant-weights")], {"checkout-a": ["disabled"], "checkout-b": ["disabled"]}),
        ([("checkout-a", "variant-*")], {"checkout-a": ["disabled"], "checkout-b": ["disabled"]}),
        ([("checkout-*", "disabled")], {"checkout-a": ["variant-weights"]}),
        ([("*", "*")], {}),
        ([("checkout-?", "disabled"), ("*-a", "variant-weights")], {}),
        ([("checkout-[b]", "*")], {"checkout-a": ["variant-weights", "disabled"]}),
        ([("Checkout-*", "*")], {"checkout-a": ["variant-weights", "disabled"], "checkout-b": ["disabled"]}),
        ([("checkout", "*")], {"checkout-a": ["variant-weights", "disabled"], "checkout-b": ["disabled"]}),
    ],
)
def test_allowances_are_globs_for_the_key_and_for_the_risk(
    allowed: list[tuple[str, str]], expected: dict[str, list[str]]
) -> None:
    assert refused(PLAN, "high", *allowed) == expected


def test_a_blocked_experiment_is_not_refused_whatever_else_it_has() -> None:
    made = plan(experiment("cohort", "blocked", findings=[BLOCKED, CRITICAL]))

    assert refused(made, "medium") == {}
