"""What was last seen of that which a call writes to, and when: a call goes out on nothing older than two seconds."""

from __future__ import annotations

import math
from collections.abc import Callable

from expsync.errors import ExpsyncError

FRESH = 2.0
"""Seconds for which something that was seen need not be looked at again.

They count from the moment before its first read is asked for, and so from before that is sent: what a read shows may be
as old as that. They end when the write has its turn and its connection.
"""
NEVER = math.inf
"""Seen at this time: a call that needs no look as long as it is sent for the first time."""
LONG_AGO = -math.inf
"""Seen at this time: a call that needs a look in any case."""


class NotSentError(ExpsyncError):
    """A call was held back: a look before it showed something else, or could not be made (`why`).

    `again` where it had been sent before, and is surely not done (a 429, no connection) or perhaps (no clear answer).
    """

    def __init__(self, why: ExpsyncError, *, again: bool) -> None:
        super().__init__(why.message, hint=why.hint)
        self.why = why
        self.again = again


class LiveSight:
    """What a call rests on. `check` looks, and raises where it isn't as it should be; `since` is when it last was."""

    def __init__(
        self, check: Callable[[], None], *, since: float, clock: Callable[[], float], fresh: float = FRESH
    ) -> None:
        self._check = check
        self._fresh = fresh
        self._since = since
        self._clock = clock
        self._again = False

    def is_fresh(self) -> bool:
        """Whether the call may go out on what was last seen."""
        return self._clock() - self._since < self._fresh

    def expire(self) -> None:
        """Told before the call is sent again: what was seen before the first time counts no more."""
        self._since = LONG_AGO
        self._again = True

    def look(self) -> None:
        """Nothing, once it was looked at and is as it should be; NotSentError where it isn't, or nobody can say."""
        since = self._clock()
        try:
            self._check()
        except ExpsyncError as error:
            raise NotSentError(error, again=self._again) from error
        self._since = since
