"""The pace of requests: never more than a limit in any second, as they are sent and as the server sees them.

A bucket of tokens that refills would let a full bucket and a second's refill through within one second. Here the
times of the last grants are kept instead, and the next is granted once the oldest of them is a second ago: the least
waiting that the rule allows.

The server counts requests when they arrive, and those that were held up on the way count with those of the next
second: up to one for each that is under way at once. So there is a second, slightly higher bound, on the requests
that the server may count within one second, which are those without an answer and those whose answer is less than a
second old. With up to ten at a time and the usual limit, it never costs anything.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

_MARGIN = 0.001
"""Seconds added to the window, so that rounding never puts one grant too many into it."""
_MOST = 100
"""What the API allows in a second."""
_LOOK_AGAIN = 0.01
"""Seconds until it is looked again whether a request has been answered, where all wait for one."""


class Limiter:
    """Grants at most `per_second` turns in any second, in the order of asking; for use by many threads.

    Out of order comes only who is `ahead` (see `turn`).
    """

    def __init__(
        self,
        per_second: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not per_second > 0 or math.isinf(per_second):
            raise ValueError("a limit is a number above 0")
        most = max(1, math.floor(per_second))
        self._window = max(1.0, 1 / per_second) + _MARGIN
        self._grants: deque[float] = deque(maxlen=most)
        # 100 for the usual limit of 90, and in that proportion for others.
        self._seen_at_most = max(most, min(_MOST, most * 10 // 9))
        self._unanswered = 0
        self._answers: deque[float] = deque()
        self._clock = clock
        self._sleep = sleep
        self._mutex = Lock()
        self._taken = False
        self._queue: deque[Lock] = deque()

    @contextmanager
    def turn(self, *, ahead: bool = False) -> Iterator[None]:
        """A turn for one request, that begins once it may be sent and ends with its answer, or without one.

        One that is `ahead` is the next of those that wait: a write that was just looked at once more, and would be
        looked at in vain if all others came first.
        """
        self._take(unanswered=1, ahead=ahead)
        try:
            yield
        finally:
            with self._mutex:
                self._unanswered -= 1
                self._answers.append(self._clock())

    def wait(self) -> None:
        """Nothing, once the caller may send one request of which the end will not be told."""
        self._take(unanswered=0, ahead=False)

    def _take(self, *, unanswered: int, ahead: bool) -> None:
        self._enter(ahead=ahead)
        try:
            # The time is noted after the sleep, since a sleep may last longer than asked.
            while (left := self._until() - self._clock()) > 0:
                self._sleep(left)
            self._grants.append(self._clock())
            with self._mutex:
                self._unanswered += unanswered
        finally:
            self._leave()

    def _until(self) -> float:
        """When the next turn can come, as far as it is known now."""
        until = self._grants[0] + self._window if len(self._grants) == self._grants.maxlen else -math.inf
        with self._mutex:
            now = self._clock()
            while self._answers and self._answers[0] + self._window <= now:
                self._answers.popleft()
            if self._unanswered + len(self._answers) < self._seen_at_most:
                return until
            return max(until, self._answers[0] + self._window if self._answers else now + _LOOK_AGAIN)

    def _enter(self, *, ahead: bool = False) -> None:
        with self._mutex:
            if not self._taken:
                self._taken = True
                return
            mine = Lock()
            mine.acquire()
            if ahead:
                self._queue.appendleft(mine)
            else:
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
