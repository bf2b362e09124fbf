"""The answer to a shell that asks what could stand at the cursor: built on click's own walk through the line.

The answer is lines of text. The first says how the rest is meant: `values`, `open` (no space follows), `files` or
`folders` (the shell completes these itself). The scripts under `shells/` do as it says, and nothing else: whatever has
to be known of a shell's quotes is here, where it is tested.
"""

from __future__ import annotations

import os
import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click
from click.shell_completion import CompletionItem, ShellComplete, split_arg_string

_LINE, _BREAKS, _WORDS = "_EXPSYNC_LINE", "_EXPSYNC_BREAKS", "_EXPSYNC_WORDS"
_HELP_WIDTH = 72
_SPECIAL_IN_BASH = re.compile(r"([^\w@%+=:,./-])", re.ASCII)
_DEFAULT_BREAKS = " \t\n\"'><=;|&(:"


def answer(command: click.Command, instruction: str) -> str:
    """What the shell is told; nothing where the instruction is none. It is a shell's name and `_complete`."""
    shell, _, what = instruction.partition("_")
    if shell not in _SHELLS or what != "complete":
        return ""
    return _SHELLS[shell](command, {}, "expsync", "").complete()


@dataclass(frozen=True, slots=True)
class Typed:
    """The end of a line as bash sees it: the words before the cursor's, and that one.

    `kept` is what bash leaves in place of the word: it puts its completion behind it, within the `quote` that is open.
    `redirected` is whether a file is to stand there.
    """

    words: Sequence[str]
    word: str
    kept: str
    quote: str
    redirected: bool


def read_line(line: str, breaks: str) -> Typed:
    """The line up to the cursor, cut as bash cuts it; `breaks` are the characters at which bash begins to complete."""
    words: list[str] = []
    word, kept, quote, redirected, begun, place = "", "", "", False, False, 0
    while place < len(line):
        char = line[place]
        place += 1
        if quote:
            if char == quote:
                quote, kept = "", word if char in breaks else kept
            elif char == "\\" and quote == '"' and line[place : place + 1] in ('"', "\\", "$", "`"):
                word, place = word + line[place], place + 1
            else:
                word += char
        elif char in "\"'":
            quote, kept, begun = char, word, True
        elif char == "\\":
            word, place, begun = word + line[place : place + 1], place + 1, True
        elif char in " \t\n":
            if begun and not redirected:
                words.append(word)
            if begun:
                word, kept, redirected, begun = "", "", False, False
        elif char in "<>":
            # What stands before may be a number, as in 2>; as the name of an experiment it would be no loss.
            word, kept, redirected, begun = "", "", True, False
        else:
            word, begun = word + char, True
            if char in breaks:
                kept = word
    return Typed(words, word, kept, quote, redirected)


class _Answer(ShellComplete):
    """click's completion, in lines that a script can do without any knowledge."""

    source_template = ""

    def complete(self) -> str:
        """The first line says what the others are; each of these is one value."""
        args, incomplete = self.get_completion_args()
        items = self.get_completions(list(args), incomplete)
        kinds = {item.type for item in items}
        for kind, name in (("file", "files"), ("dir", "folders")):
            if kind in kinds:
                return name
        shown = [self.format_completion(item) for item in items if item.value.isprintable()]
        open_ = bool(items) and all(item.open for item in items)
        return "\n".join(["open" if open_ else "values", *dict.fromkeys(shown)])

    @abstractmethod
    def format_completion(self, item: CompletionItem[str]) -> str:
        """One value as the script hands it on."""


class _Bash(_Answer):
    name = "bash"

    def __init__(self, cli: click.Command, ctx_args: Any, prog_name: str, complete_var: str) -> None:
        super().__init__(cli, ctx_args, prog_name, complete_var)
        self._typed = read_line(os.environ.get(_LINE, ""), os.environ.get(_BREAKS, _DEFAULT_BREAKS))

    def complete(self) -> str:
        """The same; where the shell expects the file of a redirection, files."""
        return "files" if self._typed.redirected else super().complete()

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words behind the program's name."""
        return list(self._typed.words[1:]), self._typed.word

    def format_completion(self, item: CompletionItem[str]) -> str:
        """What bash is to put behind what it keeps, quoted as far as quotes are not open already."""
        typed = self._typed
        whole = _option_before(typed.word, item.value) + item.value
        rest = whole.removeprefix(typed.kept) if whole.startswith(typed.kept) else whole
        match typed.quote:
            case "'":
                return rest.replace("'", "'\\''")
            case '"':
                return re.sub(r'(["\\$`])', r"\\\1", rest)
            case _:
                return _SPECIAL_IN_BASH.sub(r"\\\1", rest)


class _Words(_Answer):
    """A shell that tells its words one a line, and that puts quotes around values by itself."""

    end = ""
    """What stands behind the last one."""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words behind the program's name."""
        *words, last = os.environ.get(_WORDS, "").removesuffix(self.end).split("\n")
        return words[1:], last

    def format_completion(self, item: CompletionItem[str]) -> str:
        """The value, and behind a tab what it is for."""
        return f"{item.value}\t{_brief(item.help)}" if item.help else item.value


class _Zsh(_Words):
    name = "zsh"


class _Fish(_Words):
    name = "fish"
    end = "\n"

    def get_completion_args(self) -> tuple[list[str], str]:
        """The same; the last word has its quotes."""
        words, last = super().get_completion_args()
        return words, next(iter(split_arg_string(last)), "")

    def format_completion(self, item: CompletionItem[str]) -> str:
        """The same; fish completes words as a whole."""
        return _option_before(self.get_completion_args()[1], item.value) + super().format_completion(item)


_SHELLS: Mapping[str, type[_Answer]] = {"bash": _Bash, "zsh": _Zsh, "fish": _Fish}


def _option_before(word: str, value: str) -> str:
    """`--format=` of `--format=js`, where the value is the option's own."""
    if not word.startswith("-") or "=" not in word or value.startswith("-"):
        return ""
    return word[: word.index("=") + 1]


def _brief(text: str) -> str:
    """A help's first sentence, on one line."""
    line = " ".join(text.split())
    first = re.split(r"(?<=\w)[.;:](?:\s|$)", line, maxsplit=1)[0]
    return first if len(first) <= _HELP_WIDTH else first[: _HELP_WIDTH - 1].rstrip() + "…"
