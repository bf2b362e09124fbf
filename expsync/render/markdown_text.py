"""Text from outside as Markdown that shows it and does nothing else, on GitHub above all.

What could act there: pipes that end a table's cell, backticks, emphasis, HTML, links and pictures (those that are made
of a bare address too), `@name` and `#12`, which tell people and other issues, and whatever `safe` is about. A backslash
before it, or an entity in its place, takes from a character its meaning in Markdown. Names of people and numbers of
issues are looked for later, in what Markdown has made: a space of no width breaks them up, or they stand in code, where
nobody looks.
"""

from __future__ import annotations

import re

from expsync.render.safe import visible

_GAP = "&#8203;"
"""A space of no width, as an entity, so that the source holds no character that can't be seen."""
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "$": "&#36;"}
_MEANT = re.compile(r"[\\`*_\[\]~!#&<>|$]")
# A person or a team; an issue or a merge request; GH-12; an address with or without its scheme; :smile:.
_FOUND_LATER = re.compile(r"@|[#!](?=\d)|\bGH(?=-\d)|:(?=//|[\w+-]+:)|\bwww(?=\.)", re.IGNORECASE)
_COUNTED = re.compile(r"^(\s*\d+)([.)])")
_STARTS = ("-", "+", "=", ":", "/", " ")
"""What means something at the start of a line, beside what is escaped everywhere: lists, headings, commands."""


def prose(text: str) -> str:
    """`text` as a part of a sentence, on one line; what Markdown makes of it reads as the text does."""
    # A NUL is no part of what `visible` gives, so it can stand for the gap until the rest is escaped.
    broken = _FOUND_LATER.sub("\\g<0>\0", visible(text))
    escaped = _MEANT.sub(_escaped, broken).replace("\0", _GAP)
    return _start(_COUNTED.sub(r"\1\\\2", escaped))


def cell(text: str) -> str:
    """`text` as a cell of a table: one line, and no pipe that would end it."""
    # Pipes are entities in prose already, and a cell may begin with anything that a line may.
    return prose(text)


def code(text: str) -> str:
    """`text` to the letter in a fixed-width font, for use in a sentence and in a cell; nothing for an empty text.

    A pipe stands between two pieces of code: within one, cells and sentences would each need it written otherwise.
    """
    return "&#124;".join(_span(part) if part else "" for part in visible(text).split("|"))


def _span(text: str) -> str:
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    # Markdown takes a space away on either side where both have one, and a backtick must not touch the fence.
    stripped = bool(text.strip(" ")) and text[0] == text[-1] == " "
    pad = " " if stripped or "`" in (text[0], text[-1]) else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _escaped(found: re.Match[str]) -> str:
    return _ENTITIES.get(found.group(), "\\" + found.group())


def _start(text: str) -> str:
    """The text with a first character that means nothing to Markdown."""
    return f"&#{ord(text[0])};{text[1:]}" if text.startswith(_STARTS) else text
