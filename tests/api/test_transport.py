"""Retries, statuses, bounds and silence about the key."""

from __future__ import annotations

import email.utils
import gzip
import logging
import ssl
import time
import traceback
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

import expsync
from expsync.api import answers
from expsync.api.client import Client
from expsync.api.limiter import Limiter
from expsync.api.secret import Secret
from expsync.api.transport import ATTEMPTS, KeyAuth, Transport
from expsync.errors import (
    AccessError,
    ApiError,
    NotFoundError,
    RateLimitError,
    RejectedError,
    ReplyError,
    UnclearError,
)
from expsync.wire.endpoints import BY_NAME
from tests.api.world import KEY, Clock, Reaction, Server, chunked, client_of, reply, serve

OK = reply(200, '{"id": 1, "key": "a"}')
READ: Callable[[Client], object] = lambda client: client.get_experiment("1")  # noqa: E731
WRITE: Callable[[Client], object] = lambda client: client.edit_experiment("1", {"enabled": True})  # noqa: E731
BY_INDEX: Callable[[Client], object] = lambda client: client.remove_user("1", "a", 0)  # noqa: E731
GET = BY_NAME["getExperiment"]
CALLS = {"safe": READ, "ask": WRITE, "never": BY_INDEX}


@pytest.fixture(autouse=True)
def middling_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jitter that adds nothing: waits are as long as they get."""
    monkeypatch.setattr(
        Transport.__init__, "__kwdefaults__", {**Transport.__init__.__kwdefaults__, "jitter": lambda: 1.0}
    )


def outcome(call: Callable[[Client], object], *reactions: Reaction) -> tuple[ApiError | None, Server, Clock]:
    """The error of a call, or None; the server and the clock afterwards."""
    server, clock = serve(*reactions), Clock()
    with client_of(server, clock=clock) as client:
        try:
            call(client)
            error = None
        except ApiError as raised:
            error = raised
        assert client.requests_sent == len(server.requests)
    return error, server, clock


# --- retries ---


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
        http = httpx.Client(transport=httpx.MockTransport(serve(reply(500))))
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


# --- Retry-After ---

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


# --- messages ---


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


# --- redirects ---


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


# --- bounds ---


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
    error, _, _ = outcome(READ, reply(200, bomb, Content_Encoding="gzip"))
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
        ("gzip, gzip", gzip.compress(gzip.compress(b"x")), "it is packed in a way that was not asked for"),
    ],
)
def test_a_body_packed_otherwise_can_not_be_read(packing: str, body: bytes, why: str) -> None:
    error, server, _ = outcome(READ, reply(200, body, Content_Encoding=packing))
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
        http=httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=drip()))),
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


# --- what is sent ---


def test_the_key_goes_in_the_header_and_to_the_base_address_alone() -> None:
    error, server, _ = outcome(READ, OK)
    assert error is None
    request = server.requests[0]
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["accept"] == "application/json"
    assert KEY not in str(request.url)


def test_the_key_is_not_put_on_a_request_to_another_origin() -> None:
    auth = KeyAuth(Secret(KEY), httpx.URL("https://a.example/prefix"))
    for url, bears in {
        "https://a.example/x": True,
        "https://a.example:8443/x": False,
        "http://a.example/x": False,
        "https://b.example/x": False,
        "https://a.example.evil/x": False,
    }.items():
        request = next(auth.auth_flow(httpx.Request("GET", url)))
        assert ("authorization" in request.headers) is bears


def test_a_body_is_compact_json_and_only_sent_where_there_is_one() -> None:
    server = serve(reply(200, "OK"))
    with client_of(server) as client:
        client.edit_experiment("1", {"name": "Ünï", "startDate": None})
        client.remove_variant("1", "a")
        client.bulk_remove_users("1", "a", ["x"])
    edit, remove, bulk = server.requests
    assert edit.content == b'{"name":"\\u00dcn\\u00ef","startDate":null}'
    assert edit.headers["content-type"] == "application/json"
    assert remove.content == b""
    assert "content-type" not in remove.headers
    assert (bulk.method, bulk.content) == ("DELETE", b'{"users":["x"]}')
    assert bulk.headers["content-type"] == "application/json"


@pytest.mark.parametrize("body", [{"x": float("nan")}, {"x": object()}])
def test_a_body_that_is_no_json_is_not_sent(body: object) -> None:
    server = serve(OK)
    with client_of(server) as client, pytest.raises(ApiError, match="the body can't be written as JSON"):
        client.edit_experiment("1", body)  # type: ignore[arg-type]
    assert server.requests == []


def test_the_limiter_is_asked_before_every_attempt() -> None:
    clock = Clock()
    limiter = Limiter(1, clock=clock.read, sleep=clock.sleep)
    with client_of(serve(reply(500)), limiter=limiter) as client, pytest.raises(UnclearError):
        READ(client)
    assert clock.slept == [pytest.approx(1.001)] * 4


# --- the trace ---


def test_the_trace_has_a_line_an_attempt_without_key_or_query() -> None:
    lines: list[str] = []
    server = serve(httpx.ReadTimeout("t"), reply(503), reply(200, '{"experiments": []}'), reply(404))
    with client_of(server, trace=lines.append) as client:
        client.list_all(key=KEY)
        with pytest.raises(NotFoundError):
            client.get_experiment(f"{KEY}\x1b[31m")
    shown = [line.rsplit(" ", 2)[0] for line in lines]
    assert shown == [
        "GET /api/1/experiments no answer",
        "GET /api/1/experiments 503",
        "GET /api/1/experiments 200",
        "GET /api/1/experiments/[key]%1B%5B31m 404",
    ]
    assert all(line.split(" ")[-2].isdigit() and line.endswith(" ms") for line in lines)


# --- silence about the key ---


def everything_of(error: BaseException) -> str:
    """All that an error can show: texts, reprs, attributes, causes, and the traceback with our frames' locals."""
    ours = str(Path(expsync.__file__).parent)
    shown = []
    seen: BaseException | None = error
    while seen is not None:
        shown += [str(seen), repr(seen), repr(vars(seen))]
        for frame, _ in traceback.walk_tb(seen.__traceback__):
            if frame.f_code.co_filename.startswith(ours):
                shown.append(repr(frame.f_locals))
        seen = seen.__cause__ or seen.__context__
    assert len(shown) > 5
    return "\n".join(shown)


