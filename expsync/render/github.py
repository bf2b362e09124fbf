"""Problems as GitHub workflow commands, which GitHub shows as annotations on the lines of a pull request."""

from __future__ import annotations

from collections.abc import Sequence
from posixpath import join, normpath

from expsync.diagnostics import Diagnostic
from expsync.render.safe import visible


def render_annotations(problems: Sequence[Diagnostic], *, folder: str) -> str:
    """A command a line, in the order given; `folder` is the workspace's, relative to the repository's root."""
    return "".join(f"{_annotation(problem, folder)}\n" for problem in problems)


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
