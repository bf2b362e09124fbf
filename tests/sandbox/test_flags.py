"""Experiments as flags: the whole JSON, and what the vendor's own engine makes of each part."""

from __future__ import annotations

from typing import Any

import pytest
from amplitude_experiment.evaluation.engine import EvaluationEngine
from amplitude_experiment.evaluation.types import EvaluationFlag

from expsync.sandbox.flags import flag_of
from expsync.sandbox.records import Experiment, Variant

SIGNED = {"createdBy": "a", "lastModifiedBy": "a", "createdAt": "t", "lastModifiedAt": "t"}
USER_ID, DEVICE_ID = ["context", "user", "user_id"], ["context", "user", "device_id"]


def experiment(**fields: Any) -> Experiment:
    """An enabled one that gives everyone, by user id, one of two equal arms."""
    return Experiment(
        **{
            "id": "1",
            "projectId": "1001",
            "key": "exp",
            "name": "exp",
            "enabled": True,
            "bucketingKey": "user_id",
            "bucketingSalt": "salt",
            "rolloutPercentage": 100,
            "variants": [Variant(key="control", rolloutWeight=1), Variant(key="treatment", rolloutWeight=1)],
            **SIGNED,
            **fields,
        }
    )


def flag(made: Experiment, users: Any = None, cohorts: Any = None) -> Any:
    return flag_of(made, users=users or {}, cohorts=cohorts or {})


def given(made: Any, **user: Any) -> str:
    """The key of the variant that the vendor's engine gives the user; empty where it gives none."""
    context = {"user": user.pop("user", user), **({"groups": user["groups"]} if "groups" in user else {})}
    found = EvaluationEngine().evaluate(context, [EvaluationFlag.from_dict(made)])
    return str(found["exp"].key) if found else ""


def test_a_flag_says_all_of_its_experiment() -> None:
    made = experiment(
        evaluationMode="local",
        bucketingKey="device_id",
        rolloutPercentage=12.5,
        variants=[
            Variant(key="control", rolloutWeight=1),
            Variant(
                key="green", name="Green", description="no SDK sees this", payload={"c": [1, None]}, rolloutWeight=3
            ),
            Variant(key="never", payload={}, rolloutWeight=0),
        ],
        targetSegments=[
            {
                "name": "US",
                "conditions": [
                    {"type": "property", "prop": "country", "op": "is", "values": ["United States"]},
                    {"type": "property", "prop": "gp:plan", "op": "set contains", "values": ["a", "b"]},
                ],
                "percentage": 40,
                "bucketingKey": "gp:team",
                "rolloutWeights": {"never": 2},
            }
        ],
    )
    assert flag_of(made, users={"green": ["ann"]}, cohorts={"green": ["c1"], "never": ["c2"]}, version=4) == {
        "key": "exp",
        "metadata": {
            "deployed": True,
            "evaluationMode": "local",
            "experimentKey": "exp-1",
            "flagType": "experiment",
            "flagVersion": 4,
        },
        "segments": [
            {
                "conditions": [
                    [{"selector": USER_ID, "op": "is", "values": ["ann"]}],
                    [{"selector": DEVICE_ID, "op": "is", "values": ["ann"]}],
                    [{"selector": ["context", "user", "cohort_ids"], "op": "set contains any", "values": ["c1"]}],
                ],
                "metadata": {"segmentName": "individual-inclusions"},
                "variant": "green",
            },
            {
                "conditions": [
                    [{"selector": ["context", "user", "cohort_ids"], "op": "set contains any", "values": ["c2"]}]
                ],
                "metadata": {"segmentName": "individual-inclusions"},
                "variant": "never",
            },
            {
                "conditions": [
                    [
                        {"selector": ["context", "user", "country"], "op": "is", "values": ["United States"]},
                        {
                            "selector": ["context", "user", "user_properties", "plan"],
                            "op": "set contains",
                            "values": ["a", "b"],
                        },
                    ]
                ],
                "bucket": {
                    "selector": ["context", "user", "user_properties", "team"],
                    "salt": "salt",
                    "allocations": [
                        {"range": [0, 40], "distributions": [{"variant": "never", "range": [0, 42949673]}]}
                    ],
                },
                "metadata": {"segmentName": "US"},
                "variant": "off",
            },
            {
                "bucket": {
                    "selector": DEVICE_ID,
                    "salt": "salt",
                    "allocations": [
                        {
                            "range": [0, 12.5],
                            "distributions": [
                                {"variant": "control", "range": [0, 10737419]},
                                {"variant": "green", "range": [10737418, 42949673]},
                            ],
                        }
                    ],
                },
                "metadata": {"segmentName": "All Other Users"},
                "variant": "off",
            },
        ],
        "variants": {
            "off": {"key": "off", "metadata": {"default": True}},
            "control": {"key": "control", "value": "control"},
            "green": {"key": "green", "value": "green", "payload": {"c": [1, None]}},
            "never": {"key": "never", "value": "never", "payload": {}},
        },
    }


@pytest.mark.parametrize("fields", [{"enabled": False}, {"archived": True}])
def test_what_is_not_served_gives_everyone_off_even_those_included(fields: dict[str, Any]) -> None:
    made = flag(experiment(**fields), users={"treatment": ["ann"]})
    assert made["segments"] == [{"metadata": {"segmentName": "default"}, "variant": "off"}]
    assert given(made, user_id="ann") == "off"


