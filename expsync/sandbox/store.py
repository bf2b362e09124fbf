"""Where the emulator keeps its world: one SQLite file, or memory."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from expsync.sandbox.tables import SCHEMA, Tables

_APPLICATION_ID = 0x45585053  # "EXPS", in the header of every file of ours
_FORMAT = 1
_BUSY_SECONDS = 30.0


class SandboxError(Exception):
    """The sandbox itself can't do its work; the message says why and what to do."""


class Store:
    """An open world; every write is one transaction, safe against a kill and against other processes.

    One connection serves all threads, one after the other: SQLite would let only one of them write anyway.
    """

    def __init__(self, path: Path | None) -> None:
        self._name = "the sandbox in memory" if path is None else str(path)
        self._lock = threading.RLock()
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            # Transactions are opened and closed here by hand: isolation_level=None keeps the module out of it.
            self._connection = sqlite3.connect(
                ":memory:" if path is None else path,
                timeout=_BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
        except (OSError, sqlite3.Error) as error:
            raise SandboxError(f"{self._name}: can't be opened: {error}") from error
        try:
            self._prepare()
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise SandboxError(_explain(self._name, error)) from error
        except SandboxError:
            self._connection.close()
            raise

    def close(self) -> None:
        """Nothing; the file is complete and free."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def reading(self) -> Iterator[Tables]:
        """The tables as they are at one moment."""
        with self._transaction("BEGIN") as tables:
            yield tables

    @contextmanager
    def writing(self) -> Iterator[Tables]:
        """The tables to change: all of it is kept at the end, or none of it where an exception passes."""
        with self._transaction("BEGIN IMMEDIATE") as tables:
            yield tables

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Tables]:
        with self._lock:
            try:
                self._connection.execute(begin)
                try:
                    yield Tables(self._connection)
                    self._connection.execute("COMMIT")
                except BaseException:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise SandboxError(_explain(self._name, error)) from error

    def _prepare(self) -> None:
        """Nothing; the file has our tables, or SandboxError says that it isn't ours."""
        run = self._connection.execute
        # The check and the making are one transaction, so that two processes can start on a new file at once.
        run("BEGIN IMMEDIATE")
        owner = run("PRAGMA application_id").fetchone()[0]
        if owner == 0 and run("SELECT COUNT(*) FROM sqlite_master").fetchone()[0] == 0:
            for statement in SCHEMA:
                run(statement)
            run(f"PRAGMA application_id = {_APPLICATION_ID}")
            run(f"PRAGMA user_version = {_FORMAT}")
        elif owner != _APPLICATION_ID:
            raise SandboxError(f"{self._name}: is a database of another program; name another file for the sandbox")
        found = run("PRAGMA user_version").fetchone()[0]
        if found != _FORMAT:
            raise SandboxError(
                f"{self._name}: has format {found}, and this version reads {_FORMAT}; "
                "remove the file to start with an empty sandbox"
            )
        run("COMMIT")
        # Each commit waits for the disk; with a write-ahead log that is one flush, and readers don't wait.
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")


def _explain(name: str, error: sqlite3.Error) -> str:
    text = str(error)
    if "locked" in text or "busy" in text:
        return f"{name}: is held by another process for more than {_BUSY_SECONDS:.0f} seconds; end that one, or retry"
    if "not a database" in text or "malformed" in text:
        return f"{name}: isn't a sandbox database; name another file, or remove this one to start anew"
    return f"{name}: can't be used: {text}"
