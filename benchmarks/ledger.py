"""Row ``ledger``: what it costs an append that each record is entered in the log.

The same sealed records go through the same store twice: as they are entered in use, and by a writer
that keeps positions and versions and no more. Each round begins with an empty file on each side.
Records are sealed beforehand, and nothing but the store is measured.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.measure import Bench, Finding, Series, interleaved, rate
from benchmarks.world import World, make, populate
from infrastructure.ledger.check import Head, Row
from infrastructure.ledger.writer import UNBORN, LogWriter, Sealed
from infrastructure.stores.contract import Line, Submission
from infrastructure.stores.sqlite import SqliteStore

BATCHES = (1, 10, 100)
_APPEND_KEY = bytes(range(32))


class Unlogged(LogWriter):
    """Gives records their place, and makes no entry, no leaf, no tag and no tree."""

    __slots__ = ("_count",)

    def __init__(self) -> None:
        super().__init__(b"")
        self._count: int | None = None

    @property
    def size(self) -> int | None:
        """How many rows there are."""
        return self._count

    def load(self, size: int, range_bytes: bytes, time_ms: int) -> None:
        """Take up where the store says that the rows end."""
        del range_bytes
        self._heads.clear()
        self._count, self._time_ms = size, time_ms

    def forget(self) -> None:
        """Drop everything."""
        self._heads.clear()
        self._count = None

    def enter(self, sealed: Sequence[Sealed], now_ms: int) -> list[Row]:
        """The rows for one transaction, with nothing where a leaf and a tag would stand."""
        first = self._count or 0
        time_ms = self._time_ms = max(now_ms, self._time_ms)
        rows = []
        for position, (stream_id, key_id, record) in enumerate(sealed, first):
            head = self._heads[stream_id]
            version = head.version + 1
            self._heads[stream_id] = Head(version, position, b"")
            rows.append(
                Row(
                    position,
                    stream_id,
                    version,
                    key_id,
                    head.position,
                    first,
                    time_ms,
                    b"",
                    b"",
                    record,
                )
            )
        self._count = first + len(rows)
        return rows

    def standing(self) -> tuple[int, bytes, int]:
        """Size and time as the store keeps them; there is no range."""
        return self._count or 0, b"", self._time_ms


class UnloggedStore(SqliteStore):
    """The same store with that writer."""

    def __init__(self, path: Path, append_key: bytes, now_ms: Callable[[], int]) -> None:
        super().__init__(path, append_key, now_ms)
        self._log = Unlogged()


def ledger(bench: Bench) -> Iterator[Finding]:
    """Events a second with the log and without it, and what entering one takes of a core."""
    rows = _sealed_rows(bench, 10_000 if bench.quick else 50_000)
    submissions = [_submission(row) for row in rows]
    for together in BATCHES:
        logged, unlogged = interleaved(
            bench.rounds * 3,
            lambda: _commits(bench, SqliteStore, submissions, together),  # noqa: B023 - called right here
            lambda: _commits(bench, UnloggedStore, submissions, together),  # noqa: B023 - same
        )
        yield Finding(
            "ledger",
            f"append with the log, {together} event{'s' if together > 1 else ''} a commit",
            Series("events/s", logged),
            None,
            "without it",
            Series("events/s", unlogged),
        )
    logged, unlogged = interleaved(
        bench.rounds * 3,
        lambda: _entering(LogWriter(_APPEND_KEY), rows),
        lambda: _entering(Unlogged(), rows),
    )
    yield Finding(
        "ledger",
        "entering a sealed record, of a core",
        Series("us", logged),
        None,
        "giving it its place alone",
        Series("us", unlogged),
    )


def _sealed_rows(bench: Bench, events: int) -> list[Row]:
    """What a clinic has written: real sizes, in streams of real length."""
    clinic = make(bench.folder / "ledger")
    populate(clinic, World(), events)
    store = clinic.folder.store
    rows = store.rows(0, store.standing().size)
    clinic.close()
    return rows


def _submission(row: Row) -> Submission:
    record = row.record or b""
    line = Line(row.stream_id, ((row.key_id, lambda _: record),), after=row.version - 1)
    return Submission((line,))


def _commits(
    bench: Bench, kind: type[SqliteStore], submissions: Sequence[Submission], together: int
) -> float:
    """Events a second in commits of so many, for as long as a round lasts."""
    path = bench.folder / "appended.db"
    kind.create(path)
    store = kind(path, _APPEND_KEY, lambda: time.time_ns() // 1_000_000)

    def commits() -> int:
        count, ends = 0, time.perf_counter() + bench.seconds
        while count < len(submissions) and time.perf_counter() < ends:
            count += len(store.commit(submissions[count : count + together]))
        return count

    found = rate(commits)
    assert store.standing().size > 0
    store.close()
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()
    return found


def _entering(log: LogWriter, rows: Sequence[Row]) -> float:
    """Microseconds of a core for each record; the heads of all streams are known beforehand."""
    sealed = [Sealed(each.stream_id, each.key_id, each.record or b"") for each in rows]
    transactions = [sealed[start : start + 10] for start in range(0, len(sealed), 10)]
    log.load(0, b"", 0)
    for row in rows:
        log.head(row.stream_id, lambda _: UNBORN)
    begun = time.process_time()
    for number, each in enumerate(transactions):
        log.enter(each, number)
    found = time.process_time() - begun
    assert log.size == len(rows)
    return found * 1e6 / len(rows)
