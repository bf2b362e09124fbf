"""One call over HTTP: authorised, paced, retried where that is safe, bounded, and silent about the key."""

from __future__ import annotations

import json
import random
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from threading import Lock
from typing import Any, NamedTuple

import httpx
from pydantic import JsonValue

from expsync.api.answers import Answer, Asker, Overdue, UnreadableBody, error_of, read_answer, retry_after
from expsync.api.connection import waits
from expsync.api.limiter import Limiter
from expsync.api.secret import Secret, plain_text
from expsync.api.sight import LOOKS, Sight
from expsync.errors import ApiError, RateLimitError, ReplyError, UnclearError
from expsync.wire.endpoints import Endpoint

ATTEMPTS = 5
"""How often one call is sent at most."""
LONGEST_WAIT = 60.0
"""Seconds between two attempts at most, whatever the server asks for."""
_FIRST_WAIT = 0.5
_FIRST_WAIT_LIMITED = 2.0
"""Seconds, before jitter halves them at most; after a 429 the second that the limit speaks of must pass."""
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
"""No connection came about, so nothing was sent and any call may be tried again."""


_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "Connection": "keep-alive",
    "User-Agent": "expsync",
}


class KeyAuth:
    """Puts the key on requests to one origin, and on no other."""

    def __init__(self, secret: Secret, base: httpx.URL) -> None:
        self._secret = secret
        self._origin = _origin(base)

    def authorise(self, request: httpx.Request) -> None:
        """Nothing; the request bears the key where it goes to that origin."""
        if _origin(request.url) == self._origin:
            request.headers["Authorization"] = f"Bearer {self._secret.reveal()}"


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


class _Failure(NamedTuple):
    """Why an attempt did not succeed; `unsent` where the server can't have seen it; `asked` in seconds."""

    error: ApiError
    unsent: bool = False
    asked: float = 0.0


class _TooOldError(Exception):
    """What a call rests on was seen too long ago, and nothing of the call has been sent."""


