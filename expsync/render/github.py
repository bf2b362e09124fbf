"""Problems as GitHub workflow commands, which GitHub shows as annotations on the lines of a pull request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from posixpath import join, normpath

from expsync.diagnostics import Diagnostic, Severity
from expsync.render.safe import visible

MOST_SHOWN = 10
"""Annotations of each severity that GitHub shows of one step; it takes the first and drops the others unsaid."""


def render_annotations(problems: Sequence[Diagnostic], *, folder: str) -> str:
    """A command a line, in the order given; `folder` is the workspace's, relative to the repository's root."""
    return "".join(f"{_annotation(problem, folder)}\n" for problem in problems)


def unshown(problems: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The problems, in their order, whose annotations GitHub will drop."""
    seen: Counter[Severity] = Counter()
    rest = []
    for problem in problems:
        seen[problem.severity] += 1
        if seen[problem.severity] > MOST_SHOWN:
            rest.append(problem)
    return rest


def _annotation(problem: Diagnostic, folder: str) -> str:
    place = problem.place
    properties = {"title": f"{problem.code} {problem.subject}".strip()}
    if place is not None:
        properties["file"] = normpath(join(folder, place.file))
        if place.line:
            properties["line"] = str(place.line)
        if place.column:
            properties["col"] = str(place.column)
    listed = ",".join(f"{name}={_property(text)}" for name, text in properties.items())
    parts = (problem.message, problem.detail, f"hint: {problem.hint}" if problem.hint else "")
    # A line break of ours must reach GitHub; one of the file's is shown as its escape.
    message = "%0A".join(_escaped(visible(line)) for part in parts for line in part.splitlines())
    return f"::{problem.severity} {listed}::{message}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(visible(text)).replace(":", "%3A").replace(",", "%2C")
