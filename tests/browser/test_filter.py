"""The filter of a report, used with the keyboard alone."""

from __future__ import annotations

from typing import Any

import pytest

ALL = ["cohort-test", "checkout-button", "search-ranking", "old-banner", "guest-checkout", "spring-sale"]


@pytest.mark.parametrize(
    ("step", "shown", "focus"),
    [
        ("start", ALL, "body"),
        ("to the field", ALL, "filter-words"),
        ("a key", ["old-banner"], "filter-words"),
        ("cleared", ALL, "filter-words"),
        ("a risk", ["search-ranking"], "filter-words"),
        ("an action", ["spring-sale"], "filter-words"),
        ("two words in capitals", ["checkout-button", "guest-checkout"], "filter-words"),
        ("one more letter", [], "filter-words"),
        ("one less", ["checkout-button", "guest-checkout"], "filter-words"),
        ("to the kinds", ["checkout-button", "guest-checkout"], "filter-kind"),
        ("updates among them", ["checkout-button"], "filter-kind"),
        ("given up", ALL, "filter-kind"),
        ("blocked", ["cohort-test"], "filter-kind"),
        ("with risks", ["cohort-test", "checkout-button", "search-ranking"], "filter-kind"),
        ("closed", ["cohort-test", "checkout-button", "search-ranking"], "filter-close"),
        ("all again", ALL, "filter-close"),
        ("opened", ALL, "filter-open"),
    ],
)
def test_what_is_shown_and_told_after_each_step(found: Any, step: str, shown: list[str], focus: str) -> None:
    state = found["filter"]["steps"][step]
    assert (state["shown"], state["told"], state["focus"]) == (shown, f"{len(shown)} of 6 shown", focus)


def test_only_what_is_shown_is_closed_and_opened(found: Any) -> None:
    opened = {step: state["open"] for step, state in found["filter"]["steps"].items()}
    assert (opened["start"], opened["closed"], opened["all again"]) == (ALL, [], ALL[3:])
    assert opened["opened"] == ALL


def test_an_address_with_an_experiment_in_it_opens_that_one(found: Any) -> None:
    places = found["filter"]["places"]
    assert (len(places["opened"]["shown"]), places["opened"]["open"]) == (12, ["experiment-00006"])
    assert abs(places["top"]) < 2


def test_a_link_to_what_the_filter_hides_shows_it(found: Any) -> None:
    places = found["filter"]["places"]
    assert (places["hidden"]["shown"], places["hidden"]["told"]) == ([], "0 of 12 shown")
    assert (len(places["followed"]["shown"]), places["followed"]["told"]) == (12, "12 of 12 shown")
    assert places["followed"]["open"] == ["experiment-00008", "experiment-00006"]


def test_a_thousand_are_filtered_at_once(found: Any) -> None:
    """A second is much on any machine; this bound is for one that has much else to do."""
    pace = found["reports"]["thousand"]["pace"]
    assert pace["told"] == {
        "": "1000 of 1000 shown",
        "experiment-00500": "1 of 1000 shown",
        "variant-weights": "77 of 1000 shown",
        "will be archived": "384 of 1000 shown",
        "gone nowhere": "0 of 1000 shown",
    }
    assert pace["slowest"] < 5_000


def test_the_filter_asks_for_nothing_and_complains_of_nothing(found: Any) -> None:
    seen = found["filter"]["seen"]
    assert [seen[kind] for kind in ("console", "errors", "failed", "dialogs")] == [[], [], [], []]
    assert {request.partition("#")[0].rpartition("/")[2] for request in seen["requests"]} == {
        "risky.html",
        "dozen.html",
    }
