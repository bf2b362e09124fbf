"""What versions tell: tables of odd bodies, and random lives in the sandbox against the sandbox's own books."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from expsync.core.normalize import live_state
from expsync.core.versions import (
    RECORDABLE,
    came_in,
    changes_between,
    history_of,
    recorded,
    unrecorded,
    version_state,
)
from expsync.model.state import State, opaque
from expsync.sandbox.engine import Engine, Request
from expsync.sandbox.habits import Habits
from expsync.sandbox.store import Store
from expsync.wire.replies import parse_experiment, parse_variants, parse_version, parse_versions
from expsync.wire.schema import WireVersion
from tests import worlds

EXAMPLES = int(os.environ.get("EXPSYNC_EXAMPLES", "40"))
BODY: dict[str, Any] = {
    "id": 7,
    "projectId": 1001,
    "deployments": [101],
    "key": "exp",
    "name": "Exp",
    "description": None,
    "enabled": True,
    "bucketingKey": "amplitude_id",
    "variants": [{"key": "control"}, {"key": "treatment"}],
    "rolloutWeights": {"control": 1, "treatment": 1},
    "targetSegments": [
        {"name": "v1.2", "percentage": 50, "conditions": [], "rolloutWeights": {"control": 1}},
        {"name": "v1.2 users", "percentage": 10, "conditions": [], "rolloutWeights": {"control": 1}},
    ],
    "stickyBucketing": False,
    "state": "planning",
    "startDate": None,
    "endDate": None,
    "experimentType": "a-b-test",
}
"""A version as the documents show one."""


def version(number: int, **fields: Any) -> WireVersion:
    """A version whose body has these fields otherwise; `...` leaves one out."""
    config = {name: value for name, value in {**BODY, **fields}.items() if value is not ...}
    return parse_version({"version": number, "createdAt": None, "flagConfig": config})


def live(**fields: Any) -> State:
    """The live experiment with the same body."""
    return live_state(version(1, **fields).flagConfig, archived=False, whole=True)


def segments(*names: str, **fields: Any) -> list[dict[str, Any]]:
    return [{"name": name, "percentage": 1, "conditions": [], "rolloutWeights": {}, **fields} for name in names]


# --- what a version records ---


def test_a_documented_body_is_a_state_without_what_it_leaves_out() -> None:
    state = version_state(version(1))

    assert dict(state.fields) == {
        "name": "Exp",
        "description": "",
        "enabled": True,
        "bucketingKey": "amplitude_id",
        "stickyBucketing": False,
        "startDate": None,
        "endDate": None,
        "experimentType": "a-b-test",
    }
    assert (state.tags, state.deployments) == (None, frozenset({"101"}))
    assert {key: dict(variant.fields) for key, variant in (state.variants or {}).items()} == {
        "control": {"rolloutWeight": 1},
        "treatment": {"rolloutWeight": 1},
    }
    assert list(state.targetSegments or ()) == ["v1.2", "v1.2 users"]


def test_what_a_version_does_not_record_is_named_in_the_order_of_the_fields() -> None:
    assert unrecorded(version(1)) == [
        "archived",
        "evaluationMode",
        "bucketingSalt",
        "bucketingUnit",
        "rolloutPercentage",
        "exposureEvent",
        "decision",
        "decisionReason",
        "rolledOutVariant",
        "tags",
        "variants.*.name",
        "variants.*.description",
        "variants.*.payload",
        "variants.*.inclusions",
        "variants.*.cohortInclusions",
    ]
    assert recorded(version(1)) == set(RECORDABLE) - set(unrecorded(version(1)))


def test_a_field_that_one_of_two_versions_lacks_is_named() -> None:
    assert "enabled" not in unrecorded(version(1), version(2))
    assert "enabled" in unrecorded(version(1), version(2, enabled=...))
    assert unrecorded() == []


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"tags": []}, {"tags"}),
        ({"exposureEvent": None}, {"exposureEvent"}),
        ({"decision": None}, {"decision"}),
        ({"deleted": False}, {"archived"}),
        ({"archived": True, "deleted": False}, {"archived"}),
        ({"archived": None, "deleted": None}, set()),
        ({"rolloutPercentage": None, "bucketingSalt": None, "evaluationMode": None}, set()),
        ({"variants": [{"key": "a", "payload": None}, {"key": "b", "payload": 1}]}, {"variants.*.payload"}),
        ({"variants": [{"key": "a", "payload": None}, {"key": "b"}]}, set()),
    ],
)
def test_what_a_body_carries_is_recorded(fields: dict[str, Any], names: set[str]) -> None:
    assert recorded(version(1, **fields)) - recorded(version(1)) == names


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        (dict.fromkeys(BODY, ...), recorded(version(1))),
        ({"enabled": None, "stickyBucketing": None}, {"enabled", "stickyBucketing"}),
        ({"rolloutWeights": None}, {"variants.*.rolloutWeight"}),
        ({"rolloutWeights": {}}, {"variants.*.rolloutWeight"}),
        ({"rolloutWeights": ...}, {"variants.*.rolloutWeight"}),
        ({"variants": None}, {"variants", "variants.*.rolloutWeight"}),
        ({"variants": []}, {"variants", "variants.*.rolloutWeight"}),
        ({"rolloutWeights": None, "variants": [{"key": "a", "rolloutWeight": 2}]}, set()),
        ({"targetSegments": None, "deployments": None, "description": ""}, set()),
    ],
)
def test_what_a_body_leaves_out_or_has_as_nothing_is_not_recorded(fields: dict[str, Any], names: set[str]) -> None:
    assert recorded(version(1)) - recorded(version(1, **fields)) == names


@pytest.mark.parametrize(
    ("fields", "archived"),
    [({"deleted": True}, True), ({"archived": False, "deleted": True}, False), ({"archived": True}, True)],
)
def test_whether_it_was_archived_is_what_the_body_says(fields: dict[str, Any], archived: bool) -> None:
    assert version_state(version(1, **fields)).fields["archived"] is archived


# --- what changed ---


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ({}, {}, []),
        ({"enabled": False}, {}, [("enabled", "replace", False, True)]),
        ({"enabled": ...}, {"enabled": False}, []),
        ({"enabled": False}, {"enabled": None}, []),
        ({"rolloutPercentage": 5}, {}, []),
        ({"rolloutPercentage": 5}, {"rolloutPercentage": 5.0}, []),
        ({"tags": ["a"]}, {}, []),
        ({"tags": ["a"]}, {"tags": ["b"]}, [("tags.a", "remove", "a", None), ("tags.b", "add", None, "b")]),
        ({"startDate": "2026-02-01"}, {"startDate": "2026-02-01T00:00:00.000Z"}, []),
        ({"rolloutWeights": None}, {}, []),
        (
            {"variants": [{"key": "control"}]},
            {},
            [("variants.treatment", "add", None, {"key": "treatment", "rolloutWeight": 1})],
        ),
        (
            {"variants": [{"key": "control", "payload": None}, {"key": "treatment"}]},
            {"variants": [{"key": "control", "payload": {}}, {"key": "treatment", "payload": 1}]},
            [],
        ),
        ({"targetSegments": ...}, {}, []),
        (
            {"targetSegments": segments("a")},
            {"targetSegments": segments("a", percentage=None)},
            [],
        ),
        (
            {"targetSegments": segments("a", "b")},
            {"targetSegments": segments("b", "a", rolloutWeights=None)},
            [("targetSegments", "replace", ["a", "b"], ["b", "a"])],
        ),
    ],
)
def test_two_versions_are_compared_in_what_both_record(
    before: dict[str, Any], after: dict[str, Any], changes: list[Any]
) -> None:
    found = changes_between(version(1, **before), version(2, **after))

    assert [(change.path, change.kind, change.before, change.after) for change in found] == changes


def test_the_history_is_newest_first_whatever_the_order_of_the_list() -> None:
    entries = history_of([version(2, enabled=False), version(3), version(2, enabled=False), version(5)])

    assert [(e.version, e.changes and [c.path for c in e.changes], e.creates) for e in entries] == [
        (5, [], False),
        (3, ["enabled"], False),
        (2, None, False),
    ]
    assert history_of([version(1)])[0].creates
    assert history_of([]) == []


def test_the_configuration_is_kept_to_the_letter() -> None:
    config = {"id": 7, "name": None, "targetSegments": None, "rolloutPercentage": 50.0, "next": {"a": [1.0, "x"]}}
    found = parse_versions([{"version": 1, "createdBy": 12, "flagConfig": config}])

    (entry,) = history_of(found)
    assert json.dumps(entry.config) == json.dumps(config)
    assert (entry.createdAt, entry.createdBy) == (None, "12")


# --- where a value came in ---

TWO = [{"key": "control"}, {"key": "treatment"}]
THREE = [*TWO, {"key": "blue"}]


@pytest.mark.parametrize(
    ("path", "history", "now", "found"),
    [
        # Each of the history's bodies is a version, from 1 on; `now` is live.
        pytest.param("enabled", [{"enabled": False}, {}, {}], {}, 2, id="since it was changed"),
        pytest.param("enabled", [{}, {}], {}, 1, id="since the creation"),
        pytest.param("enabled", [{}, {"enabled": False}, {}, {}], {}, 3, id="without a break"),
        pytest.param("enabled", [{}, {"enabled": False}], {}, None, id="the list lags"),
        pytest.param("enabled", [{"enabled": False}, {"enabled": ...}], {}, None, id="the newest does not say"),
        pytest.param("enabled", [{"enabled": ...}, {}], {}, None, id="one before it does not say"),
        pytest.param("enabled", [{"enabled": ...}, {"enabled": False}, {}], {}, 3, id="nobody asks the oldest"),
        pytest.param("enabled", [{}], {"enabled": ...}, None, id="live does not say"),
        pytest.param("tags.x", [{}, {}], {"tags": ["x"]}, None, id="tags are not recorded"),
        pytest.param("tags.x", [{"tags": []}, {"tags": ["x"]}], {"tags": ["x", "y"]}, 2, id="a tag came"),
        pytest.param("tags.x", [{"tags": ["x"]}, {"tags": []}], {"tags": []}, 2, id="a tag went"),
        pytest.param("tags.x.y", [{"tags": []}, {"tags": ["x.y"]}], {"tags": ["x.y"]}, 2, id="a tag with a dot"),
        pytest.param("tags.z", [{"tags": []}, {"tags": ["x"]}], {"tags": ["x"]}, 1, id="a tag that never was"),
        pytest.param("deployments.101", [{"deployments": []}, {}], {}, 2, id="a deployment"),
        pytest.param("variants.blue", [{}, {"variants": THREE}], {"variants": THREE}, 2, id="a variant came"),
        pytest.param("variants.blue", [{"variants": THREE}, {}], {}, 2, id="a variant went"),
        pytest.param("variants.blue", [{"variants": THREE}, {"variants": None}, {}], {}, None, id="variants unknown"),
        pytest.param(
            "variants.treatment.rolloutWeight",
            [{}, {"rolloutWeights": {"treatment": 2}}],
            {"rolloutWeights": {"treatment": 2}},
            2,
            id="a weight",
        ),
        pytest.param(
            "variants.control.rolloutWeight",
            [{}, {"rolloutWeights": {"treatment": 2}}],
            {"rolloutWeights": {"treatment": 2}},
            2,
            id="a weight that is left out is zero",
        ),
        pytest.param(
            "variants.blue.rolloutWeight",
            [{}, {"variants": THREE}],
            {"variants": THREE},
            2,
            id="a field came in with its member",
        ),
        pytest.param("variants.treatment.payload", [{}, {}], {}, None, id="payloads are not recorded"),
        pytest.param("variants.control.inclusions", [{}, {}], {}, None, id="users are not recorded"),
        pytest.param("variants.blue.key", [{}, {"variants": THREE}], {"variants": THREE}, 2, id="a rename"),
        pytest.param(
            "targetSegments.v1.2.percentage",
            [{"targetSegments": [{**BODY["targetSegments"][0], "percentage": 5}, BODY["targetSegments"][1]]}, {}],
            {},
            2,
            id="a segment's name with a dot",
        ),
        pytest.param(
            "targetSegments.v1.2 users", [{"targetSegments": segments("v1.2")}, {}], {}, 2, id="one name begins another"
        ),
        pytest.param(
            "targetSegments.a.percentage",
            [
                {"targetSegments": segments("a.percentage", "a", percentage=3)},
                {"targetSegments": segments("a", percentage=3)},
                {"targetSegments": segments("a")},
            ],
            {"targetSegments": segments("a")},
            3,
            id="live's own segment is meant",
        ),
        pytest.param(
            "targetSegments.a.rolloutWeights.control",
            [
                {"targetSegments": segments("a", rolloutWeights={"control": 1})},
                {"targetSegments": segments("a", rolloutWeights={"treatment": 1})},
            ],
            {"targetSegments": segments("a", rolloutWeights={"treatment": 1, "control": 0})},
            2,
            id="a segment's weight",
        ),
        pytest.param(
            "targetSegments.a.rolloutWeights.x",
            [{"targetSegments": segments("a", rolloutWeights=None)}],
            {"targetSegments": segments("a", rolloutWeights={"x": 1})},
            None,
            id="a segment's weights are not recorded",
        ),
        pytest.param(
            "targetSegments.a.percentage",
            [{"targetSegments": segments("b")}],
            {"targetSegments": segments("b")},
            1,
            id="a segment that never was",
        ),
        pytest.param(
            "targetSegments",
            [
                {"targetSegments": segments("a", "b")},
                {"targetSegments": segments("b", "a")},
                {"targetSegments": segments("b", "a", "c")},
            ],
            {"targetSegments": segments("b", "a", "c")},
            2,
            id="an order, before another segment was added behind",
        ),
        pytest.param("targetSegments", [{"targetSegments": ...}], {}, None, id="segments are not recorded"),
        pytest.param(
            "startDate",
            [{}, {"startDate": "2026-02-01"}],
            {"startDate": "2026-02-01T00:00:00.000Z"},
            2,
            id="a date in two forms",
        ),
        pytest.param("nonsense", [{}], {}, None, id="no field"),
        pytest.param("variants.control.nonsense", [{}], {}, 1, id="no field of a variant: nothing was ever there"),
        pytest.param("enabled", [], {}, None, id="no version"),
    ],
)
@pytest.mark.parametrize("backwards", [False, True])
def test_a_value_came_in_where_it_has_been_since(
    path: str, history: list[dict[str, Any]], now: dict[str, Any], found: int | None, backwards: bool
) -> None:
    versions = [version(number, **fields) for number, fields in enumerate(history, start=1)]

    told = came_in(versions[::-1] if backwards else versions, path, live(**now))

    assert (told.version if told else None) == found


def test_a_value_that_is_older_than_the_list_came_in_nobody_knows_where() -> None:
    assert came_in([version(4), version(5)], "enabled", live()) is None
    told = came_in([version(3, enabled=False), version(5)], "enabled", live())
    assert told is not None
    assert told.version == 5


# --- random lives ---

FIELDS = ("name", "description", "enabled", "bucketingKey", "stickyBucketing", "startDate", "endDate")
Truth = dict[str, Any]


@dataclass(frozen=True)
class Life:
    """The versions that a server tells, what the sandbox's own books had at each, and what is live."""

    habits: Habits
    versions: list[WireVersion]
    truths: dict[int, Truth]
    live: State

    @property
    def newest(self) -> Truth:
        return self.truths[max(self.truths)]


