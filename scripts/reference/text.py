"""How texts of the program become Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

MADE = "<!-- made by `make docs`; change what it is made from, and not this page -->\n"
_QUOTED = re.compile(r"(`+[^`]*`+)")
_PLACEHOLDER = re.compile(r"<(?=[A-Za-z/!])")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown, with a line break at its end."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |\n" for line in lines)


def code(text: str) -> str:
    """The text as code."""
    return f"`{text}`"


def prose(text: str) -> str:
    """A text of the program as Markdown prose: what looks like an HTML tag is none, code stays code."""
    return "".join(
        part if part.startswith("`") else _PLACEHOLDER.sub("&lt;", part).replace("*", r"\*")
        for part in _QUOTED.split(" ".join(text.split()))
    )


def sentence(text: str) -> str:
    """The prose with a capital at its beginning and a full stop at its end."""
    said = prose(text)
    ended = said if said.endswith((".", "!", "?")) else f"{said}."
    return ended[0].upper() + ended[1:]
