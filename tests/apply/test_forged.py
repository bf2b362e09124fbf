"""Plans whose digest fits and which no plan would be: refused before anything is read or written."""

from __future__ import annotations

import os
from pathlib import Path

import httpx
import pytest

from expsync.api.client import Client
from expsync.api.reader import Reader
from expsync.apply.executor import Executor
from expsync.apply.log import FileLog
from expsync.cli.embedded import sandbox_transport
from expsync.errors import ExpsyncError, RefusedError
from expsync.model.plan import Operation, Plan
from expsync.model.workspace import Environment
from tests.render.plans import experiment, plan

MINE = Operation(op="editExperiment", method="PATCH", path="/api/1/experiments/7", body={"name": "x"}, reason="r")
FORGED = {
    "another experiment": MINE.model_copy(update={"path": "/api/1/experiments/8"}),
    "another operation than it says": MINE.model_copy(update={"op": "removeVariant"}),
    "no call of the API": MINE.model_copy(update={"path": "/api/1/projects/7"}),
    "a creation in the name of an existing one": MINE.model_copy(
        update={"op": "createExperiment", "method": "POST", "path": "/api/1/experiments"}
    ),
}


def never(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"sent {request.method} {request.url}")


def forged(operation: Operation) -> Plan:
    return plan(experiment("exp", "update", id="7", operations=[operation]))


@pytest.mark.parametrize("operation", FORGED.values(), ids=list(FORGED))
def test_a_forged_call_is_refused_before_any_request(operation: Operation) -> None:
    with Client(
        base_url="sandbox",
        api_key=None,
        project_id="1001",
        environment="test",
        key_variable="EXPSYNC_API_KEY",
        transport=httpx.MockTransport(never),
    ) as client:
        executor = Executor(client, Reader(client, parallelism=1), parallelism=1)
        with pytest.raises(RefusedError, match="holds a call that no plan makes"):
            executor.carry_out(forged(operation))


def test_a_log_into_a_pipe_that_nobody_reads_is_an_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "log")
    with pytest.raises(ExpsyncError, match="can't be written"):
        FileLog(tmp_path / "log")


def test_the_sandbox_keeps_its_state_in_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".expsync").symlink_to(tmp_path / "elsewhere")
    environment = Environment(baseUrl="sandbox", projectId="1001")
    with (
        pytest.raises(ExpsyncError, match="is a link"),
        sandbox_transport(tmp_path / ".expsync" / "sandbox.db", environment),
    ):
        pass
    assert list((tmp_path / "elsewhere").iterdir()) == []
