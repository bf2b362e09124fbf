"""Paths into a state, and the patterns of `lifecycle.ignoreChanges` that match them."""

from __future__ import annotations

import re
from functools import lru_cache

Path = tuple[str, ...]


def path_text(path: Path) -> str:
    """The path as the plan shows it: `variants.treatment.payload`."""
    return ".".join(path)


def is_ignored(patterns: tuple[str, ...], path: Path) -> bool:
    """Whether a pattern matches the path or one of its parents; `*` stands for any text, `?` for one character."""
    if not patterns:
        return False
    parents = [path_text(path[:length]) for length in range(1, len(path) + 1)]
    return any(_compiled(pattern).fullmatch(parent) for pattern in patterns for parent in parents)


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)
