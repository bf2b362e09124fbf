"""The page of the commands: each with its arguments, options, exit codes and examples, from the program itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import click

from expsync.cli.help import ExpsyncCommand, ExpsyncGroup, GlobalOption
from expsync.cli.main import COMMANDS, group
from scripts.reference.exits import MEANINGS, OF_COMMANDS
from scripts.reference.text import MADE, code, prose, sentence, table

_INTRODUCTION = """\
# Commands

Every command takes the global options, before its name or after it. The result goes to stdout, and to it alone;
progress, warnings and errors go to stderr. Where stdout is no terminal, or `CI` is set, there is no colour, no question
and no bar.

"""
_EXITS = """\
## Exit codes

Scripts can rely on them. What a code means for a command in particular stands with the command.

"""
_VARIABLES = """\
## Environment variables

"""
_READ = (
    ("`EXPSYNC_ENV`", "The environment, where `--env` does not name one."),
    ("`EXPSYNC_BASE_URL`", "Overrides the `baseUrl` of the environment in use."),
    ("`EXPSYNC_API_KEY`", "The management API key, where an environment has no `apiKeyEnv` of its own."),
    ("`NO_COLOR`", "No colour, whatever its value."),
    ("`CI`", "No colour, no question, no bar."),
)
_WORDS = (
    r"--?[a-z][a-z-]*",  # options
    r"[\w./-]+\.(?:yaml|yml|json|db)",  # files
    r"[A-Z]+(?:_[A-Z]+)+",  # variables
    r"[a-z]+(?:\.[a-z]+)*[A-Z]\w*",  # fields
)
"""What is code wherever it stands in a help text."""
_PAGE = re.compile(r"\bdocs/(?P<page>[a-z-]+)\.md\b")


def page() -> str:
    """The page as Markdown."""
    with group.make_context("expsync", [], resilient_parsing=True) as ctx:
        parts = [MADE, _INTRODUCTION, *_summary(), *_examples(group)]
        for name in group.list_commands(ctx):
            command = group.get_command(ctx, name)
            assert command is not None
            parts += _command(command, name, ctx)
        parts += ["## Global options\n\n", _options(group, ctx, only_global=True), "\n"]
    parts += [_EXITS, table(("code", "meaning"), ((str(number), said) for number, said in MEANINGS.items())), "\n"]
    parts += [_VARIABLES, table(("variable", "what it does"), _READ)]
    return "".join(parts)


def _summary() -> Iterator[str]:
    rows = ((f"[{code(name)}](#{name})", sentence(said)) for name, (_, said) in COMMANDS.items())
    yield table(("command", "what it does"), rows)
    yield "\n"


def _command(command: click.Command, path: str, parent: click.Context) -> Iterator[str]:
    with command.make_context(path.split()[-1], [], parent=parent, resilient_parsing=True) as ctx:
        yield f"{'##' if ' ' not in path else '###'} {path}\n\n"
        yield f"```text\n{ctx.command_path} {' '.join(command.collect_usage_pieces(ctx))}\n```\n\n"
        yield from _description(command.help or "", _placeholders(command, ctx))
        options = _options(command, ctx, only_global=False)
        if options:
            yield f"{options}\n"
        codes = OF_COMMANDS.get(path, {})
        if codes:
            yield table(("exit code", "meaning here"), ((str(number), said) for number, said in codes.items()))
            yield "\n"
        yield from _examples(command)
        if isinstance(command, click.Group):
            for name in command.list_commands(ctx):
                inner = command.get_command(ctx, name)
                assert inner is not None
                yield from _command(inner, f"{path} {name}", ctx)


def _examples(command: click.Command) -> Iterator[str]:
    if isinstance(command, ExpsyncCommand | ExpsyncGroup) and command.examples:
        yield "```sh\n"
        yield "\n".join(f"# {what}\n{line}\n" for what, line in command.examples)
        yield "```\n\n"


def _description(text: str, placeholders: Iterable[str]) -> Iterator[str]:
    """The paragraphs of a command's help; what is laid out by hand there is laid out so here."""
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        if paragraph.lstrip().startswith("\b"):
            lines = [line.strip() for line in paragraph.replace("\b", "").strip().splitlines()]
            yield f"{prose(lines[0])}\n\n```sh\n" + "\n".join(lines[1:]) + "\n```\n\n"
        else:
            yield f"{_marked(paragraph, placeholders)}\n\n"


def _options(command: click.Command, ctx: click.Context, *, only_global: bool) -> str:
    rows = []
    words = _placeholders(command, ctx)
    for parameter in command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if isinstance(parameter, GlobalOption) != only_global or record is None:
            continue
        if isinstance(parameter, click.Option):
            rows.append((code(_option_name(parameter, ctx)), _marked(_option_text(parameter), words)))
    return table(("option", "what it does"), rows) if rows else ""


def _option_text(option: click.Option) -> str:
    """The option's help, and its limits and default in words."""
    said = [option.help or ("The form of the output." if "--format" in option.opts else "")]
    if isinstance(option.type, click.IntRange):
        said.append(f"{option.type.min} to {option.type.max}.")
    if option.show_default and option.default is not None:
        said.append(f"Default: `{option.default}`.")
    if option.required:
        said.append("Required.")
    return " ".join(said)


def _option_name(option: click.Option, ctx: click.Context) -> str:
    """The option as it is typed."""
    names = ", ".join([*option.opts, *option.secondary_opts])
    if option.is_flag or option.count:
        return names
    counted = option.metavar is None and isinstance(option.type, click.types.IntParamType)
    metavar = "N" if counted else option.make_metavar(ctx)
    return f"{names} {metavar}"


def _marked(text: str, placeholders: Iterable[str] = ()) -> str:
    """Prose in which options, names of files and variables, and the command's own `placeholders` are code."""
    words = "|".join([*_WORDS, *(f"{re.escape(word)}(?=s?\\b)" for word in placeholders)])
    bare = re.compile(rf"(?<![\w`'/.-])(?:{words})(?![A-Z`'])")
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()))
    marked = "".join(part if part.startswith("`") else bare.sub(r"`\g<0>`", part) for part in parts)
    return prose(_PAGE.sub(r"[\g<page>](\g<page>.md)", marked))


def _placeholders(command: click.Command, ctx: click.Context) -> set[str]:
    """The words that stand for something in the command's usage: `KEY`, `FILE`."""
    return {word for parameter in command.params for word in re.findall(r"\b[A-Z]{3,}\b", parameter.make_metavar(ctx))}
