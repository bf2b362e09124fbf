"""The help of the commands: their own options apart from the global ones, examples at the end, narrow terminals too."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click

HELP_WIDTH = 80
"""Columns of a help where stdout is no terminal."""
_NARROW = 50
"""Below it an option's text stands under the option, not beside it."""
_SHELL_WORD = r"(?:[^\s']|'[^']*')+"

Examples = Sequence[tuple[str, str]]
"""What each is for, in a few words, and the command line."""


class GlobalOption(click.Option):
    """An option that is shown under a heading of its own."""


class Page(click.HelpFormatter):
    """A formatter as wide as the terminal."""

    def __init__(self, width: int | None = None, max_width: int | None = None) -> None:
        columns = _terminal_width() if sys.stdout.isatty() else HELP_WIDTH
        super().__init__(width=(min(columns, max_width or HELP_WIDTH) - 2) if width is None else width)

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the line of usage; its first word is in no catalogue of translations that one had to look for."""
        super().write_usage(prog, args, "Usage: " if prefix is None else prefix)

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write terms with their texts beside them, or under them where there is no room for two columns."""
        if self.width >= _NARROW:
            super().write_dl(list(rows), min(col_max, max(self.width // 3, 18)), col_spacing)
            return
        for term, text in rows:
            self.write_text(term)
            with self.indentation():
                self.indent()
                self.write_text(text)
                self.dedent()

    def write_examples(self, examples: Examples) -> None:
        """Write a comment and a command line each, ready to be copied: a long one is continued after a backslash."""
        margin = " " * self.current_indent
        room = self.width - self.current_indent
        for what, line in examples:
            self.write("".join(f"{margin}# {said}\n" for said in _folded(what.split(), room - 2)))
            # A pattern takes longer to compile than all of this page's words to fold.
            words = re.findall(_SHELL_WORD, line) if "'" in line else line.split()
            first, *rest = _folded(words, room, joint=" \\", indent=4)
            self.write(f"{margin}{first}\n")
            self.write("".join(f"{margin}    {more}\n" for more in rest))


class PageContext(click.Context):
    """A context whose help is a `Page`."""

    formatter_class = Page


class ExpsyncCommand(click.Command):
    """A command with `examples`, whose help lists its own options apart from the global ones."""

    context_class = PageContext

    def __init__(self, *arguments: Any, examples: Examples = (), **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.examples = examples

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """What is left of the arguments; a usage error knows of which command it is."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write both lists of options."""
        write_options(self, ctx, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        super().format_epilog(ctx, formatter)
        write_examples(self.examples, formatter)


class ExpsyncGroup(click.Group):
    """A group whose help lists its commands, then its own options apart from the global ones, then examples."""

    context_class = PageContext

    def __init__(self, *arguments: Any, examples: Examples = (), **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.examples = examples

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, then both lists of options."""
        self.format_commands(ctx, formatter)
        write_options(self, ctx, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        super().format_epilog(ctx, formatter)
        write_examples(self.examples, formatter)


def write_options(command: click.Command, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    """Write the command's own options, then the global ones, into its help."""
    own: list[tuple[str, str]] = []
    shared: list[tuple[str, str]] = []
    for parameter in command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if record is not None and not isinstance(parameter, click.Argument):
            (shared if isinstance(parameter, GlobalOption) else own).append(record)
    for heading, records in (("Options", own), ("Global options, before or after the command", shared)):
        if records:
            with formatter.section(heading):
                formatter.write_dl(records)


def _terminal_width() -> int:
    import shutil  # brings the compressors of archives along, which a help in a pipe does without

    return shutil.get_terminal_size((HELP_WIDTH, 24)).columns


def write_examples(examples: Examples, formatter: click.HelpFormatter) -> None:
    """Write the examples under a heading of their own."""
    if examples and isinstance(formatter, Page):
        with formatter.section("Examples"):
            formatter.write_examples(examples)


def _folded(words: Sequence[str], width: int, *, joint: str = "", indent: int = 0) -> list[str]:
    """The words in lines of at most `width`, `joint` at the end of all but the last; a longer word stands out.

    All but the first will be indented.
    """
    lines = [""]
    for place, word in enumerate(words):
        line = f"{lines[-1]} {word}" if lines[-1] else word
        room = width - (indent if len(lines) > 1 else 0) - (len(joint) if place < len(words) - 1 else 0)
        if lines[-1] and len(line) > room:
            lines[-1] += joint
            lines.append(word)
        else:
            lines[-1] = line
    return lines
