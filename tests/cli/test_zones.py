"""Times in the reader's zone in text; in UTC wherever many people, or programs, read them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

import pytest

from tests.cli.conftest import Run
from tests.cli.workspace import Workspace, workspace

__all__ = ["workspace"]
ZONE = "XXX-05:45"
"""Five hours and three quarters ahead of UTC, all the year."""


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Moves the reader to a zone."""

    def move(zone: str) -> None:
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield move
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.fixture
def drifted(run: Run, workspace: Workspace) -> Workspace:
    """An experiment that somebody changed by hand."""
    workspace.declare({"key": "exp", "description": "new"})
    run("apply", "--yes")
    workspace.edit("exp", description="by hand")
    return workspace


TEXTS = [["drift"], ["history", "exp"], ["history", "exp", "-v"]]
OTHERS = [
    ["drift", "--format", "markdown"],
    ["drift", "--format", "json"],
    ["history", "exp", "--format", "markdown"],
    ["history", "exp", "--format", "json"],
    ["plan", "--format", "json"],
    ["plan", "--format", "html"],
]


@pytest.mark.parametrize("command", TEXTS, ids=" ".join)
def test_text_is_in_the_readers_zone_and_names_it(
    run: Run, drifted: Workspace, reader: Callable[[str], None], command: list[str]
) -> None:
    in_utc = run(*command).out
    reader(ZONE)
    in_zone = run(*command).out

    assert ("UTC" in in_utc, "+05:45" in in_utc) == (True, False)
    assert ("UTC" in in_zone, "+05:45" in in_zone) == (False, True)


@pytest.mark.parametrize("command", OTHERS, ids=" ".join)
def test_what_others_read_is_in_utc(
    run: Run, drifted: Workspace, reader: Callable[[str], None], command: list[str]
) -> None:
    def timeless(text: str) -> str:
        """Without the moment at which it was made."""
        return "".join(
            line for line in text.splitlines(keepends=True) if "reatedAt" not in line and "made 2" not in line
        )

    in_utc = timeless(run(*command).out)
    reader(ZONE)
    in_zone = run(*command).out

    assert timeless(in_zone) == in_utc
    assert "05:45" not in in_zone


def test_a_plan_and_a_log_are_dated_in_utc(run: Run, drifted: Workspace, reader: Callable[[str], None]) -> None:
    reader(ZONE)
    plan = json.loads(run("plan", "--format", "json").out)
    assert plan["createdAt"].endswith("Z")
    assert run("apply", "--yes", "--log", "log.jsonl").code == 0

    stamps = [json.loads(line)["at"] for line in (drifted.root / "log.jsonl").read_text().splitlines()]
    assert stamps
    assert all(stamp.endswith("Z") for stamp in stamps)
    # The same clock wrote both.
    assert plan["createdAt"][:13] <= stamps[0][:13]
