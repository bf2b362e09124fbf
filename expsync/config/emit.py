"""JSON values as YAML text in the one style that this program writes.

Plain text where every reader of YAML, also one of version 1.1, takes it for text; double quotes elsewhere; `|` for text
of several lines. Two spaces for each level, lists indented inside mappings, short collections on one line in brackets.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from expsync.config.scalars import UnusableNumberError, resolve

WIDTH = 100
"""Columns that a collection in brackets may reach; a longer one is written in lines."""
INDENT = 2
BLOCK_KEYS = frozenset(
    {"variants", "targetSegments", "conditions", "filters", "exposureEvent", "lifecycle", "environments", "acknowledge"}
)
"""Fields that are written in lines however short they are, as people expect to read and to edit them."""
BLOCK_ITEMS = frozenset({"variants", "targetSegments"})
"""Fields whose items are written in lines too, each mapping from its dash on."""

_LONGEST_KEY = 1000
"""Parsers look for the colon of a key no further than 1,024 characters."""
_INDICATORS = frozenset("-?:,[]{}#&*!|>'\"%@`")
_OLD_WORDS = re.compile(r"(?:y|n|yes|no|on|off|true|false|null|~|=|<<)\Z", re.IGNORECASE)
"""What a reader of YAML 1.1 takes for a boolean, a null or a merge."""
_OLD_NUMBER = re.compile(r"[-+]?[.0-9][0-9_,.:eExXoObBa-fA-F+-]*\Z")
"""Everything that looks like a number to some reader: with underscores, octal, binary or in base 60."""
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\xa0\xad\u061c\u180e\u200b-\u200f\u2028-\u202f\u205f-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\ue000-\uf8ff]"
)
"""Characters that do not show, or that not every parser takes: written as escapes."""


def scalar_text(value: str | int | float | bool | None, *, flow: bool = False) -> str:
    """The value on one line; `flow` says that it stands inside brackets, where more characters have a meaning."""
    if isinstance(value, str):
        return value if is_plain(value, flow=flow) else quoted(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return f"{value:.1f}"
    return json.dumps(value)


def is_plain(text: str, *, flow: bool) -> bool:
    """Whether text can stand without quotes and be text to every reader."""
    if not text or text != text.strip() or _HIDDEN.search(text) or text.startswith(("---", "...")):
        return False
    if _OLD_WORDS.match(text):
        return False
    if _OLD_NUMBER.match(text) and not _DAY.match(text):
        return False
    if text[0] in _INDICATORS and not (text[0] in "-?:" and len(text) > 1 and text[1] not in " ,[]{}" and not flow):
        return False
    if ": " in text or " #" in text or text.endswith(":"):
        return False
    if flow and any(character in text for character in ",[]{}:?"):
        return False
    try:
        return resolve(text) is text
    except UnusableNumberError:
        return False


def quoted(text: str) -> str:
    """The text in double quotes, with escapes for what does not show."""
    inner = json.dumps(text, ensure_ascii=False)
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04X}", inner)


def is_visible(text: str) -> bool:
    """Whether each character of the text but line breaks shows, or is a plain space."""
    return not _HIDDEN.search(text.replace("\n", ""))


def flow_text(value: JsonValue) -> str:
    """Any value on one line, collections in brackets."""
    if isinstance(value, dict):
        members = (f"{scalar_text(key, flow=True)}: {flow_text(member)}" for key, member in value.items())
        return "{" + ", ".join(members) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow_text(item) for item in value) + "]"
    return scalar_text(value, flow=True)


def member_lines(key: str, value: JsonValue, indent: int) -> list[str]:
    """The lines of one member of a block mapping whose keys stand at column `indent` (from 0)."""
    before, head = key_lines(key, " " * indent)
    return [*before, *lines_behind(head, value, indent, in_lines=key in BLOCK_KEYS, items_in_lines=key in BLOCK_ITEMS)]


def key_lines(key: str, start: str) -> tuple[list[str], str]:
    """The lines before the one on which a key's value begins, and how that begins; `start` stands before the key.

    The key is on that line itself, unless it is too long for a parser to find its colon.
    """
    text = scalar_text(key)
    if len(text) <= _LONGEST_KEY:
        return [], f"{start}{text}:"
    return [f"{start}? {text}"], f"{' ' * len(start)}:"


def item_lines(value: JsonValue, indent: int, *, in_lines: bool = False, width: int = INDENT) -> list[str]:
    """The lines of one item of a block sequence whose dashes stand at column `indent`.

    A mapping that is not short, or with `in_lines` any, begins behind the dash, `width` columns from it:
    `- key: control`.
    """
    head = f"{' ' * indent}-"
    if isinstance(value, dict | list) and value and (in_lines or not _fits(head, value)):
        inner = _lines(value, indent + width, items_in_lines=False)
        return [f"{head}{inner[0][indent + 1 :]}", *inner[1:]]
    return lines_behind(head, value, indent, in_lines=False, items_in_lines=False)


def document_text(value: Mapping[str, JsonValue]) -> str:
    """A whole document."""
    return "".join(f"{line}\n" for key, member in value.items() for line in member_lines(key, member, 0))


def literal_lines(text: str, indent: int) -> list[str] | None:
    """The header and the lines of a literal block scalar, or None where only quotes can hold the text safely."""
    body, end = text.rstrip("\n"), len(text) - len(text.rstrip("\n"))
    lines = body.split("\n")
    if "\n" not in text or not body or not is_visible(text) or body[0] in " \t\n":
        return None
    if any(line != line.rstrip() for line in lines):
        return None
    header = {0: "|-", 1: "|"}.get(end, "|+")
    return [header, *(f"{' ' * indent}{line}" if line else "" for line in lines), *[""] * (end - 1)]


def lines_behind(
    head: str, value: JsonValue, indent: int, *, in_lines: bool = False, items_in_lines: bool = False
) -> list[str]:
    """The lines of a value behind what stands before it, `key:` or `-`, at column `indent`; short ones on one line."""
    if isinstance(value, str):
        literal = literal_lines(value, indent + INDENT)
        if literal is not None:
            return [f"{head} {literal[0]}", *literal[1:]]
    if isinstance(value, dict | list):
        if value and (in_lines or not _fits(head, value)):
            return [head, *_lines(value, indent + INDENT, items_in_lines=items_in_lines)]
        return [f"{head} {flow_text(value)}"]
    return [f"{head} {scalar_text(value)}"]


def _lines(value: Mapping[str, JsonValue] | Sequence[JsonValue], indent: int, *, items_in_lines: bool) -> list[str]:
    if isinstance(value, Mapping):
        return [line for key, member in value.items() for line in member_lines(key, member, indent)]
    return [line for item in value for line in item_lines(item, indent, in_lines=items_in_lines)]


def _fits(head: str, value: JsonValue) -> bool:
    """Whether a collection can stand on one line: short enough, and without text of several lines."""
    return not _has_break(value) and len(head) + 1 + len(flow_text(value)) <= WIDTH


def _has_break(value: JsonValue) -> bool:
    if isinstance(value, dict):
        return any(_has_break(member) for member in value.values())
    if isinstance(value, list):
        return any(_has_break(item) for item in value)
    return isinstance(value, str) and "\n" in value and literal_lines(value, 0) is not None
