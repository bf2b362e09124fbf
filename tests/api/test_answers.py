"""What an answer means: its status, its words, its size."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import pytest

from expsync.api import answers
from expsync.api.client import Client
from expsync.api.transport import Transport
from expsync.errors import (
    ReplyError,
    UnclearError,
)
from tests.api.calls import BY_INDEX, CALLS, GET, OK, READ, WRITE, outcome
from tests.api.world import KEY, Clock, chunked, reply


def test_401_names_the_variable_the_environment_and_the_region() -> None:
    error, _, _ = outcome(READ, reply(401, "Unauthorized"))
    assert error is not None
    assert error.message == (
        "getExperiment: the key in AMPLITUDE_PROD_KEY was not accepted for environment 'prod' (401): Unauthorized"
    )
    assert error.hint == "check the key and the region: a key of the other region (us, eu) gives 401 too"


def test_403_names_the_variable_and_the_environment() -> None:
    error, _, _ = outcome(READ, reply(403))
    assert error is not None
    assert error.message == (
        "getExperiment: the key in AMPLITUDE_PROD_KEY has no access to the project of environment 'prod' (403)"
    )
    assert error.hint == "check projectId, and that the key's scope has this project"


def test_405_says_what_can_not_be_edited() -> None:
    error, _, _ = outcome(WRITE, reply(405))
    assert error is not None
    assert error.message == "editExperiment: the server does not allow it (405)"
    assert "web experiments and guides can't be edited through the API" in error.hint


def test_what_the_server_says_is_cut_and_made_plain() -> None:
    error, _, _ = outcome(WRITE, reply(400, "\x1b[31mbad\x1b[0m\r\n\u202ekey \x00" + "x" * 1000))
    assert error is not None
    assert error.message == "editExperiment: the server refused it (400): bad key " + "x" * 292 + "…"


def test_a_refusal_that_is_no_utf_8_is_shown_all_the_same() -> None:
    error, _, _ = outcome(WRITE, reply(422, b"caf\xe9"))
    assert error is not None
    assert error.message == "editExperiment: the server refused it (422): caf\ufffd"


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_redirect_is_not_followed_and_its_query_not_shown(call: Callable[[Client], object]) -> None:
    location = f"https://evil.example/take?token=secret&key={KEY}#x"
    error, server, _ = outcome(call, reply(302, Location=location), OK)
    assert error is not None
    assert error.message.endswith("the server redirects (302) to https://evil.example/take")
    assert error.hint == "redirects are not followed, so that the key goes nowhere else; check baseUrl"
    assert [request.url.host for request in server.requests] == ["experiment.amplitude.com"]


@pytest.mark.parametrize(
    ("location", "shown"),
    [("/login?next=1", " to /login"), ("", ""), (f"https://u:{KEY}@h.example/", " to https://h.example/")],
)
def test_a_redirect_shows_host_and_path_alone(location: str, shown: str) -> None:
    error, _, _ = outcome(READ, reply(301, Location=location))
    assert error is not None
    assert error.message == f"getExperiment: the server redirects (301){shown}"


def test_a_redirect_to_what_is_no_address_shows_nothing_of_it() -> None:
    answer = answers.Answer(302, httpx.Headers({"location": "http://[::x/"}), b"")
    error = answers.error_of("getExperiment", answer, answers.Asker("prod", "KEY", None))
    assert str(error) == "getExperiment: the server redirects (302)"


def small_bound(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(answers.read_answer, "__defaults__", (most,))


def test_a_body_past_the_bound_is_stopped_and_not_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    small_bound(monkeypatch, 1000)
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b"x" * 100

    error, server, _ = outcome(READ, chunked(endless()))
    assert type(error) is ReplyError
    assert error.message == "getExperiment: the answer can't be read: it is longer than 1000 bytes"
    assert (len(server.requests), taken) == (1, 11)


def test_an_endless_answer_to_a_write_leaves_it_unclear(monkeypatch: pytest.MonkeyPatch) -> None:
    small_bound(monkeypatch, 10)
    for call in (WRITE, BY_INDEX):
        error, _, _ = outcome(call, reply(200, "x" * 11))
        assert type(error) is UnclearError
    error, _, _ = outcome(WRITE, reply(400, "x" * 11))
    assert type(error) is ReplyError


def test_a_small_body_that_unpacks_to_a_huge_one_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    small_bound(monkeypatch, 100_000)
    bomb = gzip.compress(b"\0" * 10_000_000)
    assert len(bomb) < 20_000
    error, _, _ = outcome(READ, chunked([bomb], Content_Encoding="gzip"))
    assert type(error) is ReplyError
    assert error.message.endswith("it is longer than 100000 bytes")


@pytest.mark.parametrize("packing", ["gzip", "x-gzip", "GZIP"])
def test_a_packed_body_is_unpacked(packing: str) -> None:
    body = gzip.compress(b'{"id": 1, "key": "a"}')
    pieces = [body[n : n + 3] for n in range(0, len(body), 3)]
    error, _, _ = outcome(READ, chunked(pieces, Content_Encoding=packing))
    assert error is None


@pytest.mark.parametrize(
    ("packing", "body", "why"),
    [
        ("gzip", b"not packed", "it is packed wrongly"),
        ("br", b"x", "it is packed in a way that was not asked for"),
        ("deflate", zlib.compress(b"x"), "it is packed in a way that was not asked for"),
        (
            "gzip, gzip",
            gzip.compress(gzip.compress(b"x", mtime=0), mtime=0),
            "it is packed in a way that was not asked for",
        ),
    ],
)
def test_a_body_packed_otherwise_can_not_be_read(packing: str, body: bytes, why: str) -> None:
    error, server, _ = outcome(READ, chunked([body], Content_Encoding=packing))
    assert type(error) is ReplyError
    assert error.message == f"getExperiment: the answer can't be read: {why}"
    assert len(server.requests) == 1


def test_a_body_that_drips_past_the_timeout_is_a_timeout() -> None:
    clock = Clock()

    def drip() -> Iterator[bytes]:
        while True:
            clock.now += 1
            yield b" "

    transport = Transport(
        base=httpx.URL("https://x.example"),
        asker=answers.Asker("prod", "KEY", None),
        http=httpx.MockTransport(lambda _: httpx.Response(200, content=drip())),
        limiter=None,
        timeout=5,
        clock=clock.read,
        sleep=lambda _: None,
    )
    with pytest.raises(UnclearError, match=r"^getExperiment: no whole answer within 5 seconds$"):
        transport.send(GET, "/api/1/experiments/1")
    assert transport.requests_sent == 5
    transport.close()


def test_a_body_that_breaks_off_is_retried_for_a_read_and_unclear_for_a_write() -> None:
    def breaks(_: httpx.Request) -> httpx.Response:
        def body() -> Iterator[bytes]:
            yield b'{"id": 1'
            raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")

        return httpx.Response(200, content=body())

    error, server, _ = outcome(READ, breaks, OK)
    assert (error, len(server.requests)) == (None, 2)
    error, server, _ = outcome(WRITE, breaks, OK)
    assert type(error) is UnclearError
    assert len(server.requests) == 1


def test_only_the_answer_of_a_sync_client_is_read() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"x"

    with pytest.raises(TypeError):
        answers.read_answer(httpx.Response(200, content=pieces()), lambda: False)
