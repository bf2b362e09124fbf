"""Text from outside made harmless to look at: what the API or a file says can never act on a terminal or a CI log.

Control characters, ANSI sequences, bidirectional overrides, invisible characters and line breaks are shown as their
escapes, and so are marks heaped on one character. CI systems read commands out of a log: `::name::` at the start of a
line (GitHub), and `##[name]` or `##vso[name]` anywhere in one (GitHub's older form, Azure Pipelines, TeamCity); both
are broken up.
"""

from __future__ import annotations

import re

from expsync.model.json_text import broken_command, escaped

_SHORT = {"\r": "\\r", "\t": "\\t"}
_COMMAND_AT_START = re.compile(r"^(\s*)::")


def visible(text: str) -> str:
    """One line that shows `text`, with everything that could act written as an escape."""
    if not (text.isascii() and text.isprintable()):
        text = escaped(text.replace("\n", "\\n"), _escape)
    # Wherever it will stand: a line may begin with it.
    return unaddressed(broken_command(text))


def unaddressed(line: str) -> str:
    """The line with a `::` at its start broken up, so that no CI system takes it for a command."""
    return _COMMAND_AT_START.sub(r"\1\\u003a:", line) if "::" in line else line


def _escape(char: str) -> str:
    if char in _SHORT:
        return _SHORT[char]
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
