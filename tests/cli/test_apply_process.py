"""`expsync apply` as a process of its own: signals while it writes, and a whole terminal."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from expsync.sandbox.engine import Engine, Reply, Request
from expsync.sandbox.server import ServedSandbox
from expsync.sandbox.store import Store
from tests.cli.conftest import Run
from tests.cli.workspace import FILE

PATIENCE = 60.0
"""Seconds until a test gives up; nothing here takes as long."""
KEY = "ampex_3f9d0c1b2a7e4d5c6b8a"


class Gate(Engine):
    """An emulator whose write of a certain number waits until it is let through."""

    closed_at = 0
    writes: list[str]
    here: Event
    open: Event

    def answer(self, request: Request) -> Reply:
        if request.method != "GET":
            self.writes.append(f"{request.method} {request.path}")
            if len(self.writes) == self.closed_at:
                self.here.set()
                assert self.open.wait(PATIENCE)
        return super().answer(request)


@contextmanager
def gate(closed_at: int) -> Iterator[tuple[Gate, str]]:
    with Store(None) as store:
        engine = Gate(store)
        engine.closed_at, engine.writes, engine.here, engine.open = closed_at, [], Event(), Event()
        engine.ensure_project("1001", {"101": "web"})
        with ServedSandbox(engine) as served:
            try:
                yield engine, served.url
            finally:
                engine.open.set()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three experiments, each of them created by two calls."""
    (tmp_path / "expsync.yaml").write_text(FILE, encoding="utf-8")
    (tmp_path / "experiments").mkdir()
    for key in "abc":
        content = json.dumps({"key": key, "rolloutPercentage": 5})
        (tmp_path / "experiments" / f"{key}.yaml").write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def program(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "expsync", *arguments]


