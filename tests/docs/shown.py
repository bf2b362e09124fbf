"""What is shown and what was printed, compared: exactly, but for what no two runs have in common."""

from __future__ import annotations

import re
from collections.abc import Sequence

ANY_LINES = "…"
"""A shown line that stands for any lines, or none."""

_DIFFERENT_EACH_TIME = (
    # Times: `2026-02-01 10:26:00 UTC`, `2026-02-01T10:26:00.123Z`.
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?: UTC|Z|\+00:00)?"), "<time>"),
    # Digests, which cover the address of the server, and commits.
    (re.compile(r"\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*[0-9])[0-9a-f]{7,64}\b"), "<hash>"),
    # A salt that the server drew.
    (re.compile(r"(bucketingSalt\W+)[A-Za-z0-9]{8}\b"), r"\1<salt>"),
)
_PAINT = re.compile(r"\x1b\[[0-9;]*[mK]")


def plain_lines(printed: str) -> list[str]:
    """What a terminal showed, line by line, without its colours; blank lines are one, and none at either end.

    A terminal that can't move its cursor, as this one, gets an empty line where another one has a bar that goes again.
    """
    text = "\n".join(line.rstrip() for line in _PAINT.sub("", printed).replace("\r\n", "\n").split("\n"))
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n").split("\n") if text.strip() else []


def is_shown(shown: Sequence[str], printed: Sequence[str]) -> bool:
    """Whether the page shows what was printed."""
    parts = [r"(?:[^\n]*\n)*?" if line.strip() == ANY_LINES else re.escape(_settled(line)) + r"\n" for line in shown]
    return re.fullmatch("".join(parts), "".join(f"{_settled(line)}\n" for line in printed)) is not None


def _settled(line: str) -> str:
    for pattern, name in _DIFFERENT_EACH_TIME:
        line = pattern.sub(name, line)
    return line.rstrip()
