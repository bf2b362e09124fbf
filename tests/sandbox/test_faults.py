"""Faults: how they are asked for, and what they do without a network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from expsync.sandbox.embedded import EmbeddedTransport
from expsync.sandbox.faults import Faults, Outcome
from expsync.sandbox.messages import Reply
from tests.sandbox.calls import EXPERIMENTS, Caller

DONE = Reply(200, {}, b"done")
USERS = f"{EXPERIMENTS}/100001/variants/control/users"


@pytest.fixture
def clients() -> Iterator[Any]:
    """A maker of clients with faults over the embedded engine of a caller."""
    opened: list[httpx.Client] = []

    def make(caller: Caller, *faults: str) -> httpx.Client:
        transport = EmbeddedTransport(caller.engine, Faults.parse(faults))
        opened.append(httpx.Client(transport=transport, base_url="http://sandbox"))
        return opened[-1]

    yield make
    for client in opened:
        client.close()


KNOWN = (
    "write 429@3 (or another status from 400 on: the third request gets it, and nothing is done), 500-after@3 "
    "(it is done), cut-before@3, cut-after@3, timeout-before@3, timeout-after@3, garbage@3, half@3, or rate=100"
)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["nonsense"], f"fault `nonsense` isn't known; {KNOWN}"),
        (["cut@3"], f"fault `cut@3` isn't known; {KNOWN}"),
        (["429@0"], f"fault `429@0` isn't known; {KNOWN}"),
        (["200@1"], f"fault `200@1` isn't known; {KNOWN}"),
        (["rate=0"], f"fault `rate=0` isn't known; {KNOWN}"),
        (["rate=5", "rate=6"], "fault `rate=6`: a rate was already given (5)"),
        (["429@3", "half@3"], "fault `half@3`: request 3 already has one; name another request"),
    ],
)
def test_a_fault_that_is_not_understood_is_an_error(texts: list[str], message: str) -> None:
    with pytest.raises(ValueError, match="fault") as raised:
        Faults.parse(texts)
    assert str(raised.value) == message


def test_the_request_of_that_number_is_hit_and_no_other() -> None:
    faults = Faults.parse(["500@2", "cut-before@4"])
    endings = [faults.run(lambda: DONE) for _ in range(5)]
    failed = Reply(
        500,
        {"content-type": "application/json; charset=utf-8"},
        b'{"error": {"message": "status 500, as asked of the sandbox"}}',
    )
    assert [endings[0], endings[1], endings[2], endings[4]] == [
        Outcome("answer", DONE),
        Outcome("answer", failed),
        Outcome("answer", DONE),
        Outcome("answer", DONE),
    ]
    assert endings[3].ending == "cut"


def test_a_rate_refuses_what_is_past_it_within_any_second() -> None:
    now = 0.0
    faults = Faults.parse(["rate=2"], clock=lambda: now)
    seen = []
    for moment in (0.0, 0.5, 0.9, 1.0, 1.2, 1.5):
        now = moment
        seen.append((moment, faults.run(lambda: DONE).reply.status))
    assert seen == [(0.0, 200), (0.5, 200), (0.9, 429), (1.0, 200), (1.2, 429), (1.5, 200)]


@pytest.mark.parametrize(
    ("fault", "error", "done"),
    [
        ("cut-before", httpx.ReadError, False),
        ("cut-after", httpx.ReadError, True),
        ("timeout-before", httpx.ReadTimeout, False),
        ("timeout-after", httpx.ReadTimeout, True),
        ("half", httpx.RemoteProtocolError, True),
    ],
)
def test_a_broken_connection_shows_as_on_a_network(
    caller: Caller, clients: Any, fault: str, error: type[Exception], done: bool
) -> None:
    caller.create()
    client = clients(caller, f"{fault}@1")
    with pytest.raises(error):
        client.post(USERS, json={"inclusions": ["u"]})
    assert client.get(USERS).json() == (["u"] if done else [])


@pytest.mark.parametrize(
    ("fault", "status", "done"), [("429", 429, False), ("503", 503, False), ("502-after", 502, True)]
)
def test_a_status_is_answered_before_or_after_the_work(
    caller: Caller, clients: Any, fault: str, status: int, done: bool
) -> None:
    caller.create()
    client = clients(caller, f"{fault}@1")
    assert client.post(USERS, json={"inclusions": ["u"]}).status_code == status
    assert client.get(USERS).json() == (["u"] if done else [])


def test_garbage_is_a_success_that_is_no_json(caller: Caller, clients: Any) -> None:
    caller.create()
    client = clients(caller, "garbage@1")
    reply = client.get(USERS)
    assert (reply.status_code, reply.text) == (200, "<html><body>please log in</body></html>")


def test_the_embedded_transport_passes_on_all_of_a_request(caller: Caller) -> None:
    guarded = Caller(caller.engine._store, keys={"k": None})
    with httpx.Client(transport=EmbeddedTransport(guarded.engine), base_url="https://anywhere:1") as client:
        assert client.get(EXPERIMENTS).status_code == 401
        client.headers["Authorization"] = "Bearer k"
        made = client.post(EXPERIMENTS, json={"projectId": "1001", "key": "a key+with/odd&letters"})
        assert made.status_code == 200
        listed = client.get(EXPERIMENTS, params={"key": "a key+with/odd&letters", "limit": "1"})
        assert [one["key"] for one in listed.json()["experiments"]] == ["a key+with/odd&letters"]
        odd = client.get(f"{EXPERIMENTS}/100001/variants/%2E%2E")
        assert odd.json() == {"error": {"message": "experiment 100001 has no variant .."}}
        ok = client.patch(f"{EXPERIMENTS}/100001", json={})
        assert (ok.status_code, ok.headers["content-type"], ok.text) == (200, "text/plain; charset=utf-8", "OK")
