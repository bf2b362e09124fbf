"""Calls to the API of GitHub or GitLab: pages followed, answers bounded, the token shown to nobody else.

ExpsyncError
└── ForgeError        no answer, or one that is none
    └── DeniedError   401, 403, 404: the token, or what it may do
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from expsync import __version__
from expsync.api.secret import Secret, plain_text
from expsync.errors import ExpsyncError

TIMEOUT = 30.0
"""Seconds, for one request."""
MOST_PAGES = 100
"""Of 100 each; nobody reads as many comments."""
MOST_BYTES = 512 * 1024 * 1024
"""Of one answer: a very large plan, packed or not."""
WAITS = (1.0, 4.0)
"""Seconds before a read that got no answer is tried again."""


class ForgeError(ExpsyncError):
    """A call did not succeed; `status` is the answer's, or None where there was none."""

    def __init__(self, message: str, *, status: int | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status


class DeniedError(ForgeError):
    """The site says that the token is not good, or not good for this."""


class Calls:
    """An API at `base`, asked with `headers`; a context manager."""

    def __init__(
        self,
        base: str,
        headers: Mapping[str, str],
        secret: Secret,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._base = httpx.URL(base.rstrip("/") + "/")
        self._secret = secret
        self._headers = {**headers, "User-Agent": f"expsync/{__version__}"}
        # Redirects are never followed with the token.
        self._client = httpx.Client(timeout=TIMEOUT, follow_redirects=False)
        self._sleep = sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str, **query: str | int) -> Any:
        """The JSON at `path`."""
        return self._json(self._read(self._url(path).copy_merge_params(query)))

    def pages(self, path: str, *, member: str = "", **query: str | int) -> Iterator[dict[str, Any]]:
        """What a list holds, page by page, of one hundred each; ForgeError where it never ends.

        With `member`, each page is an object, and the list stands in it under that name.
        """
        for answer in self._pages(path, query):
            if member:
                answer = answer.get(member) if isinstance(answer, dict) else None
            yield from self._members(answer)

    def send(self, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """What the API says to one call that writes; it is made once."""
        answer = self._json(self._ask(method, self._url(path), body))
        if not isinstance(answer, dict):
            raise ForgeError(f"{method} {path}: the answer is not of the shape that it should have")
        return answer

    def download(self, path: str) -> bytes:
        """The bytes at `path`, or where it leads to; there, the token is not shown."""
        response = self._read(self._url(path))
        if response.is_redirect:
            target = self._url(path).join(response.headers.get("location", ""))
            if target.scheme != "https" and target.host != self._base.host:
                raise ForgeError(f"{path}: it leads to an address that is not https")
            response = self._read(target, named=False)
        if response.status_code != httpx.codes.OK:
            raise ForgeError(f"{path}: the answer has status {response.status_code}")
        return response.content

    def _pages(self, path: str, query: Mapping[str, str | int]) -> Iterator[Any]:
        url = self._url(path).copy_merge_params({**query, "per_page": 100})
        for _ in range(MOST_PAGES):
            response = self._read(url)
            yield self._json(response)
            following = response.links.get("next", {}).get("url")
            if not following:
                return
            url = url.join(following)
            if (url.scheme, url.host, url.port) != (self._base.scheme, self._base.host, self._base.port):
                raise ForgeError(f"{path}: the next page is on another server")
        raise ForgeError(f"{path}: there are more than {MOST_PAGES} pages")

    def _members(self, found: Any) -> list[dict[str, Any]]:
        if not isinstance(found, list) or not all(isinstance(member, dict) for member in found):
            raise ForgeError("a page of a list is not of the shape that it should have")
        return found

    def _url(self, path: str) -> httpx.URL:
        return self._base.join(path.lstrip("/"))

    def _read(self, url: httpx.URL, *, named: bool = True) -> httpx.Response:
        """The answer to a GET, which is asked again where there was none."""
        for wait in WAITS:
            try:
                return self._ask("GET", url, None, named=named)
            except DeniedError:
                raise
            except _NoAnswerError:
                self._sleep(wait)
        return self._ask("GET", url, None, named=named)

    def _ask(
        self, method: str, url: httpx.URL, body: Mapping[str, Any] | None, *, named: bool = True
    ) -> httpx.Response:
        what = f"{method} {url.path}"
        try:
            request = self._client.build_request(method, url, json=body, headers=self._headers if named else None)
            response = self._client.send(request, stream=True)
            try:
                content = bytearray()
                for piece in response.iter_bytes():
                    content += piece
                    if len(content) > MOST_BYTES:
                        raise ForgeError(f"{what}: the answer has more than {MOST_BYTES:,} bytes")
            finally:
                response.close()
        except httpx.HTTPError as error:
            raise _NoAnswerError(f"{what}: {self._plain(str(error)) or type(error).__name__}") from None
        whole = httpx.Response(response.status_code, headers=_without_coding(response), content=bytes(content))
        self._judge(what, whole)
        return whole

    def _judge(self, what: str, response: httpx.Response) -> None:
        """Nothing for an answer that is one; the right error for any other."""
        status = response.status_code
        if status < httpx.codes.BAD_REQUEST:
            return
        said = f"{what}: status {status}: {self._message(response)}"
        if status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise _NoAnswerError(said, status=status)
        limited = response.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in response.headers
        if status == httpx.codes.TOO_MANY_REQUESTS or (status == httpx.codes.FORBIDDEN and limited):
            raise ForgeError(said, status=status, hint="too many requests with this token; run the job again later")
        if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND):
            raise DeniedError(said, status=status)
        raise ForgeError(said, status=status)

    def _message(self, response: httpx.Response) -> str:
        try:
            answer = response.json()
        except ValueError:
            answer = response.text
        if isinstance(answer, dict):
            answer = answer.get("message") or answer.get("error") or answer
        return self._plain(str(answer)) or "nothing more was said"

    def _plain(self, text: str) -> str:
        return plain_text(text, self._secret)

    def _json(self, response: httpx.Response) -> Any:
        try:
            return response.json()
        except ValueError:
            raise ForgeError("the answer is not JSON; is the API's address right?") from None


class _NoAnswerError(ForgeError):
    """No answer, or one that says that there is none now."""


def _without_coding(response: httpx.Response) -> list[tuple[str, str]]:
    """The headers that are true of the content as it was read."""
    return [(name, value) for name, value in response.headers.multi_items() if name != "content-encoding"]
