"""The record: read a stream, append events; the ports ``Record`` and ``Keys`` of the domain.

Appending seals every event for its owner, writes it with its log entry in one transaction shared
with whoever writes at the same moment, and then, for committed access entries, asks the broker for
the tickets that let their reader open what they name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar, cast
from uuid import UUID

from eventsourcing.persistence import EventStore

from domain.confidentiality import (
    KeyPurpose,
)
from domain.errors import IntegrityIncident, RecordUnavailable, Stale, WrongState
from domain.ports import CONTENT, Clock, Recorded, Write
from domain.values import Circumstances, Command, Receipt
from infrastructure.batch import Batch, Vault
from infrastructure.committer import Committer
from infrastructure.errors import Broken, KeyGone
from infrastructure.guard.spool import Spool, only_looks
from infrastructure.guard.watch import Guard
from infrastructure.ledger.check import Row
from infrastructure.mapper import SealedMapper
from infrastructure.stores.contract import (
    Conflict,
    Outcome,
    Outdated,
    Placed,
    RecordStore,
    Repeated,
)
from infrastructure.vault.port import Payloads, Reader

State = TypeVar("State")

MOST_FRAMES = 20_000
_TRIES = 8
"""How often a batch is sealed again, while somebody rotates, renews or destroys keys."""
_OF_THE_LOG = ("E-ROLLBACK", "E-ROOT")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Record:
    """The sealed, append-only record of one clinic."""

    def __init__(
        self,
        store: RecordStore,
        vault: Vault,
        committer: Committer,
        clock: Clock,
        guard: Guard,
        spool: Spool,
        sign: Callable[[int, bytes, int], str],
    ) -> None:
        self._store = store
        self._vault = vault
        self._committer = committer
        self._clock = clock
        self._incidents = guard.incidents
        self._spool = spool
        self._sign = sign
        self._report = guard.report

        def broken(row: Row, code: str) -> None:
            guard.report(code, stream=row.stream_id, position=row.position)

        self.mapper = SealedMapper(vault.keyring, vault.lineage.at, broken)
        self._events: EventStore[UUID] = EventStore(self.mapper, store)
        self._frames: dict[tuple[str, object], tuple[int, object]] = {}

    # Reading

    def frame(self, stream: str, fold: Callable[[Iterable[object]], State]) -> tuple[State, int]:
        """The state folded from what the policy may read of a stream, and the stream's version.

        It is folded once for each version of the stream: the version is asked for every time, so
        that a change decides the very next request, whichever process wrote it.
        """
        version = self._store.version(bytes.fromhex(stream))
        kept = self._frames.get((stream, fold))
        if kept is not None and kept[0] == version:
            return kept[1], version  # type: ignore[return-value]  # folded by this very function
        rows = self._store.stream(bytes.fromhex(stream))
        if rows and rows[-1].version != len(rows):
            # A row that is missing could be the one by which somebody left the care team.
            self._report("E-GAP", stream=rows[-1].stream_id, position=rows[-1].position)
            raise Broken("E-GAP", "a stream that lacks an event")
        open_to_policy = (
            self.mapper.open(row).event
            for row in rows
            if self.mapper.purpose(row) is KeyPurpose.RELATIONSHIP
        )
        state = fold(open_to_policy)
        if len(self._frames) >= MOST_FRAMES:
            self._frames.clear()
        version = rows[-1].version if rows else 0
        self._frames[stream, fold] = (version, state)
        return state, version

    def fold(
        self,
        stream: str,
        fold: Callable[[Iterable[object]], State],
        who: Circumstances | None = None,
    ) -> tuple[State, int]:
        """The state that a command decides on, and the stream's version; texts stay closed.

        A broker of its own opens it in somebody's name (``who``) alone, and the log has to show
        what she did with it.
        """
        found = self.history(stream, who)
        return fold(each.event for each in found), found[-1].version if found else 0

    def history(self, stream: str, who: Circumstances | None = None) -> list[Recorded]:
        """The events of a stream with who recorded them and when, for a command; see ``fold``."""
        reader = self._vault.broker.folding(who)
        found = self._read(stream, None, reader)
        if reader is not None:
            reader.owes(found)
        return found

    def read(
        self, stream: str, *, until: int | None = None, opening: Reader | None = None
    ) -> list[Recorded]:
        """The events of a stream, up to a position; for folding and for projections.

        With an opening it opens what that covers, and nothing else.

        Raises:
            Broken: The stream is not what was written.
        """
        return self._read(stream, until, opening)

    def _read(self, stream: str, until: int | None, reader: Reader | None) -> list[Recorded]:
        found: list[Recorded] = []
        for version, each in enumerate(self._stream(stream, reader), start=1):
            if each.version != version:
                self._report("E-GAP", stream=bytes.fromhex(stream), position=each.position)
                raise Broken("E-GAP", "a stream that lacks an event")
            if until is None or each.position <= until:
                found.append(each)
        return found

    def _stream(self, stream: str, reader: Reader | None) -> Iterator[Recorded]:
        if reader is None:
            return cast("Iterator[Recorded]", self._events.get(UUID(stream)))
        rows = self._store.stream(bytes.fromhex(stream))
        payloads = self._payloads(rows, reader)
        return (self.mapper.open(row, payloads) for row in rows)

    def _payloads(self, rows: Iterable[Row], reader: Reader | None) -> Payloads | None:
        """What stands in those rows whose keys are not at hand, or not for the asking."""
        if reader is None:
            return None
        content = [self.mapper.sealed(row) for row in rows if self.mapper.purpose(row) in CONTENT]
        return reader.records(content) if content else None

    def follow(
        self,
        after: int,
        limit: int,
        purposes: frozenset[KeyPurpose],
        opening: Reader | None = None,
    ) -> tuple[list[Recorded], int]:
        """The events after a position whose keys have one of the purposes, and how far that is.

        A record that is not what was written freezes its own stream; what follows of the others
        goes on, so that one altered row does not hold up a clinic.

        Raises:
            Broken: The log is not what was written.
        """
        rows = self._store.rows(after + 1, limit)
        if rows and rows[-1].position != after + len(rows):
            self._report("E-GAP", stream=None, position=after + 1)
            raise Broken("E-GAP", "a log that lacks a row")
        purpose, open_row = self.mapper.purpose, self.mapper.open
        wanted = [row for row in rows if self._is_for(row, purposes)] if opening else []
        payloads = self._payloads(wanted, opening)
        events = []
        for row in rows:
            try:
                if purpose(row) in purposes:
                    events.append(open_row(row, payloads))
            except Broken:
                if self._incidents.frozen(row.stream_id.hex()) is None:
                    raise
        return events, rows[-1].position if rows else after

    def _is_for(self, row: Row, purposes: frozenset[KeyPurpose]) -> bool:
        try:
            return self.mapper.purpose(row) in purposes
        except Broken:
            return False

    def last_position(self) -> int:
        """The position of the newest event; -1 in an empty record."""
        return self._store.standing().size - 1

    def position_at(self, instant: datetime) -> int:
        """The last position recorded at or before an instant; -1 where there is none."""
        return self._store.position_at((instant - _EPOCH) // timedelta(milliseconds=1))

    # Writing

    def replay(self, who: Circumstances, command: Command) -> Receipt | None:
        """The receipt of a command that has been done before."""
        replies = self._vault.replies
        tag = replies.tag(who, command)
        sealed = self._store.reply(tag)
        return None if sealed is None else self._signed(replies.receipt(tag, sealed, command))

    async def append(
        self,
        writes: Iterable[Write],
        who: Circumstances,
        *,
        command: Command | None = None,
        reply: Iterable[tuple[str, str]] = (),
        occurred_at: datetime | None = None,
    ) -> Receipt:
        """Append all writes in one transaction; durable when it returns."""
        batch = self._batch(writes, who, command, reply, occurred_at)
        if not batch.writes:
            return self._nothing(batch)
        if self._read_only(batch):
            return await asyncio.to_thread(self._spooled, batch)
        outcome: Outcome = Outdated()
        for _ in range(_TRIES):
            if not batch.ready():
                await asyncio.to_thread(self._make_ready, batch)
            with self._reporting():
                outcome = await self._committer.commit_soon(batch.submission())
            if not isinstance(outcome, Outdated):
                break
        return self._settled(batch, outcome)

    def append_now(
        self,
        writes: Iterable[Write],
        who: Circumstances,
        *,
        command: Command | None = None,
        reply: Iterable[tuple[str, str]] = (),
        occurred_at: datetime | None = None,
    ) -> Receipt:
        """``append`` for a thread that may wait; ``occurred_at`` is that of a spooled look."""
        batch = self._batch(writes, who, command, reply, occurred_at)
        if not batch.writes:
            return self._nothing(batch)
        if self._read_only(batch):
            return self._spooled(batch)
        outcome: Outcome = Outdated()
        for _ in range(_TRIES):
            if not batch.ready():
                self._make_ready(batch)
            with self._reporting():
                outcome = self._committer.commit(batch.submission())
            if not isinstance(outcome, Outdated):
                break
        return self._settled(batch, outcome)

    @staticmethod
    def _make_ready(batch: Batch) -> None:
        try:
            batch.make_ready()
        except KeyGone:
            msg = "What this would be written to has been erased"
            raise WrongState(msg) from None

    def _batch(
        self,
        writes: Iterable[Write],
        who: Circumstances,
        command: Command | None,
        reply: Iterable[tuple[str, str]],
        occurred_at: datetime | None = None,
    ) -> Batch:
        now = self._clock.now()
        return Batch(self._vault, now, tuple(writes), who, command, reply, occurred_at)

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        """A store that finds its log cut short while it writes tells whoever watches."""
        try:
            yield
        except Broken as error:
            if error.code in _OF_THE_LOG:
                self._report(error.code, stream=None, position=None)
            raise

    def _read_only(self, batch: Batch) -> bool:
        """Whether something was found broken where this would be written, and it is only looks.

        Raises:
            IntegrityIncident: It is more than looks.
        """
        try:
            self._incidents.must_accept(write.stream for write in batch.writes)
        except IntegrityIncident:
            if only_looks(batch.writes):
                return True
            raise
        return False

    def _spooled(self, batch: Batch) -> Receipt:
        try:
            self._spool.append(batch.writes, batch.who, batch.now)
        except OSError:
            raise RecordUnavailable from None
        return batch.spooled(self.last_position())

    def _nothing(self, batch: Batch) -> Receipt:
        """Nothing had to happen: everything already is as the command wants it."""
        last = self.last_position()
        return Receipt(last, last, batch.now, batch.standing, (), batch.reply)

    def _settled(self, batch: Batch, outcome: Outcome) -> Receipt:
        match outcome:
            case Conflict():
                raise Stale(outcome.current)
            case Repeated() if batch.command is not None:
                replies = self._vault.replies
                tag = replies.tag(batch.who, batch.command)
                return self._signed(replies.receipt(tag, outcome.reply, batch.command))
            case Placed():
                receipt = batch.settled(outcome)
                return receipt if batch.command is None else self._signed(receipt)
            case _:
                raise RecordUnavailable

    def _signed(self, receipt: Receipt) -> Receipt:
        """The receipt with the clinic's signature for each event; the last stands at its end."""
        first = receipt.last - len(receipt.leaves) + 1
        time_ms = (receipt.recorded_at - _EPOCH) // timedelta(milliseconds=1)
        signed = (
            self._sign(position, leaf, time_ms)
            for position, leaf in enumerate(receipt.leaves, start=first)
        )
        return replace(receipt, signed=tuple(signed))
