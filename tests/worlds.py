"""Random live worlds, declarations and server habits, for tests that must hold for all of them.

Declarations are plain dictionaries in the words of the files; worlds are seeds of the sandbox. Everything drawn is good
input: what the loader or a strict server would refuse is the matter of other tests.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from expsync.sandbox.habits import Habits

DEPLOYMENTS = {"101": "web", "102": "ios", "103": "android"}
EXPERIMENT_KEYS = ["alpha", "beta-2", "gamma_3"]
VARIANT_KEYS = ["control", "treatment", "green", "blue_2", "v-5"]
SEGMENT_NAMES = ["US on iOS", "v1.2 users", "Ärzte 🩺", "beta"]
OLDER_OPS = ["is", "is not", "contains", "less", "greater or equal", "glob match"]
OPS = [*OLDER_OPS, "set is", "set does not contain"]
TEXTS = st.one_of(
    st.sampled_from(
        ["", "on", "012", "1e3", "null", " padded ", 'quote " and : colon', "# no comment", "line\nbreak", "🩺"]
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Co", "Cn"]), max_size=12),
)
WEIGHTS = st.sampled_from([0, 1, 2, 50, 0.5, 33.3])
PERCENTAGES = st.sampled_from([0, 1, 12.5, 50, 100])
DAYS = st.sampled_from(["2026-02-01", "2026-03-31T10:26:00.996Z", "2026-04-01T00:00:00+02:00"])
LATER_DAYS = st.sampled_from(["2026-05-01", "2026-06-30T23:59:59Z"])
USERS = st.sampled_from([f"user-{number}@example.com" for number in range(8)])
PAYLOADS = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from([0.5, 2.0]), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(TEXTS, inner, max_size=2)),
    max_leaves=4,
)


@dataclass(frozen=True)
class Situation:
    """A server with its habits and its world, and what is declared for it."""

    habits: Habits
    world: list[dict[str, Any]]
    declared: list[dict[str, Any]]


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    habits = draw(server_habits())
    world = [
        draw(live_experiment(key, place, older=habits.older)) for place, key in enumerate(draw(some_keys()), start=1)
    ]
    by_key = {experiment["key"]: experiment for experiment in world}
    declared = [draw(declaration(key, by_key.get(key), older=habits.older)) for key in draw(some_keys())]
    if not habits.edit_while_archived:
        # Such a server takes nothing for an archived experiment but its return.
        declared = [{**d, "archived": False} if by_key.get(d["key"], {}).get("archived") else d for d in declared]
    if habits.older and any(variant.get("renamedFrom") for d in declared for variant in d.get("variants", ())):
        # Where weights are lost and segments can't be edited, nobody could set them right.
        habits = replace(habits, rename_keeps_weights=True)
    return Situation(habits, world, declared)


def server_habits() -> st.SearchStrategy[Habits]:
    return st.builds(
        Habits,
        older=st.sampled_from([False, False, False, True]),
        ids=st.sampled_from(["text", "number"]),
        variants=st.sampled_from(["keys", "whole"]),
        tags_in_list=st.booleans(),
        deleted_in_list=st.booleans(),
        numbers=st.sampled_from(["int", "float"]),
        dates=st.sampled_from(["as-sent", "date", "instant"]),
        tag_order=st.sampled_from(["kept", "sorted", "reversed"]),
        segment_bucketing_key=st.booleans(),
        cursor=st.sampled_from(["number", "text"]),
        last_cursor=st.sampled_from(["absent", "null", "empty"]),
        page_size=st.sampled_from([1, 2, 1000]),
        ok=st.sampled_from(["OK", "ok"]),
        unknown_fields=st.booleans(),
        exposure_event_read=st.booleans(),
        empty_payload=st.sampled_from(["object", "null"]),
        description_null=st.booleans(),
        edit_while_archived=st.booleans(),
        rename_keeps_weights=st.booleans(),
    )


def some_keys() -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(EXPERIMENT_KEYS), unique=True, max_size=3)


def types(*, older: bool) -> st.SearchStrategy[str]:
    return st.sampled_from(["hypothesis-testing", "no-harm"] if older else ["a-b-test", "multi-arm-bandit"])


@st.composite
def live_experiment(draw: st.DrawFn, key: str, id: int, *, older: bool) -> dict[str, Any]:
    keys = draw(st.lists(st.sampled_from(VARIANT_KEYS), unique=True, min_size=1, max_size=4))
    return {
        "id": str(1000 + id),
        "key": key,
        "name": draw(TEXTS),
        "description": draw(TEXTS),
        "enabled": draw(st.booleans()),
        "archived": not older and draw(st.sampled_from([False, False, False, True])),
        "evaluationMode": draw(st.sampled_from(["remote", "local"])),
        "experimentType": draw(types(older=older)),
        "bucketingKey": draw(st.sampled_from(["amplitude_id", "device_id"])),
        "bucketingSalt": "aBcDeF12",
        "stickyBucketing": draw(st.booleans()),
        "rolloutPercentage": draw(PERCENTAGES),
        "startDate": draw(st.none() | DAYS),
        "endDate": draw(st.none() | LATER_DAYS),
        "tags": draw(st.lists(st.sampled_from(["a", "b", "managed-by-expsync"]), unique=True)),
        "deployments": draw(st.lists(st.sampled_from(sorted(DEPLOYMENTS)), unique=True)),
        "variants": [draw(variant(k, draw(st.lists(USERS, unique=True, max_size=3)))) for k in keys],
        "targetSegments": draw(segments(keys, older=older)),
    }


@st.composite
def variant(draw: st.DrawFn, key: str, users: list[str]) -> dict[str, Any]:
    return {
        "key": key,
        "name": draw(TEXTS),
        "description": draw(TEXTS),
        "payload": draw(PAYLOADS),
        "rolloutWeight": draw(WEIGHTS),
        "inclusions": users,
    }


@st.composite
def segments(draw: st.DrawFn, keys: list[str], *, older: bool) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "percentage": draw(PERCENTAGES),
            "rolloutWeights": {key: draw(WEIGHTS) for key in draw(st.lists(st.sampled_from(keys), unique=True))},
            "conditions": draw(st.lists(condition(older=older), max_size=2)),
            **({"bucketingKey": "device_id"} if draw(st.booleans()) else {}),
        }
        for name in draw(st.lists(st.sampled_from(SEGMENT_NAMES), unique=True, max_size=3))
    ]


@st.composite
def condition(draw: st.DrawFn, *, older: bool) -> dict[str, Any]:
    return {
        "type": "property",
        "prop": draw(st.sampled_from(["country", "gp:plan"])),
        "op": draw(st.sampled_from(OLDER_OPS if older else OPS)),
        "values": draw(st.lists(st.sampled_from(["a", "b", "12", "on"]), min_size=1, max_size=3, unique=True)),
    }


@st.composite
def declaration(draw: st.DrawFn, key: str, live: dict[str, Any] | None, *, older: bool) -> dict[str, Any]:
    """What a file might say, now close to what is live and now far from it."""
    # The older document has no way to list what is archived, so there such an experiment can't be found again.
    archived = not older and draw(st.sampled_from([False, False, True]))
    fields: dict[str, st.SearchStrategy[Any]] = {
        "name": TEXTS,
        "description": TEXTS,
        "enabled": st.just(False) if archived else st.booleans(),
        "archived": st.just(archived),
        "evaluationMode": st.sampled_from(["remote", "local"]),
        "experimentType": types(older=older),
        "bucketingKey": st.sampled_from(["amplitude_id", "device_id"]),
        "bucketingSalt": st.sampled_from(["aBcDeF12", "other"]),
        "bucketingUnit": st.sampled_from(["User", "org id"]),
        "stickyBucketing": st.booleans(),
        "rolloutPercentage": PERCENTAGES,
        "startDate": st.none() | DAYS,
        "endDate": st.none() | LATER_DAYS,
        "tags": st.lists(st.sampled_from(["a", "b", "c"]), unique=True),
        "deployments": st.lists(st.sampled_from(["web", "102", "android"]), unique=True),
        "exposureEvent": st.none() | exposure_event(),
    }
    if not older:
        fields["decision"] = st.none() | st.sampled_from(["rollout", "continue-running"])
    wanted: dict[str, Any] = {"key": key}
    for name in draw(st.lists(st.sampled_from(sorted(fields)), unique=True)):
        same = live is not None and name in live and draw(st.booleans())
        wanted[name] = live[name] if same and live is not None else draw(fields[name])
    if wanted.get("decision") and draw(st.booleans()):
        wanted["decisionReason"] = draw(TEXTS)
    if wanted.get("enabled") and wanted.get("archived"):
        wanted["enabled"] = False
    keys = [v["key"] for v in live["variants"]] if live else ["control", "treatment"]
    if draw(st.booleans()):
        wanted["variants"] = draw(declared_variants(live["variants"] if live else []))
        keys = [v["key"] for v in wanted["variants"]]
    if draw(st.booleans()) and not (older and live):
        wanted["targetSegments"] = draw(declared_segments(keys, live["targetSegments"] if live else [], older=older))
    return wanted


@st.composite
def declared_variants(draw: st.DrawFn, live: list[dict[str, Any]]) -> list[dict[str, Any]]:
    there = {v["key"]: v for v in live}
    keys = draw(st.lists(st.sampled_from([*there, *VARIANT_KEYS]), unique=True, min_size=1, max_size=4))
    users = draw(st.permutations([f"user-{number}@example.com" for number in range(8)]))
    free = [key for key in there if key not in keys]
    wanted: list[dict[str, Any]] = []
    for place, key in enumerate(keys):
        whole = {
            **draw(variant(key, list(users[2 * place : 2 * place + 2]))),
            **(there.get(key, {}) if draw(st.booleans()) else {}),
        }
        whole["inclusions"] = draw(st.sampled_from([[], list(users[2 * place : 2 * place + 2])]))
        names = draw(st.lists(st.sampled_from(sorted(whole.keys() - {"key"})), unique=True))
        declared = {"key": key} | {name: whole[name] for name in names}
        if free and key not in there and draw(st.booleans()):
            declared["renamedFrom"] = free.pop()
        wanted.append(declared)
    return wanted


@st.composite
def declared_segments(
    draw: st.DrawFn, keys: list[str], live: list[dict[str, Any]], *, older: bool
) -> list[dict[str, Any]]:
    there = {s["name"]: s for s in live}
    wanted: list[dict[str, Any]] = []
    for segment in draw(segments(keys, older=older)):
        near = there.get(segment["name"])
        whole = {
            **segment,
            **({n: near[n] for n in ("percentage", "conditions")} if near and draw(st.booleans()) else {}),
        }
        names = draw(st.lists(st.sampled_from(sorted(whole.keys() - {"name"})), unique=True))
        wanted.append({"name": segment["name"]} | {name: whole[name] for name in names})
    return wanted


@st.composite
def exposure_event(draw: st.DrawFn) -> dict[str, Any]:
    filters = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "subprop_key": st.none() | st.just("amplitude_day_of_week"),
                    "subprop_op": st.sampled_from(OLDER_OPS),
                    "subprop_type": st.sampled_from(["event", "day_time_prop"]),
                    "subprop_value": st.lists(st.sampled_from(["Tuesday", "1"]), min_size=1, max_size=2),
                },
                optional={"group_type": st.none() | st.just("User")},
            ),
            max_size=2,
        )
    )
    event: dict[str, Any] = {"event_type": draw(st.sampled_from(["checkout_viewed", "_active"]))}
    return event | {"filters": filters} if draw(st.booleans()) else event
