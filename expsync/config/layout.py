"""How the members and items of a collection stand on the page: their lines, their commas, the comments they own."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from expsync.config.yaml_tree import Comment, Node, Tree, TreeDocument

_BREAK = re.compile(r"\r\n|\r|\n")
_LAYOUT = re.compile(r"(?:[ \t\r\n]+|#[^\r\n]*)*")
_MODELINE = "yaml-language-server"


class Page:
    """One document's text, and what one asks about lines and comments."""

    def __init__(self, tree: Tree, document: TreeDocument) -> None:
        self.text = tree.text
        self.document = document
        breaks = list(_BREAK.finditer(tree.text))
        self.newline = breaks[0][0] if breaks else "\n"
        self._starts = [0, *(found.end() for found in breaks)]
        self._ends = [*(found.start() for found in breaks), len(tree.text)]
        self.comments = {comment.start: comment for comment in tree.comments}
        self._alone = {self.line_start(comment.start): comment for comment in tree.comments if comment.alone}

    def line_start(self, at: int) -> int:
        """Where the line of a character begins."""
        return self._starts[self._line(at)]

    def line_end(self, at: int) -> int:
        """Where the line of a character ends, before its line break."""
        return self._ends[self._line(at)]

    def _line(self, at: int) -> int:
        return bisect_right(self._starts, at) - 1

    def column(self, at: int) -> int:
        """How many characters stand before this one on its line."""
        return at - self.line_start(at)

    def is_first_on_line(self, at: int) -> bool:
        """Whether only blanks stand before it."""
        return not self.text[self.line_start(at) : at].strip(" \t")

    def token(self, at: int) -> int:
        """Where the next character is that is neither blank nor in a comment."""
        found = _LAYOUT.match(self.text, at)
        return found.end() if found else at

    def has(self, character: str, at: int) -> bool:
        """Whether this character stands there."""
        return self.text[at : at + 1] == character

    def comment_on_line(self, at: int, limit: int | None = None) -> Comment | None:
        """The comment that follows on the same line before `limit`, with nothing but layout before it."""
        end = self.line_end(at)
        found = self.text.find("#", at, end)
        comment = self.comments.get(found)
        if comment is None or self.text[at:found].strip(" \t") or (limit is not None and comment.start >= limit):
            return None
        return comment

    def comment_line(self, line: int) -> Comment | None:
        """The comment that has the line beginning there for itself."""
        return self._alone.get(line)

    def line_before(self, at: int) -> int | None:
        """Where the line before this one begins; None for the first."""
        line = self._line(at)
        return self._starts[line - 1] if line else None

    def line_after(self, at: int) -> int | None:
        """Where the line after this one begins; None for the last."""
        line = self._line(at) + 1
        return self._starts[line] if line < len(self._starts) else None


@dataclass(frozen=True, slots=True)
class Entry:
    """One member or item, with all that goes where it goes.

    `start` is its first character (a dash, a key, a `?`), `head` is behind the dash or the colon (None where a key
    stands without one), `end` is that of the value. From `top` to `bottom` it goes with its own comments: those
    directly above it in its column, the one behind it, and deeper ones below. `comma` is where its comma is.
    """

    start: int
    head: int | None
    end: int
    top: int
    bottom: int
    node: Node
    key: str | None = None
    comma: int | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """A collection that is not empty. `in_lines`: every entry has lines for itself, in brackets or not."""

    node: Node
    entries: tuple[Entry, ...]
    column: int
    in_lines: bool


def layout_of(page: Page, node: Node) -> Layout | None:
    """The layout; None for an empty collection, and for a pair that stands in a list without braces: `[a: 1]`."""
    if not (node.members or node.items) or (node.is_flow and page.text[node.content] not in "[{"):
        return None
    return _flow_layout(page, node) if node.is_flow else _block_layout(page, node)


def _parts(node: Node) -> list[tuple[Node | None, Node]]:
    return list(node.members) if node.kind == "mapping" else [(None, item) for item in node.items]


def _head(page: Page, key: Node) -> int | None:
    colon = page.token(key.end)
    return colon + 1 if page.has(":", colon) else None


def _block_layout(page: Page, node: Node) -> Layout:
    entries: list[Entry] = []
    start = node.content
    column = page.column(start)
    for place, (key, value) in enumerate(_parts(node)):
        if place:
            start = page.token(entries[-1].end)
        top = _top(page, start, entries[-1].bottom if entries else page.document.start)
        if not place and node is page.document.root:
            top = _top_of_first(page, start, top)
        end = max(value.end, start + 1)
        head = start + 1 if key is None else _head(page, key)
        name = None if key is None else str(key.value)
        entries.append(Entry(start, head, end, top, _bottom(page, end, column), value, name))
    return Layout(node, tuple(entries), column, in_lines=True)


def _top(page: Page, start: int, floor: int) -> int:
    """The start of the comments that stand directly above, in the same column."""
    top = start
    if not page.is_first_on_line(start):
        return top
    line: int | None = page.line_before(page.line_start(start))
    while line is not None and line >= floor:
        comment = page.comment_line(line)
        if comment is None or page.column(comment.start) != page.column(start):
            break
        if _MODELINE in page.text[comment.start : comment.end]:
            break
        top, line = comment.start, page.line_before(line)
    return top


def _top_of_first(page: Page, start: int, top: int) -> int:
    """Comments above a document's first key speak of the whole document, unless others stand above them, apart."""
    line = page.line_before(page.line_start(top))
    if line is None or page.text[line : page.line_end(line)].strip():
        return start
    above = page.text[page.document.start : line]
    return top if "#" in above else start


def _bottom(page: Page, end: int, column: int) -> int:
    """The end of the last line, or of the last deeper comment below it."""
    bottom = page.line_end(end)
    at = page.line_after(bottom)
    while at is not None:
        line_end = page.line_end(at)
        comment = page.comment_line(at)
        if comment is not None and page.column(comment.start) > column:
            bottom = line_end
        elif page.text[at:line_end].strip(" \t"):
            break
        at = page.line_after(line_end)
    return bottom


def _flow_layout(page: Page, node: Node) -> Layout:
    found: list[tuple[int, int | None, int, Node, str | None, int | None]] = []
    at = node.content + 1
    for key, value in _parts(node):
        start = page.token(at)
        end = max(value.end, key.end if key else start)
        following = page.token(end)
        comma = following if page.has(",", following) else None
        head = None if key is None else _head(page, key)
        found.append((start, head, end, value, None if key is None else str(key.value), comma))
        at = end if comma is None else comma + 1
    in_lines = all(
        page.is_first_on_line(start) and (comma is None or page.line_end(comma) == page.line_end(end))
        for start, _, end, _, _, comma in found
    )
    entries: list[Entry] = []
    for start, head, end, value, name, comma in found:
        top, bottom = start, end
        if in_lines:
            top = _top(page, start, entries[-1].bottom if entries else node.content)
            bottom = end if comma is None else comma + 1
            comment = page.comment_on_line(bottom)
            bottom = comment.end if comment else bottom
        entries.append(Entry(start, head, end, top, bottom, value, name, comma))
    return Layout(node, tuple(entries), page.column(found[0][0]), in_lines)
