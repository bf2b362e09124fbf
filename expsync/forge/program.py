"""Runs of expsync itself, as a person would start it; a request to stop is passed on to it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

# Without -P a folder of the checkout called `expsync` would be run in place of the installed one.
_START = (sys.executable, "-P", "-m", "expsync")


@dataclass(frozen=True, slots=True)
class Ran:
    """How one run ended, and what it said beside its result."""

    code: int
    said: str


@dataclass(frozen=True, slots=True)
class Program:
    """expsync with the options that all runs share."""

    options: tuple[str, ...]

    def run(self, *arguments: str, out: Path | None = None) -> Ran:
        """One run; its result goes to the file `out`, or on to our own stdout, and what it says to our stderr."""
        sys.stdout.flush()
        command = [*_START, *arguments, *self.options]
        if out is None:
            return _run(command, None)
        with out.open("wb") as file:
            return _run(command, file.fileno())


def _run(command: Sequence[str], stdout: int | None) -> Ran:
    said: list[str] = []
    with (
        _relay() as attach,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, encoding="utf-8", errors="replace"
        ) as running,
    ):
        attach(running)
        assert running.stderr is not None
        for line in running.stderr:
            sys.stderr.write(line)
            sys.stderr.flush()
            said.append(line)
        code = running.wait()
    return Ran(code, "".join(said))


@contextmanager
def _relay() -> Iterator[Callable[[subprocess.Popen[str]], None]]:
    """While it lasts, a signal to us is one to the program that was attached: that knows how to end well.

    One that comes before there is a program is kept for it.
    """
    attached: list[subprocess.Popen[str]] = []
    waiting: list[int] = []

    def forward(number: int, _frame: FrameType | None) -> None:
        if attached:
            attached[0].send_signal(number)
        else:
            waiting.append(number)

    def attach(running: subprocess.Popen[str]) -> None:
        attached.append(running)
        for number in waiting:
            running.send_signal(number)

    before = {number: signal.signal(number, forward) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield attach
    finally:
        for number, known in before.items():
            signal.signal(number, known)
