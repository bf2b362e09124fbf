"""The reports for everybody: the accessibility rules, the keyboard, a screen reader, and a reader's own settings."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from tests.browser.reports import REPORTS, SMALL

each = pytest.mark.parametrize("name", REPORTS)
small = pytest.mark.parametrize("name", SMALL)


@each
def test_no_rule_of_level_a_or_aa_is_broken(found: Any, name: str) -> None:
    """WCAG 2.0 to 2.2, in both schemes, on a wide screen and on a phone."""
    runs = found["reports"][name]["axe"]
    assert list(runs) == ["light wide", "light phone", "dark wide", "dark phone"]
    assert [violation for run in runs.values() for violation in run["violations"]] == []
    # Where there is next to nothing on a page, fewer rules have something to look at.
    assert min(run["rules"] for run in runs.values()) >= (10 if name == "empty" else 25)


def test_a_broken_rule_is_found(found: Any) -> None:
    """A picture without a text, a pale paragraph and a field without a label, put into a good report."""
    spoiled = found["reports"]["risky"]["spoiled"]["violations"]
    assert spoiled == ["color-contrast: main > p", "image-alt: img", "label: main > input"]


@small
def test_tab_comes_to_everything_in_order_and_one_sees_where(found: Any, name: str) -> None:
    stops = found["reports"][name]["stops"]
    assert [stop["name"] for stop in stops["reached"]] == stops["expected"]
    assert [stop for stop in stops["reached"] if not stop["seen"] or stop["outline"] != "3px solid"] == []
    assert bool(stops["expected"]) == (name != "empty")


@each
def test_headings_that_can_be_seen_follow_one_another(found: Any, name: str) -> None:
    levels = found["reports"][name]["headings"]
    assert levels[0] == levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))


@small
def test_a_table_is_a_table_to_a_screen_reader_on_a_phone_too(found: Any, name: str) -> None:
    """Rows are laid out in another way there, which must not take their meaning from them."""
    roles = found["reports"][name]["roles"]
    assert roles["phone"] == roles["wide"]
    assert set(roles["wide"]) >= ({"region"} if name == "empty" else {"table", "row", "cell", "rowheader", "status"})


@small
def test_nothing_moves_by_itself(found: Any, name: str) -> None:
    assert found["reports"][name]["motion"] == {"reduce": 0, "no-preference": 0}
