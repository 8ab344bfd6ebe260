"""`Memory`: how far a log was verified, in one SQLite file that its verifier keeps for itself.

- It holds size and range, the heads of all streams, the keys made, the access logs, the keys that
  the log names, and named notes, the last checkpoint among them: all that is needed to go on with
  new entries alone.
- What a batch of entries changed is saved in one durable transaction, which costs what the batch
  costs, however much is remembered.
- It is saved only over the size that the batch began at, so that of two processes on one memory
  one is refused, with `MemoryOvertaken`, and begins anew.

A memory is believed: it belongs on the verifier's own disk, out of reach of whoever keeps the log.

Source:
    docs of the design: security, sections 2.4 and 2.8.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from infrastructure.ledger.chain import AuditState, Head
from infrastructure.ledger.control import MapHead, log_id_of
from infrastructure.ledger.errors import MemoryOvertaken, MemoryRefused, RangeRefused
from infrastructure.ledger.lifecycle import Change, Key, LoggedMap, News
from infrastructure.ledger.map import MapLabel
from infrastructure.ledger.merkle import CompactRange
from infrastructure.ledger.policy_key import NamedKey

FORMAT = 2
_OLDER = 1
APPLICATION = 0x50534D31
"""What the file says of itself: "PSM1"."""
_NAMED_KEY = """
CREATE TABLE IF NOT EXISTS named_key(
  vkey TEXT PRIMARY KEY, kind TEXT NOT NULL, began INTEGER NOT NULL, ended INTEGER)
  STRICT, WITHOUT ROWID"""
_SCHEMA = f"""
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {FORMAT};
CREATE TABLE standing(
  id INTEGER PRIMARY KEY CHECK(id = 1), origin TEXT NOT NULL, size INTEGER NOT NULL,
  range BLOB NOT NULL, tx_first INTEGER NOT NULL, time_ms INTEGER NOT NULL) STRICT;
