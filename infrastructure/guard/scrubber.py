"""The scrubber: verifies in the background what is new, everything again each week, and samples.

- `step` goes over the rows that came since the last one, holds them to every law of the log, and
  holds their leaves against the checkpoint and the tiles that the checkpointer has published.
- A record that is not what was written freezes its stream, and the scrubber goes on behind it: row
  by row and tag by tag. What control records mean is judged there once the record is good again.
  Anything else makes the record read-only, and the step ends.
- `again` goes over everything from the first row, a slice at a time, whatever is remembered.
- `sample` judges rows chosen by chance, and proves them to stand in the published checkpoint.
- `map_head` writes the head of the map of access logs, so that a client can be shown that the log
  of looks at her record is whole.

It remembers in ``scrub.db`` how far everything was good, and nothing of what lies behind a bad
record or was contradicted by a checkpoint. So damage that has been mended leaves no trace there,
and a memory that is lost costs time and nothing else. Nothing here repairs or deletes a record.

Source:
    docs of the design: security, sections 2.8 to 2.10.
"""

from __future__ import annotations

import logging
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType

from domain.errors import IntegrityIncident
from infrastructure.control import map_head_line
from infrastructure.errors import Broken
from infrastructure.folder import OpenFolder
from infrastructure.guard.incidents import Scope, scope_of
from infrastructure.guard.pin import PinnedHead
from infrastructure.guard.published import (
    Comparison,
    Published,
    must_reach,
    published_in,
    read_trust,
    rows_of,
)
from infrastructure.guard.watch import Guard
from infrastructure.layout import Layout
from infrastructure.ledger.chain import AuditState, FindHead, Head
from infrastructure.ledger.check import Audit, Row
from infrastructure.ledger.checkpoint import Checkpoint
from infrastructure.ledger.control import HEADER_SIZE, map_stream
from infrastructure.ledger.entry import authenticate
from infrastructure.ledger.errors import (
    LedgerError,
    LogBroken,
    MemoryOvertaken,
    MemoryRefused,
    RangeRefused,
)
from infrastructure.ledger.lifecycle import MAP_REACH
from infrastructure.ledger.map import map_root
from infrastructure.ledger.memory import Memory, Standing as Remembered
from infrastructure.ledger.merkle import (
    HASH_SIZE,
    CompactRange,
    inclusion_proof,
    leaf_hash,
    verify_inclusion,
)
from infrastructure.ledger.verification import RowVerification
from infrastructure.lineage import Lineage, named
from infrastructure.stores.contract import Placed, RecordStore, Standing, Submission

__all__ = ("Published", "Scrubbed", "Scrubber", "forget", "open_scrubber", "read_trust")

logger = logging.getLogger("powiernik")

SLICE = 20_000
"""Rows that one step goes over at most."""
_COMPARED = "compared"
_MOST_BEHIND = MAP_REACH // 2
"""Rows that a map head may leave out: others write while it is made, and there is a limit."""
_HEADER_STREAM = slice(40, 56)
_UNREADABLE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """How far a step has come, and how far there is to go."""

    size: int
    behind: int


