"""What the C parser can't read of YAML 1.2, hidden from it.

Its libyaml is of YAML 1.1's age: inside `[ ]` and `{ }` it takes every `:` and `?` in plain text for an indicator, so
that `[https://example.com]` is a mistake to it, and `[?x]` a mapping. In YAML 1.2 both are plain text. So each `:` and
`?` that can't be an indicator is replaced by a character that the text does not have, one for one, so that no position
moves; where the replaced one was text to the parser anyway, putting it back changes nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TAG = r"(?<![^\s,\[{])!(?:<[^>\s]*>|[^\s,\[\]{}]*)"
_COLON = r"""(?<!["'\]}]):(?=[^\s,\[\]{}])"""
"""No indicator: text follows at once. After a quoted key or a collection it is one all the same, as in JSON."""
_QUESTION = r"(?<=[^\s,\[\]{}])\?|\?(?=[^\s,\[\]{}])"
_HIDDEN = re.compile(f"{_TAG}|{_COLON}|{_QUESTION}")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))")
"""A character in double quotes that the text has without showing it."""
_MISREAD = re.compile(r"(?<![^\s,\[{])\?(?=[^\s,\[\]{}])")


def is_misread(text: str) -> bool:
    """Whether the C parser could take a text that starts with `?` for a key without saying so."""
    return "?" in text and _MISREAD.search(text) is not None


@dataclass(frozen=True, slots=True)
class Mask:
    """A text as the C parser gets it, and how to read what it says."""

    text: str
    colon: str = ""
    question: str = ""

    def restore(self, part: str) -> str:
        """A part of the text as it was."""
        if not self.colon:
            return part
        return part.replace(self.colon, ":").replace(self.question, "?")


def mask(text: str) -> Mask:
    """The text with the characters hidden; itself, where there are none."""
    if ":" not in text and "?" not in text:
        return Mask(text)
    escaped = {int(short or long, 16) for short, long in _ESCAPE.findall(text)} if "\\" in text else set()
    unused = (chr(code) for code in range(0xE000, 0xF8FF) if chr(code) not in text and code not in escaped)
    colon, question = next(unused, ""), next(unused, "")
    if not question:  # a text with every private character; it is read as the C parser sees it
        return Mask(text)
    # A tag stays as it is: it may have colons, and nothing else in it would be read.
    swap = {":": colon, "?": question}
    return Mask(_HIDDEN.sub(lambda found: swap.get(found[0], found[0]), text), colon, question)
