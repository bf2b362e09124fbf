"""What a YAML text holds: its documents, and where in it each of their keys and values stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pydantic import JsonValue

from expsync.config.yaml_text import YamlProblem

Path = tuple[str | int, ...]
"""The keys and indices that lead from the document to a value."""


class Document(NamedTuple):
    """One document of a stream: its value, and the line (from 1) where its first node stands."""

    value: JsonValue
    line: int


class Spot(NamedTuple):
    """Where a value and its key stand, from 1; `source` is a plain scalar as it was written."""

    line: int
    column: int
    key_line: int
    key_column: int
    source: str | None = None


Places = Mapping[Path, Spot]


class PlacedDocument(NamedTuple):
    """One document with places. `broken`: some of its values could not be built, so that they mean nothing."""

    value: JsonValue
    line: int
    column: int
    places: Places
    broken: bool


class Parsed(NamedTuple):
    """What a text holds: the documents before the first mistake of syntax, and all problems."""

    documents: tuple[PlacedDocument, ...]
    problems: tuple[YamlProblem, ...]
