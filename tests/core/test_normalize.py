"""Differences of shape that are none: what servers were seen to vary, and where the line is."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from expsync.core.normalize import (
    conditions_leaf,
    instant_text,
    leaf_of,
    live_state,
    moment,
    positive_weights,
    same,
)
from expsync.model.state import State, opaque
from expsync.wire.schema import WireExperiment, WireVariant

NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)


def live(archived: bool | None = False, **body: Any) -> State:
    return live_state(WireExperiment.model_validate({"id": "1", "key": "a", **body}), archived=archived)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-02-01", date(2026, 2, 1)),
        ("2026-02-01T12:00:00Z", NOON),
        ("2026-02-01T13:00:00+01:00", NOON),
        ("2026-02-01T12:00:00", NOON),
        ("2026-02-30", None),
        ("soon", None),
    ],
)
def test_a_date_is_a_day_or_an_instant(text: str, meant: object) -> None:
    assert moment(text) == meant


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-02-01", "2026-02-01T00:00:00.000Z"),
        ("2026-02-01T13:00:00.123456+01:00", "2026-02-01T12:00:00.123Z"),
        ("soon", "soon"),
    ],
)
def test_dates_are_written_as_instants(text: str, written: str) -> None:
    assert instant_text(text) == written


@pytest.mark.parametrize(
    ("wanted", "found", "equal"),
    [
        ("2026-02-01", "2026-02-01T00:00:00.000Z", True),
        ("2026-02-01T12:00:00Z", "2026-02-01", True),
        ("2026-02-01T12:00:00.0009Z", "2026-02-01T12:00:00Z", True),
        ("2026-02-01T12:00:00Z", "2026-02-01T12:00:01Z", False),
        ("2026-02-01", "2026-02-02", False),
        ("2026-02-01", None, False),
        (None, "2026-02-01", False),
        ("2026-02-01", "someday", False),
        ("someday", "someday", True),
    ],
)
def test_dates_are_compared_as_exactly_as_the_coarser_one(wanted: str | None, found: str | None, equal: bool) -> None:
    assert same("startDate", wanted, found) == equal


@pytest.mark.parametrize(
    ("wanted", "found", "equal"),
    [
        (None, {}, True),
        ({}, None, True),
        ({"a": 1}, {"a": 1.0}, True),
        (1, True, False),
        ({"a": 1}, '{"a": 1.0}', True),
        ({"a": 1}, '{"a": 2}', False),
        ({"a": 1}, "no json", False),
        ({"a": 1}, "[" * 100_000, False),
        ("1", 1, False),
        ([], None, False),
        ("text", "text", True),
    ],
)
def test_payloads_mean_the_same_in_some_shapes(wanted: Any, found: Any, equal: bool) -> None:
    assert same("payload", opaque(wanted), opaque(found)) == equal


def test_conditions_are_a_set_of_sets() -> None:
    one = {"prop": "country", "op": "is", "values": ["a", "b"]}
    other = {"type": "property", "prop": "plan", "op": "is not", "values": ["x"]}
    assert conditions_leaf([one, other]) == conditions_leaf([other, {**one, "values": ["b", "a", "a"], "xNew": 1}])
    assert conditions_leaf([one]) != conditions_leaf([{**one, "op": "is not"}])
    assert conditions_leaf([one]) != conditions_leaf([{**one, "type": "cohort"}])
    assert conditions_leaf([{"type": "cohort", "id": 1}]).value == [{"type": "cohort", "id": 1}]


def test_weights_that_are_zero_count_as_missing() -> None:
    assert positive_weights({"a": 0, "b": 2.0, "c": None, "d": 0.5}) == {"b": 2, "d": 0.5}


@pytest.mark.parametrize(
    ("name", "value", "leaf"), [("description", None, ""), ("decision", "", None), ("name", "x", "x")]
)
def test_null_and_empty_texts_are_one(name: str, value: Any, leaf: Any) -> None:
    assert leaf_of(name, value) == leaf


def test_an_exposure_event_is_compared_by_the_fields_that_the_documents_name() -> None:
    bare = leaf_of("exposureEvent", {"event_type": "seen"})
    assert bare == leaf_of("exposureEvent", {"event_type": "seen", "filters": None, "xNew": 1})
    assert bare == leaf_of("exposureEvent", {"event_type": "seen", "filters": ["odd"]})
    assert leaf_of("exposureEvent", "odd") is None


def test_what_no_body_carries_stays_unknown() -> None:
    state = live(archived=None)
    assert (state.fields, state.variants, state.targetSegments, state.tags, state.deployments) == (
        {},
        None,
        None,
        None,
        None,
    )


def test_the_list_tells_of_archiving_and_the_body_where_it_does_not() -> None:
    assert live(archived=True).fields == {"archived": True}
    assert live(archived=None, archived_=1).fields == {}
    assert live_state(WireExperiment(id="1", key="a", archived=True), archived=None).fields == {"archived": True}


def test_variants_come_from_their_own_list_where_the_body_has_none() -> None:
    wire = WireExperiment.model_validate({"id": "1", "key": "a"})
    details = [WireVariant.model_validate({"key": "b", "name": "B", "rolloutWeight": "2"})]
    state = live_state(wire, archived=False, variants=details)
    assert state.variants is not None
    assert state.variants["b"].fields == {"name": "B", "description": "", "payload": opaque(None), "rolloutWeight": 2}


def test_a_weight_may_stand_with_its_variant_or_nowhere() -> None:
    state = live(variants=[{"key": "a", "rolloutWeight": 1.0}, {"key": "b"}])
    assert state.variants is not None
    assert [dict(variant.fields) for variant in state.variants.values()] == [{"rolloutWeight": 1}, {}]


def test_segments_without_a_name_of_their_own_are_told_apart_and_keep_it() -> None:
    segments = [{"name": "US"}, {"name": "US"}, {"percentage": 5}, {"name": ""}]
    state = live(targetSegments=segments)
    assert state.targetSegments is not None
    assert {name: segment.title for name, segment in state.targetSegments.items()} == {
        "US": None,
        "US (again)": "US",
        "segment 3": None,
        "segment 4": "",
    }


def test_a_segments_weight_that_outlived_its_variant_is_nothing() -> None:
    segment = {"name": "s", "rolloutWeights": {"control": 1, "gone": 3}}
    known = live(variants=[{"key": "control"}], targetSegments=[segment]).targetSegments
    unknown = live(targetSegments=[segment]).targetSegments
    assert known is not None
    assert unknown is not None
    assert known["s"].rolloutWeights == {"control": 1}
    assert unknown["s"].rolloutWeights == {"control": 1, "gone": 3}