ECHO = reply(400, f"Authorization: Bearer {KEY}", X_Echo=KEY)
LEAKS: dict[str, Reaction] = {
    "400": ECHO,
    "401": reply(401, KEY),
    "403": reply(403, KEY),
    "404": reply(404, KEY),
    "405": reply(405, KEY),
    "429": reply(429, KEY, Retry_After=KEY),
    "500": reply(500, KEY),
    "302": reply(302, KEY, Location=f"https://{KEY}.example/{KEY}?{KEY}"),
    "names in the answer": reply(200, f'{{"id": 1, "key": "a", "rolloutWeights": {{"{KEY}": []}}}}'),
    "not JSON": reply(200, KEY),
    "packed": reply(200, KEY, Content_Encoding="gzip"),
    "read timeout": httpx.ReadTimeout(f"timed out sending {KEY}"),
    "connect": httpx.ConnectError(f"refused {KEY}"),
    "cut": httpx.RemoteProtocolError(f"Illegal header value b'Bearer {KEY}'"),
}


@pytest.mark.parametrize("reaction", LEAKS.values(), ids=LEAKS)
def test_the_key_shows_in_no_error_and_no_log(reaction: Reaction, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    lines: list[str] = []
    client = client_of(serve(reaction), trace=lines.append)
    with client, pytest.raises(ApiError) as caught:
        client.get_experiment("1")
    assert KEY not in everything_of(caught.value)
    assert KEY not in "".join(lines)
    assert KEY not in caplog.text
    assert KEY not in repr(client) + repr(vars(client)) + repr(vars(client._transport))
