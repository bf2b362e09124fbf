"""Ctrl-C and SIGTERM: until an apply begins its calls they end a command at once, from then on between two calls."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType

import click

from expsync.cli.memory import collect_again
from expsync.errors import Interrupted

AGAIN = 0.01
"""After how many seconds a signal comes again that Python dropped."""


class Interruption:
    """Whether somebody asked to stop, and how that is answered; `stop` is set as soon as they did."""

    def __init__(self) -> None:
        self.stop = Event()

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """While it lasts, a KeyboardInterrupt sets `stop` on its way: no thread waits for its turn any more."""
        try:
            yield
        except KeyboardInterrupt:
            self.stop.set()
            raise

    @contextmanager
    def between_calls(self) -> Iterator[None]:
        """While it lasts, a signal only sets `stop`, and says so once."""

        def ask() -> None:
            if not self.stop.is_set():
                self.stop.set()
                click.echo("interrupted: the calls under way are finished, no other is begun", err=True)

        # Calls that write are many, and each leaves garbage behind.
        collect_again()
        with _on_signals(ask, signal.SIGINT, signal.SIGTERM):
            yield

    def wait_turn(self, seconds: float) -> None:
        """Nothing, after so many seconds; Interrupted where somebody asks to stop: nothing is under way meanwhile."""
        if self.stop.wait(seconds):
            raise Interrupted("interrupted while waiting for a turn")

    def wait(self, seconds: float) -> None:
        """Nothing, after so many seconds or as soon as somebody asks to stop."""
        self.stop.wait(seconds)


@contextmanager
def ending() -> Iterator[None]:
    """While it lasts, the first signal is a KeyboardInterrupt, and whatever comes of it ends as one.

    What is raised in `__del__`, or when a weak reference dies as in every import, Python prints and drops; and
    pydantic makes an error of its own of what is raised while it builds a model. Further signals change nothing: they
    would be raised amid what puts things in order.
    """
    asked = False
    before = sys.unraisablehook

    def end() -> None:
        nonlocal asked
        if not asked:
            asked = True
            raise KeyboardInterrupt

    def end_again() -> None:
        raise KeyboardInterrupt

    def send_again(dropped: sys.UnraisableHookArgs) -> None:
        if dropped.exc_type is KeyboardInterrupt:
            # Raised from here it would be dropped again.
            signal.setitimer(signal.ITIMER_REAL, AGAIN)
        else:
            before(dropped)

    with _on_signals(end, signal.SIGINT, signal.SIGTERM), _on_signals(end_again, signal.SIGALRM):
        sys.unraisablehook = send_again
        try:
            yield
        finally:
            sys.unraisablehook = before
            signal.setitimer(signal.ITIMER_REAL, 0)
            if asked:
                raise KeyboardInterrupt from None


@contextmanager
def _on_signals(act: Callable[[], None], *numbers: signal.Signals) -> Iterator[None]:
    def handle(_number: int, _frame: FrameType | None) -> None:
        act()

    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
