"""JSON text that is safe to print: characters that could act on a terminal or a log stand as JSON escapes."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import JsonValue

# Other: control, format (bidi marks, zero-width), surrogate, private use, unassigned; separators of lines.
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# What most texts are made of, and what needs no look at each character.
_PLAIN = "\n\x20-\x7e\xa1-\xac\xae-\u02ff"
_DOUBTFUL = f"[^{_PLAIN}]+"
_FIRST_MARK = "\u0300"
MOST_MARKS = 8
"""Marks on one character that are shown: no script stacks more, and a heap of them paints over other lines."""
# How older GitHub runners, Azure Pipelines and TeamCity mark a command, anywhere in a line.
_COMMAND = re.compile(r"##(?=\w*\[)")


def is_unsafe(char: str) -> bool:
    """Whether a character is not one to see: control, format (bidi, zero-width), surrogate, line separator."""
    return not char.isprintable() and unicodedata.category(char) in _UNSAFE_CATEGORIES


def escaped(text: str, escape: Callable[[str], str]) -> str:
    """`text` with `escape` of every character that is not one to see, line breaks apart, and of heaped marks."""
    return re.sub(_DOUBTFUL, lambda found: "".join(_shown(found.group(), escape)), text)


def _shown(text: str, escape: Callable[[str], str]) -> Iterator[str]:
    marks = 0
    for char in text:
        is_mark = char >= _FIRST_MARK and unicodedata.category(char) in ("Mn", "Me")
        marks = marks + 1 if is_mark else 0
        yield escape(char) if marks > MOST_MARKS or is_unsafe(char) else char


def broken_command(text: str) -> str:
    """`text` with every `##[name]` and `##vso[name]` broken up, so that no CI system finds a command in it."""
    return _COMMAND.sub(r"#\\u0023", text) if "##" in text else text


def compact_json(value: JsonValue) -> str:
    """The value as JSON on one line, safe to print; it means exactly the same."""
    return _safe(json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(", ", ": ")))


def indented_json(value: JsonValue) -> str:
    """The value as JSON indented by two, with a line break at its end, safe to print; it means exactly the same.

    ValueError where a number is not finite.
    """
    return _safe(_indented(value)) + "\n"


def _indented(value: JsonValue) -> str:
    from pydantic_core import to_json  # where there is much to write, its models are there too

    # A third of the time of saving a large plan; json's own encoder indents in Python.
    try:
        text = to_json(value, indent=2, inf_nan_mode="constants").decode()
    except ValueError:
        # Half a character, or more levels than that encoder takes.
        return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2)
    if "NaN" in text or "Infinity" in text:
        # A text, or a number that is refused.
        return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2)
    return text


def _safe(text: str) -> str:
    # json.dumps has escaped what is below space; a line break that is left stands between tokens.
    if not text.isascii() or "\x7f" in text:
        text = escaped(text, _escape)
    return broken_command(text)


def _escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
