"""What is left of an experiment without its wrong fields, so that the rest can be checked in the same run."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator

from pydantic import JsonValue, ValidationError

from expsync.config.overlay import Raw
from expsync.config.parsed import Path
from expsync.config.problem import Problem
from expsync.model.experiment import Experiment


def sound_part(raw: Raw, problems: Iterable[Problem]) -> Experiment | None:
    """The experiment without what the problems point at, or None where that leaves none.

    Paths in it are those of the whole: a member of a list is never taken out, but the list with it.
    """
    found = list(problems)
    for attempt in (_without_members(raw, found), _without_fields(raw, found)):
        try:
            return Experiment.model_validate({"key": "unknown", **attempt})
        except ValidationError:
            continue
    return None


def _without_members(raw: Raw, problems: Iterable[Problem]) -> Raw:
    """The mapping without each wrong member, or without the whole field where a list's member is wrong."""
    rest: Raw = copy.deepcopy(raw)
    for problem in problems:
        path = problem.path
        if not path or problem.code == "EXP102" or not isinstance(path[-1], str):
            path = path[:1]
        parents = list(_walk(rest, path[:-1]))
        parent = parents[-1] if len(parents) == len(path) else None
        if path and isinstance(parent, dict):
            parent.pop(str(path[-1]), None)
    return rest


def _walk(value: JsonValue, path: Path) -> Iterator[JsonValue]:
    """The value and what lies on the way down, as far as that is still there."""
    yield value
    for step in path:
        if isinstance(value, dict) and step in value:
            value = value[str(step)]
        elif isinstance(value, list) and isinstance(step, int):
            value = value[step]
        else:
            return
        yield value


def _without_fields(raw: Raw, problems: Iterable[Problem]) -> Raw:
    wrong = {problem.path[0] for problem in problems if problem.path}
    return {name: value for name, value in raw.items() if name not in wrong}
