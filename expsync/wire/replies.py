"""From the bytes of an answer to a model, or a `ReplyError` that says where the answer is wrong.

Each function takes bytes, or a value that was decoded from JSON already. Whatever is wrong (no JSON, half a
body, a hundred thousand brackets, NaN, a lone surrogate, another shape) is a `ReplyError` of one line that names
the endpoint and the JSON path; the value itself is never shown.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar, cast

import pydantic_core
from pydantic import BaseModel, ConfigDict, JsonValue, TypeAdapter, ValidationError

from expsync.errors import ReplyError
from expsync.wire.schema import (
    WireCreated,
    WireDeployment,
    WireDeployments,
    WireExperiment,
    WirePage,
    WireVariant,
    WireVersion,
)

T = TypeVar("T")
Reply = bytes | JsonValue
"""The body of an answer, or what was decoded from it."""

_PATH_LENGTH = 120
_ANY_JSON = frozenset({"payload", "exposureEvent", "parentDependencies", "flagConfig"})
"""The fields that take any JSON value (`schema.Json`)."""
_ALIKE = bytes.maketrans(b"123456789E", b"000000000e")
"""Makes all digits one, so that a number past the largest float can be looked for without a regular expression."""
_LONG = b"0" * 200
"""What is shorter has no 309 places, not even with the highest exponent of two digits."""
_HIGH = b"0e000"
"""An exponent of three digits or more, its sign left out."""
_MANTISSA = 24
"""So many bytes before an exponent are looked at; a longer number is taken for one that overflows."""
_CURSOR_AT_END = re.compile(rb',\s*"nextCursor"\s*:\s*(?:([0-9]+)|"([ !#-\[\]-~]+)")\s*\}\s*\Z')
_CURSOR_WITHIN = 2000
"""So many bytes at the end of a page are looked at."""


def parse_page(reply: Reply) -> WirePage:
    """One page of `listExperiments`; each experiment has an id and a key."""
    page = _parse("listExperiments", WirePage, reply)
    for place, experiment in enumerate(page.experiments):
        if not (experiment.id and experiment.key):
            _identified("listExperiments", f"$.experiments[{place}]", experiment)
    return page


def cursor_at_end(body: bytes) -> str | None:
    """The cursor that a page ends with, told without decoding the page; None where it does not end with one.

    Of a body that is JSON this is certain: in a text, the quotes could stand after a backslash alone.
    """
    found = _CURSOR_AT_END.search(body, max(0, len(body) - _CURSOR_WITHIN))
    return (found[1] or found[2]).decode("ascii") if found else None


def parse_experiment(reply: Reply) -> WireExperiment:
    """The answer to `getExperiment`; it has an id and a key."""
    experiment = _parse("getExperiment", WireExperiment, reply)
    _identified("getExperiment", "$", experiment)
    return experiment


def parse_versions(reply: Reply) -> list[WireVersion]:
    """The answer to `listVersions`."""
    return _parse("listVersions", list[WireVersion], reply)


def parse_version(reply: Reply) -> WireVersion:
    """The answer to `getVersion`."""
    return _parse("getVersion", WireVersion, reply)


def parse_variants(reply: Reply) -> list[WireVariant]:
    """The answer to `listVariants`."""
    return _parse("listVariants", list[WireVariant], reply)


def parse_variant(reply: Reply) -> WireVariant:
    """The answer to `getVariant`."""
    return _parse("getVariant", WireVariant, reply)


def parse_inclusions(reply: Reply) -> list[str]:
    """The answer to `getInclusions`: ids of users and devices, from texts or numbers."""
    return _parse("getInclusions", list[str], reply)


def parse_cohort_inclusions(reply: Reply) -> list[str]:
    """The answer to `getCohortInclusions`: ids of cohorts, from texts or numbers."""
    return _parse("getCohortInclusions", list[str], reply)


def parse_deployments(reply: Reply) -> list[WireDeployment]:
    """The answer to `listDeployments`."""
    return _parse("listDeployments", list[WireDeployment], reply)


def parse_project_deployments(reply: Reply) -> list[WireDeployment]:
    """The answer to `listProjectDeployments`, out of its envelope."""
    return _parse("listProjectDeployments", WireDeployments, reply).deployments


def parse_created(reply: Reply) -> WireCreated:
    """The answer to `createExperiment`: the only write whose answer means anything."""
    return _parse("createExperiment", WireCreated, reply)


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    """The validator of a shape, built at its first use: building all of them would slow every start."""
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        return TypeAdapter(shape)
    return TypeAdapter(shape, config=ConfigDict(coerce_numbers_to_str=True))


def _parse(endpoint: str, shape: type[T], reply: Reply) -> T:
    body = reply if isinstance(reply, bytes) else _encode(endpoint, reply)
    if b"NaN" in body or b"Infinity" in body:
        # The fast reading below takes these words for numbers; this one refuses them outside of texts.
        _decode(endpoint, body)
    validator: TypeAdapter[T] = _adapter(cast(Any, shape))
    try:
        parsed = validator.validate_json(body)
        if _may_overflow(body):
            # Where any JSON value goes, nobody else asks.
            _check_finite(endpoint, _decode(endpoint, body), "$")
        return parsed
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    path, value = _walk(_decode(endpoint, body), first["loc"])
    fault = "is missing" if first["type"] == "missing" else f"{_kind(value)} does not fit there"
    raise _unreadable(endpoint, f"{path}: {fault}")


def _encode(endpoint: str, reply: JsonValue) -> bytes:
    try:
        return json.dumps(reply, allow_nan=False).encode()
    except (ValueError, TypeError, RecursionError):
        raise _unreadable(endpoint, "it is not JSON") from None


def _decode(endpoint: str, body: bytes) -> JsonValue:
    try:
        decoded: JsonValue = pydantic_core.from_json(body, allow_inf_nan=False)
    except ValueError as error:
        # The parser's messages speak of places alone and never quote the text.
        raise _unreadable(endpoint, f"it is not JSON: {error}") from None
    return decoded


def _may_overflow(body: bytes) -> bool:
    """Whether a number may be past the largest float, and so be read as infinity; False is certain.

    A search for the pattern took longer than all other reading of a page: 35 ms of 60.
    """
    alike = body.translate(_ALIKE, b"+")
    place = -1
    while (place := alike.find(_HIGH, place + 1)) >= 0:
        # Common in hexadecimal texts; but what stands before it there is nothing that a number follows in JSON.
        if alike[max(0, place - _MANTISSA) : place].rstrip(b"-.0")[-1:] in b":,[ \t\r\n":
            return True
    return _LONG in alike


def _check_finite(endpoint: str, value: JsonValue, path: str, *, kept: bool = False) -> None:
    """Nothing; ReplyError where a number is infinite that would be kept: in a field that takes any JSON value."""
    # The parser allows no more than some two hundred levels, so this can't run out of stack.
    if kept and isinstance(value, float) and not math.isfinite(value):
        raise _unreadable(endpoint, f"{_cut(path)}: a number does not fit there")
    if isinstance(value, dict):
        for name, member in value.items():
            _check_finite(endpoint, member, f"{path}.{_plain(name)}", kept=kept or name in _ANY_JSON)
    elif isinstance(value, list):
        for place, member in enumerate(value):
            _check_finite(endpoint, member, f"{path}[{place}]", kept=kept)


def _identified(endpoint: str, path: str, experiment: WireExperiment) -> None:
    for name, value in (("id", experiment.id), ("key", experiment.key)):
        if not value:
            raise _unreadable(endpoint, f"{path}.{name}: is missing")


def _walk(value: JsonValue, location: Sequence[int | str]) -> tuple[str, JsonValue]:
    """The JSON path of a fault, and the value there; names of union branches in the location are left out."""
    path = "$"
    for position, step in enumerate(location):
        if isinstance(step, int) and isinstance(value, list) and step < len(value):
            path, value = f"{path}[{step}]", value[step]
        elif isinstance(step, str) and isinstance(value, dict) and step in value:
            path, value = f"{path}.{_plain(step)}", value[step]
        elif position == len(location) - 1 and isinstance(step, str) and isinstance(value, dict):
            path = f"{path}.{_plain(step)}"
    return _cut(path), value


def _cut(path: str) -> str:
    return path if len(path) <= _PATH_LENGTH else path[:_PATH_LENGTH] + "…"


def _plain(name: str) -> str:
    """A name from the answer, without what a terminal would obey."""
    return "".join(char if char.isprintable() else "?" for char in name)


def _kind(value: JsonValue) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case "":
            return "an empty text"
        case str():
            return "a text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "an object"


def _unreadable(endpoint: str, fault: str) -> ReplyError:
    return ReplyError(f"{endpoint}: the answer can't be read: {fault}")
