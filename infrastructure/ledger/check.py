"""`Audit`: refolds a log from its rows, and stops at the first row that is not as it was written.

It needs no store and no key to contents. For each row, in this order:

- E-GAP, E-CHAIN and E-TIME: the laws of `chain`; the link to the previous leaf is part of the leaf.
- E-LEAF: the leaf is the hash of the entry that columns and record give.
- E-AUTH: with the append key, the tag is that of a writer.
- E-LIMIT, E-PARSE and E-BIND: the record is not too large, its header is well-formed and says
  what the columns say.

Integrity comes before content: what a stranger put into the table is reported as his (E-AUTH),
not as a record of ours that does not parse. At the end `finish` compares with the stored head
(E-ROOT). A refused row leaves the audit as it was.

A redacted row has lost its record, and with it hash, length and kind: its `entry` must be given
instead. Whether a redaction was approved, and whether a key might be used, is not judged here.

Source:
    docs of the design: security, sections 1.3, 2.1, 2.2 and 2.8 (b) to (e).
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from hmac import compare_digest
from typing import NamedTuple

from infrastructure.ledger.chain import AuditState, Chain, FindHead, Head, Link, check_link
from infrastructure.ledger.control import HEADER_SIZE, check_record
from infrastructure.ledger.entry import Entry, authenticate, pack_entry
from infrastructure.ledger.errors import Code, EntryRefused, LogBroken
from infrastructure.ledger.merkle import HASH_SIZE, leaf_hash

__all__ = ("Audit", "AuditState", "Head", "Row")


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


class Audit(Chain):
    """Checks the rows of one log, fed in the order of their positions.

    Example:
        audit = Audit(log_id, append_key=key)
        audit.extend(rows)
        audit.finish(head.size, head.range)
    """

    __slots__ = ("_append_key", "entry")

    def __init__(
        self,
        log_id: bytes,
        *,
        append_key: bytes | None = None,
        state: AuditState | None = None,
        find_head: FindHead | None = None,
    ) -> None:
        """Begin an audit, or go on from `state`; without the key, tags are not checked.

        Raises:
            EntryRefused: the log id is not 16 bytes.
            RangeRefused: the state's range does not belong to its size.
        """
        super().__init__(log_id, state=state, find_head=find_head)
        self._append_key = append_key
        self.entry = b""
        """The entry of the row that was checked last."""

    def extend(self, rows: Iterable[Row]) -> None:
        """Feed rows until one is bad.

        Raises:
            LogBroken: the first bad row; those before it stay counted.
        """
        for row in rows:
            self.admit(self.check(row))

    def feed(self, row: Row) -> None:
        """Check the next row and count it in.

        Raises:
            LogBroken: the row is not as it was written.
        """
        self.admit(self.check(row))

    def check(self, row: Row) -> Link:
        """Check the next row, as `feed` does, without counting it in.

        Raises:
            LogBroken: the row is not as it was written.
        """
        try:
            return self._check(row)
        except (EntryRefused, TypeError, ValueError) as error:
            # A column of a foreign type or width: the table itself was altered.
            raise LogBroken("E-PARSE", self.size, None, "a row of the log", str(error)) from error

    def skip(self, row: Row) -> None:
        """Count the next row in by its stored leaf, without judging it.

        A scrubber goes on after a bad row in this way, to find all of them. What was altered may
        then be reported once more where the stream goes on, since no later row can vouch for it;
        the size and the root are no longer those of a log that was found good.

        Raises:
            LogBroken: E-GAP or E-PARSE, the row is not the next one or has no leaf to count in.
        """
        leaf: object = row.leaf
        if row.position != self.size:
            raise LogBroken("E-GAP", self.size, None, f"position {self.size}", row.position)
        if not isinstance(leaf, bytes) or len(leaf) != HASH_SIZE:
            raise LogBroken("E-PARSE", self.size, None, f"a leaf of {HASH_SIZE} bytes", leaf)
        self._heads[row.stream_id] = Head(row.version, row.position, leaf)
        self._range.append(leaf)
        # A later row may belong to the same transaction. The time stays: were this one's too late,
        # every row after it would seem to go back.
        self._tx_first = row.tx_first

    def _check(self, row: Row) -> Link:
        position, stream_id, version, key_id, prev_pos, tx_first, time_ms, *_ = row
        head = self._follow(position, stream_id, version, prev_pos, tx_first, time_ms)
        kind, length, digest = _body_of(row, head)
        entry = pack_entry(
            kind=kind,
            position=position,
            stream_id=stream_id,
            version=version,
            key_id=key_id,
            record_len=length,
            record_hash=digest,
            prev_leaf=head.leaf,
            prev_pos=prev_pos,
            tx_first=tx_first,
            time_ms=time_ms,
        )
        self.entry = entry
        leaf = leaf_hash(entry)
        if leaf != row.leaf:
            raise _broken("E-LEAF", row, leaf, row.leaf)
        self._check_auth(row, entry)
        if row.record is not None:
            check_record(
                row.record,
                log_id=self._log_id,
                position=position,
                key_id=key_id,
                stream_id=stream_id,
                version=version,
            )
        return Link(position, kind, stream_id, version, key_id, head.leaf, leaf, tx_first, time_ms)

    def _check_auth(self, row: Row, entry: bytes) -> None:
        if self._append_key is None:
            return
        if not compare_digest(authenticate(self._append_key, entry), row.auth):
            # The right tag is never told: it would let whoever reads the journal pass the row.
            raise _broken("E-AUTH", row, "the tag of a writer", row.auth)


def entry_of(row: Row, prev_leaf: bytes) -> Entry:
    """Return the entry of a row, which its leaf is the hash of if nobody has altered either.

    Raises:
        LogBroken: E-PARSE, the row is none of a log.
    """
    record = row.record or b""
    try:
        return Entry(
            kind=record[5],
            position=row.position,
            stream_id=row.stream_id,
            version=row.version,
            key_id=row.key_id,
            record_len=len(record),
            record_hash=sha256(record).digest(),
            prev_leaf=prev_leaf,
            prev_pos=row.prev_pos,
            tx_first=row.tx_first,
            time_ms=row.time_ms,
        )
    except (EntryRefused, TypeError, ValueError, IndexError) as error:
        raise LogBroken("E-PARSE", row.position, None, "a row of the log", str(error)) from error


def _broken(code: Code, row: Row, expected: object, found: object) -> LogBroken:
    return LogBroken(code, row.position, row.stream_id, expected, found)


def _body_of(row: Row, head: Head) -> tuple[int, int, bytes]:
    """Return what of a record stands in its entry: its kind, its length and its hash."""
    record = row.record
    if record is not None:
        # Too short a record has no kind; 0 stands in until the header is checked.
        kind = record[5] if len(record) >= HEADER_SIZE else 0
        return kind, len(record), sha256(record).digest()
    if row.entry is None:
        raise _broken("E-LEAF", row, "the record, or its entry", "neither")
    kept = Entry.unpack(row.entry)
    check_link(row.position, row.stream_id, head, kept.prev_leaf)
    return kept.kind, kept.record_len, kept.record_hash
