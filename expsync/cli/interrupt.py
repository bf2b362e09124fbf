"""Ctrl-C and SIGTERM: until the first write they end a command at once, from then on between two calls."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType

import click

from expsync.cli.memory import collect_again
from expsync.errors import Interrupted


class Interruption:
    """Whether somebody asked to stop, and how that is answered; `stop` is set as soon as they did."""

    def __init__(self) -> None:
        self.stop = Event()

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """While it lasts, a signal is a KeyboardInterrupt: nothing has been written, so there is nothing to finish."""

        def end() -> None:
            self.stop.set()
            raise KeyboardInterrupt

        with _on_signals(end):
            yield

    @contextmanager
    def between_calls(self) -> Iterator[None]:
        """While it lasts, a signal only sets `stop`, and says so once."""

        def ask() -> None:
            if not self.stop.is_set():
                self.stop.set()
                click.echo("interrupted: the calls under way are finished, no other is begun", err=True)

        # Calls that write are many, and each leaves garbage behind.
        collect_again()
        with _on_signals(ask):
            yield

    def wait_turn(self, seconds: float) -> None:
        """Nothing, after so many seconds; Interrupted where somebody asks to stop: nothing is under way meanwhile."""
        if self.stop.wait(seconds):
            raise Interrupted("interrupted while waiting for a turn")

    def wait(self, seconds: float) -> None:
        """Nothing, after so many seconds or as soon as somebody asks to stop."""
        self.stop.wait(seconds)


@contextmanager
def _on_signals(act: Callable[[], None]) -> Iterator[None]:
    def handle(_number: int, _frame: FrameType | None) -> None:
        act()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
