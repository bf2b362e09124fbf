"""Values written in every odd but legal way, and what of such a text must outlive a change.

    write_oddly(value, rng) -> Odd       one text that loads as `value`: `.text`, and what stands on each of its lines
    stream(rng, values) -> list[Odd]     the documents of one file; `join(odds)` is its text
    lost(odd, edited, new_text) -> list  what of `odd.text` is missing in `new_text` though it was not touched

Values and changes of them are in `odd_experiments`. All randomness comes from `rng`, a `random.Random`. Every comment
of a document begins with a number of its own. The writer shares no code with the program.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.config.odd_experiments import Edited, Path, covers

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*\Z")
_WORDS = {"null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE"}


@dataclass
class Line:
    """One line as it was written; `paths` are the values that stand on it, `comments` are (text, owner)."""

    text: str
    paths: set[Path] = field(default_factory=set)
    comments: list[tuple[str, Path]] = field(default_factory=list)


@dataclass
class Odd:
    """A text with its lines. `shared` are groups of paths that one anchor serves."""

    value: dict[str, Any]
    lines: list[Line]
    newline: str = "\n"
    shared: list[set[Path]] = field(default_factory=list)
    inline: set[Path] = field(default_factory=set)
    final: bool = True

    @property
    def text(self) -> str:
        return self.newline.join(line.text for line in self.lines) + (self.newline if self.final else "")


class _Writer:
    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.comments = 0
        self.anchors: dict[str, tuple[str, Path]] = {}
        self.shared: dict[str, set[Path]] = {}
        self.inline: set[Path] = set()
        self.quiet = rng.random() < 0.2
        self.last_was_text = self.last_takes_all = False

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def comment(self, owner: Path, found: list[tuple[str, Path]]) -> str:
        self.comments += 1
        text = f"# c{self.comments}{self.rng.choice(['', ': x', ' - y', '# z', ' [', ' *a'])}"
        found.append((text, owner))
        return text

    # One-line pieces

    def scalar(self, value: Any) -> str:
        rng = self.rng
        if isinstance(value, str):
            choices = [json.dumps(value, ensure_ascii=False).replace("\u00a0", "\\u00A0")]
            if value.isprintable() and "\n" not in value:
                choices.append("'" + value.replace("'", "''") + "'")
            if _PLAIN.match(value) and value not in _WORDS:
                choices += [value] * 3
            return rng.choice(choices)
        if value is None:
            return rng.choice(["null", "~", "Null"])
        if isinstance(value, bool):
            return rng.choice([str(value), str(value).lower(), str(value).upper()])
        if isinstance(value, int):
            return rng.choice([str(value)] * 4 + ([hex(value), f"+{value}", f"{value}.0"] if value >= 0 else []))
        return json.dumps(value)

    def one_line(self, value: Any, path: Path, paths: set[Path]) -> str:
        """The value in brackets on one line."""
        paths.add(path)
        prefix = self.anchored(value, path)
        if prefix.startswith("*"):
            return prefix + " "
        if isinstance(value, dict):
            self.inline.add(path)
            members = [
                f"{self.key(key)}: " + self.one_line(member, (*path, key), paths) for key, member in value.items()
            ]
            return prefix + self.bracketed("{", members, "}")
        if isinstance(value, list):
            self.inline.add(path)
            return prefix + self.bracketed(
                "[", [self.one_line(item, (*path, at), paths) for at, item in enumerate(value)], "]"
            )
        return prefix + self.scalar(value)

    def bracketed(self, start: str, parts: list[str], end: str) -> str:
        space = self.rng.choice(["", "", " "])
        trailing = self.rng.choice(["", "", ",", " ,"]) if parts else ""
        return start + space + self.rng.choice([", ", ", ", ",  ", " , "]).join(parts) + trailing + space + end

    def key(self, key: str) -> str:
        choices = [json.dumps(key), "'" + key.replace("'", "''") + "'"]
        if _PLAIN.match(key) and key not in _WORDS:
            choices += [key] * 6
        return self.rng.choice(choices)

    def anchored(self, value: Any, path: Path) -> str:
        """`&a1 ` for a new anchor, `*a1` for an alias of an equal value, or nothing."""
        if self.quiet:
            return ""
        text = json.dumps(value, sort_keys=True)
        if text in self.anchors and self.chance(0.4):
            name, _ = self.anchors[text]
            self.shared[name].add(path)
            return f"*{name}"
        if text not in self.anchors and self.chance(0.08):
            name = f"a{len(self.anchors)}"
            self.anchors[text] = (name, path)
            self.shared[name] = {path}
            # An anchor on a collection is known only behind it; members can't be aliases of it, being smaller.
            return f"&{name} "
        return ""

    # Lines

    def above(self, indent: int, owner: Path, enclosing: Path, lines: list[Line]) -> None:
        pad = " " * indent
        if self.chance(0.12) and not self.last_takes_all:
            # Blanks on the line after a block scalar would be text.
            lines.append(Line("" if self.chance(0.8) or self.last_was_text else "  "))
        if self.chance(0.06) and not self.last_takes_all:
            found: list[tuple[str, Path]] = []
            lines.append(Line(pad + self.comment(enclosing, found), comments=found))
            lines.append(Line(""))
        for _ in range(2):
            if self.chance(0.1):
                found = []
                lines.append(Line(pad + self.comment(owner, found), comments=found))

    def below(self, indent: int, owner: Path, lines: list[Line]) -> None:
        if self.chance(0.05):
            found: list[tuple[str, Path]] = []
            lines.append(Line(" " * (indent + 1 + self.rng.randint(0, 3)) + self.comment(owner, found), comments=found))

    def mapping(self, value: dict[str, Any], path: Path, indent: int) -> list[Line]:
        lines: list[Line] = []
        keys = list(value)
        if self.chance(0.2):
            self.rng.shuffle(keys)
        for key in keys:
            here = (*path, key)
            self.above(indent, here, path, lines)
            head = " " * indent + self.key(key)
            if self.chance(0.03):
                head = " " * indent + "? " + self.key(key)
                lines.append(Line(head, {here}))
                head = " " * indent + ":"
            else:
                head += self.rng.choice([":", ":", ":", " :"])
            written = self.behind(head, value[key], here, indent, in_sequence=False)
            lines += written
            self.last_was_text = _is_block_text(written)
            self.last_takes_all = self.last_was_text and written[-1].text == ""
            # Below the last item of a list it would be that item's comment.
            if not self.last_was_text and len(written) == 1:
                self.below(indent, here, lines)
        return lines

    def sequence(self, value: list[Any], path: Path, indent: int) -> list[Line]:
        lines: list[Line] = []
        for at, item in enumerate(value):
            here = (*path, at)
            self.above(indent, here, path, lines)
            written = self.behind(" " * indent + "-", item, here, indent, in_sequence=True)
            lines += written
            self.last_was_text = _is_block_text(written)
            self.last_takes_all = self.last_was_text and written[-1].text == ""
            # Below the last item of a list it would be that item's comment.
            if not self.last_was_text and len(written) == 1:
                self.below(indent, here, lines)
        return lines

    def behind(self, head: str, value: Any, path: Path, indent: int, *, in_sequence: bool) -> list[Line]:
        """The lines of a value behind `key:` or `-`."""
        rng = self.rng
        if isinstance(value, dict | list) and value and self.chance(0.75):
            return self.block(head, value, path, indent, in_sequence=in_sequence)
        if isinstance(value, dict | list) and value and self.chance(0.5):
            return self.long_flow(head, value, path, indent)
        if isinstance(value, str) and "\n" in value and self.chance(0.7):
            block = self.literal(head, value, path, indent)
            if block is not None:
                return block
        if isinstance(value, str) and _PLAIN.match(value) and value not in _WORDS and self.chance(0.1):
            return self.folded(head, value, path, indent)
        line = Line("", {path})
        text = "" if value is None and self.chance(0.3) else self.one_line(value, path, line.paths)
        if text and self.chance(0.05):
            first = Line(head, {path})
            if self.chance(0.3):
                first.text += " " + self.comment(path, first.comments)
            line.text = " " * (indent + rng.randint(1, 4)) + text
            self.trail(line, path)
            return [first, line]
        line.text = head + (rng.choice([" ", " ", "  ", " " * 4]) + text if text else "")
        self.trail(line, path)
        return [line]

    def trail(self, line: Line, owner: Path) -> None:
        if self.chance(0.15):
            blanks = [" ", "  "] if line.text.strip() in ("-", ":") else [" ", "  ", "\t"]
            line.text += self.rng.choice(blanks) + self.comment(owner, line.comments)
        elif self.chance(0.05):
            line.text += " "

    def block(self, head: str, value: Any, path: Path, indent: int, *, in_sequence: bool) -> list[Line]:
        rng = self.rng
        first = Line(head, {path})
        prefix = self.anchored(value, path)
        if prefix.startswith("*"):
            first.text += " " + prefix
            self.trail(first, path)
            return [first]
        if prefix:
            first.text += " " + prefix.rstrip()
        elif in_sequence and self.chance(0.8):
            # Compact: the first line begins behind the dash.
            width = rng.choice([1, 1, 1, 3])
            inner = indent + 1 + width
            lines = self.members(value, path, inner)
            comments = 0
            while lines[comments].text.strip()[:1] in ("", "#"):
                comments += 1
            lines = lines[comments:]
            lines[0].text = head + " " * width + lines[0].text[inner:]
            lines[0].paths.add(path)
            return lines
        self.trail(first, path)
        step = (
            rng.choice([0, 2, 2, 4, 1]) if isinstance(value, list) and not in_sequence else rng.choice([2, 2, 4, 1, 3])
        )
        return [first, *self.members(value, path, indent + step)]

    def members(self, value: Any, path: Path, indent: int) -> list[Line]:
        return self.mapping(value, path, indent) if isinstance(value, dict) else self.sequence(value, path, indent)

    def long_flow(self, head: str, value: Any, path: Path, indent: int) -> list[Line]:
        """Brackets over several lines."""
        self.inline.add(path)
        prefix = self.anchored(value, path)
        if prefix.startswith("*"):
            line = Line(f"{head} {prefix}", {path})
            self.trail(line, path)
            return [line]
        lines = [Line(f"{head} {prefix}{'{' if isinstance(value, dict) else '['}", {path})]
        self.trail(lines[0], path)
        inner = " " * (indent + 2)
        entries = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
        for place, (key, member) in enumerate(entries):
            here = (*path, key)
            self.above(indent + 2, here, path, lines)
            line = Line("", {path, here})
            name = f"{self.key(key)}: " if isinstance(value, dict) else ""
            line.text = inner + name + self.one_line(member, here, line.paths)
            last = place == len(entries) - 1
            line.text += "," if not last or self.chance(0.4) else ""
            self.trail(line, here)
            lines.append(line)
        end = "}" if isinstance(value, dict) else "]"
        if "#" not in lines[-1].text and self.chance(0.3):
            lines[-1].text += end
        else:
            lines.append(Line(" " * (indent + 1) + end, {path}))
        self.trail(lines[-1], path)
        return lines

    def literal(self, head: str, value: str, path: Path, indent: int) -> list[Line] | None:
        body = value.rstrip("\n")
        if not body or body[0] in " \n\t" or not body.replace("\n", "").replace("\t", "").isprintable():
            return None
        ends = len(value) - len(body)
        first = Line(f"{head} {'|' + ('-' if not ends else '' if ends == 1 else '+')}", {path})
        if self.chance(0.2):
            first.text += " " + self.comment(path, first.comments)
        pad = " " * (indent + self.rng.randint(1, 4))
        lines = [Line(pad + line if line else "", {path}) for line in body.split("\n")]
        return [first, *lines, *[Line("", {path}) for _ in range(ends - 1)]]

    def folded(self, head: str, value: str, path: Path, indent: int) -> list[Line]:
        pad = " " * (indent + self.rng.randint(1, 4))
        return [Line(f"{head} >-", {path}), *[Line(pad + word, {path}) for word in value.split(" ")]]


def _is_block_text(lines: list[Line]) -> bool:
    return any(re.search(r"(?:^|[:\-?] )[ ]*(?:&a\d+ )?[|>][+-]?(?: #|$)", line.text) for line in lines)


def write_oddly(value: dict[str, Any], rng: Random, *, newline: str | None = None) -> Odd:
    """The value as one document that somebody with odd habits might have written."""
    writer = _Writer(rng)
    lines: list[Line] = []
    for _ in range(rng.choice([0, 0, 1, 2])):
        found: list[tuple[str, Path]] = []
        lines.append(Line(writer.comment((), found), comments=found))
    if lines and rng.random() < 0.5:
        lines.append(Line(""))
    if rng.random() < 0.05:
        lines += writer.long_flow("---", value, (), 0) if value else [Line("--- {}", {()})]
    else:
        lines += writer.mapping(value, (), 0)
    for _ in range(rng.choice([0, 0, 0, 1, 2])):
        found = []
        lines.append(Line(writer.comment((), found), comments=found))
    shared = [group for group in writer.shared.values() if len(group) > 1]
    return Odd(
        value, lines, newline or rng.choice(["\n", "\n", "\n", "\r\n", "\r"]), shared, writer.inline, rng.random() < 0.9
    )


def stream(rng: Random, values: list[dict[str, Any]]) -> list[Odd]:
    """Several documents for one file, with one kind of line break."""
    newline = rng.choice(["\n", "\n", "\n", "\r\n", "\r\n", "\r"])
    odds = [write_oddly(value, rng, newline=newline) for value in values]
    for place, odd in enumerate(odds):
        if not odd.lines[0].text.startswith("---") and not any(line.text.startswith("---") for line in odd.lines):
            if place or rng.random() < 0.3:
                odd.lines.insert(0, Line(rng.choice(["---", "--- # d", "---  "])))
        elif place:
            odd.lines.insert(0, Line("..."))
        if place < len(odds) - 1:
            odd.final = True
    return odds


def join(odds: list[Odd]) -> str:
    """The text of the file."""
    return "".join(odd.text for odd in odds)


def lost(odd: Odd, edited: Edited, new_text: str) -> list[str]:
    """Lines and comments of the old text that are missing though nothing touched them.

    Lines count without their indentation and dash, since an item's second member may become its first.
    """
    touched = edited.gone | edited.given
    for group in odd.shared:
        altered = touched | edited.changed | edited.moved
        if any(covers(touched | edited.moved, path) or _holds_one(path, altered) for path in group):
            touched = touched | group
    flat = {path for path in edited.changed | edited.moved if path in odd.inline}
    new_lines = [line.lstrip(" -\t") for line in re.split(r"\r\n|\r|\n", new_text.removeprefix("\ufeff"))]
    missing = [
        f"comment {comment}"
        for line in odd.lines
        for comment, owner in line.comments
        if not covers(edited.gone, owner) and comment not in new_text
    ]
    at = 0
    for line in odd.lines:
        paths = line.paths - {()}
        if not paths or any(covers(touched | flat, path) or _holds_one(path, flat) for path in paths):
            continue
        wanted = line.text.lstrip(" -\t")
        is_moved = any(covers(edited.moved, path) for path in paths)
        if wanted not in new_lines[0 if is_moved else at :]:
            missing.append(f"line {line.text!r}")
        elif not is_moved:
            at = new_lines.index(wanted, at) + 1
    return missing


def _holds_one(path: Path, inner: set[Path]) -> bool:
    return any(one[: len(path)] == path for one in inner)
