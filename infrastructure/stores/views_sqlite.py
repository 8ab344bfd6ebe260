"""Where projections keep their rows on SQLite: one file for each version of each projection.

The rows of a batch and the position that they bring the projection to are written in one
transaction. A commit does not wait for the disk: after a power cut the file is as it was at some
earlier commit, position included, and the follower goes on from there.

The position lies in the library's terms in ``tracking`` (``TrackingRecorder``): the notification id
of the last event, which is its position plus one.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from eventsourcing.persistence import IntegrityError, Tracking, TrackingRecorder

from domain.rows import Change, Key, Overtaken, StoredRow, Table, Value, ViewStore
from infrastructure.sharing import make_file
from infrastructure.stores.connections import Reading

_RECORD = "record"
_TRACKED = "SELECT notification_id FROM tracking WHERE application_name = ?"
_SEALED = ("cell", "digest", "position", "subject")


class SqliteViews(TrackingRecorder):
    """The rows of one version of one projection."""

    def __init__(self, path: Path, tables: Sequence[Table]) -> None:
        """Open the file, making it and its tables where they are missing."""
        self._path = path
        make_file(path)
        self._lock = threading.Lock()
        self._reading = Reading(self._connect)
        self._writer = self._connect()
        statements = [
            (
                "CREATE TABLE IF NOT EXISTS tracking(application_name TEXT PRIMARY KEY,"
                " notification_id INTEGER NOT NULL) STRICT, WITHOUT ROWID"
            )
        ]
        for table in tables:
            statements += _schema(table)
        with self._lock:
            self._writer.executescript("BEGIN IMMEDIATE; " + "; ".join(statements) + "; COMMIT;")

    def close(self) -> None:
        """Close every connection."""
        self._reading.close()
        with self._lock:
            self._writer.close()

    # The port

    def position(self) -> int:
        """The position of the last event that the rows show; -1 for none."""
        return (self.max_tracking_id(_RECORD) or 0) - 1

    def load(self, table: Table, key: Key) -> StoredRow | None:
        """One row."""
        where = " AND ".join(f"{column} = ?" for column in table.key)
        row = self._reading.one(f"{_select(table)} WHERE {where}", key)
        return None if row is None else _row(table, row)

    def save(self, changes: Sequence[Change], *, before: int, after: int) -> None:
        """Write rows and move the position, in one transaction."""
        tables: dict[str, Table] = {}
        grouped: defaultdict[str, list[tuple[object, ...]]] = defaultdict(list)
        for table, row in changes:
            tables[table.name] = table
            grouped[table.name].append((*row.key, *row.clear, *row[2:]))
        with self._lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                found = self._writer.execute(_TRACKED, (_RECORD,)).fetchone()
                if (0 if found is None else found[0]) != before + 1:
                    raise Overtaken
                for name, rows in grouped.items():
                    self._writer.executemany(_upsert(tables[name]), rows)
                self._writer.execute(
                    "INSERT INTO tracking VALUES(?, ?) ON CONFLICT DO"
                    " UPDATE SET notification_id = excluded.notification_id",
                    (_RECORD, after + 1),
                )
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    def remove(self, table: Table, keys: Sequence[Key]) -> None:
        """Take rows away for good, out of the write-ahead log too; the pages are overwritten."""
        where = " AND ".join(f"{column} = ?" for column in table.key)
        with self._lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                self._writer.executemany(f"DELETE FROM {table.name} WHERE {where}", keys)
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def select(
        self,
        table: Table,
        equal: Mapping[str, Value],
        *,
        span: tuple[str, int, int] | None = None,
        limit: int = 1000,
        newest_first: bool = False,
    ) -> list[StoredRow]:
        """Rows whose columns equal these, and one of whose columns lies in a closed span."""
        columns = {*table.key, *table.clear}
        if not {*equal, *([span[0]] if span else [])} <= columns:
            msg = "no such column"
            raise ValueError(msg)
        terms = [f"{column} = ?" for column in equal]
        values: list[Value] = list(equal.values())
        order = table.key
        if span is not None:
            terms.append(f"{span[0]} BETWEEN ? AND ?")
            values += span[1:]
            order = (span[0], *table.key)
        where = f" WHERE {' AND '.join(terms)}" if terms else ""
        direction = " DESC" if newest_first else ""
        ordered = ", ".join(f"{column}{direction}" for column in dict.fromkeys(order))
        found = self._reading.all(
            f"{_select(table)}{where} ORDER BY {ordered} LIMIT ?", (*values, limit)
        )
        return [_row(table, each) for each in found]

    def every(self, table: Table) -> Sequence[StoredRow]:
        """All rows of a table in the order of their keys."""
        found = self._reading.all(f"{_select(table)} ORDER BY {', '.join(table.key)}")
        return [_row(table, each) for each in found]

    def forget(self, tables: Sequence[Table], key_ids: Collection[bytes]) -> int:
        """Take away the rows that these keys sealed; how many there were.

        A cell begins with the id of its key. Nothing of these rows can be opened any more, and a
        rebuilt version has none of them.
        """
        gone = 0
        with self._lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                self._writer.execute(
                    "CREATE TEMP TABLE IF NOT EXISTS gone(key_id BLOB PRIMARY KEY)"
                )
                self._writer.execute("DELETE FROM gone")
                self._writer.executemany(
                    "INSERT INTO gone VALUES(?)", [(each,) for each in key_ids]
                )
                for table in tables:
                    found = self._writer.execute(
                        f"DELETE FROM {table.name} WHERE substr(cell, 1, 16) IN"
                        " (SELECT key_id FROM gone)"
                    )
                    gone += found.rowcount
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise
        return gone

    @contextmanager
    def snapshot(self) -> Iterator[ViewStore]:
        """The rows as they are now, whatever is written meanwhile."""
        frozen = SqliteViews(self._path, ())
        frozen._reading.one("BEGIN")
        try:
            frozen.position()
            yield frozen
        finally:
            frozen._reading.one("ROLLBACK")
            frozen.close()

    # The library's recorder interface

    def insert_tracking(self, tracking: Tracking) -> None:
        """Move an application's position forward.

        Raises:
            IntegrityError: It stands there or further already.
        """
        with self._lock:
            found = self._writer.execute(
                "INSERT INTO tracking VALUES(?, ?) ON CONFLICT DO"
                " UPDATE SET notification_id = excluded.notification_id"
                " WHERE notification_id < excluded.notification_id",
                (tracking.application_name, tracking.notification_id),
            )
        if not found.rowcount:
            msg = "tracking"
            raise IntegrityError(msg)

    def max_tracking_id(self, application_name: str) -> int | None:
        """How far an application's events have been processed."""
        row = self._reading.one(_TRACKED, (application_name,))
        return None if row is None else int(row[0])

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, isolation_level=None, timeout=30, check_same_thread=False)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        db.execute("PRAGMA secure_delete=ON")
        return db


