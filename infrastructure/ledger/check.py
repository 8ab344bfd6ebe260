"""`Audit`: refolds a log from its rows, and stops at the first row that is not as it was written.

It needs no store and no key to contents. For each row, in this order:

- E-GAP: positions are dense from 0.
- E-CHAIN: the version follows the last of its stream, `prev_pos` is that one's position, and
  `tx_first` is the row itself or what the row before it says.
- E-TIME: time does not go back.
- E-LEAF: the leaf is the hash of the entry that columns and record give.
- E-AUTH: with the append key, the tag is that of a writer.
- E-PARSE and E-BIND: the header of the record is well-formed and says what the columns say.

Integrity comes before content: what a stranger put into the table is reported as his (E-AUTH),
not as a record of ours that does not parse. At the end `finish` compares with the stored head
(E-ROOT). A refused row leaves the audit as it was.

A redacted row has lost its record, and with it hash, length and kind: its `entry` must be given
instead. Whether a redaction was approved, and whether a key might be used, is not judged here.

Source:
    docs of the design: security, sections 1.3, 2.1, 2.2 and 2.8 (b) to (e).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest
from types import MappingProxyType
from typing import NamedTuple

from infrastructure.ledger.entry import ZERO_LEAF, Entry, authenticate, pack_entry
from infrastructure.ledger.errors import Code, EntryRefused, LogBroken
from infrastructure.ledger.merkle import CompactRange, leaf_hash

RECORD_MAGIC = b"PSR\x01"
HEADER_SIZE = 80

_SUITE_PLAIN = 0x00
_SUITE_SEALED = 0x01
_FIRST_CONTROL_KIND = 0x40
_NO_FLAGS = b"\x00\x00"
_LOG_ID_SIZE = 16
# Where the fields stand in bytes 8 to 64 of the header.
_BOUND_FIELDS = (
    ("log_id", slice(0, 16)),
    ("key_id", slice(16, 32)),
    ("stream_id", slice(32, 48)),
    ("version", slice(48, 56)),
)


class Row(NamedTuple):
    """One row of the log as the store holds it; `entry` only where the record is withheld."""

    position: int
    stream_id: bytes
    version: int
    key_id: bytes
    prev_pos: int | None
    tx_first: int
    time_ms: int
    leaf: bytes
    auth: bytes
    record: bytes | None
    entry: bytes | None = None


class Head(NamedTuple):
    """The last entry of a stream: what the next one must link to."""

    version: int
    position: int | None
    leaf: bytes


_UNBORN = Head(0, None, ZERO_LEAF)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditState:
    """Where an audit stands: all that is needed to go on with it later."""

    size: int = 0
    range_bytes: bytes = b""
    heads: Mapping[bytes, Head] = field(default_factory=lambda: MappingProxyType({}))
    tx_first: int = 0
    time_ms: int = 0


class _Body(NamedTuple):
    """What of a record stands in its entry."""

    kind: int
    length: int
    digest: bytes


class Audit:
    """Checks the rows of one log, fed in the order of their positions.

    Example:
        audit = Audit(log_id, append_key=key)
        audit.extend(rows)
        audit.finish(head.size, head.range)
    """

    __slots__ = ("_append_key", "_heads", "_log_id", "_range", "_time_ms", "_tx_first")

    def __init__(
        self, log_id: bytes, *, append_key: bytes | None = None, state: AuditState | None = None
    ) -> None:
        """Begin an audit, or go on from `state`; without the key, tags are not checked.

        Raises:
            EntryRefused: the log id is not 16 bytes.
            RangeRefused: the state's range does not belong to its size.
        """
        if len(log_id) != _LOG_ID_SIZE:
            msg = f"log id: expected {_LOG_ID_SIZE} bytes, found {len(log_id)}"
            raise EntryRefused(msg)
        begun = state or AuditState()
        self._log_id = log_id
        self._append_key = append_key
        self._range = CompactRange.from_bytes(begun.size, begun.range_bytes)
        self._heads = dict(begun.heads)
        self._tx_first = begun.tx_first
        self._time_ms = begun.time_ms

    @property
    def size(self) -> int:
        """How many rows were found good: the position the next one must have."""
        return self._range.size

    def root(self) -> bytes:
        """Return the root over the rows found good."""
        return self._range.root()

    def state(self) -> AuditState:
        """Return where the audit stands, on its own: it does not follow later rows."""
        return AuditState(
            size=self._range.size,
            range_bytes=self._range.to_bytes(),
            heads=MappingProxyType(self._heads.copy()),
            tx_first=self._tx_first,
            time_ms=self._time_ms,
        )

    def extend(self, rows: Iterable[Row]) -> None:
        """Feed rows until one is bad.

        Raises:
            LogBroken: the first bad row; those before it stay counted.
        """
        for row in rows:
            self.feed(row)

    def feed(self, row: Row) -> None:
        """Check the next row and count it in.

        Raises:
            LogBroken: the row is not as it was written.
        """
        try:
            self._follow(row)
        except (EntryRefused, TypeError, ValueError) as error:
            # A column of a foreign type or width: the table itself was altered.
            raise LogBroken("E-PARSE", self.size, None, "a row of the log", str(error)) from error

    def finish(self, size: int, range_bytes: bytes) -> None:
        """Compare what was fed with the stored head.

        Raises:
            LogBroken: E-ROOT, the head is not that of these rows.
        """
        if size != self._range.size:
            raise LogBroken("E-ROOT", self.size, None, f"size {self.size}", f"size {size}")
        if range_bytes != self._range.to_bytes():
            raise LogBroken("E-ROOT", self.size, None, self._range.to_bytes(), range_bytes)

    def _follow(self, row: Row) -> None:
        head = self._heads.get(row.stream_id, _UNBORN)
        _check_place(row, self._range.size)
        _check_chain(row, head, self._tx_first)
        if row.time_ms < self._time_ms:
            raise _broken("E-TIME", row, f"time not before {self._time_ms}", row.time_ms)
        body = _body_of(row, head)
        entry = _entry_of(row, head, body)
        leaf = leaf_hash(entry)
        if leaf != row.leaf:
            raise _broken("E-LEAF", row, leaf, row.leaf)
        self._check_auth(row, entry)
        if row.record is not None:
            _check_record(row, row.record, self._log_id)
        self._range.append(leaf)
        self._heads[row.stream_id] = Head(row.version, row.position, leaf)
        self._tx_first = row.tx_first
        self._time_ms = row.time_ms

    def _check_auth(self, row: Row, entry: bytes) -> None:
        if self._append_key is None:
            return
        if not compare_digest(authenticate(self._append_key, entry), row.auth):
            # The right tag is never told: it would let whoever reads the journal pass the row.
            raise _broken("E-AUTH", row, "the tag of a writer", row.auth)


def _broken(code: Code, row: Row, expected: object, found: object) -> LogBroken:
    return LogBroken(code, row.position, row.stream_id, expected, found)


def _check_place(row: Row, position: int) -> None:
    if row.position != position:
        raise LogBroken("E-GAP", position, row.stream_id, f"position {position}", row.position)


def _check_chain(row: Row, head: Head, tx_first: int) -> None:
    if row.version != head.version + 1:
        raise _broken("E-CHAIN", row, f"version {head.version + 1}", f"version {row.version}")
    if row.prev_pos != head.position:
        found = f"previous at {row.prev_pos}"
        raise _broken("E-CHAIN", row, f"previous at {head.position}", found)
    # The first row of a log has none before it, so it can only open a transaction itself.
    if row.tx_first != row.position and (row.tx_first != tx_first or row.position == 0):
        expected = f"transaction from {tx_first} or {row.position}"
        raise _broken("E-CHAIN", row, expected, f"from {row.tx_first}")


def _body_of(row: Row, head: Head) -> _Body:
    record = row.record
    if record is not None:
        # Too short a record has no kind; 0 stands in until the header is checked.
        kind = record[5] if len(record) >= HEADER_SIZE else 0
        return _Body(kind, len(record), sha256(record).digest())
    if row.entry is None:
        raise _broken("E-LEAF", row, "the record, or its entry", "neither")
    kept = Entry.unpack(row.entry)
    if kept.prev_leaf != head.leaf:
        raise _broken("E-CHAIN", row, head.leaf, kept.prev_leaf)
    return _Body(kept.kind, kept.record_len, kept.record_hash)


def _entry_of(row: Row, head: Head, body: _Body) -> bytes:
    return pack_entry(
        kind=body.kind,
        position=row.position,
        stream_id=row.stream_id,
        version=row.version,
        key_id=row.key_id,
        record_len=body.length,
        record_hash=body.digest,
        prev_leaf=head.leaf,
        prev_pos=head.position,
        tx_first=row.tx_first,
        time_ms=row.time_ms,
    )


def _check_record(row: Row, record: bytes, log_id: bytes) -> None:
    """Check that the record is a `PSR1` record, and the one the columns speak of."""
    if len(record) < HEADER_SIZE:
        raise _broken("E-PARSE", row, f"at least {HEADER_SIZE} bytes", len(record))
    if record[:4] != RECORD_MAGIC or record[6:8] != _NO_FLAGS:
        raise _broken("E-PARSE", row, "magic and no flags", record[:8])
    suite, kind = record[4], record[5]
    # SPEC: 0x01 Cobblestone-256; 0x00 plaintext control record; anything else -> reject.
    if suite != _SUITE_SEALED and (suite != _SUITE_PLAIN or kind < _FIRST_CONTROL_KIND):
        raise _broken("E-PARSE", row, "a suite that suits the kind", record[:8])
    bound = log_id + row.key_id + row.stream_id + row.version.to_bytes(8, "big")
    if record[8:64] != bound:
        raise _unbound(row, record[8:64], bound)


def _unbound(row: Row, found: bytes, bound: bytes) -> LogBroken:
    """Name the first field of the header that says something else than its column."""
    name, span = next(each for each in _BOUND_FIELDS if found[each[1]] != bound[each[1]])
    expected = f"{name} {bound[span].hex()}"
    return _broken("E-BIND", row, expected, f"{name} {found[span].hex()}")
