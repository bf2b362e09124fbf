"""The key does not show, and texts from outside can't steer a terminal."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expsync.api.secret import Secret, plain_text
from tests.api.world import KEY

SECRET = Secret(KEY)


def test_a_secret_shows_nowhere_but_in_reveal() -> None:
    shown = [repr(SECRET), str(SECRET), f"{SECRET}", f"{[SECRET]!r}", "%s %r" % (SECRET, SECRET)]  # noqa: UP031
    assert all(KEY not in text for text in shown)
    assert SECRET.reveal() == KEY
    assert not hasattr(SECRET, "__dict__")


def test_a_secret_is_not_stored_or_copied() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(SECRET)
    with pytest.raises(TypeError):
        copy.copy(SECRET)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines\tand  more", "two lines and more"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://evil\x1b\\link", "link"),
        ("a\x1bcb", "acb"),
        ("bell\x07 null\x00 csi\x9b31m", "bell null csi31m"),
        ("abc\u202egnp.exe", "abcgnp.exe"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("line\u2028break", "linebreak"),
        ("half \ud800 of one", "half of one"),
        (f"echo {KEY}!", "echo [key]!"),
        ("another ampex_ABC-9_x here", "another [key] here"),
        (f"hidden {KEY[:9]}\x00\u200b{KEY[9:]} inside", "hidden [key] inside"),
        ("", ""),
    ],
)
def test_texts_are_made_plain(text: str, shown: str) -> None:
    assert plain_text(text, SECRET) == shown


def test_a_long_text_is_cut_and_never_through_a_key() -> None:
    assert plain_text("x" * 301) == "x" * 300 + "…"
    assert plain_text("x" * 295 + KEY + "y" * 50, SECRET) == "x" * 295 + "[key]" + "…"
    assert plain_text("x" * 298 + KEY, SECRET) == "x" * 298 + "[k…"


def test_a_key_of_another_form_is_hidden_too() -> None:
    assert plain_text("is hunter2! ok", Secret("hunter2!")) == "is [key] ok"


@given(st.text(st.characters()))
def test_any_text_becomes_one_printable_line(text: str) -> None:
    shown = plain_text(text)
    assert all(char == " " or char.isprintable() or char.isspace() for char in shown)
    assert "\n" not in shown
    assert len(shown) <= 301