@pytest.mark.parametrize(("number", "closed_at"), [(signal.SIGINT, 3), (signal.SIGTERM, 4)])
def test_an_interruption_finishes_the_call_under_way_and_a_new_run_converges(
    root: Path, run: Run, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, closed_at: int
) -> None:
    with gate(closed_at) as (engine, url):
        monkeypatch.setenv("EXPSYNC_BASE_URL", url)
        monkeypatch.setenv("EXPSYNC_API_KEY", KEY)
        with subprocess.Popen(
            program("apply", "--yes", "--quiet", "--parallelism", "1", "--format", "json"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        ) as process:
            assert process.stderr is not None
            try:
                assert engine.here.wait(PATIENCE)
                # A second signal changes nothing.
                for _ in range(2):
                    process.send_signal(number)
                said = process.stderr.readline()
                engine.open.set()
                out, err = process.communicate(timeout=PATIENCE)
            finally:
                process.kill()

        assert said == "interrupted: the calls under way are finished, no other is begun\n"
        assert (process.returncode, err) == (130, "")
        assert len(engine.writes) == closed_at
        outcome = json.loads(out)
        second = ("stopped", 1, 1) if closed_at == 3 else ("done", 2, 0)
        assert [(e["key"], e["status"], len(e["done"]), len(e["pending"])) for e in outcome["experiments"]] == [
            ("a", "done", 2, 0),
            ("b", *second),
            ("c", "not-tried", 0, 2),
        ]
        assert (outcome["interrupted"], outcome["exitCode"]) == (True, 130)

        again = run("apply", "--yes")
        assert again.code == 0
        assert run("plan", "--detailed-exitcode").code == 0
        experiments: Any = engine.export("1001")["experiments"]
        assert [(e["key"], e["rolloutPercentage"]) for e in experiments] == [("a", 5), ("b", 5), ("c", 5)]
        assert KEY not in out + again.out + again.err


@pytest.mark.parametrize("held_back", ["the list", "what the list does not show"])
def test_an_interruption_while_it_reads_ends_it_at_once(
    root: Path, run: Run, monkeypatch: pytest.MonkeyPatch, held_back: str
) -> None:
    with gate(0) as (engine, url):
        monkeypatch.setenv("EXPSYNC_BASE_URL", url)
        monkeypatch.setenv("EXPSYNC_API_KEY", KEY)
        assert run("apply", "--yes").code == 0
        for key in "abc":
            content = {"key": key, "variants": [{"key": "on", "inclusions": ["u"]}]}
            (root / "experiments" / f"{key}.yaml").write_text(json.dumps(content), encoding="utf-8")
        assert run("apply", "--yes", "--allow", "*:*").code == 0
        engine.writes.clear()
        arrived = Event()
        plain = engine.answer

        def held(request: Request) -> Reply:
            if held_back == "the list" or request.path != "/api/1/experiments":
                arrived.set()
                assert engine.open.wait(PATIENCE)
            return plain(request)

        monkeypatch.setattr(engine, "answer", held)
        with subprocess.Popen(
            program("apply", "--yes", "--quiet"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
        ) as process:
            try:
                assert arrived.wait(PATIENCE)
                # A second signal changes nothing.
                for _ in range(2):
                    process.send_signal(signal.SIGTERM)
                # No answer comes, and a request may take half a minute.
                out, err = process.communicate(timeout=PATIENCE / 4)
            finally:
                process.kill()
                engine.open.set()

        assert (process.returncode, out, err, engine.writes) == (130, "", "interrupted\n", [])


IMPATIENT = """
import signal, sys
class Impatient:
    def find_spec(self, name, path, target=None):
        if name == {module!r}:
            signal.raise_signal(signal.{number})
sys.meta_path.insert(0, Impatient())
from expsync.cli.process import program
sys.argv = ["expsync", "plan"]
sys.exit(program())
"""


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("module", ["click", "expsync.cli.plan", "expsync.model.state"])
def test_an_interruption_of_the_start_is_told_in_one_word(root: Path, module: str, number: str) -> None:
    process = subprocess.run(
        [sys.executable, "-c", IMPATIENT.format(module=module, number=number)],
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
    assert (process.returncode, process.stdout, process.stderr) == (130, "", "interrupted\n")


def read_until(keyboard: int, text: bytes) -> bytes:
    """What the terminal shows, until it shows this text or the program has let go of it."""
    shown = b""
    while text not in shown or not text:
        ready, _, _ = select.select([keyboard], [], [], PATIENCE)
        assert ready, shown
        try:
            piece = os.read(keyboard, 65536)
        except OSError:
            # How Linux says that nobody holds the other end any more.
            break
        if not piece:
            break
        shown += piece
    return shown


@pytest.mark.parametrize(
    ("answer", "environment", "code", "coloured"),
    [
        ("yes\n", {}, 0, True),
        ("no\n", {"NO_COLOR": "1"}, 3, False),
        ("\x03", {}, 130, True),
    ],
    ids=["yes", "no, without colour", "Ctrl-C"],
)
def test_on_a_terminal_it_shows_asks_and_applies(
    root: Path, answer: str, environment: dict[str, str], code: int, coloured: bool
) -> None:
    keyboard, terminal = os.openpty()
    try:
        with subprocess.Popen(
            # Python's own setsid and TIOCSCTTY make it the terminal of the new session, so that ^C is a signal.
            [sys.executable, "-c", _ON_TERMINAL, *program("apply")],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
            env={**os.environ, **environment, "TERM": "xterm-256color"},
        ) as process:
            os.close(terminal)
            try:
                shown = read_until(keyboard, b"Only 'yes' will do: ")
                os.write(keyboard, answer.encode())
                rest = read_until(keyboard, b"")
                assert process.wait(PATIENCE) == code
            finally:
                process.kill()
    finally:
        os.close(keyboard)
    assert b"will be created" in shown
    assert (b"\x1b[1m" in shown) is coloured
    last = rest.decode().replace("\r\n", "\n").splitlines()[-1]
    assert (
        last
        == {
            0: "Apply: 3 done, 0 failed, 0 stopped, 0 not tried, 0 refused, 0 blocked (12 requests).",
            3: "error: not approved; nothing was written",
            130: "interrupted",
        }[code]
    )
    with Store(root / ".expsync" / "sandbox.db") as store:
        experiments: Any = Engine(store).export("1001")["experiments"]
        assert len(experiments) == (3 if code == 0 else 0)


_ON_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)
