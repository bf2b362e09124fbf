"""How long the fuzzing lasts: so many examples in a normal run, and so many seconds where that is asked for.

EXPSYNC_FUZZ_SECONDS=600 python -m pytest tests/fuzz -s
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

T = TypeVar("T")
SECONDS = float(os.environ.get("EXPSYNC_FUZZ_SECONDS", "0"))


def explore(name: str, strategy: SearchStrategy[T], check: Callable[[T], str], *, examples: int) -> Counter[str]:
    """What came of the examples, by what `check` says of each; a failing one is shrunk and raised.

    In a longer run rounds of examples follow one another, since within one round the search narrows.
    """
    ends = time.monotonic() + SECONDS
    came: Counter[str] = Counter()

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def one(value: T) -> None:
        came[check(value)] += 1

    one()
    while time.monotonic() < ends:
        one()
    if SECONDS:
        print(f"\n{name}: {came.total():,} examples: {dict(came.most_common())}")
    return came


def refused(message: str, *, most: int) -> str:
    """`refused`, for a message that is short enough to be read."""
    assert 0 < len(message) <= most
    return "refused"
