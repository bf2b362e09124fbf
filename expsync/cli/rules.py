"""`expsync rules`: what files are checked by, and what changes are judged by."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal

import click

from expsync.cli.help import ExpsyncCommand
from expsync.cli.options import Globals, with_globals

if TYPE_CHECKING:
    from pydantic import JsonValue

    from expsync.config.rule import Rule
    from expsync.core.risk import Risk

_LEGEND = (
    "Risks of a change. LIVE: enabled, not archived, on a deployment, with some percentage above 0.",
    "RUNNING: Amplitude collects results. What is refused is for `policy.refuse` to say.",
)
_MARGIN = 8
_NARROW = 60


@click.command(
    "rules",
    cls=ExpsyncCommand,
    examples=[
        ("all of them", "expsync rules"),
        ("for another program", "expsync rules --format json > rules.json"),
    ],
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How the list is written.",
)
@with_globals
def command(_: Globals, form: Literal["text", "json"]) -> None:
    """List every rule that files are checked by and every risk that changes are judged by.

    Each with its severity, why it is there, and how to settle it. Rules marked with * can be set to off, warning or
    error under `rules:` in expsync.yaml. Risks are accepted under `acknowledge:` in an experiment's file.
    """
    from expsync.cli.output import wrap_width
    from expsync.config.lint import RULES
    from expsync.core.risk import RISKS
    from expsync.model.json_text import indented_json
    from expsync.render.view import hanging

    if form == "json":
        listed: JsonValue = {
            "rules": [_rule_value(rule) for rule in RULES],
            "risks": [_risk_value(risk) for risk in RISKS],
        }
        click.echo(indented_json(listed), nl=False)
        return
    width = wrap_width(sys.stdout)
    for rule in RULES:
        click.echo(f"{rule.code}  {rule.severity}  {rule.name}{' *' if rule.adjustable else ''}")
        _tell(rule.why, rule.settle)
    click.echo()
    for line in _LEGEND:
        click.echo("\n".join(hanging(line, width, indent=2)))
    click.echo()
    for risk in RISKS:
        click.echo(f"{risk.name}  {risk.severity}")
        _tell(f"when: {risk.when}", f"why: {risk.why}", f"settle: {risk.settle}")


def _tell(*texts: str) -> None:
    """Print what is said of a rule or a risk, under its name."""
    from expsync.cli.output import wrap_width
    from expsync.render.view import hanging

    width = wrap_width(sys.stdout)
    margin = _MARGIN if width is None or width >= _NARROW else _MARGIN // 4
    for text in texts:
        click.echo("\n".join(hanging(" " * margin + text, width, indent=margin)))


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
