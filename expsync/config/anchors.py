"""Aliases after a change: each must still mean what is wanted where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pydantic import JsonValue

from expsync.config.same import fingerprint
from expsync.config.splice import Kept
from expsync.config.yaml_tree import Node


def old_values(root: Node) -> dict[int, JsonValue]:
    """The value of every node, by its `id`."""
    values: dict[int, JsonValue] = {}
    anchored: dict[str, JsonValue] = {}

    def value_of(node: Node) -> JsonValue:
        if node.kind == "alias":
            value = anchored[node.anchor or ""]
        elif node.kind == "mapping":
            value = {str(value_of(key)): value_of(member) for key, member in node.members}
        elif node.kind == "sequence":
            value = [value_of(item) for item in node.items]
        else:
            value = node.value
        values[id(node)] = value
        if node.anchor is not None and node.kind != "alias":
            anchored[node.anchor] = value
        return value

    value_of(root)
    return values


def nodes_of(root: Node) -> Iterator[Node]:
    """All nodes, in the order of the text."""
    yield root
    for key, member in root.members:
        yield from nodes_of(key)
        yield from nodes_of(member)
    for item in root.items:
        yield from nodes_of(item)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What is to be done: aliases that become values, those that become a definition, anchors that are void."""

    literal: tuple[Node, ...]
    defining: tuple[Node, ...]
    void: tuple[Node, ...]


def settle(root: Node, kept: Kept, wanted: Callable[[Node], JsonValue]) -> Settlement:
    """What to do so that every alias that is still in the text means `wanted`.

    In the new order of the text an alias means the last anchor of its name before it. One that would mean the wrong
    value takes over the anchor if that serves more of the aliases after it than it harms, and is written out otherwise.
    """
    by_name: dict[str, list[tuple[tuple[int, int], Node]]] = {}
    for node in nodes_of(root):
        rank = None if node.anchor is None else kept.rank(node.start)
        if node.anchor is not None and rank is not None:
            by_name.setdefault(node.anchor, []).append((rank, node))
    literal: list[Node] = []
    defining: list[Node] = []
    void: list[Node] = []
    for placed in by_name.values():
        row = [node for _, node in sorted(placed, key=lambda pair: pair[0])]
        wants = [fingerprint(wanted(node)) for node in row]
        current: str | None = None
        definition: Node | None = None
        unused: list[Node] = []
        takes_over = False
        for place, node in enumerate(row):
            if node.kind != "alias":
                current, definition = wants[place], node
                unused.append(node)
            elif wants[place] == current:
                unused = [other for other in unused if other is not definition]
            else:
                later = _until_next_anchor(row, wants, place + 1)
                if later.count(wants[place]) > later.count(current or ""):
                    current, definition, takes_over = wants[place], None, True
                    defining.append(node)
                else:
                    literal.append(node)
        if takes_over:
            void += unused
    return Settlement(tuple(literal), tuple(defining), tuple(void))


def _until_next_anchor(row: list[Node], wants: list[str], start: int) -> list[str]:
    found: list[str] = []
    for node, want in zip(row[start:], wants[start:], strict=True):
        if node.kind != "alias":
            break
        found.append(want)
    return found
