"""A saved plan: written whole or not at all, and read back only if it is the document that was written."""

from __future__ import annotations

import json
import math
import os
import stat
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from expsync.errors import ExpsyncError, RefusedError
from expsync.model.json_text import indented_json
from expsync.model.plan import FORMAT_VERSION, Plan, digest_of

MAX_CHARACTERS = 256 * 1024 * 1024
"""Far above any real plan (10,000 experiments take about 40 million), and far below what fills a machine."""
MAX_DEPTH = 200
"""Levels of lists and mappings; payloads nest a few."""
_QUOTED = 80
"""Characters of the document that a message quotes at most."""
_AGAIN = "make a new plan with `expsync plan --out FILE`"


def plan_text(plan: Plan) -> str:
    """The document as it is saved and printed: JSON, fields in the model's order, safe to print."""
    return indented_json(plan.model_dump(mode="json"))


def load_plan(text: str) -> Plan:
    """The plan that a saved document holds.

    RefusedError where the text is not a plan of this format, or not the plan that was saved. The digest is checked on
    the document as it stands, before anything is read into it.
    """
    if len(text) > MAX_CHARACTERS:
        raise _too_big()
    document = _document(text)
    _check_format(document.get("formatVersion"))
    if document.get("digest") != digest_of(document):
        raise RefusedError(
            "the plan does not match its digest: it was changed after it was saved, or damaged on the way",
            hint=_AGAIN,
        )
    try:
        return Plan.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = _cut(".".join(str(part) for part in first["loc"]))
        raise RefusedError(
            f"the plan is not of the shape that version {FORMAT_VERSION} has: {where}: {first['msg'].lower()}",
            hint=_AGAIN,
        ) from None


def read_plan(path: Path) -> Plan:
    """The plan in a file; ExpsyncError where the file can't be read at all, RefusedError as `load_plan` does."""
    try:
        return load_plan(_read_text(path))
    except OSError as error:
        raise ExpsyncError(f"{path}: the plan can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RefusedError(f"{path}: the plan is damaged: it is not UTF-8 text", hint=_AGAIN) from error
    except RefusedError as error:
        raise RefusedError(f"{path}: {error.message}", hint=error.hint) from error


def save_plan(path: Path, plan: Plan) -> None:
    """Write the plan to `path`, whole or not at all, readable by its owner alone.

    ExpsyncError where it can't be written; an older file at `path` is then still what it was.
    """
    try:
        # A link is followed, and anything but a file (a device, a pipe) is never replaced by one.
        target = path.resolve()
        if target.exists() and not target.is_file():
            raise OSError(0, "it is not a regular file")
        _replace(target, plan_text(plan))
    except OSError as error:
        raise ExpsyncError(f"{path}: the plan can't be saved: {error.strerror}") from error
    except RuntimeError:
        # What pathlib makes of links that lead to themselves.
        raise ExpsyncError(f"{path}: the plan can't be saved: it is a link that leads to itself") from None


def _read_text(path: Path) -> str:
    """The text of a plain file, up to one character more than a plan may have."""
    # Opening a pipe that nobody writes to would never end.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            raise OSError(0, "it is not a regular file")
        if state.st_size > 4 * MAX_CHARACTERS:
            raise _too_big()
        with open(descriptor, encoding="utf-8", closefd=False) as file:
            return file.read(MAX_CHARACTERS + 1)
    finally:
        os.close(descriptor)


def _too_big() -> RefusedError:
    return RefusedError(f"the plan is too big: more than {MAX_CHARACTERS:,} characters", hint=_AGAIN)


def _replace(target: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    part = Path(name)
    try:
        # mkstemp made it readable and writable by the owner alone (0600), and a move keeps that.
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        why = "it nests too deep" if isinstance(error, RecursionError) else str(error)
        raise RefusedError(f"the plan is damaged: it can't be read as JSON: {why}", hint=_AGAIN) from None
    if not isinstance(document, dict):
        raise RefusedError("the file is not a plan: it does not hold a JSON object", hint=_AGAIN)
    if _depth_over(document, MAX_DEPTH):
        raise RefusedError(f"the plan is damaged: it nests deeper than {MAX_DEPTH} levels", hint=_AGAIN)
    return document


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {_cut(text)} is out of range")
    return number


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The pairs as a mapping; two of one name would let two readers see two documents under one digest."""
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        double = next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        raise ValueError(f"the name {_cut(double)!r} stands twice in one object")
    return mapping


def _cut(text: str) -> str:
    """Enough of a text from the document to find it by."""
    return text if len(text) <= _QUOTED else text[: _QUOTED - 1] + "…"


def _depth_over(document: dict[str, Any], limit: int) -> bool:
    level: list[Any] = [document]
    for _ in range(limit):
        # What json makes is never of a subclass.
        level = [
            child
            for parent in level
            for child in (parent.values() if type(parent) is dict else parent)
            if type(child) is dict or type(child) is list
        ]
        if not level:
            return False
    return True


def _check_format(version: object) -> None:
    """RefusedError unless the version is the one that this program writes: a minor one may say more than it knows."""
    if not isinstance(version, str):
        raise RefusedError("the file is not a plan: it has no formatVersion", hint=_AGAIN)
    if version != FORMAT_VERSION:
        raise RefusedError(
            f"the plan has format version {version[:20]!r}, and this expsync reads {FORMAT_VERSION}",
            hint=f"{_AGAIN}, or use the expsync that made it",
        )
