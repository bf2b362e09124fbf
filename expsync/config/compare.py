"""One document and the value that it shall have: the changes of the text that lie between them."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from pydantic import JsonValue

from expsync.config.align import Continues, Order, match_items, place_keys
from expsync.config.anchors import nodes_of, old_values, settle
from expsync.config.arrange import arrange
from expsync.config.emit import document_text, flow_text, literal_lines, scalar_text
from expsync.config.entry_text import item_like, member_like, value_lines
from expsync.config.layout import Entry, Layout, Page, layout_of
from expsync.config.parsed import Path
from expsync.config.restyle import block_scalar, flow_like, scalar_like, text_styles
from expsync.config.same import same
from expsync.config.splice import Kept, Splices
from expsync.config.yaml_tree import Node

_HEADER = re.compile(r"[|>][0-9+-]*")
_ENDS_LINE = re.compile(r"[ \t]*(?:\r\n|\r|\n)")


@dataclass(frozen=True, slots=True)
class _Slot:
    """Where a value stands: the collection, its entry, and whether that is in brackets. The root has neither."""

    layout: Layout | None
    entry: Entry | None
    flow: bool
    parent: Node | None


class Comparison:
    """The changes that make the document's root mean `value`.

    Nodes in `forced` (by `id`) are written anew as a whole, whether or not that seems needed. `seen` has the node of
    every path of the new value that was compared; `changed` are the nodes that the text was changed at.
    """

    def __init__(
        self,
        page: Page,
        value: JsonValue,
        *,
        order: Order,
        continues: Continues | None = None,
        forced: Collection[int] = frozenset(),
    ) -> None:
        self.page = page
        self.root = page.document.root
        self.seen: dict[Path, Node] = {}
        self.changed: list[Node] = []
        self.slots: dict[int, _Slot] = {}
        self._order = order
        self._continues = continues
        self._forced = forced
        self._splices = Splices()
        self._old = old_values(self.root)
        self._wanted: dict[int, JsonValue] = {}
        self._place(self.root, _Slot(None, None, flow=False, parent=None))
        self._compare(self.root, value, ())
        self._settle_aliases()

    @property
    def text(self) -> str:
        """The new text."""
        return self._splices.made(self.page.text)

    def parent(self, node: Node) -> Node | None:
        """The collection that a node stands in."""
        return self.slots[id(node)].parent

    def _place(self, node: Node, slot: _Slot) -> None:
        self.slots[id(node)] = slot
        flow = slot.flow or node.is_flow
        layout = layout_of(self.page, node)
        values = list(node.items) or [value for _, value in node.members]
        for index, value in enumerate(values):
            self._place(value, _Slot(layout, layout.entries[index] if layout else None, flow, node))

    # Comparing: what is equal stays as it is.

    def _compare(self, node: Node, value: JsonValue, path: Path) -> None:
        self.seen[path] = node
        self._wanted[id(node)] = value
        if id(node) in self._forced:
            # A block scalar that shall stay as it is was harmed by what follows it: another header can mend that.
            is_harmed = isinstance(value, str) and node.style == "literal" and value == node.value
            if not (is_harmed and self._rewrite_block(node, str(value))):
                self._replace(node, value)
        elif same(self._old[id(node)], value) or node.kind == "alias":
            return
        elif node.kind == "scalar" and not isinstance(value, dict | list):
            self._compare_scalar(node, value)
        elif node.kind == "mapping" and isinstance(value, dict) and value and node.members:
            self._compare_mapping(node, value, path)
        elif node.kind == "sequence" and isinstance(value, list) and value and node.items:
            self._compare_sequence(node, value, path)
        else:
            self._replace(node, value)

    def _compare_mapping(self, node: Node, value: dict[str, JsonValue], path: Path) -> None:
        keys = [str(key.value) for key, _ in node.members]
        kept = [key for key in keys if key in value]
        layout = layout_of(self.page, node)
        if layout is None and kept != list(value):
            self._replace(node, value)
            return
        for key, (_, member) in zip(keys, node.members, strict=True):
            if key in value:
                self._compare(member, value[key], (*path, key))
        if layout is None or set(keys) == value.keys():
            return
        new = [key for key in value if key not in kept]
        places = {key: index for index, key in enumerate(keys)}
        plan = [
            places[key] if key in places else member_like(self.page, layout, key, value[key])
            for key in place_keys(kept, new, self._order(path))
        ]
        self._arrange(node, layout, plan)

    def _compare_sequence(self, node: Node, value: list[JsonValue], path: Path) -> None:
        old = [self._old[id(item)] for item in node.items]
        matched = match_items(path, old, value, self._continues)
        for place, index in enumerate(matched):
            if index is not None:
                self._compare(node.items[index], value[place], (*path, place))
        if matched == list(range(len(old))):
            return
        layout = layout_of(self.page, node)
        assert layout is not None
        self._arrange(
            node,
            layout,
            [
                item_like(self.page, layout, value[at], path) if index is None else index
                for at, index in enumerate(matched)
            ],
        )

    def _arrange(self, node: Node, layout: Layout, plan: list[int | str]) -> None:
        splice = arrange(self.page, layout, plan)
        self._splices.add(splice.start, splice.end, *splice.pieces)
        self.changed.append(node)

    def _compare_scalar(self, node: Node, value: str | int | float | bool | None) -> None:
        slot = self.slots[id(node)]
        self.changed.append(node)
        if isinstance(value, str) and node.style in ("literal", "folded"):
            if not self._rewrite_block(node, value):
                self._replace(node, value)
            return
        if node.style in ("literal", "folded"):
            self._replace(node, value)
            return
        in_lines = isinstance(value, str) and literal_lines(value, 0) is not None and not value.endswith("\n\n")
        if in_lines and not slot.flow and node.style != "double":
            self._replace(node, value)
            return
        is_json = slot.flow and slot.parent is not None and set(text_styles(slot.parent)) == {"double"}
        text = scalar_like(value, "double" if is_json else node.style, flow=slot.flow)
        if node.content < node.end:
            # Directly behind the colon of `"key":value` only JSON's own values can stand.
            apart = " " if self.page.text[node.content - 1 : node.content] == ":" else ""
            self._splices.add(node.content, node.end, apart + text)
        elif slot.flow:
            self._fill(node, text)
        else:
            self._replace(node, value, self._anchor(node))

    def _fill(self, node: Node, text: str) -> None:
        """Write a value where, in brackets, there is none: behind a colon, an anchor, or a key alone."""
        at = node.content
        before = self.page.text[at - 1]
        if before == ":" and re.match(r" [^ \t\r\n#]", self.page.text[at : at + 2]):
            self._splices.add(at + 1, at + 1, text)
        else:
            self._splices.add(at, at, f" {text}" if before == ":" or node.anchor else f": {text}")

    @staticmethod
    def _anchor(node: Node) -> str:
        return node.anchor if node.anchor is not None and node.kind != "alias" else ""

    def _rewrite_block(self, node: Node, value: str) -> bool:
        """Give a block scalar another text; False where it can't hold that."""
        old = self.page.text[node.content : node.end]
        slot = self.slots[id(node)]
        written = block_scalar(value, node.style, old, slot.layout.column if slot.layout else 0)
        header = _HEADER.match(old)
        if written is None or header is None:
            return False
        self._splices.add(node.content, node.content + header.end(), written[0])
        body = min(self.page.line_end(node.content), node.end)
        lines = "".join(self.page.newline + line for line in written[1])
        missing = written[0][1:] == "" and not _ENDS_LINE.match(self.page.text, node.end)
        self._splices.add(body, node.end, lines + (self.page.newline if missing else ""))
        return True

    # Replacing: another kind of value, or one that can't be had otherwise.

    def _replace(self, node: Node, value: JsonValue, anchor: str = "") -> None:
        self.changed.append(node)
        slot = self.slots[id(node)]
        if slot.flow:
            text = flow_text(value) if slot.layout is None else flow_like(value, slot.layout.node)
            text = f"&{anchor} {text}" if anchor else text
            if node.start == node.end:
                self._fill(node, text)
            else:
                apart = " " if self.page.text[node.start - 1 : node.start] == ":" else ""
                self._splices.add(node.start, node.end, apart + text)
        elif slot.layout is None or slot.entry is None:
            self._replace_root(node, value)
        else:
            lines = value_lines(slot.layout, slot.entry, value, anchor, safely=id(node) in self._forced)
            if slot.entry.head is None:
                start, end = slot.entry.start, self.page.line_end(slot.entry.end)
                self._splices.add(start, end, self.page.newline.join(lines)[slot.layout.column :])
            else:
                written = " " * slot.layout.column + (
                    "-" if slot.entry.key is None else f"{scalar_text(slot.entry.key)}:"
                )
                self._replace_behind(slot.entry.head, node, lines[0][len(written) :], lines[1:])

    def _replace_behind(self, head: int, node: Node, rest: str, body: list[str]) -> None:
        """Write `rest` behind a colon or dash and `body` below, keeping the comments between and behind."""
        page = self.page
        is_block = node.kind in ("mapping", "sequence") and not node.is_flow
        end = page.line_end(node.end) if is_block else node.end
        below = "".join(page.newline + line for line in body)
        if page.line_start(node.start) == page.line_start(head):
            inner = page.comment_on_line(self._inner(node), node.end)
            comment = f"  {page.text[inner.start : inner.end]}" if inner else ""
            behind = None if rest or is_block else page.comment_on_line(end)
            if behind is not None and "\t" in page.text[end : behind.start]:
                # Behind a colon alone on its line no tab can stand.
                comment, end = " ", behind.start
            self._splices.add(head, end, rest + comment)
        else:
            self._splices.add(head, head, rest)
            layout = layout_of(page, node) if is_block else None
            first = layout.entries[0].top if layout else node.start
            before = page.line_before(page.line_start(first))
            kept = page.line_end(head) if (rest and body) or before is None else page.line_end(before)
            self._splices.add(kept, end)
        at = page.line_end(end)
        self._splices.add(at, at, below)

    def _inner(self, node: Node) -> int:
        """Where a comment can stand on a node's first line, inside the node."""
        if node.style in ("literal", "folded"):
            header = _HEADER.match(self.page.text, node.content)
            return header.end() if header else node.content
        if node.is_flow and not node.members and not node.items:
            return node.content + 1
        return node.start + 1 + len(node.anchor) if node.anchor and node.kind != "alias" else node.end

    def _replace_root(self, node: Node, value: JsonValue) -> None:
        text = document_text(value) if isinstance(value, dict) and value else flow_text(value) + "\n"
        lines = self.page.newline.join(text.rstrip("\n").split("\n"))
        start, first = node.start, ""
        if not self.page.is_first_on_line(start):
            start, first = len(self.page.text[:start].rstrip(" \t")), self.page.newline
        self._splices.add(start, max(node.end, self.page.line_end(node.end)), first + lines)

    # Aliases, last, when it is known what is left of the anchors.

    def _settle_aliases(self) -> None:
        if not any(node.anchor is not None for node in nodes_of(self.root)):
            return
        kept = Kept(self._splices.pieces(len(self.page.text)))
        todo = settle(self.root, kept, self._want)
        for node in todo.literal:
            self._replace(node, self._want(node))
        for node in todo.defining:
            self._replace(node, self._want(node), str(node.anchor))
        for node in todo.void:
            end = node.start + 1 + len(str(node.anchor))
            if self.page.line_start(node.content) == self.page.line_start(node.start):
                self._splices.add(node.start, node.content)
            else:
                self._splices.add(len(self.page.text[: node.start].rstrip(" \t")), end)

    def _want(self, node: Node) -> JsonValue:
        return self._wanted.get(id(node), self._old[id(node)])
