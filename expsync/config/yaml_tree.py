"""A YAML text as a tree of nodes that know where they stand: what formatting and rewriting work on.

Values alone are the loader's (`yaml`); here it matters how they were written. Only texts that the loader takes have a
tree, so that both always mean the same. All offsets count characters from 0, in the text that was given; an end is
exclusive.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import JsonValue

from expsync.config.scalars import Scalar, resolve
from expsync.config.yaml import parse
from expsync.config.yaml_events import (
    AliasEvent,
    CParser,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)
from expsync.config.yaml_mask import Mask, mask

Kind = Literal["scalar", "mapping", "sequence", "alias"]
Style = Literal["plain", "single", "double", "literal", "folded", "block", "flow"]
_STYLES: dict[str | None, Style] = {
    None: "plain",
    "": "plain",
    "'": "single",
    '"': "double",
    "|": "literal",
    ">": "folded",
}
_ANCHOR = re.compile(r"&[^\s,\[\]{}]+(?:\s+(?:#[^\r\n]*)?)*")
"""An anchor and the layout up to its value, which may hold comments."""
_COMMENT = re.compile(r"#[^\r\n]*")
_BLANK = " \t\r\n"
"""What is layout to YAML; other spaces are text."""
_HEADER = re.compile(r"[|>][^\r\n#]*(?<=[ \t])(#[^\r\n]*)")


@dataclass(frozen=True, slots=True)
class Node:
    """One value as it was written.

    `start` is where its anchor begins, `content` where the value itself does (the same, where it has none). `anchor` is
    its own, or the one that an alias names. `value` is a scalar's; `members` are a mapping's keys and values, `items` a
    sequence's nodes. The end of a block collection is that of its last node, of a block scalar that of its last line
    without the line break (with `+` of the last blank line), so that what follows, comments above all, is in neither.
    """

    kind: Kind
    style: Style
    start: int
    content: int
    end: int
    anchor: str | None = None
    value: Scalar = None
    members: tuple[tuple[Node, Node], ...] = ()
    items: tuple[Node, ...] = ()

    @property
    def is_flow(self) -> bool:
        """Whether it is a collection in brackets."""
        return self.style == "flow"

    def leaves(self) -> Iterator[tuple[int, int]]:
        """The spans of all anchors, scalars and aliases, in the order of the text: between them lies only layout."""
        if self.anchor is not None and self.kind != "alias":
            yield self.start, self.start + 1 + len(self.anchor)
        if self.kind in ("scalar", "alias"):
            yield self.content, self.end
        for key, value in self.members:
            yield from key.leaves()
            yield from value.leaves()
        for item in self.items:
            yield from item.leaves()


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment from its `#` to the end of the line; `alone` if nothing else stands on that line."""

    start: int
    end: int
    alone: bool


@dataclass(frozen=True, slots=True)
class TreeDocument:
    """One document: from the end of the one before (0 for the first) to its own end, layout and comments included.

    `explicit` is the offset of its `---`, or None.
    """

    root: Node
    start: int
    end: int
    explicit: int | None


@dataclass(frozen=True, slots=True)
class Tree:
    """All documents of a text, and its comments in order; `values` are the documents' as the loader has them."""

    text: str
    documents: tuple[TreeDocument, ...]
    comments: tuple[Comment, ...]
    values: tuple[JsonValue, ...]


def tree_of(text: str) -> Tree:
    """The tree of a text (without a byte order mark); raises YamlError where the loader refuses it."""
    values = tuple(document.value for document in parse(text))
    composer = _Composer(text, mask(text))
    documents = composer.run()
    return Tree(text, documents, tuple(_comments(text, documents)), values)


