"""What a write rests on, looked at again where time has passed before it really goes out."""

from __future__ import annotations

from typing import Protocol

LOOKS = 3
"""How often it is looked again at most before one sending.

Where the pace is slow, or a look takes many requests, none may be fresh by the time the call has its turn; the last of
so many is then as fresh as can be had.
"""


class Sight(Protocol):
    """What was last seen of that which a call writes to. The transport asks, when the call has its turn to be sent."""

    def is_fresh(self) -> bool:
        """Whether the call may go out on what was last seen."""

    def expire(self) -> None:
        """Told before the call is sent again: what was seen before the first time counts no more."""

    def look(self) -> None:
        """Nothing, once it has been looked again; any exception keeps the call from going out."""
