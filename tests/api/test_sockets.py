"""Servers that misbehave on a real connection."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from expsync.api.client import Client
from expsync.errors import ApiError, ReplyError, UnclearError
from tests.api.world import KEY, Clock

GOOD = b'HTTP/1.1 200 OK\r\nContent-Length: 21\r\nConnection: close\r\n\r\n{"id": 1, "key": "a"}'


class RawServer:
    """Answers each connection with the next bytes, and with the last ones from then on; keeps what came."""

    def __init__(self, answers: tuple[bytes | None, ...]) -> None:
        self.answers = answers
        self.received: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.silent: list[socket.socket] = []
        self.thread = threading.Thread(target=self.run)

    def run(self) -> None:
        while True:
            connection, _ = self.listener.accept()
            received = self.read(connection)
            if not received:
                connection.close()
                return
            self.received.append(received)
            answer = self.answers[min(len(self.received), len(self.answers)) - 1]
            if answer is None:
                self.silent.append(connection)
            else:
                connection.sendall(answer)
                connection.close()

    @staticmethod
    def read(connection: socket.socket) -> bytes:
        received = b""
        connection.settimeout(10)
        while True:
            head, end, body = received.partition(b"\r\n\r\n")
            length = next(
                (int(x.split(b":")[1]) for x in head.splitlines() if x.lower().startswith(b"content-length")), 0
            )
            if end and len(body) >= length:
                return received
            piece = connection.recv(65536)
            if not piece:
                return received
            received += piece


@contextmanager
def raw_server(*answers: bytes | None) -> Iterator[RawServer]:
    server = RawServer(answers)
    server.thread.start()
    try:
        yield server
    finally:
        # An empty connection is the sign to end.
        socket.create_connection(server.listener.getsockname()).close()
        server.thread.join(10)
        for connection in (*server.silent, server.listener):
            connection.close()


def client_at(url: str, *, timeout: float = 10) -> Client:
    return Client(
        base_url=url,
        api_key=KEY,
        project_id="2002",
        environment="prod",
        key_variable="AMPLITUDE_PROD_KEY",
        timeout=timeout,
        sleep=Clock().sleep,
    )


CUT: dict[str, bytes] = {
    "no answer": b"",
    "half a status line": b"HTTP/1.1 2",
    "no HTTP": b"220 smtp.example ready\r\n",
    "half the headers": b"HTTP/1.1 200 OK\r\nContent-Le",
    "less body than announced": b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"id": 1, "key": "a"}',
    "half a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{",
    "a length that is none": b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}",
    "headers without end": b"HTTP/1.1 200 OK\r\n" + b"X-Filler: " + b"x" * 200_000,
}


@pytest.mark.parametrize("answer", CUT.values(), ids=CUT)
def test_a_broken_answer_is_retried_for_a_read_and_unclear_for_a_write(answer: bytes) -> None:
    with raw_server(answer, GOOD) as server, client_at(server.url) as client:
        assert client.get_experiment("1").key == "a"
        assert len(server.received) == 2
    with raw_server(answer, GOOD) as server, client_at(server.url) as client:
        with pytest.raises(UnclearError):
            client.edit_experiment("1", {"enabled": True})
        assert len(server.received) == 1


def test_more_body_than_announced_is_not_read() -> None:
    with raw_server(GOOD + b"and more") as server, client_at(server.url) as client:
        assert client.get_experiment("1").key == "a"


def test_a_server_that_says_nothing_is_a_timeout() -> None:
    with raw_server(None) as server, client_at(server.url, timeout=0.1) as client:
        with pytest.raises(UnclearError, match=r"^editExperiment: no whole answer within 0\.1 seconds$"):
            client.edit_experiment("1", {"enabled": True})
        assert len(server.received) == 1


def test_nobody_listening_is_no_connection_and_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with client_at(f"http://127.0.0.1:{port}") as client, pytest.raises(ApiError) as caught:
        client.edit_experiment("1", {"enabled": True})
    assert type(caught.value) is ApiError
    assert caught.value.message.startswith("editExperiment: no connection to 127.0.0.1: ")


def test_a_redirect_on_the_wire_is_not_followed() -> None:
    with raw_server(GOOD) as other:
        answer = f"HTTP/1.1 307 Moved\r\nLocation: {other.url}/x?y=1\r\nContent-Length: 0\r\n\r\n".encode()
        with (
            raw_server(answer) as server,
            client_at(server.url) as client,
            pytest.raises(ReplyError, match="redirects"),
        ):
            client.edit_experiment("1", {"enabled": True})
        assert other.received == []


def test_the_request_on_the_wire_is_whole() -> None:
    with raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK") as server, client_at(server.url) as client:
        client.bulk_remove_users("1", "a b", ["u"])
    head, _, body = server.received[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "DELETE /api/1/experiments/1/variants/a%20b/bulk-delete-users HTTP/1.1"
    assert sorted(line for line in lines[1:] if not line.startswith("Host")) == [
        "Accept-Encoding: gzip",
        "Accept: application/json",
        f"Authorization: Bearer {KEY}",
        "Connection: keep-alive",
        "Content-Length: 15",
        "Content-Type: application/json",
        "User-Agent: expsync",
    ]
    assert body == b'{"users":["u"]}'
