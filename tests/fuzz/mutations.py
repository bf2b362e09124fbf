"""Documents that were valid, and what is left of them after a few mistakes."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

ODD: list[Any] = [
    *(None, True, False, 0, 1, -1, 0.5, -0.0, 1e308, 1e-308, 2**31, 2**53 + 1, 2**63, -(2**64), 10**40, 10**400),
    *(
        "",
        " ",
        "0",
        "1e9",
        "off",
        "null",
        "{id}",
        "..",
        "/",
        "a/b",
        "a.b",
        "*",
        "~",
        "=",
        "x" * 3000,
        "é",
        "日本",
        "🎉",
    ),
    *("\x00", "\n", "\x1b[31m", "\u202e", "\u2028", "::error::x", "##[error]", "2026-02-30", "2026-01-01T00:00:00Z"),
    *([], {}, [[]], [None], {"": None}, {"key": None}, [{}], ["a", "a"], {"a": {"b": {"c": [1, {"d": 2}]}}}),
]
"""Values that somebody forgot about."""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
VALUES = st.sampled_from(ODD) | JSON
PIECES = [
    *(
        b"\x00",
        b"\xff",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
        b"\xe2\x80\xa8",
        b"\r",
        b"\n",
        b"\t",
        b" ",
        b'"',
        b"'",
        b"\\",
    ),
    *(b"{", b"}", b"[", b"]", b":", b": ", b",", b"- ", b"---\n", b"...\n", b"&a ", b"*a ", b"!!str ", b"<<: ", b"#"),
    *(b"null", b"true", b"NaN", b"1e999", b"-", b"0x", b"\\u0000", b"\\ud800", b"%YAML 1.1\n", b"? ", b"| ", b">-\n"),
]
"""What a parser may stumble over."""


def places(document: Any) -> list[tuple[Any, Any]]:
    """Every member of every container in the document: the container, and its key or index."""
    found: list[tuple[Any, Any]] = []
    waiting = [document]
    while waiting:
        inner = waiting.pop()
        names: Sequence[Any] = list(inner) if isinstance(inner, dict) else range(len(inner))
        for name in names:
            found.append((inner, name))
            if isinstance(inner[name], (dict, list)):
                waiting.append(inner[name])
    return found


@st.composite
def edited(draw: st.DrawFn, documents: Sequence[Any], *, most: int = 4) -> Any:
    """One of the documents after one to four edits: values replaced, moved, doubled, renamed or removed."""
    document = copy.deepcopy(draw(st.sampled_from(documents)))
    for _ in range(draw(st.integers(1, most))):
        spots = places(document)
        if not spots:
            return draw(VALUES)
        container, name = draw(st.sampled_from(spots))
        match draw(st.sampled_from(["replace", "replace", "remove", "copy", "double", "rename", "wrap"])):
            case "replace":
                container[name] = copy.deepcopy(draw(VALUES))
            case "remove":
                del container[name]
            case "copy":
                other, there = draw(st.sampled_from(spots))
                container[name] = copy.deepcopy(other[there]) if _holds(other, there) else None
            case "double" if isinstance(container, list):
                container.insert(name, copy.deepcopy(container[name]))
            case "wrap":
                container[name] = draw(st.sampled_from([[container[name]], {"key": container[name]}]))
            case _ if isinstance(container, dict):
                container[draw(st.sampled_from(["", "key", "name", "x", "\x1b", "a.b"]))] = container.pop(name)
    return document


def _holds(container: Any, name: Any) -> bool:
    return name in container if isinstance(container, dict) else name < len(container)


@st.composite
def damaged(draw: st.DrawFn, contents: Sequence[bytes], *, most: int = 4) -> bytes:
    """One of the contents with a few bytes flipped, cut out, doubled, moved or put in."""
    content = draw(st.sampled_from(contents))
    for _ in range(draw(st.integers(1, most))):
        at = draw(st.integers(0, max(len(content) - 1, 0)))
        length = draw(st.sampled_from([1, 1, 2, 5, 20, 200]))
        match draw(st.sampled_from(["flip", "piece", "piece", "cut", "double", "end", "splice"])):
            case "flip" if content:
                content = content[:at] + bytes([content[at] ^ 1 << draw(st.integers(0, 7))]) + content[at + 1 :]
            case "cut":
                content = content[:at] + content[at + length :]
            case "double":
                content = content[:at] + content[at : at + length] * draw(st.integers(2, 5)) + content[at + length :]
            case "end":
                content = content[:at]
            case "splice":
                other = draw(st.sampled_from(contents))
                start = draw(st.integers(0, len(other)))
                content = content[:at] + other[start : start + length] + content[at:]
            case _:
                content = content[:at] + draw(st.sampled_from(PIECES)) + content[at:]
    return content
