"""Which entries of an old collection live on in a new one, and where the new ones go."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import SequenceMatcher

from pydantic import JsonValue

from expsync.config.parsed import Path
from expsync.config.same import fingerprint, same

Order = Callable[[Path], Sequence[str]]
"""The canonical order of the keys of the mapping at a path; empty where there is none."""

Continues = Callable[[Path, Mapping[str, JsonValue]], str | None]
"""The old identity (`key` or `name`) that a new item at a list's path goes on from, where it differs from its own."""


def place_keys(kept: Sequence[str], new: Sequence[str], order: Sequence[str]) -> list[str]:
    """All keys: the kept in their order, each new one behind the one that comes before it in the canonical order."""
    ranks = {key: rank for rank, key in enumerate(order)}
    placed = list(kept)
    for key in sorted((key for key in new if key in ranks), key=ranks.__getitem__):
        rank = ranks[key]
        before = [other for other in placed if ranks.get(other, rank) < rank]
        after = [other for other in placed if ranks.get(other, rank) > rank]
        if before:
            place = placed.index(max(before, key=ranks.__getitem__)) + 1
        else:
            place = placed.index(after[0]) if after else len(placed)
        placed.insert(place, key)
    return placed + [key for key in new if key not in ranks]


def match_items(
    path: Path, old: Sequence[JsonValue], new: Sequence[JsonValue], continues: Continues | None = None
) -> list[int | None]:
    """For each new item the index of the old one that it is, or None.

    Items with a `key` or a `name` of their own are the same ones by that. Others are if they are equal, and mappings
    in the same gap between equal ones if they share most of their members.
    """
    for identity in ("key", "name"):
        before, after = _identities(old, identity), _identities(new, identity)
        if before is not None and after is not None:
            return [before.get(key) for key in _continued(path, new, after, before, continues)]
    return _match_by_value(old, new)


def _identities(items: Sequence[JsonValue], identity: str) -> dict[str, int] | None:
    found: dict[str, int] = {}
    for index, item in enumerate(items):
        name = item.get(identity) if isinstance(item, dict) else None
        if not isinstance(name, str) or name in found:
            return None
        found[name] = index
    return found


def _continued(
    path: Path, new: Sequence[JsonValue], own: Mapping[str, int], old: Mapping[str, int], continues: Continues | None
) -> list[str]:
    names: list[str] = []
    for name, item in zip(own, new, strict=True):
        earlier = continues(path, item) if continues is not None and isinstance(item, dict) else None
        free = earlier is not None and earlier in old and earlier not in own and earlier not in names
        names.append(earlier if earlier is not None and free else name)
    return names


def _match_by_value(old: Sequence[JsonValue], new: Sequence[JsonValue]) -> list[int | None]:
    before, after = [fingerprint(item) for item in old], [fingerprint(item) for item in new]
    matched: list[int | None] = [None] * len(new)
    changed: list[tuple[range, range]] = []
    for tag, i, i_end, j, j_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            matched[j:j_end] = range(i, i_end)
        elif tag == "replace":
            changed.append((range(i, i_end), range(j, j_end)))
    taken = {index for index in matched if index is not None}
    free: dict[str, list[int]] = {}
    for index in reversed(range(len(old))):
        if index not in taken:
            free.setdefault(before[index], []).append(index)
    for place, mark in enumerate(after):
        if matched[place] is None and free.get(mark):
            moved = free[mark].pop()
            matched[place] = moved
            taken.add(moved)
    for sources, targets in changed:
        left = [index for index in sources if index not in taken]
        for place in targets:
            if matched[place] is None:
                near = next((index for index in left if _is_near(old[index], new[place])), None)
                if near is not None:
                    matched[place] = near
                    left = left[left.index(near) + 1 :]
    return matched


def _is_near(one: JsonValue, other: JsonValue) -> bool:
    if not isinstance(one, dict) or not isinstance(other, dict):
        return False
    shared = sum(key in other and same(value, other[key]) for key, value in one.items())
    return shared * 2 >= max(len(one), len(other))
