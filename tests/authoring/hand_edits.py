"""Live experiments, and what people do to them by hand in the UI: every kind of edit, at random, over the API.

live_experiment(rng, key) -> dict       the seed of an experiment with awkward texts in it
edit_by_hand(engine, key, rng) -> str   one edit; says which
record(engine, key) -> dict             what the sandbox's own books hold
unlike(said, record, ...) -> list       where a declaration is not what the books hold
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

from expsync.sandbox.engine import Engine, Request
from tests.config.odd_experiments import TEXTS
from tests.test_convergence import moment, shaped

PROJECT = "1001"
DEPLOYMENTS = [{"id": id, "label": label} for id, label in (("101", "web"), ("102", "ios"), ("9303", "tv"))]
Record = dict[str, Any]

_NAMES = ["US", "EU: west", "x", "v1.2 users", "on", "it's"]
_KEYS = ["control", "treatment", "green", "blue_2", "v-5", "on", "012"]
_TAGS = ["t1", "t2", "on", "it's", "a b", "#x", "x: y"]
_DATES = ["2026-02-01", "2026-03-31T10:26:00.996Z", "2026-04-01T00:00:00+02:00"]
_LATER = ["2026-05-01", "2026-06-30T23:59:59Z"]


def text(rng: Random) -> str:
    return rng.choice(TEXTS) if rng.random() < 0.7 else rng.choice("abcdef") * rng.randint(1, 4)


def payload(rng: Random, depth: int = 2) -> Any:
    kind = rng.randrange(7 if depth else 5)
    if kind == 5:
        return [payload(rng, depth - 1) for _ in range(rng.randint(0, 3))]
    if kind == 6:
        return {name: payload(rng, depth - 1) for name in rng.sample(["a", "b", "on", "it's", "1", "x y"], 3)}
    return [None, rng.random() < 0.5, rng.randint(-3, 100), rng.choice([0.5, 1.5]), text(rng)][kind]


def live_experiment(rng: Random, key: str) -> Record:
    keys = rng.sample(_KEYS, rng.randint(1, 4))
    return {
        "key": key,
        "name": text(rng),
        "description": text(rng),
        "enabled": rng.random() < 0.5,
        "evaluationMode": rng.choice(["remote", "local"]),
        "experimentType": rng.choice(["a-b-test", "a-b-test", "a-b-test", "multi-arm-bandit"]),
        "bucketingKey": rng.choice(["amplitude_id", "device_id"]),
        "bucketingSalt": rng.choice(["aBcDeF12", "012"]),
        "bucketingUnit": rng.choice(["User", "org id"]),
        "stickyBucketing": rng.random() < 0.5,
        "rolloutPercentage": rng.choice([0, 1, 50, 99.5]),
        "startDate": rng.choice([None, *_DATES]),
        "endDate": rng.choice([None, *_LATER]),
        "tags": rng.sample(_TAGS, rng.randint(0, 4)),
        "deployments": rng.sample(["101", "102", "9303"], rng.randint(0, 3)),
        "exposureEvent": _event(rng),
        "variants": [_variant(rng, key, place) for place, key in enumerate(keys)],
        "targetSegments": [segment(rng, name, keys) for name in rng.sample(_NAMES, rng.randint(0, 3))],
    }


def _variant(rng: Random, key: str, place: int) -> Record:
    return {
        "key": key,
        "name": text(rng),
        "description": text(rng),
        "payload": payload(rng),
        "rolloutWeight": rng.choice([1, 1, 2, 0.5]),
        # Nobody is included in two variants: the loader would not have it.
        "inclusions": [f"u{place}{number}" for number in rng.sample(range(9), rng.randint(0, 4))],
        "cohortInclusions": rng.sample(["c1", "c2", "012"], rng.choice([0, 0, 2])),
    }


def segment(rng: Random, name: str, keys: list[str]) -> Record:
    found: Record = {
        "name": name,
        "percentage": rng.choice([0, 50, 100]),
        "rolloutWeights": {key: rng.choice([1, 1, 2]) for key in rng.sample(keys, rng.randint(1, len(keys)))},
        "conditions": [_condition(rng) for _ in range(rng.randint(0, 3))],
    }
    return found | ({"bucketingKey": "device_id"} if rng.random() < 0.4 else {})


def _condition(rng: Random) -> Record:
    values = rng.sample(["United States", "on", "012", "it's", "a"], rng.randint(1, 3))
    return {"type": "property", "prop": rng.choice(["country", "gp:x"]), "op": "is", "values": values}


def _event(rng: Random) -> Record | None:
    if rng.random() < 0.4:
        return None
    filters = [
        {"group_type": None, "subprop_key": "k", "subprop_op": "is", "subprop_type": "event", "subprop_value": [value]}
        for value in rng.sample(["a", "on"], rng.randint(0, 2))
    ]
    return {"event_type": rng.choice(["seen", "on", "a: b"]), "filters": filters}


# Editing


def call(engine: Engine, method: str, path: str, body: Any = None) -> None:
    content = b"" if body is None else json.dumps(body).encode()
    reply = engine.answer(Request(method, path, {}, {"content-type": "application/json"}, content))
    assert reply.status == 200, (method, path, body, reply.status, reply.body)


def record(engine: Engine, key: str) -> Record:
    experiments: Any = engine.export(PROJECT)["experiments"]
    found: Record = next(experiment for experiment in experiments if experiment["key"] == key)
    return found


def edit_by_hand(engine: Engine, key: str, rng: Random, *, kinds: list[str] | None = None) -> str:
    """One edit over the API; what it was."""
    there = record(engine, key)
    kind = rng.choice(kinds or KINDS)
    EDITS[kind](engine, there, rng)
    return kind


def _root(there: Record) -> str:
    return f"/api/1/experiments/{there['id']}"


def _edit_field(engine: Engine, there: Record, rng: Random) -> None:
    name = rng.choice([name for name in live_experiment(rng, "x") if name in _PLAIN])
    call(engine, "PATCH", _root(there), {name: live_experiment(rng, "x")[name]})


_PLAIN = {
    "name", "description", "enabled", "evaluationMode", "experimentType", "bucketingKey", "bucketingSalt",
    "bucketingUnit", "stickyBucketing", "rolloutPercentage", "startDate", "endDate", "tags", "exposureEvent",
}  # fmt: skip


def _decide(engine: Engine, there: Record, rng: Random) -> None:
    chosen = rng.choice([*[v["key"] for v in there["variants"]], None])
    decided = {"decision": "rollout", "decisionReason": text(rng), "rolledOutVariant": chosen}
    undone = {"decision": None, "decisionReason": None, "rolledOutVariant": None}
    call(engine, "PATCH", _root(there), decided if rng.random() < 0.7 else undone)


def _archive(engine: Engine, there: Record, rng: Random) -> None:
    call(engine, "PATCH", _root(there), {"archive": not there["archived"]})


def _tags(engine: Engine, there: Record, rng: Random) -> None:
    call(engine, "PATCH", _root(there), {"tags": rng.sample(_TAGS, rng.randint(0, 5))})


def _deploy(engine: Engine, there: Record, rng: Random) -> None:
    for id in ("101", "102", "9303"):
        if rng.random() < 0.5:
            if id in there["deployments"]:
                call(engine, "DELETE", f"{_root(there)}/deployments/{id}")
            else:
                call(engine, "POST", f"{_root(there)}/deployments", {"deployments": [id]})


def _free_key(there: Record, rng: Random) -> str:
    taken = {variant["key"] for variant in there["variants"]}
    return rng.choice([key for key in (*_KEYS, "fresh", "null") if key not in taken])


def _add_variant(engine: Engine, there: Record, rng: Random) -> None:
    body = _variant(rng, _free_key(there, rng), rng.randint(10, 99))
    users, cohorts = body.pop("inclusions"), body.pop("cohortInclusions")
    call(engine, "POST", f"{_root(there)}/variants", body)
    path = f"{_root(there)}/variants/{body['key']}"
    if users:
        call(engine, "POST", f"{path}/users", {"inclusions": users})
    if cohorts:
        call(engine, "POST", f"{path}/cohorts", {"inclusions": cohorts})


def _remove_variant(engine: Engine, there: Record, rng: Random) -> None:
    if len(there["variants"]) > 1:
        call(engine, "DELETE", _variant_path(there, rng))


def _variant_path(there: Record, rng: Random) -> str:
    return f"{_root(there)}/variants/{rng.choice(there['variants'])['key']}"


def _rename_variant(engine: Engine, there: Record, rng: Random) -> None:
    call(engine, "PATCH", _variant_path(there, rng), {"key": _free_key(there, rng)})


def _edit_variant(engine: Engine, there: Record, rng: Random) -> None:
    name = rng.choice(["name", "description", "payload", "rolloutWeight"])
    body = {name: _variant(rng, "x", 0)[name]}
    call(engine, "PATCH", _variant_path(there, rng), body)


def _edit_users(engine: Engine, there: Record, rng: Random) -> None:
    variant = rng.choice(there["variants"])
    path = f"{_root(there)}/variants/{variant['key']}"
    if variant["inclusions"] and rng.random() < 0.6:
        gone = rng.sample(variant["inclusions"], rng.randint(1, len(variant["inclusions"])))
        call(engine, "DELETE", f"{path}/bulk-delete-users", {"users": gone})
    if rng.random() < 0.7:
        users = [f"new{number}" + rng.choice(["", " #x", "@x.y", ": z"]) for number in rng.sample(range(999), 2)]
        taken = {user for other in there["variants"] for user in other["inclusions"]}
        call(engine, "POST", f"{path}/users", {"inclusions": [user for user in users if user not in taken]})


def _edit_segments(engine: Engine, there: Record, rng: Random) -> None:
    keys = [variant["key"] for variant in there["variants"]]
    segments = json.loads(json.dumps(there["targetSegments"]))
    match rng.randrange(4):
        case 0 if segments:
            del segments[rng.randrange(len(segments))]
        case 1 if len(segments) > 1:
            rng.shuffle(segments)
        case 2 if segments:
            changed = rng.choice(segments)
            name = rng.choice(["percentage", "rolloutWeights", "conditions"])
            changed[name] = segment(rng, "x", keys)[name]
        case _:
            free = [name for name in _NAMES if name not in {one["name"] for one in segments}]
            if free:
                segments.insert(rng.randint(0, len(segments)), segment(rng, rng.choice(free), keys))
    call(engine, "PATCH", _root(there), {"targetSegments": segments})


EDITS: dict[str, Callable[[Engine, Record, Random], None]] = {
    "field": _edit_field,
    "decision": _decide,
    "archive": _archive,
    "tags": _tags,
    "deployments": _deploy,
    "variant added": _add_variant,
    "variant removed": _remove_variant,
    "variant renamed": _rename_variant,
    "variant": _edit_variant,
    "users": _edit_users,
    "segments": _edit_segments,
}
KINDS = [*EDITS, "field", "field", "variant", "users", "segments"]


# Comparing, with no code of the planning side


def unlike(said: Record, found: Record, ids: dict[str, str]) -> list[str]:
    """Where a declaration is not what the sandbox's own books hold; `ids` maps aliases of deployments."""
    wrong: list[str] = []

    def check(path: str, one: Any, other: Any) -> None:
        if json.dumps(whole(one), sort_keys=True) != json.dumps(whole(other), sort_keys=True):
            wrong.append(f"{path}: said {one!r}, live {other!r}")

    bandit = found["experimentType"] == "multi-arm-bandit"
    for name, value in said.items():
        match name:
            case "key" | "lifecycle" | "environments":
                pass
            case "variants":
                check(name, sorted(v["key"] for v in value), sorted(v["key"] for v in found[name]))
                there = {v["key"]: v for v in found[name]}
                for variant in value:
                    _check_variant(check, variant, there.get(variant["key"], {}), weighs=not bandit)
            case "targetSegments":
                check(name, [s["name"] for s in value], [s["name"] for s in found[name]])
                for one, other in zip(value, found[name], strict=False):
                    _check_segment(check, one, other, weighs=not bandit)
            case "deployments":
                check(name, sorted(ids.get(str(one), str(one)) for one in value), sorted(found[name]))
            case "tags":
                check(name, sorted(value), sorted(found[name]))
            case "startDate" | "endDate":
                check(name, str(moment(value)), str(moment(found[name])))
            case "exposureEvent":
                check(name, _whole_event(value), _whole_event(found[name]))
            case "decisionReason":
                check(name, value or None, found[name] or None)
            case _:
                check(name, value, found[name])
    return wrong


