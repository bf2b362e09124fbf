"""A report is one file: it asks for nothing, lets nothing in run, and loses nothing where no script may run."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.reports import REPORTS, SMALL, WORST

each = pytest.mark.parametrize("name", REPORTS)
small = pytest.mark.parametrize("name", SMALL)

EXPERIMENTS = {"empty": 0, "real": 2, "hostile": len(WORST), "risky": 6}


@each
def test_a_report_asks_for_nothing_and_complains_of_nothing(found: Any, name: str) -> None:
    seen = found["reports"][name]["seen"]
    assert [request.rpartition("/")[2] for request in seen.pop("requests")] == [f"{name}.html"]
    assert seen == {"console": [], "errors": [], "failed": [], "dialogs": []}


def test_what_somebody_got_into_a_report_does_not_run(found: Any) -> None:
    """The names are made harmless; were one not, the page's own policy would still hold."""
    attacked = found["attacked"]["with its policy"]
    assert attacked["title"] == "Plan for prod: 6 experiments"
    assert attacked["failed"] == ["nowhere: csp", "http://127.0.0.1:9/x.png csp"]
    # Two pictures, a script, an event's and a style.
    assert attacked["said"] == 5
    assert attacked["sticking"] == {"over": 0, "out": []}


def test_without_its_policy_it_would_have_run(found: Any) -> None:
    attacked = found["attacked"]["without"]
    assert attacked["title"] == "owned"
    assert attacked["failed"] == [
        "nowhere: net::ERR_UNKNOWN_URL_SCHEME",
        "http://127.0.0.1:9/x.png net::ERR_INTERNET_DISCONNECTED",
    ]


@small
def test_without_scripts_everything_is_there_but_the_filter(found: Any, name: str) -> None:
    report = found["reports"][name]
    silent = report["silent"]
    assert silent["words"] == report["words"]
    assert len(silent["words"]) > 200
    assert (silent["controls"], silent["shown"]) == (0, EXPERIMENTS[name])
    # An experiment is closed and opened by the browser itself.
    assert silent["toggled"] == ([True, False] if EXPERIMENTS[name] else None)
