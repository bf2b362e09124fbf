"""`expsync rules`: what files are checked by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from expsync.cli.options import ExpsyncCommand, Globals, with_globals

if TYPE_CHECKING:
    from pydantic import JsonValue


@click.command("rules", cls=ExpsyncCommand)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@with_globals
def command(_: Globals, form: Literal["text", "json"]) -> None:
    """List every rule that files are checked by: its code and severity, why it is there, and how to settle it.

    Those marked with * can be set to off, warning or error under `rules:` in expsync.yaml.
    """
    from expsync.config.lint import RULES
    from expsync.model.json_text import indented_json

    if form == "json":
        rules: list[JsonValue] = [
            {
                "code": rule.code,
                "name": rule.name,
                "severity": rule.severity,
                "adjustable": rule.adjustable,
                "why": rule.why,
                "settle": rule.settle,
            }
            for rule in RULES
        ]
        click.echo(indented_json({"rules": rules}), nl=False)
        return
    for rule in RULES:
        click.echo(f"{rule.code}  {rule.severity}  {rule.name}{' *' if rule.adjustable else ''}")
        click.echo(f"        {rule.why}\n        {rule.settle}")
