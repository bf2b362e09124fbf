"""The HTTP under the transport: no redirects, no cookies, no proxy to this machine, and an end to every wait."""

from __future__ import annotations

import math
import ssl
from collections.abc import Callable
from http.cookiejar import CookieJar
from typing import Any
from urllib.request import getproxies

import httpx

from expsync.api.lanes import Lanes
from expsync.errors import ApiError

_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=1)


class Left:
    """The whole seconds that are left of the time for one request, at least one, asked for anew before each wait.

    A timeout of httpx bounds each wait for a socket alone: who sends a header, or a 1xx answer, every now and then
    could keep a call for ever. A socket takes its timeout from anything that stands for a whole number, and so from
    this, just before it waits. `httpx.ReadTimeout` where nothing is left.
    """

    def __init__(self, deadline: float, clock: Callable[[], float]) -> None:
        self._deadline = deadline
        self._clock = clock

    def __index__(self) -> int:
        left = self._deadline - self._clock()
        if left <= 0:
            raise httpx.ReadTimeout("the time for the whole request is over")
        return math.ceil(left)


class _NoCookies(CookieJar):
    """A jar that stays empty: the API needs no cookies, and nobody else's are to be sent back."""

    def extract_cookies(self, response: Any, request: Any) -> None:
        """Nothing."""


class _ByProxies(httpx.BaseTransport):
    """Sends through the proxies that the environment names."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._client = httpx.Client(
            cookies=_NoCookies(), limits=_LIMITS, follow_redirects=False, verify=context, trust_env=True
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, as it comes: no redirect is followed."""
        return self._client.send(request, stream=True)

    def close(self) -> None:
        """Nothing; the connections are closed."""
        self._client.close()


def open_http(base: httpx.URL) -> httpx.BaseTransport:
    """What carries requests to `base`; ApiError where what the environment says of proxies or roots can't be used.

    A transport follows no redirect and keeps no cookie: in httpx that is the affair of its `Client`. That is used where
    there are proxies alone, since to go through it takes a third as long again (1.88 million instructions a request
    beside 1.44).
    """
    try:
        # Reading the root certificates takes a while, and plain http has no use for them.
        context = httpx.create_ssl_context(verify=base.scheme == "https")
        # A proxy named in the environment must not see plain http, and so the key, to this machine.
        if base.scheme == "https" and getproxies():
            return Lanes(lambda: _ByProxies(context))
        return Lanes(lambda: httpx.HTTPTransport(limits=_LIMITS, verify=context, trust_env=False))
    except OSError:
        raise ApiError(
            "the root certificates can't be read", hint="check SSL_CERT_FILE and SSL_CERT_DIR; nothing was sent"
        ) from None
    # The address of a proxy may hold a password, so nothing of it is shown.
    except (ValueError, ImportError, httpx.InvalidURL):
        raise ApiError(
            "the proxy that the environment names can't be used",
            hint="check HTTPS_PROXY, ALL_PROXY and NO_PROXY: a proxy is http://HOST:PORT; nothing was sent",
        ) from None


def waits(timeout: float, deadline: float, clock: Callable[[], float]) -> dict[str, Any]:
    """How long each step of a request may wait: httpx's `timeout` extension."""
    left = Left(deadline, clock)
    return {"connect": timeout, "pool": timeout, "read": left, "write": left}
