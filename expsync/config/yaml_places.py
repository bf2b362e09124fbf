"""The careful builder: values, the place of each key and value, and every problem in plain words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue
from ruamel.yaml.error import YAMLError

from expsync.config.measure import measure
from expsync.config.parsed import Parsed, Path, PlacedDocument, Spot
from expsync.config.scalars import UnusableNumberError, resolve
from expsync.config.wording import plain, quote
from expsync.config.yaml_events import (
    AliasEvent,
    CParser,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)
from expsync.config.yaml_mask import Mask, mask
from expsync.config.yaml_syntax import explain
from expsync.config.yaml_text import YamlProblem

MAX_DEPTH = 50
"""Mappings and lists inside each other."""
MAX_ALIAS_COST = 20_000
"""Nodes (and each 40 characters of text) that the aliases of one document may stand for."""

MAX_YAML_PROBLEMS = 200
"""Reading stops here: nobody reads more, and a file may have a million."""


def parse_carefully(text: str) -> Parsed:
    """The documents and problems of a text that `decode` let through."""
    builder = _Builder(mask(text))
    try:
        builder.run()
    except _StopError:
        pass
    except YAMLError as error:
        builder.problems.append(explain(text, error))
    return Parsed(tuple(builder.documents), tuple(sorted(builder.problems, key=lambda p: (p.line, p.column))))


class _StopError(Exception):
    """Going on makes no sense; the problem is already noted."""


@dataclass(slots=True)
class _Anchor:
    value: JsonValue
    cost: int = -1
    depth: int = 0


@dataclass(slots=True)
class _Builder:
    masked: Mask
    documents: list[PlacedDocument] = field(default_factory=list)
    problems: list[YamlProblem] = field(default_factory=list)
    places: dict[Path, Spot] = field(default_factory=dict)
    anchors: dict[str, _Anchor | None] = field(default_factory=dict)
    spent: int = 0
    broken: bool = False
    parser: Any = None

    def run(self) -> None:
        self.parser = CParser(self.masked.text)
        self.parser.get_event()
        while True:
            start = self.parser.get_event()
            if type(start) is StreamEndEvent:
                return
            self.places, self.anchors, self.spent, self.broken = {}, {}, 0, False
            self.check_directives(start)
            first = self.parser.get_event()
            line, column = first.start_mark.line + 1, first.start_mark.column + 1
            value = self.build(first, (), line, column, 1)
            self.documents.append(PlacedDocument(value, line, column, self.places, self.broken))
            self.parser.get_event()

    def note(self, code: str, mark: Any, message: str, detail: str = "", hint: str = "") -> None:
        """Keep a problem; all but a duplicate key leave a hole in the document."""
        self.problems.append(YamlProblem(code, mark.line + 1, mark.column + 1, message, detail, hint))
        if code != "EXP006":
            self.broken = True
        if len(self.problems) >= MAX_YAML_PROBLEMS:
            raise _StopError

    def check_directives(self, start: Any) -> None:
        if start.version is not None and start.version != (1, 2):
            major, minor = start.version
            self.note(
                "EXP013",
                start.start_mark,
                f"the file says that it is YAML {major}.{minor}",
                "files are read as YAML 1.2",
                "delete the %YAML line",
            )
        if start.tags:
            self.note("EXP013", start.start_mark, "%TAG is not supported", hint="delete the %TAG line")

    def build(self, event: Any, path: Path, key_line: int, key_column: int, depth: int) -> JsonValue:
        kind = type(event)
        mark = event.start_mark
        source = self.masked.restore(event.value) if kind is ScalarEvent and event.implicit[0] else None
        self.places[path] = Spot(mark.line + 1, mark.column + 1, key_line, key_column, source)
        if kind is AliasEvent:
            return self.expand(event, depth)
        if event.tag is not None:
            self.note(
                "EXP007",
                mark,
                f"the tag {_shown_tag(self.masked.restore(event.tag))} is not allowed",
                "tags make values of other types than JSON has",
                "delete it; to make text of a number, put it in quotes",
            )
        if event.anchor is not None:
            # None until it is complete, so that an alias inside its own value is told from an unknown one.
            self.anchors[event.anchor] = None
        if kind is ScalarEvent:
            value: JsonValue = self.scalar(event)
        elif depth > MAX_DEPTH:
            self.note("EXP010", mark, "the nesting is too deep", f"at most {MAX_DEPTH} levels are read", "flatten it")
            raise _StopError
        elif kind is MappingStartEvent:
            value = self.mapping(path, depth)
        else:
            value = self.sequence(path, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = _Anchor(value)
        return value

    def scalar(self, event: Any) -> JsonValue:
        text = self.masked.restore(event.value)
        if not event.implicit[0]:
            return text
        try:
            return resolve(text)
        except UnusableNumberError as error:
            self.note(
                "EXP014",
                event.start_mark,
                f"{plain(text)} is not a number that can be used",
                str(error),
                "put it in quotes if it is meant as text",
            )
            return None

    def sequence(self, path: Path, depth: int) -> JsonValue:
        items: list[JsonValue] = []
        while True:
            event = self.parser.get_event()
            if type(event) is SequenceEndEvent:
                return items
            line, column = event.start_mark.line + 1, event.start_mark.column + 1
            items.append(self.build(event, (*path, len(items)), line, column, depth + 1))

    def mapping(self, path: Path, depth: int) -> JsonValue:
        members: dict[str, JsonValue] = {}
        while True:
            event = self.parser.get_event()
            if type(event) is MappingEndEvent:
                return members
            mark = event.start_mark
            key = self.key(event, depth)
            value_event = self.parser.get_event()
            if key is not None and key not in members:
                members[key] = None  # before its value, so that the order is that of the keys
                members[key] = self.build(value_event, (*path, key), mark.line + 1, mark.column + 1, depth + 1)
                continue
            if key is not None:
                first = self.places[(*path, key)]
                self.note(
                    "EXP006",
                    mark,
                    f"the key {quote(key)} stands here twice",
                    f"first at {first.key_line}:{first.key_column}",
                    "keep one of the two",
                )
            self.skip(value_event, depth)

    def skip(self, event: Any, depth: int) -> None:
        """Go past a value that has no place; its own problems are noted all the same."""
        places, self.places = self.places, {}
        self.build(event, (), 0, 0, depth + 1)
        self.places = places

    def key(self, event: Any, depth: int) -> str | None:
        """The text of a key, or None where the key is not one."""
        mark = event.start_mark
        if type(event) is not ScalarEvent:
            self.note(
                "EXP011", mark, "a key must be text", "it is an alias, a list or a mapping", "write the key as text"
            )
            self.skip(event, depth)
            return None
        places, self.places = self.places, {}
        known = len(self.problems)
        value = self.build(event, (), 0, 0, depth)
        self.places = places
        if len(self.problems) > known:
            return None
        if not isinstance(value, str):
            shown = plain(self.masked.restore(event.value))
            self.note(
                "EXP011",
                mark,
                "a key must be text",
                f"{shown} is {'empty' if not shown else 'no text in YAML 1.2'}",
                f'write "{shown}"' if shown else "write the key before the colon",
            )
            return None
        if value == "<<" and event.implicit[0]:
            self.note(
                "EXP012",
                mark,
                'the merge key "<<" is not part of YAML 1.2',
                hint="write the fields out, or use an alias for a whole value",
            )
            return None
        return value

    def expand(self, event: Any, depth: int) -> JsonValue:
        """The value of an alias; its cost is counted, so that a few lines can't stand for millions of nodes."""
        name, mark = event.anchor, event.start_mark
        if name not in self.anchors:
            self.note("EXP008", mark, f"there is no anchor {quote('&' + name)} before this alias")
            return None
        anchor = self.anchors[name]
        if anchor is None:
            self.note("EXP008", mark, f"the alias {quote('*' + name)} stands inside the value that it names")
            return None
        if anchor.cost < 0:
            anchor.cost, anchor.depth = measure(anchor.value, MAX_ALIAS_COST)
        self.spent += anchor.cost
        if self.spent > MAX_ALIAS_COST:
            self.note(
                "EXP009",
                mark,
                "the aliases stand for too much",
                f"together they may stand for {MAX_ALIAS_COST:,} values",
                "write less with aliases",
            )
            raise _StopError
        if depth - 1 + anchor.depth > MAX_DEPTH:
            self.note("EXP010", mark, "the nesting is too deep", f"at most {MAX_DEPTH} levels are read", "flatten it")
            raise _StopError
        return anchor.value


def _shown_tag(tag: str) -> str:
    if tag.startswith("!"):
        return plain(tag)
    return plain(tag.replace("tag:yaml.org,2002:", "!!", 1) if tag.startswith("tag:yaml.org,2002:") else f"!<{tag}>")