class Scrubber:
    """The scrubber of one open data folder; for the thread that has opened its memory."""

    def __init__(
        self,
        store: RecordStore,
        memory: Memory,
        guard: Guard,
        append_key: bytes,
        published: Published | None,
        *,
        lineage: Lineage | None = None,
        pin: PinnedHead | None = None,
    ) -> None:
        """``open_scrubber`` makes one; without a lineage the log has the one name it began with."""
        self._store = store
        self._rows = rows_of(store)
        self._memory = memory
        self._guard = guard
        self._append_key = append_key
        self._published = published
        self._pin = pin
        origin = memory.standing().origin
        self._lineage = lineage or named(origin)
        self._walk: _Walk | None = None
        self._again: _Again | None = None

    @property
    def memory(self) -> Memory:
        """What it remembers of the log that it has verified."""
        return self._memory

    def close(self) -> None:
        """Close the memory."""
        self._memory.close()

    # What is new

    def step(self, limit: int = SLICE) -> Scrubbed:
        """Verify some of what is new.

        Raises:
            LogBroken: The log is broken; the incident has been written down.
            Broken: The same, of a log without its head.
            MemoryRefused: The memory cannot be read or written.
        """
        with self._reporting():
            try:
                return self._step(limit)
            except MemoryOvertaken:
                # Another process has verified the same meanwhile: go on from there.
                self._walk = None
                size = self._memory.standing().size
                return Scrubbed(size, self._store.standing().size - size)

    def _step(self, limit: int) -> Scrubbed:
        # In this order: other processes write and verify meanwhile, and the log only grows.
        since = self._memory.standing()
        pinned = self._pin.read() if self._pin else None
        standing = self._store.standing()
        reached = max(since.size, pinned.size if pinned else 0)
        if standing.size < reached:
            expected = f"at least {reached} records"
            raise LogBroken("E-ROLLBACK", standing.size, None, expected, f"{standing.size} records")
        walk = self._begin()
        try:
            end = min(walk.size + limit, standing.size)
            self._go_over(walk, end, standing)
            compared = self._compare(walk.good)
        except LogBroken as broken:
            self._must_not_have_moved(since)
            self._report(broken)
            self._report_bad(walk)
            raise
        self._must_not_have_moved(since)
        # The log is judged first, then its records: into one that is broken nothing is entered.
        self._report_bad(walk)
        self._remember(walk, since, compared)
        return Scrubbed(end, standing.size - end)

    def _begin(self) -> _Walk:
        """Go on behind a bad record, or else from where everything is good."""
        log_id = self._memory.standing().log_id
        verification = RowVerification(log_id, append_key=self._append_key, memory=self._memory)
        walk = _Walk(verification, self._append_key, self._lineage, self._memory.head)
        before = self._walk
        if before is None or before.good != walk.good:
            return walk
        # The bad record itself first: once it is good again, what follows is judged in full.
        for row in self._rows(walk.size, walk.size + 1):
            walk.feed(row)
        before.bad.extend(walk.bad)
        return before if walk.bad else walk

    def _go_over(self, walk: _Walk, end: int, standing: Standing) -> None:
        for row in self._rows(walk.size, end):
            walk.feed(row)
        if walk.size < end or end == standing.size:
            walk.finish(standing)
            self._must_end(standing)

    def _must_end(self, standing: Standing) -> None:
        """Refuse a row beyond the head; where somebody has just written, the head has moved."""
        if self._store.rows(standing.size, 1) and self._store.standing().size == standing.size:
            raise LogBroken("E-ROOT", standing.size, None, "no row beyond the head", "a row")

    def _remember(self, walk: _Walk, since: Remembered, compared: Mapping[str, bytes]) -> None:
        if walk.good > since.size:
            walk.verification.save(compared)
        else:
            for name, data in compared.items():
                self._memory.put_note(name, data)
        self._walk = walk if walk.behind else None

    def _must_not_have_moved(self, since: Remembered) -> None:
        """Tell what was found from heads that another process has moved meanwhile.

        Raises:
            MemoryOvertaken: It did.
        """
        if self._memory.standing().size != since.size:
            msg = "The memory has been advanced by another process."
            raise MemoryOvertaken(msg)

    # What is published

    def _compare(self, size: int) -> dict[str, bytes]:
        """Hold some of the leaves below ``size`` against what is published; what to remember."""
        checkpoint = self._checkpoint()
        if self._published is None or checkpoint is None:
            return {}
        must_reach(checkpoint, self._store.standing().size)
        tree = _range_of(self._memory.note(_COMPARED))
        begun, end = tree.size, min(size, checkpoint.size, tree.size + SLICE)
        comparison = Comparison(self._published.folder, checkpoint, tree)
        if begun < end:
            comparison.go_over(self._rows, end)
            return {_COMPARED: _range_bytes(tree)}
        if begun == checkpoint.size:
            comparison.must_have_its_root()
        return {}

    def _checkpoint(self) -> Checkpoint | None:
        if self._published is None:
            return None
        # In this order: a key that came or went after this is of a checkpoint that lies beyond it.
        named, size = self._memory.named_keys(), self._memory.standing().size
        return self._published.of(self._lineage.origin, size, named)

    # Everything again

    def again(self, limit: int = SLICE) -> bool:
        """Verify a slice of everything once more, and whether that was the last one.

        Everything is what was found good before. A restart begins anew.

        Raises:
            LogBroken: The log is broken; the incident has been written down.
        """
        with self._reporting():
            begun = self._again or self._begin_again()
            # Whatever is found, the next time begins with the first row.
            self._again = None
            remembered = self._memory.standing()
            end = min(begun.walk.size + limit, remembered.size)
            try:
                self._go_over_again(begun, end, remembered)
            except LogBroken as broken:
                self._report(broken)
                self._report_bad(begun.walk)
                raise
            self._report_bad(begun.walk)
            if end < remembered.size:
                self._again = begun
            return self._again is None

    def _go_over_again(self, begun: _Again, end: int, remembered: Remembered) -> None:
        walk = begun.walk
        for row in self._rows(walk.size, end):
            begun.feed(row)
        if walk.size < end:
            raise LogBroken("E-GAP", walk.size, None, f"a row at {walk.size}", "none")
        if walk.size == remembered.size and walk.root() != remembered.root():
            raise LogBroken("E-FORK", walk.size, None, remembered.root(), walk.root())

    def _begin_again(self) -> _Again:
        verification = RowVerification(self._lineage.first, append_key=self._append_key)
        walk = _Walk(verification, self._append_key, self._lineage)
        checkpoint = self._checkpoint()
        if self._published is None or checkpoint is None:
            return _Again(walk, None)
        return _Again(walk, Comparison(self._published.folder, checkpoint, CompactRange()))

    # By chance

    def sample(self, count: int) -> int:
        """Judge rows chosen by chance, each against the published checkpoint; how many were good.

        Raises:
            LogBroken: The log or a tile is not what was signed; the incident has been written down.
        """
        with self._reporting():
            size, good = self._memory.standing().size, 0
            checkpoint = self._checkpoint()
            for _ in range(count if size else 0):
                position = secrets.randbelow(size)
                row = self._row(position)
                try:
                    self._judge_alone(row)
                except LogBroken as broken:
                    self._freeze(broken, row)
                    continue
                self._must_be_in(checkpoint, row)
                good += 1
            return good

    def _judge_alone(self, row: Row) -> None:
        """Judge a row by itself, behind the one before it in its stream."""
        before = None if row.prev_pos is None else self._row(row.prev_pos)
        heads = {}
        if before is not None and before.stream_id == row.stream_id:
            heads[row.stream_id] = Head(before.version, before.position, before.leaf)
        state = AuditState(
            size=row.position,
            # Which hashes these are does not matter: nothing is appended to them.
            range_bytes=bytes(HASH_SIZE * row.position.bit_count()),
            heads=MappingProxyType(heads),
            tx_first=row.tx_first,
        )
        log_id = self._lineage.at(row.position)
        Audit(log_id, append_key=self._append_key, state=state).check(row)

    def _must_be_in(self, checkpoint: Checkpoint | None, row: Row) -> None:
        if self._published is None or checkpoint is None or row.position >= checkpoint.size:
            return
        try:
            subtrees = self._published.folder.subtrees(checkpoint.size)
            proof = inclusion_proof(subtrees, row.position, checkpoint.size)
            verify_inclusion(row.position, checkpoint.size, row.leaf, proof, checkpoint.root)
        except LedgerError:
            expected = "a row that stands in the checkpoint"
            raise LogBroken("E-ROOT", row.position, None, expected, "another") from None

    # The map of access logs

    def map_head(self) -> int | None:
        """Write the head of the map of access logs, if it has changed; its position.

        It covers what has been verified, so a step comes first, and comes again before the next
        one. Where too much has not been verified, or something is broken, none is written.
        """
        log_id = self._lineage.log_id
        stream = map_stream(log_id)
        # First: a head that another process writes from here on makes this one come too late.
        version = self._store.version(stream)
        remembered, last = self._memory.standing(), self._memory.logged_map()
        if version != (last.head.epoch if last else 0):
            # A head that has not been verified may reach further than this one would.
            return None
        if self._store.standing().size - remembered.size > _MOST_BEHIND:
            return None
        labels = self._memory.labels()
        if self._memory.standing() != remembered:
            return None
        root = map_root(labels)
        if not labels or (last is not None and last.head.map_root == root):
            return None
        line = map_head_line(log_id, version + 1, remembered.size, len(labels), root)
        try:
            outcome = self._guard.enter(Submission((line,)))
        except IntegrityIncident:
            return None
        return outcome.last if isinstance(outcome, Placed) else None

    # Reading and telling

    def _row(self, position: int) -> Row:
        row = next(self._rows(position, position + 1), None)
        if row is None or row.position != position:
            raise LogBroken("E-GAP", position, None, f"a row at {position}", "none")
        return row

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        """Write down whatever is found broken in the block."""
        try:
            yield
        except LogBroken as broken:
            self._report(broken)
            raise
        except Broken as broken:
            self._guard.report(broken.code, stream=None, position=None)
            raise
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _UNREADABLE:
                raise
            size = self._memory.standing().size
            damaged = LogBroken("E-PARSE", size, None, "rows that can be read", "a damaged file")
            self._report(damaged)
            raise damaged from None

    def _report(self, broken: LogBroken) -> None:
        self._guard.report(broken.code, stream=broken.stream, position=broken.position)

    def _report_bad(self, walk: _Walk) -> None:
        bad, walk.bad = walk.bad, []
        for broken, row in bad:
            self._freeze(broken, row)

    def _freeze(self, broken: LogBroken, row: Row) -> None:
        """Freeze the streams of a bad record: the one of its row, and the one that it names itself.

        Either may be what was altered, and nothing may be written behind what is missing.

        Raises:
            LogBroken: It is more than a record, or there are too many of them.
        """
        if not _is_of_a_record(broken):
            raise broken
        streams = [row.stream_id]
        if row.record is not None and len(row.record) >= HEADER_SIZE:
            streams.append(row.record[_HEADER_STREAM])
        for stream in dict.fromkeys(streams):
            incident = self._guard.report(broken.code, stream=stream, position=broken.position)
            if incident.scope is Scope.LOG:
                raise broken