Edit = tuple[str, str, Any]


def edits() -> st.SearchStrategy[Edit]:
    keys = st.sampled_from(worlds.VARIANT_KEYS)
    fields: dict[str, st.SearchStrategy[Any]] = {
        "name": st.sampled_from(["one", "two"]),
        "description": st.sampled_from(["", "text"]),
        "enabled": st.booleans(),
        "bucketingKey": st.sampled_from(["amplitude_id", "device_id"]),
        "stickyBucketing": st.booleans(),
        "startDate": st.sampled_from([None, "2026-02-01", "2026-03-31T10:26:00.996Z"]),
        "endDate": st.sampled_from([None, "2026-05-01"]),
        "rolloutPercentage": st.sampled_from([0, 50]),
        "tags": st.sampled_from([[], ["a"]]),
        "targetSegments": worlds.segments(["control"], older=True).map(
            lambda found: [{**segment, "rolloutWeights": {"control": 1}} for segment in found]
        ),
    }
    return st.one_of(
        st.sampled_from(sorted(fields)).flatmap(lambda f: fields[f].map(lambda v: ("PATCH", "", {f: v}))),
        st.tuples(keys, st.sampled_from([1, 2.5])).map(
            lambda v: ("POST", "/variants", {"key": v[0], "rolloutWeight": v[1]})
        ),
        st.tuples(keys, st.sampled_from([0, 1, 3])).map(
            lambda v: ("PATCH", f"/variants/{v[0]}", {"rolloutWeight": v[1]})
        ),
        st.tuples(keys, st.sampled_from(["1", 2])).map(lambda v: ("PATCH", f"/variants/{v[0]}", {"payload": v[1]})),
        st.tuples(keys, keys).map(lambda v: ("PATCH", f"/variants/{v[0]}", {"key": v[1]})),
        keys.map(lambda key: ("DELETE", f"/variants/{key}", None)),
        st.sampled_from(["101", "102"]).map(lambda id: ("POST", "/deployments", {"deployments": [id]})),
        st.sampled_from(["101", "102"]).map(lambda id: ("DELETE", f"/deployments/{id}", None)),
    )


