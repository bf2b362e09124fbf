"""A page of the documents, taken apart: its world, and what happens in it, in order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_WORLD = re.compile(r"\A(?:<!-- (?!world:)[^\n]* -->\n)*<!-- world: (?P<name>[a-z-]+) -->$", re.MULTILINE)
_MEANWHILE = re.compile(
    r"^[ ]*<!-- meanwhile: (?P<key>[^\s@/]+)(?:@(?P<project>\d+))?(?P<path>/\S+)? (?P<body>\{.*\}) -->$"
)
_WRONG = "<!-- wrong on purpose -->"
_OPENING = re.compile(r"^(?P<indent>[ ]*)(?P<ticks>`{3,})(?P<info>[^`]*)$")
_TITLE = re.compile(r'\btitle="(?P<title>[^"]+)"')


@dataclass(frozen=True)
class Fence:
    """A fenced block: its language, the file that its title names, its lines without their indentation."""

    language: str
    title: str
    lines: tuple[str, ...]
    line: int
    """Where the first of its lines stands, counted from 1."""
    indent: str
    is_wrong: bool
    """Whether the page says that it is wrong on purpose."""

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)


@dataclass(frozen=True)
class Command:
    """A command, and what the page shows below it: the lines `first` to `last`, counted from 1, the last not in."""

    text: str
    shown: tuple[str, ...]
    line: int
    first: int
    last: int
    indent: str


@dataclass(frozen=True)
class Meanwhile:
    """What somebody does by hand, on the live side."""

    key: str
    project: str
    path: str
    body: str


@dataclass(frozen=True)
class Page:
    """What happens on a page, in order; a fence among it is a file that is written or edited."""

    path: Path
    world: str
    events: tuple[Command | Fence | Meanwhile, ...]

    @property
    def commands(self) -> tuple[Command, ...]:
        return tuple(event for event in self.events if isinstance(event, Command))


class PageError(Exception):
    """The page breaks one of the rules of this folder's docstring."""


def read_page(path: Path) -> Page:
    """The page; PageError where a command has no world to run in."""
    text = path.read_text(encoding="utf-8")
    named = _WORLD.search(text)
    events = tuple(_events(text)) if named is not None else ()
    if named is None and any(fence.language == "console" for fence in fences(text)):
        raise PageError(f"{path.name}: it shows commands, and its first line does not name a world")
    return Page(path, named["name"] if named else "", events)


def fences(text: str) -> Iterator[Fence]:
    """The fenced blocks of a document, in order."""
    return (part for part in _parts(text) if isinstance(part, Fence))


def _parts(text: str) -> Iterator[Fence | Meanwhile]:
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        opening = _OPENING.match(lines[at])
        if opening is None:
            meanwhile = _MEANWHILE.match(lines[at])
            if meanwhile is not None:
                yield Meanwhile(
                    meanwhile["key"], meanwhile["project"] or "", meanwhile["path"] or "", meanwhile["body"]
                )
            elif "<!-- meanwhile" in lines[at]:
                raise PageError(f"line {at + 1}: not of the form <!-- meanwhile: KEY {{…}} -->")
            at += 1
            continue
        first, indent = at + 1, opening["indent"]
        at = first
        while at < len(lines) and lines[at].strip() != opening["ticks"]:
            at += 1
        if at == len(lines):
            raise PageError(f"line {first}: the fence is never closed")
        inner = tuple(line.removeprefix(indent) for line in lines[first:at])
        title = _TITLE.search(opening["info"])
        language = opening["info"].split()[0] if opening["info"].split() else ""
        is_wrong = "".join(lines[: first - 1]).endswith(_WRONG)
        yield Fence(language, title["title"] if title else "", inner, first + 1, indent, is_wrong)
        at += 1


def _events(text: str) -> Iterator[Command | Fence | Meanwhile]:
    for part in _parts(text):
        if isinstance(part, Meanwhile) or part.title:
            yield part
        elif part.language == "console":
            yield from _commands(part)


def _commands(fence: Fence) -> Iterator[Command]:
    lines = fence.lines
    at = 0
    if not lines or not lines[0].startswith("$ "):
        raise PageError(f"line {fence.line}: a console fence begins with a command")
    while at < len(lines):
        start = at
        while lines[at].endswith("\\") and at + 1 < len(lines):
            at += 1
        at += 1
        command = "\n".join([lines[start].removeprefix("$ "), *lines[start + 1 : at]])
        first = at
        while at < len(lines) and not lines[at].startswith("$ "):
            at += 1
        shown = lines[first:at]
        while shown and not shown[-1].strip():
            shown = shown[:-1]
        yield Command(
            command, shown, fence.line + start, fence.line + first, fence.line + first + len(shown), fence.indent
        )
