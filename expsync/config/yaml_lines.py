"""The plain part of YAML, read line by line: what most files are written in, several times as fast as by its events.

It takes one document of block mappings and lists, with plain texts, quoted texts without escapes, and `[…]` and `{…}`
that end on their line. At all else (anchors, tags, texts of many lines, tabs, mistakes) it gives up, and the text is
read by the real parser. So it never decides what YAML is: whatever it takes, the parser reads the same, and a text that
it could be mistaken about is not taken.

Files of one workspace share most of their lines, so what a line means by itself is worked out once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic import JsonValue

from expsync.config.scalars import SUSPECTS, WORDS, UnusableNumberError, resolve

_DEPTH = 20
"""Deeper ones are left to the parser, which has a bound of its own."""
_KEPT = 10_000
"""Lines whose meaning is kept at most."""

_ODD = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
"""Tabs, carriage returns, and what the parser refuses."""
_WORD = r"[A-Za-z_][A-Za-z0-9_.-]{0,100}"
_FIRST = r"(?:[A-Za-z0-9_./+(~$=<^;\xa1-\ud7ff\ue000-\U0010ffff]|-(?=[0-9.]))"
"""How a plain text may start: with nothing that is an indicator."""
_QUOTED = r""" "[^"\\]*" | '[^']*' """
_LINE = re.compile(
    rf"""
    (?P<indent>\ *) (?P<dash>-\ +)?
    (?: (?P<key>{_WORD}) : (?=\ |$) \ * )?
    (?:
        (?P<plain> {_FIRST} [^:#]* (?: (?: :(?=[^ ]) | (?<=[^ ])\# ) [^:#]* )*)
      | (?P<quoted> {_QUOTED} ) (?=\ |$) \ *
      | (?P<flow> [\[{{] .*)
    )?
    (?: (?<![^ ]) \# .* )?
    """,
    re.VERBOSE,
)
_TOKEN = re.compile(
    rf"""
    \ * (?:
        ([\[\]{{}},])
      | ({_WORD} | {_QUOTED}) : (?=\ )      # a key
      | ({_FIRST} [^,\[\]{{}}:\#?]*)
      | ({_QUOTED}) (?=[\ ,\]}}])
      | (?<=\ ) \# .*
      | (.+)                                # anything else
    )
    """,
    re.VERBOSE,
)
_Token = tuple[str, str, str, str, str]
_NOTHING: _Token = ("", "", "", "", "")


class _NotPlainError(Exception):
    """There is something that the parser must judge."""


class _Line(NamedTuple):
    """What a line means by itself: its column, whether it begins with a dash, where a key behind it stands, a value."""

    column: int
    dash: bool
    key_column: int
    key: str
    value: JsonValue
    is_collection: bool
    waits: bool
    """Whether the value, if there is one, is on the lines below."""


