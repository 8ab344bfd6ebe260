"""``keys.db``: subject keys and item keys, wrapped; nothing here opens without custody.

A rollback journal with ``secure_delete``, not a write-ahead log, so that a destroyed key does not
linger in a side file (fine print 9). ``synchronous=EXTRA`` syncs the folder after the journal is
deleted: with ``FULL`` a power cut can bring the journal back and take the last commit away, as
``tests/endurance/test_forgetful.py`` shows. One connection behind a lock: keys are made rarely and
cached.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from domain.confidentiality import Class, KeyPurpose, Label
from domain.errors import RecordUnavailable
from infrastructure.errors import WrongKeyStore
from infrastructure.vault.keys import KeyPlace

FORMAT = 1
_SCHEMA = """
CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE secret(
  name TEXT PRIMARY KEY, kek_generation INTEGER NOT NULL, wrapped BLOB NOT NULL) STRICT;
CREATE TABLE subject_key(
  key_id BLOB PRIMARY KEY, subject_tag BLOB NOT NULL, purpose INTEGER NOT NULL,
  class INTEGER NOT NULL, epoch INTEGER NOT NULL, kek_generation INTEGER NOT NULL, wrapped BLOB,
  state INTEGER NOT NULL, made_at INTEGER NOT NULL,
  UNIQUE(subject_tag, purpose, class, epoch)) STRICT;
CREATE TABLE item_key(
  item_id BLOB PRIMARY KEY, owner_key BLOB NOT NULL, wrapped BLOB NOT NULL,
  escrow_key BLOB, escrow BLOB) STRICT, WITHOUT ROWID;
"""

PENDING, ACTIVE, RETIRED, DESTROYED = range(4)


Statement = tuple[str, Sequence[tuple[object, ...]]]
"""A statement and the rows to execute it with."""


class StoredKey(NamedTuple):
    """A subject key as it lies here."""

    place: KeyPlace
    kek_generation: int
    wrapped: bytes | None
    state: int
    made_at: int
    """Seconds since 1970, for sweeping what was made and never used."""


class StoredItem(NamedTuple):
    """An item key as it lies here: wrapped for its owner and, a process note's, for the escrow."""

    item_id: bytes
    owner_key: bytes
    wrapped: bytes
    escrow_key: bytes | None
    escrow: bytes | None


