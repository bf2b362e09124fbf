"""The canonical form of a YAML text: one order of fields, one style, every comment where it belongs.

What a text means is never changed, and nothing a person wrote in a comment is lost: both are checked on every result
before it is given back. Formatting a formatted text changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from pydantic import BaseModel, JsonValue

from expsync.config.attach import loose_comments, pages_of
from expsync.config.canonical_order import put_in_order
from expsync.config.emit import BLOCK_KEYS, INDENT, WIDTH, key_lines, literal_lines, scalar_text
from expsync.config.kept_scalar import kept_lines
from expsync.config.owned import Entry, Layout, Page, Value
from expsync.config.yaml import YamlError
from expsync.config.yaml_tree import Tree, tree_of
from expsync.errors import ExpsyncError

_BESIDE = "  "
"""What stands between a value and the comment behind it."""


class FormatError(ExpsyncError):
    """The form that was made is not the same as the text: a mistake of expsync's, found before it could do harm."""

    def __init__(self, message: str) -> None:
        super().__init__(message, hint="this is a bug in expsync; the file is left as it is")


def format_text(text: str, model: type[BaseModel]) -> str:
    """The text in canonical form, as `model` describes its documents.

    Raises YamlError where the loader refuses the text. Whether it is a valid experiment does not matter.
    """
    unified = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    tree = tree_of(unified)
    pages = pages_of(tree)
    for page in pages:
        put_in_order(page.root, model)
    writing = _Writing(unified)
    if pages:
        for index, page in enumerate(pages):
            writing.page(page, is_first=index == 0)
    else:
        writing.layout(loose_comments(tree), 0)
    result = "".join(f"{line}\n" for line in writing.lines)
    if result != text:
        _verify(tree, result)
    return result


def _verify(tree: Tree, result: str) -> None:
    try:
        after = tree_of(result)
    except YamlError as error:
        raise FormatError(f"the formatted text would not be YAML any more ({error})") from None
    if [_exact(value) for value in tree.values] != [_exact(value) for value in after.values]:
        raise FormatError("the formatted text would mean something else")
    if Counter(_comments(tree)) != Counter(_comments(after)):
        raise FormatError("a comment would be lost or doubled")


def _comments(tree: Tree) -> Iterable[str]:
    return (tree.text[comment.start : comment.end].rstrip() for comment in tree.comments)


