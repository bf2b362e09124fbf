"""A declaration with other values: what changes, in which words, and what stays as it is."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from expsync.authoring.revise import revised
from expsync.authoring.terms import Revision, Terms
from expsync.core.normalize import live_state
from expsync.model.state import State
from expsync.model.workspace import Environment, Ownership
from expsync.wire.schema import WireExperiment, WireVariant

Raw = dict[str, Any]
TERMS = Terms(Environment(projectId="1", deployments={"web": "101", "www": "101", "ios": "102"}), Ownership())


def state(
    *,
    inclusions: dict[str, list[str]] | None = None,
    details: list[Raw] | None = None,
    archived: bool = False,
    **body: Any,
) -> State:
    """The state of a body with these fields."""
    wire = WireExperiment.model_validate({"id": "1", "projectId": "1", "key": "e", **body})
    variants = None if details is None else [WireVariant.model_validate(one) for one in details]
    return live_state(wire, archived=archived, whole=True, variants=variants, inclusions=inclusions)


def two(**weights: int) -> Raw:
    """Two variants with their weights, as a body has them."""
    return {"variants": [{"key": key} for key in weights], "rolloutWeights": weights}


def take(raw: Raw, wanted: State, terms: Terms = TERMS) -> Raw:
    """The revised form; the one that was given is as it was."""
    before = copy.deepcopy(raw)
    found = revised(raw, wanted, terms)
    assert raw == before
    return found.raw


FIELDS: dict[str, tuple[Raw, Raw, Raw]] = {
    "what differs": ({"name": "a"}, {"name": "b"}, {"name": "b"}),
    "what is left out stays out": ({}, {"name": "b", "tags": ["x"], "deployments": ["101"]}, {}),
    "what live does not tell stays": ({"bucketingSalt": "a"}, {}, {"bucketingSalt": "a"}),
    "another shape is no difference": (
        {"rolloutPercentage": 50}, {"rolloutPercentage": "50.0"}, {"rolloutPercentage": 50},
    ),
    "another text of one day": (
        {"startDate": "2026-02-01"}, {"startDate": "2026-02-01T00:00:00Z"}, {"startDate": "2026-02-01"},
    ),
    "another instant": (
        {"startDate": "2026-02-01"}, {"startDate": "2026-02-02T10:00:00Z"}, {"startDate": "2026-02-02T10:00:00Z"},
    ),
    "an instant without a zone is in UTC": (
        {"endDate": "2026-02-01"}, {"endDate": "2026-02-02T10:00:00"}, {"endDate": "2026-02-02T10:00:00.000Z"},
    ),
    "a null": ({"endDate": "2026-02-01"}, {"endDate": None}, {"endDate": None}),
    "a null that no file can say": ({"bucketingUnit": "User"}, {"bucketingUnit": None}, {"bucketingUnit": "User"}),
    "an event": (
        {"exposureEvent": {"event_type": "a"}}, {"exposureEvent": {"event_type": "b", "filters": []}},
        {"exposureEvent": {"event_type": "b"}},
    ),
    "an event in the place of none says its filters": (
        {"exposureEvent": None}, {"exposureEvent": {"event_type": "b", "filters": []}},
        {"exposureEvent": {"event_type": "b", "filters": []}},
    ),
    "tags keep their order, new ones follow": (
        {"tags": ["z", "b", "a"]}, {"tags": ["a", "d", "c", "z"]}, {"tags": ["z", "a", "c", "d"]},
    ),
    "own tags are neither taken nor taken out": (
        {"tags": ["managed-by-expsync", "a"]}, {"tags": ["a", "b", "protected-by-expsync"]},
        {"tags": ["managed-by-expsync", "a", "b"]},
    ),
    "deployments keep their words, new ones have aliases": (
        {"deployments": ["www", "7"]}, {"deployments": ["101", "102", 8]}, {"deployments": ["www", "ios", "8"]},
    ),
    "a list that is emptied": ({"tags": ["a"]}, {"tags": []}, {"tags": []}),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "body", "after"), FIELDS.values(), ids=FIELDS)
def test_fields_are_taken(raw: Raw, body: Raw, after: Raw) -> None:
    assert take(raw, state(**body)) == after


def test_an_experiment_that_is_archived_while_enabled_can_only_leave_out_that_it_is() -> None:
    found = revised({"enabled": True, "archived": False}, state(enabled=True, archived=True), TERMS)
    note = "`enabled` is left out now: a file can't say that an archived experiment is enabled"
    assert found == Revision({"archived": True}, {}, (note,))


def test_held_paths_and_ignored_ones_stay() -> None:
    terms = Terms(
        TERMS.environment, TERMS.ownership, ("rolloutPercentage", "tags.x"), frozenset({("name",), ("tags", "y")})
    )
    raw = {"name": "a", "description": "a", "rolloutPercentage": 1, "tags": ["x", "a"]}
    wanted = state(name="b", description="b", rolloutPercentage=2, tags=["b", "y"])
    assert take(raw, wanted, terms) == {"name": "a", "description": "b", "rolloutPercentage": 1, "tags": ["x", "b"]}


def test_a_segment_that_is_left_to_people_stays_where_it_is_in_the_file() -> None:
    terms = Terms(TERMS.environment, TERMS.ownership, ("targetSegments.mine*",))
    held = [{"name": "mine"}, {"name": "a"}, {"name": "mine-2"}, {"name": "b"}]
    wanted = state(**segments_of({"name": "b"}, {"name": "mine-3"}, {"name": "a"}))
    taken = take({"targetSegments": held}, wanted, terms)["targetSegments"]
    assert [segment["name"] for segment in taken] == ["mine", "b", "a", "mine-2"]


VARIANTS: dict[str, tuple[list[Raw], Raw, list[Raw]]] = {
    "declared fields alone": (
        [{"key": "c", "rolloutWeight": 1}, {"key": "t", "name": "x"}], two(c=3, t=4),
        [{"key": "c", "rolloutWeight": 3}, {"key": "t", "name": "T"}],
    ),
    "one that is gone": (
        [{"key": "c"}, {"key": "x", "name": "x"}, {"key": "t"}], two(c=1, t=1), [{"key": "c"}, {"key": "t"}],
    ),
    "a new one, where it stands": (
        [{"key": "c"}, {"key": "z"}], two(c=1, t=2, z=1),
        [{"key": "c"}, {"key": "t", "name": "T", "payload": {"a": 1}, "rolloutWeight": 2}, {"key": "z"}],
    ),
    "the file's own order": ([{"key": "t"}, {"key": "c"}], two(c=1, t=1), [{"key": "t"}, {"key": "c"}]),
    "a payload that is JSON in a text": (
        [{"key": "s", "payload": {"a": 1}}, {"key": "c"}], two(s=1, c=1),
        [{"key": "s", "payload": {"a": 2}}, {"key": "c"}],
    ),
    "a payload that was a text stays one": (
        [{"key": "s", "payload": "x"}, {"key": "c"}], two(s=1, c=1),
        [{"key": "s", "payload": '{"a": 2}'}, {"key": "c"}],
    ),
    "no payload in another word": ([{"key": "c", "payload": {}}], two(c=1), [{"key": "c", "payload": {}}]),
    "a former key that another has now": (
        [{"key": "c", "renamedFrom": "z"}], two(c=1, z=1), [{"key": "c"}, {"key": "z", "rolloutWeight": 1}],
    ),
}  # fmt: skip
DETAILS = [
    {"key": "c", "name": "", "description": "", "payload": None},
    {"key": "t", "name": "T", "description": "", "payload": {"a": 1}},
    {"key": "s", "name": "", "description": "", "payload": '{"a": 2}'},
    {"key": "z", "name": "", "description": "", "payload": {}},
]


@pytest.mark.parametrize(("held", "body", "after"), VARIANTS.values(), ids=VARIANTS)
def test_variants_are_taken(held: list[Raw], body: Raw, after: list[Raw]) -> None:
    assert take({"variants": held}, state(details=DETAILS, **body)) == {"variants": after}


def test_users_keep_their_order_and_a_file_of_users_is_told_of() -> None:
    terms = Terms(TERMS.environment, TERMS.ownership, users={"t": frozenset({"a"}), "z": frozenset({"f"})})
    held = [
        {"key": "c", "inclusions": ["z", "b", "a"]},
        {"key": "t", "inclusions": {"file": "u.txt"}},
        {"key": "z", "inclusions": {"file": "z.txt"}},
    ]
    users = {"c": ["a", "z", "n", "m"], "t": ["a", "b"], "z": ["f"]}
    found = revised({"variants": held}, state(inclusions=users, **two(c=1, t=1, z=1)), terms)
    assert found.raw["variants"] == [{"key": "c", "inclusions": ["z", "a", "m", "n"]}, held[1], held[2]]
    assert found.users == {"t": frozenset({"a", "b"})}


def test_a_bandit_s_weights_are_nobody_s_change_unless_it_becomes_one_or_is_one_no_more() -> None:
    held = {
        "variants": [{"key": "c", "rolloutWeight": 1}],
        "targetSegments": [{"name": "s", "rolloutWeights": {"c": 1}}],
    }
    segments = [{"name": "s", "conditions": [], "rolloutWeights": {"c": 9}}]
    bandit = state(experimentType="multi-arm-bandit", targetSegments=segments, **two(c=9))
    assert take(held, bandit) == held
    once = take({**held, "experimentType": "multi-arm-bandit"}, state(experimentType="a-b-test", **two(c=9)))
    assert once["variants"] == [{"key": "c", "rolloutWeight": 9}]


def segments_of(*segments: Raw) -> Raw:
    whole = [{"conditions": [], **one} for one in segments]
    return {"targetSegments": whole, **two(c=1, t=1)}


COHORT = {"type": "cohort", "prop": "x", "op": "is", "values": ["1"]}
CONDITION = {"prop": "country", "op": "is", "values": ["a", "b"]}
SEGMENTS: dict[str, tuple[list[Raw], Raw, list[Raw]]] = {
    "declared fields alone": (
        [{"name": "s", "percentage": 1}], segments_of({"name": "s", "percentage": 2, "bucketingKey": "k"}),
        [{"name": "s", "percentage": 2}],
    ),
    "live order, new ones whole": (
        [{"name": "a"}, {"name": "b"}],
        segments_of({"name": "b"}, {"name": "n", "percentage": 5, "rolloutWeights": {"t": 1}}, {"name": "a"}),
        [
            {"name": "b"},
            {"name": "n", "percentage": 5, "rolloutWeights": {"c": 0, "t": 1}, "conditions": []},
            {"name": "a"},
        ],
    ),
    "one that is gone": ([{"name": "a"}], segments_of(), []),
    "a key that live has not": ([{"name": "a", "bucketingKey": "k"}], segments_of({"name": "a"}), [{"name": "a"}]),
    "weights": (
        [{"name": "a", "rolloutWeights": {"t": 1, "c": 0}}], segments_of({"name": "a", "rolloutWeights": {"c": 2}}),
        [{"name": "a", "rolloutWeights": {"t": 0, "c": 2}}],
    ),
    "no weight of a variant that is gone": (
        [{"name": "a", "rolloutWeights": {"gone": 1, "c": 1}}], segments_of({"name": "a", "rolloutWeights": {"c": 1}}),
        [{"name": "a", "rolloutWeights": {"c": 1}}],
    ),
    "conditions that mean the same": (
        [{"name": "a", "conditions": [{"prop": "p", "op": "is", "values": ["1"]}, CONDITION]}],
        segments_of({"name": "a", "conditions": [
            {**CONDITION, "type": "property", "values": ["b", "a"]},
            {"type": "property", "prop": "p", "op": "is", "values": ["1"]},
        ]}),
        [{"name": "a", "conditions": [{"prop": "p", "op": "is", "values": ["1"]}, CONDITION]}],
    ),
    "conditions in the file's order and words": (
        [{"name": "a", "conditions": [
            {"type": "property", "prop": "p", "op": "is", "values": ["1"]},
            {"prop": "q", "op": "is", "values": ["1"]},
            CONDITION,
        ]}],
        segments_of({"name": "a", "conditions": [
            {"type": "property", "prop": "country", "op": "is", "values": ["c", "b"]},
            {"type": "property", "prop": "n", "op": "is", "values": ["1"]},
            {"type": "property", "prop": "p", "op": "is", "values": ["1"]},
        ]}),
        [{"name": "a", "conditions": [
            {"type": "property", "prop": "p", "op": "is", "values": ["1"]},
            {"prop": "country", "op": "is", "values": ["b", "c"]},
            {"prop": "n", "op": "is", "values": ["1"]},
        ]}],
    ),
    "one with a cohort, and all the others with it": (
        [{"name": "a", "percentage": 1}],
        segments_of({"name": "a", "percentage": 2}, {"name": "b", "conditions": [COHORT]}),
        [{"name": "a", "percentage": 1}],
    ),
    "a shield is not": ([{"name": "a"}], segments_of({"name": "a"}, {"name": "expsync-shield"}), [{"name": "a"}]),
}  # fmt: skip


@pytest.mark.parametrize(("held", "body", "after"), SEGMENTS.values(), ids=SEGMENTS)
def test_segments_are_taken(held: list[Raw], body: Raw, after: list[Raw]) -> None:
    assert take({"targetSegments": held}, state(**body)) == {"targetSegments": after}


def back(raw: Raw, then: State, now: State) -> Raw:
    return take(raw, then, Terms(TERMS.environment, TERMS.ownership, since=now))


BACK: dict[str, tuple[Raw, Raw, Raw, Raw]] = {
    "a declared field": ({"name": "b"}, {"name": "a"}, {"name": "c"}, {"name": "a"}),
    "one that was left out and differs": (
        {}, {"name": "a", "enabled": True}, {"name": "c", "enabled": True}, {"name": "a"},
    ),
    "one that live does not tell": ({}, {"bucketingSalt": "a"}, {}, {"bucketingSalt": "a"}),
    "what the version does not know": ({"name": "b"}, {}, {"name": "c"}, {"name": "b"}),
    "deployments": ({}, {"deployments": ["101", "7"]}, {"deployments": ["102"]}, {"deployments": ["www", "7"]}),
    "deployments that are the same": ({}, {"deployments": ["101"]}, {"deployments": ["101"]}, {}),
    "variants that came and went": (
        {}, two(c=1, z=2), two(c=1, t=1),
        {"variants": [{"key": "c", "rolloutWeight": 1}, {"key": "z", "rolloutWeight": 2}]},
    ),
    "variants in another order alone": ({}, two(c=1, z=2), two(z=2, c=1), {}),
    "a weight that was left out": (
        {"variants": [{"key": "c"}, {"key": "t"}]}, two(c=1, t=2), two(c=1, t=1),
        {"variants": [{"key": "c"}, {"key": "t", "rolloutWeight": 2}]},
    ),
    "a variant anew goes to the end": (
        {"variants": [{"key": "c"}, {"key": "t"}]}, two(z=1, c=1, t=1), two(c=1, t=1),
        {"variants": [{"key": "c"}, {"key": "t"}, {"key": "z", "rolloutWeight": 1}]},
    ),
    "segments": (
        {}, segments_of({"name": "a", "percentage": 1, "bucketingKey": "k"}), segments_of({"name": "b"}),
        {"targetSegments": [{"name": "a", "percentage": 1, "bucketingKey": "k", "conditions": []}]},
    ),
    "segments that are the same": ({}, segments_of({"name": "a"}), segments_of({"name": "a"}), {}),
    "a segment's field that was left out": (
        {"targetSegments": [{"name": "a"}]},
        segments_of({"name": "a", "percentage": 1, "rolloutWeights": {"c": 1}}),
        segments_of({"name": "a", "percentage": 2, "rolloutWeights": {"t": 1}}),
        {"targetSegments": [{"name": "a", "percentage": 1, "rolloutWeights": {"c": 1, "t": 0}}]},
    ),
    "segments of which one has a cohort now": (
        {"targetSegments": [{"name": "a", "percentage": 3}]}, segments_of({"name": "a", "percentage": 1}),
        segments_of({"name": "a", "conditions": [COHORT]}),
        {"targetSegments": [{"name": "a", "percentage": 3}]},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "then", "now", "after"), BACK.values(), ids=BACK)
def test_the_way_back_declares_what_else_would_stay(raw: Raw, then: Raw, now: Raw, after: Raw) -> None:
    assert back(raw, state(**then), state(**now)) == after
