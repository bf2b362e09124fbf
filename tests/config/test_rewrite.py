"""The smallest change of a text: before, the value that it shall have, after; whole texts."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from expsync.config.order import workspace_order
from expsync.config.rewrite import RewriteError, rewrite, rewrite_checked, rewrite_path
from expsync.config.yaml import YamlError, parse
from tests.config.rewrite_cases import ANCHORS, KINDS, LISTS, MAPPINGS, SCALARS, STREAMS, Case


def check(case: Case) -> None:
    before, value, after, *rest = case
    index = rest[0] if rest else 0
    assert rewrite(before, index, value) == after
    if parse(before):
        assert rewrite(before, index, parse(before)[index].value) == before
    assert rewrite(after, index, value) == after


@pytest.mark.parametrize("name", SCALARS)
def test_a_scalar_keeps_its_style(name: str) -> None:
    check(SCALARS[name])


@pytest.mark.parametrize("name", MAPPINGS)
def test_a_mapping_keeps_its_other_members(name: str) -> None:
    check(MAPPINGS[name])


@pytest.mark.parametrize("name", LISTS)
def test_a_list_keeps_its_other_items(name: str) -> None:
    check(LISTS[name])


@pytest.mark.parametrize("name", KINDS)
def test_another_kind_of_value_is_written_anew_in_its_place(name: str) -> None:
    check(KINDS[name])


@pytest.mark.parametrize("name", ANCHORS)
def test_every_alias_means_what_is_wanted(name: str) -> None:
    check(ANCHORS[name])


@pytest.mark.parametrize("name", STREAMS)
def test_the_rest_of_the_file_stays(name: str) -> None:
    check(STREAMS[name])


def test_a_renamed_item_is_changed_when_the_caller_knows_it() -> None:
    before = "variants:\n  # about green\n  - key: green # g\n    rolloutWeight: 1 # w\n  - key: blue\n"
    renamed = {"key": "mint", "rolloutWeight": 1, "renamedFrom": "green"}
    value: JsonValue = {"variants": [renamed, {"key": "blue"}]}
    after = rewrite(before, 0, value, continues=lambda _, item: str(item.get("renamedFrom", "")) or None)
    assert after == before.replace("key: green", "key: mint").replace("# w\n", "# w\n    renamedFrom: green\n")
    assert rewrite(before, 0, value) == (
        "variants:\n  - key: mint\n    rolloutWeight: 1\n    renamedFrom: green\n  - key: blue\n"
    )


def test_one_value_at_a_path() -> None:
    before = 'version: 1 # v\nenvironments:\n  # the real one\n  prod:\n    projectId: "2" # two\n    region: us\n'
    after = rewrite_path(before, ("environments", "prod", "deployments"), {"web": "9301"}, order=workspace_order)
    assert after == before.replace("# two\n", '# two\n    deployments: {web: "9301"}\n')
    again = rewrite_path(after, ("environments", "prod", "deployments", "ios"), "9302", order=workspace_order)
    assert again == after.replace('"9301"}', '"9301", ios: "9302"}')


def test_the_usual_changes_write_nothing_anew_as_a_whole() -> None:
    for table in (SCALARS, MAPPINGS, LISTS, KINDS, ANCHORS, STREAMS):
        for name, (before, value, _, *rest) in table.items():
            widened = rewrite_checked(before, rest[0] if rest else 0, value).widened
            assert widened == (name == "a literal at the end of the file keeps its meaning when more follows"), name


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": {"b": ["x", "\ud800"]}}, "\"a.b.1\" can't be written as YAML: YAML can't hold its characters"),
        ({"a": float("inf")}, "\"a\" can't be written as YAML: YAML can't hold its characters"),
        ({"a": 2**70}, "\"a\" can't be written as YAML: YAML can't hold its characters"),
    ],
)
def test_a_value_that_yaml_can_not_hold_is_refused_with_its_path(value: JsonValue, message: str) -> None:
    with pytest.raises(RewriteError) as caught:
        rewrite("a: 1\n", 0, value)
    assert caught.value.message.startswith(message)


def test_a_value_nested_too_deep_is_refused() -> None:
    value: JsonValue = 1
    for _ in range(60):
        value = [value]
    with pytest.raises(RewriteError) as caught:
        rewrite("a: 1\n", 0, {"a": value})
    assert caught.value.message == "no YAML can hold it: it may be too large, or nested deeper than 50 levels"


def test_a_text_that_does_not_load_is_refused() -> None:
    with pytest.raises(YamlError):
        rewrite("a: [", 0, {})


def test_a_document_that_is_not_there_is_refused() -> None:
    with pytest.raises(IndexError):
        rewrite("a: 1\n", 1, {})
