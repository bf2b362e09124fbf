"""What people do by hand, in the product's own pages, while the program runs or in between."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from expsync.sandbox.engine import Engine, Request
from tests.faults.bench import PROJECT
from tests.faults.scenarios import Json
from tests.worlds import (
    DEPLOYMENTS,
    EXPERIMENT_KEYS,
    PAYLOADS,
    PERCENTAGES,
    TEXTS,
    USERS,
    VARIANT_KEYS,
    WEIGHTS,
    segments,
)

Edit = tuple[str, str, Json]
"""What is done, to which experiment, and with what."""

KEYS = [*EXPERIMENT_KEYS, "undeclared"]


def edits() -> st.SearchStrategy[Edit]:
    """Anything that somebody may do; what the server does not let them do just doesn't happen.

    Beside an older server nobody archives, since then it could not be found again, nor edits segments, which it can't.
    """
    arm = st.sampled_from(VARIANT_KEYS)
    return st.one_of(
        st.tuples(st.just("fields"), st.sampled_from(KEYS), _fields()),
        st.tuples(
            st.sampled_from(["edit variant", "edit variant", "add variant", "remove variant"]),
            st.sampled_from(KEYS),
            st.fixed_dictionaries(
                {"variant": arm},
                optional={"name": TEXTS, "payload": PAYLOADS, "rolloutWeight": WEIGHTS},
            ),
        ),
        st.tuples(
            st.just("rename variant"), st.sampled_from(KEYS), st.fixed_dictionaries({"variant": arm, "key": arm})
        ),
        st.tuples(
            st.sampled_from(["users in", "users in", "users out"]),
            st.sampled_from(KEYS),
            st.fixed_dictionaries({"variant": arm, "users": st.lists(USERS, min_size=1, max_size=3, unique=True)}),
        ),
        st.tuples(
            st.sampled_from(["deployment on", "deployment off"]),
            st.sampled_from(KEYS),
            st.fixed_dictionaries({"deployment": st.sampled_from(sorted(DEPLOYMENTS))}),
        ),
        st.tuples(st.just("create"), st.sampled_from(KEYS), st.just({})),
    )


def _fields() -> st.SearchStrategy[Json]:
    fields: dict[str, st.SearchStrategy[Any]] = {
        "name": TEXTS,
        "description": TEXTS,
        "enabled": st.booleans(),
        "archive": st.booleans(),
        "rolloutPercentage": PERCENTAGES,
        "stickyBucketing": st.booleans(),
        "bucketingSalt": st.sampled_from(["aBcDeF12", "by-hand"]),
        "tags": st.lists(st.sampled_from(["a", "by-hand", "managed-by-expsync"]), unique=True),
        "targetSegments": segments(["control", "treatment"], older=False),
    }
    return st.sampled_from(sorted(fields)).flatmap(lambda name: st.fixed_dictionaries({name: fields[name]}))


def books(engine: Engine) -> dict[str, Json]:
    """The emulator's own books, by key of experiment."""
    found: Any = engine.export(PROJECT)["experiments"]
    return {experiment["key"]: experiment for experiment in found}


def carry_out(engine: Engine, edit: Edit, *, older: bool) -> None:
    """Nothing; the edit is made, where the server lets it be made."""
    what, key, more = edit
    if older and more.keys() & {"archive", "targetSegments"}:
        return
    experiment = books(engine).get(key)
    if what == "create":
        call = ("POST", "", {"projectId": PROJECT, "key": key, "name": "by hand"})
    elif experiment is None:
        return
    else:
        call = _call(what, more)
        call = (call[0], f"/{experiment['id']}{call[1]}", call[2])
    method, path, body = call
    content = b"" if body is None else json.dumps(body).encode()
    headers = {} if body is None else {"content-type": "application/json"}
    engine.answer(Request(method, f"/api/1/experiments{path}", {}, headers, content))


def _call(what: str, more: Json) -> tuple[str, str, Any]:
    rest = {name: value for name, value in more.items() if name != "variant"}
    variant = f"/variants/{more.get('variant')}"
    match what:
        case "fields":
            return "PATCH", "", more
        case "edit variant" | "rename variant":
            return "PATCH", variant, rest
        case "add variant":
            return "POST", "/variants", {"key": more["variant"], **rest}
        case "remove variant":
            return "DELETE", variant, None
        case "users in":
            return "POST", f"{variant}/users", {"inclusions": more["users"]}
        case "users out":
            return "DELETE", f"{variant}/bulk-delete-users", {"users": more["users"]}
        case "deployment on":
            return "POST", "/deployments", {"deployments": [more["deployment"]]}
        case "deployment off":
            return "DELETE", f"/deployments/{more['deployment']}", None
    raise AssertionError(what)
