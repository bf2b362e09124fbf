"""How much a value is, without walking further than a limit."""

from __future__ import annotations

from pydantic import JsonValue


def measure(value: JsonValue, limit: int) -> tuple[int, int]:
    """The cost of a value (its nodes, and one for each 40 characters) and its depth; stops past `limit`."""
    cost = deepest = 0
    waiting: list[tuple[JsonValue, int]] = [(value, 0)]
    while waiting and cost <= limit:
        node, depth = waiting.pop()
        cost += 1
        if isinstance(node, str):
            cost += len(node) // 40
        elif isinstance(node, dict):
            deepest = max(deepest, depth + 1)
            cost += sum(len(key) for key in node) // 40
            waiting.extend((child, depth + 1) for child in node.values())
        elif isinstance(node, list):
            deepest = max(deepest, depth + 1)
            waiting.extend((child, depth + 1) for child in node)
    return cost, deepest
