"""`kill -9` for real: the program dies at a write, and the next run completes what it had begun."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import pytest

from expsync.cli.main import main
from expsync.sandbox.engine import Engine, Reply, Request
from expsync.sandbox.server import ServedSandbox
from expsync.sandbox.store import Store
from tests.faults.bench import NOW, PROJECT, bench, comparable, load, missing, seed
from tests.faults.scenarios import CURRENT

PATIENCE = 60.0
"""Seconds until the test gives up; nothing here takes as long."""
KEY = "ampex_3f9d0c1b2a7e4d5c6b8a"


class Deadly(Engine):
    """An emulator that kills the process that calls it, at a write of a certain number, before or after its work."""

    victim = 0
    at = 0
    works = False

    def watch(self, *, at: int, works: bool) -> None:
        self.at, self.works = at, works
        self.writes: list[str] = []
        self.done: list[str] = []
        self.mutex = Lock()

    def answer(self, request: Request) -> Reply:
        if request.method == "GET":
            return super().answer(request)
        call = f"{request.method} {request.path} {request.body.decode()}"
        with self.mutex:
            self.writes.append(call)
            deadly = len(self.writes) == self.at
        if deadly and not self.works:
            os.kill(self.victim, signal.SIGKILL)
            return Reply(503, {}, b"")
        reply = super().answer(request)
        if reply.status == 200:
            self.done.append(call)
        if deadly:
            os.kill(self.victim, signal.SIGKILL)
        return reply


@contextmanager
def deadly(*, at: int, works: bool) -> Iterator[tuple[Deadly, str]]:
    with Store(None) as store:
        engine = Deadly(store, habits=CURRENT.habits, clock=lambda: NOW)
        engine.import_world(seed(CURRENT))
        engine.watch(at=at, works=works)
        with ServedSandbox(engine) as served:
            yield engine, served.url


@pytest.mark.parametrize(("at", "works"), [(1, False), (5, True), (9, False), (13, True), (18, True), (23, False)])
def test_after_a_kill_the_next_run_completes_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int, *, works: bool
) -> None:
    declarations = load(tmp_path, CURRENT)
    with bench(declarations) as trial:
        assert trial.run().error is None
        wanted = comparable(trial.world())
    log = tmp_path / "log.jsonl"
    options = ["-c", str(tmp_path / "expsync.yaml"), "--quiet"]
    approved = ["--yes", "--allow", "*:*", "--parallelism", "4"]
    with deadly(at=at, works=works) as (engine, url):
        monkeypatch.setenv("EXPSYNC_BASE_URL", url)
        monkeypatch.setenv("EXPSYNC_API_KEY", KEY)
        with subprocess.Popen(
            [sys.executable, "-m", "expsync", "apply", *options, *approved, "--log", str(log)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        ) as process:
            engine.victim = process.pid
            try:
                _, err = process.communicate(timeout=PATIENCE)
            finally:
                process.kill()
        assert (process.returncode, err) == (-signal.SIGKILL, "")
        lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        died_with = list(engine.writes)
        # Others may have been on their way; each was in the log before it was sent.
        assert at <= len(died_with) <= at + 3
        assert {called(line) for line in lines if line["event"] == "intent"} >= {path(call) for call in died_with}
        # What the log says was done was done.
        told = {called(line) for line in lines if line.get("result") == "ok"}
        assert told <= {path(call) for call in engine.done}

        assert main(["apply", *options, *approved]) == 0
        assert main(["plan", *options, "--detailed-exitcode"]) == 0
        assert missing(engine, CURRENT.stay) == []
        experiments: Any = engine.export(PROJECT)["experiments"]
        assert comparable({experiment["key"]: experiment for experiment in experiments}) == wanted
        # Nothing twice: each write that was done was done by one of the two.
        assert sorted(set(engine.done)) == sorted(engine.done)


def called(line: dict[str, Any]) -> str:
    return f"{line['method']} {line['path']}"


def path(call: str) -> str:
    return " ".join(call.split(" ")[:2])
