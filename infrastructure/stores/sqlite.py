"""``record.db``: the store of records on SQLite.

Append-only by triggers; ``BEGIN IMMEDIATE``, write-ahead log, fsync on every commit. One connection
writes, behind a lock; each reading thread has one of its own. Positions are explicit and come from
``log_head`` inside the transaction, so that a rollback leaves no gap. Several processes may share
the file: whoever finds the log longer than it remembers reads its head again.

The class is a recorder of the ``eventsourcing`` library (``ApplicationRecorder``), whose event
store reads through it.

Source:
    docs of the design: security, sections 2.2 and 2.3; architecture, fine print 8 and 10.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from eventsourcing.persistence import IntegrityError, StoredEvent

from infrastructure.errors import Broken, FolderRefused
from infrastructure.ledger.check import Head, Row
from infrastructure.ledger.errors import RangeRefused
from infrastructure.ledger.merkle import CompactRange
from infrastructure.ledger.writer import LogWriter, Sealed
from infrastructure.stores.connections import Reading
from infrastructure.stores.contract import (
    Conflict,
    Line,
    LoggedEvent,
    Outcome,
    Outdated,
    Placed,
    RecordStore,
    Repeated,
    Standing,
    Submission,
    logged_event,
)

FORMAT = 1
_SCHEMA = f"""
PRAGMA user_version = {FORMAT};
CREATE TABLE record(
  pos INTEGER PRIMARY KEY, stream_id BLOB NOT NULL, version INTEGER NOT NULL,
  key_id BLOB NOT NULL, prev_pos INTEGER, tx_first INTEGER NOT NULL, time_ms INTEGER NOT NULL,
  leaf BLOB NOT NULL, auth BLOB NOT NULL, record BLOB, UNIQUE(stream_id, version)) STRICT;
CREATE TABLE log_head(
  id INTEGER PRIMARY KEY CHECK(id = 1), size INTEGER NOT NULL, range BLOB NOT NULL,
  time_ms INTEGER NOT NULL) STRICT;
