"""The store of records in memory: the twin that tests compare others with. It keeps nothing."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from eventsourcing.persistence import IntegrityError, StoredEvent

from infrastructure.ledger.check import Head, Row
from infrastructure.ledger.merkle import CompactRange
from infrastructure.ledger.writer import LogWriter, Sealed
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


class MemoryStore(RecordStore):
    """The record of one clinic in this process."""

    def __init__(self, append_key: bytes, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._log = LogWriter(append_key)
        self._log.load(0, b"", 0)
        self._rows: list[Row] = []
        self._streams: defaultdict[bytes, list[Row]] = defaultdict(list)
        self._replies: dict[bytes, bytes] = {}

    def commit(self, submissions: Sequence[Submission]) -> list[Outcome]:
        """Write submissions; each has its own outcome."""
        with self._lock:
            size, replies = len(self._rows), len(self._replies)
            self._log.begin()
            try:
                return [self._place(each) for each in submissions]
            except BaseException:
                self._undo(size, replies)
                raise

    def rows(self, start: int, limit: int) -> list[Row]:
        """Rows in the order of the log, from a position on."""
        return self._rows[start : start + limit]

    def stream(self, stream_id: bytes, *, until: int | None = None) -> list[Row]:
        """The rows of one stream in order, up to a position."""
        found = self._streams.get(stream_id, [])
        return [row for row in found if until is None or row.position <= until]

    def version(self, stream_id: bytes) -> int:
        """The last version of a stream; 0 where there is none."""
        return len(self._streams.get(stream_id, ()))

    def standing(self) -> Standing:
        """How far the log is."""
        return Standing(*self._log.standing())

    def reply(self, tag: bytes) -> bytes | None:
        """What was kept under a tag."""
        return self._replies.get(tag)

    def replies(self, after: bytes, limit: int) -> list[tuple[bytes, bytes]]:
        """Tags after one, in their order, each with what was kept under it."""
        return sorted(each for each in self._replies.items() if each[0] > after)[:limit]

    def position_at(self, time_ms: int) -> int:
        """The last position recorded at or before an instant; -1 where there is none."""
        return bisect_right(self._rows, time_ms, key=lambda row: row.time_ms) - 1

    def close(self) -> None:
        """Nothing to give back."""

    # The library's recorder interface

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Take sealed records that carry their own header; ids are positions plus one."""
        del kwargs
        if not stored_events:
            return []
        (outcome,) = self.commit([Submission(tuple(_line(each) for each in stored_events))])
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
        rows = self.stream(UUID(str(originator_id)).bytes)[gt or 0 : lte]
        return [logged_event(row) for row in (rows[::-1] if desc else rows)[:limit]]

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
        first = 0 if start is None else max(start - inclusive_of_start, 0)
        return [logged_event(row) for row in self._rows[first:stop][:limit]]

    def _place(self, submission: Submission) -> Outcome:
        if submission.tag is not None and submission.tag in self._replies:
            return Repeated(self._replies[submission.tag])
        if submission.stands is not None and not submission.stands():
            return Outdated()
        ends: dict[bytes, int] = {}
        sealed = []
        for line in submission.lines:
            current = ends.get(line.stream_id, self.version(line.stream_id))
            if line.only_if_new and current:
                continue
            if line.after not in (None, current):
                return Conflict(line.stream_id, current)
            for key_id, seal in line.records:
                current += 1
                sealed.append(Sealed(line.stream_id, key_id, seal(current)))
            ends[line.stream_id] = current
        for each in sealed:
            self._log.head(each.stream_id, self._find_head)
        rows = tuple(self._log.enter(sealed, self._now_ms()))
        for row in rows:
            self._rows.append(row)
            self._streams[row.stream_id].append(row)
        versions = tuple(ends.get(line.stream_id, 0) for line in submission.lines)
        placed = Placed(rows[0].position, rows[-1].position, rows[0].time_ms, versions, rows)
        if submission.tag is not None and submission.reply is not None:
            self._replies[submission.tag] = submission.reply(placed)
        return placed

    def _undo(self, size: int, replies: int) -> None:
        """Be as before the batch: none of it happened."""
        time_ms = self._rows[size - 1].time_ms if size else 0
        for row in self._rows[size:]:
            del self._streams[row.stream_id][row.version - 1 :]
        del self._rows[size:]
        while len(self._replies) > replies:
            self._replies.popitem()
        leaves = CompactRange()
        leaves.extend(row.leaf for row in self._rows)
        self._log.load(size, leaves.to_bytes(), time_ms)

    def _find_head(self, stream_id: bytes) -> Head | None:
        found = self._streams.get(stream_id)
        if not found:
            return None
        return Head(found[-1].version, found[-1].position, found[-1].leaf)


def _line(stored: StoredEvent) -> Line:
    record = stored.state
    stream_id = UUID(str(stored.originator_id)).bytes
    return Line(
        stream_id, ((record[24:40], lambda _: record),), after=stored.originator_version - 1
    )
