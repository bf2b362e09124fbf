"""The YAML loader: the core schema of YAML 1.2, streams, aliases, places, and what it refuses."""

from __future__ import annotations

import math
import sys

import pytest

from expsync.config import yaml_events
from expsync.config.yaml import Document, YamlError, parse, parse_with_places
from expsync.config.yaml_text import MAX_BYTES

CORE: tuple[tuple[str, object], ...] = (
    ("", None),
    ("~", None),
    ("null", None),
    ("Null", None),
    ("NULL", None),
    ("nUll", "nUll"),
    ("true", True),
    ("True", True),
    ("TRUE", True),
    ("tRUE", "tRUE"),
    ("false", False),
    ("False", False),
    ("FALSE", False),
    ("yes", "yes"),
    ("no", "no"),
    ("on", "on"),
    ("off", "off"),
    ("y", "y"),
    ("n", "n"),
    ("0", 0),
    ("-0", 0),
    ("12", 12),
    ("012", 12),
    ("+12", 12),
    ("-12", -12),
    ("1_000", "1_000"),
    ("0b1", "0b1"),
    ("0o17", 15),
    ("-0o17", "-0o17"),
    ("0o18", "0o18"),
    ("0x1f", 31),
    ("0xFF", 255),
    ("+0x1f", "+0x1f"),
    ("0xg", "0xg"),
    ("1.5", 1.5),
    ("1.", 1.0),
    (".5", 0.5),
    ("-.5", -0.5),
    ("1e3", 1000.0),
    ("1E+3", 1000.0),
    ("1.5e-3", 0.0015),
    ("1e", "1e"),
    (".", "."),
    ("..", ".."),
    ("+", "+"),
    ("-1-", "-1-"),
    ("1.2.3", "1.2.3"),
    ("1,000", "1,000"),
    ("12:30:45", "12:30:45"),
    ("2026-02-01", "2026-02-01"),
    ("2026-02-01T10:00:00Z", "2026-02-01T10:00:00Z"),
    ("18446744073709551615", 2**64 - 1),
    ("-9223372036854775808", -(2**63)),
    ("\u0663", "\u0663"),  # a digit, but not one of the core schema's
    ("Total", "Total"),
    ("Noon", "Noon"),
    ("'1'", "1"),
    ('"true"', "true"),
    ("''", ""),
    ('"\\u00e9\\t\\x41"', "é\tA"),
    ("=", "="),
    ("[https://x.example:80/p?q=1#f, 12:30, a::b, :c]", ["https://x.example:80/p?q=1#f", "12:30", "a::b", ":c"]),
    ("{u: https://x, 'v':w, \"y\":1, a:b: c}", {"u": "https://x", "v": "w", "y": 1, "a:b": "c"}),
    ("[?x, y?, a?b, what? yes, {? z}]", ["?x", "y?", "a?b", "what? yes", {"z": None}]),
    ("[a, # ?\n  ?x]", ["a", "?x"]),
    ("https://x?y:z", "https://x?y:z"),
    ("'https://x?y:z'", "https://x?y:z"),
    ("{a: 1}", {"a": 1}),
    ('{"a":1}', {"a": 1}),
    ("[a, [1]]", ["a", [1]]),
    ("|\n  a\n  b\n", "a\nb\n"),
    (">-\n  a\n  b\n", "a b"),
)


@pytest.mark.parametrize(("source", "value"), CORE, ids=[repr(source) for source, _ in CORE])
def test_scalars_are_those_of_the_core_schema(source: str, value: object) -> None:
    (document,) = parse(f"v: {source}")
    found = document.value["v"]  # type: ignore[index,call-overload]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(("source", "value"), CORE, ids=[repr(source) for source, _ in CORE])
def test_the_careful_builder_agrees_with_the_quick_one(source: str, value: object) -> None:
    parsed = parse_with_places(f"v: {source}")
    assert ([d.value for d in parsed.documents], parsed.problems) == ([{"v": value}], ())


@pytest.mark.parametrize("source", [".inf", "-.Inf", "+.INF", ".nan", ".NaN", "1e999", "-1e999", "9" * 5000])
def test_numbers_that_json_lacks_are_refused(source: str) -> None:
    with pytest.raises(YamlError) as caught:
        parse(f"v: {source}")
    assert [(p.code, p.line, p.column) for p in caught.value.problems] == [("EXP014", 1, 4)]


