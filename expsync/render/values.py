"""How a change of a value is written: on one line, long ones cut, users counted rather than listed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import assert_never

from pydantic import JsonValue

from expsync.model.json_text import compact_json
from expsync.model.plan import Change
from expsync.render.safe import visible
from expsync.render.view import counted

NAMES_SHOWN = 3
"""Ids of users or cohorts that are named on each side of a change."""
_ARROW = " → "
_MEMBERS = {"inclusions": "user", "cohortInclusions": "cohort"}
_LEAST = 12
_CONTEXT = 8


def clip(text: str, limit: int, *, start: int = 0) -> str:
    """`text` if it has at most `limit` characters; else a part of it from `start` on, and how many are left out."""
    if len(text) <= limit:
        return text
    kept = max(limit - len("… (1,000 more characters)"), _LEAST)
    start = min(start, len(text) - kept)
    piece = text[start : start + kept]
    before, after = "…" if start else "", "…" if start + kept < len(text) else ""
    return f"{before}{piece}{after} ({len(text) - len(piece):,} more characters)"


def change_lines(change: Change, limit: int, *, cut: bool = True, least: int = 0) -> list[str]:
    """What the change does: `old → new`, the new value, or the old one; a whole variant or segment field by field.

    One line or more, each of about `limit` characters at most; the first is empty where the path has said it all.
    Without `cut` no value is shortened, and with it none to less than `least`: a line may be longer then.
    """
    most = max(limit, least) if cut else sys.maxsize
    noun = _MEMBERS.get(change.path.rpartition(".")[2]) if change.path.startswith("variants.") else None
    if noun is not None:
        moved = _moved(change.before, change.after, noun)
        if moved is not None:
            return [moved]
    match change.kind:
        case "add":
            return _whole(change.path, change.after, limit, most)
        case "remove":
            return _whole(change.path, change.before, limit, most)
        case "replace":
            name = change.path.rpartition(".")[2]
            return _replaced(_value(name, change.before), _value(name, change.after), limit, most)
        case _:
            assert_never(change.kind)


def _whole(path: str, value: JsonValue, limit: int, most: int) -> list[str]:
    """A value that came or went: nothing for a name that ends the path, the fields of a member, or compact JSON."""
    if isinstance(value, str) and path.endswith(f".{value}"):
        return [""]
    if path.startswith(("variants.", "targetSegments.")) and isinstance(value, dict):
        fields = [
            _field(name, inner, most)
            for name, inner in value.items()
            if not (name in ("key", "name") and isinstance(inner, str) and path.endswith(f".{inner}"))
        ]
        together = ", ".join(fields)
        return [together] if len(together) <= limit else fields
    return [clip(compact_json(value), most)]


def _field(name: str, value: JsonValue, limit: int) -> str:
    members = _texts(value) if name in _MEMBERS else None
    if members is not None:
        return f"{counted(len(members), _MEMBERS[name])} ({_names(members)})"
    return f"{visible(name)} {clip(_value(name, value), max(limit - len(name) - 1, _LEAST))}"


def _value(name: str, value: JsonValue) -> str:
    """The value as compact JSON; the conditions of a segment in words."""
    if name == "conditions" and isinstance(value, list) and value:
        said = [_condition(condition) for condition in value]
        if None not in said:
            return " and ".join(text for text in said if text is not None)
    return compact_json(value)


def _condition(condition: JsonValue) -> str | None:
    """`country is "Chad" or "Mali"`, or None for anything but a plain condition on a property."""
    match condition:
        case {"prop": str(prop), "op": str(op), "values": [_, *_] as values, **rest} if rest in (
            {},
            {"type": "property"},
        ):
            return f"{visible(prop)} {visible(op)} {' or '.join(compact_json(value) for value in values)}"
    return None


def _replaced(before: str, after: str, limit: int, most: int) -> list[str]:
    """`old → new`, on two lines where they don't fit on one."""
    if len(before) + len(_ARROW) + len(after) <= limit:
        return [before + _ARROW + after]
    arrow = _ARROW.lstrip()
    room = max(most - len(arrow), _LEAST)
    # Two long values that begin alike are shown from shortly before the place where they part.
    same = next((at for at, (old, new) in enumerate(zip(before, after, strict=False)) if old != new), 0)
    start = same - _CONTEXT if same > room // 2 else 0
    return [clip(before, room, start=max(start, 0)), arrow + clip(after, room, start=max(start, 0))]


def _moved(before: JsonValue, after: JsonValue, noun: str) -> str | None:
    """`+3 −1 users (now 120): …`, or None where the values are no lists of ids."""
    old, new = _texts(before), _texts(after)
    if old is None or new is None:
        return None
    there, wanted = set(old), set(new)
    added = [name for name in new if name not in there]
    removed = [name for name in old if name not in wanted]
    groups = [(sign, group) for sign, group in (("+", added), ("−", removed)) if group]
    counts = " ".join(f"{sign}{len(group)}" for sign, group in groups) or "±0"
    several = noun if len(added) + len(removed) == 1 else f"{noun}s"
    names = "; ".join(f"{sign} {_names(group)}" for sign, group in groups)
    return f"{counts} {several} (now {len(new)})" + (f": {names}" if names else "")


def _names(group: Sequence[str]) -> str:
    shown = ", ".join(clip(visible(name), 40) for name in group[:NAMES_SHOWN])
    return shown + (f" and {len(group) - NAMES_SHOWN} more" if len(group) > NAMES_SHOWN else "")


def _texts(value: JsonValue) -> list[str] | None:
    if value is None:
        return []
    if isinstance(value, list) and all(isinstance(member, str) for member in value):
        return [member for member in value if isinstance(member, str)]
    return None
