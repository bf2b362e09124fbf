"""The change of a file's text, line by line, harmless to look at."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator

from expsync.render.safe import unaddressed, visible
from expsync.render.view import Paint


def render(name: str, before: str, after: str, *, colour: bool, redacted: Callable[[str], str] = str) -> str:
    """A unified diff; what does not show in a line, as a carriage return at its end, is written as an escape.

    `redacted` makes of a line one that may be seen.
    """
    return "".join(f"{line}\n" for line in _lines(name, before, after, Paint(on=colour), redacted))


def _lines(name: str, before: str, after: str, paint: Paint, redacted: Callable[[str], str]) -> Iterator[str]:
    parts = difflib.unified_diff(_split(before), _split(after), f"a/{name}", f"b/{name}")
    for number, line in enumerate(parts):
        text = line.removesuffix("\n")
        shown = unaddressed(text[:1] + visible(redacted(text[1:])))
        if number < 2:
            yield paint.strong(shown)
        elif text.startswith("@@"):
            yield paint.faint(shown)
        else:
            yield paint.good(shown) if text[0] == "+" else paint.bad(shown) if text[0] == "-" else shown
        if not line.endswith("\n"):
            yield "\\ No newline at end of file"


def _split(text: str) -> list[str]:
    """The lines with their ends; a carriage return is none."""
    return [line for line in re.split(r"(?<=\n)", text) if line]
