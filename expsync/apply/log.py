"""The audit log: one JSON line before each call and one after it, on disk before anything else happens."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Protocol, Self

from pydantic import JsonValue

from expsync.errors import ExpsyncError
from expsync.model.json_text import broken_command
from expsync.model.plan import Operation


class Log(Protocol):
    """Where calls are told."""

    def intent(self, key: str, operation: Operation) -> None:
        """Told before the call is sent."""

    def outcome(self, key: str, operation: Operation, result: str) -> None:
        """Told after it: `ok`, or what went wrong."""


class NoLog:
    """A log that keeps nothing."""

    def intent(self, key: str, operation: Operation) -> None:
        """Nothing."""

    def outcome(self, key: str, operation: Operation, result: str) -> None:
        """Nothing."""


class FileLog:
    """JSON lines at the end of a file; each is written at once and synced, so that it outlives the run.

    ExpsyncError where the file can't be written.
    """

    def __init__(self, path: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._path = path
        self._now = now
        self._lock = Lock()
        try:
            # Without O_NONBLOCK, a pipe that nobody reads would be waited for; with it, it is an error.
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK, 0o600)
            os.set_blocking(self._file, True)
        except OSError as error:
            raise ExpsyncError(f"the log {path} can't be written: {error.strerror}") from None
        # A pipe or a terminal takes no sync.
        self._synced = stat.S_ISREG(os.fstat(self._file).st_mode)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        os.close(self._file)

    def intent(self, key: str, operation: Operation) -> None:
        """Told before the call is sent."""
        self._write("intent", key, operation, {"body": operation.body, "reason": operation.reason})

    def outcome(self, key: str, operation: Operation, result: str) -> None:
        """Told after it: `ok`, or what went wrong."""
        self._write("outcome", key, operation, {"result": result})

    def _write(self, event: str, key: str, operation: Operation, more: dict[str, JsonValue]) -> None:
        line: dict[str, JsonValue] = {
            "at": self._now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "event": event,
            "experiment": key,
            "op": operation.op,
            "method": operation.method,
            "path": operation.path,
            **more,
        }
        # A log is often printed by a pipeline, which might take parts of it for commands.
        rest = broken_command(json.dumps(line, ensure_ascii=True)).encode("ascii") + b"\n"
        with self._lock:
            try:
                while rest:
                    rest = rest[os.write(self._file, rest) :]
                if self._synced:
                    os.fsync(self._file)
            except OSError as error:
                raise ExpsyncError(f"the log {self._path} can't be written: {error.strerror}") from None