CREATE TABLE command(tag BLOB PRIMARY KEY, reply BLOB NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO log_head VALUES(1, 0, x'', 0);
CREATE TRIGGER record_is_append_only_1 BEFORE UPDATE ON record
  BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END;
CREATE TRIGGER record_is_append_only_2 BEFORE DELETE ON record
  BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END;
CREATE TRIGGER command_is_append_only_1 BEFORE UPDATE ON command
  BEGIN SELECT RAISE(ABORT, 'commands are append-only'); END;
CREATE TRIGGER command_is_append_only_2 BEFORE DELETE ON command
  BEGIN SELECT RAISE(ABORT, 'commands are append-only'); END;
CREATE TRIGGER log_only_grows BEFORE UPDATE ON log_head WHEN new.size < old.size
  BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;
CREATE TRIGGER log_keeps_its_head BEFORE DELETE ON log_head
  BEGIN SELECT RAISE(ABORT, 'the log keeps its head'); END;
"""
_COLUMNS = "pos, stream_id, version, key_id, prev_pos, tx_first, time_ms, leaf, auth, record"
_INSERT = f"INSERT INTO record({_COLUMNS}) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_REPLY = "SELECT reply FROM command WHERE tag = ?"
_WAIT_SECONDS = 30


class SqliteStore(RecordStore):
    """The record of one clinic in one file."""

    def __init__(
        self,
        path: Path,
        append_key: bytes,
        now_ms: Callable[[], int],
        *,
        committed: Callable[[int, bytes], None] = lambda _size, _range: None,
    ) -> None:
        """Open the file; ``create`` makes it. ``committed`` hears of the head that a commit left.

        Raises:
            FolderRefused: It is missing, damaged, or has a format of another version.
        """
        if not path.exists():
            msg = "The record store is missing."
            raise FolderRefused(msg)
        self._path = path
        self._now_ms = now_ms
        self._committed = committed
        self._log = LogWriter(append_key)
        self._seen: tuple[int, bytes] | None = None
        self._lock = threading.Lock()
        self._reading = Reading(self._connect)
        try:
            self._writer = self._connect()
            (found,) = self._writer.execute("PRAGMA user_version").fetchone()
            if found == FORMAT:
                self._seen = self._writer.execute("SELECT size, range FROM log_head").fetchone()
        except sqlite3.DatabaseError:
            msg = "The record store is damaged."
            raise FolderRefused(msg) from None
        if found != FORMAT:
            self.close()
            msg = "The record store has a format that this version does not know."
            raise FolderRefused(msg)

    @staticmethod
    def create(path: Path) -> None:
        """Make an empty record."""
        db = sqlite3.connect(path, isolation_level=None)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.executescript(f"BEGIN; {_SCHEMA} COMMIT;")
        db.close()
        path.chmod(0o600)

    def close(self) -> None:
        """Close every connection."""
        self._reading.close()
        with self._lock:
            self._writer.close()

    # Writing

    def commit(self, submissions: Sequence[Submission]) -> list[Outcome]:
        """Write submissions in one durable transaction; each has its own outcome."""
        with self._lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                outcomes = self._write(submissions)
                self._writer.execute("COMMIT")
                size, range_bytes, _ = self._log.standing()
                self._seen = (size, range_bytes)
            except BaseException:
                self._log.forget()
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise
            self._committed(size, range_bytes)
        return outcomes

    def _write(self, submissions: Sequence[Submission]) -> list[Outcome]:
        head = self._writer.execute("SELECT size, range, time_ms FROM log_head").fetchone()
        if head is None:
            raise Broken("E-ROOT", "a log without its head")
        if self._log.size is None or self._log.standing() != head:
            try:
                self._must_go_on(*head[:2])
                self._log.load(*head)
            except RangeRefused:
                raise Broken("E-ROOT", "a head of no log") from None
        self._log.begin()
        outcomes: list[Outcome] = []
        rows: list[Row] = []
        replies: dict[bytes, bytes] = {}
        for each in submissions:
            outcome = self._place(each, replies)
            outcomes.append(outcome)
            if isinstance(outcome, Placed):
                rows.extend(outcome.rows)
        if rows:
            self._writer.executemany(_INSERT, [row[:10] for row in rows])
            if replies:
                self._writer.executemany("INSERT INTO command VALUES(?, ?)", replies.items())
            self._writer.execute(
                "UPDATE log_head SET size = ?, range = ?, time_ms = ?", self._log.standing()
            )
        return outcomes

    def _must_go_on(self, size: int, range_bytes: bytes) -> None:
        """Write nothing behind a head that does not go on from the one that was seen last.

        Another process may have added to the log meanwhile; nobody may have taken from it.

        Raises:
            Broken: E-ROLLBACK, it is smaller; E-ROOT, it is not that of what was added.
        """
        if self._seen is not None:
            tree = CompactRange.from_bytes(*self._seen)
            if size < tree.size:
                raise Broken("E-ROLLBACK", "a log that has shrunk")
            added = "SELECT leaf FROM record WHERE pos >= ? AND pos < ? ORDER BY pos"
            tree.extend(leaf for (leaf,) in self._writer.execute(added, (tree.size, size)))
            if (tree.size, tree.to_bytes()) != (size, range_bytes):
                raise Broken("E-ROOT", "a head that is not that of its rows")
        self._seen = (size, range_bytes)

    def _place(self, submission: Submission, replies: dict[bytes, bytes]) -> Outcome:
        tag = submission.tag
        if tag is not None:
            known = replies[tag] if tag in replies else self._find_reply(tag)
            if known is not None:
                return Repeated(known)
        if submission.stands is not None and not submission.stands():
            return Outdated()
        lines: list[tuple[Line, int]] = []
        met: dict[bytes, int] = {}
        for line in submission.lines:
            current = met.get(line.stream_id)
            if current is None:
                current = self._log.head(line.stream_id, self._find_head).version
            if line.only_if_new and current:
                continue
            if line.after is not None and line.after != current:
                return Conflict(line.stream_id, current)
            met[line.stream_id] = current + len(line.records)
            lines.append((line, current))
        sealed = [
            Sealed(line.stream_id, key_id, seal(current + number))
            for line, current in lines
            for number, (key_id, seal) in enumerate(line.records, start=1)
        ]
        rows = tuple(self._log.enter(sealed, self._now_ms()))
        placed = Placed(
            first=rows[0].position,
            last=rows[-1].position,
            time_ms=rows[0].time_ms,
            versions=tuple(met.get(line.stream_id, 0) for line in submission.lines),
            rows=rows,
        )
        if tag is not None and submission.reply is not None:
            replies[tag] = submission.reply(placed)
        return placed

    def _find_head(self, stream_id: bytes) -> Head | None:
        row = self._writer.execute(
            "SELECT version, pos, leaf FROM record WHERE stream_id = ?"
            " ORDER BY version DESC LIMIT 1",
            (stream_id,),
        ).fetchone()
        return None if row is None else Head(*row)

    def _find_reply(self, tag: bytes) -> bytes | None:
        row = self._writer.execute(_REPLY, (tag,)).fetchone()
        return None if row is None else row[0]

    # Reading

    def rows(self, start: int, limit: int) -> list[Row]:
        """Rows in the order of the log, from a position on."""
        found = self._reading.all(
            f"SELECT {_COLUMNS} FROM record WHERE pos >= ? ORDER BY pos LIMIT ?", (start, limit)
        )
        return [Row(*each) for each in found]

    def stream(self, stream_id: bytes, *, until: int | None = None) -> list[Row]:
        """The rows of one stream in order, up to a position."""
        found = self._reading.all(
            f"SELECT {_COLUMNS} FROM record WHERE stream_id = ? AND pos <= ? ORDER BY version",
            (stream_id, _LAST if until is None else until),
        )
        return [Row(*each) for each in found]

    def version(self, stream_id: bytes) -> int:
        """The last version of a stream; 0 where there is none."""
        statement = "SELECT max(version) FROM record WHERE stream_id = ?"
        return self._reading.one(statement, (stream_id,))[0] or 0

    def standing(self) -> Standing:
        """How far the log is."""
        row = self._reading.one("SELECT size, range, time_ms FROM log_head")
        if row is None:
            raise Broken("E-ROOT", "a log without its head")
        return Standing(*row)

    def reply(self, tag: bytes) -> bytes | None:
        """What was kept under a tag."""
        row = self._reading.one(_REPLY, (tag,))
        return None if row is None else row[0]

    def replies(self, after: bytes, limit: int) -> list[tuple[bytes, bytes]]:
        """Tags after one, in their order, each with what was kept under it."""
        statement = "SELECT tag, reply FROM command WHERE tag > ? ORDER BY tag LIMIT ?"
        return self._reading.all(statement, (after, limit))

    def position_at(self, time_ms: int) -> int:
        """The last position recorded at or before an instant; -1 where there is none.

        Times never go back along the log, so that halving finds it.
        """
        low, high = -1, self.standing().size - 1
        while low < high:
            middle = (low + high + 1) // 2
            (found,) = self._reading.one("SELECT time_ms FROM record WHERE pos = ?", (middle,))
            low, high = (middle, high) if found <= time_ms else (low, middle - 1)
        return low

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(
            self._path, isolation_level=None, timeout=_WAIT_SECONDS, check_same_thread=False
        )
        try:
            db.execute("PRAGMA synchronous=FULL")
            db.execute("PRAGMA trusted_schema=OFF")
            db.execute("PRAGMA cache_size=-16000")
            # The first look at the file: one that is no database is closed again at once.
            db.execute("PRAGMA user_version")
        except sqlite3.DatabaseError:
            db.close()
            raise
        return db

    # The library's recorder interface

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Write sealed records that carry their own header; ids are positions plus one."""
        del kwargs
        if not stored_events:
            return []
        lines = tuple(_line(each) for each in stored_events)
        (outcome,) = self.commit([Submission(lines)])
        if not isinstance(outcome, Placed):
            msg = "A stream has moved on."
            raise IntegrityError(msg)
        return [row.position + 1 for row in outcome.rows]

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[LoggedEvent]:
        """The events of one stream between two versions."""
        found = self._reading.all(
            f"SELECT {_COLUMNS} FROM record WHERE stream_id = ? AND version > ? AND version <= ?"
            f" ORDER BY version {'DESC' if desc else 'ASC'} LIMIT ?",
            (
                UUID(str(originator_id)).bytes,
                0 if gt is None else gt,
                _LAST if lte is None else lte,
                -1 if limit is None else limit,
            ),
        )
        return [logged_event(Row(*each)) for each in found]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[LoggedEvent]:
        """Events in the order of the log; topics say nothing here, since they are hidden."""
        del topics
        first = 0 if start is None else start - 1 if inclusive_of_start else start
        found = self._reading.all(
            f"SELECT {_COLUMNS} FROM record WHERE pos >= ? AND pos < ? ORDER BY pos LIMIT ?",
            (first, _LAST if stop is None else stop, limit),
        )
        return [logged_event(Row(*each)) for each in found]


_LAST = 2**63 - 1


def _line(stored: StoredEvent) -> Line:
    record = stored.state
    stream_id = UUID(str(stored.originator_id)).bytes
    return Line(
        stream_id, ((record[24:40], lambda _: record),), after=stored.originator_version - 1
    )
