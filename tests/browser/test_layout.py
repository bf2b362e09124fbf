"""The reports on screens of every width, in both schemes, and on paper."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import PICTURES
from tests.browser.reports import REPORTS, SMALL

each = pytest.mark.parametrize("name", REPORTS)
small = pytest.mark.parametrize("name", SMALL)

FITS = {"over": 0, "out": []}
LIGHT = ["rgb(255, 255, 255)", "rgb(27, 31, 36)"]
DARK = ["rgb(20, 23, 27)", "rgb(232, 234, 237)"]
PNG = b"\x89PNG\r\n\x1a\n"


@each
def test_nothing_is_wider_than_the_screen(found: Any, name: str) -> None:
    """A desktop, that at zooms of 200 and 400 %, a phone, and a phone with wide spaces between the letters."""
    widths = ["1280", "390"] if name == "thousand" else ["1280", "640", "390", "320", "spaced"]
    assert found["reports"][name]["widths"] == dict.fromkeys(widths, FITS)


def test_what_is_too_wide_is_found(found: Any) -> None:
    sticking = found["attacked"]["without"]["sticking"]
    assert sticking["over"] > 1_000
    assert sticking["out"] == ["p."]


@small
def test_a_dark_screen_gets_a_dark_page_and_paper_stays_white(found: Any, name: str) -> None:
    assert found["reports"][name]["colours"] == {"light": LIGHT, "dark": DARK, "print": LIGHT}


@small
def test_on_paper_there_are_no_controls_and_the_marks_keep_their_colours(found: Any, name: str) -> None:
    marks = [] if name == "empty" else ["exact"]
    assert found["reports"][name]["paper"] == {"controls": 0, "marks": marks, "over": 0, "begins": "%PDF-"}


@each
def test_there_is_a_picture_of_every_report_in_every_form(found: Any, name: str) -> None:
    assert found["reports"][name]
    forms = ("desktop-light", "phone-dark") + (() if name == "thousand" else ("desktop-dark", "phone-light"))
    for form in forms:
        assert (PICTURES / f"{name}-{form}.png").read_bytes()[: len(PNG)] == PNG
