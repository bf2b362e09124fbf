"""Quoting what a user wrote, and guessing what was meant."""

from __future__ import annotations

import pytest

from expsync.config.wording import nearest, plain, quote, suggest


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a b", "a b"),
        ("a\nb\tc\r", "a b c "),
        ("\x1b[31mred\x00\x7f\u202e\u2028\ud800\ue000\xa0!", "[31mred  !"),
        ("é😀", "é😀"),
        ("x" * 80, "x" * 80),
        ("x" * 81, "x" * 79 + "…"),
        ("\x00" * 100_000 + "y", "…"),
        ("key ampex_0123-45.67 end", "key ampex_… end"),
        ("ampex_", "ampex_"),
    ],
)
def test_text_is_shown_without_harm(text: str, shown: str) -> None:
    assert plain(text) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [("a", '"a"'), (1, "1"), (1.5, "1.5"), (True, "true"), (None, "null"), ([1, "é"], '[1, "é"]'), ({}, "{}")],
)
def test_values_are_quoted_as_yaml_shows_them(value: object, shown: str) -> None:
    assert quote(value) == shown


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("rollout_percentage", "rolloutPercentage"),
        ("ROLLOUTPERCENTAGE", "rolloutPercentage"),
        ("rollout-percent", "rolloutPercentage"),
        ("nmae", "name"),
        ("xyzzy", None),
        ("", None),
        ("rolloutPercentage" * 1000, None),
    ],
)
def test_the_word_that_was_meant_is_found(word: str, meant: str | None) -> None:
    assert nearest(word, ["name", "rolloutPercentage", "enabled"]) == meant


def test_a_hint_has_the_near_word_or_all_of_them() -> None:
    assert suggest("nmae", ["name"], kind="field") == 'did you mean "name"?'
    assert suggest("x", [], kind="field") == "there is no field here"
    assert suggest("x", ["aaa", "bbb"], kind="field") == "the fields are: aaa, bbb"
    many = [f"field-number-{n}" for n in range(25)]
    assert suggest("x", many, kind="field") == "the fields are: " + ", ".join(many[:20]) + ", …"