def _exact(value: JsonValue) -> object:
    """The value in a form that is equal only to its like: 1 is no 1.0 and no true here."""
    if isinstance(value, dict):
        return {key: _exact(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_exact(item) for item in value]
    return (type(value), repr(value)) if isinstance(value, float) else (type(value), value)


class _Writing:
    """The lines written so far. `is_opening` says that no blank line may follow: nothing stands above it."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.lines: list[str] = []
        self.is_opening = True

    def page(self, page: Page, *, is_first: bool) -> None:
        node = page.root.value.node
        is_empty = node.kind == "scalar" and node.start == node.end
        has_marker = bool(page.directive) or not is_first or is_empty
        if page.directive and not is_first:
            self.line("...")
        if page.directive or not has_marker:
            self.layout(page.preface, 0)
        if page.directive:
            self.line(page.directive)
        if has_marker:
            self.line("---", page.marker)
            self.is_opening = True
        else:
            self.layout(page.marker, 0)
        if has_marker and not page.directive:
            self.layout(page.preface, 0)
        self.root(page.root, is_empty=is_empty)

    def root(self, root: Entry, *, is_empty: bool) -> None:
        value = root.value
        self.layout(root.above, 0)
        if value.entries:
            self.layout(root.beside, 0)
            if value.name:
                self.line(f"&{value.name}")
            self.entries(value, 0, "", 0)
        elif is_empty:
            self.layout(root.beside, 0)
        else:
            self.scalar(root, "", 0, 0)
        self.layout(root.below, 0)

    def entries(self, value: Value, indent: int, start: str, column: int) -> None:
        """The entries at column `indent`; the first one's line begins with `start`, what is above it at `column`."""
        self.layout(value.heading, column)
        for index, entry in enumerate(value.entries):
            if index == 0:
                above = entry.above[next((i for i, line in enumerate(entry.above) if line), len(entry.above)) :]
                self.entry(entry, above, indent, start, column)
            else:
                self.entry(entry, entry.above, indent, " " * indent, indent)
        self.layout(value.closing, indent)

    def entry(self, entry: Entry, above: Layout, indent: int, start: str, column: int) -> None:
        """One entry; `start` is as wide as `indent`, and holds the dashes of the lists that begin on this line."""
        self.layout(above, column)
        if entry.key is None:
            head = f"{start}-"
        else:
            before, head = key_lines(entry.key, start)
            for line in before:
                self.line(line)
        value = entry.value
        if not value.entries or value.target is not None:
            self.scalar(entry, head, indent, column)
            return
        named = f"{head} &{value.name}" if value.name else head
        in_lines = entry.key in BLOCK_KEYS or value.has_comments
        flow = None if in_lines else _flow_text(value)
        if flow is not None and len(head) + 1 + len(flow) <= WIDTH:
            self.remarked(f"{head} {flow}", entry.beside, column)
            self.layout(entry.below, indent + INDENT)
            return
        inner = indent + INDENT
        if entry.key is None and not value.name:
            self.layout(entry.beside, column)
            self.entries(value, inner, f"{head} ", column)
        else:
            self.layout(entry.beside[1:], column)
            self.line(named, entry.beside[:1])
            self.is_opening = True
            self.entries(value, inner, " " * inner, inner)
        self.layout(entry.below, inner)

    def scalar(self, entry: Entry, head: str, indent: int, column: int) -> None:
        """A value that has no entries: a scalar, an alias or empty brackets."""
        value = entry.value
        node = value.node
        if value.target is not None:
            text = f"*{value.target.name}"
        elif node.kind == "scalar":
            block = self.block_lines(value, indent + INDENT, len(head) + 1)
            if block is not None:
                # Below, they would be a part of the text; but not so at the root, which does that itself.
                self.layout(entry.below if head else [], column)
                self.remarked(" ".join(filter(None, (head, _anchor(value) + block[0]))), entry.beside, column)
                self.lines += block[1:]
                return
            text = _anchor(value) + scalar_text(node.value)
        else:
            text = _anchor(value) + ("{}" if node.kind == "mapping" else "[]")
        self.remarked(f"{head} {text}" if head else text, entry.beside, column)
        if head:
            self.layout(entry.below, indent + INDENT)

    def block_lines(self, value: Value, indent: int, begins: int) -> list[str] | None:
        """The header and lines of a text that stands in lines of its own, or None for any other scalar."""
        node = value.node
        if not isinstance(node.value, str):
            return None
        lines = literal_lines(node.value, indent)
        if node.style in ("literal", "folded"):
            longest = max(map(len, lines)) if lines else begins + len(scalar_text(node.value))
            if longest > WIDTH or (lines is None and "\n" in node.value):
                return kept_lines(self.source[node.content : node.end], node.value, indent) or lines
        return lines

    def remarked(self, line: str, comments: list[str], column: int) -> None:
        """A line with the last of the comments behind it, and the others above it."""
        self.layout(comments[:-1], column)
        self.line(line, comments[-1:])

    def line(self, line: str, comments: Iterable[str] = ()) -> None:
        """A line with at most one comment behind it."""
        self.lines.append(_BESIDE.join([line, *comments]))
        self.is_opening = False

    def layout(self, layout: Layout, column: int) -> None:
        """Comments and blank lines, of these never two in a row, nor one with nothing above it."""
        for line in layout:
            if line:
                self.line(" " * column + line)
            elif not self.is_opening and self.lines[-1]:
                self.lines.append("")


def _anchor(value: Value) -> str:
    return f"&{value.name} " if value.name else ""


def _flow_text(value: Value) -> str | None:
    """The value inside brackets, or None where it is written in lines. Comments are not looked for."""
    if value.target is not None:
        return f"*{value.target.name}"
    node = value.node
    if node.kind == "scalar":
        text = node.value
        if isinstance(text, str) and (node.style in ("literal", "folded") or literal_lines(text, 0) is not None):
            return None
        return _anchor(value) + scalar_text(text, flow=True)
    if value.entries and not node.is_flow:
        return None
    parts: list[str] = []
    for entry in value.entries:
        inner = _flow_text(entry.value)
        if inner is None:
            return None
        parts.append(inner if entry.key is None else f"{scalar_text(entry.key, flow=True)}: {inner}")
    opening, closing = "{}" if node.kind == "mapping" else "[]"
    return f"{_anchor(value)}{opening}{', '.join(parts)}{closing}"
