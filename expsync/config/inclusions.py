"""Users listed in a file of their own: one id a line."""

# ruff: noqa: PTH117, PTH118, PTH120 - names are joined and resolved as text, as in `find`
from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from expsync.config.files import read_bounded
from expsync.config.find import is_inside
from expsync.config.problem import MAX_PROBLEMS
from expsync.config.wording import SECRET, plain, quote
from expsync.diagnostics import Diagnostic, Place
from expsync.model.words import MAX_INCLUSIONS

MAX_BYTES = 1_000_000
_COMMENT = re.compile(r"(?:^|\s)#.*\Z")


class Refusal(NamedTuple):
    """Why the file can't be used at all: shown where the YAML file names it."""

    message: str
    detail: str = ""
    hint: str = ""


class Users(NamedTuple):
    """The ids of a file in its order, or why there are none; `diagnostics` are about its lines."""

    ids: tuple[str, ...] = ()
    refusal: Refusal | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(slots=True)
class InclusionFiles:
    """Reads each file once for a whole load; `root` is resolved."""

    root: str
    _read: dict[str, Users] = field(default_factory=dict)

    def users(self, yaml_file: str, name: str) -> Users:
        """The users in the file `name`, which is relative to the YAML file."""
        if os.path.isabs(name) or "\\" in name or "\0" in name:
            return Users(refusal=Refusal("the file's name must be relative", quote(name), "folders are separated by /"))
        path = os.path.join(self.root, os.path.dirname(yaml_file), name)
        target = os.path.realpath(path)
        if not is_inside(self.root, target):
            return Users(
                refusal=Refusal(
                    "the inclusions file is outside the workspace",
                    f"{quote(name)}, with links followed; what git keeps in .git is no part of it",
                    "move it beside the experiments",
                )
            )
        if target not in self._read:
            self._read[target] = self._load(target)
        return self._read[target]

    @property
    def read(self) -> tuple[str, ...]:
        """The resolved paths of the files that were asked for so far, there or not."""
        return tuple(self._read)

    def preset(self, texts: Mapping[str, str]) -> None:
        """Take these texts for the files' contents, by their resolved paths: what they are about to be."""
        for target, text in texts.items():
            shown = os.path.relpath(target, self.root).replace(os.sep, "/")
            self._read[target] = _parse(shown, text.removeprefix("\ufeff"))

    def _load(self, target: str) -> Users:
        shown = os.path.relpath(target, self.root).replace(os.sep, "/")
        try:
            content = read_bounded(target, MAX_BYTES)
        except FileNotFoundError:
            return Users(
                refusal=Refusal(
                    "the inclusions file does not exist", quote(shown), "its name is relative to the YAML file"
                )
            )
        except OSError as error:
            return Users(
                refusal=Refusal("the inclusions file can't be read", f"{quote(shown)}: {plain(error.strerror or '')}")
            )
        if len(content) > MAX_BYTES:
            return Users(
                refusal=Refusal("the inclusions file is too large", f"{quote(shown)}; at most {MAX_BYTES:,} bytes")
            )
        try:
            return _parse(shown, content.decode("utf-8-sig"))
        except UnicodeDecodeError:
            return Users(refusal=Refusal("the inclusions file is not UTF-8", quote(shown), "save it as UTF-8"))


def _parse(shown: str, text: str) -> Users:
    first_lines: dict[str, int] = {}
    diagnostics: list[Diagnostic] = []
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        secret = SECRET.search(line)
        if secret:
            diagnostics.append(secret_diagnostic(shown, number, secret.start() + 1))
        user = _COMMENT.sub("", line).strip()
        if not user:
            continue
        place = Place(shown, number, len(line) - len(line.lstrip()) + 1)
        if plain(user, len(user)) != user and not secret:
            diagnostics.append(
                Diagnostic("EXP019", "error", place, "the id has characters that can't be shown", quote(user))
            )
        elif user in first_lines:
            diagnostics.append(
                Diagnostic(
                    "EXP206",
                    "error",
                    place,
                    f"the user {quote(user)} stands here twice",
                    f"first on line {first_lines[user]}",
                    "delete one of the two",
                )
            )
        else:
            first_lines[user] = number
    refusal = None
    if len(first_lines) > MAX_INCLUSIONS:
        refusal = Refusal(
            "the inclusions file has too many users",
            f"{quote(shown)} has {len(first_lines):,}; the API takes {MAX_INCLUSIONS:,} for a variant",
            "target a cohort or a segment instead",
        )
    return Users(tuple(first_lines), refusal, tuple(diagnostics[:MAX_PROBLEMS]))


def secret_diagnostic(file: str, line: int, column: int) -> Diagnostic:
    """What is said of an API key in a file; the key itself is not."""
    return Diagnostic(
        "EXP020",
        "error",
        Place(file, line, column),
        "an API key stands in the file",
        "files end up in git, where everyone with access can read it",
        "delete it here, revoke it in Amplitude, and give the new one in an environment variable (apiKeyEnv)",
    )
