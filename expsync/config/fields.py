"""Pydantic's findings in plain words: one Problem for each wrong field."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from expsync.config.parsed import Path
from expsync.config.problem import MAX_PROBLEMS, Problem, dotted
from expsync.config.wording import nearest, quote, suggest

_WANTED: Mapping[str, str] = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
}
_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (int, "a number"),
    (float, "a number"),
    (str, "text"),
    (list, "a list"),
    (dict, "a mapping"),
)
_FORMS: Mapping[str, str] = {
    r"^[A-Za-z0-9][A-Za-z0-9._-]*$": 'letters, digits, ".", "_" and "-", starting with a letter or digit',
    r"^[a-z0-9][a-z0-9_-]*$": 'lower-case letters, digits, "_" and "-", starting with a letter or digit',
    r"^[A-Za-z_][A-Za-z0-9_]*$": "the name of an environment variable: letters, digits and _",
    r"^\d{4}-\d{2}-\d{2}$": "a day, as in 2026-02-01",
}


def field_problems(error: ValidationError, model: type[BaseModel], raw: object) -> list[Problem]:
    """One problem for each place that the model refuses, in the model's order; the first `MAX_PROBLEMS` of them."""
    grouped: dict[tuple[Path, bool], list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False)[:MAX_PROBLEMS]:
        path, is_key = _real_path(detail["loc"], raw)
        if detail["type"] in ("missing", "extra_forbidden"):
            path = (*path, str(detail["loc"][-1])) if detail["type"] == "missing" else path
        grouped.setdefault((path, is_key), []).append(detail)
    paths = [path for path, _ in grouped]
    problems: list[Problem] = []
    for (path, is_key), details in grouped.items():
        if all(d["type"] in ("list_type", "model_type", "dict_type") for d in details) and any(
            len(other) > len(path) and other[: len(path)] == path for other in paths
        ):
            continue  # the other arm of a union, whose own problems say more
        problems.extend(_explain(path, details, model, is_key=is_key))
    return problems


def _real_path(loc: tuple[int | str, ...], raw: object) -> tuple[Path, bool]:
    """The path in the document; pydantic's `loc` also names the arms of unions, and marks keys by `[key]`."""
    path: list[str | int] = []
    here: Any = raw
    for step in loc:
        if isinstance(here, list) and isinstance(step, int):
            here = here[step]
        elif isinstance(here, dict) and step in here:
            here = here.get(step)
        elif step == "[key]":
            return tuple(path), True
        else:
            continue  # the name of a union's arm
        path.append(step)
    return tuple(path), False


def _explain(path: Path, details: list[ErrorDetails], model: type[BaseModel], *, is_key: bool) -> Iterator[Problem]:
    kinds = {detail["type"] for detail in details}
    first = details[0]
    value = first["input"]
    context: dict[str, Any] = first.get("ctx", {})
    name = dotted(path)
    if is_key:
        yield _key_problem(path, first["type"], context)
    elif "extra_forbidden" in kinds:
        word = str(path[-1])
        owner = model_at(model, path[:-1])
        known = [field for field in owner.model_fields if field != word] if owner else []
        yield Problem("EXP101", path, f"unknown field {quote(word)}", hint=suggest(word, known, kind="field"), at="key")
    elif "missing" in kinds:
        where = f"{dotted(path[:-1])} needs it" if len(path) > 1 else ""
        yield Problem("EXP102", path[:-1], f"{quote(str(path[-1]))} is missing", where, f"add `{path[-1]}: …`")
    elif kinds & {"greater_than_equal", "less_than_equal", "greater_than", "less_than", "finite_number"}:
        limits = _bounds(model, path)
        yield Problem("EXP104", path, f"{name} is out of range", f"{quote(value)} is not {limits}")
    elif "literal_error" in kinds:
        yield _choice_problem(path, name, value, str(context["expected"]))
    elif kinds & {"string_too_short", "string_too_long", "string_pattern_mismatch"}:
        yield _text_problem(path, name, value, first["type"], context)
    elif kinds & {"too_short", "too_long"}:
        least = context.get("min_length")
        wanted = f"at least {least} is needed" if least is not None else f"at most {context.get('max_length')}"
        yield Problem("EXP107", path, f"{name} has {context.get('actual_length')} entries", wanted)
    elif value is None:
        yield _null_problem(path, name, kinds, may_be_empty=not _metadata_at(model, path))
    else:
        yield _type_problem(path, name, value, kinds)


def _key_problem(path: Path, kind: str, context: Mapping[str, Any]) -> Problem:
    word = str(path[-1])
    if kind == "string_too_short":
        return Problem("EXP106", path, "a key is empty", f"in {dotted(path[:-1])}", at="key")
    return Problem(
        "EXP106",
        path,
        f"{quote(word)} has a form that is not allowed",
        f"allowed: {_form(context)}",
        at="key",
    )


def _text_problem(path: Path, name: str, value: object, kind: str, context: Mapping[str, Any]) -> Problem:
    if kind == "string_too_short" or value == "":
        return Problem("EXP106", path, f"{name} is empty", "it must have at least one character")
    if kind == "string_too_long":
        return Problem("EXP106", path, f"{name} is too long", f"at most {context.get('max_length')} characters")
    return Problem(
        "EXP106", path, f"{name} has a form that is not allowed", f"{quote(value)}; allowed: {_form(context)}"
    )


