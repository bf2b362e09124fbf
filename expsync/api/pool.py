"""Threads that read side by side."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


@contextmanager
def reading(workers: int) -> Iterator[ThreadPoolExecutor]:
    """So many threads; where something within fails, nothing more is begun.

    What is under way is waited for, but not by somebody who is interrupted: its answers are of no use any more.
    """
    pool = ThreadPoolExecutor(max_workers=workers)
    try:
        yield pool
    except BaseException as error:
        pool.shutdown(wait=not isinstance(error, KeyboardInterrupt), cancel_futures=True)
        raise
    pool.shutdown()
