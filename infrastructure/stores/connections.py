"""Reading connections to one SQLite file: one for each thread, closed only when nobody reads."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import Any


class _Reader:
    """A thread's connection; its lock is only ever waited for by whoever closes it."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.lock = threading.Lock()


class Reading:
    """The reading connections of one store."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._gate = threading.Lock()
        self._mine = threading.local()
        self._all: list[_Reader] = []

    def all(self, statement: str, values: Sequence[object] = ()) -> list[Any]:
        """Every row of a query."""
        reader = self._reader()
        with reader.lock:
            return reader.db.execute(statement, values).fetchall()

    def one(self, statement: str, values: Sequence[object] = ()) -> Any:
        """The first row of a query, or ``None``."""
        reader = self._reader()
        with reader.lock:
            return reader.db.execute(statement, values).fetchone()

    def close(self) -> None:
        """Close every connection, each when its thread is not reading from it.

        Closing one under a running query would take the whole process down.
        """
        with self._gate:
            for each in self._all:
                with each.lock:
                    each.db.close()
            self._all.clear()

    def _reader(self) -> _Reader:
        reader: _Reader | None = getattr(self._mine, "reader", None)
        if reader is None:
            db = self._connect()
            db.execute("PRAGMA query_only=ON")
            reader = self._mine.reader = _Reader(db)
            with self._gate:
                self._all.append(reader)
        return reader
