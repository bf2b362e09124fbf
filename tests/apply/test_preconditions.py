"""Whether a call would write over what somebody has edited since, asked of what was seen and what was done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from expsync.apply.preconditions import is_untouched
from expsync.core.normalize import conditions_leaf
from expsync.model.plan import Operation
from expsync.model.state import SegmentState, State, VariantState
from tests.apply.test_postconditions import call, edit, of_variant

US = SegmentState(fields={"percentage": 10, "conditions": conditions_leaf([])}, rolloutWeights={"control": 1})
SEEN = State(
    key="exp",
    id="7",
    fields={"name": "Old", "enabled": True, "archived": False, "startDate": "2026-02-01"},
    variants={
        "control": VariantState(fields={"rolloutWeight": 1}),
        "treatment": VariantState(fields={"rolloutWeight": 2, "name": "T"}, inclusions=frozenset({"ada"})),
    },
    targetSegments={"US": US},
    tags=frozenset({"a"}),
    deployments=frozenset({"101"}),
)
WRITTEN: dict[str, Any] = {"name": "EU", "percentage": 5, "conditions": [], "rolloutWeights": {"control": 1}}
EU = SegmentState(fields={"percentage": 5, "conditions": conditions_leaf([])}, rolloutWeights={"control": 1})


def live(**fields: Any) -> State:
    return replace(SEEN, fields={**SEEN.fields, **fields})


def with_variants(**variants: VariantState) -> State:
    return replace(SEEN, variants=variants)


def arm(weight: int, name: str = "T", *users: str) -> VariantState:
    return VariantState(fields={"rolloutWeight": weight, "name": name}, inclusions=frozenset(users))


RENAME = of_variant("editVariant", {"key": "green", "rolloutWeight": 2})
THIRD = call("createVariant", {"key": "third", "rolloutWeight": 0})
CASES: dict[str, tuple[Operation, list[Operation], State, bool]] = {
    "as it was": (edit(name="New"), [], live(), True),
    "as it is to be": (edit(name="New"), [], live(name="New"), True),
    "as this run made it": (edit(enabled=True), [edit(enabled=False)], live(enabled=False), True),
    "another": (edit(name="New"), [], live(name="By hand"), False),
    "another beside one that is as it was": (edit(name="New", enabled=False), [], live(name="By hand"), False),
    "another shape of the same": (edit(startDate=None), [], live(startDate="2026-02-01T00:00:00.000Z"), True),
    "not read": (edit(bucketingSalt="x"), [], live(bucketingSalt="y"), True),
    "not given back": (edit(name="New"), [], State(key="exp"), True),
    "archived by hand": (edit(archive=False), [], live(archived=True), False),
    "still archived": (edit(archive=True), [], live(), True),
    "tags as they were": (edit(tags=["a", "b"]), [], live(), True),
    "other tags": (edit(tags=["a", "b"]), [], replace(SEEN, tags=frozenset({"c"})), False),
    "tags of an earlier call": (edit(tags=["b"]), [edit(tags=["c"])], replace(SEEN, tags=frozenset({"c"})), True),
    "segments as they were": (edit(targetSegments=[]), [], live(), True),
    "segments as they are to be": (
        edit(targetSegments=[WRITTEN]),
        [],
        replace(SEEN, targetSegments={"EU": EU}),
        True,
    ),
    "other segments": (edit(targetSegments=[]), [], replace(SEEN, targetSegments={"EU": EU}), False),
    "segments in another order": (
        edit(targetSegments=[]),
        [],
        replace(SEEN, targetSegments={"EU": EU, "US": US}),
        False,
    ),
    "weights of segments that a rename has moved": (
        edit(targetSegments=[]),
        [RENAME],
        replace(SEEN, targetSegments={"US": replace(US, rolloutWeights={})}),
        True,
    ),
    "weights of segments that nothing has moved": (
        edit(targetSegments=[]),
        [edit(name="New")],
        replace(SEEN, targetSegments={"US": replace(US, rolloutWeights={})}),
        False,
    ),
    "a weight as it was": (of_variant("editVariant", {"rolloutWeight": 5}), [], SEEN, True),
    "another weight": (
        of_variant("editVariant", {"rolloutWeight": 5}),
        [],
        with_variants(treatment=arm(9)),
        False,
    ),
    "a weight that a rename has carried along": (
        of_variant("editVariant", {"rolloutWeight": 5}, "green"),
        [RENAME],
        with_variants(green=arm(2)),
        True,
    ),
    "another weight after a rename": (
        of_variant("editVariant", {"rolloutWeight": 5}, "green"),
        [RENAME],
        with_variants(green=arm(9)),
        False,
    ),
    "a name that was seen under the old key": (
        of_variant("editVariant", {"name": "G"}, "green"),
        [RENAME],
        with_variants(green=arm(2, "by hand")),
        False,
    ),
    "a variant that this run added": (
        of_variant("editVariant", {"rolloutWeight": 5}, "third"),
        [THIRD],
        with_variants(third=arm(0)),
        True,
    ),
    "one that it added, edited by hand": (
        of_variant("editVariant", {"rolloutWeight": 5}, "third"),
        [THIRD],
        with_variants(third=arm(3)),
        False,
    ),
    "a rename of a variant that is not there": (RENAME, [], with_variants(green=arm(2)), True),
    "a removal": (of_variant("removeVariant"), [], SEEN, True),
    "a removal of what was edited": (of_variant("removeVariant"), [], with_variants(treatment=arm(9)), False),
    "all users": (of_variant("removeAllUsers"), [], SEEN, True),
    "fewer users": (of_variant("removeAllUsers"), [], with_variants(treatment=arm(2, "T")), True),
    "more users": (of_variant("removeAllUsers"), [], with_variants(treatment=arm(2, "T", "ada", "eve")), False),
    "users that were not read": (
        of_variant("removeAllUsers", variant="control"),
        [],
        with_variants(control=arm(1, "T", "eve")),
        True,
    ),
    "users come one by one": (of_variant("addUsers", {"inclusions": ["x"]}), [], with_variants(treatment=arm(9)), True),
    "deployments come one by one": (
        call("addDeployments", {"deployments": ["102"]}),
        [],
        replace(SEEN, deployments=frozenset()),
        True,
    ),
}


@pytest.mark.parametrize(("operation", "done", "now", "untouched"), CASES.values(), ids=CASES)
def test_what_nobody_else_has_edited_is_untouched(
    operation: Operation, done: list[Operation], now: State, *, untouched: bool
) -> None:
    assert is_untouched(operation, seen=SEEN, done=done, live=now) is untouched


@pytest.mark.parametrize("operation", [edit(targetSegments=[]), edit(tags=[])])
def test_what_was_not_seen_counts_as_untouched(operation: Operation) -> None:
    assert is_untouched(operation, seen=State(key="exp"), done=[], live=SEEN)
