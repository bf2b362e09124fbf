"""Node and its packages, for the tests that need them; without them those tests fail and say how to get them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parent
_LOCK = TESTS / "package-lock.json"
_INSTALLED = TESTS / "node_modules" / ".installed-lock.json"
"""A copy of the lock file that scripts/node_packages.sh leaves when all of it is installed."""


def require_node() -> str:
    """Where Node is; the test fails where it or one of the packages of tests/package-lock.json is not there."""
    node = shutil.which("node")
    if node is None:
        pytest.fail("there is no node on the PATH, and this test runs JavaScript: install Node 20 or later")
    if not _INSTALLED.is_file() or _INSTALLED.read_bytes() != _LOCK.read_bytes():
        pytest.fail("tests/node_modules is not what tests/package-lock.json says: run scripts/node_packages.sh")
    return node


def run_node(script: Path, asked: Any, *, timeout: float) -> Any:
    """What the script answers, as JSON, to what it is asked, as JSON; the test fails where it fails or takes longer."""
    node = require_node()
    # No settings of the person who runs the tests, which could make node load code or ask a proxy.
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    try:
        ran = subprocess.run(
            [node, str(script)],
            input=json.dumps(asked),
            env=environment,
            capture_output=True,
            encoding="utf-8",
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as expired:
        said = expired.stderr or b""
        pytest.fail(f"{script.name} had not ended after {timeout:g} s:\n{said.decode(errors='replace')[-4000:]}")
    if ran.returncode != 0:
        pytest.fail(f"{script.name} ended with {ran.returncode}:\n{ran.stderr[-4000:]}")
    return json.loads(ran.stdout)
