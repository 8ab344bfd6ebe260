"""`EntryAudit`: refolds a log from its bare entries, and stops at the first bad one.

It is what somebody runs who was given the log and not the records: no key, no store. For each
entry, in this order:

- E-PARSE: these are the bytes of an entry.
- E-GAP, E-CHAIN and E-TIME: the laws of `chain`, the link to the previous leaf among them.
- E-LEAF: the record, where it is shown as well, is the one of the entry, by length and hash.
- E-PARSE and E-BIND: its header is well-formed and says what the entry says.

Whether the tree over these entries is that of a signed checkpoint is for the caller to compare.
An entry that is refused leaves the audit as it was.

Source:
    docs of the design: security, sections 2.1 and 2.8 (b) to (e).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from hashlib import sha256

from infrastructure.ledger.chain import Chain, Link, check_link
from infrastructure.ledger.control import check_record
from infrastructure.ledger.entry import ENTRY_SIZE, LIMIT, MAGIC, NO_PREVIOUS
from infrastructure.ledger.errors import LogBroken

# The layout of `entry`, without an object for each: that would be half of the cost.
_unpack = struct.Struct(">4sB3sQ16sQ16sQ32s32sQQQ").unpack
_ZEROS = bytes(3)


class EntryAudit(Chain):
    """Checks the entries of one log, fed in the order of their positions.

    Example:
        audit = EntryAudit(log_id_of(checkpoint.origin))
        audit.extend(entries)
        assert audit.root() == checkpoint.root
    """

    __slots__ = ()

    def extend(self, entries: Iterable[bytes]) -> None:
        """Feed entries, of which no record is shown, until one is bad.

        Raises:
            LogBroken: the first bad entry; those before it stay counted.
        """
        for entry in entries:
            self.admit(self.check(entry))

    def feed(self, entry: bytes, record: bytes | None = None) -> None:
        """Check the next entry, with its record where that is shown, and count it in.

        Raises:
            LogBroken: the entry is not as it was written, or the record is not its own.
        """
        self.admit(self.check(entry, record))

    def check(self, entry: bytes, record: bytes | None = None) -> Link:
        """Check the next entry, as `feed` does, without counting it in.

        Raises:
            LogBroken: the entry is not as it was written, or the record is not its own.
        """
        if len(entry) != ENTRY_SIZE:
            found = f"{len(entry)} bytes"
            raise LogBroken("E-PARSE", self.size, None, f"{ENTRY_SIZE} bytes", found)
        (
            magic,
            kind,
            zeros,
            position,
            stream_id,
            version,
            key_id,
            record_len,
            record_hash,
            prev_leaf,
            prev_pos,
            tx_first,
            time_ms,
        ) = _unpack(entry)
        if magic != MAGIC or zeros != _ZEROS or record_len >= LIMIT or time_ms >= LIMIT:
            raise LogBroken("E-PARSE", self.size, None, "an entry", entry[:8])
        previous = None if prev_pos == NO_PREVIOUS else prev_pos
        head = self._follow(position, stream_id, version, previous, tx_first, time_ms)
        if prev_leaf != head.leaf:
            check_link(position, stream_id, head, prev_leaf)
        if record is not None:
            if (len(record), sha256(record).digest()) != (record_len, record_hash):
                found = f"{len(record)} bytes that are not that record"
                expected = f"the record of {record_len} bytes"
                raise LogBroken("E-LEAF", position, stream_id, expected, found)
            check_record(
                record,
                log_id=self._log_id,
                position=position,
                key_id=key_id,
                stream_id=stream_id,
                version=version,
            )
            if record[5] != kind:
                raise LogBroken("E-BIND", position, stream_id, f"kind {kind}", f"kind {record[5]}")
        leaf = sha256(b"\x00" + entry).digest()
        return Link(position, kind, stream_id, version, key_id, prev_leaf, leaf, tx_first, time_ms)