def test_the_first_variant_that_includes_a_user_wins_by_either_id() -> None:
    made = flag(experiment(rolloutPercentage=0), users={"treatment": ["ann"], "control": ["bob", "ann"]})
    assert given(made, user_id="ann") == "control"
    assert given(made, user_id="x", device_id="bob") == "control"
    assert given(made, user_id="x", device_id="y") == "off"


def test_amplitude_id_is_the_user_id_or_else_the_device_id() -> None:
    by_amplitude_id, by_user_id = flag(experiment(bucketingKey="amplitude_id")), flag(experiment())
    names = [f"user-{number}" for number in range(50)]
    arms = [given(by_user_id, user_id=name) for name in names]
    assert {*arms} == {"control", "treatment"}
    assert [given(by_amplitude_id, user_id=name, device_id="d") for name in names] == arms
    assert [given(by_amplitude_id, device_id=name) for name in names] == arms
    assert given(by_amplitude_id, country="US") == "off"


def test_a_segment_that_a_user_is_in_decides_even_where_it_gives_nothing() -> None:
    nobody: dict[str, Any] = {"name": "US", "percentage": 0, "rolloutWeights": {}}
    for key in ("amplitude_id", "user_id"):
        condition = {"type": "property", "prop": "country", "op": "is", "values": ["US"]}
        made = flag(experiment(bucketingKey=key, targetSegments=[{**nobody, "conditions": [condition]}]))
        assert given(made, user_id="u", country="US") == "off"
        assert given(made, user_id="u", country="DE") != "off"
    assert given(flag(experiment(targetSegments=[{**nobody, "conditions": []}])), user_id="u") == "off"


def test_a_group_is_drawn_by_its_name() -> None:
    made = flag(experiment(bucketingUnit="org name"))
    assert given(made, user={"user_id": "u"}, groups={"org name": {"group_name": "acme"}}) in {"control", "treatment"}
    assert given(made, user_id="u") == "off"


def test_weights_that_are_all_zero_or_missing_mean_an_even_split() -> None:
    variants = [Variant(key="a", rolloutWeight=0), Variant(key="b", rolloutWeight=None)]
    distributions = flag(experiment(variants=variants))["segments"][0]["bucket"]["allocations"][0]["distributions"]
    assert distributions == [{"variant": "a", "range": [0, 21474837]}, {"variant": "b", "range": [21474836, 42949673]}]


@pytest.mark.parametrize(
    ("op", "values", "met", "unmet"),
    [
        ("is", ["a", "b"], ["a", "b"], ["A", "c", None]),
        ("is", ["(none)"], [None], ["a"]),
        ("is not", ["a"], ["b", None], ["a"]),
        ("contains", ["ell"], ["Hello"], ["Hallo", None]),
        ("does not contain", ["ell"], ["Hallo", None], ["Hello"]),
        ("less", ["5"], ["4", "-1"], ["5", "6"]),
        ("less or equal", ["5"], ["5"], ["6"]),
        ("greater", ["5"], ["10"], ["5"]),
        ("greater or equal", ["5"], ["5", "10"], ["4"]),
        ("set is", ["a", "b"], [["b", "a"]], [["a"], None]),
        ("set is not", ["a", "b"], [["a"]], [["b", "a"]]),
        ("set contains", ["a", "b"], [["a", "b", "c"]], [["a", "c"]]),
        ("set does not contain", ["a", "b"], [["a", "c"]], [["a", "b", "c"]]),
        ("glob match", ["*@example.com", "v?.0"], ["a@example.com", "v2.0"], ["a@example.com.evil", "v10.0", "v2x0"]),
        ("glob match", ["[a](b)|{c}+$^\\/"], ["[a](b)|{c}+$^\\/"], ["a"]),
        ("glob does not match", ["*.com"], ["a.org", "a.com\n"], ["a.com", "a\nb.com"]),
    ],
)
def test_every_operator_means_what_it_says(op: str, values: list[str], met: list[Any], unmet: list[Any]) -> None:
    condition = {"type": "property", "prop": "gp:x", "op": op, "values": values}
    segment = {"name": "s", "conditions": [condition], "percentage": 100, "rolloutWeights": {"treatment": 1}}
    made = flag(experiment(rolloutPercentage=0, targetSegments=[segment]))

    def is_met(value: Any) -> bool:
        return given(made, user_id="u", user_properties={"x": value}) == "treatment"

    assert ([is_met(value) for value in met], [is_met(value) for value in unmet]) == (
        [True] * len(met),
        [False] * len(unmet),
    )


@pytest.mark.parametrize(
    ("condition", "inside", "outside"),
    [
        ({"type": "cohort", "prop": "userdata_cohort", "op": "in", "values": ["c1", 7]}, True, False),
        ({"type": "cohort", "prop": "userdata_cohort", "op": "not in", "values": ["c1"]}, False, True),
        ({"type": "event", "prop": "x", "op": "is", "values": ["(none)"]}, False, False),
        ({"prop": "country", "op": "is", "values": "US"}, False, False),
        ({"op": "is", "values": ["(none)"]}, False, False),
        ("US", False, False),
    ],
)
def test_cohorts_are_as_users_say_and_what_is_not_understood_is_met_by_nobody(
    condition: Any, inside: bool, outside: bool
) -> None:
    segment = {"name": "s", "conditions": [condition], "percentage": 100, "rolloutWeights": {"treatment": 1}}
    made = flag(experiment(rolloutPercentage=0, targetSegments=[segment]))
    assert (given(made, user_id="u", cohort_ids=["c1"]) == "treatment") is inside
    assert (given(made, user_id="u") == "treatment") is outside
