"""Where the API is, and with which key: what is refused before anything is sent."""

from __future__ import annotations

import ipaddress
import re

import httpx

from expsync.api.secret import Secret, plain_text
from expsync.errors import AccessError, ApiError

_KEY = re.compile(r"[\x21-\x7e]+")


def check_key(secret: Secret | None, variable: str, environment: str) -> None:
    """Nothing; AccessError where there is no key, or one that can be none. The key is never shown."""
    if secret is None:
        raise AccessError(
            f"no key for environment {environment!r}",
            hint=f"set {variable} to a management API key of its project",
        )
    if not _KEY.fullmatch(secret.reveal()):
        raise AccessError(f"the key in {variable}, for environment {environment!r}, holds characters no key has")


def checked_base(base_url: str, *, embedded: bool = False) -> httpx.URL:
    """The base URL; ApiError where a key must not be sent to it.

    Plain http is for loopback alone, unless the server is inside this process. User info, a query or a fragment
    have no place in it.
    """
    try:
        url = httpx.URL(base_url.rstrip("/"))
        # What a lookup of the name would do with it: some names can be written, and not looked up.
        url.raw_host.decode("ascii").encode("idna")
        host = url.host
    except (httpx.InvalidURL, UnicodeError):
        raise ApiError("baseUrl is not an address that can be read") from None
    if url.scheme not in ("http", "https") or not host:
        raise ApiError(
            "baseUrl is not an address of the web",
            hint="use region: us or eu, baseUrl: https://…, or baseUrl: sandbox",
        )
    if url.userinfo or url.query or url.fragment:
        raise ApiError("baseUrl holds more than a host and a path: a user, a query or a fragment")
    if url.scheme == "http" and not embedded and not _is_loopback(host):
        raise ApiError(
            f"baseUrl is plain http to {plain_text(host, most=100)}: the key could be read on the way",
            hint="use https; plain http is for loopback alone",
        )
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
