"""How what a user wrote is quoted back, and what a mistyped word may have meant."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

QUOTED_CHARACTERS = 80
"""Text that a message quotes is cut here."""

SECRET = re.compile(r"ampex_[A-Za-z0-9][\w.\-]*")
"""What a management API key looks like."""


def plain(text: str, limit: int = QUOTED_CHARACTERS) -> str:
    """The text on one line without control characters or keys, cut to `limit` characters."""
    head = SECRET.sub("ampex_…", text[: limit * 20])
    kept = "".join(map(_shown, head))
    return kept if len(kept) <= limit and len(text) <= limit * 20 else kept[: limit - 1] + "…"


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    # Line ends and odd spaces show as a space. The rest (controls, and marks that turn the direction of text) is left
    # out: it could damage a terminal's line.
    return " " if character.isspace() else ""


def quote(value: object) -> str:
    """A value the way YAML would show it, short enough for a message: `"text"`, `130`, `true`, `[1, 2]`."""
    if isinstance(value, str):
        return f'"{plain(value)}"'
    return plain(json.dumps(value, ensure_ascii=False, default=str))


def nearest(word: str, options: Iterable[str]) -> str | None:
    """The option that `word` was probably meant to be, or None.

    Case, `_` and `-` do not count, so that `rollout_percentage` finds `rolloutPercentage`.
    """
    from difflib import get_close_matches

    by_shape: dict[str, str] = {}
    for option in options:
        by_shape.setdefault(_shape(option), option)
    close = get_close_matches(_shape(word[:QUOTED_CHARACTERS]), by_shape, n=1, cutoff=0.6)
    return by_shape[close[0]] if close else None


def _shape(word: str) -> str:
    return word.replace("_", "").replace("-", "").replace(" ", "").lower()


def suggest(word: str, options: Iterable[str], *, kind: str) -> str:
    """A hint: the near option, or the list of all of them (cut at 20), or that there is none."""
    known = list(options)
    near = nearest(word, known)
    if near is not None:
        return f'did you mean "{plain(near)}"?'
    if not known:
        return f"there is no {kind} here"
    shown = ", ".join(plain(option) for option in known[:20])
    return f"the {kind}s are: {shown}" + (", …" if len(known) > 20 else "")
