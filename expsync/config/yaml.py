"""The one YAML loader: text to plain JSON values, fast, by YAML 1.2's core schema.

What most files are written in is read line by line (`yaml_lines`), without a parser. All else is built here from the
events of ruamel's C parser, by one of two builders. The quick one, here, takes only what has nothing remarkable in it
(no tag, anchor, directive or mistake) and gives up at the first remarkable thing; then the careful one (`yaml_places`)
goes through the text again, knows every position, and explains. Positions are needed for few files, and cost more than
the values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue
from ruamel.yaml.error import YAMLError

from expsync.config.scalars import SUSPECTS, UnusableNumberError, resolve
from expsync.config.yaml_events import (
    CParser,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from expsync.config.yaml_lines import PlainLines
from expsync.config.yaml_mask import is_misread
from expsync.config.yaml_places import MAX_DEPTH, Parsed, Path, Places, Spot, parse_carefully
from expsync.config.yaml_text import YamlError, YamlProblem, decode

__all__ = [
    "Document",
    "Parsed",
    "Path",
    "Places",
    "Spot",
    "YamlError",
    "YamlProblem",
    "parse",
    "parse_with_places",
]


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a stream: its value, and the line (from 1) where its first node stands."""

    value: JsonValue
    line: int


class _RemarkableError(Exception):
    """The quick builder met something that the careful one must judge."""


def parse(text: bytes | str, lines: PlainLines | None = None) -> list[Document]:
    """The documents of a text; raises YamlError, with every problem, and nothing else.

    Whoever reads many texts gives the same `lines` each time: it remembers those that it met.
    """
    checked = decode(text)
    plain = (lines or PlainLines()).read(checked)
    if plain is not None:
        return [Document(*plain)]
    try:
        if not is_misread(checked):
            return _parse_quickly(checked)
        parsed = parse_carefully(checked)
    except (_RemarkableError, UnusableNumberError, YAMLError):
        parsed = parse_carefully(checked)
    if parsed.problems:
        raise YamlError(parsed.problems)
    return [Document(document.value, document.line) for document in parsed.documents]


def parse_with_places(text: bytes | str) -> Parsed:
    """The documents with the place of every key and value, and the problems, of which none is raised."""
    try:
        checked = decode(text)
    except YamlError as error:
        return Parsed((), error.problems)
    return parse_carefully(checked)


def _parse_quickly(text: str) -> list[Document]:
    next_event: Callable[[], Any] = CParser(text).get_event
    next_event()
    documents: list[Document] = []
    while True:
        start = next_event()
        if type(start) is StreamEndEvent:
            return documents
        if start.version is not None or start.tags:
            raise _RemarkableError
        first = next_event()
        kind = type(first)
        line = first.start_mark.line + 1
        if kind is ScalarEvent:
            if first.ctag is not None or first.anchor is not None:
                raise _RemarkableError
            value: JsonValue = resolve(first.value) if first.implicit[0] else first.value
        else:
            value = _build(next_event, first, kind, 1)
        documents.append(Document(value, line))
        next_event()


def _build(next_event: Callable[[], Any], start: Any, kind: type, depth: int) -> JsonValue:
    """The mapping or list that `start` begins. Scalars are built where they stand: calls cost the most here."""
    if depth > MAX_DEPTH or (kind is not MappingStartEvent and kind is not SequenceStartEvent):
        raise _RemarkableError
    if start.anchor is not None or start.ctag is not None:
        raise _RemarkableError
    if kind is MappingStartEvent:
        return _build_mapping(next_event, depth)
    items: list[JsonValue] = []
    while True:
        event = next_event()
        kind = type(event)
        if kind is ScalarEvent:
            text = event.value
            if event.ctag is not None or event.anchor is not None:
                raise _RemarkableError
            plain = event.implicit[0] and (not text or text[0] in SUSPECTS)
            items.append(resolve(text) if plain else text)
        elif kind is SequenceEndEvent:
            return items
        else:
            items.append(_build(next_event, event, kind, depth + 1))


def _build_mapping(next_event: Callable[[], Any], depth: int) -> JsonValue:
    members: dict[str, JsonValue] = {}
    while True:
        event = next_event()
        if type(event) is not ScalarEvent:
            if type(event) is MappingEndEvent:
                return members
            raise _RemarkableError
        key = event.value
        if event.ctag is not None or event.anchor is not None or key in members:
            raise _RemarkableError
        if event.implicit[0] and (not key or key == "<<" or (key[0] in SUSPECTS and resolve(key) is not key)):
            raise _RemarkableError
        event = next_event()
        kind = type(event)
        if kind is ScalarEvent:
            text = event.value
            if event.ctag is not None or event.anchor is not None:
                raise _RemarkableError
            plain = event.implicit[0] and (not text or text[0] in SUSPECTS)
            members[key] = resolve(text) if plain else text
        else:
            members[key] = _build(next_event, event, kind, depth + 1)
