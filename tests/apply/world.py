"""A workspace in a folder, an emulator in memory, and a wire between them that can be watched and broken."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import httpx

from expsync.api.client import Client
from expsync.api.reader import Reader
from expsync.apply.executor import Executor
from expsync.cli.options import Globals
from expsync.cli.planning import Sides, make_plan
from expsync.cli.session import open_session
from expsync.model.outcome import ApplyOutcome
from expsync.model.plan import Finding, Plan
from expsync.sandbox.embedded import EmbeddedTransport
from expsync.sandbox.engine import Engine, Request
from expsync.sandbox.habits import Habits
from expsync.sandbox.store import Store
from expsync.wire.endpoints import endpoint_of

PROJECT = "1001"
WORKSPACE = """\
version: 1
environments:
  test:
    baseUrl: sandbox
    projectId: "1001"
    deployments: {web: "101", ios: "102", android: "103"}
"""
DEPLOYMENTS = [{"id": id, "label": label} for id, label in (("101", "web"), ("102", "ios"), ("103", "android"))]

Answer = Callable[[httpx.Request], httpx.Response]


@dataclass
class Trouble:
    """What goes wrong with the calls of one endpoint: from the `first` on, so many `times`.

    `how` is a way of `Wire`, or a function that answers in the place of the emulator, which it may still ask.
    """

    op: str
    how: str | Callable[[httpx.Request, Answer], httpx.Response]
    first: int = 1
    times: int = 1
    seen: int = 0


@dataclass
class Wire(httpx.BaseTransport):
    """Between client and emulator: `asked` is what was sent, `reached` what the emulator was asked, by endpoint."""

    inner: httpx.BaseTransport
    troubles: list[Trouble] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    reached: list[str] = field(default_factory=list)
    sent: list[tuple[str, str]] = field(default_factory=list)
    """Method and target of each request."""
    lock: Lock = field(default_factory=Lock)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        found = endpoint_of(request.method, request.url.raw_path.partition(b"?")[0].decode())
        assert found is not None
        name = found[0].name
        with self.lock:
            self.asked.append(name)
            self.sent.append((request.method, request.url.raw_path.decode()))
            trouble = self._trouble(name)

        def answer(request: httpx.Request) -> httpx.Response:
            with self.lock:
                self.reached.append(name)
            return self.inner.handle_request(request)

        if trouble is None:
            return answer(request)
        if callable(trouble.how):
            return trouble.how(request, answer)
        match trouble.how:
            case "cut before":
                raise httpx.ReadError("cut", request=request)
            case "cut after":
                answer(request)
                raise httpx.ReadError("cut", request=request)
            case "500 without doing":
                return httpx.Response(500, text="oops")
            case "500 after doing":
                answer(request)
                return httpx.Response(500, text="oops")
            case "503":
                return httpx.Response(503, text="overloaded")
            case "garbage":
                answer(request)
                return httpx.Response(200, text="<html>please log in</html>")
            case "ignored":
                return httpx.Response(200, text="OK")
            case status:
                return httpx.Response(int(status), text="no")

    def _trouble(self, name: str) -> Trouble | None:
        for trouble in self.troubles:
            if trouble.op == name:
                trouble.seen += 1
                if trouble.first <= trouble.seen < trouble.first + trouble.times:
                    return trouble
        return None

    def forget(self) -> None:
        """Nothing; watching begins anew."""
        self.asked.clear()
        self.reached.clear()
        self.sent.clear()

    @property
    def writes(self) -> list[str]:
        """The writes that were sent, in order."""
        return [name for name in self.asked if not name.startswith(("get", "list"))]

    @property
    def done(self) -> list[str]:
        """The writes that reached the emulator, in order."""
        return [name for name in self.reached if not name.startswith(("get", "list"))]


@dataclass
class Bench:
    """A workspace and its live side."""

    root: Path
    engine: Engine
    wire: Wire
    client: Client
    slept: list[float]

    def declare(self, *experiments: Mapping[str, Any]) -> None:
        """Nothing; the files declare these experiments and no others."""
        folder = self.root / "experiments"
        for path in folder.glob("*.yaml"):
            path.unlink()
        for experiment in experiments:
            # JSON is YAML, too.
            (folder / f"{experiment['key']}.yaml").write_text(json.dumps(experiment), encoding="utf-8")

    def plan(self, *targets: str, prune: bool = False) -> Plan:
        session = open_session(Globals(config=self.root / "expsync.yaml", quiet=True))
        return make_plan(session, Sides(session.declarations(), self.client), targets=targets, prune=prune)

    def executor(self, *, parallelism: int = 1, **named: Any) -> Executor:
        reader = Reader(self.client, parallelism=parallelism)
        return Executor(self.client, reader, parallelism=parallelism, **{"sleep": self.slept.append, **named})

    def apply(
        self, plan: Plan, *, refused: Mapping[str, Sequence[Finding]] | None = None, **named: Any
    ) -> ApplyOutcome:
        """The outcome; watching the wire begins with it."""
        self.wire.forget()
        return self.executor(**named).carry_out(plan, refused=refused)

    def live(self, key: str) -> dict[str, Any]:
        """The truth about one experiment."""
        experiments: Any = self.engine.export(PROJECT)["experiments"]
        return next(experiment for experiment in experiments if experiment["key"] == key)

    def versions(self, key: str) -> int:
        """How many versions an experiment has: one more for each change."""
        return len(json.loads(self.call("GET", f"/{self.live(key)['id']}/versions")))

    def call(self, method: str, path: str, body: Any = None) -> bytes:
        """What the emulator answers to somebody else, past the wire; it must be a yes."""
        headers = {} if body is None else {"content-type": "application/json"}
        content = b"" if body is None else json.dumps(body).encode()
        reply = self.engine.answer(Request(method, f"/api/1/experiments{path}", {}, headers, content))
        assert reply.status == 200, reply
        return reply.body

    def edit(self, key: str, **fields: Any) -> None:
        """Nothing; somebody edited the experiment by hand."""
        self.call("PATCH", f"/{self.live(key)['id']}", fields)


@contextmanager
def bench(root: Path, *, live: Sequence[Mapping[str, Any]] = (), habits: Habits | None = None) -> Iterator[Bench]:
    """A workspace without files and a live side with these experiments."""
    (root / "expsync.yaml").write_text(WORKSPACE, encoding="utf-8")
    (root / "experiments").mkdir(exist_ok=True)
    slept: list[float] = []
    with Store(None) as store:
        engine = Engine(store, habits=habits or Habits())
        engine.import_world({"projectId": PROJECT, "deployments": DEPLOYMENTS, "experiments": [dict(e) for e in live]})
        wire = Wire(EmbeddedTransport(engine))
        with Client(
            base_url="sandbox",
            api_key=None,
            project_id=PROJECT,
            environment="test",
            key_variable="EXPSYNC_API_KEY",
            transport=wire,
            sleep=slept.append,
        ) as client:
            yield Bench(root, engine, wire, client, slept)
