"""The variants of an experiment and who is included in them."""

from __future__ import annotations

from typing import Any

from expsync.sandbox.bodies import (
    MAX_INCLUSIONS,
    AddMembers,
    CreateVariant,
    EditVariant,
    RemoveMembers,
)
from expsync.sandbox.call import Call, check_editable
from expsync.sandbox.messages import Refusal
from expsync.sandbox.parsing import parse_body
from expsync.sandbox.records import Experiment, Json, Variant
from expsync.sandbox.tables import Members


def create_variant(call: Call) -> None:
    """Nothing; the variant stands at the end."""
    experiment = _editable(call)
    body = parse_body(CreateVariant, call.body, call.habits)
    if experiment.variant(body.key) is not None:
        raise Refusal(409, f"experiment {experiment.id} already has a variant `{body.key}`")
    new = Variant(
        key=body.key,
        name=body.name,
        description=body.description,
        payload=body.payload,
        rolloutWeight=body.rolloutWeight,
    )
    call.keep(experiment, {"variants": [*experiment.variants, new]})


def edit_variant(call: Call) -> None:
    """Nothing; what the body carries is changed, and a new key takes along what hung on the old one."""
    experiment = _editable(call)
    variant = call.variant(experiment)
    body = parse_body(EditVariant, call.body, call.habits)
    sent = body.sent()
    new_key = sent.get("key", variant.key)
    changes: dict[str, Any] = {}
    if new_key != variant.key:
        if experiment.variant(new_key) is not None:
            raise Refusal(409, f"experiment {experiment.id} already has a variant `{new_key}`")
        call.tables.rename_members(experiment.id, variant.key, new_key)
        keeps = call.habits.rename_keeps_weights
        changes["targetSegments"] = _reweighed(experiment, variant.key, new_key if keeps else None)
        if experiment.rolledOutVariant == variant.key:
            changes["rolledOutVariant"] = new_key
        if not keeps:
            sent.setdefault("rolloutWeight", None)
    edited = variant.model_copy(update=sent)
    changes["variants"] = [edited if other.key == variant.key else other for other in experiment.variants]
    call.keep(experiment, changes)


def remove_variant(call: Call) -> None:
    """Nothing; the variant is gone, with its weights and inclusions."""
    experiment = _editable(call)
    variant = call.variant(experiment)
    if len(experiment.variants) == 1:
        raise Refusal(400, f"`{variant.key}` is the last variant of experiment {experiment.id}")
    call.tables.remove_members(experiment.id, variant.key)
    changes: dict[str, Any] = {
        "variants": [other for other in experiment.variants if other.key != variant.key],
        "targetSegments": _reweighed(experiment, variant.key, None),
    }
    if experiment.rolledOutVariant == variant.key:
        changes["rolledOutVariant"] = None
    call.keep(experiment, changes)


def add_users(call: Call) -> None:
    """Nothing; the variant includes these users too, at the end, each once."""
    experiment = _editable(call)
    variant = call.variant(experiment)
    body = parse_body(AddMembers, call.body, call.habits)
    users = _with(call, experiment, variant, "users", body.inclusions)
    if len(users) > MAX_INCLUSIONS:
        raise Refusal(400, f"`inclusions`: {len(users)} users are more than the {MAX_INCLUSIONS} of a variant")
    call.tables.set_members(experiment.id, variant.key, "users", users)


def remove_user(call: Call) -> None:
    """Nothing; the user at the index is gone, and those behind it have moved up."""
    experiment = _editable(call)
    variant = call.variant(experiment)
    text = call.values["index"]
    if not (text.isascii() and text.isdecimal()):
        raise Refusal(400, f"`{text}` isn't an index")
    users = call.tables.members(experiment.id, variant.key, "users")
    # No list is that long; and int() of a text without end would take its time.
    index = int(text) if len(text) <= len(str(MAX_INCLUSIONS)) else MAX_INCLUSIONS
    if index >= len(users):
        raise Refusal(404, f"variant `{variant.key}` has no user at index {text[:20]}")
    call.tables.set_members(experiment.id, variant.key, "users", users[:index] + users[index + 1 :])


def remove_all_users(call: Call) -> None:
    """Nothing; the variant includes no user."""
    experiment = _editable(call)
    call.tables.set_members(experiment.id, call.variant(experiment).key, "users", [])


def bulk_remove_users(call: Call) -> None:
    """Nothing; none of these users is included; those who were not there are passed over."""
    _bulk_remove(call, "users")


def add_cohorts(call: Call) -> None:
    """Nothing; the variant includes these cohorts too, at the end, each once."""
    experiment = _editable(call)
    variant = call.variant(experiment)
    body = parse_body(AddMembers, call.body, call.habits)
    cohorts = _with(call, experiment, variant, "cohorts", body.inclusions)
    call.tables.set_members(experiment.id, variant.key, "cohorts", cohorts)


def bulk_remove_cohorts(call: Call) -> None:
    """Nothing; none of these cohorts is included; those that were not there are passed over."""
    _bulk_remove(call, "cohorts")


def _bulk_remove(call: Call, kind: Members) -> None:
    experiment = _editable(call)
    variant = call.variant(experiment)
    gone = set(parse_body(RemoveMembers, call.body, call.habits).users)
    kept = [member for member in call.tables.members(experiment.id, variant.key, kind) if member not in gone]
    call.tables.set_members(experiment.id, variant.key, kind, kept)


def _editable(call: Call) -> Experiment:
    experiment = call.experiment()
    check_editable(experiment, call.habits, None)
    return experiment


def _with(call: Call, experiment: Experiment, variant: Variant, kind: Members, added: list[str]) -> list[str]:
    return list(dict.fromkeys([*call.tables.members(experiment.id, variant.key, kind), *added]))


def _reweighed(experiment: Experiment, key: str, new_key: str | None) -> list[Json]:
    """The segments with the weight of `key` under its new key, in the same place; dropped where that is None."""
    segments: list[Json] = []
    for segment in experiment.targetSegments:
        weights = segment.get("rolloutWeights")
        if isinstance(weights, dict) and key in weights:
            renamed = {new_key if other == key else other: weight for other, weight in weights.items()}
            kept: Json = {name: weight for name, weight in renamed.items() if name is not None}
            segments.append({**segment, "rolloutWeights": kept})
        else:
            segments.append(segment)
    return segments
