"""Which lines of a file may be others once live values were taken into it, told from the sandbox's own books alone."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from pathlib import Path

from tests.authoring.hand_edits import Record
from tests.authoring.odd_workspaces import Case
from tests.config.odd_yaml import Line, Odd, join

Steps = tuple[str | int, ...]


def moved(case: Case, before: dict[str, Record], after: dict[str, Record], new_text: str) -> list[str]:
    """The lines that went from the file, or moved, though nothing of what stands on them changed."""
    old_text = join(case.odds)
    lines: list[tuple[Line | None, int]] = []
    for place, odd in enumerate(case.odds):
        lines += [(line, place) for line in odd.lines]
    old, new = (re.split(r"\r\n|\r|\n", text) for text in (old_text, new_text))
    assert len(old) in (len(lines), len(lines) + 1)
    may = [allowed(value, before[value["key"]], after[value["key"]]) for value in case.values]
    wrong: list[str] = []
    for tag, start, end, _, _ in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag not in ("delete", "replace"):
            continue
        for number in range(start, end):
            line, place = lines[number] if number < len(lines) else (None, 0)
            if line is None or not line.text.strip():
                continue
            if not may_go(line, case.odds[place], may[place]):
                wrong.append(f"{number + 1}: {line.text!r}")
    return wrong


@dataclass
class Allowed:
    """Paths of values that are others now, and of collections that got or lost entries."""

    touched: set[Steps] = field(default_factory=set)
    resized: set[Steps] = field(default_factory=set)


def allowed(value: Record, before: Record, after: Record) -> Allowed:
    found = Allowed()
    overlays = value.get("environments", {})
    forms: list[tuple[Steps, Record]] = [((), value)]
    forms += [(("environments", name), overlay) for name, overlay in overlays.items() if name == "test"]
    if overlays.get("other") != {"skip": True}:
        forms += [(("environments", name), overlay) for name, overlay in overlays.items() if name == "other"]
    if before["deployments"] != after["deployments"]:
        # Those that the other environment has no name for go into the overlay.
        found.resized |= {("environments",), ("environments", "test")}
        if "environments" not in value:
            found.resized.add(())
    for prefix, form in forms:
        for name, said in form.items():
            if name == "variants":
                _allow_members(found, (*prefix, name), said, before[name], after[name], "key")
            elif name == "targetSegments":
                _allow_members(found, (*prefix, name), said, before[name], after[name], "name")
            elif name in before and before[name] != after[name]:
                found.touched.add((*prefix, name))
            elif name == "enabled" and after["archived"]:
                found.touched.add((*prefix, name))
                found.resized.add(prefix)
        if prefix and all(path in found.touched for path in ((*prefix, name) for name in form)):
            found.touched |= {prefix, ("environments",)}
    return found


def _allow_members(
    found: Allowed, path: Steps, said: list[Record], before: list[Record], after: list[Record], identity: str
) -> None:
    old, new = ({one[identity]: one for one in members} for members in (before, after))
    if list(old) != list(new):
        found.resized.add(path)
        gone = set(old) - set(new)
        kept = [name for name in old if name in new]
        if identity == "name" and kept != [name for name in new if name in old]:
            found.touched.add(path)
        if not set(new) - gone or {one[identity] for one in said} <= gone:
            # None of these is left.
            found.touched.add(path)
    for at, member in enumerate(said):
        name = member[identity]
        if name not in new:
            found.touched.add((*path, at))
            continue
        for field_name in member:
            if old[name].get(field_name) != new[name].get(field_name):
                found.touched.add((*path, at, field_name))


def may_go(line: Line, odd: Odd, may: Allowed) -> bool:
    if () in odd.inline and () in may.resized:
        # In brackets, a new field of the document follows on a comma.
        return True
    touched = set(may.touched)
    for group in odd.shared:
        # One anchor serves all of these: where one of them changes, the others have to be written out.
        if any(_under(touched | may.resized, path) or _over(touched | may.resized, path) for path in group):
            touched |= group
    flat = {path for path in odd.inline if path in may.resized or any(_over({one}, path) for one in touched)}
    owners = [owner for _, owner in line.comments]
    return any(_under(touched | flat, path) for path in (*line.paths, *owners) if path or not line.paths)


def _under(prefixes: set[Steps], path: Steps) -> bool:
    return any(path[: len(prefix)] == prefix for prefix in prefixes if prefix)


def _over(paths: set[Steps], prefix: Steps) -> bool:
    return any(path[: len(prefix)] == prefix for path in paths)


def moved_users(case: Case, root: Path, before: dict[str, Record], after: dict[str, Record]) -> list[str]:
    """Lines of users' files that went though their user, or the comment, stays."""
    wrong: list[str] = []
    for name, content in case.users.items():
        new = re.split(r"\r\n|\n", (root / "users" / name).read_bytes().decode())
        key = next(key for key in after if name.startswith(f"{key}-") and key in name)
        variant = name.removeprefix(f"{key}-").removesuffix(".txt")
        users = {user for one in after[key]["variants"] if one["key"] == variant for user in one["inclusions"]}
        for line in re.split(r"\r\n|\n", content):
            user = line.partition("#")[0].strip()
            if line not in new and (not user or user in users):
                wrong.append(f"{name}: {line!r}")
    return wrong
