"""When two JSON values mean the same to a file: by value and kind, whatever the spelling of a number."""

from __future__ import annotations

import json

from pydantic import JsonValue

from expsync.config.parsed import Path


def same(left: JsonValue, right: JsonValue) -> bool:
    """Whether two values are equal and of one kind: 1 and 1.0 are, 1 and true are not; the order of keys is nothing."""
    return difference(left, right) is None


def difference(left: JsonValue, right: JsonValue, path: Path = ()) -> Path | None:
    """The path of the first place where two values differ, or None."""
    if isinstance(left, dict) and isinstance(right, dict):
        if left.keys() != right.keys():
            return path
        return next(
            (found for key in left if (found := difference(left[key], right[key], (*path, key))) is not None), None
        )
    if isinstance(left, list) and isinstance(right, list):
        if len(left) != len(right):
            return path
        pairs = enumerate(zip(left, right, strict=True))
        return next((found for at, (a, b) in pairs if (found := difference(a, b, (*path, at))) is not None), None)
    if isinstance(left, bool) or isinstance(right, bool) or left is None or right is None:
        return None if left is right else path
    if isinstance(left, int | float) and isinstance(right, int | float):
        return None if left == right else path
    return None if type(left) is type(right) and left == right else path


def fingerprint(value: JsonValue) -> str:
    """A text that two values share if they are the same."""
    return json.dumps(_even(value), sort_keys=True)


def _even(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {key: _even(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_even(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
