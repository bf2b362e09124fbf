"""What a JSON Schema lets a field hold, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

from expsync.model.words import RiskName
from scripts.reference.text import code

Node = dict[str, Any]
_SIMPLE = {
    "string": "text",
    "boolean": "`true` or `false`",
    "integer": "whole number",
    "number": "number",
    "null": "`null`",
}
_PATTERNS = {
    r"^[A-Za-z0-9][A-Za-z0-9._-]*$": "letters, digits, `.`, `_` and `-`",
    r"^[a-z0-9][a-z0-9_-]*$": "small letters, digits, `_` and `-`",
    r"^[A-Za-z_][A-Za-z0-9_]*$": "letters, digits and `_`",
    r"^\d{4}-\d{2}-\d{2}$": "a day, such as `2026-12-31`",
}
"""What the patterns of the models mean."""
_ANY = "any JSON value"


def described(node: Node) -> str:
    """What may stand there, with its limits; a definition is named by its heading."""
    if "$ref" in node:
        return _reference(node["$ref"])
    if "allOf" in node:
        return " and ".join(described(option) for option in node["allOf"])
    if "anyOf" in node:
        return _choice(node["anyOf"])
    if "const" in node:
        return _value(node["const"])
    if "enum" in node:
        if node["enum"] == list(get_args(RiskName)):
            return "[a risk](risks.md#every-risk)"
        return _one_of([_value(value) for value in node["enum"]])
    match node.get("type"):
        case "array":
            return _list(node)
        case "object":
            return _mapping(node)
        case str(name):
            return f"{_SIMPLE[name]}{_limits(node)}"
        case _:
            return _ANY


def _reference(target: str) -> str:
    name = target.rpartition("/")[2]
    return f"[{heading(name)}](#{anchor(name)})"


def heading(name: str) -> str:
    """A model's name as words."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()


def anchor(name: str) -> str:
    """Where the section of a model begins."""
    return heading(name).replace(" ", "-")


def _value(value: object) -> str:
    return code(str(value).lower() if isinstance(value, bool) else str(value))


def _choice(options: list[Node]) -> str:
    kinds = [described(option) for option in options if option.get("type") != "null"]
    said = _one_of(kinds)
    if len(kinds) == len(options):
        return said
    return f"{said} or `null`" if set(said).isdisjoint(", ") else f"{said}, or `null`"


def _one_of(kinds: Sequence[str]) -> str:
    *first, last = kinds
    return f"{', '.join(first)} or {last}" if first else last


def _list(node: Node) -> str:
    least = f", at least {node['minItems']}" if "minItems" in node else ""
    return f"list of {_many(node.get('items', {}))}{least}"


def _mapping(node: Node) -> str:
    values = node.get("additionalProperties") or next(iter(node.get("patternProperties", {}).values()), None)
    least = f", at least {node['minProperties']}" if "minProperties" in node else ""
    return f"mapping of names to {_many(values) if isinstance(values, dict) else _ANY}{least}"


def _many(node: Node) -> str:
    """What each of several is, in the plural where it has one."""
    if "anyOf" in node:
        return _one_of([_many(option) for option in node["anyOf"]])
    simple = node.get("type") in ("string", "integer", "number") and "enum" not in node
    if not simple or "$ref" in node:
        return described(node)
    # That none of them is empty goes without saying.
    return f"{_SIMPLE[node['type']]}s{_limits({key: value for key, value in node.items() if key != 'minLength'})}"


def _limits(node: Node) -> str:
    said = []
    low, high = node.get("minimum"), node.get("maximum")
    if low is not None and high is not None:
        said.append(f"{low} to {high}")
    elif low is not None:
        said.append(f"at least {low}")
    elif high is not None:
        above = node.get("exclusiveMinimum")
        said.append(f"above {above}, at most {high}" if above is not None else f"at most {high}")
    if "pattern" in node:
        said.append(_PATTERNS.get(node["pattern"]) or f"of the form {code(node['pattern'])}")
    if "maxLength" in node:
        said.append(f"at most {node['maxLength']} characters")
    elif node.get("minLength") == 1:
        said.append("not empty")
    return f": {', '.join(said)}" if said and "pattern" in node else "".join(f", {part}" for part in said)