class _Walk:
    """A way over rows that goes on behind bad records, and gathers those.

    Up to the first of them everything is judged; behind it rows and tags are, and not what control
    records mean, of which the bad one may have been one.
    """

    def __init__(
        self,
        verification: RowVerification,
        append_key: bytes,
        lineage: Lineage,
        find_head: FindHead | None = None,
    ) -> None:
        self.verification = verification
        self.bad: list[tuple[LogBroken, Row]] = []
        self._append_key = append_key
        self._lineage = lineage
        self._find_head = find_head
        self._behind: Audit | None = None
        self._last_is_bad = False

    @property
    def behind(self) -> bool:
        """Whether there was a bad record."""
        return self._behind is not None

    @property
    def good(self) -> int:
        """Up to where everything is good."""
        return self.verification.size

    @property
    def size(self) -> int:
        """The position of the next row."""
        return self._judge.size

    def root(self) -> bytes:
        """The root over the rows so far."""
        return self._judge.root()

    @property
    def _judge(self) -> RowVerification | Audit:
        return self.verification if self._behind is None else self._behind

    def feed(self, row: Row) -> bytes:
        """Judge the next row; the leaf under which it was counted in.

        Raises:
            LogBroken: The log is broken.
        """
        judge = self._judge
        if isinstance(judge, Audit):
            judge.rename(self._lineage.at(row.position))
        try:
            judge.feed(row)
        except LogBroken as broken:
            if not _is_of_a_record(broken):
                raise
            self.bad.append((broken, row))
            return self._skip(row, judge.entry)
        self._last_is_bad = False
        return row.leaf

    def finish(self, standing: Standing) -> None:
        """Compare with the head of the log.

        Raises:
            LogBroken: E-ROOT or E-TIME, it is not that of these rows.
        """
        self._judge.finish(standing.size, standing.range_bytes)
        newest = self._judge.state().time_ms
        if standing.time_ms != newest and not self._last_is_bad:
            expected = f"the time {newest}"
            raise LogBroken("E-TIME", standing.size, None, expected, standing.time_ms)

    def _skip(self, row: Row, entry: bytes) -> bytes:
        if self._behind is None:
            self._behind = Audit(
                self._lineage.at(row.position),
                append_key=self._append_key,
                state=self.verification.state(),
                find_head=self._find_head,
            )
        # Where the tag is that of the columns and the record, only the leaf was altered.
        only_the_leaf = row.record is not None and authenticate(self._append_key, entry) == row.auth
        leaf = leaf_hash(entry) if only_the_leaf else row.leaf
        self._behind.skip(row._replace(leaf=leaf))
        self._last_is_bad = True
        return leaf


