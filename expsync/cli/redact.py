"""Secrets taken out of text that nobody wrote with care: tracebacks and messages of unexpected errors."""

from __future__ import annotations

import re
from collections.abc import Mapping

_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASS", re.IGNORECASE)
_SECRET_TEXT = re.compile(r"ampex_[A-Za-z0-9_-]+|(?<=Bearer )[^\s'\"]+|(?<=Api-Key )[^\s'\"]+")
_SHORTEST = 8
"""A shorter value is no key, and taking it out would leave holes everywhere."""


def without_secrets(text: str, environment: Mapping[str, str]) -> str:
    """`text` with `[redacted]` for every value of the environment that may be a key, and for what looks like one.

    A workspace may name any variable for its key, so each value that is long enough goes, whatever its name, unless it
    is plainly a path or an address.
    """
    for name, value in sorted(environment.items(), key=lambda item: -len(item[1])):
        harmless = value.startswith(("/", "./", "http://", "https://")) or ":/" in value
        # The client strips what is around a key, and a message may show it as Python writes it.
        key = value.strip()
        if len(key) >= _SHORTEST and (_SECRET_NAME.search(name) or not harmless):
            for form in (key, repr(key)[1:-1]):
                text = text.replace(form, "[redacted]")
    return _SECRET_TEXT.sub("[redacted]", text)
