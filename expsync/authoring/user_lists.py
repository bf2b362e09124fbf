"""The text of a list of users: one id a line, `#` starts a comment."""

from __future__ import annotations

import re

_COMMENT = re.compile(r"(?:^|\s)#.*\Z")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")


def with_users(text: str, users: frozenset[str]) -> str | None:
    """The text that lists these users and no other: lines of those who stay as they are, new ones at the end.

    None where one of them can't stand in such a list, since it would be read as another id.
    """
    if any(not _can_stand(user) for user in users):
        return None
    kept: list[str] = []
    there: set[str] = set()
    for line in _lines(text):
        user = listed_user(line)
        if user is None or user in users:
            kept.append(line)
            if user is not None:
                there.add(user)
    end = "\r\n" if "\r\n" in text else "\n"
    added = sorted(users - there)
    if added and kept and not kept[-1].endswith(("\n", "\r")):
        kept[-1] += end
    return "".join((*kept, *(f"{user}{end}" for user in added)))


def listed_user(line: str) -> str | None:
    """The id on a line, or None where there is none."""
    return _COMMENT.sub("", line.rstrip("\r\n")).strip().removeprefix("\ufeff") or None


def _can_stand(user: str) -> bool:
    return listed_user(user) == user and not re.search(r"[\r\n]", user)


def _lines(text: str) -> list[str]:
    return [line for line in _LINE.findall(text) if line]
