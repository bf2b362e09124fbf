"""What a plan rests on, in one short text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from expsync.core.fingerprint import fingerprint_of, observed_of
from expsync.core.normalize import conditions_leaf, leaf_of
from expsync.model.state import SegmentState, State, VariantState

CONTROL = VariantState(
    fields={"rolloutWeight": 1, "name": "", "description": "", "payload": leaf_of("payload", {"a": 1, "b": 2})},
    inclusions=frozenset({"ada", "bob"}),
    cohortInclusions=frozenset({"c1"}),
)
TREATMENT = VariantState(
    fields={"rolloutWeight": 1, "name": "T", "description": "", "payload": leaf_of("payload", None)}
)
SEGMENT = SegmentState(
    fields={"percentage": 10, "conditions": conditions_leaf([{"prop": "country", "op": "is", "values": ["US", "CA"]}])},
    rolloutWeights={"control": 1, "treatment": 2},
)
STATE = State(
    key="exp",
    id="7",
    fields={"name": "Name", "rolloutPercentage": 50, "exposureEvent": leaf_of("exposureEvent", {"event_type": "seen"})},
    variants={"control": CONTROL, "treatment": TREATMENT},
    targetSegments={"US": SEGMENT, "EU": SegmentState(fields={"percentage": 5})},
    tags=frozenset({"a", "b"}),
    deployments=frozenset({"101"}),
)
OBSERVED = [
    "deployments",
    "exposureEvent",
    "name",
    "rolloutPercentage",
    "tags",
    "targetSegments",
    "variants",
    "variants.control.cohortInclusions",
    "variants.control.inclusions",
    "variants.details",
]


def of(state: State | None, observed: list[str] | None = None) -> str:
    return fingerprint_of(state, OBSERVED if observed is None else observed, "exp")


def test_everything_that_is_known_is_observed() -> None:
    assert observed_of(STATE) == OBSERVED


def test_what_is_not_known_is_not_observed() -> None:
    assert observed_of(State(key="exp")) == []
    assert observed_of(replace(State(key="exp"), variants={}, tags=frozenset())) == ["tags", "variants"]
    assert observed_of(replace(STATE, variants={"control": CONTROL, "treatment": VariantState()}))[-1] == (
        "variants.control.inclusions"
    )


def test_what_is_not_there_is_observed_as_absent() -> None:
    assert observed_of(None) == ["absent"]
    assert fingerprint_of(None, ["absent"], "a") == fingerprint_of(None, [], "a")
    assert fingerprint_of(None, ["absent"], "a") != fingerprint_of(None, ["absent"], "b")
    assert of(None) != of(STATE)


def test_it_is_short_and_the_same_for_equal_states() -> None:
    assert len(of(STATE)) == len("sha256:") + 64
    assert of(STATE) == of(replace(STATE)) == fingerprint_of(STATE, reversed(OBSERVED), "exp")


def variant(**fields: Any) -> State:
    changed = replace(CONTROL, fields={**CONTROL.fields, **fields})
    return replace(STATE, variants={"control": changed, "treatment": TREATMENT})


def members(**sets: frozenset[str] | None) -> State:
    return replace(STATE, variants={"control": replace(CONTROL, **sets), "treatment": TREATMENT})


def segment(**parts: Any) -> State:
    return replace(
        STATE, targetSegments={"US": replace(SEGMENT, **parts), "EU": SegmentState(fields={"percentage": 5})}
    )


DIFFERENT = {
    "a field": replace(STATE, fields={**STATE.fields, "name": "Other"}),
    "a field that is gone": replace(STATE, fields={k: v for k, v in STATE.fields.items() if k != "name"}),
    "an event": replace(STATE, fields={**STATE.fields, "exposureEvent": leaf_of("exposureEvent", None)}),
    "a tag": replace(STATE, tags=frozenset({"a"})),
    "unknown tags": replace(STATE, tags=None),
    "a deployment": replace(STATE, deployments=frozenset()),
    "a weight": variant(rolloutWeight=2),
    "a payload": variant(payload=leaf_of("payload", {"a": 1})),
    "a name of a variant": variant(name="C"),
    "a user": members(inclusions=frozenset({"ada"})),
    "unknown users": members(inclusions=None),
    "a cohort": members(cohortInclusions=frozenset()),
    "a variant less": replace(STATE, variants={"control": CONTROL}),
    "another order of variants": replace(STATE, variants={"treatment": TREATMENT, "control": CONTROL}),
    "unknown variants": replace(STATE, variants=None),
    "a variant of another key": replace(STATE, variants={"base": CONTROL, "treatment": TREATMENT}),
    "a percentage": segment(fields={**SEGMENT.fields, "percentage": 11}),
    "a condition": segment(fields={**SEGMENT.fields, "conditions": conditions_leaf([])}),
    "a weight of a segment": segment(rolloutWeights={"control": 1}),
    "another order of segments": replace(STATE, targetSegments=dict(reversed((STATE.targetSegments or {}).items()))),
    "unknown segments": replace(STATE, targetSegments=None),
}


@pytest.mark.parametrize("what", DIFFERENT)
def test_any_difference_in_what_is_observed_shows(what: str) -> None:
    assert of(DIFFERENT[what]) != of(STATE)


SAME = {
    "the order of a payload": variant(payload=leaf_of("payload", {"b": 2.0, "a": 1})),
    "the order of values": segment(
        fields={
            "conditions": conditions_leaf(
                [{"type": "property", "prop": "country", "op": "is", "values": ["CA", "US"]}]
            ),
            "percentage": 10,
        }
    ),
    "what was not observed": replace(STATE, fields={**STATE.fields, "enabled": True}),
    "users of another": replace(
        STATE, variants={"control": CONTROL, "treatment": replace(TREATMENT, inclusions=frozenset({"x"}))}
    ),
    "another id": replace(STATE, id="8"),
}


@pytest.mark.parametrize("what", SAME)
def test_what_means_the_same_or_was_not_observed_does_not_show(what: str) -> None:
    assert of(SAME[what]) == of(STATE)


def test_what_was_unknown_and_is_asked_for_counts_as_nothing() -> None:
    assert of(
        STATE, ["variants.treatment.inclusions", "variants.gone.inclusions", "nothing.of.that.kind", "nothing"]
    ) == (
        of(
            State(key="exp"),
            ["variants.treatment.inclusions", "variants.gone.inclusions", "nothing.of.that.kind", "nothing"],
        )
    )
