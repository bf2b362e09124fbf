"""Whatever the line reader takes, the parser reads the same; and it takes what workspaces are written in."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from expsync.config import yaml_lines
from expsync.config.format import format_text
from expsync.config.yaml import Document
from expsync.config.yaml_lines import PlainLines
from expsync.config.yaml_places import parse_carefully
from expsync.config.yaml_text import YamlError, decode
from expsync.model.experiment import Experiment
from tests.config.test_yaml import CORE

ROOT = Path(__file__).parents[2]
EXAMPLES = int(os.environ.get("EXPSYNC_EXAMPLES", "1500"))

# Pieces that lines are made of: more of them are plain than not, so that many texts are taken.
WORDS = ["a", "key", "b1", "k.x", "true", "null", "é", "x-y", "1", "-1", "0x1f", ".5", "~", "=", "a b", "it's", "on"]
VALUES = [
    *WORDS,
    *(word + "  " for word in WORDS[:4]),
    *("", " ", '""', "''", '"a: b # c"', "'a'", "'it''s'", '"\\n"', '"a', "a: b", "a:b", "https://x/y#z", "a #b", "#c"),
    *("# c", "a # c", "[", "[]", "{}", "[a, b]", "[a,b]", "[ a , 1 ]", "{a: 1, b: [c]}", "{a: }", "{a}", "[a: 1]"),
    *("[a, ]", "[a] # c", "[a]#c", "[[a], {b: {}}]", "{a: 1, a: 2}", '{"a": "b", \'c\': "d, e"}', '{"a":1}', "[?x]"),
    *("[a:b]", "[a #b]", "[12:30]", "[a", "{a: 1", "[a]]", "[a] b", "|", "> ", "&a b", "*a", "!x y", "- a", "-", "? a"),
    *("@a", "`a", "%a", "%a", "a?b", "what ?x", "?x", "a\tb", "\t", "a\r", "\u00a0a", "\u3000", "9" * 500, "1e999"),
    *("[yes, 1_0, 010, 1.]", "[a b, 'c']", '["]", "}"]', "[~]", "{null: 1}", "{true: 1}", "{a b: 1}", "{a: b: c}"),
    *("[a 'b]", "[.inf]", ".inf", "<<", "{<<: {a: 1}}", "---", "...", "\x07", "\x7f", "{ a: 1 }", "[-1, - 1]", "[-]"),
]
HEADS = ["a: ", "b: ", "key: ", "c:", "a:", "null: ", "1: ", "<<: ", '"q": ', "a.b-c_d: ", "? ", "x:y: ", "a : "]
LINES = st.builds(
    lambda indent, dash, head, value: " " * indent + dash + head + value,
    st.sampled_from([0, 0, 0, 2, 2, 2, 4, 4, 1, 3, 6]),
    st.sampled_from(["", "", "", "- ", "- ", "-   ", "- - ", "-", "--- "]),
    st.sampled_from([*HEADS, *HEADS[:6], ""]),
    st.sampled_from(VALUES) | st.sampled_from(WORDS),
)
TEXTS = st.lists(LINES | st.sampled_from(["", "# c", "  # c", "---", "...", "a: 1"]), max_size=9).map("\n".join)


def agrees(text: str, lines: PlainLines | None = None) -> bool:
    """Whether the text was taken; it must then mean what the careful builder says."""
    try:
        checked = decode(text)
    except YamlError:
        return False
    found = (lines or PlainLines()).read(checked)
    if found is None:
        return False
    parsed = parse_carefully(checked)
    assert parsed.problems == ()
    # As texts, since 1 == True == 1.0.
    assert repr([Document(d.value, d.line) for d in parsed.documents]) == repr([Document(*found)])
    return True


@given(TEXTS)
@settings(max_examples=EXAMPLES, deadline=None)
def test_what_is_taken_means_what_the_parser_says(text: str) -> None:
    agrees(text)
    agrees(text + "\n")
    agrees("a:\n" + "\n".join("  " + line for line in text.split("\n")))


@pytest.mark.parametrize(("source", "value"), CORE, ids=[repr(source) for source, _ in CORE])
def test_scalars_and_collections_mean_what_the_parser_says(source: str, value: object) -> None:
    agrees(f"v: {source}\nw: 1\n")
    agrees(f"l:\n  - {source}\n  - k: {source}\n    m: {source} # c\n")
    agrees(f"f: [{source}, {source}]\ng: {{v: {source}}}\n")


def plain_texts() -> list[str]:
    files = sorted((ROOT / "examples").glob("**/*.yaml")) + sorted(
        (ROOT / "tests" / "cases").glob("*/experiments/**/*.yaml")
    )
    return [path.read_text(encoding="utf-8") for path in files]


def test_most_files_are_taken() -> None:
    examples = [path.read_text(encoding="utf-8") for path in (ROOT / "examples").glob("**/experiments/**/*.yaml")]
    lines = PlainLines()
    assert [agrees(text, lines) for text in examples] == [True] * len(examples)
    texts = plain_texts()
    assert len(texts) > 100
    assert sum(agrees(text, lines) for text in texts) > len(texts) * 0.95


def test_the_canonical_form_is_taken() -> None:
    canonical = [format_text(text, Experiment) for text in plain_texts()]
    lines = PlainLines()
    assert sum(agrees(text, lines) for text in canonical) > len(canonical) * 0.95


def test_one_changed_character_is_read_as_the_parser_reads_it() -> None:
    rng = random.Random(7)
    texts = [text for text in plain_texts() if len(text) < 3000]
    lines = PlainLines()
    taken = 0
    for _ in range(EXAMPLES):
        text = rng.choice(texts)
        for _ in range(rng.choice((1, 1, 2, 4))):
            place = rng.randrange(len(text))
            new = rng.choice([*" :-#[]{},'\"\n&*!|>?%@\t~.0ak", "", ": ", "- ", " #", "\n  ", "  "])
            text = text[:place] + new + text[place + rng.choice((0, 1)) :]
        taken += agrees(text, lines)
    assert taken > EXAMPLES / 10


def test_no_two_texts_share_a_collection() -> None:
    """A block of many lines is kept when it is met again, and given out from then on."""
    lines = PlainLines()
    text = "a: [1, {b: [2]}]\nc:\n  - [3]\nd:\n  e: {f: []}\n"
    for _ in range(5):
        found = lines.read(text)
        assert found == ({"a": [1, {"b": [2]}], "c": [[3]], "d": {"e": {"f": []}}}, 1)
        spoil(found[0])


def spoil(value: JsonValue) -> None:
    """Change all of the collections that a value is made of."""
    if isinstance(value, list):
        for item in value:
            spoil(item)
        value.append("spoilt")
    elif isinstance(value, dict):
        for item in value.values():
            spoil(item)
        value["spoilt"] = True


@given(st.lists(TEXTS, min_size=1, max_size=3))
@settings(max_examples=EXAMPLES // 5, deadline=None)
def test_what_was_met_before_means_the_same_again(texts: list[str]) -> None:
    lines = PlainLines()
    taken = [agrees(text, lines) for text in texts]
    whole = "\n".join(texts)
    agrees(whole, lines)
    for _ in range(2):
        assert [agrees(text, lines) for text in texts] == taken
    assert agrees(whole, lines) == agrees(whole)


def test_the_oldest_is_forgotten_and_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_lines, "_KEPT", 3)
    lines = PlainLines()
    for _ in range(2):
        for number in range(5):
            text = f"# c\nkey: k{number}\nname: n\nl:\n  - {number}\n  - b\n"
            assert lines.read(text) == ({"key": f"k{number}", "name": "n", "l": [number, "b"]}, 2)


def test_deep_ones_are_left_to_the_parser() -> None:
    block = "\n".join(" " * depth + "a:" for depth in range(60))
    assert PlainLines().read(block) is None
    assert PlainLines().read("a: " + "[" * 60 + "]" * 60) is None
