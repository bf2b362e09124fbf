"""What is tried again, how often, and after how long."""

from __future__ import annotations

import email.utils
import ssl
import time
from collections.abc import Callable

import httpx
import pytest

from expsync.api import answers
from expsync.api.client import Client
from expsync.api.transport import ATTEMPTS, Transport
from expsync.errors import (
    AccessError,
    ApiError,
    NotFoundError,
    RateLimitError,
    RejectedError,
    ReplyError,
    UnclearError,
)
from tests.api.calls import BY_INDEX, CALLS, GET, OK, READ, WRITE, outcome
from tests.api.world import Clock, Reaction, reply, serve


@pytest.fixture(autouse=True)
def middling_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jitter that adds nothing: waits are as long as they get."""
    monkeypatch.setattr(
        Transport.__init__, "__kwdefaults__", {**Transport.__init__.__kwdefaults__, "jitter": lambda: 1.0}
    )


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_429_is_retried_for_every_call_and_ends_after_five_attempts(call: Callable[[Client], object]) -> None:
    error, server, clock = outcome(call, reply(429, "slow down"))
    assert type(error) is RateLimitError
    assert error.status == 429
    assert len(server.requests) == ATTEMPTS == 5
    assert clock.slept == [2.0, 4.0, 8.0, 16.0]


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_429_that_goes_away_is_no_error(call: Callable[[Client], object]) -> None:
    error, server, clock = outcome(call, reply(429), reply(429), OK)
    assert (error, len(server.requests), clock.slept) == (None, 3, [2.0, 4.0])


UNCLEAR: dict[str, Reaction] = {
    "500": reply(500, "boom"),
    "502": reply(502),
    "503": reply(503),
    "504": reply(504),
    "599": reply(599),
    "408": reply(408),
    "read timeout": httpx.ReadTimeout("read"),
    "write timeout": httpx.WriteTimeout("write"),
    "read error": httpx.ReadError("reset"),
    "write error": httpx.WriteError("pipe"),
    "close error": httpx.CloseError("close"),
    "cut": httpx.RemoteProtocolError("Server disconnected without sending a response."),
}


@pytest.mark.parametrize("reaction", UNCLEAR.values(), ids=UNCLEAR)
def test_an_unclear_end_of_a_read_is_retried(reaction: Reaction) -> None:
    error, server, clock = outcome(READ, reaction, reaction, OK)
    assert (error, len(server.requests), clock.slept) == (None, 3, [0.5, 1.0])
    error, server, clock = outcome(READ, reaction)
    assert type(error) is UnclearError
    assert (len(server.requests), clock.slept) == (5, [0.5, 1.0, 2.0, 4.0])


@pytest.mark.parametrize("call", [WRITE, BY_INDEX])
@pytest.mark.parametrize("reaction", UNCLEAR.values(), ids=UNCLEAR)
def test_an_unclear_end_of_a_write_is_told_at_once(reaction: Reaction, call: Callable[[Client], object]) -> None:
    error, server, clock = outcome(call, reaction, OK)
    assert type(error) is UnclearError
    assert (len(server.requests), clock.slept) == (1, [])


UNSENT: dict[str, Exception] = {
    "refused": httpx.ConnectError("[Errno 111] Connection refused"),
    "connect timeout": httpx.ConnectTimeout("timed out"),
    "no free connection": httpx.PoolTimeout("pool"),
    "proxy": httpx.ProxyError("407"),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("reaction", UNSENT.values(), ids=UNSENT)
def test_a_connection_that_did_not_come_about_is_retried_for_every_call(
    reaction: Exception, call: Callable[[Client], object]
) -> None:
    error, server, clock = outcome(call, reaction, OK)
    assert (error, len(server.requests), clock.slept) == (None, 2, [0.5])
    error, server, _ = outcome(call, reaction)
    assert type(error) is ApiError
    assert error.status is None
    assert len(server.requests) == 5


def test_a_connection_that_never_comes_about_names_the_host() -> None:
    error, _, _ = outcome(READ, UNSENT["refused"])
    assert error is not None
    assert error.message == ("getExperiment: no connection to experiment.amplitude.com: [Errno 111] Connection refused")
    assert error.hint == "check the network and baseUrl; nothing was sent"


def test_a_certificate_that_is_not_trusted_is_not_tried_again() -> None:
    distrust = httpx.ConnectError("certificate verify failed")
    distrust.__cause__ = ssl.SSLCertVerificationError("self-signed certificate")
    error, server, _ = outcome(READ, distrust)
    assert type(error) is ApiError
    assert "SSL_CERT_FILE" in error.hint
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RejectedError),
        (401, AccessError),
        (402, RejectedError),
        (403, AccessError),
        (404, NotFoundError),
        (405, RejectedError),
        (409, RejectedError),
        (418, RejectedError),
        (422, RejectedError),
        (301, ReplyError),
        (304, ReplyError),
        (307, ReplyError),
    ],
)
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_plain_no_is_told_at_once(status: int, kind: type[ApiError], call: Callable[[Client], object]) -> None:
    error, server, clock = outcome(call, reply(status, "no"), OK)
    assert type(error) is kind
    assert error.status == status
    assert (len(server.requests), clock.slept) == (1, [])


def test_jitter_makes_a_wait_shorter_by_half_at_most() -> None:
    for jitter, waits in ((0.0, [0.25, 0.5, 1.0, 2.0]), (0.5, [0.375, 0.75, 1.5, 3.0])):
        clock = Clock()
        base = httpx.URL("https://x.example")
        http = httpx.MockTransport(serve(reply(500)))
        transport = Transport(
            base=base,
            asker=answers.Asker("prod", "KEY", None),
            http=http,
            limiter=None,
            timeout=30,
            sleep=clock.sleep,
            jitter=lambda jitter=jitter: jitter,
        )
        with pytest.raises(UnclearError):
            transport.send(GET, "/api/1/experiments/1")
        assert clock.slept == waits
        transport.close()


NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        (" 3 ", 3.0),
        ("1.5", 1.0),
        ("0", 0.0),
        ("-5", 0.0),
        ("", 0.0),
        ("soon", 0.0),
        ("nan", 0.0),
        ("inf", 0.0),
        ("1e3", 0.0),
        ("9" * 30, 0.0),
        ("³", 0.0),
        (email.utils.formatdate(NOW + 12, usegmt=True), 12.0),
        (email.utils.formatdate(NOW - 12, usegmt=True), 0.0),
        ("Tue, 14 Nov 2023 24:99:99 GMT", 0.0),
        ("Tue, 14 Nov 99999 22:13:20 GMT", 0.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float) -> None:
    headers = httpx.Headers([(b"retry-after", value.encode())])
    assert answers.retry_after(headers, lambda: NOW) == seconds


def test_no_retry_after_asks_for_nothing() -> None:
    assert answers.retry_after(httpx.Headers(), lambda: NOW) == 0.0


def test_what_the_server_asks_for_is_waited_up_to_a_minute() -> None:
    _, _, clock = outcome(
        WRITE, reply(429, Retry_After="7"), reply(429, Retry_After="86400"), reply(429, Retry_After="0"), OK
    )
    assert clock.slept == [7.0, 60.0, 8.0]


def test_a_date_is_waited_for() -> None:
    date = email.utils.formatdate(time.time() + 30, usegmt=True)
    _, _, clock = outcome(READ, reply(503, Retry_After=date), OK)
    assert clock.slept == [pytest.approx(30, abs=5)]
