"""`expsync rules`."""

from __future__ import annotations

import json

from expsync.config.lint import RULES
from tests.cli.conftest import Run


def test_every_rule_is_listed_with_why_and_the_way_out(run: Run) -> None:
    ran = run("rules")

    blocks = [
        f"{rule.code}  {rule.severity}  {rule.name}{' *' if rule.adjustable else ''}\n"
        f"        {rule.why}\n"
        f"        {rule.settle}\n"
        for rule in RULES
    ]
    assert (ran.code, ran.out, ran.err) == (0, "".join(blocks), "")


def test_the_rules_as_json(run: Run) -> None:
    ran = run("rules", "--format", "json")

    listed = json.loads(ran.out)["rules"]
    assert (ran.code, ran.err) == (0, "")
    assert [rule["code"] for rule in listed] == [rule.code for rule in RULES]
    assert list(listed[0]) == ["code", "name", "severity", "adjustable", "why", "settle"]