class Transport:
    """Carries single calls to one server; for use by many threads. It owns `http` and closes it."""

    def __init__(
        self,
        *,
        base: httpx.URL,
        asker: Asker,
        http: httpx.BaseTransport,
        limiter: Limiter | None,
        timeout: float,
        trace: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._base = base
        self._root = str(base).rstrip("/")
        self._headers = httpx.Headers(_HEADERS)
        self._headers_of_json = httpx.Headers({**_HEADERS, "Content-Type": "application/json"})
        self._asker = asker
        self._auth = KeyAuth(asker.secret, base) if asker.secret is not None else None
        self._http = http
        self._limiter = limiter
        self._timeout = timeout
        self._trace = trace
        self._clock = clock
        self._now = now
        self._sleep = sleep
        self._jitter = jitter
        self._counting = Lock()
        self._sent = 0

    @property
    def requests_sent(self) -> int:
        """How many requests went out, each attempt counted."""
        return self._sent

    def close(self) -> None:
        """Nothing; the connections are closed."""
        self._http.close()

    def clean(self, text: str) -> str:
        """The text on one line, without control characters and without the key."""
        return plain_text(text, self._asker.secret)

    def send(
        self,
        endpoint: Endpoint,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: JsonValue = None,
        sight: Sight | None = None,
    ) -> bytes:
        """The body of a 2xx answer; any other end of the call is an `ApiError`. No body is sent for null.

        Tried again, at most `ATTEMPTS` times in all: a 429, whose sender says that nothing was done; a
        connection that did not come about; and, where the endpoint's retry class is `safe`, a time-out, a cut
        connection or a 5xx. For the other classes those are an `UnclearError` at once, since only a read can
        tell what was done.

        With a `sight`, nothing goes out on an old one: it is asked when the limiter has let the call through and when
        the connection is there, since both may take long, and before each repetition, which may come a minute later.
        Where it is too old, the turn is given back for a new look, and the call is next in the queue after it. What
        the look raises ends the call.
        """
        request = self._request(endpoint, path, query, body)
        attempt = 1
        while True:
            ended = self._attempt(endpoint, path, request, sight)
            if isinstance(ended, Answer):
                return ended.body
            if attempt == ATTEMPTS or not _may_repeat(endpoint, ended):
                raise ended.error
            self._sleep(self._pause(attempt, ended))
            attempt += 1
            if sight is not None:
                sight.expire()

    def _request(
        self, endpoint: Endpoint, path: str, query: Mapping[str, str] | None, body: JsonValue
    ) -> httpx.Request:
        content = None
        if body is not None:
            try:
                # Escaped to ASCII, so that a lone surrogate in a text can't stop it.
                content = json.dumps(body, separators=(",", ":"), allow_nan=False).encode("ascii")
            except (ValueError, TypeError, RecursionError):
                raise ApiError(f"{endpoint.name}: the body can't be written as JSON") from None
        headers = self._headers if content is None else self._headers_of_json
        try:
            request = httpx.Request(endpoint.method, self._root + path, params=query, content=content, headers=headers)
        except (httpx.InvalidURL, UnicodeEncodeError):
            raise ApiError(f"{endpoint.name}: no address can be made of its path and query") from None
        if self._auth is not None:
            self._auth.authorise(request)
        return request

    def _attempt(self, endpoint: Endpoint, path: str, request: httpx.Request, sight: Sight | None) -> Answer | _Failure:
        looks = 0
        while True:
            asked = sight if looks < LOOKS else None
            if asked is None or asked.is_fresh():
                try:
                    started, ended = self._in_turn(endpoint, request, asked, ahead=looks > 0)
                    break
                except _TooOldError:
                    pass
            assert sight is not None
            sight.look()
            looks += 1
        if self._trace is not None:
            status = ended.status if isinstance(ended, Answer) else ended.error.status
            took = round((self._clock() - started) * 1000)
            said = "no answer" if status is None else str(status)
            self._trace(plain_text(f"{endpoint.method} {path} {said} {took} ms", self._asker.secret, most=500))
        return ended

    def _in_turn(
        self, endpoint: Endpoint, request: httpx.Request, sight: Sight | None, *, ahead: bool
    ) -> tuple[float, Answer | _Failure]:
        """When it was sent, and what came of it; _TooOldError, with nothing sent, where the sight grew too old."""
        with self._limiter.turn(ahead=ahead) if self._limiter is not None else nullcontext():
            if sight is not None:
                _check(sight)
            with self._counting:
                self._sent += 1
            started = self._clock()
            try:
                return started, self._exchange(endpoint, request, started + self._timeout, sight)
            except _TooOldError:
                with self._counting:
                    self._sent -= 1
                raise

    def _exchange(
        self, endpoint: Endpoint, request: httpx.Request, deadline: float, sight: Sight | None
    ) -> Answer | _Failure:
        name = endpoint.name
        request.extensions = {"timeout": waits(self._timeout, deadline, self._clock)}
        if sight is not None:
            request.extensions["trace"] = _gate(sight)
        try:
            response = self._http.handle_request(request)
            try:
                answer = read_answer(response, lambda: self._clock() > deadline)
            except UnreadableBody as error:
                return _Failure(_unreadable(endpoint, response.status_code, str(error)))
            finally:
                response.close()
        except _UNSENT as error:
            return self._unconnected(name, error)
        except (httpx.TimeoutException, Overdue):
            return _Failure(UnclearError(f"{name}: no whole answer within {self._timeout:g} seconds"))
        except httpx.TransportError as error:
            return _Failure(UnclearError(f"{name}: the connection broke: {self._told(error)}"))
        if 200 <= answer.status < 300:
            return answer
        return _Failure(error_of(name, answer, self._asker), asked=retry_after(answer.headers, self._now))

    def _unconnected(self, name: str, error: httpx.TransportError) -> _Failure:
        distrusted = _is_distrust(error)
        hint = (
            "the server's certificate is not trusted here; SSL_CERT_FILE names a file of further roots"
            if distrusted
            else "check the network and baseUrl; nothing was sent"
        )
        fault = ApiError(f"{name}: no connection to {self._base.host}: {self._told(error)}", hint=hint)
        return _Failure(fault, unsent=not distrusted)

    def _told(self, error: Exception) -> str:
        return self.clean(str(error)) or type(error).__name__

    def _pause(self, attempt: int, failure: _Failure) -> float:
        """Seconds until the next attempt: what the server asks for, else doubling, with jitter."""
        first = _FIRST_WAIT_LIMITED if isinstance(failure.error, RateLimitError) else _FIRST_WAIT
        doubled = first * 2.0 ** (attempt - 1) * (1 + self._jitter()) / 2
        return min(LONGEST_WAIT, failure.asked or doubled)


def _check(sight: Sight) -> None:
    if not sight.is_fresh():
        raise _TooOldError


def _gate(sight: Sight) -> Callable[[str, Any], None]:
    """Asks the sight once more when the connection is there, which may take long, and the request is to go out on it.

    As httpx's `trace` extension.
    """

    def on_event(name: str, _: Any) -> None:
        if name.endswith("send_request_headers.started"):
            _check(sight)

    return on_event


def _may_repeat(endpoint: Endpoint, failure: _Failure) -> bool:
    if failure.unsent or isinstance(failure.error, RateLimitError):
        return True
    return isinstance(failure.error, UnclearError) and endpoint.retry == "safe"


def _unreadable(endpoint: Endpoint, status: int, why: str) -> ApiError:
    """The error for a body that can't be read: for a write that may have been done, it is unclear whether it was."""
    message = f"{endpoint.name}: the answer can't be read: {why}"
    if endpoint.retry != "safe" and status < 300:
        return UnclearError(message, status=status)
    return ReplyError(message, status=status)


def _is_distrust(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