@dataclass(frozen=True, slots=True)
class _Again:
    """A way over everything, and the comparison with what was published when it began."""

    walk: _Walk
    comparison: Comparison | None

    def feed(self, row: Row) -> None:
        leaf = self.walk.feed(row)
        if self.comparison is not None:
            self.comparison.feed(leaf)


def _is_of_a_record(broken: LogBroken) -> bool:
    return scope_of(broken.code, broken.stream) is Scope.STREAM


def _range_bytes(tree: CompactRange) -> bytes:
    return tree.size.to_bytes(8, "big") + tree.to_bytes()


def _range_of(note: bytes | None) -> CompactRange:
    if note is None:
        return CompactRange()
    try:
        return CompactRange.from_bytes(int.from_bytes(note[:8], "big"), note[8:])
    except RangeRefused:
        msg = "The memory of what was verified is damaged."
        raise MemoryRefused(msg) from None


def open_scrubber(folder: OpenFolder) -> Scrubber:
    """The scrubber of an open data folder, for the thread that calls this.

    Where there is no memory of this log that can be used, it begins with the first row.

    Raises:
        LedgerError: The policy is none, or the memory cannot be made.
    """
    published = published_in(folder.layout)
    memory = _find_memory(folder) or _make_memory(folder.layout, folder.genesis.origin)
    return Scrubber(
        folder.store,
        memory,
        folder.guard,
        folder.append_key,
        published,
        lineage=folder.vault.lineage,
        pin=folder.pin,
    )


def _find_memory(folder: OpenFolder) -> Memory | None:
    """The memory, if it is of this log: of the name that the log has where it stands."""
    path = folder.layout.scrub
    if not path.exists():
        return None
    try:
        memory = Memory(path)
    except MemoryRefused:
        logger.warning("the scrubber begins anew: its memory cannot be used")
        return None
    remembered = memory.standing()
    if remembered.log_id == folder.vault.lineage.at(max(remembered.size - 1, 0)):
        return memory
    memory.close()
    logger.warning("the scrubber begins anew: its memory is of another log")
    return None


def _make_memory(layout: Layout, origin: str) -> Memory:
    # Whole or not at all: another process may be about to open it.
    making = layout.scrub.with_name(f".scrub.{secrets.token_hex(4)}.new")
    Memory.create(making, origin).close()
    forget(layout)
    making.rename(layout.scrub)
    return Memory(layout.scrub)


def forget(layout: Layout) -> None:
    """Let the scrubber begin anew when it is opened next."""
    # The journal first: it would be rolled back into the memory that comes after.
    layout.scrub.with_name(f"{layout.scrub.name}-journal").unlink(missing_ok=True)
    layout.scrub.unlink(missing_ok=True)
