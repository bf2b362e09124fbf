"""ruamel's C parser and its events, imported in one place; there is no slower stand-in.

The module comes with the package `ruamel.yaml.clib`. It has no type information, so everything here is `Any`.
"""

from __future__ import annotations

from _ruamel_yaml import (  # type: ignore[import-not-found]
    AliasEvent,
    CParser,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

__all__ = [
    "AliasEvent",
    "CParser",
    "DocumentStartEvent",
    "MappingEndEvent",
    "MappingStartEvent",
    "ScalarEvent",
    "SequenceEndEvent",
    "SequenceStartEvent",
    "StreamEndEvent",
]
