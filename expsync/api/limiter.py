"""The pace of requests: never more than a limit in any second.

A bucket of tokens that refills would let a full bucket and a second's refill through within one second. Here the
times of the last grants are kept instead, and the next is granted once the oldest of them is a second ago: the least
waiting that the rule allows.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from threading import Lock

_MARGIN = 0.001
"""Seconds added to the window, so that rounding never puts one grant too many into it."""


class Limiter:
    """Grants at most `per_second` turns in any second, in the order of asking; for use by many threads."""

    def __init__(
        self,
        per_second: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not per_second > 0 or math.isinf(per_second):
            raise ValueError("a limit is a number above 0")
        self._window = max(1.0, 1 / per_second) + _MARGIN
        self._grants: deque[float] = deque(maxlen=max(1, math.floor(per_second)))
        self._clock = clock
        self._sleep = sleep
        self._mutex = Lock()
        self._taken = False
        self._queue: deque[Lock] = deque()

    def wait(self) -> None:
        """Nothing, once the caller may send one request."""
        self._enter()
        try:
            # The time is noted after the sleep, since a sleep may last longer than asked.
            if len(self._grants) == self._grants.maxlen:
                until = self._grants[0] + self._window
                while (left := until - self._clock()) > 0:
                    self._sleep(left)
            self._grants.append(self._clock())
        finally:
            self._leave()

    def _enter(self) -> None:
        with self._mutex:
            if not self._taken:
                self._taken = True
                return
            mine = Lock()
            mine.acquire()
            self._queue.append(mine)
        try:
            mine.acquire()
        except BaseException:
            # Ctrl-C while in the queue: step out of it, or pass the turn on if it came just now.
            with self._mutex:
                queued = mine in self._queue
                if queued:
                    self._queue.remove(mine)
            if not queued:
                self._leave()
            raise

    def _leave(self) -> None:
        with self._mutex:
            if self._queue:
                self._queue.popleft().release()
            else:
                self._taken = False
