"""Differences that stay because no file can say them, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from expsync.authoring.attempt import Outcome
from expsync.authoring.declare import foreign_segments
from expsync.config.wording import plain
from expsync.core.paths import Path, is_ignored
from expsync.core.target import SHIELD
from expsync.model.plan import Change
from expsync.model.state import State
from expsync.model.taken import Left
from expsync.model.words import BANDIT


def left_over(
    found: Iterable[tuple[Path, Change]], outcome: Outcome, states: Sequence[State], ignore: tuple[str, ...]
) -> tuple[Left, ...]:
    """The differences that were found with their reasons; `states` are live and what was wanted, if that is another."""
    return tuple(Left(change, _reason(path, outcome, states, ignore)) for path, change in found)


def _reason(path: Path, outcome: Outcome, states: Sequence[State], ignore: tuple[str, ...]) -> str:
    said = outcome.reason(path)
    if said:
        return said
    if is_ignored(ignore, path):
        return "lifecycle.ignoreChanges leaves it to people"
    weighs = path[-1:] == ("rolloutWeight",) or "rolloutWeights" in path
    if weighs and states[0].fields.get("experimentType") == BANDIT:
        return "a multi-arm bandit sets its weights itself"
    if path[:1] == ("targetSegments",):
        if path[1:2] == (SHIELD,):
            return "it was left behind by an apply that was broken off; the next one takes it away"
        foreign: Mapping[str, Sequence[str]] = {
            name: types for state in states for name, types in foreign_segments(state).items()
        }
        if foreign:
            names = ", ".join(f'"{plain(name)}"' for name in foreign)
            return f"the API shows conditions of {names} that it does not take back, so no file can hold the segments"
    return "no file can say it"
