"""Runs of expsync: what comes of them, and that a request to stop reaches them."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from expsync.forge import program
from expsync.forge.program import Program, Ran

# Asks its parent to stop, as a pipeline would, and waits until it is asked itself.
STOPPED = """\
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.{name}])
os.kill(os.getppid(), signal.{name})
print("begun", file=sys.stderr, flush=True)
signal.sigwait([signal.{name}])
print("ended well", file=sys.stderr)
sys.exit(130)
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_request_to_stop_is_passed_on_and_waited_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.setattr(program, "_START", (sys.executable, "-c", STOPPED.format(name=name)))
    before = signal.getsignal(signal.Signals[name])

    ran = Program(()).run("apply")

    assert ran == Ran(130, "begun\nended well\n")
    assert capsys.readouterr().err == ran.said
    assert signal.getsignal(signal.Signals[name]) is before


def test_the_result_goes_to_the_file_and_a_folder_of_the_same_name_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "expsync").mkdir()
    (tmp_path / "expsync" / "__init__.py").write_text("raise SystemExit('taken over')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "out.txt"

    ran = Program(("--version",)).run(out=out)

    assert ran == Ran(0, "")
    assert out.read_text(encoding="utf-8").startswith("expsync ")
