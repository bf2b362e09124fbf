"""A problem that knows its path in a document; the loader turns it into a Diagnostic with a line and a column."""

from __future__ import annotations

from typing import Literal, NamedTuple

from expsync.config.parsed import Path

MAX_PROBLEMS = 200
"""More than this is told of no document: nobody reads it, and working it out could take minutes."""


class Problem(NamedTuple):
    """Something wrong at a path; `at` says whether the key or the value there is to be shown."""

    code: str
    path: Path
    message: str
    detail: str = ""
    hint: str = ""
    at: Literal["value", "key"] = "value"


def dotted(path: Path) -> str:
    """The path as a person writes it: `variants[0].rolloutWeight`; `the document` for the empty path."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".") or "the document"
