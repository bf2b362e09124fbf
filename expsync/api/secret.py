"""The key, wrapped so that it can't be shown by accident, and the cleaning of texts that come from outside."""

from __future__ import annotations

import re
import unicodedata

_SHOWN = "[key]"
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_KEY_LIKE = re.compile(r"ampex_[A-Za-z0-9_-]+")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that a terminal obeys or that turn text around: control, format (bidi), surrogates, breaks."""


class Secret:
    """A key that never shows in a repr, a text or a traceback; `reveal` alone gives it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The key itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(...)"

    def __str__(self) -> str:
        return _SHOWN

    def __reduce__(self) -> str:
        raise TypeError("a secret is not to be stored")


def plain_text(text: str, secret: Secret | None = None, *, most: int = 300) -> str:
    """The text on one line, without control characters or keys, cut after `most` characters."""
    text = _ANSI.sub("", text)
    text = " ".join("".join(" " if char in "\t\n\r\v\f\x85" else char for char in text if _shows(char)).split())
    # Hidden first, cut last: half a key is still a piece of a key.
    if secret is not None:
        text = text.replace(secret.reveal(), _SHOWN)
    text = _KEY_LIKE.sub(_SHOWN, text)
    return text if len(text) <= most else text[:most].rstrip() + "…"


def _shows(char: str) -> bool:
    return char in "\t\n\r\v\f\x85" or unicodedata.category(char) not in _HIDDEN
