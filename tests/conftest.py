"""What holds for every test: no colour, no settings of the person who runs it, no network but loopback."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import settings

# In a pipeline the same examples each time, so that a change is judged by what it changes; by hand always new ones.
settings.register_profile("expsync", deadline=None, print_blob=True, derandomize="CI" in os.environ)
settings.load_profile("expsync")

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-expected", action="store_true", help="write the expected outputs anew, to be reviewed")


@pytest.fixture
def expected(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a whole output with the file of that name in `expected/` beside the test."""
    folder = request.path.parent / "expected"

    def compare(name: str, actual: str) -> None:
        if request.config.getoption("--update-expected"):
            folder.mkdir(exist_ok=True)
            (folder / name).write_text(actual, encoding="utf-8", newline="\n")
        assert actual == (folder / name).read_text(encoding="utf-8")

    return compare


@pytest.fixture(scope="session", autouse=True)
def plain_environment() -> Iterator[None]:
    """The environment without what would change what expsync does, and the clocks of Greenwich."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("EXPSYNC_") and name != "EXPSYNC_EXAMPLES":
                patch.delenv(name)
        for name in ("CI", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS"):
            patch.delenv(name, raising=False)
        patch.setenv("TERM", "xterm")
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture(scope="session", autouse=True)
def only_loopback() -> Iterator[None]:
    """Sockets that refuse to leave this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in _LOOPBACK:
            raise AssertionError(f"a test tried to connect to {address!r}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield
