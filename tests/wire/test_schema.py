"""What the models accept, and what they make of it."""

from __future__ import annotations

import json

import pytest
from pydantic import JsonValue, ValidationError

from expsync.wire.replies import parse_experiment, parse_page, parse_version, parse_versions
from expsync.wire.schema import WireDeployment, WireExperiment, WireSegment, WireVariant

DOCUMENTED: dict[str, JsonValue] = {
    "id": 183980,
    "projectId": 2002,
    "deployments": [9301],
    "key": "experiment-key",
    "name": "experiment-name",
    "decision": None,
    "decisionReason": None,
    "description": "description",
    "enabled": True,
    "evaluationMode": "remote",
    "bucketingKey": "amplitude_id",
    "bucketingSalt": "28fWNw1M",
    "bucketingUnit": "User",
    "variants": [{"key": "control"}, {"key": "treatment"}],
    "rolledOutVariant": None,
    "rolloutPercentage": 10,
    "rolloutWeights": {"control": 1, "treatment": 1},
    "targetSegments": [
        {
            "name": "Segment 1",
            "conditions": [{"prop": "device_id", "op": "is", "type": "property", "values": ["(none)"]}],
            "percentage": 50,
            "bucketingKey": "amplitude_id",
            "rolloutWeights": {"control": 1, "treatment": 1},
        }
    ],
    "parentDependencies": {"flags": {"12345": ["slot-1"]}, "operator": "all"},
    "stickyBucketing": False,
    "state": "planning",
    "startDate": None,
    "endDate": None,
    "experimentType": "a-b-test",
    "createdBy": "abc@example.com",
    "lastModifiedBy": "abc@example.com",
    "createdAt": "2022-09-09T15:29:47.940Z",
    "lastModifiedAt": "2023-01-25T11:43:41.073Z",
}
EXPECTED: dict[str, JsonValue] = {**DOCUMENTED, "id": "183980", "projectId": "2002", "deployments": ["9301"]}


def read(**fields: JsonValue) -> WireExperiment:
    return parse_experiment({"id": "1", "key": "a", **fields})


def test_the_documented_body_is_read_whole_with_ids_as_text() -> None:
    assert parse_experiment(DOCUMENTED).model_dump(exclude_unset=True) == EXPECTED


def test_a_body_with_id_and_key_alone_carries_nothing_else() -> None:
    assert read().model_fields_set == {"id", "key"}


def test_unknown_fields_are_kept_at_every_level() -> None:
    found = read(
        future={"deep": [1]},
        variants=[{"key": "control", "colour": "blue"}],
        targetSegments=[{"conditions": [{"prop": "p", "negated": True}], "weight": 2}],
    )
    assert found.model_dump(exclude_unset=True) == {
        "id": "1",
        "key": "a",
        "future": {"deep": [1]},
        "variants": [{"key": "control", "colour": "blue"}],
        "targetSegments": [{"conditions": [{"prop": "p", "negated": True}], "weight": 2}],
    }


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (50, 50),
        (50.0, 50.0),
        (12.5, 12.5),
        ("50", 50),
        ("12.5", 12.5),
        (" 50 ", 50),
        ("5e1", 50.0),
        (None, None),
    ],
)
def test_a_number_may_be_a_text(given: JsonValue, meant: float | None) -> None:
    found = read(rolloutPercentage=given).rolloutPercentage
    assert found == meant
    assert type(found) is type(meant)


def test_weights_may_be_texts() -> None:
    assert read(rolloutWeights={"a": "1", "b": 2.5}).rolloutWeights == {"a": 1, "b": 2.5}


@pytest.mark.parametrize("field", ["variants", "targetSegments", "deployments", "tags"])
def test_null_for_a_list_is_an_empty_list_that_the_body_carries(field: str) -> None:
    found = read(**{field: None})
    assert getattr(found, field) == []
    assert found.carries(field)


def test_null_for_weights_is_no_weights() -> None:
    assert read(rolloutWeights=None).rolloutWeights == {}


@pytest.mark.parametrize("field", ["name", "description"])
def test_null_for_a_describing_text_is_an_empty_text(field: str) -> None:
    assert getattr(read(**{field: None}), field) == ""


@pytest.mark.parametrize(
    "field",
    ["enabled", "archived", "deleted", "rolloutPercentage", "bucketingSalt", "startDate", "exposureEvent", "decision"],
)
def test_null_for_anything_else_is_none_and_is_carried(field: str) -> None:
    found = read(**{field: None})
    assert getattr(found, field) is None
    assert found.carries(field)
    assert not read().carries(field)


