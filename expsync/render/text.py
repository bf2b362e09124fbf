"""The plan as text for people."""

from __future__ import annotations

from collections.abc import Iterator

from expsync.model.plan import Change, Finding, Impact, Note, Origin, Plan, PlannedExperiment, SplitChange, Unmanaged
from expsync.model.workspace import SANDBOX
from expsync.render.bars import bars
from expsync.render.safe import visible
from expsync.render.values import change_lines
from expsync.render.view import (
    Paint,
    budget_line,
    cells,
    change_symbol,
    counted,
    finding_label,
    has_conflicts,
    impacts_of,
    much_of_a_day,
    nothing_to_do,
    origin_label,
    origins_line,
    padded,
    place_text,
    sentence,
    shares_text,
    summary_line,
    symbol,
    tailed,
    unmanaged_text,
    wrapped,
)

_INDENT = " " * 4
_LEAST_VALUE = 30
_WIDEST_PATH = 44
"""Longer paths stand out of the column instead of pushing every value to the right."""


def render(plan: Plan, *, colour: bool, width: int, verbose: bool = False) -> str:
    """The plan as lines of text, the summary last; `width` bounds how much of a long value is shown.

    The same plan gives the same bytes. `verbose` lists every call that would be made.
    """
    return "\n".join(_lines(plan, Paint(on=colour), width=width, verbose=verbose)) + "\n"


def _lines(plan: Plan, paint: Paint, *, width: int, verbose: bool) -> Iterator[str]:
    yield _header(plan, paint)
    yield ""
    for experiment in plan.experiments:
        yield from _experiment(experiment, paint, width=width, verbose=verbose)
        yield ""
    if plan.unmanaged:
        yield from _unmanaged(plan.unmanaged, paint, prune=plan.scope.prune)
        yield ""
    if plan.notes:
        yield from _notes(plan.notes, paint)
        yield ""
    if nothing_to_do(plan):
        yield paint.good("Nothing to do: live matches the files.")
    if plan.base is not None:
        yield (paint.bad if has_conflicts(plan) else paint.strong)(origins_line(plan, plan.base))
    if much_of_a_day(plan):
        yield paint.changed(budget_line(plan))
    yield paint.strong(summary_line(plan))


def _header(plan: Plan, paint: Paint) -> str:
    address = "the embedded sandbox" if plan.baseUrl == SANDBOX else visible(plan.baseUrl)
    where = f"Environment {visible(plan.environment)}, project {visible(plan.projectId)}, {address}"
    scope = [f"only {', '.join(visible(target) for target in plan.scope.targets)}"] if plan.scope.targets else []
    scope += ["with --prune"] if plan.scope.prune else []
    return paint.strong(where) + (paint.faint(f" ({'; '.join(scope)})") if scope else "")


def _experiment(experiment: PlannedExperiment, paint: Paint, *, width: int, verbose: bool) -> Iterator[str]:
    mark = symbol(experiment.action)
    said = sentence(experiment.action, in_file=experiment.file is not None)
    yield f"{_painted(mark, mark, paint)} {paint.strong(visible(experiment.key))} {said}" + _place(experiment, paint)
    yield from _changes(experiment.changes, paint, width=width)
    for finding in experiment.findings:
        yield from _finding(finding, paint, width=width)
    yield from _moves(impacts_of(experiment.findings), experiment.splits, paint)
    yield from _operations(experiment, paint, verbose=verbose)


def _place(experiment: PlannedExperiment, paint: Paint) -> str:
    if experiment.file is None:
        return ""
    line = "" if experiment.line is None else f":{experiment.line}"
    return "  " + paint.faint(visible(experiment.file) + line)


def _changes(changes: list[Change], paint: Paint, *, width: int) -> Iterator[str]:
    paths = [visible(change.path) for change in changes]
    column = max((cells(path) for path in paths if cells(path) <= _WIDEST_PATH), default=0)
    for change, path in zip(changes, paths, strict=True):
        mark = change_symbol(change.kind)
        start = f"{_INDENT}{_painted(mark, mark, paint)} {padded(path, column)}  "
        indent = len(_INDENT) + 4 + max(cells(path), column)
        room = max(width - indent, _LEAST_VALUE)
        label = origin_label(change.origin)
        first, *rest = tailed(change_lines(change, room), label, _origin(label, change.origin, paint), room)
        yield (start + first).rstrip()
        yield from (" " * indent + line for line in rest)


