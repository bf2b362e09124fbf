"""JSON that is indented by the quick encoder, and by the other where that one can't."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expsync.model.json_text import indented_json

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(ANY)
def test_it_means_exactly_the_same(value: object) -> None:
    assert json.loads(indented_json(value)) == value  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["NaN", {"Infinity": [1, {}, []]}, {"a": "half \ud800"}, [[[{"b": 1.5}]]]])
def test_it_stands_as_json_indents_it(value: dict[str, object]) -> None:
    assert indented_json(value) == json.dumps(value, indent=2) + "\n"  # type: ignore[arg-type]


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        indented_json({"payload": [number]})


def test_what_nests_deep_is_written_too() -> None:
    value: list[object] = []
    for _ in range(300):
        value = [value]
    assert json.loads(indented_json(value)) == value  # type: ignore[arg-type]
