"""`expsync rules`."""

from __future__ import annotations

import json

from expsync.config.lint import RULES
from expsync.core.risk import RISKS
from tests.cli.conftest import Run

LEGEND = (
    "\n"
    "Risks of a change. LIVE: enabled, not archived, on a deployment, with some percentage above 0.\n"
    "RUNNING: Amplitude collects results. What is refused is for `policy.refuse` to say.\n"
    "\n"
)


def test_every_rule_and_every_risk_is_listed_with_why_and_the_way_out(run: Run) -> None:
    ran = run("rules")

    rules = [
        f"{rule.code}  {rule.severity}  {rule.name}{' *' if rule.adjustable else ''}\n"
        f"        {rule.why}\n"
        f"        {rule.settle}\n"
        for rule in RULES
    ]
    risks = [
        f"{risk.name}  {risk.severity}\n"
        f"        when: {risk.when}\n"
        f"        why: {risk.why}\n"
        f"        settle: {risk.settle}\n"
        for risk in RISKS
    ]
    assert (ran.code, ran.out, ran.err) == (0, "".join([*rules, LEGEND, *risks]), "")


def test_the_rules_and_the_risks_as_json(run: Run) -> None:
    ran = run("rules", "--format", "json")

    listed = json.loads(ran.out)
    assert (ran.code, ran.err, list(listed)) == (0, "", ["rules", "risks"])
    assert [rule["code"] for rule in listed["rules"]] == [rule.code for rule in RULES]
    assert list(listed["rules"][0]) == ["code", "name", "severity", "adjustable", "why", "settle"]
    assert [list(risk.values()) for risk in listed["risks"]] == [
        [risk.name, risk.severity, risk.when, risk.why, risk.settle] for risk in RISKS
    ]
    assert list(listed["risks"][0]) == ["name", "severity", "when", "why", "settle"]
