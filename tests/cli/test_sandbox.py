"""`expsync sandbox serve`: the emulator as a program of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Run

WORKSPACE = """\
version: 1
environments:
  dev: {baseUrl: sandbox, projectId: "1001", deployments: {web: "101"}}
  real: {region: us, projectId: "7"}
"""


class _Served:
    def __init__(self, program: subprocess.Popen[str], lines: int) -> None:
        assert program.stderr is not None
        self.said = "".join(program.stderr.readline() for _ in range(lines))
        found = re.search(r"http://127\.0\.0\.1:\d+", self.said)
        assert found, self.said + program.stderr.read()
        self.url = found[0]

    def get(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(self.url + path, headers=headers, timeout=10)


@contextmanager
def _serving(folder: Path, *arguments: str, lines: int = 2, **environment: str) -> Iterator[_Served]:
    """The program, once it has said so many lines; it says no more of itself."""
    program = subprocess.Popen(
        [sys.executable, "-m", "expsync", "sandbox", "serve", "--port", "0", *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield _Served(program, lines)
    finally:
        program.send_signal(signal.SIGINT)
        out, err = program.communicate(timeout=20)
    assert (program.returncode, out, err) == (0, "", "")


def test_without_a_workspace_it_serves_from_memory(tmp_path: Path) -> None:
    with _serving(tmp_path) as served:
        assert served.said == (
            f"the sandbox listens at {served.url}; its state is in memory\n"
            f"point a workspace at it with `baseUrl: {served.url}`, or with EXPSYNC_BASE_URL={served.url}\n"
        )
        assert served.get("/api/1/experiments").json()["experiments"] == []
    assert list(tmp_path.iterdir()) == []


def test_in_a_workspace_it_serves_the_projects_that_are_embedded_there(tmp_path: Path) -> None:
    (tmp_path / "expsync.yaml").write_text(WORKSPACE, encoding="utf-8")
    state = tmp_path / ".expsync" / "sandbox.db"

    with _serving(tmp_path, lines=3) as served:
        assert served.said == (
            f"the sandbox listens at {served.url}; its state is {state}\n"
            f"point a workspace at it with `baseUrl: {served.url}`, or with EXPSYNC_BASE_URL={served.url}\n"
            "point an SDK at it with that as its server URL, and a deployment key: web\n"
        )
        deployments = served.get("/api/1/deployments").json()["deployments"]
        assert served.get("/sdk/v2/flags", Authorization="Api-Key web").json() == []
    assert [(one["id"], one["projectId"]) for one in deployments] == [("101", "1001")]
    assert state.is_file()


def test_a_key_is_asked_for_when_one_is_named(tmp_path: Path) -> None:
    with _serving(tmp_path, "--api-key-env", "THE_KEY", THE_KEY="ampex_1") as served:
        statuses = [
            served.get("/api/1/experiments").status_code,
            served.get("/api/1/experiments", Authorization="Bearer other").status_code,
            served.get("/api/1/experiments", Authorization="Bearer ampex_1").status_code,
        ]
    assert statuses == [401, 401, 200]


def test_a_fault_befalls_the_request_that_it_names(tmp_path: Path) -> None:
    with _serving(tmp_path, "--fault", "429@2") as served:
        statuses = [served.get("/api/1/experiments").status_code for _ in range(3)]
    assert statuses == [200, 429, 200]


def test_seeds_are_there_from_the_start(tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "one.json").write_text(
        '{"projectId": "5", "deployments": [{"id": "50", "label": "web"}], "experiments": []}', encoding="utf-8"
    )

    with _serving(tmp_path, "--seed", "seeds", lines=3) as served:
        [deployment] = served.get("/api/1/deployments").json()["deployments"]
    assert (deployment["id"], deployment["label"]) == ("50", "web")


def test_files_are_served_as_they_are_with_nothing_kept(tmp_path: Path) -> None:
    (tmp_path / "expsync.yaml").write_text(WORKSPACE, encoding="utf-8")
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "a.yaml").write_text("key: a\ndeployments: [web]\n", encoding="utf-8")

    with _serving(tmp_path, "--from", ".", "-e", "dev") as served:
        assert served.said == (
            f"the sandbox listens at {served.url}; it serves what the files of {tmp_path} say for the environment dev\n"
            "point an SDK at it with that as its server URL, and a deployment key: web\n"
        )
        [flag] = served.get("/sdk/v2/flags", Authorization="Api-Key web").json()
        refused = httpx.patch(f"{served.url}/api/1/experiments/100001", json={"enabled": True}, timeout=10)
    assert flag["key"] == "a"
    assert refused.status_code == 403
    assert not (tmp_path / ".expsync").exists()


def test_files_without_a_deployment_are_served_to_nobody_and_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "expsync.yaml").write_text(WORKSPACE, encoding="utf-8")
    with _serving(tmp_path, "--from", "expsync.yaml", "--env", "real") as served:
        assert served.said.endswith("no SDK can ask it: the environment has no deployments; add some in expsync.yaml\n")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--from", ".", "--seed", "s"], 64, "error: --from and --seed can't be used together: "),
        (["--from", ".", "-c", "x.yaml"], 64, "error: --from and --config can't be used together: "),
        (["--from", "."], 1, "error[EXP301]: there is no expsync.yaml\n"),
        (["--from", "none"], 1, "error[EXP301]: no workspace file\n"),
        (["--fault", "maybe"], 64, "error: fault `maybe` isn't known; "),
        (["--api-key-env", "NOT_SET"], 64, "error: --api-key-env NOT_SET: the variable is not set, or empty\n"),
        (["--port", "70000"], 64, "error: invalid value for '--port': "),
        (["--seed", "none"], 1, "error: none: is no folder; "),
        (["--host", "256.0.0.1"], 1, "error: can't listen on 256.0.0.1"),
    ],
)
def test_what_cannot_be_served_is_said(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, message: str
) -> None:
    monkeypatch.chdir(tmp_path)

    ran = run("sandbox", "serve", *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith(message)


def test_a_workspace_that_was_asked_for_must_be_there(run: Run, tmp_path: Path) -> None:
    assert run("sandbox", "serve", "-c", tmp_path / "none.yaml").code == 1