@st.composite
def lives(draw: st.DrawFn) -> Life:
    # Where a rename loses all weights, no body tells the weights any more.
    habits = replace(draw(worlds.server_habits()), rename_keeps_weights=True)
    seed = {
        **draw(worlds.live_experiment("exp", 1, older=True)),
        "variants": [{"key": "control", "rolloutWeight": 1}, {"key": "treatment", "rolloutWeight": 2}],
        "targetSegments": [],
        "startDate": None,
        "deployments": [],
    }
    deployments = [{"id": id, "label": label} for id, label in worlds.DEPLOYMENTS.items()]
    with Store(None) as store:
        engine = Engine(store, habits=habits)
        engine.import_world({"projectId": "1001", "deployments": deployments, "experiments": [seed]})

        def ask(method: str, path: str, body: Any = None) -> tuple[int, bytes]:
            content = b"" if body is None else json.dumps(body).encode()
            headers = {} if body is None else {"content-type": "application/json"}
            reply = engine.answer(Request(method, f"/api/1/experiments/1001{path}", {}, headers, content))
            return reply.status, reply.body

        truths: dict[int, Truth] = {}
        for edit in [None, *draw(st.lists(edits(), min_size=1, max_size=10))]:
            if edit is not None:
                event(f"{edit[0]} {edit[1].partition('/')[2].partition('/')[0]} {ask(*edit)[0]}")
            number = max(version.version for version in parse_versions(ask("GET", "/versions")[1]))
            exported: Any = engine.export("1001")
            truths[number] = exported["experiments"][0]
        wire = parse_experiment(ask("GET", "")[1])
        variants = parse_variants(ask("GET", "/variants")[1])
        versions = draw(st.permutations(parse_versions(ask("GET", "/versions")[1])))
    return Life(habits, versions, truths, live_state(wire, archived=False, whole=True, variants=variants))


