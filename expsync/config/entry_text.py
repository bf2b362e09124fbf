"""The text of an entry that is new or that has a new kind of value, in the style of its siblings."""

from __future__ import annotations

from pydantic import JsonValue

from expsync.config.emit import (
    BLOCK_ITEMS,
    BLOCK_KEYS,
    INDENT,
    flow_text,
    item_lines,
    lines_behind,
    literal_lines,
    member_lines,
    scalar_text,
)
from expsync.config.layout import Entry, Layout, Page
from expsync.config.parsed import Path
from expsync.config.restyle import flow_like, json_text, scalar_like, text_styles
from expsync.config.yaml_tree import Node


def member_like(page: Page, layout: Layout, key: str, value: JsonValue) -> str:
    """A new member of a mapping, without the indentation of its first line."""
    if not layout.node.is_flow and _takes_blank_lines(value):
        return f"{scalar_text(key)}: {flow_text(value)}"
    if not layout.node.is_flow:
        return page.newline.join(member_lines(key, value, layout.column))[layout.column :]
    if set(text_styles(layout.node)) == {"double"}:
        return f"{scalar_like(key, 'double', flow=True)}: {json_text(value)}"
    return f"{scalar_text(key, flow=True)}: {flow_text(value)}"


def item_like(page: Page, layout: Layout, value: JsonValue, path: Path) -> str:
    """A new item of the list at `path`, without the indentation of its first line."""
    node = layout.node
    if node.is_flow:
        return flow_like(value, node)
    widths = {
        page.column(entry.node.content) - layout.column
        for entry in layout.entries
        if page.line_start(entry.node.content) == page.line_start(entry.start) and entry.node.end > entry.start + 1
    }
    width = widths.pop() if len(widths) == 1 else INDENT
    if _takes_blank_lines(value) and not isinstance(value, str):
        return f"-{' ' * (width - 1)}{flow_text(value)}"
    if isinstance(value, str) and (literal_lines(value, 0) is None or _takes_blank_lines(value)):
        styles = {item.style for item in node.items if isinstance(item.value, str)}
        return f"-{' ' * (width - 1)}{scalar_like(value, styles.pop() if len(styles) == 1 else 'plain', flow=False)}"
    is_flow = any(item.is_flow for item in node.items)
    in_lines = any(_is_block(item) for item in node.items) or (not is_flow and bool(path) and path[-1] in BLOCK_ITEMS)
    return page.newline.join(item_lines(value, layout.column, in_lines=in_lines, width=width))[layout.column :]


def value_lines(layout: Layout, entry: Entry, value: JsonValue, anchor: str, *, safely: bool) -> list[str]:
    """The lines of an entry with another value, and with an anchor unless that is empty.

    `safely` keeps to what the lines around can't change the meaning of: text on one line, in quotes where needed.
    """
    key, column = entry.key, layout.column
    head = " " * column + ("-" if key is None else f"{scalar_text(key)}:") + (f" &{anchor}" if anchor else "")
    if _takes_blank_lines(value) or (safely and isinstance(value, str)):
        return [f"{head} {flow_text(value) if isinstance(value, dict | list) else scalar_text(value)}"]
    if key is not None:
        return lines_behind(head, value, column, in_lines=key in BLOCK_KEYS, items_in_lines=key in BLOCK_ITEMS)
    in_lines = any(_is_block(item) for item in layout.node.items)
    return (
        lines_behind(head, value, column, in_lines=in_lines) if anchor else item_lines(value, column, in_lines=in_lines)
    )


def _is_block(node: Node) -> bool:
    return node.kind in ("mapping", "sequence") and not node.is_flow


def _takes_blank_lines(value: JsonValue) -> bool:
    """Whether the value, in lines, would end with a text that takes the blank lines below it for its own."""
    while isinstance(value, dict | list) and value:
        value = value[-1] if isinstance(value, list) else list(value.values())[-1]
    return isinstance(value, str) and value.endswith("\n\n")
