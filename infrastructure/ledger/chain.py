"""`Chain`: the laws over the successive entries of one log, and the tree that grows over them.

- E-GAP: positions are dense from 0.
- E-CHAIN: the version follows the last of its stream, `prev_pos` and `prev_leaf` are that one's
  position and leaf, and `tx_first` is the entry itself or what the entry before it says.
- E-TIME: time does not go back.

`check.Audit` holds rows to them and `entries.EntryAudit` bare entries; each checks its next one
first, which changes nothing, and then counts it in. A link to the previous leaf never stands in for
that leaf's own place in the tree: both are checked, for every entry.

Source:
    docs of the design: security, sections 2.1 and 2.8 (b) to (d).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from infrastructure.ledger.entry import ZERO_LEAF
from infrastructure.ledger.errors import EntryRefused, LogBroken
from infrastructure.ledger.merkle import CompactRange

LOG_ID_SIZE = 16


class Head(NamedTuple):
    """The last entry of a stream: what the next one must link to."""

    version: int
    position: int | None
    leaf: bytes


_UNBORN = Head(0, None, ZERO_LEAF)

FindHead = Callable[[bytes], Head | None]
"""Where the head of a stream stands that this chain has not met; ``None``: there is none."""


class Link(NamedTuple):
    """An entry that keeps the laws, and its leaf."""

    position: int
    kind: int
    stream_id: bytes
    version: int
    key_id: bytes
    prev_leaf: bytes
    leaf: bytes
    tx_first: int
    time_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditState:
    """Where an audit stands: all that is needed to go on with it later.

    Of an audit that looks heads up, these are only the heads of streams that have grown.
    """

    size: int = 0
    range_bytes: bytes = b""
    heads: Mapping[bytes, Head] = field(default_factory=lambda: MappingProxyType({}))
    tx_first: int = 0
    time_ms: int = 0


class Chain:
    """What every audit of a log shares: where it stands, and the laws for what comes next."""

    __slots__ = ("_find_head", "_heads", "_log_id", "_range", "_time_ms", "_tx_first")

    def __init__(
        self,
        log_id: bytes,
        *,
        state: AuditState | None = None,
        find_head: FindHead | None = None,
    ) -> None:
        """Begin at the first entry, or go on from `state`.

        Raises:
            EntryRefused: the log id is not 16 bytes.
            RangeRefused: the state's range does not belong to its size.
        """
        if len(log_id) != LOG_ID_SIZE:
            msg = f"log id: expected {LOG_ID_SIZE} bytes, found {len(log_id)}"
            raise EntryRefused(msg)
        begun = state or AuditState()
        self._log_id = log_id
        self._range = CompactRange.from_bytes(begun.size, begun.range_bytes)
        self._heads = dict(begun.heads)
        self._find_head = find_head
        self._tx_first = begun.tx_first
        self._time_ms = begun.time_ms

    @property
    def size(self) -> int:
        """How many entries were counted in: the position the next one must have."""
        return self._range.size

    def root(self) -> bytes:
        """Return the root over the entries counted in."""
        return self._range.root()

    def state(self) -> AuditState:
        """Return where the audit stands, on its own: it does not follow later entries."""
        return AuditState(
            size=self._range.size,
            range_bytes=self._range.to_bytes(),
            heads=MappingProxyType(self._heads.copy()),
            tx_first=self._tx_first,
            time_ms=self._time_ms,
        )

    def admit(self, link: Link) -> None:
        """Count in the entry that was checked last."""
        position, _, stream_id, version, _, _, leaf, self._tx_first, self._time_ms = link
        self._range.append(leaf)
        self._heads[stream_id] = Head(version, position, leaf)

    def rename(self, log_id: bytes) -> None:
        """Go on under another log id: what a RECOVERY that was found good says."""
        self._log_id = log_id

    @property
    def log_id(self) -> bytes:
        """The id that the records of the next entries carry."""
        return self._log_id

    def finish(self, size: int, range_bytes: bytes) -> None:
        """Compare what was counted in with the stored head.

        Raises:
            LogBroken: E-ROOT, the head is not that of these entries.
        """
        if size != self.size:
            raise LogBroken("E-ROOT", self.size, None, f"size {self.size}", f"size {size}")
        if range_bytes != self._range.to_bytes():
            raise LogBroken("E-ROOT", self.size, None, self._range.to_bytes(), range_bytes)

    def _follow(
        self,
        position: int,
        stream_id: bytes,
        version: int,
        prev_pos: int | None,
        tx_first: int,
        time_ms: int,
    ) -> Head:
        """Return the head that an entry in this place follows.

        Raises:
            LogBroken: there can be no such entry here.
        """
        if position != self._range.size:
            expected = f"position {self.size}"
            raise LogBroken("E-GAP", self.size, stream_id, expected, position)
        head = self._heads.get(stream_id)
        if head is None and self._find_head is not None:
            head = self._find_head(stream_id)
        if head is None:
            head = _UNBORN
        if version != head.version + 1:
            expected = f"version {head.version + 1}"
            raise LogBroken("E-CHAIN", position, stream_id, expected, f"version {version}")
        if prev_pos != head.position:
            expected, found = f"previous at {head.position}", f"previous at {prev_pos}"
            raise LogBroken("E-CHAIN", position, stream_id, expected, found)
        # The first entry of a log has none before it, so it can only open a transaction itself.
        if tx_first != position and (tx_first != self._tx_first or position == 0):
            expected = f"transaction from {self._tx_first} or {position}"
            raise LogBroken("E-CHAIN", position, stream_id, expected, f"from {tx_first}")
        if time_ms < self._time_ms:
            expected = f"time not before {self._time_ms}"
            raise LogBroken("E-TIME", position, stream_id, expected, time_ms)
        return head


def check_link(position: int, stream_id: bytes, head: Head, prev_leaf: bytes) -> None:
    """Check that an entry links to the leaf that its stream really ends with.

    Raises:
        LogBroken: E-CHAIN.
    """
    if prev_leaf != head.leaf:
        raise LogBroken("E-CHAIN", position, stream_id, head.leaf, prev_leaf)
