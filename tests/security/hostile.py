"""Texts that want to act, in a terminal, a pull request or a CI log; and how one sees that a text acts."""

from __future__ import annotations

import re
import unicodedata

HOSTILE: dict[str, str] = {
    "nul": "a\x00b",
    "bell and backspace": "a\x07\b\b\bb",
    "colours": "\x1b[31mred\x1b[0m\x1b[8mhidden",
    "cursor": "\x1b[2J\x1b[1;1H\x1b[1A\x1b[2Kgone",
    "title": "\x1b]0;owned\x07",
    "link": "\x1b]8;;https://evil.example/\x1b\\click\x1b]8;;\x1b\\",
    "clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "device strings": "\x1bP1;1|x\x1b\\\x1b_y\x1b\\\x1b^z\x1b\\",
    "answerback": "\x1b[6n\x1b[c\x05",
    "c1 controls": "\x9b31m\x9d0;x\x9c\x90q\x9c\x84\x85\x8d",
    "carriage return": "good\rbad",
    "new lines": "a\nb\r\nc",
    "other breaks": "a\x0bb\x0cc\x1cd\x1de\x1ef\x85g\u2028h\u2029i",
    "tabs and spaces": "\ta \u00a0\u3000\u2003b",
    "bidi override": "abc\u202etxt.exe\u202c",
    "bidi isolates": "\u2066\u2067\u2068x\u2069\u061c\u200e\u200f",
    "bidi embedding": "\u202a\u202bx\u202d",
    "zero width": "a\u200bb\u200cc\u200dd\ufeffe\u2060f\u00adg\u180eh",
    "tag characters": "x" + "".join(chr(0xE0000 + ord(c)) for c in "evil") + "\U000e007f",
    "private and unassigned": "\ue000\U000f0000\u0378\ufdd0\U0010ffff",
    "github command": "::error file=a,line=1::owned",
    "github command after spaces": "  \t::set-output name=a::b",
    "github command on a new line": "x\n::error::owned\r::stop-commands::t\u2028::add-mask::a\x0b::warning::b",
    "github grouping": "##[group]x ##[error]y ###[z]",
    "azure command": "##vso[task.setvariable variable=PATH]evil",
    "teamcity": "##teamcity[buildProblem description='x']",
    "mention": "@team @org/admins",
    "markdown": "[x](javascript:alert(1)) ![i](https://evil.example/p.png) `a` **b** ~~~\n```\n# H | t |",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>--><!-- </details>",
    "rich markup": "[bold red]x[/bold red] [link=https://evil.example]y[/link] :smile:",
    "percent and braces": "%s %(x)s {0} {id} {} ${HOME} $(id) `id`",
    "quotes and slashes": "\"'\\ \\n \\x1b \\u001b / // ../../etc/passwd",
    "emoji": "👩\u200d👩\u200d👧\u200d👦 🇺🇳 ❤\ufe0f",
    "combining flood": "Z" + "\u0301\u0327\u0489" * 20,
    "wide": "全角文字" * 10,
    "long": "x" * 2_000,
    "long with breaks": "y\n" * 400,
    "spaces alone": "   ",
    "json in text": '{"a": "\\u001b[31m", "b": [1]}',
    "number and words": "1e999",
    "arrow": "a → b\n  + fake will be created",
    "summary forged": "x\nPlan: 0 to create, 0 to update, 0 to archive.",
}
"""What a text from outside may be, short of half a surrogate pair, which no JSON reply brings past the reader."""
HALVES = {"half a pair": "a\ud800b", "the other half": "\udfff", "a byte of a file's name": "x\udcff"}
PRINTABLE = {name: text for name, text in HOSTILE.items() if text.isprintable()}
"""Those that may stand where only printable text is allowed."""

_COLOUR = re.compile(r"\x1b\[(?:0|1|2|31|32|33)m")
_COMMAND = re.compile(r"##\w*\[")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_FLOOD = 8
"""Marks on one character beyond which no script goes."""


def acts(output: str, *, colour: bool = False) -> list[str]:
    """What would act in this output of ours: nothing, it is to be hoped."""
    if colour:
        output = _COLOUR.sub("", output)
    found = []
    hidden = sorted({char for char in output if char != "\n" and unicodedata.category(char) in _HIDDEN})
    if hidden:
        found.append(f"characters that act: {hidden!r}")
    for line in output.split("\n"):
        if line.lstrip().startswith("::"):
            found.append(f"a command at the start of a line: {line[:60]!r}")
        if _COMMAND.search(line):
            found.append(f"a command in a line: {line[:60]!r}")
        if _flooded(line):
            found.append("marks heaped on one character")
    return found


def _flooded(line: str) -> bool:
    run = 0
    if not line.isascii():
        for char in line:
            run = run + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
            if run > _FLOOD:
                return True
    return False