def test_the_c_parser_is_there() -> None:
    """A slower one in Python must not take its place unseen."""
    assert sys.modules["_ruamel_yaml"].__file__ is not None
    assert sys.modules["_ruamel_yaml"].__file__.endswith((".so", ".pyd"))
    assert yaml_events.CParser is vars(sys.modules["_ruamel_yaml"])["CParser"]


def test_a_stream_has_many_documents_and_their_lines() -> None:
    assert parse("# c\nkey: a\n---\n\nkey: b\n--- {key: c}\n---\n") == [
        Document({"key": "a"}, 2),
        Document({"key": "b"}, 5),
        Document({"key": "c"}, 6),
        Document(None, 8),
    ]


def test_scalars_and_nothing_can_be_documents() -> None:
    assert parse("a\n--- 1\n--- 'x'\n") == [Document("a", 1), Document(1, 2), Document("x", 3)]
    assert parse("") == []
    assert parse("# only a comment\n") == []


def test_a_byte_order_mark_is_accepted_and_moves_no_column() -> None:
    assert parse(b"\xef\xbb\xbfkey: a\n") == [Document({"key": "a"}, 1)]
    assert parse("\ufeffkey: a\n") == [Document({"key": "a"}, 1)]
    with pytest.raises(YamlError) as caught:
        parse(b"\xef\xbb\xbf!x key: a\n")
    assert [(p.line, p.column) for p in caught.value.problems] == [(1, 1)]
    with pytest.raises(YamlError) as caught:
        parse(b"\xef\xbb\xbfa\xff")
    assert [(p.code, p.line, p.column) for p in caught.value.problems] == [("EXP003", 1, 2)]


def test_windows_line_ends_are_line_ends() -> None:
    parsed = parse_with_places("key: a\r\nname: b\r\n")
    assert parsed.documents[0].value == {"key": "a", "name": "b"}
    assert (parsed.documents[0].places[("name",)].line, parsed.documents[0].places[("name",)].column) == (2, 7)


def test_aliases_stand_for_their_values() -> None:
    assert parse("a: &x [1, &y {b: c}]\nd: *x\ne: *y\nf: &z\ng: *z\n")[0].value == {
        "a": [1, {"b": "c"}],
        "d": [1, {"b": "c"}],
        "e": {"b": "c"},
        "f": None,
        "g": None,
    }


def test_an_anchor_is_known_in_its_own_document_alone() -> None:
    with pytest.raises(YamlError) as caught:
        parse("a: &x 1\n---\nb: *x\n")
    assert str(caught.value) == '3:4 there is no anchor "&x" before this alias'


