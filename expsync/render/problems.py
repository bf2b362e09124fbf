"""Diagnostics as text and as plain values, for `validate` and for errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from expsync.diagnostics import Diagnostic, Place
from expsync.render.safe import unaddressed, visible
from expsync.render.view import Paint, cells, counted, hanging

if TYPE_CHECKING:
    from pydantic import JsonValue


def problem_text(
    problem: Diagnostic, *, colour: bool, width: int | None = None, named: Callable[[str], str] = str
) -> str:
    """One diagnostic, without a line break at its end; what it quotes can't act.

    Its lines are broken at `width`, where there is one. `named` says how a file of the workspace is called where
    the reader stands.
    """
    place = problem.place
    if place is not None:
        place = Place(visible(named(place.file)), place.line, place.column)
    shown = problem._replace(
        place=place,
        message=visible(problem.message),
        detail="\n".join(visible(line) for line in problem.detail.splitlines()),
        hint=visible(problem.hint),
        subject=visible(problem.subject),
    )
    first, *rest = (unaddressed(line) for line in str(shown).splitlines())
    paint = Paint(on=colour)
    label, colon, message = first.partition(": ")
    label = paint.bad(label) if problem.severity == "error" else paint.changed(label)
    start, *more = hanging(message, width, indent=2, first=cells(first) - cells(message))
    lines = [label + colon + paint.strong(start), *map(paint.strong, more)]
    for line in rest:
        indent = 4 if line.startswith("  hint: ") else 2
        lines += hanging(line, None if width is None else width, indent=indent)
    return "\n".join(lines)


def count_text(problems: Sequence[Diagnostic]) -> str:
    """`2 errors, 1 warning`; a kind that did not occur is left out, and none at all is `no problems`."""
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = len(problems) - errors
    parts = [counted(number, word) for number, word in ((errors, "error"), (warnings, "warning")) if number]
    return ", ".join(parts) or "no problems"


def problem_document(problem: Diagnostic) -> dict[str, JsonValue]:
    """The diagnostic as JSON-ready values; `file`, `line` and `column` are null where they are not known."""
    place = problem.place
    return {
        "code": problem.code,
        "severity": problem.severity,
        "file": place.file if place else None,
        "line": (place.line or None) if place else None,
        "column": (place.column or None) if place else None,
        "message": problem.message,
        "detail": problem.detail,
        "hint": problem.hint,
        "subject": problem.subject,
    }
