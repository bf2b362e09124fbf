"""Texts from outside in Markdown: rendered as GitHub does, they are what they were, and they do nothing."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expsync.render.markdown_text import cell, code, prose
from expsync.render.safe import visible
from tests.render.gfm import gfm
from tests.security.hostile import HALVES, HOSTILE, acts

TEXTS = {**HOSTILE, **HALVES}
hostile = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
GAP = "\u200b"
ACTIVE = st.text(st.sampled_from("a1 `|\\*_[](){}<>&#!$~-+=:/.@\"'^%w\n\tGä🩺"), max_size=12)


def shown(markdown: str) -> str:
    """The inline HTML of one paragraph."""
    page = gfm(markdown)
    found = re.fullmatch(r"<p>(.*)</p>\n", page, re.DOTALL)
    assert found, page
    return found.group(1)


def cells(*markdown: str) -> list[str]:
    """The inline HTML of each cell of one row."""
    table = f"| {' | '.join('h' * len(markdown))} |\n|{'---|' * len(markdown)}\n| {' | '.join(markdown)} |\n"
    page = gfm(table)
    assert page.count("<tr>") == 2
    return re.findall(r"<td>(.*?)</td>", page, re.DOTALL)


def check_prose(text: str) -> None:
    # A space at either end is nothing that a page shows.
    assert html.unescape(shown(f"{prose(text)}.")).replace(GAP, "") == f"{visible(text)}."
    assert "<" not in shown(f"{prose(text)}.")
    (found, last) = cells(cell(text), "end")
    assert html.unescape(found).replace(GAP, "").strip() == visible(text).strip()
    assert ("<" in found, last) == (False, "end")


def check_code(text: str) -> None:
    for found in (shown(f"a {code(text)}."), "a {}.".format(*cells(code(text)))):
        assert html.unescape(re.sub(r"</?code>", "", found)) == f"a {visible(text)}."
        outside = re.sub(r"<code>.*?</code>", "", found)
        assert not re.search(r"[^|a. ]", outside), outside


@hostile
def test_prose_reads_as_the_text_and_nothing_acts(text: str) -> None:
    assert acts(prose(text)) == acts(cell(text)) == []
    check_prose(text)


@hostile
def test_code_reads_as_the_text_and_nothing_acts(text: str) -> None:
    assert acts(code(text)) == []
    check_code(text)


@given(ACTIVE)
def test_any_mix_of_what_markdown_knows_is_shown_as_it_is(text: str) -> None:
    check_prose(f"x{text}")
    check_code(f"{text}")


@given(ACTIVE)
def test_a_line_may_begin_with_anything(text: str) -> None:
    assert html.unescape(shown(f"{prose(text)} x")).replace(GAP, "").strip() == f"{visible(text)} x".strip()


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain words, and more", "plain words, and more"),
        ("snake_case", r"snake\_case"),
        ("a|b", "a&#124;b"),
        ("@org/team and x@example.com", "@&#8203;org/team and x@&#8203;example.com"),
        ("see #12, !7 and GH-3", r"see \#&#8203;12, \!&#8203;7 and GH&#8203;-3"),
        ("https://evil.example", "https:&#8203;//evil.example"),
        ("www.evil.example", "www&#8203;.evil.example"),
        (":smile:", "&#58;&#8203;smile:"),
        ("&#8203;", "&amp;\\#&#8203;8203;"),
        ("<b>", "&lt;b&gt;"),
        ("1. one", r"1\. one"),
        ("12) two", r"12\) two"),
        ("- item", "&#45; item"),
        ("/close", "&#47;close"),
        ("    code", "&#32;   code"),
        ("x\ny", r"x\\ny"),
        ("", ""),
    ],
)
def test_prose_is_escaped_no_more_than_it_must_be(text: str, written: str) -> None:
    assert prose(text) == cell(text) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("@team <b> *x* #1", "`@team <b> *x* #1`"),
        ("a|b", "`a`&#124;`b`"),
        ("||", "&#124;&#124;"),
        ("a`b", "``a`b``"),
        ("`", "`` ` ``"),
        ("``a`", "``` ``a` ```"),
        (" a ", "`  a  `"),
        (" a", "` a`"),
        (" ", "` `"),
        ("", ""),
    ],
)
def test_code_has_a_fence_of_its_own(text: str, written: str) -> None:
    assert code(text) == written