CREATE TABLE head(
  stream_id BLOB PRIMARY KEY, version INTEGER NOT NULL, position INTEGER NOT NULL,
  leaf BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE key(
  key_id BLOB PRIMARY KEY, purpose INTEGER NOT NULL, subject_tag BLOB NOT NULL,
  position INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE closed_key(key_id BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE access_log(
  subject_tag BLOB PRIMARY KEY, stream_id BLOB NOT NULL UNIQUE) STRICT, WITHOUT ROWID;
CREATE TABLE change(
  position INTEGER PRIMARY KEY, stream_id BLOB NOT NULL, version INTEGER NOT NULL,
  prev_leaf BLOB NOT NULL) STRICT;
CREATE TABLE logged_map(
  id INTEGER PRIMARY KEY CHECK(id = 1), position INTEGER NOT NULL, epoch INTEGER NOT NULL,
  log_size INTEGER NOT NULL, map_size INTEGER NOT NULL, map_root BLOB NOT NULL) STRICT;
CREATE TABLE custodian(number INTEGER PRIMARY KEY, vkey TEXT NOT NULL UNIQUE) STRICT;{_NAMED_KEY};
CREATE TABLE note(name TEXT PRIMARY KEY, data BLOB NOT NULL) STRICT, WITHOUT ROWID;
"""
_WAIT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a log was verified; heads are looked up one by one."""

    origin: str
    size: int
    range_bytes: bytes
    tx_first: int
    time_ms: int

    @property
    def log_id(self) -> bytes:
        """The id that every record of the log carries."""
        return log_id_of(self.origin)

    def root(self) -> bytes:
        """The root of the tree of this size."""
        return CompactRange.from_bytes(self.size, self.range_bytes).root()

    def state(self) -> AuditState:
        """Where an audit begins that looks heads up."""
        return AuditState(
            size=self.size,
            range_bytes=self.range_bytes,
            tx_first=self.tx_first,
            time_ms=self.time_ms,
        )


class Memory:
    """What one verifier remembers of one log; for one thread, and shared between processes."""

    def __init__(self, path: Path) -> None:
        """Open the file; ``create`` makes it.

        Raises:
            MemoryRefused: it is missing, damaged, or no memory of this format.
        """
        if not path.exists():
            msg = "The memory of what was verified is missing."
            raise MemoryRefused(msg)
        self._db = sqlite3.connect(path, isolation_level=None, timeout=_WAIT_SECONDS)
        try:
            self._require_format()
            # Durable on commit, and one file: nothing beside it that could be lost on its own.
            self._db.execute("PRAGMA journal_mode=TRUNCATE")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA trusted_schema=OFF")
            self._db.execute("PRAGMA cache_size=-16000")
            self.standing()
        except sqlite3.Error:
            self.close()
            raise _damaged() from None
        except BaseException:
            self.close()
            raise

    @classmethod
    def create(cls, path: Path, origin: str) -> Memory:
        """Make the memory of a log of which nothing was verified yet, readable to its owner alone.

        Raises:
            MemoryRefused: there is a file already.
        """
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            msg = "There is a file already where the memory should be made."
            raise MemoryRefused(msg) from None
        db = sqlite3.connect(path, isolation_level=None)
        try:
            db.executescript(f"BEGIN; {_SCHEMA}")
            db.execute("INSERT INTO standing VALUES(1, ?, 0, x'', 0, 0)", (origin,))
            db.execute("COMMIT")
        finally:
            db.close()
        return cls(path)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def standing(self) -> Standing:
        """How far the log was verified.

        Raises:
            MemoryRefused: the file is damaged.
        """
        row = self._one("SELECT origin, size, range, tx_first, time_ms FROM standing")
        if row is None:
            raise _damaged()
        standing = Standing(*row)
        try:
            standing.root()
        except RangeRefused:
            raise _damaged() from None
        return standing

    def head(self, stream_id: bytes) -> Head | None:
        """The last entry of a stream, or ``None`` where there is none."""
        statement = "SELECT version, position, leaf FROM head WHERE stream_id = ?"
        row = self._one(statement, (stream_id,))
        return None if row is None else Head(*row)

    def heads(self, stream_ids: Iterable[bytes]) -> dict[bytes, Head]:
        """The last entries of those streams that have any."""
        found = ((stream_id, self.head(stream_id)) for stream_id in stream_ids)
        return {stream_id: head for stream_id, head in found if head is not None}

    def key(self, key_id: bytes) -> Key | None:
        """The key that was made under this id."""
        statement = "SELECT purpose, subject_tag, position FROM key WHERE key_id = ?"
        row = self._one(statement, (key_id,))
        return None if row is None else Key(*row)

    def has_keys(self) -> bool:
        """Whether any key was made."""
        return self._one("SELECT 1 FROM key LIMIT 1") is not None

    def is_closed(self, key_id: bytes) -> bool:
        """Whether a key was retired or destroyed."""
        return self._one("SELECT 1 FROM closed_key WHERE key_id = ?", (key_id,)) is not None

    def access_log(self, subject_tag: bytes) -> bytes | None:
        """The stream that is a subject's access log."""
        row = self._one("SELECT stream_id FROM access_log WHERE subject_tag = ?", (subject_tag,))
        return None if row is None else row[0]

    def is_access_log(self, stream_id: bytes) -> bool:
        """Whether a stream is anybody's access log."""
        statement = "SELECT 1 FROM access_log WHERE stream_id = ?"
        return self._one(statement, (stream_id,)) is not None

    def labels(self) -> list[MapLabel]:
        """The last entry of every access log, sorted by stream: what a MAPHEAD now would cover."""
        rows = self._all(
            "SELECT stream_id, version, leaf FROM access_log JOIN head USING (stream_id)"
            " ORDER BY stream_id"
        )
        return [MapLabel(*row) for row in rows]

    def changes(self) -> list[Change]:
        """The newest entries of access logs, in order, as far as a MAPHEAD may still reach back."""
        statement = "SELECT position, stream_id, version, prev_leaf FROM change ORDER BY position"
        return [Change(*row) for row in self._all(statement)]

    def logged_map(self) -> LoggedMap | None:
        """The last MAPHEAD."""
        row = self._one("SELECT position, epoch, log_size, map_size, map_root FROM logged_map")
        return None if row is None else LoggedMap(row[0], MapHead(*row[1:]))

    def custodians(self) -> list[str]:
        """The verifier keys of the custodians, in the order in which they were named."""
        return [row[0] for row in self._all("SELECT vkey FROM custodian ORDER BY number")]

    def named_keys(self) -> list[NamedKey]:
        """The keys of the log and of its witnesses that the log names, in the order of the log."""
        statement = "SELECT kind, vkey, began, ended FROM named_key ORDER BY began, vkey"
        return [NamedKey(*row) for row in self._all(statement)]

    def note(self, name: str) -> bytes | None:
        """What was put under a name."""
        row = self._one("SELECT data FROM note WHERE name = ?", (name,))
        return None if row is None else row[0]

    def put_note(self, name: str, data: bytes) -> None:
        """Put something under a name, in place of what was there."""
        with self._transaction():
            self._put_notes({name: data})

    def advance(
        self,
        since: int,
        state: AuditState,
        news: News,
        notes: Mapping[str, bytes] = MappingProxyType({}),
    ) -> None:
        """Save what a batch changed that began at size `since`, and notes with it.

        Of the state, only heads that have changed need to be there.

        Raises:
            MemoryOvertaken: the memory does not stand at `since` any more; nothing was saved.
            MemoryRefused: the file cannot be written; nothing was saved.
        """
        with self._transaction():
            moved = self._db.execute(
                "UPDATE standing SET size = ?, range = ?, tx_first = ?, time_ms = ? WHERE size = ?",
                (state.size, state.range_bytes, state.tx_first, state.time_ms, since),
            )
            if moved.rowcount != 1:
                msg = "The memory has been advanced by another process."
                raise MemoryOvertaken(msg)
            self._put_heads(state.heads)
            self._put_news(news)
            self._put_notes(notes)

    def _put_heads(self, heads: Mapping[bytes, Head]) -> None:
        # In the order of the table, so that neighbours share a page.
        rows = ((stream_id, *heads[stream_id]) for stream_id in sorted(heads))
        self._db.executemany("INSERT OR REPLACE INTO head VALUES(?, ?, ?, ?)", rows)

    def _put_news(self, news: News) -> None:
        keys = ((key_id, *news.keys[key_id]) for key_id in sorted(news.keys))
        self._db.executemany("INSERT INTO key VALUES(?, ?, ?, ?)", keys)
        closed = ((key_id,) for key_id in sorted(news.closed))
        self._db.executemany("INSERT OR IGNORE INTO closed_key VALUES(?)", closed)
        logs = sorted(news.access_logs.items())
        self._db.executemany("INSERT INTO access_log VALUES(?, ?)", logs)
        self._db.executemany("INSERT INTO change VALUES(?, ?, ?, ?)", news.changes)
        self._db.execute("DELETE FROM change WHERE position < ?", (news.reach,))
        added = [(vkey,) for vkey in news.custodians]
        self._db.executemany("INSERT OR IGNORE INTO custodian(vkey) VALUES(?)", added)
        if news.origin is not None:
            self._db.execute("UPDATE standing SET origin = ?", (news.origin,))
            self._db.execute("DELETE FROM logged_map")
            self._db.execute("DELETE FROM named_key")
        named = news.named_keys.values()
        self._db.executemany(
            "INSERT OR REPLACE INTO named_key(kind, vkey, began, ended) VALUES(?, ?, ?, ?)", named
        )
        if news.logged_map is not None:
            position, head = news.logged_map
            self._db.execute(
                "INSERT OR REPLACE INTO logged_map VALUES(1, ?, ?, ?, ?, ?)",
                (position, head.epoch, head.log_size, head.map_size, head.map_root),
            )

    def _put_notes(self, notes: Mapping[str, bytes]) -> None:
        self._db.executemany("INSERT OR REPLACE INTO note VALUES(?, ?)", notes.items())

    def _require_format(self) -> None:
        (application,) = self._db.execute("PRAGMA application_id").fetchone()
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if application != APPLICATION:
            msg = "The file is no memory of what was verified."
            raise MemoryRefused(msg)
        if version == _OLDER:
            # Before this format no key was retired, none destroyed, and none named.
            self._db.executescript(
                "BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS"
                " closed_key(key_id BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;"
                f"{_NAMED_KEY};"
                f" PRAGMA user_version = {FORMAT}; COMMIT"
            )
        elif version != FORMAT:
            msg = "The memory has a format that this version does not know."
            raise MemoryRefused(msg)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise _unusable(error) from error
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def _one(self, statement: str, values: tuple[object, ...] = ()) -> Any:
        try:
            return self._db.execute(statement, values).fetchone()
        except sqlite3.Error as error:
            raise _unusable(error) from error

    def _all(self, statement: str) -> list[Any]:
        try:
            return self._db.execute(statement).fetchall()
        except sqlite3.Error as error:
            raise _unusable(error) from error


def _damaged() -> MemoryRefused:
    return MemoryRefused("The memory of what was verified is damaged.")


def _unusable(error: sqlite3.Error) -> MemoryRefused:
    """Say what SQLite says, which names neither path nor content: full, locked, read-only."""
    return MemoryRefused(f"The memory of what was verified cannot be used: {error}.")