class KeyStore:
    """The key store of one record."""

    def __init__(self, path: Path, log_id: bytes) -> None:
        """Open the key store that belongs to this log.

        Raises:
            WrongKeyStore: It is missing, damaged, newer than this program, or another log's.
        """
        if not path.exists():
            msg = "The key store is missing."
            raise WrongKeyStore(msg)
        self._lock = threading.Lock()
        self._gate = threading.Lock()
        self._waiting: list[tuple[tuple[Statement, ...], Future[None]]] = []
        try:
            self._db = _connect(path)
            found = dict(self._db.execute("SELECT name, value FROM meta"))
        except sqlite3.DatabaseError:
            msg = "The key store is damaged."
            raise WrongKeyStore(msg) from None
        if found.get("format") != bytes([FORMAT]):
            msg = "The key store has a format that this version does not know."
            raise WrongKeyStore(msg)
        if found.get("log_id") != log_id:
            msg = "The key store belongs to another record."
            raise WrongKeyStore(msg)

    @staticmethod
    def create(path: Path, log_id: bytes) -> None:
        """Make an empty key store for a log."""
        db = _connect(path)
        db.executescript(_SCHEMA)
        db.executemany(
            "INSERT INTO meta VALUES(?, ?)", [("format", bytes([FORMAT])), ("log_id", log_id)]
        )
        db.close()
        path.chmod(0o600)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def secret(self, name: str) -> tuple[int, bytes] | None:
        """A wrapped secret of the clinic's own, with the generation it is wrapped under."""
        with self._lock:
            row = self._db.execute(
                "SELECT kek_generation, wrapped FROM secret WHERE name = ?", (name,)
            ).fetchone()
        return None if row is None else (row[0], row[1])

    def add_secret(self, name: str, kek_generation: int, wrapped: bytes) -> None:
        """Keep a wrapped secret."""
        with self._lock:
            self._db.execute("INSERT INTO secret VALUES(?, ?, ?)", (name, kek_generation, wrapped))

    def key(self, key_id: bytes) -> StoredKey | None:
        """The key with this id."""
        return self._one("key_id = ?", (key_id,))

    def newest(self, subject_tag: bytes, label: Label, epoch: int) -> StoredKey | None:
        """A subject's key for a label, in this epoch."""
        return self._one(
            "subject_tag = ? AND purpose = ? AND class = ? AND epoch = ?",
            (subject_tag, label.purpose, label.cls, epoch),
        )

    def epochs(self, subject_tag: bytes, label: Label) -> list[StoredKey]:
        """A subject's keys for a label, the newest epoch first."""
        with self._lock:
            rows = self._db.execute(
                f"{_SELECT} WHERE subject_tag = ? AND purpose = ? AND class = ?"
                " ORDER BY epoch DESC",
                (subject_tag, label.purpose, label.cls),
            ).fetchall()
        return [_stored(row) for row in rows]

    def add_keys(self, keys: Iterable[StoredKey]) -> None:
        """Keep keys as pending, durably; one that is there already stays as it is.

        Raises:
            RecordUnavailable: The disk is full, or the file stays locked; nothing was kept.
        """
        rows = [
            (
                each.place.key_id,
                each.place.subject_tag,
                each.place.label.purpose,
                each.place.label.cls,
                each.place.epoch,
                each.kek_generation,
                each.wrapped,
                each.state,
                each.made_at,
            )
            for each in keys
        ]
        self._write(("INSERT OR IGNORE INTO subject_key VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)", rows))

    def pending(self) -> list[StoredKey]:
        """Keys whose making may not have been logged."""
        with self._lock:
            rows = self._db.execute(f"{_SELECT} WHERE state = ?", (PENDING,)).fetchall()
        return [_stored(row) for row in rows]

    def settle(self, logged: Iterable[bytes], orphaned: Iterable[bytes]) -> None:
        """Mark keys as logged, and sweep those whose making never was."""
        orphans = [(each,) for each in orphaned]
        self._write(
            (
                "UPDATE subject_key SET state = ? WHERE key_id = ?",
                [(ACTIVE, each) for each in logged],
            ),
            ("DELETE FROM item_key WHERE owner_key = ?", orphans),
            (
                "DELETE FROM subject_key WHERE state = ? AND key_id = ?",
                [(PENDING, *each) for each in orphans],
            ),
        )

    def items(self, item_id: bytes) -> StoredItem | None:
        """The item key with this id."""
        row = self._row(
            "SELECT item_id, owner_key, wrapped, escrow_key, escrow FROM item_key"
            " WHERE item_id = ?",
            (item_id,),
        )
        return None if row is None else StoredItem(*row)

    def add_items(self, items: Iterable[StoredItem]) -> None:
        """Keep a block of item keys, durably.

        Raises:
            RecordUnavailable: The disk is full, or the file stays locked; nothing was kept.
        """
        self._write(("INSERT INTO item_key VALUES(?, ?, ?, ?, ?)", list(items)))

    def key_ids(self) -> list[bytes]:
        """The ids of all subject keys."""
        with self._lock:
            return [row[0] for row in self._db.execute("SELECT key_id FROM subject_key")]

    def item_ids(self) -> list[bytes]:
        """The ids of all item keys."""
        with self._lock:
            return [row[0] for row in self._db.execute("SELECT item_id FROM item_key")]

    def _one(self, where: str, values: tuple[object, ...]) -> StoredKey | None:
        row = self._row(f"{_SELECT} WHERE {where}", values)
        return None if row is None else _stored(row)

    def _row(self, query: str, values: tuple[object, ...]) -> Any:
        try:
            with self._lock:
                return self._db.execute(query, values).fetchone()
        except (sqlite3.OperationalError, sqlite3.ProgrammingError):
            # The file stays locked, cannot be read, or has been closed.
            raise RecordUnavailable from None

    def _write(self, *statements: Statement) -> None:
        """Write in one durable transaction with whoever else is waiting to.

        Whoever gets the lock first writes for all; the others find that theirs has been done.
        """
        done: Future[None] = Future()
        with self._gate:
            self._waiting.append((statements, done))
        with self._lock:
            with self._gate:
                together, self._waiting = self._waiting, []
            if together:
                self._write_together(together)
        done.result()

    def _write_together(self, together: list[tuple[tuple[Statement, ...], Future[None]]]) -> None:
        try:
            with _transaction(self._db):
                for statements, _ in together:
                    for statement, rows in statements:
                        self._db.executemany(statement, rows)
        except BaseException as error:  # noqa: BLE001 - each of those waiting is told
            for _, done in together:
                done.set_exception(error)
        else:
            for _, done in together:
                done.set_result(None)


_SELECT = (
    "SELECT key_id, subject_tag, purpose, class, epoch, kek_generation, wrapped, state, made_at"
    " FROM subject_key"
)


def _stored(row: tuple[bytes, bytes, int, int, int, int, bytes | None, int, int]) -> StoredKey:
    key_id, subject_tag, purpose, cls, epoch, generation, wrapped, state, made_at = row
    try:
        label = Label(KeyPurpose(purpose), Class(cls))
    except ValueError:
        msg = "The key store is damaged."
        raise WrongKeyStore(msg) from None
    return StoredKey(
        KeyPlace(key_id, subject_tag, label, epoch), generation, wrapped, state, made_at
    )


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    try:
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("COMMIT")
    except BaseException as error:
        if db.in_transaction:
            db.execute("ROLLBACK")
        if isinstance(error, sqlite3.Error):
            raise RecordUnavailable from None
        raise


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    db.execute("PRAGMA journal_mode=DELETE")
    db.execute("PRAGMA synchronous=EXTRA")
    db.execute("PRAGMA secure_delete=ON")
    return db