def _check_variant(check: Callable[[str, Any, Any], None], said: Record, found: Record, *, weighs: bool) -> None:
    for name, value in said.items():
        path, other = f"variants.{said['key']}.{name}", found.get(name)
        if name == "payload":
            check(path, shaped(value), shaped(other))
        elif name in ("inclusions", "cohortInclusions"):
            check(path, sorted(value), sorted(other or []))
        elif name == "rolloutWeight":
            check(path, value if weighs else None, (other or 0) if weighs else None)
        elif name != "renamedFrom":
            check(path, value, other)


def _check_segment(check: Callable[[str, Any, Any], None], said: Record, found: Record, *, weighs: bool) -> None:
    for name, value in said.items():
        path, other = f"targetSegments.{said['name']}.{name}", found.get(name)
        if name == "conditions":
            check(path, meanings(value), meanings(other or []))
        elif name != "rolloutWeights":
            check(path, value, other)
        elif weighs:
            check(path, {key: w for key, w in value.items() if w}, {key: w for key, w in (other or {}).items() if w})


def whole(value: Any) -> Any:
    """The value with whole numbers as such."""
    return json.loads(
        json.dumps(value), parse_float=lambda said: int(float(said)) if float(said).is_integer() else float(said)
    )


def meanings(conditions: list[Record]) -> list[Any]:
    """The conditions as sets: all must hold, each for any of its values."""
    return sorted([one["prop"], one["op"], sorted(set(one["values"]))] for one in conditions)


def _whole_event(event: Record | None) -> Any:
    if event is None:
        return None
    return {"filters": [{"group_type": None, **one} for one in event.get("filters", [])], "of": event["event_type"]}
