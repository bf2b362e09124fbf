"""The audit log."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from expsync.apply.log import FileLog, NoLog
from expsync.errors import ExpsyncError
from expsync.model.plan import Operation
from expsync.sandbox.habits import Habits
from tests.apply.world import Trouble, bench

OPERATION = Operation(op="editExperiment", method="PATCH", path="/api/1/experiments/7", body={"a": 1}, reason="why")


def clock() -> datetime:
    return datetime(2026, 2, 3, 4, 5, 6, 789000, tzinfo=UTC)


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_each_call_is_told_before_and_after_with_its_body_and_its_end(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    with FileLog(path, now=clock) as log:
        log.intent("exp", OPERATION)
        log.outcome("exp", OPERATION, "ok")

    told = {"experiment": "exp", "op": "editExperiment", "method": "PATCH", "path": "/api/1/experiments/7"}
    at = "2026-02-03T04:05:06.789Z"
    assert lines(path) == [
        {"at": at, "event": "intent", **told, "body": {"a": 1}, "reason": "why"},
        {"at": at, "event": "outcome", **told, "result": "ok"},
    ]


def test_a_new_file_is_for_its_owner_alone_and_an_old_one_grows(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    for _ in range(2):
        with FileLog(path) as log:
            log.intent("exp", OPERATION)

    assert path.stat().st_mode & 0o777 == 0o600
    assert [line["event"] for line in lines(path)] == ["intent", "intent"]


def test_the_times_are_those_of_the_calls(tmp_path: Path) -> None:
    before = datetime.now(UTC)
    with FileLog(tmp_path / "audit.log") as log:
        log.intent("exp", OPERATION)

    (line,) = lines(tmp_path / "audit.log")
    assert abs(datetime.fromisoformat(line["at"]) - before) < timedelta(minutes=1)


def test_a_line_is_on_disk_before_the_call_is_sent(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    with FileLog(path) as log:
        log.intent("exp", OPERATION)

        assert len(lines(path)) == 1


def test_what_is_not_ascii_or_breaks_lines_stays_in_its_line(tmp_path: Path) -> None:
    body = {"name": "Ünï\u2028code\n\ud800"}
    with FileLog(tmp_path / "audit.log") as log:
        log.intent("exp", OPERATION.model_copy(update={"body": body}))

    (line,) = lines(tmp_path / "audit.log")
    assert line["body"] == body


def test_a_pipe_can_be_a_log(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reading = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with FileLog(path, now=clock) as log:
            log.intent("exp", OPERATION)
        assert json.loads(os.read(reading, 10_000))["event"] == "intent"
    finally:
        os.close(reading)


def test_a_file_that_cannot_be_written_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(ExpsyncError) as caught:
        FileLog(tmp_path / "none" / "audit.log")

    assert caught.value.message == f"the log {tmp_path}/none/audit.log can't be written: No such file or directory"
    assert caught.value.exit_code == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_disk_that_fills_up_stops_the_next_call(tmp_path: Path) -> None:
    with bench(tmp_path) as run:
        run.declare({"key": "exp"})
        plan = run.plan()
        with FileLog(Path("/dev/full")) as log:
            outcome = run.apply(plan, log=log)

        assert outcome.experiments[0].error == "the log /dev/full can't be written: No space left on device"
        assert run.wire.writes == []


def test_an_apply_tells_of_every_call_and_what_came_of_it(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    users = [f"user-{number}" for number in range(3)]
    live = {"key": "exp", "tags": ["managed-by-expsync"], "variants": [{"key": "control", "inclusions": users}]}
    with bench(tmp_path, live=[live], habits=Habits(older=True)) as run, FileLog(path) as log:
        run.declare({"key": "exp", "name": "New", "variants": [{"key": "control", "inclusions": ["user-1"]}]})
        plan = run.plan()
        run.wire.troubles = [Trouble("editExperiment", "cut after"), Trouble("removeUser", "503")]

        assert run.apply(plan, log=log).exit_code == 0

    told = [(line["event"], line["op"], line.get("result")) for line in lines(path)]
    assert told == [
        ("intent", "editExperiment", None),
        ("outcome", "editExperiment", "UnclearError: editExperiment: the connection broke: cut"),
        ("outcome", "editExperiment", "ok: a read shows that it was done"),
        ("intent", "bulkRemoveUsers", None),
        (
            "outcome",
            "bulkRemoveUsers",
            'NotFoundError: bulkRemoveUsers: not found (404): {"error":{"message":"there is no such path"}}',
        ),
        ("intent", "removeUser", None),
        ("outcome", "removeUser", "UnclearError: removeUser: the server failed (503): overloaded"),
        ("intent", "removeUser", None),
        ("outcome", "removeUser", "ok"),
        ("intent", "removeUser", None),
        ("outcome", "removeUser", "ok"),
    ]
    assert [line["path"].rpartition("/")[2] for line in lines(path) if line["op"] == "removeUser"] == list("222200")


def test_no_log_keeps_nothing(tmp_path: Path) -> None:
    log = NoLog()
    log.intent("exp", OPERATION)
    log.outcome("exp", OPERATION, "ok")

    assert list(tmp_path.iterdir()) == []
