"""Anything that a server may send, through the whole program: one clear error, the right code, nothing written."""

from __future__ import annotations

import gzip
import itertools
import json
import threading
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from expsync.api import answers, pages
from expsync.errors import UnclearError
from tests.api.test_sockets import client_at
from tests.cli.conftest import Ran, Run
from tests.security.conftest import Lied
from tests.security.hostile import acts
from tests.security.raw import Speech, answer, raw_server
from tests.security.world import EXPERIMENT, READ_BY_PLAN, REPLIES, VARIANTS, sparse_list

BODIES: dict[str, bytes] = {
    "nothing": b"",
    "OK": b"OK",
    "html": b"<!doctype html><html><body>please log in</body></html>",
    "half a body": json.dumps(REPLIES["listExperiments"]).encode()[:700],
    "null": b"null",
    "a number": b"17",
    "a text": b'"x"',
    "true": b"true",
    "an empty object": b"{}",
    "lists in a list": b"[[[]]]",
    "100,000 lists": b"[" * 100_000 + b"]" * 100_000,
    "100,000 lists that do not end": b"[" * 100_000,
    "100,000 objects": b'{"experiments":' * 100_000 + b"1" + b"}" * 100_000,
    "a number of 100,000 digits": b"[" + b"9" * 100_000 + b"]",
    "NaN": b'[{"key": "a", "rolloutWeight": NaN}]',
    "infinity": b'{"experiments": [{"id": 1, "key": "a", "rolloutPercentage": 1e999}]}',
    "not UTF-8": b'{"experiments": [{"id": 1, "key": "\xff"}]}',
    "UTF-16": '{"experiments": []}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf[]",
    "half a pair": b'["\\ud800"]',
    "zero bytes": b"\x00" * 1000,
    "two documents": b"[][]",
    "a member of another kind": b'[{"key": {"a": 1}}, 5, "x"]',
    "an error that says 200": b'{"error": {"code": 500, "message": "no"}}',
}


def one_error(ran: Ran, endpoint: str) -> None:
    """Nothing; the run ended with one error of a few lines, which names the endpoint, and nothing acts."""
    assert ran.code == 1, ran.out + ran.err
    assert ran.out == ""
    assert ran.err.count("error: ") == 1
    assert ran.err.startswith(f"error: {endpoint}: "), ran.err
    assert len(ran.err) < 1000
    assert acts(ran.err) == []


def asking(endpoint: str) -> dict[str, Any]:
    """Replies of a live side that make planning ask this endpoint."""
    return {} if endpoint in ("listExperiments", "listVariants") else {"listExperiments": sparse_list()}


@pytest.mark.parametrize("endpoint", READ_BY_PLAN)
def test_bodies_that_are_none_of_the_endpoint(lied: Lied, endpoint: str) -> None:
    for name, body in BODIES.items():
        for command in (("plan", "--out", "plan.json"), ("apply", "--yes", "--log", "log")):
            ran = lied.run(*command, replies={**asking(endpoint), endpoint: body})
            assert (name, lied.writes) == (name, [])
            one_error(ran, endpoint)
    assert sorted(path.name for path in lied.root.iterdir()) == [".expsync", "experiments", "expsync.yaml"]


PACKED: dict[str, tuple[bytes, str]] = {
    "a bomb": (gzip.compress(b"[" * 70_000_000, 9), "gzip"),
    "a bomb in a bomb": (gzip.compress(gzip.compress(b"\0" * 10_000_000)), "gzip, gzip"),
    "half of it": (gzip.compress(json.dumps(REPLIES["listExperiments"]).encode())[:-30], "gzip"),
    "not packed": (b"[]", "gzip"),
    "otherwise": (zlib.compress(b"[]"), "deflate"),
    "brotli": (b"\x0b\x02\x80[]\x03", "br"),
    "unheard of": (b"[]", "x" * 5000),
}


