"""The scrubber: verifies in the background what is new, everything again each week, and proofs.

- `step` goes over the rows that came since the last one, holds them to every law of the log, and
  compares the leaves with the tiles that the checkpointer has published.
- A record that is not what was written freezes its stream, and the scrubber goes on behind it.
  Anything else makes the record read-only, and the scrubber stops.
- `again` goes over everything from the first row, a slice at a time, whatever is remembered.
- `sample` proves a few rows, chosen by chance, to stand in the published checkpoint.
- `map_head` writes the head of the map of access logs, so that a client can be shown that the log
  of looks at her record is whole.

It remembers how far it came in ``scrub.db``. Nothing here repairs or deletes.

Source:
    docs of the design: security, sections 2.8 to 2.10.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from infrastructure.control import map_head_line
from infrastructure.folder import OpenFolder
from infrastructure.guard.incidents import Scope, scope_of
from infrastructure.guard.watch import Guard
from infrastructure.ledger.check import Row
from infrastructure.ledger.checkpoint import Checkpoint
from infrastructure.ledger.control import map_stream
from infrastructure.ledger.errors import LedgerError, LogBroken, MemoryRefused
from infrastructure.ledger.map import map_root
from infrastructure.ledger.memory import Memory
from infrastructure.ledger.merkle import HASH_SIZE, inclusion_proof, verify_inclusion
from infrastructure.ledger.tiles import TILE_WIDTH, TileFolder
from infrastructure.ledger.trust import Trust
from infrastructure.ledger.verification import RowVerification
from infrastructure.stores.contract import Placed, RecordStore, Submission

SLICE = 20_000
"""Rows that one step goes over at most."""
_COMPARED = "compared"


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """How far a step has come, and how far there is to go."""

    size: int
    behind: int


@dataclass(frozen=True, slots=True)
class Published:
    """The published log: its folder, and whose signature makes its checkpoint good."""

    folder: TileFolder
    trust: Trust

    def checkpoint(self) -> Checkpoint | None:
        """The newest published checkpoint; ``None`` before there is one.

        Raises:
            LedgerError: It is not one that a log of the policy has signed.
        """
        try:
            note = self.folder.read_checkpoint()
        except LedgerError:
            return None
        return self.trust.judge(note).checkpoint


class Scrubber:
    """The scrubber of one open data folder; for one thread."""

    def __init__(
        self,
        store: RecordStore,
        memory: Memory,
        guard: Guard,
        append_key: bytes,
        published: Published | None,
    ) -> None:
        self._store = store
        self._memory = memory
        self._guard = guard
        self._append_key = append_key
        self._published = published
        self._log_id = memory.standing().log_id
        self._again: RowVerification | None = None

    @property
    def memory(self) -> Memory:
        """What it remembers of the log that it has verified."""
        return self._memory

    def close(self) -> None:
        """Close the memory."""
        self._memory.close()

    def step(self) -> Scrubbed:
        """Verify some of what is new.

        Raises:
            LogBroken: The log is broken; the incident has been written down.
        """
        standing = self._store.standing()
        remembered = self._memory.standing()
        try:
            if standing.size < remembered.size:
                expected, found = f"at least {remembered.size} records", f"{standing.size} records"
                raise LogBroken("E-ROLLBACK", standing.size, None, expected, found)
            end = min(remembered.size + SLICE, standing.size)
            verification = RowVerification(
                self._log_id, append_key=self._append_key, memory=self._memory
            )
            self._go_over(verification, end)
            if end == standing.size:
                verification.finish(standing.size, standing.range_bytes)
            verification.save()
            self._compare(end)
        except LogBroken as broken:
            self._report(broken)
            raise
        return Scrubbed(end, standing.size - end)

    def again(self) -> bool:
        """Verify a slice of everything once more, and whether that was the last one.

        Raises:
            LogBroken: The log is broken; the incident has been written down.
        """
        if self._again is None:
            self._again = RowVerification(self._log_id, append_key=self._append_key)
        size = self._memory.standing().size
        end = min(self._again.size + SLICE, size)
        try:
            self._go_over(self._again, end)
            if end == size and self._again.root() != self._memory.standing().root():
                raise LogBroken("E-FORK", end, None, self._memory.standing().root(), "another root")
        except LogBroken as broken:
            self._report(broken)
            raise
        if end < size:
            return False
        self._again = None
        return True

    def sample(self, count: int) -> int:
        """Prove rows chosen by chance against the published checkpoint; how many were proved.

        Raises:
            LogBroken: A row or a tile is not what was signed; the incident has been written down.
        """
        checkpoint = self._published.checkpoint() if self._published else None
        if self._published is None or checkpoint is None or not checkpoint.size:
            return 0
        subtrees = self._published.folder.subtrees(checkpoint.size)
        for _ in range(count):
            position = secrets.randbelow(checkpoint.size)
            rows = self._store.rows(position, 1)
            try:
                proof = inclusion_proof(subtrees, position, checkpoint.size)
                leaf = rows[0].leaf if rows else b""
                verify_inclusion(position, checkpoint.size, leaf, proof, checkpoint.root)
            except LedgerError:
                expected = "a row that stands in the checkpoint"
                broken = LogBroken("E-ROOT", position, None, expected, "another")
                self._report(broken)
                raise broken from None
        return count

    def map_head(self) -> int | None:
        """Write the head of the map of access logs, if it has changed; its position.

        It covers what has been verified, so a step comes first.
        """
        labels = self._memory.labels()
        root, last = map_root(labels), self._memory.logged_map()
        if not labels or (last is not None and last.head.map_root == root):
            return None
        size = self._memory.standing().size
        version = self._store.version(map_stream(self._log_id))
        line = map_head_line(self._log_id, version + 1, size, len(labels), root)
        outcome = self._guard.enter(Submission((line,)))
        # Another process may have written one at the same moment: then that is the head.
        return outcome.last if isinstance(outcome, Placed) else None

    def _go_over(self, verification: RowVerification, end: int) -> None:
        for row in self._rows(verification.size, end):
            try:
                verification.feed(row)
            except LogBroken as broken:
                if scope_of(broken.code, broken.stream) is not Scope.STREAM:
                    raise
                self._report(broken)
                verification.skip(row)

    def _compare(self, size: int) -> None:
        """Hold the leaves of the rows against the tiles that the checkpointer has published."""
        if self._published is None:
            return
        try:
            checkpoint = self._published.checkpoint()
        except LedgerError as refused:
            raise LogBroken("E-AUTH", size, None, "a checkpoint of the log", "another") from refused
        if checkpoint is None:
            return
        if checkpoint.size > self._store.standing().size:
            expected = f"at least {checkpoint.size} records"
            raise LogBroken("E-ROLLBACK", size, None, expected, "fewer")
        compared = int.from_bytes(self._memory.note(_COMPARED) or b"", "big")
        end = min(size, checkpoint.size)
        if end <= compared:
            return
        _compare_tiles(self._published.folder, checkpoint, self._rows(compared, end), compared)
        self._memory.put_note(_COMPARED, end.to_bytes(8, "big"))

    def _rows(self, start: int, end: int) -> Iterator[Row]:
        while start < end:
            rows = self._store.rows(start, min(5_000, end - start))
            if not rows:
                return
            yield from rows
            start += len(rows)

    def _report(self, broken: LogBroken) -> None:
        self._guard.report(broken.code, stream=broken.stream, position=broken.position)


def _compare_tiles(
    folder: TileFolder, checkpoint: Checkpoint, rows: Iterator[Row], start: int
) -> None:
    """Compare leaves with the tiles of level 0, and the tiles with the checkpoint."""
    try:
        root = folder.compact_range(checkpoint.size).root()
        if root != checkpoint.root:
            raise LogBroken("E-ROOT", checkpoint.size, None, checkpoint.root, root)
        tile, hashes = -1, b""
        for position, row in enumerate(rows, start=start):
            if position // TILE_WIDTH != tile:
                tile = position // TILE_WIDTH
                width = min(TILE_WIDTH, checkpoint.size - tile * TILE_WIDTH)
                hashes = folder.hashes(0, tile, width)
            place = position % TILE_WIDTH * HASH_SIZE
            if hashes[place : place + HASH_SIZE] != row.leaf:
                expected = hashes[place : place + HASH_SIZE]
                raise LogBroken("E-FORK", position, None, expected, row.leaf)
    except LogBroken:
        raise
    except LedgerError as refused:
        raise LogBroken("E-ROOT", start, None, "tiles as published", str(refused)) from refused


def read_trust(path: Path) -> Trust | None:
    """The policy of a data folder; ``None`` where no checkpointer was ever set up.

    Raises:
        LedgerError: It is none.
    """
    try:
        return Trust.parse(path.read_bytes())
    except FileNotFoundError:
        return None


def open_scrubber(folder: OpenFolder) -> Scrubber:
    """The scrubber of an open data folder; its memory is made the first time.

    Raises:
        LedgerError: The memory is damaged, or the policy is none.
    """
    layout = folder.layout
    try:
        memory = Memory(layout.scrub)
    except MemoryRefused:
        if layout.scrub.exists():
            raise
        memory = Memory.create(layout.scrub, folder.genesis.origin)
    trust = read_trust(layout.policy)
    published = None if trust is None else Published(TileFolder(layout.log), trust)
    return Scrubber(folder.store, memory, folder.guard, folder.append_key, published)
