"""The ownership tag put on experiments whose files were just written, by a plan that holds nothing else."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace

import click

from expsync.api.client import Client
from expsync.api.reader import Reader
from expsync.apply.executor import Executor
from expsync.cli.comparing import plan_desired
from expsync.cli.interrupt import Interruption
from expsync.cli.options import Globals
from expsync.cli.output import render_plan, wrap_width
from expsync.cli.progress import Progress
from expsync.cli.session import open_session
from expsync.core.normalize import Desired
from expsync.errors import ExpsyncError
from expsync.model.plan import Plan, PlannedExperiment
from expsync.model.reads import written
from expsync.model.state import State
from expsync.model.workspace import Ownership
from expsync.render import outcome as outcome_text
from expsync.render.safe import visible
from expsync.render.view import counted


def adopt_live(globals_: Globals, client: Client, states: Mapping[str, State], interruption: Interruption) -> int:
    """The exit code, once these experiments bear the tag; archived ones, which nobody uses, are left alone.

    `states` are what was read of them. ExpsyncError, and nothing is written, where the plan would do anything else.
    """
    session = open_session(globals_)
    ownership = session.workspace.file.ownership
    desired = [
        _with_known_tags(wanted, states[wanted.state.key], ownership)
        for wanted in session.declared()
        if wanted.state.key in states
    ]
    plan = plan_desired(session, client, desired)
    if not all(is_adoption(planned, ownership) for planned in plan.experiments):
        shown = plan.model_copy(update={"unmanaged": []})
        text = render_plan(shown, form="text", globals_=globals_, stream=sys.stderr)
        click.echo(text, nl=False, err=True, color=True)
        raise ExpsyncError(
            "the files are written, but the plan does more than to adopt: nothing was written to the live side",
            hint="look at `expsync plan`; apply adopts as it goes",
        )
    if not written(plan):
        _say(globals_, f"nothing to adopt: what can bear the tag {ownership.tag!r} has it")
        return 0
    return _carry_out(globals_, session.workspace.file.limits.parallelism, client, plan, ownership, interruption)


def is_adoption(planned: PlannedExperiment, ownership: Ownership) -> bool:
    """Whether an experiment's entry in a plan does nothing but to put our own tags on it."""
    ours = {f"tags.{ownership.tag}", f"tags.{ownership.protectedTag}"}
    return (
        planned.action == "update"
        and all(change.kind == "add" and change.path in ours for change in planned.changes)
        and all(
            operation.op == "editExperiment" and isinstance(operation.body, dict) and list(operation.body) == ["tags"]
            for operation in planned.operations
        )
    )


def _with_known_tags(wanted: Desired, state: State, ownership: Ownership) -> Desired:
    """The declaration with the tags that are live where it says nothing of them, so that they are read and compared."""
    if wanted.state.tags is not None or state.tags is None or state.flag("archived", unknown=False):
        return wanted
    tags = state.tags - {ownership.tag, ownership.protectedTag}
    return replace(wanted, state=replace(wanted.state, tags=tags))


def _carry_out(
    globals_: Globals, parallelism: int, client: Client, plan: Plan, ownership: Ownership, interruption: Interruption
) -> int:
    total = len(written(plan))
    with (
        interruption.between_calls(),
        Progress(globals_, "adopting", total, then="reading it again") as progress,
    ):
        executor = Executor(
            client,
            Reader(client, parallelism=parallelism),
            parallelism=parallelism,
            stop=interruption.stop,
            advance=progress.step,
            sleep=interruption.wait,
        )
        outcome = executor.carry_out(plan)
    if outcome.exit_code:
        colour, width = globals_.colour(sys.stderr), wrap_width(sys.stderr)
        text = "\n" + outcome_text.render_text(outcome, colour=colour, width=width)
        click.echo(text, nl=False, err=True, color=True)
        return outcome.exit_code
    _say(
        globals_,
        f"adopted: {counted(total, 'experiment')} on {visible(plan.environment)} got the tag {ownership.tag!r}",
    )
    return 0


def _say(globals_: Globals, line: str) -> None:
    if not globals_.quiet:
        click.echo(line, err=True)
