"""A server on a real connection that may send anything at all, and keeps what it was sent."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

Speech = Callable[[bytes], Iterable[bytes]]
"""What is sent for a request, given its head and body."""


class RawServer:
    """Speaks to every connection, each in a thread of its own, and closes it; `url` is its address."""

    def __init__(self, speech: Speech) -> None:
        self.received: list[bytes] = []
        self._speech = speech
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]

    def start(self) -> None:
        self._threads[0].start()

    def stop(self) -> None:
        self._ending.set()
        socket.create_connection(("127.0.0.1", self.port)).close()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._ending.is_set():
                connection.close()
                return
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        # Whoever is spoken to may have had enough of it.
        with connection, suppress(OSError):
            connection.settimeout(10)
            request = _read(connection)
            if not request:
                return
            self.received.append(request)
            for piece in self._speech(request):
                if self._ending.is_set():
                    return
                connection.sendall(piece)


def _read(connection: socket.socket) -> bytes:
    received = b""
    while True:
        head, end, body = received.partition(b"\r\n\r\n")
        lengths = [int(x.split(b":")[1]) for x in head.splitlines() if x.lower().startswith(b"content-length")]
        if end and len(body) >= (lengths or [0])[0]:
            return received
        piece = connection.recv(65536)
        if not piece:
            return received
        received += piece


@contextmanager
def raw_server(speech: Speech | bytes) -> Iterator[RawServer]:
    """The server, for as long as the context lasts; bytes are sent to everyone."""
    server = RawServer((lambda _: [speech]) if isinstance(speech, bytes) else speech)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def answer(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    """A whole answer of HTTP/1.1, with the length of its body."""
    lines = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), b"Connection: close", *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body
