"""The key, wrapped so that it can't be shown by accident, and the cleaning of texts that come from outside."""

from __future__ import annotations

import re
import unicodedata

_SHOWN = "[key]"
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_KEY_LIKE = re.compile(r"ampex_[A-Za-z0-9_-]+")
_LONGEST_KEY = 1000
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that a terminal obeys or that turn text around: control, format (bidi), surrogates, breaks."""


LOOKED_AT = 20_000
"""Characters of a text from outside that are looked at, of which far fewer are shown."""
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"}


class Secret:
    """A key that never shows in a repr, a text or a traceback; `reveal` alone gives it."""

    __slots__ = ("_forms", "_value")

    def __init__(self, value: str) -> None:
        self._value = value
        self._forms = re.compile("".join(map(_forms, value)), re.IGNORECASE)

    def reveal(self) -> str:
        """The key itself."""
        return self._value

    def hidden_in(self, text: str) -> str:
        """The text without the key, as it is or as it is written in an address, in JSON or in HTML."""
        return self._forms.sub(_SHOWN, text)

    def __repr__(self) -> str:
        return "Secret(...)"

    def __str__(self) -> str:
        return _SHOWN

    def __reduce__(self) -> str:
        raise TypeError("a secret is not to be stored")


def _forms(char: str) -> str:
    """A pattern for the ways to write one character of a key."""
    if char.isalnum():
        return char
    code = ord(char)
    ways = [rf"\\?{re.escape(char)}", f"%{code:02x}", rf"\\u{code:04x}", f"&#0*{code};", f"&#x0*{code:x};"]
    return f"(?:{'|'.join([*ways, _NAMED.get(char, ways[0])])})"


def plain_text(text: str, secret: Secret | None = None, *, most: int = 300) -> str:
    """The text on one line, without control characters or keys, cut after `most` characters."""
    is_whole = len(text) <= LOOKED_AT
    text = _ANSI.sub("", text[:LOOKED_AT])
    text = " ".join("".join(" " if char in "\t\n\r\v\f\x85" else char for char in text if _shows(char)).split())
    # Hidden first, cut last: half a key is still a piece of a key.
    if secret is not None:
        text = secret.hidden_in(text)
    text = _KEY_LIKE.sub(_SHOWN, text)
    if not is_whole:
        # Its end may be the beginning of a key.
        text = text[:-_LONGEST_KEY]
    return text if len(text) <= most else text[:most].rstrip() + "…"


def _shows(char: str) -> bool:
    return char in "\t\n\r\v\f\x85" or unicodedata.category(char) not in _HIDDEN
