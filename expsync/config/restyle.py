"""New values in the clothes of the old ones: quotes, block scalars and JSON stay what they were, where that can be."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import JsonValue

from expsync.config.emit import flow_text, quoted, scalar_text
from expsync.config.yaml_tree import Node, Style

_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\xa0\xad\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")
"""What must not stand in a block scalar as it is."""
_WORD_BREAK = re.compile(r"(?<=[^ \n]) (?=[^ \n])")
_BREAK = re.compile(r"\r\n|\r|\n")
_NARROWEST = 60


def scalar_like(value: str | int | float | bool | None, style: Style, *, flow: bool) -> str:
    """The value on one line, in the quotes of `style` where it is text that they can hold."""
    if isinstance(value, str):
        if style == "double":
            return quoted(value)
        if style == "single" and not _UNSAFE.search(value) and "\n" not in value and "\t" not in value:
            return "'" + value.replace("'", "''") + "'"
    return scalar_text(value, flow=flow)


def flow_like(value: JsonValue, pattern: Node) -> str:
    """The value on one line in brackets, its texts quoted as all texts of `pattern` are."""
    styles = set(text_styles(pattern))
    if styles == {"double"}:
        return json_text(value)
    if styles == {"single"} and not isinstance(value, dict | list):
        return scalar_like(value, "single", flow=True)
    return flow_text(value)


def json_text(value: JsonValue) -> str:
    """The value as JSON on one line, with YAML's escapes."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(key)}: {json_text(member)}" for key, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(json_text(item) for item in value) + "]"
    return scalar_like(value, "double", flow=True)


def text_styles(node: Node) -> Iterator[Style]:
    """The styles of all texts in a node, keys included."""
    if node.kind == "scalar" and isinstance(node.value, str):
        yield node.style
    for key, value in node.members:
        yield from text_styles(key)
        yield from text_styles(value)
    for item in node.items:
        yield from text_styles(item)


def block_scalar(value: str, style: Style, old: str, column: int) -> tuple[str, list[str]] | None:
    """The header (`|-`) and the lines of a block scalar in the place of one written as `old`, or None.

    Lines stand in the column of the old ones; a folded one is folded at the old one's width. `column` is that of the
    parent, below which nothing can stand. Text with blank lines at its end is left to quotes, since it would take what
    follows it for its own.
    """
    body = value.rstrip("\n")
    ends = len(value) - len(body)
    if not body or ends > 1 or _UNSAFE.search(value) or body[0] in " \t\n" or body.endswith("\n"):
        return None
    old_lines = [line for line in _BREAK.split(old)[1:] if line.strip(" \t")]
    indent = min((len(line) - len(line.lstrip(" ")) for line in old_lines), default=column + 2)
    if style == "folded":
        if any(line[:1] in (" ", "\t") for line in body.split("\n")):
            return None
        lines = _folded(body, max([_NARROWEST, *(len(line) - indent for line in old_lines)]))
    else:
        lines = body.split("\n")
    header = (">" if style == "folded" else "|") + ("" if ends else "-")
    return header, [" " * indent + line if line else "" for line in lines]


def _folded(body: str, width: int) -> list[str]:
    lines: list[str] = []
    for part in re.split(r"(\n+)", body):
        if part.startswith("\n"):
            lines += [""] * len(part)
            continue
        line = ""
        for word in _WORD_BREAK.split(part):
            if line and len(line) + 1 + len(word) > width:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}" if line else word
        lines.append(line)
    return lines