@pytest.mark.parametrize("date", ["2024-02-22", "2024-02-22T10:00:00.000Z", "2024-02-22T10:00:00+02:00"])
def test_dates_stay_the_text_they_are(date: str) -> None:
    assert read(startDate=date).startDate == date


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ([{"key": "a"}], [WireVariant(key="a")]),
        (["a", "b"], [WireVariant(key="a"), WireVariant(key="b")]),
        (
            [{"key": "a", "name": None, "payload": [None, {"x": 1}], "description": "d", "rolloutWeight": "3"}],
            [WireVariant(key="a", name="", payload=[None, {"x": 1}], description="d", rolloutWeight=3)],
        ),
        ([{"key": "a", "payload": None}], [WireVariant(key="a", payload=None)]),
    ],
)
def test_variants_are_bare_keys_or_whole(given: JsonValue, meant: list[WireVariant]) -> None:
    assert read(variants=given).variants == meant


def test_a_null_payload_is_told_from_no_payload() -> None:
    bare, null = read(variants=[{"key": "a"}, {"key": "b", "payload": None}]).variants
    assert (bare.carries("payload"), null.carries("payload")) == (False, True)


def test_an_older_segment_needs_nothing() -> None:
    segment = read(targetSegments=[{}]).targetSegments[0]
    assert segment == WireSegment()
    assert (segment.name, segment.percentage, segment.rolloutWeights, segment.conditions) == (None, None, None, [])


def test_nulls_in_a_segment_are_nothing() -> None:
    segment = read(
        targetSegments=[
            {"name": None, "conditions": None, "percentage": None, "bucketingKey": None, "rolloutWeights": None}
        ]
    ).targetSegments[0]
    assert (segment.name, segment.percentage, segment.rolloutWeights, segment.conditions) == (None, None, None, [])


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (["US", 5, 2.5], ["US", "5", "2.5"]),
        (["US", True, None], ["US", "true", "null"]),
        ([{"id": 7}], ['{"id":7}']),
        ("US", ["US"]),
        (5, ["5"]),
        (None, []),
    ],
)
def test_the_values_of_a_condition_are_texts(given: JsonValue, meant: list[str]) -> None:
    found = read(targetSegments=[{"conditions": [{"type": "cohort", "values": given}]}])
    condition = found.targetSegments[0].conditions[0]
    assert (condition.type, condition.values) == ("cohort", meant)


@pytest.mark.parametrize(
    ("given", "meant"),
    [("a@example.com", "a@example.com"), (77, "77"), (None, None), ({"id": 7}, '{"id":7}'), (True, "true")],
)
def test_who_and_when_are_texts_whatever_came(given: JsonValue, meant: str | None) -> None:
    found = read(createdBy=given, lastModifiedBy=given, createdAt=given, lastModifiedAt=given)
    assert [found.createdBy, found.lastModifiedBy, found.createdAt, found.lastModifiedAt] == [meant] * 4


@pytest.mark.parametrize(("given", "meant"), [("abc", "abc"), (7, "7"), (None, None), ("", "")])
def test_a_cursor_is_a_number_or_a_text(given: JsonValue, meant: str | None) -> None:
    assert parse_page({"experiments": [], "nextCursor": given}).nextCursor == meant


def test_a_page_without_a_cursor_is_the_last() -> None:
    assert parse_page({"experiments": []}).nextCursor is None


def test_versions_hold_the_experiment_that_was() -> None:
    body: JsonValue = {
        "version": "3",
        "createdAt": "2023-07-29T03:30:18.427Z",
        "createdBy": 5,
        "flagConfig": DOCUMENTED,
    }
    version = parse_version(body)
    assert parse_versions([body]) == [version]
    assert (version.version, version.createdBy) == (3, "5")
    assert version.flagConfig.model_dump(exclude_unset=True) == EXPECTED


def test_versions_keep_the_configuration_to_the_letter() -> None:
    config: JsonValue = {"id": 7, "name": None, "deployments": None, "rolloutPercentage": 50.0, "next": [{"a": 1.0}]}
    version = parse_version({"version": 1, "flagConfig": config, "givenConfig": "another's"})
    assert json.dumps(version.givenConfig) == json.dumps(config)
    assert (version.flagConfig.id, version.flagConfig.deployments) == ("7", [])


def test_models_are_frozen() -> None:
    with pytest.raises(ValidationError):
        read().key = "b"  # type: ignore[misc]


def test_a_deployment_has_its_ids_as_text() -> None:
    body = b'{"id": 1, "projectId": 2, "label": "web", "key": "client-x", "deleted": false}'
    assert WireDeployment.model_validate_json(body) == WireDeployment(
        id="1", projectId="2", label="web", key="client-x", deleted=False
    )