def bomb(levels: int) -> str:
    lines = ["l0: &l0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


def test_a_bomb_is_refused_and_a_small_one_is_not() -> None:
    assert len(parse(bomb(4))) == 1
    with pytest.raises(YamlError) as caught:
        parse(bomb(12))
    assert [(p.code, p.message) for p in caught.value.problems] == [("EXP009", "the aliases stand for too much")]


def test_a_long_text_repeated_by_aliases_is_refused() -> None:
    text = "a: &a " + "x" * 100_000 + "\nb: [" + ", ".join(["*a"] * 20) + "]\n"
    with pytest.raises(YamlError) as caught:
        parse(text)
    assert [p.code for p in caught.value.problems] == ["EXP009"]


def test_aliases_count_towards_the_depth() -> None:
    deep = "[" * 30 + "]" * 30
    with pytest.raises(YamlError) as caught:
        parse(f"a: &a {deep}\nb: {'[' * 30}*a{']' * 30}\n")
    assert [p.code for p in caught.value.problems] == ["EXP010"]


@pytest.mark.parametrize(("depth", "codes"), [(50, []), (51, ["EXP010"])])
def test_fifty_levels_are_the_limit(depth: int, codes: list[str]) -> None:
    for opening, closing in (("[", "]"), ("{a: ", "}")):
        problems = parse_with_places(opening * depth + closing * depth).problems
        assert [p.code for p in problems] == codes


def test_only_yaml_1_2_may_be_declared() -> None:
    assert parse("%YAML 1.2\n---\non: yes\n") == [Document({"on": "yes"}, 3)]
    with pytest.raises(YamlError) as caught:
        parse("%YAML 1.1\n---\na: b\n")
    assert [p.code for p in caught.value.problems] == ["EXP013"]
    # A parser that met 1.1 once must not read the next text as 1.1.
    assert parse("v: yes")[0].value == {"v": "yes"}


def test_a_file_past_five_megabytes_is_not_read() -> None:
    assert parse(b"#" * MAX_BYTES) == []
    with pytest.raises(YamlError) as caught:
        parse(b"#" * (MAX_BYTES + 1))
    assert str(caught.value) == "1:1 the file is too large"
    assert [p.code for p in parse_with_places(b"#" * (MAX_BYTES + 1)).problems] == ["EXP002"]


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x7f", "\x85", "\u2029", "\ud800", "\ufeff", "\ufffe"])
def test_characters_that_do_not_show_are_refused(character: str) -> None:
    with pytest.raises(YamlError) as caught:
        parse(f"a: b\nc: é{character}\n")
    assert [(p.code, p.line, p.column) for p in caught.value.problems] == [("EXP004", 2, 5)]


def test_every_problem_of_a_text_is_told() -> None:
    parsed = parse_with_places("a: 1\na: !x 2\n3: 4\nb: *y\nc: .inf\n*z : 1\n? {d: e}\n: f\n'<<': 5\n<<: 6\n")
    assert [(p.code, p.line, p.column) for p in parsed.problems] == [
        ("EXP006", 2, 1),
        ("EXP007", 2, 4),
        ("EXP011", 3, 1),
        ("EXP008", 4, 4),
        ("EXP014", 5, 4),
        ("EXP011", 6, 1),
        ("EXP008", 6, 1),
        ("EXP011", 7, 3),
        ("EXP012", 10, 1),
    ]
    assert parsed.documents[0].broken


@pytest.mark.parametrize("escape", ["\\ue000", "\\uE000", "\\U0000E001"])
def test_an_escaped_private_character_is_itself_and_no_colon(escape: str) -> None:
    text = f'url: [http://a?b]\nv: "{escape} 1"\n'

    (document,) = parse_with_places(text).documents

    assert document.value == {"url": ["http://a?b"], "v": f"{chr(int(escape[2:], 16))} 1"}


def test_a_text_with_every_private_character_is_still_read() -> None:
    every = "".join(chr(code) for code in range(0xE000, 0xF900))
    assert parse(f"a: &x '{every}'\nb: c:d?\n")[0].value == {"a": every, "b": "c:d?"}


def test_columns_stay_where_flow_texts_have_colons() -> None:
    places = parse_with_places("a: [http://x, b?, {c:d: &e 1}]\n").documents[0].places
    assert {path: (spot.line, spot.column, spot.source) for path, spot in places.items() if len(path) > 1} == {
        ("a", 0): (1, 5, "http://x"),
        ("a", 1): (1, 15, "b?"),
        ("a", 2): (1, 19, None),
        ("a", 2, "c:d"): (1, 25, "1"),
    }


def test_documents_before_a_mistake_of_syntax_are_kept() -> None:
    parsed = parse_with_places("a: 1\n---\nb: 2\n---\nc: [\n")
    assert [d.value for d in parsed.documents] == [{"a": 1}, {"b": 2}]
    assert [(p.code, p.line) for p in parsed.problems] == [("EXP005", 5)]


def test_a_key_that_stands_twice_keeps_its_first_value() -> None:
    parsed = parse_with_places("a: 1\nb: 2\na: {c: 3}\n")
    assert parsed.documents[0].value == {"a": 1, "b": 2}
    assert not parsed.documents[0].broken


def test_places_are_of_keys_and_values_and_keep_the_source() -> None:
    places = parse_with_places("key: a\nlist:\n  - 1.10\n  - {x: 'é', y: &n [0x1f]}\n").documents[0].places
    shown = {
        path: (f"{spot.key_line}:{spot.key_column}", f"{spot.line}:{spot.column}", spot.source)
        for path, spot in places.items()
    }
    assert shown == {
        (): ("1:1", "1:1", None),
        ("key",): ("1:1", "1:6", "a"),
        ("list",): ("2:1", "3:3", None),
        ("list", 0): ("3:5", "3:5", "1.10"),
        ("list", 1): ("4:5", "4:5", None),
        ("list", 1, "x"): ("4:6", "4:9", None),
        ("list", 1, "y"): ("4:14", "4:17", None),
        ("list", 1, "y", 0): ("4:21", "4:21", "0x1f"),
    }


def test_nothing_but_plain_json_values_comes_out() -> None:
    (document,) = parse("a: [1, 1.5, true, null, x, {b: c}]\n")
    assert isinstance(document.value, dict)
    values = document.value["a"]
    assert isinstance(values, list)
    assert [type(v) for v in values] == [int, float, bool, type(None), str, dict]
    assert not any(isinstance(v, float) and not math.isfinite(v) for v in values)
