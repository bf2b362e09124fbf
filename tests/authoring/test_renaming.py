"""Variants under another key: told from those that came and went, and carried through a document."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from expsync.authoring.renaming import Renaming, renamed_pair, with_renaming
from expsync.core.normalize import leaf_of
from expsync.model.state import VariantState

Raw = dict[str, Any]


def states(**variants: Raw) -> dict[str, VariantState]:
    return {key: VariantState({name: leaf_of(name, v) for name, v in one.items()}) for key, one in variants.items()}


A, B = {"name": "A", "rolloutWeight": 1}, {"name": "B", "rolloutWeight": 1}
PAIRS: dict[str, tuple[dict[str, Raw], dict[str, Raw], tuple[str, str] | None]] = {
    "one went, one came, and they are alike": ({"c": A, "t": B}, {"c": A, "g": B}, ("t", "g")),
    "they differ in a detail": ({"c": A, "t": B}, {"c": A, "g": {**B, "name": "G"}}, None),
    "they differ in their weight": ({"c": A, "t": B}, {"c": A, "g": {**B, "rolloutWeight": 2}}, None),
    "alike in what both know": ({"t": {"rolloutWeight": 1}}, {"g": {**B, "payload": {"a": 1}}}, ("t", "g")),
    "nothing is known of both": ({"t": {"name": "B"}}, {"g": {"rolloutWeight": 1}}, None),
    "payloads that mean the same": ({"t": {"payload": None}}, {"g": {"payload": {}}}, ("t", "g")),
    "two came": ({"t": B}, {"g": B, "h": B}, None),
    "two went": ({"t": B, "u": B}, {"g": B}, None),
    "one came alone": ({"c": A}, {"c": A, "g": B}, None),
    "nothing happened": ({"c": A}, {"c": A}, None),
}


@pytest.mark.parametrize(("before", "after", "pair"), PAIRS.values(), ids=PAIRS)
def test_a_rename_is_told_from_what_came_and_went(
    before: dict[str, Raw], after: dict[str, Raw], pair: tuple[str, str] | None
) -> None:
    assert renamed_pair(states(**before), states(**after)) == pair


def test_nothing_is_told_of_variants_that_are_not_known() -> None:
    assert renamed_pair(None, states(g=B)) is None
    assert renamed_pair(states(g=B), None) is None


def renamed(document: Raw, renaming: Renaming, environment: str = "test") -> Raw:
    before = copy.deepcopy(document)
    found = with_renaming(document, environment, renaming)
    assert document == before
    return found


def test_every_word_for_the_variant_changes_in_every_form() -> None:
    document = {
        "key": "t",
        "rolledOutVariant": "t",
        "variants": [{"key": "c"}, {"key": "t", "name": "t", "payload": {"t": "t"}}],
        "targetSegments": [{"name": "t", "rolloutWeights": {"t": 1, "c": 2}}, {"name": "s"}],
        "lifecycle": {"ignoreChanges": ["variants.t", "variants.t.payload", "variants.tt.name", "variants.*.name"]},
        "environments": {
            "test": {"variants": [{"key": "t", "rolloutWeight": 5}]},
            "other": {"rolledOutVariant": "t", "targetSegments": [{"name": "s", "rolloutWeights": {"t": 1}}]},
            "dev": {"skip": True},
        },
    }
    assert renamed(document, Renaming("t", "g")) == {
        "key": "t",
        "rolledOutVariant": "g",
        "variants": [{"key": "c"}, {"key": "g", "name": "t", "payload": {"t": "t"}}],
        "targetSegments": [{"name": "t", "rolloutWeights": {"g": 1, "c": 2}}, {"name": "s"}],
        "lifecycle": {"ignoreChanges": ["variants.g", "variants.g.payload", "variants.tt.name", "variants.*.name"]},
        "environments": {
            "test": {"variants": [{"key": "g", "rolloutWeight": 5}]},
            "other": {"rolledOutVariant": "g", "targetSegments": [{"name": "s", "rolloutWeights": {"g": 1}}]},
            "dev": {"skip": True},
        },
    }


def test_a_variant_that_an_overlay_alone_has_is_renamed_there_alone() -> None:
    form = {"variants": [{"key": "t"}]}
    document = {"variants": [{"key": "c"}], "environments": {"test": form, "other": form}}
    assert renamed(document, Renaming("t", "g", was="t")) == {
        "variants": [{"key": "c"}],
        "environments": {"test": {"variants": [{"key": "g", "renamedFrom": "t"}]}, "other": form},
    }


@pytest.mark.parametrize(
    ("held", "was", "after"),
    [
        ({"key": "t"}, "t", {"key": "g", "renamedFrom": "t"}),
        ({"key": "t", "renamedFrom": "z"}, "t", {"key": "g", "renamedFrom": "t"}),
        ({"key": "t", "renamedFrom": "z"}, None, {"key": "g", "renamedFrom": "z"}),
        ({"key": "t", "renamedFrom": "z"}, "", {"key": "g"}),
        ({"key": "t", "renamedFrom": "g"}, None, {"key": "g"}),
    ],
)
def test_what_the_variant_is_said_to_have_been(held: Raw, was: str | None, after: Raw) -> None:
    overlay = {"environments": {"test": {"variants": [{"key": "t", "name": "x"}]}}}
    assert renamed({"variants": [held], **overlay}, Renaming("t", "g", was)) == {
        "variants": [after],
        "environments": {"test": {"variants": [{"key": "g", "name": "x"}]}},
    }


def test_the_text_s_own_item_goes_on() -> None:
    renaming = Renaming("t", "g")
    assert renaming.continues(("variants",), {"key": "g"}) == "t"
    assert renaming.continues(("environments", "test", "variants"), {"key": "g"}) == "t"
    assert renaming.continues(("variants",), {"key": "c"}) is None
    assert renaming.continues(("targetSegments",), {"key": "g"}) is None
