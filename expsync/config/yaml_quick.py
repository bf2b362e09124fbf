"""The quick builder: values from the parser's events, of texts with nothing remarkable in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import JsonValue
from ruamel.yaml.error import YAMLError

from expsync.config.parsed import Document
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
from expsync.config.yaml_mask import is_misread
from expsync.config.yaml_places import MAX_DEPTH


class _RemarkableError(Exception):
    """There is something that the careful builder must judge."""


def parse_quickly(text: str) -> list[Document] | None:
    """The documents of a text that `decode` let through; None where the careful builder must look at it."""
    if is_misread(text):
        return None
    try:
        return _parse(text)
    except (_RemarkableError, UnusableNumberError, YAMLError):
        return None


def _parse(text: str) -> list[Document]:
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
        value = _scalar(first) if kind is ScalarEvent else _build(next_event, first, kind, 1)
        documents.append(Document(value, line))
        next_event()


def _build(next_event: Callable[[], Any], start: Any, kind: type, depth: int) -> JsonValue:
    """The mapping or list that `start` begins."""
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
            items.append(_scalar(event))
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
            members[key] = _scalar(event)
        else:
            members[key] = _build(next_event, event, kind, depth + 1)


def _scalar(event: Any) -> JsonValue:
    text: str = event.value
    if event.ctag is not None or event.anchor is not None:
        raise _RemarkableError
    return resolve(text) if event.implicit[0] and (not text or text[0] in SUSPECTS) else text
