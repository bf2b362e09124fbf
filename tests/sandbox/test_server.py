"""The emulator over HTTP, on the loopback."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from expsync.sandbox.engine import Engine
from expsync.sandbox.faults import Faults
from expsync.sandbox.server import ServedSandbox, build_app, serve
from expsync.sandbox.store import SandboxError, Store
from expsync.wire.endpoints import BY_NAME, ENDPOINTS
from tests.sandbox.calls import EXPERIMENTS, Caller, segment

SECONDS = 30
USERS = f"{EXPERIMENTS}/100001/variants/control/users"
CALLS: dict[str, Any] = {
    "createExperiment": {"projectId": "1001", "key": "exp", "targetSegments": [segment()]},
    "listExperiments": None,
    "getExperiment": None,
    "editExperiment": {"enabled": True},
    "createVariant": {"key": "third"},
    "editVariant": {"name": "n"},
    "listVariants": None,
    "getVariant": None,
    "addUsers": {"inclusions": ["a", "b", "c"]},
    "getInclusions": None,
    "removeUser": None,
    "bulkRemoveUsers": {"users": ["b"]},
    "removeAllUsers": None,
    "addCohorts": {"inclusions": ["c"]},
    "getCohortInclusions": None,
    "bulkRemoveCohorts": {"users": ["c"]},
    "addDeployments": {"deployments": ["101"]},
    "listDeployments": None,
    "removeDeployment": None,
    "listProjectDeployments": None,
    "listVersions": None,
    "getVersion": None,
    "removeVariant": None,
}
"""Every endpoint, in an order in which each succeeds, with its body."""


@pytest.fixture
def client(caller: Caller) -> Iterator[httpx.Client]:
    with ServedSandbox(caller.engine) as served, httpx.Client(base_url=served.url, timeout=SECONDS) as opened:
        yield opened


def test_every_endpoint_of_the_table_is_served(client: httpx.Client) -> None:
    assert set(CALLS) == {endpoint.name for endpoint in ENDPOINTS}
    values = {"id": "100001", "variant": "control", "index": "0", "deployment": "101", "version": "1"}
    statuses = {}
    for name, body in CALLS.items():
        endpoint = BY_NAME[name]
        reply = client.request(endpoint.method, endpoint.path(**values), **({} if body is None else {"json": body}))
        statuses[name] = reply.status_code
    assert statuses == dict.fromkeys(CALLS, 200)


def test_a_served_answer_is_the_embedded_one(client: httpx.Client, caller: Caller) -> None:
    path = caller.create("a key+with/odd&letters")
    assert client.get(path).json() == caller.get(path)
    query = {"key": "a key+with/odd&letters", "projectId": "1001"}
    assert client.get(EXPERIMENTS, params=query).json() == caller.get(EXPERIMENTS, **query)
    assert client.get(f"{path}/variants/a%2Fb").json() == {"error": {"message": "experiment 100001 has no variant a/b"}}
    assert client.put(path).headers["allow"] == "GET, PATCH"
    reply = client.patch(path, json={})
    assert (reply.status_code, reply.headers["content-type"], reply.text) == (200, "text/plain; charset=utf-8", "OK")


@pytest.mark.parametrize(
    ("fault", "done"), [("cut-before", False), ("cut-after", True), ("half", True), ("garbage", True)]
)
def test_a_served_fault_breaks_that_answer_alone(caller: Caller, fault: str, done: bool) -> None:
    caller.create()
    with (
        ServedSandbox(caller.engine, Faults.parse([f"{fault}@2"])) as served,
        httpx.Client(base_url=served.url, timeout=SECONDS) as client,
    ):
        assert client.get(USERS).json() == []
        if fault == "garbage":
            assert client.post(USERS, json={"inclusions": ["u"]}).text.startswith("<html>")
        else:
            with pytest.raises(httpx.RemoteProtocolError):
                client.post(USERS, json={"inclusions": ["u"]})
        assert client.get(USERS).json() == (["u"] if done else [])


@pytest.mark.parametrize(("fault", "done"), [("timeout-before", False), ("timeout-after", True)])
def test_a_served_time_out_says_nothing_until_the_client_gives_up(caller: Caller, fault: str, done: bool) -> None:
    caller.create()
    with ServedSandbox(caller.engine, Faults.parse([f"{fault}@1"])) as served:
        with httpx.Client(base_url=served.url, timeout=0.2) as client, pytest.raises(httpx.ReadTimeout):
            client.post(USERS, json={"inclusions": ["u"]})
        with httpx.Client(base_url=served.url, timeout=SECONDS) as client:
            assert client.get(USERS).json() == (["u"] if done else [])


def test_a_hanging_call_does_not_keep_the_server_from_ending(caller: Caller) -> None:
    served = ServedSandbox(caller.engine, Faults.parse(["timeout-before@1"]))
    with served:
        waiting = socket.create_connection((httpx.URL(served.url).host, httpx.URL(served.url).port or 0), SECONDS)
        waiting.sendall(f"GET {EXPERIMENTS} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        with httpx.Client(base_url=served.url, timeout=SECONDS) as client:
            # The second request is answered, so the first one hangs by now.
            assert client.get(EXPERIMENTS).status_code == 200
    with waiting:
        assert waiting.recv(1) == b""


def test_a_rate_is_kept_over_http(caller: Caller) -> None:
    faults = Faults.parse(["rate=2"], clock=lambda: 0.0)
    with ServedSandbox(caller.engine, faults) as served, httpx.Client(base_url=served.url) as client:
        assert [client.get(EXPERIMENTS).status_code for _ in range(3)] == [200, 200, 429]


def test_a_port_that_is_taken_is_an_error(caller: Caller) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SandboxError) as raised:
            serve(caller.engine, port=port, announce=print)
    assert str(raised.value).startswith(f"can't listen on 127.0.0.1, port {port}: ")
    assert str(raised.value).endswith("; name another port")


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_can_not_be_is_an_error(caller: Caller, port: int) -> None:
    with pytest.raises(SandboxError) as raised:
        serve(caller.engine, port=port, announce=print)
    assert str(raised.value) == f"can't listen on port {port}: it is not between 0 and 65535; name another port"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serving_says_where_and_ends_normally_when_interrupted(caller: Caller, number: signal.Signals) -> None:
    handlers = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    seen: list[Any] = []

    def announce(url: str) -> None:
        seen.append(url.rpartition(":")[0])
        signal.raise_signal(number)

    serve(caller.engine, port=0, faults=None, announce=announce)
    assert seen == ["http://127.0.0.1"]
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_an_ipv6_address_is_bracketed(caller: Caller) -> None:
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    seen: list[str] = []

    def announce(url: str) -> None:
        seen.append(url.rpartition(":")[0])
        signal.raise_signal(signal.SIGINT)

    serve(caller.engine, host="::1", port=0, faults=None, announce=announce)
    assert seen == ["http://[::1]"]


SERVER = """
import sys
from pathlib import Path
from expsync.sandbox.engine import Engine
from expsync.sandbox.server import serve
from expsync.sandbox.store import Store

