"""Experiments with awkward values, and changes of any kind to them.

    odd_experiment(rng) -> dict          a value of the shape that files have
    edit(value, rng, edits) -> Edited    a changed copy and the paths (of the old value) that were touched

All randomness comes from `rng`, a `random.Random`.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

Path = tuple[str | int, ...]

TEXTS = [
    "", "a", "control", "on", "yes", "012", "1e3", "null", "~", " lead", "trail ", "a: b", "#x", "x #y", "it's",
    'say "hi"', "one\ntwo", "one\n\ntwo\n", "three\n lines\nhere", "ends\n\n", "\nstarts", "😀 emoji", "tab\there",
    "-", "- x", "[x]", "{a}", "*a", "&a", "!x", "2026-01-01", "a,b", "x: y # z", "\u00a0nbsp", "?x", "https://x.y/?a=b",
    "bell\x07", "United States", "a fairly long text that somebody wrote on one line and nobody ever broke, as they do",
    "%x", "@x", "`x`", "|", ">", "key:", "'", '"', "\\", "---", "...", "- - a", "é", "trailing space \nnext",
]  # fmt: skip


@dataclass
class Edited:
    """`value` is the new one. What lay at or below a `gone` path was replaced or removed; the scalars at `given` have
    another value; the collections at `changed` got or lost entries, those at `moved` have another order."""

    value: dict[str, Any]
    gone: set[Path] = field(default_factory=set)
    given: set[Path] = field(default_factory=set)
    changed: set[Path] = field(default_factory=set)
    moved: set[Path] = field(default_factory=set)


def odd_text(rng: Random) -> str:
    return rng.choice(TEXTS) if rng.random() < 0.6 else rng.choice("abcdef") * rng.randint(1, 4)


def odd_json(rng: Random, depth: int = 2) -> Any:
    kind = rng.randrange(7 if depth else 5)
    if kind == 5:
        return [odd_json(rng, depth - 1) for _ in range(rng.randint(0, 3))]
    if kind == 6:
        return {rng.choice(["a", "b", "key", "on", "it's", "1", "x y"]): odd_json(rng, depth - 1) for _ in range(3)}
    return [None, rng.random() < 0.5, rng.randint(-3, 100), rng.choice([0.5, 1.5, 1e-7]), odd_text(rng)][kind]


def _some(rng: Random, fields: dict[str, Any], share: float = 0.5) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name in ("key", "name", "prop") or rng.random() < share}


def odd_variant(rng: Random, key: str) -> dict[str, Any]:
    inclusions: Any = [f"u{rng.randint(1, 9)}" for _ in range(rng.randint(0, 4))]
    return _some(
        rng,
        {
            "key": key,
            "name": odd_text(rng),
            "description": odd_text(rng),
            "payload": odd_json(rng),
            "rolloutWeight": rng.choice([0, 1, 1, 1, 2, 0.5]),
            "inclusions": {"file": "users.txt"} if rng.random() < 0.2 else inclusions,
        },
    )


def odd_segment(rng: Random, name: str) -> dict[str, Any]:
    conditions = [
        {
            "prop": rng.choice(["country", "gp:x"]),
            "op": "is",
            "values": [odd_text(rng) for _ in range(rng.randint(1, 3))],
        }
        for _ in range(rng.randint(0, 3))
    ]
    weights = {key: rng.choice([0, 1, 1]) for key in rng.sample(["control", "on", "c"], 2)}
    return _some(
        rng, {"name": name, "percentage": rng.choice([0, 50, 100]), "rolloutWeights": weights, "conditions": conditions}
    )


def odd_experiment(rng: Random) -> dict[str, Any]:
    return _some(
        rng,
        {
            "key": "an-experiment",
            "name": odd_text(rng),
            "description": odd_text(rng),
            "enabled": rng.random() < 0.5,
            "rolloutPercentage": rng.choice([0, 1, 50, 99.5]),
            "stickyBucketing": False,
            "startDate": rng.choice([None, "2026-02-01"]),
            "tags": rng.sample(["t1", "t2", "t3", "on", "it's", "a b"], rng.randint(0, 4)),
            "deployments": rng.sample(["web", "9302", 9303, "ios"], rng.randint(0, 3)),
            "exposureEvent": rng.choice([None, {"event_type": "seen", "filters": []}]),
            "variants": [
                odd_variant(rng, key) for key in rng.sample(["control", "treatment", "c", "d"], rng.randint(0, 4))
            ],
            "targetSegments": [
                odd_segment(rng, name) for name in rng.sample(["US", "EU: west", "x"], rng.randint(0, 3))
            ],
            "lifecycle": {"ignoreChanges": ["rolloutPercentage"], "preventArchive": True},
            "environments": {"prod": {"rolloutPercentage": 1, "enabled": False}, "dev": {"skip": True}},
        },
        0.7,
    )


def edit(value: dict[str, Any], rng: Random, edits: int = 1) -> Edited:
    """A copy with so many changes of any kind, none of them inside what another one touched."""
    edited = Edited(copy.deepcopy(value))
    for _ in range(edits):
        _edit_once(value, edited, rng)
    for path in edited.gone | edited.given | edited.changed | edited.moved:
        # An item without a name that is changed is another item, in the place of the old one or elsewhere.
        for length in range(1, len(path)):
            items = _at(value, path[:length])
            if isinstance(items, list) and not _are_named(items):
                edited.gone |= {
                    (*path[:length], at) for at, item in enumerate(items) if item == items[int(path[length])]
                }
                edited.changed.add(path[:length])
                edited.moved.add(path[:length])
                if len(items) == 1:
                    edited.gone.add(path[:length])
    return edited


def _are_named(items: list[Any]) -> bool:
    return any(
        all(isinstance(item, dict) and isinstance(item.get(key), str) for item in items) for key in ("key", "name")
    )


def _paths(value: Any, path: Path = ()) -> list[Path]:
    found = [path]
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        found += _paths(child, (*path, key))
    return found


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def covers(prefixes: set[Path], path: Path) -> bool:
    """Whether a path is one of the prefixes or lies below one."""
    return any(path[: len(prefix)] == prefix for prefix in prefixes)


def _edit_once(old: dict[str, Any], edited: Edited, rng: Random) -> None:
    listed = edited.changed | edited.moved
    # A list whose indices have moved can't be found by the old path any more.
    lists = {path for path in listed if isinstance(_at(old, path), list)}
    free = [
        path
        for path in _paths(old)
        if not covers(edited.gone | edited.given | lists, path)
        and not any(done[: len(path)] == path for done in edited.gone | edited.given | listed)
        and path[-1:] not in (("key",), ("name",))
    ]
    if not free:
        return
    path = rng.choice(free)
    target = _at(old, path)
    if isinstance(target, list) and target and rng.random() < 0.8:
        _edit_list(_at(edited.value, path), path, edited, rng)
    elif isinstance(target, dict) and (not path or isinstance(path[-1], int) or rng.random() < 0.8):
        _edit_mapping(_at(edited.value, path), path, edited, rng)
    else:
        new = odd_json(rng)
        if json.dumps(new, sort_keys=True) == json.dumps(target, sort_keys=True):
            return
        simple = not isinstance(target, dict | list) and not isinstance(new, dict | list)
        (edited.given if simple else edited.gone).add(path)
        _at(edited.value, path[:-1])[path[-1]] = new


def _edit_list(target: list[Any], path: Path, edited: Edited, rng: Random) -> None:
    named = [item for item in target if isinstance(item, dict) and ("key" in item or "name" in item)]
    kind = rng.randrange(4)
    texts = [json.dumps(item, sort_keys=True) for item in target]
    if len(set(texts)) < len(texts):
        edited.moved.add(path)
    if kind == 0:
        at = rng.randrange(len(target))
        edited.gone.add((*path, at))
        edited.changed.add(path)
        # Which of two equal ones went can't be told.
        edited.gone |= {(*path, other) for other, text in enumerate(texts) if text == texts[at]}
        del target[at]
        if not target:
            edited.gone.add(path)
    elif kind == 1 and len(target) > 1:
        rng.shuffle(target)
        edited.moved.add(path)
    else:
        field = "key" if named and "key" in named[0] else "name"
        new: Any = odd_json(rng)
        if named and len(named) == len(target):
            new = odd_variant(rng, "new") if field == "key" else odd_segment(rng, "new")
        target.insert(rng.randint(0, len(target)), new)
        edited.changed.add(path)


def _edit_mapping(target: dict[str, Any], path: Path, edited: Edited, rng: Random) -> None:
    removable = [key for key in target if key not in ("key", "name")]
    if removable and rng.random() < 0.5:
        key = rng.choice(removable)
        del target[key]
        edited.gone.add((*path, key))
        edited.changed.add(path)
        if not target:
            edited.gone.add(path)
    else:
        key = rng.choice(["bucketingSalt", "description", "payload", "rolloutWeight", "zzz", "enabled", "a b"])
        if key in target:
            return
        target[key] = odd_json(rng)
        edited.changed.add(path)
        if len(target) == 1:
            edited.gone.add(path)
