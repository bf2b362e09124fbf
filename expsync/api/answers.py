"""What an HTTP answer or failure means: the body of an answer, or the error to raise.

2xx           the body
1xx           ReplyError: no answer to anything that was asked
3xx           ReplyError: a redirect is not followed, the key would go elsewhere
401, 403      AccessError
404           NotFoundError
429           RateLimitError
408, 5xx      UnclearError: it may or may not have been done
405, others   RejectedError
"""

from __future__ import annotations

import email.utils
import re
import zlib
from collections.abc import Callable, Iterable
from typing import NamedTuple

import httpx

from expsync.api.secret import LOOKED_AT, Secret, plain_text
from expsync.errors import (
    AccessError,
    ApiError,
    NotFoundError,
    RateLimitError,
    RejectedError,
    ReplyError,
    UnclearError,
)

MAX_BODY = 64 * 1024 * 1024
"""Bytes of one answer, packed or not; a list page of 1,000 experiments has about 1.5 million."""
_DATE_OR_SECONDS = re.compile(r"\s*(\d{1,9})(?:\.\d*)?\s*")


class UnreadableBody(Exception):
    """An answer that is longer than it may be, or packed in a way that was not asked for."""


class Overdue(Exception):
    """An answer that took longer than one request may take."""


class Answer(NamedTuple):
    """The status, the headers and the whole body of one answer."""

    status: int
    headers: httpx.Headers
    body: bytes


class Asker(NamedTuple):
    """Who asks: what an error may name."""

    environment: str
    key_variable: str
    secret: Secret | None


def read_answer(response: httpx.Response, overdue: Callable[[], bool], most: int = MAX_BODY) -> Answer:
    """The answer with its body unpacked; UnreadableBody, Overdue, or httpx's own errors where it can't be read.

    Unpacking is done here and not by httpx, so that a small body that unpacks to a huge one is stopped in time.
    """
    packing = response.headers.get("content-encoding", "identity").strip().lower()
    if packing in ("", "identity"):
        unpack: Callable[[bytes, int], bytes] = _as_it_is
    elif packing in ("gzip", "x-gzip"):
        unpack = _unpacker()
    else:
        raise UnreadableBody("it is packed in a way that was not asked for")
    stream = response.stream
    if not isinstance(stream, httpx.SyncByteStream):
        raise TypeError("only the answer of a sync client can be read here")
    return Answer(response.status_code, response.headers, _collect(stream, unpack, overdue, most))


def _collect(
    chunks: Iterable[bytes], unpack: Callable[[bytes, int], bytes], overdue: Callable[[], bool], most: int
) -> bytes:
    parts: list[bytes] = []
    length = 0
    for chunk in chunks:
        part = unpack(chunk, most - length + 1)
        length += len(part)
        if length > most:
            raise UnreadableBody(f"it is longer than {most} bytes")
        if overdue():
            raise Overdue
        parts.append(part)
    return b"".join(parts)


def _as_it_is(chunk: bytes, _: int) -> bytes:
    return chunk


def _unpacker() -> Callable[[bytes, int], bytes]:
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)

    def unpack(chunk: bytes, most: int) -> bytes:
        try:
            return unpacking.decompress(chunk, most)
        except zlib.error:
            raise UnreadableBody("it is packed wrongly") from None

    return unpack


def error_of(name: str, answer: Answer, asker: Asker) -> ApiError:
    """The error for an answer that is not 2xx, naming the endpoint and never the key."""
    status = answer.status
    # Far more than is shown: a refusal may be as long as any answer, and all but its beginning is of no use.
    said = plain_text(answer.body[: 5 * LOOKED_AT].decode("utf-8", "replace"), asker.secret)
    tail = f": {said}" if said else ""
    if status < 200:
        return ReplyError(f"{name}: the answer is none that was asked for ({status})", status=status)
    if status < 400:
        return _redirected(name, answer, asker)
    if status == 401:
        return AccessError(
            f"{name}: the key in {asker.key_variable} was not accepted for environment "
            f"{asker.environment!r} (401){tail}",
            status=status,
            hint="check the key and the region: a key of the other region (us, eu) gives 401 too",
        )
    if status == 403:
        return AccessError(
            f"{name}: the key in {asker.key_variable} has no access to the project of environment "
            f"{asker.environment!r} (403){tail}",
            status=status,
            hint="check projectId, and that the key's scope has this project",
        )
    if status == 404:
        return NotFoundError(f"{name}: not found (404){tail}", status=status)
    if status == 405:
        return RejectedError(
            f"{name}: the server does not allow it (405){tail}",
            status=status,
            hint="web experiments and guides can't be edited through the API; an older server may lack the call",
        )
    if status == 429:
        return RateLimitError(
            f"{name}: too many requests (429){tail}",
            status=status,
            hint="the API allows 100 requests a second and 100,000 a day; the day ends at 00:00 UTC",
        )
    if status == 408 or status >= 500:
        return UnclearError(f"{name}: the server failed ({status}){tail}", status=status)
    return RejectedError(f"{name}: the server refused it ({status}){tail}", status=status)


def _redirected(name: str, answer: Answer, asker: Asker) -> ReplyError:
    location = answer.headers.get("location", "")
    where = ""
    try:
        if location:
            target = httpx.URL(location)
            # No user and no query: they may hold what is nobody's business.
            where = f"{target.scheme}://{target.host}{target.path}" if target.host else target.path
    except httpx.InvalidURL:
        where = ""
    where = plain_text(where, asker.secret, most=200)
    return ReplyError(
        f"{name}: the server redirects ({answer.status})" + (f" to {where}" if where else ""),
        status=answer.status,
        hint="redirects are not followed, so that the key goes nowhere else; check baseUrl",
    )


def retry_after(headers: httpx.Headers, now: Callable[[], float]) -> float:
    """The seconds that a `Retry-After` header asks for, 0 where there is none that can be read."""
    value = headers.get("retry-after", "")
    if found := _DATE_OR_SECONDS.fullmatch(value):
        return float(found.group(1))
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - now())
    except (ValueError, TypeError, OverflowError):
        return 0.0
