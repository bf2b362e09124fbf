"""Which lines and branches run, for `scripts/coverage_gate.py`: `python -m pytest -p tests.tracing`.

A traced test takes two to three times as long, so only those are traced that test the folders which the gate holds to
a share: what other tests run there by the way does not count.
"""

from __future__ import annotations

from collections.abc import Generator

import pytest
from coverage import Coverage

TRACED = ("apply", "authoring", "config", "core", "test_cases.py")


class Tracing:
    """Traces from the start, so that imports are seen, and from then on where a test wants it."""

    def __init__(self) -> None:
        # A file a process, to be combined.
        self.coverage = Coverage(data_suffix=True)
        self.coverage.start()
        self.on = True

    def switch(self, on: bool) -> None:
        """Nothing; tests come in runs of the same kind, so there is little to switch."""
        if on != self.on:
            if on:
                self.coverage.start()
            else:
                self.coverage.stop()
            self.on = on

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """What the test itself gives; it is traced or not."""
        self.switch(item.path.relative_to(item.config.rootpath / "tests").parts[0] in TRACED)
        return (yield)

    def pytest_sessionfinish(self) -> None:
        """Nothing; what was traced is in a file."""
        self.switch(False)
        self.coverage.save()


def pytest_configure(config: pytest.Config) -> None:
    """Traces in each process that runs tests."""
    if hasattr(config, "workerinput") or not config.getoption("numprocesses", None):
        config.pluginmanager.register(Tracing())
