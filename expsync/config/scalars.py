"""Plain YAML scalars to values, by the core schema of YAML 1.2 and nothing else."""

from __future__ import annotations

import re

Scalar = str | int | float | bool | None

WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
"""The plain texts that are no text, apart from numbers."""
_INT = re.compile(r"[-+]?[0-9]+\Z", re.ASCII)
_OCTAL = re.compile(r"0o[0-7]+\Z")
_HEX = re.compile(r"0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z", re.ASCII)
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z")

SUSPECTS = frozenset("0123456789+-.~nNtTfF")
"""A plain scalar that starts with none of these, and is not empty, is text."""

_LONGEST = 400
"""Characters of a number; more can't be one that JSON readers agree on, and `int()` has a limit of its own."""


class UnusableNumberError(ValueError):
    """The scalar is a number in YAML that JSON, and so the API, can't carry."""


def resolve(text: str) -> Scalar:
    """The value of a plain scalar: null, a boolean, a number or text.

    `on`, `yes`, `1_000`, `0b1` and dates are text; `012` is 12. Raises UnusableNumberError for infinities,
    not-a-number, integers past 64 bits and floats past the range of a double.
    """
    if text in WORDS:
        return WORDS[text]
    if text[0] not in "0123456789+-.":
        return text
    if _INT.match(text):
        return _integer(text, 10)
    if _FLOAT.match(text):
        number = float(text)
        if number in (float("inf"), float("-inf")):
            raise UnusableNumberError("it is past the range of a double")
        return number
    if _HEX.match(text):
        return _integer(text[2:], 16)
    if _OCTAL.match(text):
        return _integer(text[2:], 8)
    if _NOT_FINITE.match(text):
        raise UnusableNumberError("JSON, and so the API, has no such number")
    return text


def _integer(digits: str, base: int) -> int:
    if len(digits) <= _LONGEST:
        number = int(digits, base)
        if -(2**63) <= number < 2**64:
            return number
    raise UnusableNumberError("it has more than 64 bits")
