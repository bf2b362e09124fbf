"""Bars of splits: what is drawn is what is said."""

from __future__ import annotations

from expsync.model.plan import SplitChange
from expsync.render.bars import WIDTH, bar, bars, letters_of
from expsync.render.view import Paint


def test_a_split_before_and_after() -> None:
    split = SplitChange(
        segment=None, before={"control": 0.25, "treatment": 0.25}, after={"control": 0.5, "treatment": 0.3, "new": 0.2}
    )
    assert list(bars(split, Paint(on=False))) == [
        "before aaaaaaaabbbbbbb···············  a control 25.0 %, b treatment 25.0 %",
        "after  aaaaaaaaaaaaaaabbbbbbbbbcccccc  a control 50.0 %, b treatment 30.0 %, c new 20.0 %",
    ]


def test_nobody_is_said_in_words() -> None:
    split = SplitChange(segment="US", before={}, after={"a": 1.0})
    assert list(bars(split, Paint(on=False))) == [
        "before ······························  nobody",
        "after  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa  a a 100 %",
    ]


def test_roundings_do_not_add_up() -> None:
    shares = {f"v{number}": 1 / 7 for number in range(7)}
    drawn = bar(shares, letters_of(list(shares)))
    assert len(drawn) == WIDTH
    assert "·" not in drawn


def test_past_the_alphabet_all_look_alike() -> None:
    letters = letters_of([f"v{number}" for number in range(28)])
    assert (letters["v0"], letters["v25"], letters["v26"], letters["v27"]) == ("a", "z", "#", "#")
