"""Ctrl-C and SIGTERM: until the first write they end a command at once, from then on between two calls."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Timer, main_thread
from types import FrameType

import click

from expsync.cli.memory import collect_again
from expsync.errors import Interrupted

_AGAIN = 0.01
"""After how many seconds a signal is sent again that Python dropped."""


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

        with _on_signals(end), _never_dropped():
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


@contextmanager
def _never_dropped() -> Iterator[None]:
    """While it lasts, a KeyboardInterrupt is raised in the end, wherever the signal came.

    Python drops, and prints, what is raised in `__del__` and when a weak reference dies, which every import lets happen.
    """
    before = sys.unraisablehook
    timers: list[Timer] = []

    def send_again(dropped: sys.UnraisableHookArgs) -> None:
        if dropped.exc_type is not KeyboardInterrupt:
            before(dropped)
            return
        # Raised from here it would be dropped again; and a wait of the main thread is woken by its own signals alone.
        timers.append(Timer(_AGAIN, signal.pthread_kill, (main_thread().ident, signal.SIGINT)))
        timers[-1].start()

    sys.unraisablehook = send_again
    try:
        yield
    finally:
        sys.unraisablehook = before
        for timer in timers:
            timer.cancel()
    if timers:
        raise KeyboardInterrupt
