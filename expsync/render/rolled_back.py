"""What is to be known of a rollback beside the change of the file."""

from __future__ import annotations

from expsync.model.taken import RolledBack, by_reason
from expsync.render.pulled import elsewhere_lines, paths_text
from expsync.render.safe import unaddressed, visible


def warning_lines(result: RolledBack) -> list[str]:
    """What the file will not bring back, and why; a line a reason."""
    lines = [
        f"warning: not brought back: {paths_text(changes)}: {visible(reason)}"
        for reason, changes in by_reason(result.left).items()
    ]
    if result.order is not None:
        order = ", ".join(map(visible, result.order))
        lines.append(f"warning: not brought back: the order of variants ({order}): the API can't reorder them")
    return [unaddressed(line) for line in lines]


def note_lines(result: RolledBack) -> list[str]:
    """What comes of variants and in other environments, and what the version does not tell; a line each."""
    number = result.version
    lines: list[str] = []
    if result.renamed is not None:
        now, then = map(visible, result.renamed)
        lines.append(f"note: variant {now} is renamed back to {then}: its users and cohorts stay")
    lines += [f"note: variant {visible(key)} came after version {number}, and is removed" for key in result.gone]
    lines += [
        f"note: variant {visible(key)} is made anew, without the users and cohorts that it had" for key in result.come
    ]
    lines += elsewhere_lines(result.key, result.elsewhere)
    if result.unrecorded:
        names = ", ".join(map(visible, result.unrecorded))
        lines.append(f"note: left alone, since version {number} does not record it: {names}")
    return [unaddressed(line) for line in lines]
