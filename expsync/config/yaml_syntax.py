"""The C parser's mistakes of syntax, in plain words with the place and the way out."""

from __future__ import annotations

from typing import Any

from ruamel.yaml.error import MarkedYAMLError, YAMLError

from expsync.config.wording import plain
from expsync.config.yaml_text import YamlProblem, bad_character, clamp

_SAYINGS: tuple[tuple[str, str, str], ...] = (
    (
        "mapping values are not allowed",
        'a ":" can\'t stand here',
        'put text that has ": " in it in quotes; otherwise look at the indentation',
    ),
    ("did not find expected key", "the indentation fits no line above", "line the fields of a mapping up"),
    ("did not find expected '-'", 'a list item ("- …") is expected here', "line the items of a list up"),
    ("expected ',' or ']'", 'a "," or "]" is missing', "close the list that starts above"),
    ("expected ',' or '}'", 'a "," or "}" is missing', "close the mapping that starts above"),
    ("found unexpected ':'", 'a ":" needs a space after it here', "put the text in quotes if the colon belongs to it"),
    ("could not find expected ':'", 'a ":" is missing after a key', "write `key: value`"),
    ("unexpected end of stream", "a quoted text is never closed", "add the closing quote"),
    ("unexpected document indicator", "a quoted text is never closed", "add the closing quote"),
    ("unknown escape character", "an unknown escape in a double-quoted text", r"write \\ for a backslash"),
    ("did not find expected hexdecimal", "an unknown escape in a double-quoted text", r"write \\ for a backslash"),
    ("invalid Unicode character escape", "an escape that names no character", "write the character itself"),
    ("expected <document start>", "the document has ended here", "put `---` between documents"),
    ("block sequence entries are not allowed", "a list item can't stand here", "put the list on the next line"),
    ("did not find expected node content", "a value is missing here", "write the value, or delete the comma"),
    ("block mapping entries", "a mapping can't stand here", "put the mapping on the next line"),
    (
        "alphabetic or numeric character",
        "an anchor or alias without a name",
        "put text that starts with & or * in quotes",
    ),
)
_DIRECTIVES = ("incompatible YAML document", "directive", "%YAML", "%TAG")


def explain(text: str, error: YAMLError) -> YamlProblem:
    """The problem that a parser's exception stands for."""
    mark: Any = getattr(error, "problem_mark", None)
    if not isinstance(error, MarkedYAMLError) or mark is None:
        return bad_character(text)
    line, column = clamp(text, mark.line + 1, mark.column + 1)
    problem, context = str(error.problem or ""), str(error.context or "")
    if any(word in problem or word in context for word in _DIRECTIVES):
        return YamlProblem(
            "EXP013",
            line,
            column,
            "a directive that is not understood",
            "files are read as YAML 1.2, without directives",
            'delete the line; put text that starts with "%" in quotes',
        )
    if "tab character" in problem:
        return _tab(line, column)
    if "cannot start any token" in problem:
        return _stray(text, mark.index, line, column)
    detail = ""
    start: Any = error.context_mark
    if start is not None and (start.line, start.column) != (mark.line, mark.column):
        detail = f"in what starts at {start.line + 1}:{start.column + 1}"
    for part, message, hint in _SAYINGS:
        if part in problem:
            return YamlProblem("EXP005", line, column, message, detail, hint)
    return YamlProblem("EXP005", line, column, f"this is not YAML: {plain(problem)}", detail)


def _tab(line: int, column: int) -> YamlProblem:
    return YamlProblem("EXP015", line, column, "a tab can't indent", "YAML indents with spaces alone", "write spaces")


def _stray(text: str, index: int, line: int, column: int) -> YamlProblem:
    character = text[index : index + 1]
    if character == "\t":
        return _tab(line, column)
    return YamlProblem(
        "EXP005", line, column, f'a value can\'t start with "{plain(character)}"', "", "put the value in quotes"
    )
