"""What came of an apply, as text and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import assert_never

from expsync.model.json_text import indented_json
from expsync.model.outcome import ApplyOutcome, ExperimentOutcome
from expsync.model.plan import Action, Operation
from expsync.render.safe import unaddressed, visible
from expsync.render.values import change_lines
from expsync.render.view import Paint, cells, counted, hanging

_VALUE_WIDTH = 80
"""Characters of a value that is left to do."""


def render_json(outcome: ApplyOutcome) -> str:
    """The outcome as one JSON document, the same for equal outcomes."""
    return indented_json(outcome.document())


def render_text(outcome: ApplyOutcome, *, colour: bool = False, width: int | None = None) -> str:
    """A line for each experiment, what is left to do for those that did not come to their end, and a summary line.

    Lines are broken at `width`, where there is one.
    """
    paint = Paint(colour)
    lines = [line for experiment in outcome.experiments for line in _experiment(experiment, paint, width)]
    if outcome.experiments:
        lines.append("")
    lines += _check(outcome, paint, width)
    lines += hanging(summary_line(outcome), width, indent=2)
    return "\n".join(unaddressed(line) for line in lines) + "\n"


def summary_line(outcome: ApplyOutcome) -> str:
    """The last line, the same in form for every outcome."""
    return (
        f"Apply: {outcome.count('done')} done, {outcome.count('failed')} failed, {outcome.count('stopped')} stopped, "
        f"{outcome.count('not-tried')} not tried, {outcome.count('refused')} refused, "
        f"{outcome.count('blocked')} blocked "
        f"({counted(outcome.requests, 'request')})."
    )


_UNDER = 13
"""Columns before an experiment's key."""
_NARROW = 60


def _experiment(experiment: ExperimentOutcome, paint: Paint, width: int | None) -> Iterator[str]:
    label, painted, said = _said(experiment, paint)
    start = f"  {label.ljust(_UNDER - 4)}  "
    key = visible(experiment.key)
    head = painted(label) + start[2 + len(label) :] + paint.strong(key)
    if width is None or cells(start) + cells(key) + 2 + cells(said) <= width:
        yield f"  {head}  {said}"
    else:
        yield f"  {head}"
        yield from hanging(" " * _under(width) + said, width, indent=_under(width))
    indent = _under(width)
    under = indent + (11 if indent == _UNDER else 4)
    for name, text in _more(experiment):
        label = name if name == "hint:" else name.ljust(10)
        line = " " * indent + f"{label} {text}" if name else " " * under + text
        yield from hanging(line.rstrip(), width, indent=under)


def _under(width: int | None) -> int:
    """Where the lines under an experiment begin."""
    return _UNDER if width is None or width >= _NARROW else 4


def _said(experiment: ExperimentOutcome, paint: Paint) -> tuple[str, Callable[[str], str], str]:
    """The label, its colour, and what is said behind the key."""
    done = counted(len(experiment.done), "call")
    match experiment.status:
        case "done":
            return "done", paint.good, f"{_past(experiment.action)} ({done})"
        case "failed":
            return "failed", paint.bad, visible(experiment.error)
        case "stopped":
            return "stopped", paint.changed, f"interrupted after {done}"
        case "not-tried":
            return "not tried", paint.changed, "interrupted before its first call"
        case "refused" | "blocked":
            return experiment.status, paint.changed, visible(experiment.error)
        case _:
            assert_never(experiment.status)


def _more(experiment: ExperimentOutcome) -> Iterator[tuple[str, str]]:
    """What is said under an experiment, each with a name in front but where it goes on."""
    if experiment.hint:
        yield "hint:", visible(experiment.hint)
    if experiment.status in ("failed", "stopped"):
        yield from (("done:", _call(operation)) for operation in experiment.done)
        if experiment.failed is not None:
            yield "failed:", _call(experiment.failed)
        yield from (("not tried:", _call(operation)) for operation in experiment.pending)
    for change in experiment.left:
        first, *rest = change_lines(change, _VALUE_WIDTH)
        yield "left:", f"{visible(change.path)}  {first}".rstrip()
        yield from (("", line) for line in rest)


def _check(outcome: ApplyOutcome, paint: Paint, width: int | None) -> Iterator[str]:
    """What the read at the end found."""
    said = ""
    painted: Callable[[str], str] = str
    if outcome.unverified:
        said, painted = f"What was written could not be read again: {visible(outcome.unverified)}", paint.bad
    elif any(experiment.left for experiment in outcome.experiments):
        said = "Read again: not everything is as it was to be; run expsync plan to see what is left."
        painted = paint.bad
    elif outcome.count("done") and not outcome.interrupted:
        said = "Read again: what was written is live, and nothing of it is left to do."
    if said:
        yield from map(painted, hanging(said, width, indent=2))
    if outcome.interrupted:
        yield from hanging("Interrupted: run expsync apply again to do the rest.", width, indent=2)


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
