"""Answers that can't be read: always one kind of error, one line, no value shown."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SkipValidation

from expsync.errors import ReplyError
from expsync.wire import replies
from expsync.wire.schema import (
    WireCondition,
    WireDeployment,
    WireExperiment,
    WireSegment,
    WireVariant,
    WireVersion,
)
from tests.wire.test_schema import DOCUMENTED

PARSERS: dict[str, Callable[[Any], Any]] = {
    "listExperiments": replies.parse_page,
    "getExperiment": replies.parse_experiment,
    "listVersions": replies.parse_versions,
    "getVersion": replies.parse_version,
    "listVariants": replies.parse_variants,
    "getVariant": replies.parse_variant,
    "getInclusions": replies.parse_inclusions,
    "getCohortInclusions": replies.parse_cohort_inclusions,
    "listDeployments": replies.parse_deployments,
    "listProjectDeployments": replies.parse_project_deployments,
    "createExperiment": replies.parse_created,
}
GARBAGE: dict[str, bytes] = {
    "nothing": b"",
    "OK": b"OK",
    "html": b"<html><body>502</body></html>",
    "half a list": b'[{"key": "contr',
    "half an object": b'{"experiments": [{"id": 1, "key"',
    "a bare number": b"5",
    "a bare text": b'"text"',
    "null": b"null",
    "true": b"true",
    "NaN": b"NaN",
    "NaN inside": b'{"experiments": [{"id": 1, "key": "a", "x": NaN}], "id": NaN, "key": "a"}',
    "Infinity inside": b'[{"key": -Infinity, "id": Infinity}]',
    "a hundred thousand lists": b"[" * 100_000 + b"]" * 100_000,
    "a hundred thousand objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "invalid utf-8": b'[{"key": "\xff\xfe"}]',
    "utf-16": '{"experiments": []}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"experiments": []}',
    "an encoded surrogate": b'["\xed\xa0\x80"]',
    "an escaped surrogate": b'["\\ud800"]',
    "two documents": b'{"experiments": []}{"experiments": []}',
    "a trailing comma": b"[1,]",
    "a number of ten thousand digits": b"[" + b"9" * 10_000 + b"]",
    "a zero byte": b"\x00",
    "lists in lists": b"[[]]",
    "wrong kinds": b'{"experiments": {}, "deployments": {}, "id": [], "key": {}, "version": [], "flagConfig": 5}',
}


@pytest.mark.parametrize("endpoint", PARSERS)
@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_a_reply_error_of_one_line_that_names_the_endpoint(endpoint: str, body: bytes) -> None:
    with pytest.raises(ReplyError) as caught:
        PARSERS[endpoint](body)
    message = str(caught.value)
    assert message.startswith(f"{endpoint}: the answer can't be read: ")
    assert "\n" not in message
    assert len(message) < 300


@pytest.mark.parametrize("endpoint", PARSERS)
@given(body=st.binary() | st.text().map(str.encode))
def test_random_bytes_never_raise_anything_else(endpoint: str, body: bytes) -> None:
    try:
        PARSERS[endpoint](body)
    except ReplyError:
        return


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(
    body=st.fixed_dictionaries({"id": JSON, "key": JSON}, optional=dict.fromkeys(set(DOCUMENTED) - {"id", "key"}, JSON))
)
def test_any_value_in_any_field_is_read_or_a_reply_error(body: dict[str, Any]) -> None:
    try:
        found = replies.parse_experiment(body)
    except ReplyError:
        return
    assert found.model_fields_set == set(body)


def test_what_is_no_json_value_is_a_reply_error() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    for value in (object(), float("nan"), {"experiments": float("inf")}, deep):
        with pytest.raises(ReplyError, match=r"^getExperiment: the answer can't be read: it is not JSON$"):
            replies.parse_experiment(value)  # type: ignore[arg-type]


def one(fields: str) -> bytes:
    """A page of one experiment with these fields."""
    return ('{"experiments": [{"id": 1, "key": "a", ' + fields + "}]}").encode()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            b'{"experiments": [{"id": 1, "key": "a"}, {"id": [], "key": "b"}]}',
            "$.experiments[1].id: a list does not fit there",
        ),
        (b'{"experiments": [{"key": "a"}]}', "$.experiments[0].id: is missing"),
        (b'{"experiments": [{"id": 1, "key": ""}]}', "$.experiments[0].key: is missing"),
        (b'{"nextCursor": 5}', "$.experiments: is missing"),
        (b'{"experiments": null}', "$.experiments: null does not fit there"),
        (b'{"experiments": [], "nextCursor": {"a": 1}}', "$.nextCursor: an object does not fit there"),
        (one('"enabled": "perhaps"'), "$.experiments[0].enabled: a text does not fit there"),
        (one('"rolloutPercentage": true'), "$.experiments[0].rolloutPercentage: a boolean does not fit there"),
        (one('"rolloutPercentage": 1e999'), "$.experiments[0].rolloutPercentage: a number does not fit there"),
        (one('"rolloutPercentage": "nan"'), "$.experiments[0].rolloutPercentage: a text does not fit there"),
        (one('"rolloutPercentage": "1e99"'), "$.experiments[0].rolloutPercentage: a text does not fit there"),
        (one('"rolloutWeights": {"a": []}'), "$.experiments[0].rolloutWeights.a: a list does not fit there"),
        (one('"variants": [{"name": "x"}]'), "$.experiments[0].variants[0].key: is missing"),
        # They would stand in paths: to remove the variant without a key is to remove something else.
        (one('"variants": [{"key": ""}]'), "$.experiments[0].variants[0].key: an empty text does not fit there"),
        (one('"variants": ["on", ""]'), "$.experiments[0].variants[1]: an empty text does not fit there"),
        (one('"deployments": ["7", ""]'), "$.experiments[0].deployments[1]: an empty text does not fit there"),
        (
            one('"variants": [{"key": "x", "payload": [1e999]}]'),
            "$.experiments[0].variants[0].payload[0]: a number does not fit there",
        ),
        (one('"exposureEvent": {"a": [-1e999]}'), "$.experiments[0].exposureEvent.a[0]: a number does not fit there"),
        (b'{"experiments": [5]}', "$.experiments[0]: a number does not fit there"),
    ],
)
def test_the_message_names_the_place(body: bytes, message: str) -> None:
    with pytest.raises(ReplyError) as caught:
        replies.parse_page(body)
    assert str(caught.value) == f"listExperiments: the answer can't be read: {message}"


def test_names_in_the_path_are_shortened_and_can_not_steer_a_terminal() -> None:
    body = {"experiments": [{"id": 1, "key": "a", "rolloutWeights": {"\x1b[31m\n" + "x" * 500: []}}]}
    with pytest.raises(ReplyError) as caught:
        replies.parse_page(body)  # type: ignore[arg-type]
    assert str(caught.value) == (
        "listExperiments: the answer can't be read: $.experiments[0].rolloutWeights.?[31m?"
        + "x" * 82
        + "…: a list does not fit there"
    )


def test_the_words_nan_and_infinity_are_fine_inside_texts() -> None:
    page = replies.parse_page(b'{"experiments": [{"id": 1, "key": "NaN", "name": "Infinity"}]}')
    assert [found.key for found in page.experiments] == ["NaN"]


def test_inclusions_are_texts_or_numbers() -> None:
    assert replies.parse_inclusions(b'["qa@example.com", 7, 2.5]') == ["qa@example.com", "7", "2.5"]


def test_a_created_experiment_needs_an_id() -> None:
    assert replies.parse_created(b'{"id": 7, "url": "http://x"}').id == "7"
    for body in (b"{}", b'{"id": ""}', b'{"id": null}'):
        with pytest.raises(ReplyError):
            replies.parse_created(body)


def test_deployments_of_a_project_come_out_of_their_envelope() -> None:
    assert [d.id for d in replies.parse_project_deployments(b'{"deployments": [{"id": 1}, {"id": "2"}]}')] == ["1", "2"]


def test_a_page_of_a_thousand_is_read_without_a_python_call_for_each_member() -> None:
    page = {"experiments": [{**DOCUMENTED, "id": n, "key": f"k-{n}"} for n in range(1000)]}
    body = json.dumps(page).encode()
    replies.parse_page(body)
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        found = replies.parse_page(body)
    finally:
        sys.setprofile(None)
    assert len(found.experiments) == 1000
    # What the documents show is taken in by compiled code; a function of ours for each field would be 30,000 calls.
    assert calls < 10_000


def test_an_infinite_number_in_a_field_that_nobody_knows_is_ignored() -> None:
    body = one('"fromTheFuture": [1e999], "variants": [{"key": "x", "payload": "1e999"}]')
    assert replies.parse_page(body).experiments[0].variants[0].payload == "1e999"


def test_each_field_for_any_json_is_looked_at_for_infinite_numbers() -> None:
    models = [WireExperiment, WireVariant, WireSegment, WireCondition, WireVersion, WireDeployment]
    loose = {
        field.validation_alias or name
        for model in models
        for name, field in model.model_fields.items()
        if SkipValidation in field.metadata
    }
    assert loose == replies._ANY_JSON


OVERFLOWING = [
    b"1e999",
    b"-1.5E+308999",
    b"12.25e0999",
    b"9" * 310 + b".5",
    b"9" * 250 + b"e99",
    b"9" * 25 + b"e400",
    b"-" + b"1" * 23 + b".5e300",
]


@pytest.mark.parametrize("number", OVERFLOWING)
@pytest.mark.parametrize("space", [b"", b" ", b"\n", b"\t\r\n"])
def test_a_number_past_the_largest_float_is_found_in_whatever_form_it_is_written(number: bytes, space: bytes) -> None:
    for payload in (number, b"[1," + space + number + b"]", b'{"a":' + space + number + b"}"):
        body = b'[{"key": "x", "payload":' + space + payload + b"}]"
        with pytest.raises(ReplyError, match=r"a number does not fit there$"):
            replies.parse_variants(body)


@given(
    st.from_regex(
        r"-?(0|[1-9][0-9]{0,4}|[1-9][0-9]{200,320})(\.[0-9]{1,3})?([eE][+-]?[0-9]{1,4})?", fullmatch=True
    ).filter(str.isascii)
)
def test_no_infinite_number_is_ever_kept(number: str) -> None:
    body = f'{{"key": "x", "payload": [{number}]}}'.encode()
    whole = set(number) <= set("-0123456789")
    # A whole number is never infinite.
    if not whole and math.isinf(float(number)):
        with pytest.raises(ReplyError):
            replies.parse_variant(body)
    else:
        assert replies.parse_variant(body).payload == json.loads(f"[{number}]")


@pytest.mark.parametrize("text", ["1e999", "d41d8cd98f00b204e9800998ecf8427e", "0e1234", "-1E+999"])
def test_a_text_that_looks_like_a_huge_number_costs_no_second_look(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replies, "_check_finite", None)
    assert replies.parse_variant({"key": "x", "payload": text}).payload == text


CURSORS = st.integers(0, 10**30) | st.text(min_size=1, max_size=40)
SPACES = st.sampled_from(["", " ", "\n  ", "\t"])


@given(
    cursor=st.none() | CURSORS, other=st.text(), last=st.booleans(), indent=st.none() | st.integers(0, 2), end=SPACES
)
def test_a_cursor_that_is_told_before_the_page_is_decoded_is_the_one_that_it_holds(
    cursor: str | int | None, other: str, last: bool, indent: int | None, end: str
) -> None:
    page: dict[str, Any] = {"experiments": [{"id": 1, "key": "a", "name": other}], "nextCursor": cursor}
    body = json.dumps(page if last else dict(reversed(page.items())), indent=indent).encode() + end.encode()
    told = replies.cursor_at_end(body)
    assert told in (None, replies.parse_page(body).nextCursor)
    if last and re.fullmatch(r"[ !#-\[\]-~]+", str(cursor)) and cursor is not None:
        assert told == str(cursor)


@pytest.mark.parametrize(
    "body",
    [
        '{"experiments": []}',
        '{"experiments": [], "nextCursor": null}',
        '{"experiments": [], "nextCursor": ""}',
        '{"experiments": [], "nextCursor": 5, "total": 7}',
        '{"experiments": [], "nextCursor": "a\\"b"}',
        '{"experiments": [], "nextCursor": -5}',
        '{"experiments": [{"id": 1, "key": "a", "nextCursor": 5}]}',
        '{"experiments": [], "x\\", \\"nextCursor": 5}',
        '{"experiments": [], "x": ",\\"nextCursor\\":5}"}',
        '{"experiments": [], "x": {"a": 1, "nextCursor": 5}}',
    ],
)
def test_a_cursor_elsewhere_is_not_told_before_the_page_is_decoded(body: str) -> None:
    assert replies.cursor_at_end(body.encode()) is None
