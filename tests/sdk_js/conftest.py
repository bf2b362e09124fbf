"""The vendor's two SDKs, asked once for the same users against `expsync sandbox serve --from examples/…`."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from amplitude_experiment import LocalEvaluationConfig, User
from amplitude_experiment.local.client import LocalEvaluationClient

from tests.node import require_node, run_node
from tests.once import made_once
from tests.sdk_js.worlds import FIXED, GROUPS, WORLDS

ROOT = Path(__file__).parents[2]
# Read on import: the settings of the person who runs the tests are hidden from the tests themselves.
PYTHON_USERS = int(os.environ.get("EXPSYNC_SDK_USERS", "2000"))
"""Users of each group whom the Python SDK is asked for; it takes ten times as long as the other."""
USERS = max(20_000, PYTHON_USERS)
REMOTE = 20
"""Users of each group who are asked for at the server, too."""


@contextmanager
def serving(commands: Iterable[list[str]]) -> Iterator[list[str]]:
    """The address of each `expsync sandbox serve`, all of which run side by side until the end."""
    with ExitStack() as stack:
        programs = [stack.enter_context(_program(command)) for command in commands]
        addresses = []
        for program in programs:
            assert program.stderr is not None
            said = program.stderr.readline()
            found = re.search(r"http://127\.0\.0\.1:\d+", said)
            assert found, said + program.stderr.read()
            addresses.append(found[0])
        yield addresses


@contextmanager
def _program(arguments: list[str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "expsync", "sandbox", "serve", "--port", "0", *arguments],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        try:
            yield program
        finally:
            program.send_signal(signal.SIGINT)
            program.communicate(timeout=20)


@contextmanager
def python_sdk(url: str, key: str) -> Iterator[LocalEvaluationClient]:
    """The Python SDK's client for local evaluation, started."""
    logger = logging.getLogger("tests.sdk_js")
    client = LocalEvaluationClient(key, LocalEvaluationConfig(server_url=url, logger=logger))
    try:
        client.start()
        yield client
    finally:
        client.stop()
        # It forgets to, and pytest makes an error of a socket that is left open.
        client.deployment_runner.flag_updater.main_updater.flag_config_api._connection_pool.close()


def _ask(folder: Path) -> None:
    """Nothing; the folder has what both SDKs answered in `answers.json`."""
    require_node()
    served = sorted({(world.example, world.environment) for world in WORLDS.values()}, key=str)
    commands = [
        ["--from", f"examples/{example}", *([] if environment is None else ["-e", environment])]
        for example, environment in served
    ]
    with serving(commands) as addresses:
        urls = dict(zip(served, addresses, strict=True))
        worlds = {
            name: {"url": urls[world.example, world.environment], "key": world.key} for name, world in WORLDS.items()
        }
        asked = {
            "worlds": worlds,
            "groups": [{"world": one.world, "flag": one.flag, "by": one.by, "user": one.user} for one in GROUPS],
            "fixed": [{"world": one.world, "user": one.user} for one in FIXED],
            "users": USERS,
            "remote": REMOTE,
        }
        answers = {
            "javascript": run_node(Path(__file__).parent / "ask.mjs", asked, timeout=300),
            "python": _ask_python(worlds),
        }
    (folder / "answers.json").write_text(json.dumps(answers), encoding="utf-8")


def _ask_python(worlds: dict[str, dict[str, str]]) -> dict[str, Any]:
    began = time.monotonic()
    with ExitStack() as stack:
        clients = {name: stack.enter_context(python_sdk(world["url"], world["key"])) for name, world in worlds.items()}
        groups = []
        for one in GROUPS:
            users = (User(**{**one.user, one.by: f"user-{number}"}) for number in range(PYTHON_USERS))
            groups.append([clients[one.world].evaluate_v2(user, {one.flag})[one.flag].key for user in users])
        fixed = []
        for wanted in FIXED:
            given = clients[wanted.world].evaluate_v2(User(**wanted.user))
            fixed.append({flag: [variant.key, variant.payload] for flag, variant in sorted(given.items())})
    return {"groups": groups, "fixed": fixed, "milliseconds": round(1000 * (time.monotonic() - began))}


@pytest.fixture(scope="session")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What the SDKs answered."""
    folder = made_once(tmp_path_factory, "sdk_js", _ask)
    return json.loads((folder / "answers.json").read_text(encoding="utf-8"))
