"""How single values are written."""

from __future__ import annotations

from typing import Any

import pytest

from expsync.model.plan import Change, ChangeKind
from expsync.render.values import change_lines, clip
from expsync.render.view import cells, padded, percent


def _lines(path: str, kind: ChangeKind, before: Any, after: Any, limit: int = 80) -> list[str]:
    return change_lines(Change(path=path, kind=kind, before=before, after=after), limit)


@pytest.mark.parametrize(
    ("path", "before", "after", "line"),
    [
        ("name", "Old", "New", '"Old" → "New"'),
        ("enabled", False, True, "false → true"),
        ("rolloutPercentage", 5, 12.5, "5 → 12.5"),
        ("endDate", None, "2026-01-01", 'null → "2026-01-01"'),
        ("variants.a.payload", {"b": [1]}, None, '{"b": [1]} → null'),
        ("targetSegments", ["a", "b"], ["b", "a"], '["a", "b"] → ["b", "a"]'),
        ("variants.a.inclusions", ["a"], ["a", "b"], "+1 user (now 2): + b"),
        ("variants.a.inclusions", ["a", "b"], [], "−2 users (now 0): − a, b"),
        ("variants.a.inclusions", None, ["a", "b"], "+2 users (now 2): + a, b"),
        ("variants.a.cohortInclusions", ["x"], ["y"], "+1 −1 cohorts (now 1): + y; − x"),
        ("variants.a.inclusions", ["a"], ["a"], "±0 users (now 1)"),
        ("variants.a.inclusions", 1, 2, "1 → 2"),
        (
            "targetSegments.s.conditions",
            [{"prop": "country", "op": "is", "values": ["Chad", "Mali"], "type": "property"}],
            [{"prop": "gp:age", "op": "less", "values": ["3"]}, {"prop": "os", "op": "is not", "values": ["iOS"]}],
            'country is "Chad" or "Mali" → gp:age less "3" and os is not "iOS"',
        ),
        ("targetSegments.s.conditions", [{"type": "cohort"}], [], '[{"type": "cohort"}] → []'),
    ],
)
def test_a_replaced_value_is_shown_old_then_new(path: str, before: Any, after: Any, line: str) -> None:
    assert _lines(path, "replace", before, after) == [line]


def test_two_thousand_users_are_counted_and_three_are_named() -> None:
    users = [f"user-{number:04}" for number in range(2000)]

    assert _lines("variants.a.inclusions", "replace", [], users) == [
        "+2000 users (now 2000): + user-0000, user-0001, user-0002 and 1997 more"
    ]


@pytest.mark.parametrize(("kind", "before", "after"), [("add", None, "9301"), ("remove", "9301", None)])
def test_a_member_that_the_path_names_needs_no_value(kind: ChangeKind, before: Any, after: Any) -> None:
    assert _lines("deployments.9301", kind, before, after) == [""]


def test_a_whole_variant_is_shown_by_its_fields() -> None:
    variant = {"key": "b", "name": "B", "rolloutWeight": 1, "inclusions": ["a"]}

    assert _lines("variants.b", "add", None, variant) == ['name "B", rolloutWeight 1, 1 user (a)']
    assert _lines("variants.b", "remove", variant, None, limit=20) == ['name "B"', "rolloutWeight 1", "1 user (a)"]


def test_a_long_value_is_cut_with_a_count() -> None:
    assert _lines("description", "add", None, "x" * 100, limit=60) == [f'"{"x" * 34}… (67 more characters)']


def test_values_that_do_not_fit_on_one_line_get_one_each() -> None:
    assert _lines("name", "replace", "x" * 30, "y" * 30, limit=40) == [f'"{"x" * 30}"', f'→ "{"y" * 30}"']


def test_long_values_are_shown_where_they_part() -> None:
    assert _lines("description", "replace", "x" * 200 + "old", "x" * 200 + "new", limit=60) == [
        f'…{"x" * 29}old" (172 more characters)',
        f'→ …{"x" * 29}new" (172 more characters)',
    ]


def test_a_cut_from_the_start_marks_only_its_end() -> None:
    assert clip("abc", 3) == "abc"
    assert clip("a" * 50, 20) == "aaaaaaaaaaaa… (38 more characters)"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (0.0001, "under 0.1 %"),
        (0.001, "0.1 %"),
        (0.1667, "16.7 %"),
        (0.5, "50.0 %"),
        (0.9994, "99.9 %"),
        (0.9999, "over 99.9 %"),
        (1.0, "100 %"),
    ],
)
def test_a_share_is_shown_in_per_cent(share: float, text: str) -> None:
    assert percent(share) == text


def test_wide_and_combining_characters_take_the_columns_that_they_take() -> None:
    assert [cells(text) for text in ("abc", "日本", "e\u0301")] == [3, 4, 1]
    assert padded("日本", 6) == "日本  "


@pytest.mark.parametrize(
    ("kind", "path", "before", "after", "lines"),
    [
        ("replace", "name", "a", "b" * 200, ['"a"', f'→ "{"b" * 200}"']),
        ("add", "variants.x.payload", None, "c" * 200, [f'"{"c" * 200}"']),
        (
            "remove",
            "variants.x",
            {"key": "x", "name": "d" * 200, "rolloutWeight": 1},
            None,
            [f'name "{"d" * 200}"', "rolloutWeight 1"],
        ),
    ],
)
def test_nothing_is_left_out_where_that_is_asked_for(
    kind: Any, path: str, before: Any, after: Any, lines: list[str]
) -> None:
    assert change_lines(Change(path=path, kind=kind, before=before, after=after), 60, cut=False) == lines
