"""Single calls against prepared answers, and how they end."""

from __future__ import annotations

from collections.abc import Callable

from expsync.api.client import Client
from expsync.errors import (
    ApiError,
)
from expsync.wire.endpoints import BY_NAME
from tests.api.world import Clock, Reaction, Server, client_of, reply, serve

OK = reply(200, '{"id": 1, "key": "a"}')
READ: Callable[[Client], object] = lambda client: client.get_experiment("1")  # noqa: E731
WRITE: Callable[[Client], object] = lambda client: client.edit_experiment("1", {"enabled": True})  # noqa: E731
BY_INDEX: Callable[[Client], object] = lambda client: client.remove_user("1", "a", 0)  # noqa: E731
GET = BY_NAME["getExperiment"]
CALLS = {"safe": READ, "ask": WRITE, "never": BY_INDEX}


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
