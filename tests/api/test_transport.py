"""What is sent, and what is shown of it: never the key."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

import httpx
import pytest

import expsync
from expsync.api.client import Client
from expsync.api.limiter import Limiter
from expsync.api.secret import Secret
from expsync.api.transport import KeyAuth
from expsync.errors import (
    ApiError,
    NotFoundError,
    UnclearError,
)
from tests.api.calls import OK, READ, outcome
from tests.api.world import KEY, Clock, Reaction, chunked, client_of, reply, serve


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
        request = httpx.Request("GET", url)
        auth.authorise(request)
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
    assert len(shown) > 4
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
    "packed": chunked([KEY.encode()], Content_Encoding="gzip"),
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


@pytest.mark.parametrize(
    ("base_url", "key"),
    [
        ("http://evil.example", KEY),
        ("https://[::x", KEY),
        ("https://ok.example", f"{KEY}\nX: 1"),
        ("https://ok.example", ""),
    ],
)
def test_the_key_shows_in_no_error_of_a_client_that_does_not_start(base_url: str, key: str) -> None:
    with pytest.raises(ApiError) as caught:
        Client(base_url=base_url, api_key=key, project_id="1", environment="prod", key_variable="VARIABLE")
    assert KEY not in everything_of(caught.value)