def values(truth: Truth, *, details: bool) -> dict[str, Any]:
    """Everything that versions record of an experiment, by path, out of the sandbox's own books.

    A member that is not there is missing here, and so are its fields.
    """
    found: dict[str, Any] = {name: truth[name] for name in FIELDS}
    found |= {f"deployments.{id}": True for id in truth["deployments"]}
    for variant in truth["variants"]:
        start = f"variants.{variant['key']}"
        found[start] = True
        found[f"{start}.rolloutWeight"] = truth["rolloutWeights"].get(variant["key"], 0)
        if details:
            found[f"{start}.payload"] = json.dumps(variant.get("payload"))
    for segment in truth["targetSegments"]:
        start = f"targetSegments.{segment['name']}"
        found[start] = True
        found[f"{start}.percentage"] = segment["percentage"]
        # A weight that is left out is zero.
        found |= {f"{start}.rolloutWeights.{k}": segment["rolloutWeights"].get(k, 0) for k in worlds.VARIANT_KEYS}
        conditions = [{**c, "values": sorted(c["values"])} for c in segment["conditions"]]
        found[f"{start}.conditions"] = sorted(json.dumps(c, sort_keys=True) for c in conditions)
    return found


NOTHING = object()
lively = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), report_multiple_bugs=False
)


