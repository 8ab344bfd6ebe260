"""``releases.db``: what the broker released to whom, what it refused, and what alarmed it.

It holds pseudonyms alone: actors' ids, the tags of subjects, positions. A line is written before
the answer leaves, so that a broker that is killed still knows what it gave; a power cut may take
the last lines, and what they were for with them: entries older than a broker's start open nothing
(see ``admission``).

Source:
    docs of the design: security, section 2.9; docs/formats/releases.md.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from domain.errors import RecordUnavailable
from infrastructure.errors import WrongKeyStore

FORMAT = 1
SAME_SECONDS = 60
"""What one request is given again within this time is the same release."""
_SCHEMA = f"""
PRAGMA user_version = {FORMAT};
CREATE TABLE release(
  number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, uid INTEGER NOT NULL, pid INTEGER NOT NULL,
  kind TEXT NOT NULL, actor TEXT NOT NULL, request TEXT NOT NULL, subject BLOB NOT NULL,
  size INTEGER NOT NULL, position INTEGER, count INTEGER NOT NULL, outcome TEXT NOT NULL) STRICT;
CREATE INDEX release_open ON release(number) WHERE outcome = 'open';
CREATE INDEX release_by_request ON release(request, actor, subject) WHERE kind IN ('fold', 'seal');
CREATE INDEX release_by_time ON release(at_ms);
CREATE TABLE entry_used(
  position INTEGER PRIMARY KEY, leaf BLOB NOT NULL, at_ms INTEGER NOT NULL,
  verified INTEGER NOT NULL) STRICT;
CREATE TABLE look_used(name TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) STRICT;
CREATE TABLE refusal(
  number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, uid INTEGER NOT NULL, pid INTEGER NOT NULL,
  code TEXT NOT NULL, actor TEXT NOT NULL, request TEXT NOT NULL, subject BLOB,
  position INTEGER) STRICT;
CREATE TABLE alarm(
  number INTEGER PRIMARY KEY, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,
  code TEXT NOT NULL, actor TEXT NOT NULL, count INTEGER NOT NULL, settled_ms INTEGER) STRICT;
CREATE TABLE tally(
  hour INTEGER NOT NULL, uid INTEGER NOT NULL, what TEXT NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY(hour, uid, what)) STRICT, WITHOUT ROWID;
CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
"""


class Kind(StrEnum):
    """For what something was released."""

    READ = "read"
    LIST = "list"
    FOLD = "fold"
    SEAL = "seal"
    STANDING = "standing"
    LOOKUP = "lookup"


class State(StrEnum):
    """What the log says of a release."""

    OPEN = "open"
    MATCHED = "matched"
    MISSING = "missing"


class Peer(NamedTuple):
    """The process at the other end of the socket, as the kernel names it."""

    pid: int
    uid: int


class Asker(NamedTuple):
    """Who asks, as the worker claims it."""

    actor: str
    request: str


class Released(NamedTuple):
    """A release whose entry is still looked for, behind the log as large as it was then."""

    number: int
    at_ms: int
    size: int
    asker: Asker
    subject: bytes


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that somebody has to look at."""

    number: int
    first_ms: int
    last_ms: int
    code: str
    actor: str
    count: int


class Used(NamedTuple):
    """An access entry against which something was opened."""

    position: int
    leaf: bytes