class _Composer:
    """Nodes from the C parser's events."""

    def __init__(self, text: str, masked: Mask) -> None:
        self._text = text
        self._masked = masked
        self._next: Any = CParser(masked.text).get_event

    def run(self) -> tuple[TreeDocument, ...]:
        self._next()
        found: list[tuple[Node, int | None, int]] = []
        while True:
            event = self._next()
            if type(event) is StreamEndEvent:
                break
            assert type(event) is DocumentStartEvent
            marker = event.end_mark.index - 3 if event.explicit else None
            root = self._node(self._next())
            end = self._next()
            found.append((root, marker, max(root.end, end.end_mark.index if end.explicit else 0)))
        documents: list[TreeDocument] = []
        start = 0
        for place, (root, marker, end) in enumerate(found):
            if place + 1 == len(found):
                end = len(self._text)
            else:
                # What stands before the next `---`, or after this document's `...`, belongs to the next document
                # only from there on: comments at the end of a document stay with it.
                following = found[place + 1][1]
                end = end if following is None else max(end, following)
            documents.append(TreeDocument(root, start, end, marker))
            start = end
        return tuple(documents)

    def _node(self, event: Any) -> Node:
        start = event.start_mark.index
        kind = type(event)
        if kind is AliasEvent:
            return Node("alias", "plain", start, start, event.end_mark.index, anchor=event.anchor)
        content = start
        if event.anchor is not None:
            found = _ANCHOR.match(self._text, start)
            assert found is not None
            content = min(found.end(), event.end_mark.index) if kind is ScalarEvent else found.end()
        if kind is ScalarEvent:
            return self._scalar(event, start, content)
        if kind is MappingStartEvent:
            return self._mapping(event, start, content)
        return self._sequence(event, start, content)

    def _scalar(self, event: Any, start: int, content: int) -> Node:
        style = _STYLES[event.style]
        text = self._masked.restore(event.value)
        end = event.end_mark.index
        if style in ("literal", "folded"):
            end = self._end_of_block_scalar(content, end)
        elif not text and style == "plain":
            # An anchor with nothing behind it.
            content = end = len(self._text[start:content].rstrip(_BLANK)) + start
        value = resolve(text) if event.implicit[0] else text
        return Node("scalar", style, start, content, end, event.anchor, value)

    def _end_of_block_scalar(self, content: int, end: int) -> int:
        span = self._text[content:end]
        header = re.split(r"[\r\n]", span, maxsplit=1)[0].partition("#")[0]
        if "+" in header:
            return content + len(re.sub(r"(\r\n|\r|\n)[ \t]*\Z", "", span))
        return content + len(span.rstrip(_BLANK))

    def _mapping(self, event: Any, start: int, content: int) -> Node:
        members: list[tuple[Node, Node]] = []
        while True:
            key = self._next()
            if type(key) is MappingEndEvent:
                break
            name = self._node(key)
            members.append((name, self._settled(name, self._node(self._next()))))
        flow = bool(event.flow_style)
        # The one pair of `[key: value]` has no brackets of its own.
        end = key.end_mark.index if flow and self._text[content] == "{" else members[-1][1].end
        return Node("mapping", "flow" if flow else "block", start, content, end, event.anchor, members=tuple(members))

    def _settled(self, key: Node, value: Node) -> Node:
        """The value; one with no text right behind its colon or key, since the parser may put it past comments."""
        if value.start != value.end or value.kind != "scalar":
            return value
        between = _COMMENT.sub(lambda found: " " * len(found[0]), self._text[key.end : value.start])
        at = key.end + between.find(":") + 1
        return replace(value, start=at, content=at, end=at)

    def _sequence(self, event: Any, start: int, content: int) -> Node:
        items: list[Node] = []
        while True:
            item = self._next()
            if type(item) is SequenceEndEvent:
                break
            items.append(self._node(item))
        flow = bool(event.flow_style)
        end = item.end_mark.index if flow else items[-1].end
        return Node("sequence", "flow" if flow else "block", start, content, end, event.anchor, items=tuple(items))


def _comments(text: str, documents: tuple[TreeDocument, ...]) -> Iterator[Comment]:
    """All comments: in the layout between leaves nothing else has a `#`; the parser needs no space before it."""
    at = 0
    for document in documents:
        for start, end in document.root.leaves():
            yield from _comments_between(text, at, start)
            if text[start : start + 1] in ("|", ">"):
                header = _HEADER.match(text, start, end)
                if header is not None:
                    yield Comment(header.start(1), header.end(1), alone=False)
            at = max(at, end)
    yield from _comments_between(text, at, len(text))


def _comments_between(text: str, start: int, end: int) -> Iterator[Comment]:
    for found in _COMMENT.finditer(text, start, end):
        line = max(text.rfind("\n", 0, found.start()), text.rfind("\r", 0, found.start())) + 1
        yield Comment(found.start(), found.end(), alone=not text[line : found.start()].strip())
