"""The emulator inside the process: a transport for an HTTP client, with no network."""

from __future__ import annotations

from typing import assert_never

import httpx

from expsync.sandbox.engine import Engine, Request
from expsync.sandbox.faults import Faults
from expsync.sandbox.messages import Reply


class EmbeddedTransport(httpx.BaseTransport):
    """Answers the requests of a sync `httpx.Client` from an engine; the host of the URL does not matter.

    Faults show as they would on a network, without any waiting: a cut is `httpx.ReadError`, a time-out
    `httpx.ReadTimeout`, half a body `httpx.RemoteProtocolError`.
    """

    def __init__(self, engine: Engine, faults: Faults | None = None) -> None:
        self._engine = engine
        self._faults = faults or Faults()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The engine's answer, or what a fault makes of it."""
        target = request.url.raw_path.partition(b"?")[0].decode("ascii")
        asked = Request(
            method=request.method,
            path=target,
            query=dict(request.url.params),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=request.read(),
        )
        outcome = self._faults.run(lambda: self._engine.answer(asked))
        match outcome.ending:
            case "answer":
                return _response(outcome.reply)
            case "cut":
                raise httpx.ReadError("the sandbox closed the connection", request=request)
            case "silence":
                raise httpx.ReadTimeout("the sandbox does not answer", request=request)
            case "half":
                raise httpx.RemoteProtocolError("the sandbox closed the connection within a body", request=request)
            case never:
                assert_never(never)


def _response(reply: Reply) -> httpx.Response:
    return httpx.Response(reply.status, headers=dict(reply.headers), content=reply.body)