class Releases:
    """The book of one broker."""

    def __init__(self, path: Path) -> None:
        """Open the book; it is made where there is none yet.

        Raises:
            WrongKeyStore: It is damaged, or of a version that this program does not know.
        """
        self._lock = threading.RLock()
        try:
            new = not path.exists()
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            path.chmod(0o600)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            if new:
                self._db.executescript(f"BEGIN; {_SCHEMA} COMMIT;")
            (found,) = self._db.execute("PRAGMA user_version").fetchone()
        except sqlite3.DatabaseError:
            raise WrongKeyStore("The broker's book of releases is damaged.") from None
        if found != FORMAT:
            raise WrongKeyStore("The broker's book of releases has an unknown format.")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    # Releases

    def release(
        self,
        peer: Peer,
        asker: Asker,
        kind: Kind,
        subjects: Iterable[bytes],
        now_ms: int,
        *,
        size: int = 0,
        used: Sequence[Used] = (),
        looks: Sequence[str] = (),
    ) -> None:
        """Write down what is about to be given; an entry that was used before opens nothing.

        ``size`` is that of the log: the event for which something is given has to come behind it.

        Raises:
            EntryUsed: One of the entries was; nothing is written.
            RecordUnavailable: Nothing could be written, so nothing may be given.
        """
        position = used[0].position if used else None
        with self._writing():
            for each in used:
                self._use(
                    "INSERT OR IGNORE INTO entry_used VALUES(?, ?, ?, 0)",
                    (each.position, each.leaf, now_ms),
                )
            for look in looks:
                self._use("INSERT OR IGNORE INTO look_used VALUES(?, ?)", (look, now_ms))
            for subject in dict.fromkeys(subjects):
                self._release((now_ms, peer.uid, peer.pid), asker, kind, subject, (size, position))

    def _use(self, statement: str, values: tuple[object, ...]) -> None:
        if self._db.execute(statement, values).rowcount == 0:
            raise EntryUsed

    def _release(
        self,
        whence: tuple[int, int, int],
        asker: Asker,
        kind: Kind,
        subject: bytes,
        where: tuple[int, int | None],
    ) -> None:
        now_ms = whence[0]
        if kind in (Kind.FOLD, Kind.SEAL):
            again = self._db.execute(
                "UPDATE release SET count = count + 1 WHERE request = ? AND actor = ?"
                " AND subject = ? AND kind IN ('fold', 'seal') AND kind = ? AND at_ms >= ?"
                " AND outcome != 'missing'",
                (asker.request, asker.actor, subject, kind, now_ms - SAME_SECONDS * 1000),
            ).rowcount
            if again:
                return
        # What is opened against an entry has its entry; a fold's and a seal's has to come.
        state = State.OPEN if kind in (Kind.FOLD, Kind.SEAL) else State.MATCHED
        self._db.execute(
            "INSERT INTO release VALUES(NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?)",
            (*whence, kind, *asker, subject, *where, state),
        )

    def tally(self, counts: Iterable[tuple[int, str, int]], now_ms: int) -> None:
        """Add to the counts of what is given on asking: by uid, what, and how often."""
        hour = now_ms // 3_600_000
        with self._writing():
            self._db.executemany(
                "INSERT INTO tally VALUES(?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET count = count + excluded.count",
                [(hour, *each) for each in counts],
            )

    def recent(self, since_ms: int) -> list[tuple[str, str, bytes, int]]:
        """Kind, actor, subject and time of every release since an instant."""
        return self._all(
            "SELECT kind, actor, subject, at_ms FROM release WHERE at_ms >= ?", (since_ms,)
        )

    def unmatched(self) -> list[Released]:
        """The releases whose entry has not been found yet."""
        rows = self._all(
            "SELECT number, at_ms, size, actor, request, subject FROM release"
            " WHERE outcome = 'open' ORDER BY number"
        )
        return [Released(row[0], row[1], row[2], Asker(row[3], row[4]), row[5]) for row in rows]

    def mark(self, numbers: Iterable[int], state: State) -> None:
        """Write down what the log says of releases."""
        with self._writing():
            self._db.executemany(
                "UPDATE release SET outcome = ? WHERE number = ?",
                [(state, each) for each in numbers],
            )

    def used(self, *, again: bool) -> list[Used]:
        """The entries that were used; without ``again`` those not yet compared with the log."""
        where = "" if again else " WHERE verified = 0"
        return [Used(*row) for row in self._all(f"SELECT position, leaf FROM entry_used{where}")]  # noqa: S608 - two constants

    def verified(self, positions: Iterable[int]) -> None:
        """Write down that entries stand in the log as they were used."""
        with self._writing():
            self._db.executemany(
                "UPDATE entry_used SET verified = 1 WHERE position = ?",
                [(each,) for each in positions],
            )

    def was_used(self, positions: Sequence[int]) -> frozenset[int]:
        """Which of these entries were used."""
        if not positions:
            return frozenset()
        rows = self._all(
            "SELECT position FROM entry_used WHERE position BETWEEN ? AND ?",
            (min(positions), max(positions)),
        )
        return frozenset(row[0] for row in rows).intersection(positions)

    # Refusals and alarms

    def refuse(
        self,
        peer: Peer,
        asker: Asker,
        code: str,
        now_ms: int,
        *,
        subject: bytes | None = None,
        position: int | None = None,
    ) -> None:
        """Write a refusal down."""
        with self._writing():
            self._db.execute(
                "INSERT INTO refusal VALUES(NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
                (now_ms, peer.uid, peer.pid, code, *asker, subject, position),
            )

    def alarm(self, code: str, actor: str, now_ms: int) -> tuple[Alarm, bool]:
        """Raise an alarm, and whether it is a new one; an open one is raised again."""
        with self._writing():
            row = self._db.execute(
                "UPDATE alarm SET count = count + 1, last_ms = ?"
                " WHERE code = ? AND actor = ? AND settled_ms IS NULL"
                " RETURNING number, first_ms, last_ms, code, actor, count",
                (now_ms, code, actor),
            ).fetchone()
            if row is not None:
                return Alarm(*row), False
            row = self._db.execute(
                "INSERT INTO alarm VALUES(NULL, ?, ?, ?, ?, 1, NULL)"
                " RETURNING number, first_ms, last_ms, code, actor, count",
                (now_ms, now_ms, code, actor),
            ).fetchone()
        return Alarm(*row), True

    def alarms(self) -> list[Alarm]:
        """The alarms that nobody has settled."""
        return [
            Alarm(*row)
            for row in self._all(
                "SELECT number, first_ms, last_ms, code, actor, count FROM alarm"
                " WHERE settled_ms IS NULL ORDER BY number"
            )
        ]

    def settle(self, number: int, now_ms: int) -> bool:
        """Write down that an alarm has been looked into; whether there was one."""
        with self._writing():
            return bool(
                self._db.execute(
                    "UPDATE alarm SET settled_ms = ? WHERE number = ? AND settled_ms IS NULL",
                    (now_ms, number),
                ).rowcount
            )

    def refusals_since(self, since_ms: int) -> int:
        """How many refusals there were since an instant."""
        return int(self._all("SELECT count(*) FROM refusal WHERE at_ms >= ?", (since_ms,))[0][0])

    # How far the log was read

    def position(self) -> int:
        """Up to which position the log was compared with this book; -1 at first."""
        rows = self._all("SELECT value FROM meta WHERE name = 'reconciled'")
        return int(rows[0][0]) if rows else -1

    def reached(self, position: int) -> None:
        """Remember how far the log was compared."""
        with self._writing():
            self._db.execute(
                "INSERT INTO meta VALUES('reconciled', ?)"
                " ON CONFLICT DO UPDATE SET value = excluded.value",
                (position,),
            )

    def counts(self) -> dict[str, int]:
        """How many lines of each kind the book has."""
        found = {
            f"{kind} {state}": count
            for kind, state, count in self._all(
                "SELECT kind, outcome, count(*) FROM release GROUP BY kind, outcome"
            )
        }
        found["entries used"] = self._all("SELECT count(*) FROM entry_used")[0][0]
        found["refusals"] = self._all("SELECT count(*) FROM refusal")[0][0]
        return found

    def _all(self, statement: str, values: tuple[object, ...] = ()) -> list[Any]:
        try:
            with self._lock:
                return self._db.execute(statement, values).fetchall()
        except sqlite3.Error:
            raise RecordUnavailable from None

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield
                self._db.execute("COMMIT")
            except BaseException as error:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error):
                    raise RecordUnavailable from None
                raise


class EntryUsed(Exception):
    """An access entry was used before."""
