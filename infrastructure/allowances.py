"""How often somebody has done something today: a small store of counters beside the record.

Every process of a data folder counts in the same file, in one statement each, synced before the
answer: nobody gets more by asking twice at once or after a crash. It holds pseudonymous ids, the
day and a number; what was asked stands in the record alone. The days before yesterday are swept.
"""

from __future__ import annotations

import sqlite3
import threading
from datetime import date, timedelta
from pathlib import Path

from domain.values import ActorId
from infrastructure.sharing import make_file

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS spent(actor BLOB NOT NULL, what TEXT NOT NULL, day TEXT NOT NULL,"
    " times INTEGER NOT NULL, PRIMARY KEY(actor, what, day)) STRICT, WITHOUT ROWID"
)
_SPEND = (
    "INSERT INTO spent VALUES(?, ?, ?, 1) ON CONFLICT DO UPDATE SET times = times + 1"
    " WHERE times < ? RETURNING times"
)


class Allowances:
    """The counters of one data folder."""

    def __init__(self, path: Path) -> None:
        """Open the file, making it where it is missing."""
        self._lock = threading.Lock()
        make_file(path)
        self._db = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute(_SCHEMA)

    def left(self, actor: ActorId, what: str, day: date, most: int) -> bool:
        """Whether anything is left of so many times."""
        with self._lock:
            found = self._db.execute(
                "SELECT times FROM spent WHERE actor = ? AND what = ? AND day = ?",
                (bytes.fromhex(actor), what, day.isoformat()),
            ).fetchone()
        return found is None or found[0] < most

    def spend(self, actor: ActorId, what: str, day: date, most: int) -> bool:
        """Take one of so many times, durably; false where nothing is left."""
        if most < 1:
            return False
        spent = (bytes.fromhex(actor), what, day.isoformat(), most)
        with self._lock:
            taken = self._db.execute(_SPEND, spent).fetchall()
            self._db.execute(
                "DELETE FROM spent WHERE day < ?", ((day - timedelta(days=1)).isoformat(),)
            )
        return bool(taken)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()