def _columns(table: Table) -> tuple[str, ...]:
    return (*table.key, *table.clear, *_SEALED)


def _schema(table: Table) -> list[str]:
    columns = [
        f"{column} ANY{' NOT NULL' if column in table.key else ''}"
        for column in (*table.key, *table.clear)
    ]
    columns += ["cell BLOB NOT NULL", "digest BLOB NOT NULL", "position INTEGER NOT NULL"]
    columns += ["subject TEXT NOT NULL", f"PRIMARY KEY({', '.join(table.key)})"]
    made = [f"CREATE TABLE IF NOT EXISTS {table.name}({', '.join(columns)}) STRICT, WITHOUT ROWID"]
    made += [
        f"CREATE INDEX IF NOT EXISTS {table.name}_by_{'_'.join(each)}"
        f" ON {table.name}({', '.join(each)})"
        for each in table.indexes
    ]
    return made


def _select(table: Table) -> str:
    return f"SELECT {', '.join(_columns(table))} FROM {table.name}"


def _upsert(table: Table) -> str:
    marks = ", ".join("?" for _ in _columns(table))
    return f"INSERT OR REPLACE INTO {table.name}({', '.join(_columns(table))}) VALUES({marks})"


def _row(table: Table, row: tuple[object, ...]) -> StoredRow:
    keys, clears = len(table.key), len(table.clear)
    return StoredRow(row[:keys], row[keys : keys + clears], *row[keys + clears :])  # type: ignore[arg-type]  # the columns of a table that this file made
