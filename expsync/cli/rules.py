"""`expsync rules`: what files are checked by, and what changes are judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from expsync.cli.options import ExpsyncCommand, Globals, with_globals

if TYPE_CHECKING:
    from pydantic import JsonValue

    from expsync.config.rule import Rule
    from expsync.core.risk import Risk

_LEGEND = """\
Risks of a change. LIVE: enabled, not archived, on a deployment, with some percentage above 0.
RUNNING: Amplitude collects results. What is refused is for `policy.refuse` to say.
"""


@click.command("rules", cls=ExpsyncCommand)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@with_globals
def command(_: Globals, form: Literal["text", "json"]) -> None:
    """List every rule that files are checked by and every risk that changes are judged by.

    Each with its severity, why it is there, and how to settle it. Rules marked with * can be set to off, warning or
    error under `rules:` in expsync.yaml. Risks are accepted under `acknowledge:` in an experiment's file.
    """
    from expsync.config.lint import RULES
    from expsync.core.risk import RISKS
    from expsync.model.json_text import indented_json

    if form == "json":
        listed: JsonValue = {
            "rules": [_rule_value(rule) for rule in RULES],
            "risks": [_risk_value(risk) for risk in RISKS],
        }
        click.echo(indented_json(listed), nl=False)
        return
    for rule in RULES:
        click.echo(f"{rule.code}  {rule.severity}  {rule.name}{' *' if rule.adjustable else ''}")
        click.echo(f"        {rule.why}\n        {rule.settle}")
    click.echo(f"\n{_LEGEND}")
    for risk in RISKS:
        click.echo(f"{risk.name}  {risk.severity}")
        click.echo(f"        when: {risk.when}\n        why: {risk.why}\n        settle: {risk.settle}")


def _rule_value(rule: Rule) -> JsonValue:
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity,
        "adjustable": rule.adjustable,
        "why": rule.why,
        "settle": rule.settle,
    }


def _risk_value(risk: Risk) -> JsonValue:
    return {
        "name": risk.name,
        "severity": risk.severity,
        "when": risk.when,
        "why": risk.why,
        "settle": risk.settle,
    }
