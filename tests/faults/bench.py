"""One run of plan and apply against an emulator in memory, with one thing that goes wrong at one request."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

import httpx

from expsync.api.client import Client
from expsync.api.reader import Reader
from expsync.apply.executor import Executor
from expsync.cli.options import Globals
from expsync.cli.planning import Sides, make_plan
from expsync.cli.session import Session, open_session
from expsync.errors import ExpsyncError
from expsync.model.experiment import Declared
from expsync.model.outcome import ApplyOutcome
from expsync.model.plan import Plan
from expsync.sandbox.embedded import EmbeddedTransport
from expsync.sandbox.engine import Engine
from expsync.sandbox.store import Store
from tests.faults.scenarios import Json, Scenario
from tests.worlds import DEPLOYMENTS

PROJECT = "1001"
NOW = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
WORKSPACE = {
    "version": 1,
    # One after the other, so that the n-th request is always the same one.
    "limits": {"parallelism": 1},
    "environments": {
        "test": {"baseUrl": "sandbox", "projectId": PROJECT, "deployments": {v: k for k, v in DEPLOYMENTS.items()}}
    },
}
Ending = Literal[
    "429",
    "500",
    "502",
    "503",
    "401",
    "time-out before",
    "cut before",
    "cut after",
    "kill before",
    "kill after",
    "outage",
]
"""What happens at a request: before or after the emulator has done what it asks. `outage`: from then on, none gets
there. A status is an answer that comes in its place."""
ENDINGS: tuple[Ending, ...] = get_args(Ending)


class Killed(BaseException):
    """The run is no more: nothing of the program catches this, and nothing is sent after it."""


Call = tuple[str, str, str]
"""Method, path with query, and body of a request."""


@dataclass
class Wire(httpx.BaseTransport):
    """Between client and emulator; counts requests from 1 and breaks those of `at`.

    `done` are the writes that the emulator said yes to, `refused` what it said no to, `lost` users who went away
    though they should stay.
    """

    engine: Engine
    stay: Mapping[str, frozenset[str]]
    at: Mapping[int, Ending] = field(default_factory=dict)
    count: int = 0
    dead: bool = False
    down: bool = False
    sent: list[Call] = field(default_factory=list)
    done: list[Call] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.inner = EmbeddedTransport(self.engine)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.dead:
            raise Killed
        self.count += 1
        call = (request.method, request.url.raw_path.decode(), request.content.decode())
        self.sent.append(call)
        ending = self.at.get(self.count)
        if self.down or ending == "outage":
            self.down = True
            raise httpx.ConnectError("the network is down", request=request)
        if ending is None:
            return self._answer(request, call)
        if ending == "kill before":
            self.dead = True
            raise Killed
        if ending.endswith("after"):
            self._answer(request, call)
        match ending.partition(" ")[0]:
            case "kill":
                self.dead = True
                raise Killed
            case "cut":
                raise httpx.ReadError("cut", request=request)
            case "time-out":
                raise httpx.ReadTimeout("silence", request=request)
            case status:
                return httpx.Response(int(status), text="no")

    def _answer(self, request: httpx.Request, call: Call) -> httpx.Response:
        response = self.inner.handle_request(request)
        method, path, _ = call
        if response.status_code >= 400:
            self.refused.append(f"{response.status_code} {method} {path}")
        elif method != "GET":
            self.done.append(call)
            if "/variants" in path and (method == "DELETE" or '"key"' in call[2]):
                self.lost += [f"{user} by {method} {path}" for user in missing(self.engine, self.stay)]
        return response


@dataclass(frozen=True)
class Declarations:
    """The files of a scenario, read once."""

    scenario: Scenario
    session: Session
    declared: Sequence[Declared]


def load(root: Path, scenario: Scenario) -> Declarations:
    # JSON is YAML, and says exactly what is meant.
    (root / "expsync.yaml").write_text(json.dumps(WORKSPACE), encoding="utf-8")
    (root / "experiments").mkdir()
    for wanted in scenario.declared:
        (root / "experiments" / f"{wanted['key']}.yaml").write_text(json.dumps(wanted), encoding="utf-8")
    session = open_session(Globals(config=root / "expsync.yaml", quiet=True))
    return Declarations(scenario, session, session.declarations())


@dataclass(frozen=True)
class Planned:
    """A plan, and how many requests it took to make it."""

    plan: Plan
    requests: int


@dataclass
class Bench:
    """The emulator of one scenario, as it was in the beginning."""

    declarations: Declarations
    engine: Engine

    def run(self, at: Mapping[int, Ending] | None = None, *, planned: Planned | None = None) -> Run:
        """A run of the program with what goes wrong in it, from reading on, or from where the plan had been made."""
        wire = Wire(self.engine, self.declarations.scenario.stay, at or {})
        run = Run(wire)
        if planned is not None:
            wire.count, run.plan = planned.requests, planned.plan
        with Client(
            base_url="sandbox",
            api_key=None,
            project_id=PROJECT,
            environment="test",
            key_variable="EXPSYNC_API_KEY",
            transport=wire,
            sleep=lambda _: None,
        ) as client:
            declarations = self.declarations
            try:
                if run.plan is None:
                    run.plan = make_plan(
                        declarations.session, Sides(declarations.declared, client), targets=[], prune=False
                    )
                executor = Executor(client, Reader(client, parallelism=1), parallelism=1, sleep=lambda _: None)
                run.outcome = executor.carry_out(run.plan)
            except (Killed, ExpsyncError) as error:
                run.error = error
        return run

    def world(self) -> dict[str, Json]:
        """The emulator's own books, by key of experiment."""
        found: Any = self.engine.export(PROJECT)["experiments"]
        return {experiment["key"]: experiment for experiment in found}


@dataclass
class Run:
    """What came of a run: a plan and an outcome, or the error that ended it."""

    wire: Wire
    plan: Plan | None = None
    outcome: ApplyOutcome | None = None
    error: BaseException | None = None


@contextmanager
def bench(declarations: Declarations) -> Iterator[Bench]:
    scenario = declarations.scenario
    with Store(None) as store:
        engine = Engine(store, habits=scenario.habits, clock=lambda: NOW)
        engine.import_world(seed(scenario))
        yield Bench(declarations, engine)


def seed(scenario: Scenario) -> Json:
    """The live side of a scenario, for the emulator to begin with."""
    deployments = [{"id": id, "label": label, "key": f"client-{label}"} for id, label in DEPLOYMENTS.items()]
    return {"projectId": PROJECT, "deployments": deployments, "experiments": list(scenario.live)}


def comparable(world: dict[str, Json]) -> dict[str, Json]:
    """The books without what the order of two calls alone decides: the order of members."""
    return {
        key: {
            **experiment,
            "tags": sorted(experiment["tags"]),
            "deployments": sorted(experiment["deployments"]),
            "variants": [
                {**variant, "inclusions": sorted(variant["inclusions"])} for variant in experiment["variants"]
            ],
        }
        for key, experiment in world.items()
    }


def missing(engine: Engine, stay: Mapping[str, frozenset[str]]) -> list[str]:
    """Who should be included in an experiment and is not, in no variant of it."""
    experiments: Any = engine.export(PROJECT)["experiments"]
    there = {e["key"]: {user for variant in e["variants"] for user in variant["inclusions"]} for e in experiments}
    return sorted(f"{user} of {key}" for key, users in stay.items() for user in users - there.get(key, set()))
