"""Every kind of bad input, through the program: exit 1, the place, no traceback, and no answer waited for."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from expsync.cli.planning import LISTING
from tests.cli.conftest import Run
from tests.config.test_bad_files import ALL
from tests.config.world import WORKSPACE, Case

BAD = [case for case in ALL if any(not said.startswith("warning ") for said in case.expected)]
KEY = "ampex_0123456789abcdef"


@pytest.fixture
def silent_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A listener that the environment points at, and that answers nobody; who asked is hung up on in the end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        monkeypatch.setenv("EXPSYNC_BASE_URL", f"http://127.0.0.1:{listener.getsockname()[1]}")
        monkeypatch.setenv("EXPSYNC_API_KEY", KEY)
        yield
        # The list is asked for while the files are read; who did gives up by itself, and is not left to other tests.
        for thread in [thread for thread in threading.enumerate() if thread.name == LISTING]:
            while thread.is_alive():
                with suppress(BlockingIOError):
                    listener.accept()[0].close()
                thread.join(0.01)


def lay_out(folder: Path, case: Case) -> Path:
    (folder / "expsync.yaml").write_text(WORKSPACE, encoding="utf-8")
    (folder / "experiments").mkdir()
    text = case.text.encode() if isinstance(case.text, str) else case.text
    (folder / "experiments" / "a.yaml").write_bytes(text)
    return folder / "expsync.yaml"


def test_there_are_more_than_sixty_kinds() -> None:
    assert len(BAD) > 60


@pytest.mark.parametrize("command", [("plan",), ("apply", "--yes")], ids=["plan", "apply"])
@pytest.mark.parametrize("case", BAD, ids=lambda case: case.name)
def test_bad_files_fail_with_their_place_and_before_any_answer(
    tmp_path: Path, silent_server: None, run: Run, case: Case, command: tuple[str, ...]
) -> None:
    ran = run("-c", lay_out(tmp_path, case), "-e", "sandbox", *command)
    assert ran.code == 1
    assert ran.out == ""
    assert "Traceback" not in ran.err
    assert KEY not in ran.err
    for code, place in expected_places(case):
        assert f"[{code}]" in ran.err
        assert place in ran.err


def expected_places(case: Case) -> list[tuple[str, str]]:
    """The code, and `file:line:column` where a place is known, of each error."""
    found: list[tuple[str, str]] = []
    for said in case.expected:
        match = re.match(r"(EXP\d+) (?:(\d+:\d+) )?", said)
        if match is not None:
            found.append((match[1], f"experiments/a.yaml:{match[2]}" if match[2] else ""))
    assert found
    return found
