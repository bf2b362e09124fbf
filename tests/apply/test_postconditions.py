"""Whether a call has been done, asked of what is live."""

from __future__ import annotations

from typing import Any

import pytest

from expsync.apply.postconditions import holds, recipe_of
from expsync.core.normalize import conditions_leaf, leaf_of
from expsync.model.plan import Operation
from expsync.model.reads import Recipe
from expsync.model.state import SegmentState, State, VariantState
from expsync.wire.endpoints import BY_NAME

CONDITIONS: list[Any] = [{"type": "property", "prop": "country", "op": "is", "values": ["US", "CA"]}]
LIVE = State(
    key="exp",
    id="7",
    fields={
        "name": "Name",
        "enabled": True,
        "archived": False,
        "rolloutPercentage": 50,
        "startDate": "2026-02-01",
        "endDate": None,
    },
    variants={
        "control": VariantState(fields={"rolloutWeight": 1}, inclusions=frozenset()),
        "treatment": VariantState(
            fields={"rolloutWeight": 2, "name": "T", "description": "", "payload": leaf_of("payload", {"a": 1})},
            inclusions=frozenset({"ada", "bob"}),
            cohortInclusions=frozenset({"c1"}),
        ),
    },
    targetSegments={
        "US": SegmentState(
            fields={"percentage": 10, "conditions": conditions_leaf(CONDITIONS)}, rolloutWeights={"control": 1}
        )
    },
    tags=frozenset({"a", "b"}),
    deployments=frozenset({"101"}),
)
UNKNOWN = State(key="exp", id="7")
SEGMENT: dict[str, Any] = {
    "name": "US",
    "percentage": 10,
    "conditions": CONDITIONS,
    "rolloutWeights": {"control": 1, "treatment": 0},
}


def call(op: str, body: Any = None, **values: str) -> Operation:
    endpoint = BY_NAME[op]
    return Operation(
        op=op, method=endpoint.method, path=endpoint.path(**{"id": "7", **values}), body=body, reason="because"
    )


def edit(**body: Any) -> Operation:
    return call("editExperiment", body)


def of_variant(op: str, body: Any = None, variant: str = "treatment") -> Operation:
    return call(op, body, variant=variant)


@pytest.mark.parametrize(
    ("operation", "done"),
    [
        (edit(name="Name"), True),
        (edit(name="Other"), False),
        (edit(name="Name", enabled=False), False),
        (edit(startDate="2026-02-01T00:00:00.000Z", endDate=None, rolloutPercentage=50.0), True),
        (edit(exposureEvent=None), False),
        (edit(archive=False), True),
        (edit(archive=True), False),
        (edit(tags=["b", "a"]), True),
        (edit(tags=["a"]), False),
        (edit(targetSegments=[SEGMENT]), True),
        (edit(targetSegments=[{**SEGMENT, "percentage": 20}]), False),
        (edit(targetSegments=[SEGMENT, {**SEGMENT, "name": "EU"}]), False),
        (edit(targetSegments=[]), False),
        (edit(targetSegments=None), False),
        (call("createVariant", {"key": "treatment"}), True),
        (call("createVariant", {"key": "third"}), False),
        (of_variant("editVariant", {"rolloutWeight": 2.0, "payload": {"a": 1}}), True),
        (of_variant("editVariant", {"rolloutWeight": 3}), False),
        (of_variant("editVariant", {"name": "T"}, "control"), False),
        (of_variant("editVariant", {"name": "T"}, "third"), False),
        (of_variant("editVariant", {"key": "treatment", "rolloutWeight": 2}, "green"), True),
        (of_variant("editVariant", {"key": "green", "rolloutWeight": 2}), False),
        (of_variant("editVariant", {"key": "treatment"}, "control"), False),
        (of_variant("removeVariant", None, "third"), True),
        (of_variant("removeVariant"), False),
        (of_variant("addUsers", {"inclusions": ["ada"]}), True),
        (of_variant("addUsers", {"inclusions": ["ada", "cyd"]}), False),
        (of_variant("addUsers", {"inclusions": ["ada"]}, "third"), False),
        (of_variant("bulkRemoveUsers", {"users": ["cyd"]}), True),
        (of_variant("bulkRemoveUsers", {"users": ["cyd", "ada"]}), False),
        (of_variant("removeAllUsers", None, "control"), True),
        (of_variant("removeAllUsers"), False),
        (of_variant("addCohorts", {"inclusions": ["c1"]}), True),
        (of_variant("addCohorts", {"inclusions": ["c2"]}), False),
        (of_variant("addCohorts", {"inclusions": ["c1"]}, "control"), False),
        (of_variant("bulkRemoveCohorts", {"users": ["c2"]}), True),
        (of_variant("bulkRemoveCohorts", {"users": ["c1"]}), False),
        (call("addDeployments", {"deployments": ["101"]}), True),
        (call("addDeployments", {"deployments": ["101", "102"]}), False),
        (call("removeDeployment", deployment="102"), True),
        (call("removeDeployment", deployment="101"), False),
    ],
    ids=lambda value: f"{value.op} {value.body}" if isinstance(value, Operation) else None,
)
def test_a_call_has_been_done_if_what_it_asks_for_is_so(operation: Operation, done: bool) -> None:
    assert holds(operation, LIVE) is done


@pytest.mark.parametrize(
    "operation",
    [
        edit(name="Name"),
        edit(tags=[]),
        edit(archive=True),
        edit(archive=False),
        edit(targetSegments=[]),
        call("addDeployments", {"deployments": []}),
        call("removeDeployment", deployment="101"),
        of_variant("editVariant", {"rolloutWeight": 2}),
    ],
    ids=lambda operation: f"{operation.op} {operation.body}",
)
def test_what_is_not_known_has_not_been_done(operation: Operation) -> None:
    assert not holds(operation, UNKNOWN)


def test_a_call_without_a_postcondition_is_a_mistake_of_ours() -> None:
    with pytest.raises(AssertionError, match="no postcondition for getInclusions"):
        holds(of_variant("getInclusions"), LIVE)


@pytest.mark.parametrize(
    ("operation", "recipe"),
    [
        (edit(name="Name"), Recipe(details=False, inclusions=(), cohorts=())),
        (of_variant("editVariant", {"rolloutWeight": 2}), Recipe(details=False, inclusions=(), cohorts=())),
        (of_variant("editVariant", {"payload": 2}), Recipe(details=True, inclusions=(), cohorts=())),
        (of_variant("addUsers", {"inclusions": []}), Recipe(details=False, inclusions=("treatment",), cohorts=())),
        (of_variant("removeAllUsers"), Recipe(details=False, inclusions=("treatment",), cohorts=())),
        (of_variant("addCohorts", {"inclusions": []}), Recipe(details=False, inclusions=(), cohorts=("treatment",))),
        (of_variant("removeVariant"), Recipe(details=False, inclusions=(), cohorts=())),
    ],
    ids=lambda value: f"{value.op} {value.body}" if isinstance(value, Operation) else None,
)
def test_only_what_can_tell_is_read(operation: Operation, recipe: Recipe) -> None:
    assert recipe_of(operation) == recipe
