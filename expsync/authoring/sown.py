"""What files declare as a seed of the sandbox: the world as it is once they were applied to an empty project."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

from pydantic import JsonValue

from expsync.core.normalize import DEFAULT_VARIANTS, Desired, desired_state, instant_text
from expsync.core.target import target_of
from expsync.model.experiment import Declared
from expsync.model.fields import DATE_FIELDS
from expsync.model.state import Leaf, State, VariantState, plain, segment_value, sorted_list, variant_value
from expsync.model.workspace import Environment, Ownership

_SALT_LENGTH = 8


def world_of(declared: Iterable[Declared], environment: Environment, ownership: Ownership) -> dict[str, JsonValue]:
    """The seed: the environment's project, its deployments under their aliases, and its experiments.

    What a file leaves out is what the API makes of it in a new experiment. A salt that no file declares is drawn from
    the experiment's key, where the API takes a random one: so a user stays in one arm however often the files are read.
    """
    wanted = [desired_state(one, environment) for one in declared]
    experiments: list[JsonValue] = [_experiment(one, environment, ownership) for one in wanted]
    labels: dict[str, str] = {}
    for alias, identifier in environment.deployments.items():
        labels.setdefault(str(identifier), alias)
    for one in wanted:
        for unnamed in sorted(one.state.deployments or ()):
            labels.setdefault(unnamed, unnamed)
    deployments: list[JsonValue] = [{"id": identifier, "label": label} for identifier, label in labels.items()]
    return {"projectId": environment.project, "deployments": deployments, "experiments": experiments}


def _experiment(desired: Desired, environment: Environment, ownership: Ownership) -> dict[str, JsonValue]:
    state = target_of(desired, None, ownership).state
    fields: dict[str, JsonValue] = {
        "bucketingSalt": _salt(environment.project, state.key),
        **{name: _value(name, leaf) for name, leaf in state.fields.items() if leaf is not None},
    }
    variants = state.variants
    if variants is None:
        variants = {key: VariantState() for key in DEFAULT_VARIANTS}
    return {
        "key": state.key,
        **fields,
        "variants": [variant_value(key, variant) for key, variant in variants.items()],
        "targetSegments": _segments(state, list(variants)),
        "deployments": sorted_list(state.deployments or ()),
        "tags": sorted_list(state.tags or ()),
    }


def _value(name: str, leaf: Leaf) -> JsonValue:
    """The field as it is sent: dates as instants."""
    return instant_text(leaf) if name in DATE_FIELDS and isinstance(leaf, str) else plain(leaf)


def _segments(state: State, variants: list[str]) -> list[JsonValue]:
    return [segment_value(name, segment, variants) for name, segment in (state.targetSegments or {}).items()]


def _salt(project: str, key: str) -> str:
    drawn = hashlib.sha256(f"{project}/{key}".encode()).digest()
    return base64.b32encode(drawn).decode()[:_SALT_LENGTH]
