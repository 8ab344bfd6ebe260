"""`LogWriter`: the append side of the log, called by a store inside its write transaction.

It holds what the next row depends on: the compact range, the clamped time, the last transaction and
the heads of the streams that it has met. A store loads it when another process has written, and
forgets it when a transaction fails, so that nothing of a failed transaction survives here.

Source:
    docs of the design: security, section 2.3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import NamedTuple

from infrastructure.ledger.check import Head, Row
from infrastructure.ledger.entry import ZERO_LEAF, authenticate, pack_entry
from infrastructure.ledger.merkle import CompactRange, leaf_hash

UNBORN = Head(0, None, ZERO_LEAF)
MOST_HEADS = 100_000
"""Heads kept in memory before they are forgotten and read again: about 200 bytes each."""


class Sealed(NamedTuple):
    """A record ready to be entered: its stream, its key and its bytes."""

    stream_id: bytes
    key_id: bytes
    record: bytes


class LogWriter:
    """Turns sealed records into rows of the log, in order."""

    __slots__ = ("_append_key", "_heads", "_range", "_time_ms")

    def __init__(self, append_key: bytes) -> None:
        self._append_key = append_key
        self._heads: dict[bytes, Head] = {}
        self._range: CompactRange | None = None
        self._time_ms = 0

    @property
    def size(self) -> int | None:
        """How many rows the log has, or ``None`` when that is to be read from the store."""
        return None if self._range is None else self._range.size

    def load(self, size: int, range_bytes: bytes, time_ms: int) -> None:
        """Take up the log where the store says that it stands."""
        self._heads.clear()
        self._range = CompactRange.from_bytes(size, range_bytes)
        self._time_ms = time_ms

    def forget(self) -> None:
        """Drop everything: the transaction that it was part of did not happen."""
        self._heads.clear()
        self._range = None

    def begin(self) -> None:
        """Begin a transaction; between two of them heads may be forgotten, within one never."""
        if len(self._heads) >= MOST_HEADS:
            self._heads.clear()

    def head(self, stream_id: bytes, find: Callable[[bytes], Head | None]) -> Head:
        """The last entry of a stream, from memory or from ``find``; `UNBORN` if there is none."""
        known = self._heads.get(stream_id)
        if known is None:
            known = self._heads[stream_id] = find(stream_id) or UNBORN
        return known

    def enter(self, sealed: Sequence[Sealed], now_ms: int) -> list[Row]:
        """The rows for one transaction; every stream's head must have been asked for before."""
        log = self._range
        if log is None:
            msg = "the log writer has not been loaded"
            raise RuntimeError(msg)
        first = log.size
        time_ms = self._time_ms = max(now_ms, self._time_ms)
        rows = []
        for stream_id, key_id, record in sealed:
            head = self._heads[stream_id]
            version, position = head.version + 1, log.size
            entry = pack_entry(
                kind=record[5],
                position=position,
                stream_id=stream_id,
                version=version,
                key_id=key_id,
                record_len=len(record),
                record_hash=sha256(record).digest(),
                prev_leaf=head.leaf,
                prev_pos=head.position,
                tx_first=first,
                time_ms=time_ms,
            )
            leaf = leaf_hash(entry)
            log.append(leaf)
            self._heads[stream_id] = Head(version, position, leaf)
            auth = authenticate(self._append_key, entry)
            rows.append(
                Row(
                    position,
                    stream_id,
                    version,
                    key_id,
                    head.position,
                    first,
                    time_ms,
                    leaf,
                    auth,
                    record,
                )
            )
        return rows

    def standing(self) -> tuple[int, bytes, int]:
        """Size, range and time as the store keeps them beside the rows."""
        if self._range is None:
            msg = "the log writer has not been loaded"
            raise RuntimeError(msg)
        return self._range.size, self._range.to_bytes(), self._time_ms
