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
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from domain.confidentiality import KeyPurpose, Label
from domain.errors import RecordUnavailable
from infrastructure.errors import WrongKeyStore
from infrastructure.vault.keyrows import (
    ACTIVE,
    BRING_FORWARD,
    CONDEMNED,
    DESTROYED,
    FORMAT,
    PENDING,
    RETIRED,
    SCHEMA,
    SELECT_ITEM,
    SELECT_KEY,
    YEARLY,
    StoredItem,
    StoredKey,
    stored_key,
)

Statement = tuple[str, Sequence[tuple[object, ...]]]
"""A statement and the rows to execute it with."""

_NUMBER = 8
_ADD_KEY = (
    "INSERT OR IGNORE INTO subject_key SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?"
    " WHERE (SELECT value FROM meta WHERE name = 'kek_generation') = ?"
    # Whoever is being erased is not begun anew behind the back of who asked a moment before.
    " AND (? OR NOT EXISTS (SELECT 1 FROM subject_key WHERE subject_tag = ? AND purpose = ?)"
    " OR EXISTS (SELECT 1 FROM subject_key WHERE subject_tag = ? AND purpose = ? AND state < ?))"
)
_KEEP = (
    "INSERT OR IGNORE INTO secret SELECT ?, ?, ?"
    " WHERE (SELECT value FROM meta WHERE name = 'kek_generation') = ?"
)
_ADD_ITEM = (
    "INSERT INTO item_key SELECT ?, ?, ?, ?, ?, ?"
    " WHERE (SELECT value FROM meta WHERE name = 'kek_generation') = ?"
)


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
        self.path = path
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
        db.executescript(SCHEMA)
        db.executemany(
            "INSERT INTO meta VALUES(?, ?)",
            [("format", bytes([FORMAT])), ("log_id", log_id), ("kek_generation", number(1))],
        )
        db.close()
        path.chmod(0o600)

    @staticmethod
    def bring_forward(path: Path) -> None:
        """Bring a key store of the format before to the present one; another stays as it is.

        Raises:
            WrongKeyStore: It is missing or damaged.
        """
        if not path.exists():
            msg = "The key store is missing."
            raise WrongKeyStore(msg)
        db = None
        try:
            db = _connect(path)
            (found,) = db.execute("SELECT value FROM meta WHERE name = 'format'").fetchone()
            if found == bytes([FORMAT - 1]):
                db.executescript(f"BEGIN IMMEDIATE; {BRING_FORWARD} COMMIT;")
        except (sqlite3.DatabaseError, TypeError):
            msg = "The key store is damaged."
            raise WrongKeyStore(msg) from None
        finally:
            if db is not None:
                db.close()

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
        """Keep a wrapped secret; only under the present generation, as ``add_keys``."""
        self.write((_KEEP, [(name, kek_generation, wrapped, number(kek_generation))]))

    def key(self, key_id: bytes) -> StoredKey | None:
        """The key with this id."""
        return self._one("key_id = ?", (key_id,))

    def in_epoch(self, subject_tag: bytes, label: Label, epoch: int) -> StoredKey | None:
        """A subject's key for a label, in this epoch."""
        return self._one(
            "subject_tag = ? AND purpose = ? AND class = ? AND epoch = ?",
            (subject_tag, label.purpose, label.cls, epoch),
        )

    def epochs(self, subject_tag: bytes, label: Label) -> list[StoredKey]:
        """A subject's keys for a label, the newest epoch first."""
        with self._lock:
            rows = self._db.execute(
                f"{SELECT_KEY} WHERE subject_tag = ? AND purpose = ? AND class = ?"
                " ORDER BY epoch DESC",
                (subject_tag, label.purpose, label.cls),
            ).fetchall()
        return [stored_key(row) for row in rows]

    def of_subject(self, subject_tag: bytes, purpose: KeyPurpose) -> list[StoredKey]:
        """A subject's keys of a purpose, of every class, the oldest epoch first."""
        rows = self.rows(
            f"{SELECT_KEY} WHERE subject_tag = ? AND purpose = ? ORDER BY epoch",
            (subject_tag, int(purpose)),
        )
        return [stored_key(row) for row in rows]

    def add_keys(self, keys: Iterable[StoredKey]) -> None:
        """Keep keys as pending, durably; one that is there already stays as it is.

        One that is wrapped under another than the present generation is not kept: somebody rotated
        meanwhile, and nobody would ever rewrap it. Nor is one whose owner's keys of that purpose
        are all condemned or destroyed.

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
                number(each.kek_generation),
                each.place.label.purpose in YEARLY,
                *(each.place.subject_tag, each.place.label.purpose),
                *(each.place.subject_tag, each.place.label.purpose, DESTROYED),
            )
            for each in keys
        ]
        self.write((_ADD_KEY, rows))

    def pending(self) -> list[StoredKey]:
        """Keys whose making may not have been logged."""
        with self._lock:
            rows = self._db.execute(f"{SELECT_KEY} WHERE state = ?", (PENDING,)).fetchall()
        return [stored_key(row) for row in rows]

    def taken_up(self, key_id: bytes, now: int) -> bool:
        """Put off the sweeping of a pending key that is used after all; whether it is there."""
        self.write(
            (
                "UPDATE subject_key SET made_at = ? WHERE key_id = ? AND state = ?",
                [(now, key_id, PENDING)],
            )
        )
        return self.key(key_id) is not None

    def settle(self, logged: Iterable[bytes], orphaned: Iterable[bytes], before: int) -> None:
        """Mark keys as logged, and sweep those whose making never was.

        One that was taken up since, at ``before`` or later, stays.
        """
        orphans = [(each,) for each in orphaned]
        self.write(
            (
                "UPDATE subject_key SET state = ? WHERE key_id = ? AND state = ?",
                [(ACTIVE, each, PENDING) for each in logged],
            ),
            (
                "DELETE FROM subject_key WHERE state = ? AND key_id = ? AND made_at < ?",
                [(PENDING, *each, before) for each in orphans],
            ),
            (
                (
                    "DELETE FROM item_key WHERE owner_key = ?1"
                    " AND NOT EXISTS (SELECT 1 FROM subject_key WHERE key_id = ?1)"
                ),
                orphans,
            ),
        )

    def retire(self, key_ids: Iterable[bytes]) -> None:
        """Let keys open only; those that are destroyed stay so."""
        self.write(
            (
                # One that is condemned stays so.
                "UPDATE subject_key SET state = ? | (state & ?) WHERE key_id = ? AND state <> ?",
                [(RETIRED, CONDEMNED, each, DESTROYED) for each in key_ids],
            )
        )

    def items(self, item_id: bytes) -> StoredItem | None:
        """The item key with this id."""
        row = self._row(f"{SELECT_ITEM} WHERE item_id = ?", (item_id,))
        return None if row is None else StoredItem(*row)

    def add_items(self, items: Iterable[StoredItem]) -> None:
        """Keep a block of item keys, durably; only under the present generation, as ``add_keys``.

        Raises:
            RecordUnavailable: The disk is full, or the file stays locked; nothing was kept.
        """
        self.write((_ADD_ITEM, [(*each, number(each.generation)) for each in items]))

    def generation(self) -> int:
        """The generation of the key-encryption key that wraps whatever is new."""
        return self._meta("kek_generation") or 0

    def rotating(self) -> int | None:
        """The generation that is being left, while a rotation is under way."""
        return self._meta("rotation")

    def rows(self, query: str, values: tuple[object, ...] = ()) -> list[Any]:
        """What a query of this room finds.

        Raises:
            RecordUnavailable: The file stays locked, cannot be read, or has been closed.
        """
        try:
            with self._lock:
                return self._db.execute(query, values).fetchall()
        except (sqlite3.OperationalError, sqlite3.ProgrammingError):
            raise RecordUnavailable from None

    def vacuum(self) -> None:
        """Write the file anew, so that no free page keeps what was taken away."""
        with self._lock, suppress(sqlite3.OperationalError):
            # Hygiene alone: what makes a destroyed key final is the rotation that follows.
            self._db.execute("VACUUM")

    def _meta(self, name: str) -> int | None:
        row = self._row("SELECT value FROM meta WHERE name = ?", (name,))
        return None if row is None else int.from_bytes(row[0], "big")

    def key_ids(self) -> list[bytes]:
        """The ids of all subject keys."""
        with self._lock:
            return [row[0] for row in self._db.execute("SELECT key_id FROM subject_key")]

    def item_ids(self) -> list[bytes]:
        """The ids of all item keys."""
        with self._lock:
            return [row[0] for row in self._db.execute("SELECT item_id FROM item_key")]

    def _one(self, where: str, values: tuple[object, ...]) -> StoredKey | None:
        row = self._row(f"{SELECT_KEY} WHERE {where}", values)
        return None if row is None else stored_key(row)

    def _row(self, query: str, values: tuple[object, ...]) -> Any:
        try:
            with self._lock:
                return self._db.execute(query, values).fetchone()
        except (sqlite3.OperationalError, sqlite3.ProgrammingError):
            # The file stays locked, cannot be read, or has been closed.
            raise RecordUnavailable from None

    def write(self, *statements: Statement) -> None:
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


def number(value: int) -> bytes:
    """A number as it lies in ``meta``."""
    return value.to_bytes(_NUMBER, "big")


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
