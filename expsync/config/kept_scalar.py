"""Block scalars that stay as a person broke them into lines."""

from __future__ import annotations

from expsync.config.emit import is_visible
from expsync.config.yaml import YamlError, parse


def kept_lines(source: str, text: str, indent: int) -> list[str] | None:
    """The lines of the block scalar `source` at another indentation, or None where they would not give `text` again.

    Its header, which comes first, has no comment any more. Nothing that does not show is kept: that goes into escapes.
    """
    header, *body = source.split("\n")
    while body and not body[-1].strip():
        body.pop()
    if not body or not body[0].strip() or not is_visible(text):
        return None
    width = len(body[0]) - len(body[0].lstrip(" "))
    ends = len(text) - len(text.rstrip("\n"))
    lines = [
        header[0] + {0: "-", 1: ""}.get(ends, "+"),
        *(f"{' ' * indent}{line[width:]}" if line.strip() else "" for line in body),
        *[""] * (ends - 1),
    ]
    if any(line[:width].strip() for line in body):
        return None
    try:
        same = [document.value for document in parse("\n".join([f"- {lines[0]}", *lines[1:], ""]))] == [[text]]
    except YamlError:
        return None
    return lines if same else None
