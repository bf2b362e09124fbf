"""The store: kept across openings, whole or not at all, shared by threads and processes."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from expsync.sandbox.engine import Engine
from expsync.sandbox.store import SandboxError, Store
from tests.sandbox.calls import EXPERIMENTS, Caller

SECONDS = 60
"""More than any child process here needs."""


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=SECONDS, check=False
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "made" / "for it" / "sandbox.db"


def test_a_world_is_there_when_the_file_is_opened_again(path: Path) -> None:
    with Store(path) as store:
        caller = Caller(store)
        caller.engine.ensure_project("1001", {"101": "web"})
        one = caller.create(deployments=["101"])
        caller.write("POST", f"{one}/variants/control/users", {"inclusions": ["u"]})
        before = caller.truth()
    with Store(path) as store:
        caller = Caller(store)
        assert caller.truth() == before
        assert caller.create("next") == f"{EXPERIMENTS}/100002"


def test_ensuring_a_project_keeps_what_is_there(caller: Caller) -> None:
    caller.create()
    caller.engine.ensure_project("1001", {"101": "another label", "103": "new"})
    world = caller.truth()
    assert [(one["id"], one["label"]) for one in world["deployments"]] == [
        ("101", "web"),
        ("102", "ios"),
        ("103", "new"),
    ]
    assert len(world["experiments"]) == 1


def test_a_deployment_belongs_to_one_project(caller: Caller) -> None:
    with pytest.raises(SandboxError) as raised:
        caller.engine.ensure_project("3003", {"101": "web"})
    assert str(raised.value) == (
        "deployment 101 belongs to project 1001, not to 3003; "
        "deployment ids are unique across projects, so give it another one"
    )
    with pytest.raises(SandboxError, match="the sandbox has no project 3003"):
        caller.truth("3003")


KILLED = """
import os, sys
from pathlib import Path
from expsync.sandbox.engine import Engine, Request
from expsync.sandbox.store import Store
from expsync.sandbox.tables import Tables

def die(*_, **__):
    os._exit(9)

with Store(Path(sys.argv[1])) as store:
    Tables.add_version = die
    path = "/api/1/experiments/100001/variants/control"
    Engine(store).answer(Request("PATCH", path, {}, {"content-type": "application/json"}, b'{"key": "base"}'))
"""


def test_a_kill_within_a_write_leaves_nothing_of_it(path: Path) -> None:
    with Store(path) as store:
        caller = Caller(store)
        caller.engine.ensure_project("1001", {})
        one = caller.create()
        caller.write("POST", f"{one}/variants/control/users", {"inclusions": ["u"]})
        before = caller.truth()
        # The inclusions have moved to the new key and the body is changed when the process dies.
        assert run(KILLED, str(path)).returncode == 9
        assert caller.truth() == before
        caller.write("PATCH", f"{one}/variants/control", {"key": "base"})


def test_a_failure_within_a_write_leaves_nothing_of_it(caller: Caller) -> None:
    store = caller.engine._store

    def fail() -> None:
        with store.writing() as tables:
            tables.add_project("9")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail()
    with store.reading() as tables:
        assert not tables.has_project("9")


WRITER = """
import sys
from pathlib import Path
from expsync.sandbox.engine import Engine, Request
from expsync.sandbox.store import Store

with Store(Path(sys.argv[1])) as store:
    engine = Engine(store)
    engine.ensure_project("1001", {})
    for number in range(20):
        body = '{"projectId": "1001", "key": "%s-%d"}' % (sys.argv[2], number)
        reply = engine.answer(Request(
            "POST", "/api/1/experiments", {}, {"content-type": "application/json"}, body.encode()
        ))
        assert reply.status == 200, reply.body
"""


def test_processes_may_start_on_a_new_file_and_write_at_once(path: Path) -> None:
    names = ["a", "b", "c", "d"]
    with ThreadPoolExecutor(len(names)) as pool:
        ended = list(pool.map(lambda name: run(WRITER, str(path), name), names))
    assert [(one.returncode, one.stderr) for one in ended] == [(0, "")] * len(names)
    with Store(path) as store:
        experiments = Caller(store).truth()["experiments"]
    assert {one["key"] for one in experiments} == {f"{name}-{number}" for name in names for number in range(20)}
    assert len({one["id"] for one in experiments}) == 80


def test_threads_lose_no_write(caller: Caller) -> None:
    users = caller.create() + "/variants/control/users"
    together = threading.Barrier(8)

    def add(thread: int) -> None:
        together.wait(SECONDS)
        for number in range(25):
            caller.write("POST", users, {"inclusions": [f"{thread}-{number}"]})
            caller.get(EXPERIMENTS)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(8)))
    assert sorted(caller.get(users)) == sorted(f"{thread}-{number}" for thread in range(8) for number in range(25))


def refusal_of(path: Path) -> str:
    with pytest.raises(SandboxError) as raised:
        Store(path)
    return str(raised.value)


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("dear diary, " * 100)
    assert refusal_of(path) == f"{path}: isn't a sandbox database; name another file, or remove this one to start anew"
    assert path.read_text() == "dear diary, " * 100


@pytest.mark.parametrize("setting", ["PRAGMA user_version = 3", "PRAGMA application_id = 77"])
def test_a_database_of_another_program_is_refused(tmp_path: Path, setting: str) -> None:
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute(setting)
    connection.execute("CREATE TABLE theirs (a)")
    connection.close()
    assert refusal_of(path) == f"{path}: is a database of another program; name another file for the sandbox"


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    Store(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    assert refusal_of(path) == (
        f"{path}: has format 2, and this version reads 1; remove the file to start with an empty sandbox"
    )


def test_a_path_that_can_not_be_a_file_is_refused(tmp_path: Path) -> None:
    assert refusal_of(tmp_path).startswith(f"{tmp_path}: can't be opened: ")
    below = tmp_path / "file" / "sandbox.db"
    below.parent.write_text("")
    assert refusal_of(below).startswith(f"{below}: can't be opened: ")


def test_a_store_that_is_held_by_another_process_answers_503(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("expsync.sandbox.store._BUSY_SECONDS", 0.01)
    with Store(path) as store, Store(path) as other, other.writing():
        status, answer = Caller(store).call("PATCH", f"{EXPERIMENTS}/1", {})
    assert status == 503
    assert answer["error"]["message"].startswith(f"{path}: is held by another process for more than")


def test_a_closed_store_answers_503() -> None:
    with Store(None) as store:
        engine = Engine(store)
    status, answer = Caller(store).call("GET", EXPERIMENTS)
    assert (status, answer["error"]["message"]) == (
        503,
        "the sandbox in memory: can't be used: Cannot operate on a closed database.",
    )
    assert engine is not None