@lively
@given(lives())
def test_every_live_value_came_in_where_the_books_say(life: Life) -> None:
    details = life.habits.variants == "whole"
    books = {number: values(truth, details=details) for number, truth in sorted(life.truths.items())}
    now = books[max(books)]
    for path in {path for book in books.values() for path in book}:
        member = path.rpartition(".")[0]
        if path not in now and member in now:
            continue
        if path not in now and path.count(".") > 1 and member.startswith(("variants.", "targetSegments.")):
            # A field of what is not there: no change is ever at such a path.
            continue
        since = max(books)
        for number in sorted(books, reverse=True):
            if books[number].get(path, NOTHING) != now.get(path, NOTHING):
                break
            since = number
        told = came_in(life.versions, path, life.live)
        assert told is not None, path
        assert told.version == since, path


@lively
@given(lives())
def test_what_no_version_records_came_in_nobody_knows_where(life: Life) -> None:
    paths = ["rolloutPercentage", "tags.a", "bucketingSalt", "variants.control.inclusions"]
    if life.habits.variants == "keys":
        paths.append(f"variants.{life.newest['variants'][0]['key']}.payload")
    assert [came_in(life.versions, path, life.live) for path in paths] == [None] * len(paths)


@lively
@given(lives())
def test_each_change_from_one_version_to_the_next_is_told_once(life: Life) -> None:
    details = life.habits.variants == "whole"
    books = {number: values(truth, details=details) for number, truth in life.truths.items()}
    for entry in history_of(life.versions):
        if entry.version == 1:
            assert entry.creates
            continue
        before, after = books[entry.version - 1], books[entry.version]
        differing = {p for p in before.keys() | after.keys() if before.get(p, NOTHING) != after.get(p, NOTHING)}
        # What comes or goes with a member is told with the member.
        gone = {path for path in differing if (path in before) != (path in after)}
        expected = {p for p in differing if not any(p.startswith(f"{member}.") for member in gone)}
        told = [change.path for change in entry.changes or ()]
        assert {path for path in told if not _beside(path)} == expected
        assert len(told) == len(set(told))


def _beside(path: str) -> bool:
    """Whether the books above leave it out: the order of segments, what a server adds, and what never varies."""
    return path == "targetSegments" or path.endswith((".bucketingKey", ".name", ".description"))


def test_a_payload_is_compared_by_what_it_means() -> None:
    one = version(1, variants=[{"key": "a", "payload": {"b": 1.0, "a": 2}}])
    state = version_state(one)

    assert state.variants is not None
    assert state.variants["a"].fields["payload"] == opaque({"a": 2, "b": 1})
