"""The emulator over HTTP."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Protocol, Self, assert_never
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from expsync.sandbox.faults import Faults
from expsync.sandbox.local import host_of, is_local
from expsync.sandbox.messages import Reply, Request
from expsync.sandbox.store import SandboxError

_CONNECTION = "expsync.connection"
"""Where the scope has the connection, which ASGI itself keeps out of an application's reach."""
_MISDIRECTED = Reply(
    421,
    {"content-type": "text/plain; charset=utf-8"},
    b"this sandbox answers to names of this machine alone, such as localhost; for others serve it with --host\n",
)
_STOP_SECONDS = 10.0
_HIGHEST_PORT = 65535


class Answers(Protocol):
    """What can be served: an engine, or something before one."""

    def answer(self, request: Request) -> Reply:
        """The answer to one request; it never raises."""


class Connection(H11Protocol):
    """An HTTP connection that the application can cut or leave hanging."""

    hanging = False

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        inner = self.app

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await inner({**scope, _CONNECTION: self}, receive, send)

        self.app = app

    def cut(self) -> None:
        """Nothing; what was written goes out, and then the connection ends."""
        self.transport.close()

    def shutdown(self) -> None:
        """Nothing; a hanging call would keep the server from ending, so its connection goes first."""
        super().shutdown()
        if self.hanging:
            self.cut()


class _Server(uvicorn.Server):
    """A server that says when it listens, and for which being interrupted is the normal end."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._listening()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # The base class raises the signal once more at the end, which would make every end a failure.
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {one: signal.signal(one, self._stop) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.handle_exit(number, frame)


class _Endpoint:
    """The one application behind every path: the engine decides what there is."""

    def __init__(self, engine: Answers, faults: Faults, *, local: bool) -> None:
        self._engine = engine
        self._faults = faults
        self._local = local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = await _read(HttpRequest(scope, receive))
        called = request.headers.get("host", "")
        if self._local and called and not is_local(host_of(called)):
            await _response(_MISDIRECTED)(scope, receive, send)
            return
        outcome = await run_in_threadpool(self._faults.run, lambda: self._engine.answer(request))
        connection: Connection | None = scope.get(_CONNECTION)
        reply = outcome.reply
        match outcome.ending:
            case "answer":
                await _response(reply)(scope, receive, send)
            case "cut":
                await _cut(connection, receive)
            case "silence":
                if connection is not None:
                    connection.hanging = True
                await _until_gone(receive)
            case "half":
                await send({"type": "http.response.start", "status": reply.status, "headers": _headers(reply)})
                first = reply.body[: len(reply.body) // 2]
                await send({"type": "http.response.body", "body": first, "more_body": True})
                await _cut(connection, receive)
            case never:
                assert_never(never)


def build_app(engine: Answers, faults: Faults | None = None, *, local: bool = False) -> Starlette:
    """The emulator as an ASGI application; cuts need the connection class of `serve`.

    `local` is for who listens on loopback: then only requests that call it by a name of this machine are answered. A
    page elsewhere can have its own name lead here, and a browser would take the answers for that page's.
    """
    app = Starlette()
    app.mount("", _Endpoint(engine, faults or Faults(), local=local))
    return app


def serve(
    engine: Answers,
    *,
    host: str = "127.0.0.1",
    port: int,
    faults: Faults | None = None,
    announce: Callable[[str], None],
) -> None:
    """Nothing, after SIGINT or SIGTERM; `announce` is given the URL once requests are taken.

    Port 0 is any free one. SandboxError where the address can't be had.
    """
    listener = _listen(host, port)
    url = _url(listener)
    server = _Server(_config(build_app(engine, faults, local=is_local(host))), lambda: announce(url))
    asyncio.run(server.serve(sockets=[listener]))


class ServedSandbox:
    """The emulator on a free port of the loopback, for as long as the context lasts."""

    def __init__(self, engine: Answers, faults: Faults | None = None) -> None:
        self._listener = _listen("127.0.0.1", 0)
        self.url = _url(self._listener)
        self._started = threading.Event()
        self._server = _Server(_config(build_app(engine, faults, local=True)), self._started.set)
        self._thread = threading.Thread(target=self._run, name="served-sandbox", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._started.wait(_STOP_SECONDS):
            raise SandboxError(f"the sandbox at {self.url} did not start within {_STOP_SECONDS:.0f} seconds")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(_STOP_SECONDS)
        if self._thread.is_alive():
            raise SandboxError(f"the sandbox at {self.url} did not end within {_STOP_SECONDS:.0f} seconds")

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._listener]))


def _config(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= _HIGHEST_PORT:
        raise SandboxError(f"can't listen on port {port}: it is not between 0 and {_HIGHEST_PORT}; name another port")
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise SandboxError(f"can't listen on {host}, port {port}: {error}; name another port") from error
    # Without it each answer waits for the acknowledgement of the one before, some 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def _read(request: HttpRequest) -> Request:
    scope = request.scope
    return Request(
        method=request.method,
        path=scope["raw_path"].decode("ascii"),
        query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        headers=dict(request.headers),
        body=await request.body(),
    )


def _response(reply: Reply) -> Response:
    response = Response(reply.body, reply.status)
    response.raw_headers = _headers(reply)
    return response


def _headers(reply: Reply) -> list[tuple[bytes, bytes]]:
    named = {**reply.headers, "content-length": str(len(reply.body))}
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in named.items()]


async def _cut(connection: Connection | None, receive: Receive) -> None:
    if connection is None:
        raise RuntimeError("this server can't cut connections; use serve() or ServedSandbox")
    connection.cut()
    await _until_gone(receive)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
