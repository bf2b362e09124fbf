"""`expsync schema`: the JSON Schemas."""

from __future__ import annotations

from typing import Literal

import click

from expsync.cli.help import ExpsyncCommand
from expsync.cli.options import Globals, with_globals


@click.command(
    "schema",
    cls=ExpsyncCommand,
    examples=[("for an editor, or another checker", "expsync schema experiment > experiment.schema.json")],
)
@click.argument("kind", type=click.Choice(["experiment", "workspace", "plan"]), default="experiment")
@with_globals
def command(_: Globals, kind: Literal["experiment", "workspace", "plan"]) -> None:
    """Print the JSON Schema of an experiment file, of expsync.yaml (workspace), or of the plan document."""
    from expsync.model.json_schema import schema_text

    click.echo(schema_text(kind).rstrip("\n"))
