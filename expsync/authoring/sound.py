"""What of a declaration can stand in a file: the rest is left out, by name and with the reason.

The loader itself is asked, so that nothing is written that `validate` would refuse. What is left out is left alone, so
leaving a field out never changes what is live; a member of a list is never taken out by itself, but the field with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import JsonValue

from expsync.config.check import Checker
from expsync.config.emit import document_text
from expsync.config.report import find_secrets
from expsync.config.wording import SECRET, plain, quote
from expsync.config.yaml import Document, Path, YamlError, parse, parse_with_places
from expsync.diagnostics import Diagnostic

Said = dict[str, JsonValue]

_KEYED = {"variants": "key", "targetSegments": "name"}
"""Lists whose members are known by a field, without which they are nothing."""
_PROTECTED_AND_ARCHIVED = "EXP215"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A field that no file can hold, or none here should; `path` as people write it, and the reason in one line."""

    path: str
    reason: str


class UnfitError(Exception):
    """No file can declare the experiment; the message is the reason, in one line."""


@dataclass(frozen=True, slots=True)
class Sound:
    """The part of a declaration that can stand in a file, and what was left out of it."""

    document: Said
    left_out: tuple[LeftOut, ...]


def sound_part(document: Said, file: str, checker: Checker) -> Sound:
    """The declaration without the fields that the loader would refuse; UnfitError where that leaves none."""
    left: dict[Path, LeftOut] = {}
    names = list(document)
    while faults := list(_faults(document, file, checker)):
        for path, reason in faults:
            unit = _unit(path)
            if unit is None:
                raise UnfitError(reason)
            left.setdefault(unit, LeftOut(_shown(document, unit), reason))
        rest = _without(document, {unit for path, _ in faults if (unit := _unit(path)) is not None})
        if rest == document:
            raise UnfitError(faults[0][1])
        document = rest
    in_order = sorted(left, key=lambda unit: (names.index(str(unit[0])), *unit[1:2]))
    return Sound(document, tuple(left[unit] for unit in in_order))


def _faults(document: Said, file: str, checker: Checker) -> Iterator[tuple[Path, str]]:
    """Where the document can't stand as it is, and why."""
    text = document_text(document)
    reason = _unreadable(document, text)
    if reason:
        found = [(path, why) for path, part in _parts(document) if (why := _unreadable(part, document_text(part)))]
        yield from found or [((), reason)]
        return
    content = text.encode()
    _, diagnostics = checker.check_file(file, content, [Document(document, 1)])
    errors = [diagnostic for diagnostic in diagnostics if diagnostic.severity == "error"]
    if not errors:
        return
    places: dict[tuple[int, int], Path] = {}
    for path, spot in sorted(parse_with_places(content).documents[0].places.items(), key=lambda item: len(item[0])):
        # A mapping begins where its first key stands: the longer path says more.
        places[spot.key_line, spot.key_column] = path
        places[spot.line, spot.column] = path
    for error in errors:
        at = error.place
        path = places.get((at.line, at.column), ()) if at is not None else ()
        if error.code == _PROTECTED_AND_ARCHIVED:
            # That it is archived matters more; and a list of tags would take the unspoken one off.
            yield from ((unit, _sentence(error)) for unit in (("lifecycle",), ("tags",)) if unit[0] in document)
        else:
            yield path, _sentence(error)


def _unreadable(value: Said, text: str) -> str:
    """Why a text does not say what it is to say, or the empty text."""
    if SECRET.search(text) or find_secrets("", text.encode("utf-8", "surrogatepass")):
        return "it holds what looks like an API key"
    try:
        documents = parse(text)
    except YamlError as error:
        first = error.problems[0]
        return f"{first.message}: {first.detail}" if first.detail else first.message
    read = [document.value for document in documents]
    return "" if json.dumps(read) == json.dumps([value]) else "it would be read as something else"


def _parts(document: Said) -> Iterator[tuple[Path, Said]]:
    """Each field that can be left out by itself, with its path and as a document of its own."""
    for name, value in document.items():
        if name in _KEYED and isinstance(value, list):
            for place, member in enumerate(value):
                for field, inner in member.items() if isinstance(member, dict) else ():
                    yield (name, place, field), {field: inner}
        elif name == "environments" and isinstance(value, dict):
            for environment, overlay in value.items():
                for field, inner in overlay.items() if isinstance(overlay, dict) else ():
                    yield (name, environment, field), {field: inner}
        else:
            yield (name,), {name: value}


def _unit(path: Path) -> Path | None:
    """The smallest part with this path in it that can be left out; None where nothing would be left."""
    match path:
        case () | ("key", *_):
            return None
        case ("variants" | "targetSegments" as head, int() as place, str() as field, *_) if field != _KEYED[head]:
            return (head, place, field)
        case ("environments", str() as environment, str() as field, *_):
            return ("environments", environment, field)
    return path[:1]


def _without(document: Said, units: set[Path]) -> Said:
    kept: Said = {}
    for name, value in document.items():
        if (name,) in units:
            continue
        if name in _KEYED and isinstance(value, list):
            value = [
                {field: inner for field, inner in member.items() if (name, place, field) not in units}
                if isinstance(member, dict)
                else member
                for place, member in enumerate(value)
            ]
        elif name == "environments" and isinstance(value, dict):
            overlays = {
                environment: {f: inner for f, inner in overlay.items() if (name, environment, f) not in units}
                for environment, overlay in value.items()
                if isinstance(overlay, dict)
            }
            overlays = {environment: overlay for environment, overlay in overlays.items() if overlay}
            if not overlays:
                continue
            value = {**overlays}
        kept[name] = value
    return kept


def _shown(document: Said, unit: Path) -> str:
    """The path as people write it: members of lists by their key or name."""
    match unit:
        case ("variants" | "targetSegments" as head, int() as place, field):
            members = document[head]
            member = members[place] if isinstance(members, list) else None
            name = str(member.get(_KEYED[head])) if isinstance(member, dict) else str(place)
            return f"{head}.{plain(name)}.{field}" if head == "variants" else f"{head} {quote(name)}: {field}"
        case ("environments", _, field):
            return str(field)
    return str(unit[0])


def _sentence(error: Diagnostic) -> str:
    detail = " ".join(error.detail.split("\n"))
    return f"{error.message}: {detail}" if detail else error.message