with Store(Path(sys.argv[1])) as store:
    engine = Engine(store)
    engine.ensure_project("1001", {})
    serve(engine, port=0, faults=None, announce=lambda url: print(url, flush=True))
print("ended", flush=True)
"""


def test_a_served_process_ends_with_success_and_keeps_its_world(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    with subprocess.Popen([sys.executable, "-c", SERVER, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with httpx.Client(base_url=url, timeout=SECONDS) as client:
            made = client.post(EXPERIMENTS, json={"projectId": "1001", "key": "exp"})
            assert made.status_code == 200
            process.send_signal(signal.SIGTERM)
            assert process.wait(SECONDS) == 0
        assert process.stdout.read() == "ended\n"
    with Store(path) as store:
        assert [one["key"] for one in Caller(store).truth()["experiments"]] == ["exp"]


def called(app: Starlette) -> httpx.Response:
    """The answer to a list, from the application without any server."""

    async def call() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox") as client:
            return await client.get(EXPERIMENTS)

    return asyncio.run(call())


def test_another_server_can_not_cut_connections(store: Store) -> None:
    app = build_app(Engine(store), Faults.parse(["cut-before@1"]))
    with pytest.raises(RuntimeError, match="this server can't cut connections"):
        called(app)


def test_the_application_answers_under_any_server(store: Store) -> None:
    assert called(build_app(Engine(store))).json() == {"experiments": []}


@pytest.mark.parametrize(
    ("name", "is_answered"),
    [
        ("127.0.0.1:8377", True),
        ("localhost", True),
        ("LocalHost:8377", True),
        ("[::1]:8377", True),
        ("shop.localhost:3000", True),
        ("evil.example", False),
        ("localhost.evil.example:8377", False),
        ("notlocalhost", False),
        ("10.0.0.7:8377", False),
        ("[", False),
    ],
)
def test_on_loopback_it_answers_to_names_of_this_machine_alone(
    caller: Caller, client: httpx.Client, name: str, is_answered: bool
) -> None:
    """A page elsewhere may have its name lead here, and would be let read the answers as its own."""
    reply = client.get(EXPERIMENTS, headers={"host": name})
    said = b"this sandbox answers to names of this machine alone, such as localhost; for others serve it with --host\n"
    if is_answered:
        assert reply.status_code == 200
    else:
        assert (reply.status_code, reply.content) == (421, said)


def test_what_is_not_on_loopback_answers_to_any_name(store: Store) -> None:
    assert called(build_app(Engine(store), local=False)).status_code == 200
    assert called(build_app(Engine(store), local=True)).status_code == 421
