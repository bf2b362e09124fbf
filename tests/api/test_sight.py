"""A call that rests on something goes out on nothing old: after a queue, a slow connection or a repetition it looks."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import pytest

from expsync.api.client import Client
from expsync.api.limiter import Limiter
from expsync.api.sight import LOOKS
from expsync.errors import ApiError, RateLimitError
from tests.api.world import KEY, Clock, client_of, reply, serve


@dataclass
class Script:
    """A sight that answers as told, and with the last answer from then on; `looks` counts, and `act` is a look."""

    answers: list[bool]
    act: Callable[[], None] = lambda: None
    asked: int = 0
    looks: int = 0
    log: list[str] = field(default_factory=list)

    def is_fresh(self) -> bool:
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]

    def expire(self) -> None:
        self.log.append("expire")

    def look(self) -> None:
        self.looks += 1
        self.log.append("look")
        self.act()


@dataclass
class Aging:
    """A sight that ages with the clock; a look is one request more."""

    clock: Clock
    fresh: float
    client: Client | None = None
    since: float = 1000.0
    looks: int = 0

    def is_fresh(self) -> bool:
        return self.clock.now - self.since < self.fresh

    def expire(self) -> None:
        self.since = 0.0

    def look(self) -> None:
        self.looks += 1
        since = self.clock.now
        assert self.client is not None
        self.client.get_experiment("1")
        self.since = since


def edit(client: Client, sight: Script | Aging) -> bytes:
    return client.perform("PATCH", "/api/1/experiments/1", {"enabled": True}, sight=sight)


BODY = '{"id": 1, "key": "a"}'


def test_what_is_fresh_goes_out_at_once() -> None:
    server, sight = serve(reply(200, "OK")), Script([True])
    with client_of(server) as client:
        assert edit(client, sight) == b"OK"
    assert (server.asked, sight.looks, sight.log) == (["PATCH /api/1/experiments/1"], 0, [])


def test_what_is_old_is_looked_at_before_it_goes_out() -> None:
    server, sight = serve(reply(200, "OK")), Script([False, True])
    with client_of(server) as client:
        edit(client, sight)
        assert client.requests_sent == 1
    assert (len(server.requests), sight.looks) == (1, 1)


@pytest.mark.parametrize("at", [1, 2])
def test_what_a_look_raises_keeps_the_call_from_going_out(at: int) -> None:
    def act() -> None:
        raise ApiError("somebody has edited it")

    server, sight = serve(reply(200, "OK")), Script([True] * (at - 1) + [False], act)
    with client_of(server) as client:
        with pytest.raises(ApiError, match="somebody has edited it"):
            edit(client, sight)
        assert (server.requests, client.requests_sent) == ([], 0)


def test_a_long_wait_for_the_turn_makes_it_old() -> None:
    clock = Clock()
    server = serve(reply(200, BODY))
    limiter = Limiter(1, clock=clock.read, sleep=clock.sleep)
    with client_of(server, clock=clock, limiter=limiter) as client:
        client.get_experiment("1")
        # The write has its turn a second later, and gives it back; then the look, and the write, wait a second each.
        sight = Aging(clock, fresh=1.0, client=client)
        edit(client, sight)
        assert client.requests_sent == len(server.requests)
    assert [request.method for request in server.requests] == ["GET", *["GET"] * LOOKS, "PATCH"]
    assert sight.looks == LOOKS


def test_a_look_that_is_fresh_when_the_turn_comes_is_enough() -> None:
    clock = Clock()
    server = serve(reply(200, BODY))
    limiter = Limiter(1, clock=clock.read, sleep=clock.sleep)
    with client_of(server, clock=clock, limiter=limiter) as client:
        client.get_experiment("1")
        sight = Aging(clock, fresh=3.0, client=client, since=997.5)
        edit(client, sight)
    assert [request.method for request in server.requests] == ["GET", "GET", "PATCH"]


def test_each_repetition_is_looked_at_anew() -> None:
    clock = Clock()
    server = serve(reply(429, Retry_After="60"), reply(200, BODY), reply(429), reply(200, BODY), reply(200, "OK"))
    with client_of(server, clock=clock) as client:
        sight = Aging(clock, fresh=2.0, client=client)
        edit(client, sight)
    assert [request.method for request in server.requests] == ["PATCH", "GET", "PATCH", "GET", "PATCH"]


def test_no_connection_is_followed_by_a_look_too() -> None:
    server, sight = serve(httpx.ConnectError("refused"), reply(200, "OK")), Script([True, True, False, True])
    with client_of(server) as client:
        edit(client, sight)
    assert sight.log == ["expire", "look"]


def test_the_last_failure_is_not_followed_by_a_look() -> None:
    server, sight = serve(reply(429)), Script([True])
    with client_of(server) as client, pytest.raises(RateLimitError):
        edit(client, sight)
    assert sight.log == ["expire"] * 4


def test_a_connection_that_took_long_makes_it_old() -> None:
    """The connection is there, and what the call rests on is too old by then: not a byte of it is sent on it."""
    received: list[bytes] = []

    def answer(listener: socket.socket) -> None:
        for _ in range(2):
            connection, _address = listener.accept()
            connection.settimeout(10)
            with connection:
                received.append(connection.recv(65536))
                if received[-1]:
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener,))
        thread.start()
        # Before the queue, after it, and on the connection: then the same again.
        sight = Script([True, True, False, True])
        with Client(
            base_url=f"http://127.0.0.1:{listener.getsockname()[1]}",
            api_key=KEY,
            project_id="2002",
            environment="prod",
            key_variable="AMPLITUDE_PROD_KEY",
            timeout=10,
        ) as client:
            assert edit(client, sight) == b"OK"
            assert client.requests_sent == 1
        thread.join(10)
    assert received[0] == b""
    assert received[1].startswith(b"PATCH /api/1/experiments/1 HTTP/1.1\r\n")
    assert sight.looks == 1
