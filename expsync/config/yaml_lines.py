"""The plain part of YAML, read line by line: what most files are written in, several times as fast as by its events.

It takes one document of block mappings and lists, with plain texts, quoted texts without escapes, and `[…]` and `{…}`
that end on their line. At all else (anchors, tags, texts of many lines, tabs, mistakes) it gives up, and the text is
read by the real parser. So it never decides what YAML is: whatever it takes, the parser reads the same, and a text that
it could be mistaken about is not taken.

Files of one workspace share most of their lines, so what a line means by itself is worked out once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

from pydantic import JsonValue

from expsync.config.scalars import SUSPECTS, WORDS, UnusableNumberError, resolve

_DEPTH = 20
"""Deeper ones are left to the parser, which has a bound of its own."""
_KEPT = 5_000
"""Blocks, and lines, whose meaning is kept at once."""

_NEXT_BLOCK = re.compile(r"\n(?=[^ \n#-])")
"""Where a line begins that is no part of what stands above it, unless the text is none that is read here."""
_ODD = re.compile(r"[\x00-\x1f\x7f]")
"""Tabs, carriage returns, and what the parser refuses."""
_WORD = r"[A-Za-z_][A-Za-z0-9_.-]{0,100}"
_FIRST = r"""(?:[^\x00-\x20!"\#%&')*,\-:>?@\[\\\]`{|}\x7f-\xa0]|-(?=[0-9.]))"""
"""How a plain text may start: with nothing that is an indicator, nor white space."""
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
_FIELD = re.compile(rf'({_WORD}): (?:({_FIRST}[^:#\x00-\x1f\x7f]*)|"([^"\\\x00-\x1f\x7f]*)")')
"""The most frequent line of its own, for which there is no need to look for all that a line can be."""
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
_Collection = list[JsonValue] | dict[str, JsonValue]
_Copier = Callable[[], _Collection]
_Line = tuple[int, bool, int, str, JsonValue, _Copier | None, bool]
"""What a line means by itself: its column, whether it begins with a dash, where a key behind that stands, the key, the
value, what copies one that is a collection, and whether the value, if there is one, is on the lines below.
"""
_Block = tuple[str, JsonValue, _Copier | None]
"""What the lines from one key of the document to the next mean: the key, which is empty for comments, and the value."""
_Token = tuple[str, str, str, str, str]
_NOTHING: _Token = ("", "", "", "", "")


class _NotPlainError(Exception):
    """There is something that the parser must judge."""


class PlainLines:
    """Reads texts of one workspace, and remembers what their blocks and lines mean."""

    def __init__(self) -> None:
        self._blocks: dict[str, _Block] = {}
        self._met: set[int] = set()
        self._lines: dict[str, _Line | None] = {}

    def read(self, text: str) -> tuple[dict[str, JsonValue], int] | None:
        """The mapping that a text is, and the line (from 1) where it begins; None for a text that is not plain.

        The text has passed `yaml_text.decode`.
        """
        try:
            return self._read(text)
        except (_NotPlainError, UnusableNumberError):
            return None

    def _read(self, text: str) -> tuple[dict[str, JsonValue], int] | None:
        root: dict[str, JsonValue] = {}
        begun = 1
        known = self._blocks
        for source in _NEXT_BLOCK.split(text):
            key, value, again = known.get(source) or self._block(source)
            if key in root:
                return None
            if key:
                root[key] = again() if again else value
            else:  # comments, which are a block of their own only at the beginning
                begun = source.count("\n") + 2
        return (root, begun) if root else None

    def _block(self, source: str) -> _Block:
        """What a block means. It is kept for the next time; one of many lines only where it is met again.

        Most such blocks are met but once, and to keep them would take as long as to read them.
        """
        field = _FIELD.fullmatch(source)
        if field is not None:
            key, plain, quoted = field.groups()
            if key in WORDS:
                raise _NotPlainError
            block: _Block = (key, _scalar(plain) if quoted is None else quoted, None)
        elif "\n" in source:
            key, value = self._of_many_lines(source)
            if hash(source) not in self._met:
                self._met.add(hash(source))
                return key, value, None
            block = (key, value, _copier(value) if isinstance(value, list | dict) else None)
        else:
            line = _understand(source)
            if line is None:
                block = ("", None, None)
            else:
                column, dash, _, key, value, again, _ = line
                if column or dash:
                    raise _NotPlainError
                block = (key, value, again)
        if len(self._blocks) >= _KEPT:
            self._blocks.clear()
        self._blocks[source] = block
        return block

    def _of_many_lines(self, source: str) -> tuple[str, JsonValue]:
        # `here` is the innermost collection, which begins at `at`; those around it wait on `outer`. Where the last line
        # was a key alone, `waiting` is that key: what stands deeper, or a list at its own column, is its value.
        root: dict[str, JsonValue] = {}
        here: Any = root
        at = 0
        in_list = False
        outer: list[tuple[Any, int, bool]] = []
        waiting: str | None = None
        begun = False
        known = self._lines
        for text in source.split("\n"):
            line = known[text] if text in known else self._understood(text)
            if line is None:
                continue
            column, dash, key_column, key, value, again, waits = line
            if not begun:
                if column or dash:
                    raise _NotPlainError
                begun = True
            elif waiting is not None:
                if column > at or (dash and column == at):
                    outer.append((here, at, in_list))
                    if len(outer) > _DEPTH:
                        raise _NotPlainError
                    inner: Any = [] if dash else {}
                    here[waiting] = inner
                    here, at, in_list = inner, column, dash
                waiting = None
            while column < at or (in_list and not dash and column == at):
                here, at, in_list = outer.pop()
            if column != at or in_list is not dash:
                raise _NotPlainError
            if again:
                value = again()
            if dash:
                if not key:
                    here.append(value)
                    continue
                outer.append((here, at, True))
                member: dict[str, JsonValue] = {}
                here.append(member)
                here, at, in_list = member, key_column, False
            if key in here:
                raise _NotPlainError
            here[key] = value
            if waits:
                waiting = key
        return next(iter(root.items()), ("", None))

    def _understood(self, source: str) -> _Line | None:
        """What a line means, or None for one that is empty or a comment; for the next time it is kept."""
        line = _understand(source)
        if len(self._lines) >= _KEPT:
            self._lines.clear()
        self._lines[source] = line
        return line


def _understand(source: str) -> _Line | None:
    """What a line means, or None for one that is empty or a comment."""
    if not source.isprintable() and _ODD.search(source):
        raise _NotPlainError
    found = _LINE.fullmatch(source)
    if found is None:
        raise _NotPlainError
    indent, dash, key, plain, quoted, flow = found.groups()
    if key in WORDS or (key is None and (dash is None) is not (plain is None and quoted is None and flow is None)):
        raise _NotPlainError
    if key is None and dash is None:
        return None
    column = len(indent)
    inside = column if dash is None else column + len(dash)
    if plain is not None:
        return column, dash is not None, inside, key or "", _scalar(plain), None, False
    if quoted is not None:
        return column, dash is not None, inside, key or "", quoted[1:-1], None, False
    if flow is not None:
        collection = _collection_of(flow)
        return column, dash is not None, inside, key or "", collection, _copier(collection), False
    return column, dash is not None, inside, key or "", None, None, True


def _copier(value: _Collection) -> _Copier:
    """What makes a collection anew each time, with all that is in it."""
    places: Iterable[tuple[Any, JsonValue]] = enumerate(value) if isinstance(value, list) else value.items()
    inner = [(place, _copier(member)) for place, member in places if isinstance(member, list | dict)]
    if not inner:
        return value.copy

    def copy() -> _Collection:
        made: Any = value.copy()
        for place, copy_member in inner:
            made[place] = copy_member()
        return cast(_Collection, made)

    return copy


def _scalar(plain: str) -> JsonValue:
    text = plain.rstrip(" ")
    return resolve(text) if text[0] in SUSPECTS else text


def _collection_of(text: str) -> _Collection:
    """The collection that is all of the text, but for a comment."""
    tokens: Iterator[_Token] = iter(_TOKEN.findall(text))
    value = _collection(next(tokens)[0], tokens, 1)
    if any(any(token) for token in tokens):
        raise _NotPlainError
    return value


def _collection(opening: str, tokens: Iterator[_Token], depth: int) -> _Collection:
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