@pytest.mark.parametrize("body", PACKED.values(), ids=PACKED)
def test_bodies_packed_in_odd_ways(lied: Lied, body: tuple[bytes, str]) -> None:
    content, packing = body

    def reply(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Encoding": packing}, stream=httpx.ByteStream(content))

    one_error(lied.run("plan", replies={"listExperiments": reply}), "listExperiments")


def test_a_gzip_bomb_is_stopped_before_it_is_unpacked(lied: Lied, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    inner = answers._unpacker

    def watched() -> Callable[[bytes, int], bytes]:
        unpack = inner()

        def counted(chunk: bytes, most: int) -> bytes:
            part = unpack(chunk, most)
            taken.append(len(part))
            return part

        return counted

    monkeypatch.setattr(answers, "_unpacker", watched)
    content, packing = PACKED["a bomb"]
    stream = [content[n : n + 4096] for n in range(0, len(content), 4096)]

    def reply(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Encoding": packing}, content=iter(stream))

    ran = lied.run("plan", replies={"listExperiments": reply})
    assert ran.err == f"error: listExperiments: the answer can't be read: it is longer than {answers.MAX_BODY} bytes\n"
    assert sum(taken) == answers.MAX_BODY + 1


STATUSES = [100, 101, 102, 103, 199, 204, 205, 206, 300, 302, 304, 307, 399, 400, 402, 405, 406, 409, 410, 413, 418]
STATUSES += [422, 426, 431, 451, 499, 500, 501, 502, 503, 504, 505, 511, 599, 600, 700, 999]


@pytest.mark.parametrize("body", [b"", b'{"a":', b"\x00\xff\x1b[31m" * 100, b"x" * 200_000], ids=range(4))
def test_statuses_with_odd_bodies(lied: Lied, body: bytes) -> None:
    for status in STATUSES:
        ran = lied.run("plan", replies={"listExperiments": lambda _, s=status: httpx.Response(s, content=body)})
        one_error(ran, "listExperiments")
        assert (status, status >= 300 or "can't be read" in ran.err or "asked for" in ran.err) == (status, True)


def endless(numbered: Callable[[int], Any]) -> Callable[[httpx.Request], httpx.Response]:
    """A list of which every page names another one."""
    count = itertools.count()

    def reply(_: httpx.Request) -> httpx.Response:
        number = next(count)
        return httpx.Response(200, json={"experiments": numbered(number), "nextCursor": f"c{number}"})

    return reply


def test_a_list_that_never_ends(lied: Lied, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MAX_PAGES", 20)

    def fresh(number: int) -> Any:
        return [{**EXPERIMENT, "id": str(number), "key": f"k{number}"}]

    for numbered in (fresh, lambda _: [EXPERIMENT], lambda _: []):
        ran = lied.run("plan", replies={"listExperiments": endless(numbered)})
        one_error(ran, "listExperiments")
        assert "the list does not end" in ran.err
        assert len(lied.liars[-1].asked) <= 20


DOUBLED: dict[str, dict[str, Any]] = {
    "one experiment twice": {"listExperiments": {"experiments": [EXPERIMENT, EXPERIMENT]}},
    "one id for two keys": {"listExperiments": {"experiments": [EXPERIMENT, {**EXPERIMENT, "key": "other"}]}},
    "one key for two ids": {"listExperiments": {"experiments": [EXPERIMENT, {**EXPERIMENT, "id": "7"}]}},
    "a variant twice": {
        "listExperiments": {"experiments": [{**EXPERIMENT, "variants": [{"key": "control"}] * 2}]},
        "listVariants": [VARIANTS[0], VARIANTS[0]],
    },
    "an empty variant key": {
        "listExperiments": {"experiments": [{**EXPERIMENT, "variants": [{"key": ""}]}]},
        "listVariants": [{**VARIANTS[0], "key": ""}],
    },
    "a segment twice": {
        "listExperiments": {"experiments": [{**EXPERIMENT, "targetSegments": EXPERIMENT["targetSegments"] * 2}]}
    },
    "everything twice": {
        "listExperiments": {"experiments": [{**EXPERIMENT, "tags": ["a", "a"], "deployments": ["101", "101"]}]},
        "getInclusions": ["u", "u"],
        "getCohortInclusions": ["c", "c"],
    },
    "empty members": {
        "listExperiments": {"experiments": [{**EXPERIMENT, "tags": [""], "deployments": [""]}]},
        "getInclusions": [""],
        "getCohortInclusions": [""],
    },
    "weights of nobody": {
        "listExperiments": {"experiments": [{**EXPERIMENT, "rolloutWeights": {"": 1, "ghost": 1e15, "control": -1}}]}
    },
    "no variants": {"listExperiments": {"experiments": [{**EXPERIMENT, "variants": []}]}, "listVariants": []},
    "a name twice in an object": {
        "listExperiments": b'{"experiments": [], "experiments": [{"id": 1, "id": 2, "key": "a", "key": "checkout"}]}'
    },
    "a million names": {"listVariants": [{**VARIANTS[0], **{f"x{n}": n for n in range(100_000)}}, VARIANTS[1]]},
}


@pytest.mark.parametrize("replies", DOUBLED.values(), ids=DOUBLED)
def test_lists_that_contradict_themselves_are_planned_or_one_clear_error(lied: Lied, replies: dict[str, Any]) -> None:
    for command in (("plan", "--prune"), ("apply", "--prune", "--yes", "--allow-mass-change")):
        ran = lied.run(*command, replies=replies)
        assert ran.code in (0, 1, 3, 4)
        assert "internal error" not in ran.err, ran.err
        assert "Traceback" not in ran.err
        assert ran.code == 0 or ran.out or ran.err.count("error") >= 1


def drip(pieces: Iterator[bytes]) -> Speech:
    """A speech of which there is no end, slow enough for nobody to be busy with it."""

    def speech(_: bytes) -> Iterator[bytes]:
        pause = threading.Event()
        for piece in pieces:
            pause.wait(0.05)
            yield piece

    return speech


DRIPS: dict[str, Callable[[], Iterator[bytes]]] = {
    "1xx answers": lambda: itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "headers": lambda: itertools.chain([b"HTTP/1.1 200 OK\r\n"], itertools.repeat(b"X-A: b\r\n")),
    "half a status line": lambda: itertools.repeat(b"H"),
    "a body": lambda: itertools.chain([b"HTTP/1.1 200 OK\r\n\r\n["], itertools.repeat(b" ")),
    "chunks": lambda: itertools.chain(
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"], itertools.repeat(b"1\r\n \r\n")
    ),
    "the length of a chunk": lambda: itertools.chain(
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"], itertools.repeat(b"0")
    ),
}


@pytest.mark.parametrize("pieces", DRIPS.values(), ids=DRIPS)
def test_a_server_that_drips_can_not_hold_a_call_beyond_its_time(pieces: Callable[[], Iterator[bytes]]) -> None:
    said = r"^editExperiment: (no whole answer within|the connection broke)"
    with (
        raw_server(drip(pieces())) as server,
        client_at(server.url, timeout=0.3) as found,
        pytest.raises(UnclearError, match=said),
    ):
        found.edit_experiment("1", {"enabled": True})


SPEECHES: dict[str, bytes] = {
    "a length too small": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + b'{"experiments": []}',
    "a length too large": b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b'{"experiments": []}',
    "a length below 0": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}",
    "a length of 30 digits": b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 30 + b"\r\n\r\n{}",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}}",
    "a length and chunks": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2\r\n{}\r\n0\r\n\r\n",
    "a chunk of no length": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "a huge chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\n{}",
    "chunks of another kind": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n{}",
    "no last chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
    "a status of letters": b"HTTP/1.1 two OK\r\n\r\n{}",
    "a status of one digit": b"HTTP/1.1 2 OK\r\n\r\n{}",
    "a status of 4 digits": b"HTTP/1.1 2000 OK\r\n\r\n{}",
    "HTTP 0.9": b"{}",
    "HTTP 2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
    "TLS": b"\x15\x03\x01\x00\x02\x02\x46",
    "a header without a name": b"HTTP/1.1 200 OK\r\n: x\r\n\r\n{}",
    "a header of binary": b"HTTP/1.1 200 OK\r\nX: \x00\x1b[31m\xff\r\n\r\n{}",
    "a folded header": b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
    "a header of 1 MB": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n{}",
    "20,000 headers": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000 + b"\r\n{}",
    "another protocol": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n{}",
    "204 with a body": b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n{}",
    "304 with a body": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n{}",
    "cookies": answer(b"{}", *[b"Set-Cookie: a=b; expires=never; domain=; path=\xff; max-age=x"] * 50),
    "nothing": b"",
    "a line end": b"\r\n\r\n",
}


@pytest.mark.parametrize("speech", SPEECHES.values(), ids=SPEECHES)
def test_odd_http_is_one_clear_error(lied: Lied, run: Run, monkeypatch: pytest.MonkeyPatch, speech: bytes) -> None:
    monkeypatch.setenv("EXPSYNC_API_KEY", "ampex_7d1f0a9b3c5e4d2f8a6b")
    with raw_server(speech) as server:
        monkeypatch.setenv("EXPSYNC_BASE_URL", server.url)
        for command in (("plan", "-v"), ("apply", "--yes")):
            one_error(lines_without_trace(run(*command)), "listExperiments")
        assert all(request.startswith(b"GET ") for request in server.received)
        assert not any(b"Cookie" in request for request in server.received)


def lines_without_trace(ran: Ran) -> Ran:
    kept = [line for line in ran.err.splitlines(keepends=True) if not line.startswith("GET ")]
    return Ran(ran.code, ran.out, "".join(kept))
