"""What came of an apply, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from expsync.model.json_text import indented_json
from expsync.model.outcome import ApplyOutcome, ExperimentOutcome
from expsync.model.plan import Action, Operation
from expsync.render.safe import unaddressed, visible
from expsync.render.values import change_lines
from expsync.render.view import Paint, counted

_VALUE_WIDTH = 80
"""Characters of a value that is left to do."""


def render_json(outcome: ApplyOutcome) -> str:
    """The outcome as one JSON document, the same for equal outcomes."""
    return indented_json(outcome.document())


def render_text(outcome: ApplyOutcome, *, colour: bool = False) -> str:
    """A line for each experiment, what is left to do for those that did not come to their end, and a summary line."""
    paint = Paint(colour)
    lines = [line for experiment in outcome.experiments for line in _experiment(experiment, paint)]
    if outcome.experiments:
        lines.append("")
    lines += _check(outcome, paint)
    lines.append(summary_line(outcome))
    return "\n".join(unaddressed(line) for line in lines) + "\n"


def summary_line(outcome: ApplyOutcome) -> str:
    """The last line, the same in form for every outcome."""
    return (
        f"Apply: {outcome.count('done')} done, {outcome.count('failed')} failed, {outcome.count('stopped')} stopped, "
        f"{outcome.count('not-tried')} not tried, {outcome.count('refused')} refused, "
        f"{outcome.count('blocked')} blocked "
        f"({counted(outcome.requests, 'request')})."
    )


def _experiment(experiment: ExperimentOutcome, paint: Paint) -> Iterator[str]:
    key = paint.strong(visible(experiment.key))
    done = counted(len(experiment.done), "call")
    match experiment.status:
        case "done":
            yield f"  {paint.good('done')}       {key}  {_past(experiment.action)} ({done})"
        case "failed":
            yield f"  {paint.bad('failed')}     {key}  {visible(experiment.error)}"
        case "stopped":
            yield f"  {paint.changed('stopped')}    {key}  interrupted after {done}"
        case "not-tried":
            yield f"  {paint.changed('not tried')}  {key}  interrupted before its first call"
        case "refused":
            yield f"  {paint.changed('refused')}    {key}  {visible(experiment.error)}"
        case "blocked":
            yield f"  {paint.changed('blocked')}    {key}  {visible(experiment.error)}"
        case _:
            assert_never(experiment.status)
    if experiment.hint:
        yield f"             hint: {visible(experiment.hint)}"
    if experiment.status in ("failed", "stopped"):
        yield from (f"             done:      {_call(operation)}" for operation in experiment.done)
        if experiment.failed is not None:
            yield f"             failed:    {_call(experiment.failed)}"
        yield from (f"             not tried: {_call(operation)}" for operation in experiment.pending)
    for change in experiment.left:
        first, *rest = change_lines(change, _VALUE_WIDTH)
        yield f"             left:      {visible(change.path)}  {first}".rstrip()
        yield from (f"                        {line}" for line in rest)


def _check(outcome: ApplyOutcome, paint: Paint) -> Iterator[str]:
    """What the read at the end found."""
    if outcome.unverified:
        yield paint.bad(f"What was written could not be read again: {visible(outcome.unverified)}")
    elif any(experiment.left for experiment in outcome.experiments):
        yield paint.bad("Read again: not everything is as it was to be; run expsync plan to see what is left.")
    elif outcome.count("done") and not outcome.interrupted:
        yield "Read again: what was written is live, and nothing of it is left to do."
    if outcome.interrupted:
        yield "Interrupted: run expsync apply again to do the rest."


def _call(operation: Operation) -> str:
    return f"{operation.method} {visible(operation.path)} ({visible(operation.reason)})"


def _past(action: Action) -> str:
    match action:
        case "create":
            return "created"
        case "update":
            return "updated"
        case "archive":
            return "archived"
        case "unarchive":
            return "unarchived"
        case "blocked":
            return "blocked"
        case _:
            assert_never(action)