def _origin(label: str, origin: Origin | None, paint: Paint) -> str:
    return paint.bad(label) if origin == "both" else paint.changed(label)


def _finding(finding: Finding, paint: Paint, *, width: int) -> Iterator[str]:
    """What will happen behind the risk's name, or under it where that is narrow; and below how to settle it."""
    label = finding_label(finding)
    heavy = not finding.acknowledged and finding.severity in ("critical", "blocked")
    said, settle = finding.sentences()
    mark, under = f"{_INDENT}! ", " " * (len(_INDENT) + 2)
    painted = mark + (paint.bad(label) if heavy else paint.changed(label)) + ":"
    room = max(width - len(under), _LEAST_VALUE)
    if len(mark) + len(label) + 2 + cells(visible(said)) <= width:
        yield f"{painted} {visible(said)}"
    else:
        yield painted
        yield from (under + line for line in wrapped(visible(said), room))
    if settle:
        yield from (under + paint.faint(line) for line in wrapped(f"settle: {visible(settle)}", room))


def _moves(impacts: list[Impact], splits: list[SplitChange], paint: Paint) -> Iterator[str]:
    """For each place that is split otherwise, or where somebody is moved: who moves, and the split before and after."""
    shares = {impact.segment: shares_text(impact) for impact in impacts}
    changed = {split.segment: split for split in splits}
    segments = [*dict.fromkeys(name for name in (*changed, *shares) if name is not None), None]
    shown = [segment for segment in segments if segment in changed or segment in shares]
    column = min(max((cells(place_text(segment)) for segment in shown), default=0), _WIDEST_PATH)
    for segment in shown:
        yield f"{_INDENT}> {padded(place_text(segment), column)}  {shares.get(segment, '')}".rstrip()
        if segment in changed:
            yield from (f"{_INDENT}  {line}" for line in bars(changed[segment], paint))


def _operations(experiment: PlannedExperiment, paint: Paint, *, verbose: bool) -> Iterator[str]:
    operations = experiment.operations
    if not operations:
        return
    yield _INDENT + paint.faint(counted(len(operations), "call") + (":" if verbose else ""))
    if verbose:
        column = max(len(visible(operation.op)) for operation in operations)
        for operation in operations:
            name, reason = padded(visible(operation.op), column), paint.faint(visible(operation.reason))
            yield f"{_INDENT}  {name}  {operation.method} {visible(operation.path)}  {reason}"


def _unmanaged(unmanaged: list[Unmanaged], paint: Paint, *, prune: bool) -> Iterator[str]:
    yield paint.strong(f"Live, but in no file ({len(unmanaged)}):")
    keys = [visible(entry.key) for entry in unmanaged]
    column = max(cells(key) for key in keys)
    for entry, key in zip(unmanaged, keys, strict=True):
        number = paint.faint(f"id {visible(entry.id)}")
        yield f"{_INDENT}? {padded(key, column)}  {padded(unmanaged_text(entry), 13)}  {number}"
    owned = sum(entry.owned is True for entry in unmanaged)
    if prune or not owned:
        hint = "left alone: --prune archives only what is owned"
    elif owned == len(unmanaged):
        hint = "--prune archives " + ("it" if owned == 1 else "them")
    else:
        hint = f"--prune archives the {owned} owned; the others are left alone"
    yield _INDENT + paint.faint(f"({hint})")


def _notes(notes: list[Note], paint: Paint) -> Iterator[str]:
    yield paint.strong("Notes:")
    for note in notes:
        where = " ".join(visible(part) for part in (note.key, note.path) if part)
        yield (f"{_INDENT}* {where}: {visible(note.message)}" if where else f"{_INDENT}* {visible(note.message)}")


def _painted(text: str, mark: str, paint: Paint) -> str:
    match mark:
        case "+" | "^":
            return paint.good(text)
        case "~":
            return paint.changed(text)
        case _:
            return paint.bad(text)
