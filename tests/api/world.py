"""A server made of prepared answers, and a client that talks to it without waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import httpx

from expsync.api.client import Client
from expsync.api.limiter import Limiter

KEY = "ampex_3f9d0c1b2a7e4d5c6b8a"
"""The key of the tests; no output may hold it."""
Reaction = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


@dataclass
class Clock:
    """A clock that moves only when somebody sleeps."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def read(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Server:
    """Answers with each reaction in turn, and with the last one from then on; keeps what it was asked."""

    reactions: list[Reaction]
    requests: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        reaction = self.reactions[min(len(self.requests), len(self.reactions)) - 1]
        if isinstance(reaction, Exception):
            raise reaction
        return reaction(request) if callable(reaction) else reaction

    @property
    def asked(self) -> list[str]:
        """Method and target of each request, without the host."""
        return [f"{request.method} {request.url.raw_path.decode()}" for request in self.requests]


def reply(status: int, body: str | bytes = b"", **headers: str) -> Callable[[httpx.Request], httpx.Response]:
    """A reaction that answers like this each time; `_` in a header's name stands for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = body.encode() if isinstance(body, str) else body
    return lambda _: httpx.Response(status, content=content, headers=named)


def client_of(
    server: Callable[[httpx.Request], httpx.Response],
    *,
    base_url: str = "https://experiment.amplitude.com",
    clock: Clock | None = None,
    trace: Callable[[str], None] | None = None,
    limiter: Limiter | None = None,
    api_key: str | None = KEY,
) -> Client:
    """A client of environment `prod`, project 2002, whose every request goes to `server`."""
    return Client(
        base_url=base_url,
        api_key=api_key,
        project_id="2002",
        environment="prod",
        key_variable="AMPLITUDE_PROD_KEY",
        transport=httpx.MockTransport(server),
        sleep=(clock or Clock()).sleep,
        trace=trace,
        limiter=limiter,
    )


def serve(*reactions: Reaction) -> Server:
    """A server with these reactions."""
    return Server(list(reactions))


def chunked(chunks: Iterable[bytes], **headers: str) -> Callable[[httpx.Request], httpx.Response]:
    """A reaction whose body comes in these pieces."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: httpx.Response(200, content=iter(chunks), headers=named)