def _form(context: Mapping[str, Any]) -> str:
    pattern = str(context.get("pattern", ""))
    return _FORMS.get(pattern, pattern or f"up to {context.get('max_length')} characters")


def _choice_problem(path: Path, name: str, value: object, expected: str) -> Problem:
    options = re.findall(r"'([^']*)'", expected)
    if not options:
        return Problem("EXP105", path, f"{name} can't be {quote(value)}", f"the only value is {expected}")
    near = nearest(value, options) if isinstance(value, str) else None
    hint = f'did you mean "{near}"?' if near else ""
    return Problem("EXP105", path, f"{name} can't be {quote(value)}", "one of: " + ", ".join(options), hint)


def _wanted(kinds: set[str]) -> list[str]:
    """What the field takes, in words; a whole number is a number."""
    wanted = [phrase for kind, phrase in _WANTED.items() if kind in kinds]
    if "a number" in wanted and "a whole number" in wanted:
        wanted.remove("a whole number")
    return wanted or ["another kind of value"]


def _null_problem(path: Path, name: str, kinds: set[str], *, may_be_empty: bool) -> Problem:
    wanted = _wanted(kinds)
    hint = "write a value, or leave the field out"
    if wanted == ["text"] and may_be_empty:
        hint = 'write "" for an empty text, or leave the field out'
    elif wanted == ["a list"]:
        hint = "leave the field out to leave it alone, or write [] for none at all"
    detail = f"{' or '.join(wanted)} is wanted; null is not a value here"
    return Problem("EXP108", path, f"{name} has no value", detail, hint)


def _type_problem(path: Path, name: str, value: object, kinds: set[str]) -> Problem:
    wanted = _wanted(kinds)
    phrase = " or ".join(wanted)
    found = next((word for kind, word in _KINDS if isinstance(value, kind)), "something else")
    hint = ""
    if "text" in wanted and isinstance(value, bool | int | float):
        hint = "write {source}"  # the loader puts the scalar as it was written into it
    elif isinstance(value, str) and not {"text", "a list", "a mapping"} & set(wanted):
        hint = _unquote_hint(value, wanted)
    elif wanted == ["a list"]:
        hint = 'begin each item with "- ", or write [a, b]'
    if isinstance(value, dict | list):
        detail = f"it is {found}; {phrase} is wanted"
    else:
        detail = f"{quote(value)} is {found}; {phrase} is wanted"
    return Problem("EXP103", path, f"{name} is of the wrong kind", detail, hint)


def _unquote_hint(value: str, wanted: list[str]) -> str:
    if "true or false" in wanted:
        near = {"yes": "true", "on": "true", "true": "true", "no": "false", "off": "false", "false": "false"}
        word = near.get(value.lower())
        return f"write {word}" if word else ""
    number = value.removesuffix("%").strip()
    return f"write {number}" if len(number) < 20 and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", number) else ""


def _bounds(model: type[BaseModel], path: Path) -> str:
    """The limits of a number in words, from the model itself, which alone knows both ends."""
    low = high = None
    strict_low = False
    for part in _metadata_at(model, path):
        for rule in getattr(part, "metadata", [part]):
            if getattr(rule, "ge", None) is not None:
                low = rule.ge
            if getattr(rule, "gt", None) is not None:
                low, strict_low = rule.gt, True
            if getattr(rule, "le", None) is not None:
                high = rule.le
    if low is not None and high is not None:
        return f"above {low} and at most {high}" if strict_low else f"between {low} and {high}"
    return f"{low} or more"


def _metadata_at(model: type[BaseModel], path: Path) -> list[Any]:
    owner = model
    for end in range(len(path) - 1, -1, -1):
        found = model_at(model, path[:end])
        name = path[end]
        if found is not None and isinstance(name, str) and name in found.model_fields:
            owner = found
            field = owner.model_fields[name]
            return [*field.metadata, *_annotated(field.annotation)]
    return []


def _annotated(annotation: Any) -> list[Any]:
    """The constraints inside an annotation: those of the values of `dict[str, Annotated[…]]`."""
    found = list(getattr(annotation, "__metadata__", ()))
    for argument in get_args(annotation):
        if get_origin(argument) is not None or hasattr(argument, "__metadata__"):
            found.extend(_annotated(argument))
    return found


def model_at(model: type[BaseModel], path: Path) -> type[BaseModel] | None:
    """The model that describes the mapping at a path, or None where there is none."""
    here: Any = model
    for step in path:
        owner = _model_among(here) if isinstance(step, str) else None
        if owner is not None:
            field = owner.model_fields.get(str(step))
            here = field.annotation if field else None
        else:
            container = list if isinstance(step, int) else dict
            arguments = next((get_args(arm) for arm in _arms(here) if get_origin(arm) is container), (None,))
            here = arguments[-1]
    return _model_among(here)


def _model_among(annotation: Any) -> type[BaseModel] | None:
    return next((arm for arm in _arms(annotation) if isinstance(arm, type) and issubclass(arm, BaseModel)), None)


def _arms(annotation: Any) -> list[Any]:
    """The arms of a union, or the annotation alone; `Annotated` is looked through."""
    if hasattr(annotation, "__metadata__"):
        annotation = annotation.__origin__
    if annotation is None or isinstance(annotation, type) or get_origin(annotation) in (list, dict):
        return [annotation]
    return [arm for argument in get_args(annotation) for arm in _arms(argument)]
