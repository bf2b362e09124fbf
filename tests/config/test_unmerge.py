"""The way back through an overlay, in both directions with the way forth."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expsync.config.overlay import merge
from expsync.config.unmerge import unmerge

Raw = dict[str, Any]
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(0, 3), st.sampled_from(["a", "b"]))
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.sampled_from("xyz"), inner, max_size=3)),
    max_leaves=4,
)


def variants() -> st.SearchStrategy[list[Raw]]:
    one = st.fixed_dictionaries(
        {"key": st.sampled_from(["control", "treatment", "c"])},
        optional={"name": LEAVES, "payload": VALUES, "rolloutWeight": st.integers(0, 2), "inclusions": VALUES},
    )
    return st.lists(one, max_size=3, unique_by=lambda variant: variant["key"])


def segments() -> st.SearchStrategy[Any]:
    weights = st.dictionaries(st.sampled_from(["control", "treatment", "c"]), st.integers(0, 1), max_size=2)
    return VALUES | st.lists(st.fixed_dictionaries({}, optional={"rolloutWeights": weights}), max_size=2)


def forms() -> st.SearchStrategy[Raw]:
    return st.fixed_dictionaries(
        {}, optional={"name": LEAVES, "targetSegments": segments(), "exposureEvent": VALUES, "variants": variants()}
    )


def by_key(form: Raw) -> Raw:
    """The form with its variants in no order: the one of the base and then of the overlay can't be any."""
    held = form.get("variants")
    if not isinstance(held, list):
        return form
    return {**form, "variants": {variant["key"]: variant for variant in held}}


@given(forms(), forms(), forms())
def test_what_is_unmerged_merges_into_what_was_wanted(base: Raw, overlay: Raw, wanted: Raw) -> None:
    given_ = copy.deepcopy((base, overlay, wanted))
    ours, theirs = unmerge(base, overlay, wanted)
    assert by_key(merge(ours, theirs)) == by_key(wanted)
    assert (base, overlay, wanted) == given_


@given(forms(), forms())
def test_what_was_merged_comes_apart_as_it_was(base: Raw, overlay: Raw) -> None:
    assert unmerge(base, overlay, merge(base, overlay)) == (base, overlay)


@given(forms(), forms())
def test_without_an_overlay_all_is_the_base_s(base: Raw, wanted: Raw) -> None:
    assert unmerge(base, {}, wanted) == (wanted, {})


TABLE: dict[str, tuple[Raw, Raw, Raw, Raw, Raw]] = {
    "the base's value goes into the base": ({"a": 1, "b": 1}, {"b": 2}, {"a": 3, "b": 2}, {"a": 3, "b": 1}, {"b": 2}),
    "the overlay's goes into the overlay": ({"a": 1}, {"a": 2}, {"a": 3}, {"a": 1}, {"a": 3}),
    "what the overlay alone has stays its own": ({}, {"a": 2}, {"a": 3}, {}, {"a": 3}),
    "what is new goes into the base": ({"a": 1}, {"b": 2}, {"a": 1, "b": 2, "c": 3}, {"a": 1, "c": 3}, {"b": 2}),
    "what is gone is in neither": ({"a": 1, "b": 1}, {"a": 2}, {"b": 1}, {"b": 1}, {}),
    "a null is a value": ({"a": 1}, {"a": 2}, {"a": None}, {"a": 1}, {"a": None}),
    "mappings part by members": (
        {"m": {"a": 1, "b": 1}}, {"m": {"b": 2}}, {"m": {"a": 3, "b": 4, "c": 5}},
        {"m": {"a": 3, "b": 1, "c": 5}}, {"m": {"b": 4}},
    ),
    "a list is the overlay's as a whole": ({"l": [1]}, {"l": [3]}, {"l": [1, 4]}, {"l": [1]}, {"l": [1, 4]}),
    "an overlay's list of none stays": (
        {"variants": [{"key": "c"}]}, {"variants": []}, {"variants": [{"key": "c"}]},
        {"variants": [{"key": "c"}]}, {"variants": []},
    ),
    "an overlay's null that becomes a mapping says it all": (
        {"m": {"a": 1}}, {"m": None}, {"m": {"a": 2}}, {"m": {"a": 1}}, {"m": {"a": 2}},
    ),
    "variants part by key and field": (
        {"variants": [{"key": "c", "name": "x", "rolloutWeight": 1}, {"key": "t", "rolloutWeight": 1}]},
        {"variants": [{"key": "c", "rolloutWeight": 5}]},
        {"variants": [{"key": "c", "name": "y", "rolloutWeight": 6}, {"key": "t", "rolloutWeight": 2}]},
        {"variants": [{"key": "c", "name": "y", "rolloutWeight": 1}, {"key": "t", "rolloutWeight": 2}]},
        {"variants": [{"key": "c", "rolloutWeight": 6}]},
    ),
    "a payload is never merged": (
        {"variants": [{"key": "c", "payload": {"a": 1}}]}, {"variants": [{"key": "c", "payload": {"b": 1}}]},
        {"variants": [{"key": "c", "payload": {"b": 2}}]},
        {"variants": [{"key": "c", "payload": {"a": 1}}]}, {"variants": [{"key": "c", "payload": {"b": 2}}]},
    ),
    "a new variant goes where the overlay lists some": (
        {"variants": [{"key": "c"}]}, {"variants": [{"key": "c", "name": "x"}]},
        {"variants": [{"key": "c", "name": "x"}, {"key": "n"}]},
        {"variants": [{"key": "c"}]}, {"variants": [{"key": "c", "name": "x"}, {"key": "n"}]},
    ),
    "and into the base where a segment of the base weighs it": (
        {"variants": [{"key": "c"}], "targetSegments": [{"rolloutWeights": {"c": 1}}]},
        {"variants": [{"key": "c", "name": "x"}]},
        {
            "variants": [{"key": "c", "name": "x"}, {"key": "n"}],
            "targetSegments": [{"rolloutWeights": {"c": 1, "n": 1}}],
        },
        {"variants": [{"key": "c"}, {"key": "n"}], "targetSegments": [{"rolloutWeights": {"c": 1, "n": 1}}]},
        {"variants": [{"key": "c", "name": "x"}]},
    ),
    "and into the base where it does not": (
        {"variants": [{"key": "c"}]}, {"name": "x"}, {"variants": [{"key": "c"}, {"key": "n"}], "name": "x"},
        {"variants": [{"key": "c"}, {"key": "n"}]}, {"name": "x"},
    ),
    "a variant that is gone is in neither, nor is a list of none": (
        {"variants": [{"key": "c"}, {"key": "t"}]}, {"variants": [{"key": "t", "name": "x"}]},
        {"variants": [{"key": "c"}]}, {"variants": [{"key": "c"}]}, {},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("base", "overlay", "merged", "ours", "theirs"), TABLE.values(), ids=TABLE)
def test_where_values_belong(base: Raw, overlay: Raw, merged: Raw, ours: Raw, theirs: Raw) -> None:
    assert unmerge(base, overlay, merged) == (ours, theirs)
    assert merge(ours, theirs) == merged
