"""From the bytes of a body to the endpoint's model, and how a refusal names the field."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NoReturn, TypeVar

from pydantic import JsonValue, ValidationError

from expsync.sandbox.bodies import Body
from expsync.sandbox.habits import Habits
from expsync.sandbox.messages import Refusal
from expsync.sandbox.records import Json

B = TypeVar("B", bound=Body)

_DEEPEST = 100
_TOO_DEEP = f"it is nested more than {_DEEPEST} levels deep"


def parse_json(content: bytes) -> JsonValue:
    """The value of a JSON text; Refusal (400) where it isn't one, or could not be given back as one."""
    try:
        value: JsonValue = json.loads(content, object_pairs_hook=_unique, parse_constant=_no_constant)
        check_json(value)
    except RecursionError as error:
        raise Refusal(400, f"the body can't be read as JSON: {_TOO_DEEP}") from error
    except ValueError as error:
        raise Refusal(400, f"the body can't be read as JSON: {error}") from error
    return value


def check_json(value: JsonValue) -> None:
    """Nothing; ValueError where the value has numbers or texts that JSON has not, or is nested too deeply to keep."""
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    level: list[JsonValue] = [value]
    for _ in range(_DEEPEST):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise ValueError(_TOO_DEEP)


def parse_body(model: type[B], value: JsonValue, habits: Habits) -> B:
    """The body as the endpoint's model; Refusal (400) that names each bad field."""
    if not isinstance(value, dict):
        raise Refusal(400, "the body must be a JSON object")
    try:
        return model.model_validate(value, context=habits)
    except ValidationError as error:
        raise Refusal(400, explain(error)) from error


def explain(error: ValidationError) -> str:
    """What is wrong, naming each bad field."""
    return "; ".join(_sentence(fault) for fault in error.errors())


def _sentence(fault: Any) -> str:
    place = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"unknown field `{place}`"
    text = str(fault["msg"]).removeprefix("Value error, ")
    text = text[:1].lower() + text[1:]
    return f"`{place}`: {text}" if place else text


def _unique(pairs: list[tuple[str, JsonValue]]) -> Json:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("a field stands twice in one object")
    return names


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _inside(value: JsonValue) -> Iterable[JsonValue]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
