"""YAML as nobody should write it: any order, indentation, quotes, brackets and anchors, with comments of known owners.

`# above P` stands on a line of its own right above what is at the path P, `# behind P` on a line of it, `# end P` at
the end of the block at P, indented as its content. All other comments are `# loose N`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from random import Random
from typing import Any

Path = tuple[str | int, ...]

FIELDS: dict[str, str] = {
    "key": "text",
    "name": "text",
    "description": "long",
    "enabled": "flag",
    "archived": "flag",
    "evaluationMode": "text",
    "bucketingKey": "text",
    "bucketingSalt": "text",
    "rolloutPercentage": "number",
    "startDate": "date",
    "endDate": "date",
    "tags": "texts",
    "deployments": "texts",
    "exposureEvent": "event",
    "decision": "text",
    "variants": "variants",
    "targetSegments": "segments",
    "lifecycle": "lifecycle",
    "acknowledge": "free",
    "environments": "environments",
    "naem": "free",
    "zzz": "text",
}
WORDS = [
    "control", "a b", "on", "yes", "null", "~", "12", "0x1f", "1e3", "1_000", "12:30", "007", "-", "- a", "?x", "? x",
    ":x", "a: b", "a:b", "a #b", "a#b", "#a", "&a", "*a", "!a", "%a", "@a", "[a", "{a", "a]", "a, b", "'a", '"a',
    "it's", "", " a", "a ", "\ta", "é", "🙂", "\u2028", "\xa0", "\\", "http://x?y=z#w", "---", "...", "--- a", "=",
    "<<", ".", "+1", ".5", "2026-02-01", "2026-02-01T00:00:00Z", "ok", "long " * 30, "x" * 120,
]  # fmt: skip
LONG = [
    "one\ntwo", "one\ntwo\n", "one\n\ntwo\n\n", "\none", " one\ntwo", "one \ntwo", "a word " * 20,
    "a word " * 20 + "\n", "one\n  two\nthree\n", "# no comment\nat all", "a: b\nc: d\n", "\n", "one\n",
    ("many words " * 9 + "\n") * 2,
]  # fmt: skip
PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9]*(?: [a-z]+)*\Z|http://x\?y=z#w\Z|a[:#]b\Z|[0-9]{4}-[0-9-]+\Z")
NOT_PLAIN = {"null"}


@dataclass
class OddFile:
    """The text, and for each document which paths stand for the same value as another's."""

    text: str
    aliases: list[list[tuple[Path, Path]]]