class PlainLines:
    """Reads texts of one workspace, and remembers what their lines mean."""

    def __init__(self) -> None:
        self._known: dict[str, _Line | None] = {}

    def read(self, text: str) -> tuple[dict[str, JsonValue], int] | None:
        """The mapping that a text is, and the line (from 1) where it begins; None for a text that is not plain.

        The text has passed `yaml_text.decode`.
        """
        if _ODD.search(text):
            return None
        try:
            return self._read(text)
        except (_NotPlainError, UnusableNumberError):
            return None

    def _read(self, text: str) -> tuple[dict[str, JsonValue], int] | None:
        # `here` is the innermost collection, which begins at `at`; those around it wait on `outer`. Where the last line
        # was a key alone, `waiting` is that key: what stands deeper, or a list at its own column, is its value.
        root: dict[str, JsonValue] = {}
        here: Any = root
        at = 0
        in_list = False
        outer: list[tuple[Any, int, bool]] = []
        waiting: str | None = None
        begun = 0
        known = self._known
        for number, source in enumerate(text.split("\n"), 1):
            line = known[source] if source in known else self._understood(source)
            if line is None:
                continue
            column, dash, key_column, key, value, is_collection, waits = line
            if not begun:
                if column or dash:
                    return None
                begun = number
            elif waiting is not None:
                if column > at or (dash and column == at):
                    outer.append((here, at, in_list))
                    if len(outer) > _DEPTH:
                        return None
                    inner: Any = [] if dash else {}
                    here[waiting] = inner
                    here, at, in_list = inner, column, dash
                waiting = None
            while column < at or (in_list and not dash and column == at):
                here, at, in_list = outer.pop()
            if column != at or in_list is not dash:
                return None
            if is_collection:
                value = _copied(value)  # no two files share one
            if dash:
                if not key:
                    here.append(value)
                    continue
                outer.append((here, at, True))
                member: dict[str, JsonValue] = {}
                here.append(member)
                here, at, in_list = member, key_column, False
            if key in here:
                return None
            here[key] = value
            if waits:
                waiting = key
        return (root, begun) if begun else None

    def _understood(self, source: str) -> _Line | None:
        """What a line means, or None for one that is empty or a comment."""
        line = _understand(source)
        if len(self._known) < _KEPT:
            self._known[source] = line
        return line


def _understand(source: str) -> _Line | None:
    found = _LINE.fullmatch(source)
    if found is None:
        raise _NotPlainError
    indent, dash, key, plain, quoted, flow = found.groups()
    if key in WORDS or (key is None and (dash is None) is not (plain is None and quoted is None and flow is None)):
        raise _NotPlainError
    if key is None and dash is None:
        return None
    value: JsonValue = None
    if plain is not None:
        value = _scalar(plain)
    elif quoted is not None:
        value = quoted[1:-1]
    elif flow is not None:
        value = _collection_of(flow)
    column = len(indent)
    waits = plain is None and quoted is None and flow is None
    return _Line(column, dash is not None, column + len(dash or ""), key or "", value, flow is not None, waits)


def _copied(value: JsonValue) -> JsonValue:
    if isinstance(value, list):
        return [_copied(item) for item in value]
    return {key: _copied(member) for key, member in value.items()} if isinstance(value, dict) else value


def _scalar(plain: str) -> JsonValue:
    text = plain.rstrip(" ")
    return resolve(text) if text[0] in SUSPECTS else text


def _collection_of(text: str) -> JsonValue:
    """The collection that is all of the text, but for a comment."""
    tokens: Iterator[_Token] = iter(_TOKEN.findall(text))
    value = _collection(next(tokens)[0], tokens, 1)
    if any(any(token) for token in tokens):
        raise _NotPlainError
    return value


def _collection(opening: str, tokens: Iterator[_Token], depth: int) -> JsonValue:
    """The collection that begins with this bracket; its members are taken from the tokens, and its end."""
    if depth > _DEPTH:
        raise _NotPlainError
    is_list = opening == "["
    closing = "]" if is_list else "}"
    items: list[JsonValue] = []
    members: dict[str, JsonValue] = {}
    token = next(tokens, _NOTHING)
    if token[0] == closing:
        return items if is_list else members
    while True:
        if is_list:
            items.append(_member(token, tokens, depth))
        else:
            key = token[1]
            if key in WORDS:  # none at all, too
                raise _NotPlainError
            key = key[1:-1] if key[0] in "\"'" else key
            if key in members:
                raise _NotPlainError
            members[key] = _member(next(tokens, _NOTHING), tokens, depth)
        mark = next(tokens, _NOTHING)[0]
        if mark == closing:
            return items if is_list else members
        if mark != ",":
            raise _NotPlainError
        token = next(tokens, _NOTHING)


def _member(token: _Token, tokens: Iterator[_Token], depth: int) -> JsonValue:
    mark, _, plain, quoted, _ = token
    if plain:
        return _scalar(plain)
    if quoted:
        return quoted[1:-1]
    if mark in ("[", "{"):
        return _collection(mark, tokens, depth + 1)
    raise _NotPlainError
