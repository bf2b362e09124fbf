"""What was taken over into files, and what could not be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from expsync.model.plan import Change
from expsync.model.taken import Taken, by_reason
from expsync.render.rows import NO_LABEL, beside, change_rows
from expsync.render.safe import unaddressed, visible
from expsync.render.view import Paint, counted

_INDENT = 2
PATHS_SHOWN = 5


def render(results: Sequence[Taken], *, colour: bool, width: int) -> str:
    """The changed files of each experiment with its changed fields below, from what the file said to what is live."""
    paint = Paint(on=colour)
    lines: list[str] = []
    for result in results:
        if result.files:
            lines += [*([""] if lines else []), *_experiment(result, paint, width=width)]
    return "".join(f"{unaddressed(line)}\n" for line in lines)


def problem_lines(results: Sequence[Taken]) -> list[str]:
    """What could not be taken, and why: one line for each experiment and reason."""
    lines: list[str] = []
    for result in results:
        if result.problem:
            lines.append(f"error: {visible(result.key)}: nothing was taken: {visible(result.problem)}")
        lines += [
            f"error: {visible(result.key)}: not taken: {paths_text(changes)}: {visible(reason)}"
            for reason, changes in by_reason(result.left).items()
        ]
    return [unaddressed(line) for line in lines]


def note_lines(results: Sequence[Taken]) -> list[str]:
    """What is worth knowing about what was taken."""
    lines: list[str] = []
    for result in results:
        lines += [f"note: {visible(result.key)}: {visible(note)}" for note in result.notes]
        lines += elsewhere_lines(result.key, result.elsewhere)
    return [unaddressed(line) for line in lines]


def elsewhere_lines(key: str, elsewhere: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The line that says which fields of an experiment changed in other environments too; none where none did."""
    if not elsewhere:
        return []
    places = "; ".join(f"{visible(name)}: {', '.join(map(visible, fields))}" for name, fields in elsewhere.items())
    return [f"warning: {visible(key)}: what holds everywhere changed in other environments too ({places})"]


def paths_text(changes: Sequence[Change]) -> str:
    """The paths of changes, the first of them if they are many."""
    shown = ", ".join(visible(change.path) for change in changes[:PATHS_SHOWN])
    return shown + (f" and {len(changes) - PATHS_SHOWN} more" if len(changes) > PATHS_SHOWN else "")


def summary_line(results: Sequence[Taken], *, environment: str) -> str:
    """How much was taken."""
    taken = [result for result in results if result.files]
    where = f"environment {visible(environment)}"
    if not taken:
        looked = counted(len(results), "experiment")
        said = "nothing was taken" if any(r.problem or r.left for r in results) else "nothing to take"
        return f"{said}: {looked} compared with {where}"
    changes = counted(sum(len(result.changes) for result in taken), "change")
    return f"{changes} taken from {where} into the files of {counted(len(taken), 'experiment')}"


def _experiment(result: Taken, paint: Paint, *, width: int) -> Iterator[str]:
    names = ", ".join(visible(name) for name in result.files)
    yield from beside(names, paint.strong, visible(result.key), paint.faint, width=width, gap=2, indent=4)
    labelled = [(change, NO_LABEL) for change in result.changes]
    yield from (line for lines in change_rows(labelled, paint, width=width, indent=_INDENT) for line in lines)
