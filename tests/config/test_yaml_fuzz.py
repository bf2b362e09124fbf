"""Whatever bytes come, the loader answers with values or with a YamlError that has a place."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from expsync.config.yaml import Document, YamlError, YamlProblem, parse, parse_with_places

# Pieces of YAML make more of a parser's states reachable than letters do.
PIECES = st.sampled_from(
    [
        *"abk01:-?[]{},&*#|>@`%!'\"\\ \n\t~.+_é\u2028\ufeff",
        *(": ", "- ", "\n  ", "\n- ", "&a ", "*a", "!!x ", "<<: ", "---\n", "...\n", "%YAML 1.2\n", "? ", "\r\n"),
        *("null", "true", ".inf", "0x1f", "1e9", "key: a\n", "a:b", "?x", "https://x", '"\\u'),
    ]
)
TEXTS = st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=60)


def documents_or_problems(text: bytes | str) -> tuple[list[Document], tuple[YamlProblem, ...]]:
    try:
        return parse(text), ()
    except YamlError as error:
        return [], error.problems


def check(text: bytes | str) -> None:
    documents, problems = documents_or_problems(text)
    parsed = parse_with_places(text)
    assert parsed.problems == problems
    assert all(p.line >= 1 and p.column >= 1 and p.code.startswith("EXP0") for p in problems)
    assert all((p.message + p.detail + p.hint).isprintable() for p in problems)
    for document in parsed.documents:
        assert all(spot.line >= 1 and spot.column >= 1 for spot in document.places.values())
    if not problems:
        assert [(d.value, d.line) for d in parsed.documents] == [(d.value, d.line) for d in documents]
        json.dumps([d.value for d in documents], allow_nan=False).encode()


@given(TEXTS)
@settings(max_examples=400, deadline=None)
def test_texts_never_break_the_loader(text: str) -> None:
    check(text)


@given(st.binary(max_size=60) | TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")))
@settings(max_examples=400, deadline=None)
def test_bytes_never_break_the_loader(content: bytes) -> None:
    check(content)


# JSON escapes what lies past U+FFFF as two halves, which YAML does not; and a key of YAML has up to 1,024 characters,
# its escapes included.
JSON_TEXTS = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=150)
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | JSON_TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(JSON_TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(JSON_VALUES)
@settings(max_examples=200, deadline=None)
def test_json_is_read_as_json(value: object) -> None:
    """YAML 1.2 contains JSON, as long as its texts are escaped."""
    (document,) = parse(json.dumps({"v": value}))
    assert document.value == {"v": value}
