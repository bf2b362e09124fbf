"""Overlays: how they merge, and where a merged value was written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from expsync.config.overlay import Raw, merge, origin
from expsync.config.yaml import parse
from tests.config.world import load_one, placed


def read(text: str) -> Raw:
    (document,) = parse(text)
    assert isinstance(document.value, dict)
    return document.value


@pytest.mark.parametrize(
    ("base", "overlay", "merged"),
    [
        ("{a: 1, b: 2}", "{b: 3}", "{a: 1, b: 3}"),
        ("{a: 1}", "{b: 2}", "{a: 1, b: 2}"),
        ("{a: 1}", "{a: null}", "{a: null}"),
        ("{a: null}", "{a: {b: 1}}", "{a: {b: 1}}"),
        ("{lifecycle: {preventArchive: true}}", "{lifecycle: {ignoreChanges: [x]}}",
         "{lifecycle: {preventArchive: true, ignoreChanges: [x]}}"),
        ("{a: {b: {c: 1, d: 2}}}", "{a: {b: {c: 3}}}", "{a: {b: {c: 3, d: 2}}}"),
        ("{a: {b: 1}}", "{a: []}", "{a: []}"),
        ("{tags: [x, y]}", "{tags: [z]}", "{tags: [z]}"),
        ("{targetSegments: [{name: s, percentage: 1}]}", "{targetSegments: [{name: s}]}",
         "{targetSegments: [{name: s}]}"),
        ("{variants: [{key: a, name: A}, {key: b}]}", "{variants: [{key: b, name: B}]}",
         "{variants: [{key: a, name: A}, {key: b, name: B}]}"),
        ("{variants: [{key: a}, {key: b}]}", "{variants: [{key: b, name: B}, {key: a, name: A}]}",
         "{variants: [{key: a, name: A}, {key: b, name: B}]}"),
        ("{variants: [{key: a}]}", "{variants: [{key: c}, {key: a, name: A}, {key: b}]}",
         "{variants: [{key: a, name: A}, {key: c}, {key: b}]}"),
        ("{variants: [{key: a, payload: {x: 1}}]}", "{variants: [{key: a, payload: {y: 2}}]}",
         "{variants: [{key: a, payload: {y: 2}}]}"),
        ("{variants: [{key: a, inclusions: {file: x}}]}", "{variants: [{key: a, inclusions: [u]}]}",
         "{variants: [{key: a, inclusions: [u]}]}"),
        ("{variants: [{key: a}]}", "{variants: null}", "{variants: null}"),
        ("{variants: [{key: a}]}", "{variants: []}", "{variants: [{key: a}]}"),
        ("{}", "{variants: [{key: a}]}", "{variants: [{key: a}]}"),
        ("{variants: [{key: a}]}", "{variants: [{key: a, name: 1}, {key: a, name: 2}]}",
         "{variants: [{key: a, name: 1}, {key: a, name: 2}]}"),
        ("{variants: [x, {key: [1]}]}", "{variants: [y, {name: b}]}", "{variants: [x, {key: [1]}, y, {name: b}]}"),
    ],
)  # fmt: skip
def test_an_overlay_merges(base: str, overlay: str, merged: str) -> None:
    before, over = read(base), read(overlay)
    found = merge(before, over)
    assert found == read(merged)
    assert list(found) == list(read(merged))
    assert (before, over) == (read(base), read(overlay))


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ((), ()),
        (("a",), ("a",)),
        (("b",), ("environments", "prod", "b")),
        (("c", "x"), ("c", "x")),
        (("c", "y"), ("environments", "prod", "c", "y")),
        (("c", "none"), ("environments", "prod", "c", "none")),
        (("c",), ("environments", "prod", "c")),
        (("d", 0), ("environments", "prod", "d", 0)),
        (("d", 1), ("environments", "prod", "d", 1)),
        (("variants", 0, "name"), ("variants", 0, "name")),
        (("variants", 1, "name"), ("environments", "prod", "variants", 1, "name")),
        (("variants", 1, "rolloutWeight"), ("variants", 1, "rolloutWeight")),
        (("variants", 2, "name"), ("environments", "prod", "variants", 0, "name")),
        (("variants", 1, "payload", "old"), ("environments", "prod", "variants", 1, "payload", "old")),
        (("nowhere", 3, "x"), ("nowhere", 3, "x")),
    ],
)
def test_a_merged_value_is_found_where_it_was_written(path: tuple[str | int, ...], written: object) -> None:
    base = read(
        "{a: 1, b: 2, c: {x: 1, y: 2}, d: [1, 2],"
        " variants: [{key: k, name: K}, {key: l, rolloutWeight: 1, payload: {old: 1}}]}"
    )
    overlay = read("{b: 3, c: {y: 4}, d: [5], variants: [{key: m, name: M}, {key: l, name: L, payload: {new: 1}}]}")
    found = origin(base, "prod", overlay, path)
    # What neither has is looked for in the place that was written last, or in the base.
    assert found == (written if path != ("nowhere", 3, "x") else ("environments", "prod", "nowhere", 3, "x"))


SCALARS = st.none() | st.integers(0, 3) | st.sampled_from(["x", "y"])
VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "key"]), inner, max_size=3),
    max_leaves=6,
)
VARIANTS = st.lists(
    st.fixed_dictionaries({"key": st.sampled_from("abc")}, optional={"payload": VALUES, "name": SCALARS}) | VALUES,
    max_size=4,
)
EXPERIMENTS = st.fixed_dictionaries({}, optional={"name": VALUES, "lifecycle": VALUES, "variants": VARIANTS | VALUES})


def leaves(value: JsonValue, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], JsonValue]]:
    if isinstance(value, dict) and value:
        return [leaf for name, child in value.items() for leaf in leaves(child, (*path, name))]
    if isinstance(value, list) and value:
        return [leaf for index, child in enumerate(value) for leaf in leaves(child, (*path, index))]
    return [(path, value)]


@given(EXPERIMENTS, EXPERIMENTS)
def test_every_merged_value_stands_at_its_origin(base: Raw, overlay: Raw) -> None:
    document: JsonValue = {**base, "environments": {"prod": overlay}}
    for path, value in leaves(merge(base, overlay)):
        here: JsonValue = document
        for step in origin(base, "prod", overlay, path):
            here = here[step]  # type: ignore[index,call-overload]
        if path:
            assert here == value


def test_each_environment_gets_its_own_form(tmp_path: Path) -> None:
    text = (
        "key: a\nrolloutPercentage: 50\nvariants: [{key: b, rolloutWeight: 1}, {key: c}]\n"
        "environments:\n  prod: {rolloutPercentage: 5, variants: [{key: b, rolloutWeight: 9}]}\n"
    )
    found = {name: load_one(tmp_path, text, name).declared[0].experiment.declared() for name in ("sandbox", "prod")}
    assert found == {
        "sandbox": {"key": "a", "rolloutPercentage": 50, "variants": [{"key": "b", "rolloutWeight": 1}, {"key": "c"}]},
        "prod": {"key": "a", "rolloutPercentage": 5, "variants": [{"key": "b", "rolloutWeight": 9}, {"key": "c"}]},
    }


def test_skip_leaves_an_experiment_out_of_one_environment(tmp_path: Path) -> None:
    text = "key: a\nenvironments: {prod: {skip: true}, sandbox: {skip: false}}\n"
    keys = {name: [d.key for d in load_one(tmp_path, text, name).declared] for name in ("sandbox", "prod")}
    assert keys == {"sandbox": ["a"], "prod": []}


def test_an_error_in_another_environments_overlay_is_told(tmp_path: Path) -> None:
    loaded = load_one(tmp_path, "key: a\nenvironments:\n  prod: {tags: [x, x]}\n", "sandbox")
    assert [placed(d) for d in loaded.diagnostics] == ['EXP204 experiments/a.yaml:3:20 the tag "x" stands here twice']
    assert loaded.declared == ()


def test_a_value_wrong_in_the_base_is_told_once(tmp_path: Path) -> None:
    text = "key: a\nrolloutPercentage: 130\nenvironments:\n  prod: {name: x}\n  sandbox: {name: y}\n"
    assert [placed(d) for d in load_one(tmp_path, text).diagnostics] == [
        "EXP104 experiments/a.yaml:2:20 rolloutPercentage is out of range"
    ]


def test_a_base_that_no_environment_has_need_not_make_sense(tmp_path: Path) -> None:
    text = "key: a\nvariants: []\nenvironments:\n" + "".join(
        f"  {name}: {{variants: [{{key: b}}, {{key: c}}]}}\n" for name in ("prod", "sandbox")
    )
    assert load_one(tmp_path, text).diagnostics == ()


def test_an_overlay_may_change_a_part_of_the_exposure_event(tmp_path: Path) -> None:
    text = "key: a\nexposureEvent: {event_type: seen}\nenvironments: {prod: {exposureEvent: {filters: []}}}\n"
    (declared,) = load_one(tmp_path, text, "prod").declared
    assert declared.experiment.declared()["exposureEvent"] == {"event_type": "seen", "filters": []}


def test_aliases_are_looked_up_in_the_environment_in_use(tmp_path: Path) -> None:
    workspace = "version: 1\nenvironments:\n  one: {projectId: 1, deployments: {web: 1}}\n  two: {projectId: 2}\n"
    codes = {
        name: [
            d.code for d in load_one(tmp_path, "key: a\ndeployments: [web]\n", name, workspace=workspace).diagnostics
        ]
        for name in ("one", "two", None)
    }
    assert codes == {"one": [], "two": ["EXP214"], None: ["EXP214"]}
