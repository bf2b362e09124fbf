"""Text from outside can't act."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expsync.model.json_text import compact_json, indented_json
from expsync.render.safe import unaddressed, visible

ANY_TEXT = st.text(st.characters())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain – Ünïcödé 日本 🎉", "plain – Ünïcödé 日本 🎉"),
        ("no\u00a0break", "no\u00a0break"),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\x00\x7f\x9b", "\\x00\\x7f\\x9b"),
        ("\u202e\u2066\u200f\u061c", "\\u202e\\u2066\\u200f\\u061c"),
        ("\u200b\ufeff\u2028\u2029", "\\u200b\\ufeff\\u2028\\u2029"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
        ("##[error]x ##vso[a]b ###[c] # [d]", "#\\u0023[error]x #\\u0023vso[a]b ##\\u0023[c] # [d]"),
    ],
)
def test_what_could_act_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("line", "shown"), [("::error::x", "\\u003a:error::x"), ("  ::a", "  \\u003a:a"), ("a ::b", "a ::b")]
)
def test_a_line_never_begins_like_a_command(line: str, shown: str) -> None:
    assert unaddressed(line) == shown


@given(ANY_TEXT)
def test_shown_text_is_one_printable_line(text: str) -> None:
    shown = visible(text)

    assert len(shown.splitlines()) <= 1
    assert not re.search(r"##\w*\[|[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b-\u200f]", shown)
    assert shown.encode().decode() == shown


@given(
    st.recursive(st.none() | st.integers() | ANY_TEXT, lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner))
)
def test_safe_json_means_the_same(value: object) -> None:
    compact, indented = compact_json(value), indented_json(value)  # type: ignore[arg-type]

    assert json.loads(compact) == value == json.loads(indented)
    assert visible(compact) == compact
    assert all(visible(line) == line for line in indented.split("\n"))
