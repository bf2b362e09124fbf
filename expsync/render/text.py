"""The plan as text for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from expsync.model.plan import Finding, Impact, Note, Origin, Plan, PlannedExperiment, SplitChange, Unmanaged
from expsync.render.bars import bars
from expsync.render.rows import Label, beside, change_rows, columns, destination, last_lines, unmanaged_rows
from expsync.render.safe import visible
from expsync.render.view import (
    LEAST,
    Paint,
    budget_line,
    cells,
    counted,
    finding_label,
    hanging,
    has_conflicts,
    impacts_of,
    much_of_a_day,
    nothing_to_do,
    origin_label,
    origins_line,
    place_text,
    sentence,
    shares_text,
    summary_line,
    symbol,
    wrapped,
)

_INDENT = " " * 4


def render(plan: Plan, *, colour: bool, width: int, verbose: bool = False, named: Callable[[str], str] = str) -> str:
    """The plan as lines of text, the summary last; lines are broken, and long values cut, to fit into `width`.

    The same plan gives the same bytes. `verbose` lists every call that would be made. `named` says how a
    file of the workspace is called where the reader stands.
    """
    return "\n".join(_lines(plan, Paint(on=colour), width=width, verbose=verbose, named=named)) + "\n"


def _lines(plan: Plan, paint: Paint, *, width: int, verbose: bool, named: Callable[[str], str]) -> Iterator[str]:
    yield from _header(plan, paint, width=width)
    yield ""
    for experiment in plan.experiments:
        yield from _experiment(experiment, paint, width=width, verbose=verbose, named=named)
        yield ""
    if plan.unmanaged:
        yield from _unmanaged(plan.unmanaged, paint, prune=plan.scope.prune, width=width)
        yield ""
    if plan.notes:
        yield from _notes(plan.notes, paint, width=width)
        yield ""
    if nothing_to_do(plan):
        yield paint.good("Nothing to do: live matches the files.")
    if plan.base is not None:
        yield from last_lines(origins_line(plan, plan.base), paint.bad if has_conflicts(plan) else paint.strong, width)
    if much_of_a_day(plan):
        yield from last_lines(budget_line(plan), paint.changed, width)
    yield from last_lines(summary_line(plan), paint.strong, width)


def _header(plan: Plan, paint: Paint, *, width: int) -> Iterator[str]:
    scope = [f"only {', '.join(visible(target) for target in plan.scope.targets)}"] if plan.scope.targets else []
    scope += ["with --prune"] if plan.scope.prune else []
    said = f"({'; '.join(scope)})" if scope else ""
    yield from beside(destination(plan), paint.strong, said, paint.faint, width=width, gap=1, indent=2)


def _experiment(
    experiment: PlannedExperiment, paint: Paint, *, width: int, verbose: bool, named: Callable[[str], str]
) -> Iterator[str]:
    mark = symbol(experiment.action)
    key, said = visible(experiment.key), sentence(experiment.action, in_file=experiment.file is not None)
    place = _place(experiment, named)
    fits = 2 + cells(f"{key} {said}  {place}") <= width
    first, *rest = hanging(f"{key} {said}", width, indent=4, first=2)
    # The key is the bold part, and may itself be broken.
    bold = paint.strong(first[: len(key)]) + first[len(key) :]
    yield f"{_painted(mark, mark, paint)} {bold}" + (f"  {paint.faint(place)}" if fits and place else "")
    yield from rest
    if place and not fits:
        yield from (_INDENT + paint.faint(line) for line in wrapped(place, max(width - len(_INDENT), LEAST)))
    labelled = [(change, _origin(change.origin, paint)) for change in experiment.changes]
    yield from (line for lines in change_rows(labelled, paint, width=width) for line in lines)
    for finding in experiment.findings:
        yield from _finding(finding, paint, width=width)
    yield from _moves(impacts_of(experiment.findings), experiment.splits, paint, width=width)
    yield from _operations(experiment, paint, width=width, verbose=verbose)


def _place(experiment: PlannedExperiment, named: Callable[[str], str]) -> str:
    if experiment.file is None:
        return ""
    line = "" if experiment.line is None else f":{experiment.line}"
    return visible(named(experiment.file)) + line


def _origin(origin: Origin | None, paint: Paint) -> Label:
    return origin_label(origin), paint.bad if origin == "both" else paint.changed


def _finding(finding: Finding, paint: Paint, *, width: int) -> Iterator[str]:
    """What will happen behind the risk's name, or under it where that is narrow; and below how to settle it."""
    label = finding_label(finding)
    heavy = not finding.acknowledged and finding.severity in ("critical", "blocked")
    said, settle = finding.sentences()
    mark, under = f"{_INDENT}! ", " " * (len(_INDENT) + 2)
    painted = mark + (paint.bad(label) if heavy else paint.changed(label)) + ":"
    room = max(width - len(under), LEAST)
    if len(mark) + len(label) + 2 + cells(visible(said)) <= width:
        yield f"{painted} {visible(said)}"
    else:
        if len(mark) + len(label) < width:
            yield painted
        else:
            yield from hanging(f"{mark}{label}:", width, indent=len(under))
        yield from (under + line for line in wrapped(visible(said), room))
    if settle:
        yield from (under + paint.faint(line) for line in wrapped(f"settle: {visible(settle)}", room))