@dataclass
class Odd:
    """Writes values; the more `odd`, the more comments."""

    random: Random
    odd: float
    loose: int = 0
    document: int = 0
    anchors: dict[str, Path] = field(default_factory=dict)
    aliases: list[tuple[Path, Path]] = field(default_factory=list)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def file(self) -> OddFile:
        parts: list[str] = []
        aliases = []
        ended = False
        if self.chance(0.3):
            parts.append(self.comment_line() + "\n" * self.random.randint(1, 3))
        count = self.random.choice([1, 1, 1, 1, 2, 3])
        for index in range(count):
            self.document, self.anchors, self.aliases = index, {}, []
            if index or self.chance(0.3):
                if (ended or not index) and self.chance(0.2):
                    parts.append(f"%YAML 1.2{self.behind_loose()}\n")
                parts.append(f"---{self.behind_loose()}\n")
            if self.chance(0.1) and parts and parts[-1].startswith("---"):
                parts.append("".join(f"{self.comment_line()}\n" for _ in range(self.random.randint(0, 2))))
            elif self.chance(0.05):
                parts.append(self.flow(self.experiment(), (), 0) + self.behind_loose() + "\n")
            else:
                lines = self.block(self.experiment(), (), self.random.choice([0, 0, 0, 1, 2]), -1)
                parts.append("".join(f"{line}\n" for line in lines))
            aliases.append(self.aliases)
            ended = self.chance(0.1)
            if ended:
                parts.append(f"...{self.behind_loose()}\n")
                if self.chance(0.3) and index + 1 < count:
                    parts.append(self.comment_line() + "\n")
        text = "".join(parts)
        if self.chance(0.1):
            text = text.rstrip("\n")
        if self.chance(0.1):
            text = text.replace("\n", "\r\n")
        return OddFile("\ufeff" + text if self.chance(0.05) else text, aliases)

    # Values.

    def experiment(self, *, depth: int = 0) -> dict[str, Any]:
        names = self.random.sample(list(FIELDS), self.random.randint(1, 9))
        if depth:
            names = [name for name in names if name not in ("environments", "key")] or ["skip"]
        return {name: self.value(FIELDS.get(name, "flag"), depth) for name in names}

    def value(self, kind: str, depth: int = 0) -> Any:
        random = self.random
        match kind:
            case "text":
                return random.choice(WORDS)
            case "long":
                return random.choice(WORDS + LONG * 3)
            case "flag":
                return random.choice([True, False])
            case "number":
                return random.choice([0, 1, 50, 12.5, 1.0, -3, 1e20, 1e-7, 10**18])
            case "date":
                return random.choice(["2026-02-01", None, "2026-02-01T10:00:00Z"])
            case "texts":
                return [random.choice(WORDS) for _ in range(random.randint(0, 4))]
            case "event":
                return self.some({"filters": self.free(2), "event_type": "seen"})
            case "variants":
                return [self.some(self.variant()) for _ in range(random.randint(0, 3))]
            case "segments":
                return [self.some(self.segment()) for _ in range(random.randint(0, 2))]
            case "lifecycle":
                return self.some({"preventArchive": True, "ignoreChanges": ["variants.*.rolloutWeight"]})
            case "environments":
                return {name: self.experiment(depth=depth + 1) for name in random.sample(["prod", "dev", "eu"], 2)}
            case _:
                return self.free(0)

    def variant(self) -> dict[str, Any]:
        return {
            "rolloutWeight": 1,
            "payload": self.free(0),
            "inclusions": self.random.choice([["a", "b"], {"file": "x.txt"}]),
            "key": self.random.choice(WORDS),
            "name": self.random.choice(WORDS),
            "description": self.random.choice(LONG),
        }

    def segment(self) -> dict[str, Any]:
        return {
            "conditions": [{"op": "is", "values": ["x"], "prop": "country"}],
            "percentage": 12.5,
            "rolloutWeights": {"b": 1, "a": 2},
            "name": self.random.choice(WORDS),
        }

    def some(self, value: dict[str, Any]) -> dict[str, Any]:
        names = self.random.sample(list(value), self.random.randint(1, len(value)))
        return {name: value[name] for name in names}

    def free(self, depth: int) -> Any:
        shape = self.random.randint(0, 5) if depth < 3 else 0
        if shape == 4:
            return [self.free(depth + 1) for _ in range(self.random.randint(0, 4))]
        if shape == 5:
            return {self.random.choice(WORDS): self.free(depth + 1) for _ in range(self.random.randint(0, 4))}
        return self.random.choice([None, True, 3, 2.5, self.random.choice(WORDS), self.random.choice(LONG)])

    # Comments.

    def comment_line(self) -> str:
        self.loose += 1
        return f"# loose {self.loose}"

    def behind_loose(self) -> str:
        return " " + self.comment_line() if self.chance(self.odd) else ""

    def named(self, what: str, path: Path) -> str:
        return f"# {what} {self.document}{''.join(f'/{step}' for step in _shown(path))}"

    def above(self, path: Path, indent: int, *, is_first: bool) -> list[str]:
        lines = [""] * self.random.choice([0, 0, 0, 1, 2]) if self.chance(0.3) else []
        if self.chance(self.odd):
            lines += [" " * indent + self.named("above", path) for _ in range(self.random.choice([1, 1, 2]))]
            # At the start of a block that would make a heading of them, which is no entry's.
            if self.chance(0.15) and not is_first:
                lines.append("")
        return lines

    def behind(self, path: Path) -> str:
        return self.random.choice([" ", "   "]) + self.named("behind", path) if self.chance(self.odd) else ""

    # Text.

    def block(self, value: Any, path: Path, indent: int, outer: int, first: str | None = None) -> list[str]:
        """The lines of a collection that is not empty, inside one at column `outer`.

        `first` takes the place of the first line's indentation.
        """
        lines: list[str] = []
        is_mapping = isinstance(value, dict)
        for index, (step, member) in enumerate(value.items() if is_mapping else enumerate(value)):
            inner = (*path, step)
            begins = " " * indent
            if index == 0 and first is not None:
                begins = first
            else:
                lines += self.above(inner, indent, is_first=index == 0)
            lines += self.entry(inner, member, indent, begins, is_mapping=is_mapping)
        if self.chance(self.odd / 2) and indent > outer:
            lines.append(" " * indent + self.named("end", path))
        return lines

    def entry(self, path: Path, value: Any, indent: int, begins: str, *, is_mapping: bool) -> list[str]:
        if not is_mapping:
            return self.attached(begins + "-", path, value, indent, dashed=True)
        key = self.scalar_line(str(path[-1]), flow=False)
        if self.chance(0.05):
            first = f"{begins}? {key}{self.behind(path)}"
            return [first, *self.attached(" " * indent + ":", path, value, indent, dashed=False)]
        return self.attached(f"{begins}{key}:", path, value, indent, dashed=False)

    def attached(self, head: str, path: Path, value: Any, indent: int, *, dashed: bool) -> list[str]:
        """The lines of a value behind `key:` or a dash."""
        if self.anchors and self.chance(0.06):
            name = self.random.choice(list(self.anchors))
            self.aliases.append((path, self.anchors[name]))
            return [f"{head} *{name}{self.behind(path)}"]
        anchor = self.random.choice(["a", "b", "base"]) if self.chance(0.08) else ""
        if anchor:
            self.anchors.pop(anchor, None)
            head += f" &{anchor}"
        lines = self.unanchored(head, path, value, indent, dashed=dashed and not anchor)
        if anchor:
            self.anchors[anchor] = path
        return lines

    def unanchored(self, head: str, path: Path, value: Any, indent: int, *, dashed: bool) -> list[str]:
        deeper = indent + self.random.choice([1, 2, 2, 2, 3, 4])
        if isinstance(value, dict | list):
            if not value or self.chance(0.35):
                return f"{head} {self.flow(value, path, deeper)}{self.behind(path)}".split("\n")
            if dashed and self.chance(0.8):
                gap = " " * self.random.choice([1, 1, 1, 2, 3])
                return self.block(value, path, len(head + gap), indent, head + gap)
            # A list may stand at the column of its key.
            column = (
                indent if isinstance(value, list) and not dashed and "-" not in head and self.chance(0.3) else deeper
            )
            lines = [head + self.behind(path)] + [""] * self.chance(0.1)
            return lines + self.block(value, path, column, indent)
        if isinstance(value, str) and self.is_literal(value) and self.chance(0.7):
            ends = len(value) - len(value.rstrip("\n"))
            chomp = {0: "-", 1: ""}.get(ends, "+")
            style = ">" if value.startswith(("a word", "many")) else "|"
            text = value.rstrip("\n")
            body = text.split("\n")
            if style == ">":
                body = [line for part in body for line in (*_wrap(part), "")][:-1]
            return [
                f"{head} {style}{chomp}{self.behind(path)}",
                *(" " * deeper + line if line else "" for line in body),
                *[""] * (ends - 1),
            ]
        if self.chance(0.1):
            return [
                f"{head}{self.behind(path)}",
                " " * deeper + self.scalar_line(value, flow=False) + self.behind(path),
            ]
        if value is None and self.chance(0.5):
            return [head + self.behind(path)]
        return [f"{head} {self.scalar_line(value, flow=False)}{self.behind(path)}"]

    @staticmethod
    def is_literal(value: str) -> bool:
        first = value.split("\n", 1)[0]
        return bool(first) and first[0] not in " \t" and value.isascii()

    def flow(self, value: Any, path: Path, indent: int) -> str:
        if isinstance(value, dict | list):
            is_mapping = isinstance(value, dict)
            opening, closing = "{}" if is_mapping else "[]"
            parts: list[str] = []
            steps = list(value.items() if isinstance(value, dict) else enumerate(value))
            text = opening
            spread = self.chance(0.2)
            for place, (step, member) in enumerate(steps):
                inner = (*path, step)
                parts = [self.flow(member, inner, indent)]
                if is_mapping:
                    parts.insert(0, self.scalar_line(step, flow=True) + ":")
                lines = [line for line in self.above(inner, indent, is_first=True) if line] if spread else []
                text += "".join(f"\n{line}" for line in lines)
                text += f"\n{' ' * indent}" if spread else self.random.choice(["", " "])
                text += " ".join(parts)
                is_last = place + 1 == len(steps)
                before, after = self.random.choice([(",", ""), ("", f"\n{' ' * indent},")]) if spread else (",", "")
                if is_last and self.chance(0.8):
                    before, after = "", ""
                text += before + (self.behind(inner) if spread else "") + after
            if spread:
                if steps and self.chance(self.odd / 2):
                    text += f"\n{' ' * indent}{self.named('end', path)}"
                text += f"\n{' ' * indent}"
            return text + closing
        return self.scalar_line(value, flow=True)

    def scalar_line(self, value: str | int | float | bool | None, *, flow: bool) -> str:
        if value is None:
            return self.random.choice(["null", "~", "Null"])
        if value is True or value is False:
            return self.random.choice([str(value).lower(), str(value)])
        if isinstance(value, int | float):
            return repr(value)
        can_single = value.isprintable()
        if PLAIN.match(value) and value not in NOT_PLAIN and self.chance(0.6) and not (flow and "?" in value):
            return str(value)
        if can_single and self.chance(0.4):
            return "'" + value.replace("'", "''") + "'"
        inner = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
        return '"' + inner.replace("\u2028", "\\L").replace("\xa0", "\\_") + '"'


def _shown(path: Path) -> list[str]:
    return [re.sub(r"\W", lambda found: f"%{ord(found[0]):x}", str(step)) for step in path]


def shown(document: int, path: Path) -> str:
    """The path as comments name it."""
    return f"{document}{''.join(f'/{step}' for step in _shown(path))}"


def _wrap(line: str) -> list[str]:
    words = line.rstrip().split(" ")
    return [" ".join(words[at : at + 7]) for at in range(0, len(words), 7)]


def odd_file(seed: int) -> OddFile:
    """The odd file of a number."""
    random = Random(seed)
    return Odd(random, random.choice([0, 0.1, 0.25, 0.5])).file()
