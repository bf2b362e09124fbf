"""How far something is that takes a while: a bar for a person at a terminal, now and then a line for a log."""

from __future__ import annotations

import os
import sys
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

from expsync.cli.options import Globals

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

BAR_AFTER = 0.5
"""Seconds before there is a bar: what is quick needs none."""
LINE_EVERY = 30.0
"""Seconds between two lines in a log: some pipelines end a job that says nothing for minutes."""
_WIDEST_BAR = 40
_NARROWEST_BAR = 8
_BESIDE_LABEL = 24
"""Columns for the counts, the time, and what stands between."""


class Progress:
    """A context manager whose `update` and `step` may be called from any thread; silent with --quiet.

    `label` says what is done, and `then` what is done after the last step. `shown` is set once something is shown.
    """

    def __init__(
        self,
        globals_: Globals,
        label: str,
        total: int | None = None,
        *,
        then: str = "",
        bar_after: float = BAR_AFTER,
        line_every: float = LINE_EVERY,
    ) -> None:
        self._label = label
        self._then = then
        self._done = 0
        self._total = total
        self._is_quiet = globals_.quiet
        self._has_colour = globals_.colour(sys.stderr)
        self._bar_after = bar_after
        self._line_every = line_every
        self._began = time.monotonic()
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._watch: threading.Thread | None = None
        self.shown = threading.Event()

    def __enter__(self) -> Self:
        if not self._is_quiet:
            is_watched = sys.stderr.isatty() and not os.environ.get("CI")
            takes_bars = is_watched and os.environ.get("TERM") not in ("dumb", "unknown")
            self._watch = threading.Thread(target=self._draw if takes_bars else self._tell, daemon=True)
            self._watch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._watch is not None:
            self._watch.join()
        if self._bar is not None:
            self._bar.stop()

    def update(self, done: int, total: int) -> None:
        """So many of so many are done."""
        with self._lock:
            self._done, self._total = done, total
            self._redraw()

    def step(self, _: str) -> None:
        """One more is done."""
        with self._lock:
            self._done += 1
            self._redraw()

    def _is_over(self) -> bool:
        """Whether only what comes after the last step is left."""
        return bool(self._then) and self._done == self._total

    def _redraw(self) -> None:
        if self._bar is not None and self._task is not None:
            label = self._then if self._is_over() else self._label
            self._bar.update(self._task, completed=self._done, total=self._total, description=label)

    def _draw(self) -> None:
        """A bar, once it has taken so long that there should be one."""
        if self._ended.wait(self._bar_after):
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        console = Console(file=sys.stderr, no_color=not self._has_colour)
        room = console.width - max(len(self._label), len(self._then)) - _BESIDE_LABEL
        columns: list[ProgressColumn] = [TextColumn("{task.description}")] if room >= 0 else []
        columns += [BarColumn(min(room, _WIDEST_BAR))] if room >= _NARROWEST_BAR else []
        with self._lock:
            # What is printed meanwhile goes above the bar; into a file it goes as it is.
            bar = Bar(
                *columns,
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=console,
                transient=True,
                redirect_stdout=sys.stdout.isatty(),
            )
            self._task = bar.add_task(self._label, total=self._total)
            self._bar = bar
            self._redraw()
            bar.start()
        self.shown.set()

    def _tell(self) -> None:
        """A line every so often, where nobody sees a bar."""
        while not self._ended.wait(self._line_every):
            minutes, seconds = divmod(round(time.monotonic() - self._began), 60)
            with self._lock:
                far = f"{self._done:,}" if self._total is None else f"{self._done:,} of {self._total:,}"
                said = self._then if self._is_over() else f"{self._label}: {far}"
            click.echo(f"{said}, after {minutes}:{seconds:02}", err=True)
            self.shown.set()