def _moves(impacts: list[Impact], splits: list[SplitChange], paint: Paint, *, width: int) -> Iterator[str]:
    """For each place that is split otherwise, or where somebody is moved: who moves, and the split before and after."""
    shares = {impact.segment: shares_text(impact) for impact in impacts}
    changed = {split.segment: split for split in splits}
    segments = [*dict.fromkeys(name for name in (*changed, *shares) if name is not None), None]
    shown = [segment for segment in segments if segment in changed or segment in shares]
    rows = [(place_text(segment), shares.get(segment, "")) for segment in shown]
    for segment, lines in zip(shown, columns(rows, width=width - len(_INDENT) - 2, gap=2), strict=True):
        yield f"{_INDENT}> {lines[0]}"
        yield from (f"{_INDENT}  {line}" for line in lines[1:])
        if segment in changed:
            drawn = bars(changed[segment], paint, width=width - len(_INDENT) - 2)
            yield from (f"{_INDENT}  {line}" for line in drawn)


def _operations(experiment: PlannedExperiment, paint: Paint, *, width: int, verbose: bool) -> Iterator[str]:
    operations = experiment.operations
    if not operations:
        return
    yield _INDENT + paint.faint(counted(len(operations), "call") + (":" if verbose else ""))
    if verbose:
        column = max(len(visible(operation.op)) for operation in operations)
        for operation in operations:
            start = f"{_INDENT}  {visible(operation.op).ljust(column)}  {operation.method} {visible(operation.path)}"
            yield from beside(start, str, visible(operation.reason), paint.faint, width=width, gap=2, indent=8)


def _unmanaged(unmanaged: list[Unmanaged], paint: Paint, *, prune: bool, width: int) -> Iterator[str]:
    yield paint.strong(f"Live, but in no file ({len(unmanaged)}):")
    yield from unmanaged_rows(unmanaged, paint, width=width)
    owned = sum(entry.owned is True for entry in unmanaged)
    if prune or not owned:
        hint = "left alone: --prune archives only what is owned"
    elif owned == len(unmanaged):
        hint = "--prune archives " + ("it" if owned == 1 else "them")
    else:
        hint = f"--prune archives the {owned} owned; the others are left alone"
    yield from map(paint.faint, hanging(f"{_INDENT}({hint})", width, indent=5))


def _notes(notes: list[Note], paint: Paint, *, width: int) -> Iterator[str]:
    yield paint.strong("Notes:")
    for note in notes:
        where = " ".join(visible(part) for part in (note.key, note.path) if part)
        said = f"{where}: {visible(note.message)}" if where else visible(note.message)
        yield from hanging(f"{_INDENT}* {said}", width, indent=6)


def _painted(text: str, mark: str, paint: Paint) -> str:
    match mark:
        case "+" | "^":
            return paint.good(text)
        case "~":
            return paint.changed(text)
        case _:
            return paint.bad(text)
