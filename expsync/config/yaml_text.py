"""What is checked of a YAML text before it is parsed: its size, its encoding, its characters."""

from __future__ import annotations

import re
from typing import NamedTuple

from expsync.config.wording import plain

MAX_BYTES = 5_000_000

# Compiled where a text is met that is not ASCII: that takes as long as to read ten files.
_NOT_ALLOWED = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]"
_BREAK = re.compile(r"\r\n|\r|\n")


class YamlProblem(NamedTuple):
    """One thing wrong with a text as YAML; line and column count from 1."""

    code: str
    line: int
    column: int
    message: str
    detail: str = ""
    hint: str = ""


class YamlError(Exception):
    """The text is not the YAML that is understood here; `problems` has all that was found, in order."""

    def __init__(self, problems: tuple[YamlProblem, ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{p.line}:{p.column} {p.message}" for p in problems))


def decode(text: bytes | str) -> str:
    """The text without a byte order mark; raises YamlError where it is too large or not UTF-8.

    Characters are checked here only where that is cheap to know; the C parser refuses control characters by itself.
    """
    if len(text) > MAX_BYTES:
        raise YamlError((_too_large(len(text)),))
    if isinstance(text, bytes):
        text = _decode_bytes(text)
    if text.isascii():
        return text
    if text[0] == "\ufeff":
        text = text[1:]
    if re.search(_NOT_ALLOWED, text):
        raise YamlError((bad_character(text),))
    return text


def _decode_bytes(text: bytes) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise YamlError((_not_utf8(text, error),)) from None


def bad_character(text: str) -> YamlProblem:
    """The problem of the first character that must not stand in a text."""
    found = re.search(_NOT_ALLOWED, text)
    index = found.start() if found else 0
    code_point = ord(text[index]) if text else 0
    line, column = position(text, index)
    return YamlProblem(
        "EXP004",
        line,
        column,
        f"the character U+{code_point:04X} is not allowed",
        "control characters, line separators and halves of surrogate pairs do not show in an editor",
        f'delete it, or write it in a double-quoted text as "\\u{code_point:04X}"'
        if 0 < code_point < 0xD800
        else "delete it",
    )


def position(text: str, index: int) -> tuple[int, int]:
    """The line and column, from 1, of a character."""
    line, start = 1, 0
    for found in _BREAK.finditer(text, 0, index):
        line, start = line + 1, found.end()
    return line, index - start + 1


def clamp(text: str, line: int, column: int) -> tuple[int, int]:
    """The place, or the end of the text where the parser's mark lies past it."""
    ends = [found.start() for found in _BREAK.finditer(text)]
    last = len(ends) + (0 if text.endswith(("\n", "\r")) and ends else 1)
    if line <= last:
        return line, column
    return position(text, ends[-1] if len(ends) == last else len(text))


def _too_large(size: int) -> YamlProblem:
    return YamlProblem(
        "EXP002",
        1,
        1,
        "the file is too large",
        f"{size:,} bytes; at most {MAX_BYTES:,} are read",
        "split it; one experiment a file is the custom",
    )


def _not_utf8(text: bytes, error: UnicodeDecodeError) -> YamlProblem:
    before = text[: error.start].decode("utf-8")
    if before[:1] == "\ufeff":
        before = before[1:]
    line, column = position(before, len(before))
    utf16 = text[:2] in (b"\xff\xfe", b"\xfe\xff")
    return YamlProblem(
        "EXP003",
        line,
        column,
        "the file is not UTF-8",
        "it looks like UTF-16" if utf16 else f"{plain(error.reason)} (0x{text[error.start]:02x})",
        "save it as UTF-8",
    )
