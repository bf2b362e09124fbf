"""A wire on which people edit by hand between any two requests, and which notes what was seen and what was written."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from expsync.sandbox.embedded import EmbeddedTransport
from expsync.sandbox.engine import Engine
from tests.faults.bench import Call, Ending, Killed
from tests.faults.hands import Edit, books, carry_out
from tests.faults.parts import aspects_of, parts_of
from tests.faults.scenarios import Json

_ONE = re.compile(r"/api/1/experiments/(?P<id>[^/?]+)(?P<rest>/[^?]*)?")
_USERS = re.compile(r"/variants/(?P<variant>[^/]+)/users")

Seen = dict[str, dict[str, set[str]]]
"""By experiment and aspect, the values that reads have shown."""


@dataclass
class FirstWrite:
    """The moment at which the program first writes to an experiment: what it had seen, and how long ago.

    One that was not done is sent again, and is a first write again.
    """

    seen: dict[str, set[str]]
    age: float
    """Seconds since the last read of it was answered."""
    checked: int
    """The number of the last read of its own body, which shows all but its variants' details and users."""


@dataclass
class Watch(httpx.BaseTransport):
    """Numbers requests from 1. `by_hand` and `at` say what people do before which, and what happens to which."""

    program: Engine
    people: Engine
    by_hand: Mapping[int, list[Edit]] = field(default_factory=dict)
    at: Mapping[int, Ending] = field(default_factory=dict)
    latency: float = 0.0
    older: bool = False
    """Whether the server knows no bulk removal, nor any way to bring back what is archived."""
    now: float = 0.0
    count: int = 0
    over: Ending | None = None
    done: list[Call] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """Writes that the emulator said no to; of a plan that is out of date even a read may be."""
    seen: Seen = field(default_factory=dict)
    answered: dict[str, tuple[float, int]] = field(default_factory=dict)
    """By experiment, when its last read was answered, and the number of the last read of its body."""
    first_writes: dict[str, list[FirstWrite]] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)
    """The experiments to which a write of this run was done."""
    shadow: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What each part was before, or what somebody made of it since."""
    touched: dict[tuple[str, str], int] = field(default_factory=dict)
    """The number of the request before which somebody last changed a part."""

    def __post_init__(self) -> None:
        self.inner = EmbeddedTransport(self.program)
        self.shadow = {key: parts_of(experiment) for key, experiment in books(self.people).items()}

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def begin(self) -> Seen:
        """What was seen so far; from here on, everything is seen anew."""
        seen, self.seen = self.seen, {}
        return seen

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.over is not None and self.over != "outage":
            raise Killed
        self.count += 1
        call = (request.method, request.url.raw_path.decode(), request.content.decode())
        key = None if request.method == "GET" else self._note_write(call)
        self.now += self.latency
        for edit in self.by_hand.get(self.count, ()):
            self.edit(edit)
        ending = self.at.get(self.count) if self.over is None else self.over
        match ending:
            case None:
                return self._answer(request, call, key)
            case "outage":
                self.over = ending
                raise httpx.ConnectError("the network is down", request=request)
            case "kill before":
                self.over = ending
                raise Killed
            case "kill after":
                self._answer(request, call, key)
                self.over = ending
                raise Killed
            case "cut before":
                raise httpx.ReadError("cut", request=request)
            case "cut after":
                self._answer(request, call, key)
                raise httpx.ReadError("cut", request=request)
            case "time-out before":
                raise httpx.ReadTimeout("silence", request=request)
            case status:
                return httpx.Response(int(status), text="no")

    def edit(self, edit: Edit) -> None:
        """Nothing; somebody has made this edit, and the shadow knows."""
        before = {key: parts_of(experiment) for key, experiment in books(self.people).items()}
        carry_out(self.people, edit, older=self.older)
        for key, experiment in books(self.people).items():
            old, new = before.get(key, {}), parts_of(experiment)
            shadow = self.shadow.setdefault(key, {})
            for path in old.keys() | new.keys():
                if old.get(path) == new.get(path) and (path in old) == (path in new):
                    continue
                self.touched[key, path] = self.count
                if path in new:
                    shadow[path] = new[path]
                else:
                    shadow.pop(path, None)

    def _answer(self, request: httpx.Request, call: Call, key: str | None) -> httpx.Response:
        method, path, body = call
        response = self.inner.handle_request(request)
        if self.older and path.endswith("/bulk-delete-users"):
            # By this it is found out how old it is.
            assert response.status_code == 404
        elif response.status_code >= 400 and method != "GET":
            self.refused.append(f"{method} {path} {body}: {response.status_code} {response.read().decode()}")
        elif key is not None:
            self.done.append(call)
            self.begun.add(key)
        elif response.status_code == 200:
            self._note_read(path, response)
        return response

    def _note_read(self, path: str, response: httpx.Response) -> None:
        now = {experiment["id"]: experiment for experiment in books(self.program).values()}
        if found := _ONE.match(path):
            experiment = now[found["id"]]
            self._see(experiment, found["rest"] or "")
        else:
            for body in response.json()["experiments"]:
                self._see(now[str(body["id"])], "")
        if key := request_key(path):
            self.answered[key] = (self.now, self.count)

    def _see(self, experiment: Json, rest: str) -> None:
        seen = self.seen.setdefault(experiment["key"], {})
        users = _USERS.fullmatch(rest)
        for name, value in aspects_of(experiment).items():
            if users is not None:
                shown = name == f"variants.{users['variant']}.inclusions"
            elif rest == "/variants":
                shown = name in ("variants", "variants.details")
            else:
                shown = not name.endswith(".inclusions")
            if shown:
                seen.setdefault(name, set()).add(value)
        body_read = self.count if not rest else self.answered[experiment["key"]][1]
        self.answered[experiment["key"]] = (self.now, body_read)

    def _note_write(self, call: Call) -> str:
        """The key of the experiment that is written to."""
        found = _ONE.match(call[1])
        if found is None:
            key: str = json.loads(call[2])["key"]
        else:
            key = next(e["key"] for e in books(self.program).values() if e["id"] == found["id"])
        if key not in self.begun and not (self.older and call[1].endswith("/bulk-delete-users")):
            at, number = self.answered[key]
            self.first_writes.setdefault(key, []).append(FirstWrite(self.seen.get(key, {}), self.now - at, number))
            # If it is sent again, everything must have been read again.
            self.seen[key] = {}
        return key


def request_key(path: str) -> str | None:
    """The key that a list was asked for."""
    key: str | None = httpx.URL(f"http://sandbox.invalid{path}").params.get("key")
    return key
