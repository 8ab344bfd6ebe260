r"""`PSL1`, the log entry: 152 bytes that stand in the log for one stored record.

- An `Entry` that exists is well-formed; `unpack` takes exactly what `pack` can give.
- The first entry of a stream has version 1, no previous position and `ZERO_LEAF`; every other
  has all three.
- `pack_entry` is the append path: it checks lengths and widths, not how the fields hang together,
  because its callers have just derived them from the head of the stream.

```
off len field
  0   4 "PSL\x01"        4 1 kind (copy of the record's)      5 3 zero
  8   8 position        16 16 stream_id      32 8 version     40 16 key_id
 56   8 record_len      64 32 record_hash    96 32 prev_leaf
128   8 prev_pos       136  8 tx_first      144 8 time_ms     all integers big endian
```

Source:
    docs of the design: security, section 2.1.
"""

from __future__ import annotations

import hmac
import struct
from dataclasses import dataclass

from infrastructure.ledger.errors import EntryRefused, shown

MAGIC = b"PSL\x01"
ENTRY_SIZE = 152
NO_PREVIOUS = 2**64 - 1
ZERO_LEAF = bytes(32)
# Positions, versions and times are signed 64-bit columns in every store.
LIMIT = 2**63

_ZEROS = bytes(3)
_LAYOUT = struct.Struct(">4sB3sQ16sQ16sQ32s32sQQQ")
_pack = _LAYOUT.pack


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of the log, well-formed by construction.

    Raises:
        EntryRefused: the fields are not those of any entry.
    """

    kind: int
    position: int
    stream_id: bytes
    version: int
    key_id: bytes
    record_len: int
    record_hash: bytes
    prev_leaf: bytes
    prev_pos: int | None
    tx_first: int
    time_ms: int

    def __post_init__(self) -> None:
        self.pack()
        _require("position", self.position, 0 <= self.position < LIMIT)
        _require("version", self.version, 0 < self.version < LIMIT)
        _require("time_ms", self.time_ms, 0 <= self.time_ms < LIMIT)
        _require("record_len", self.record_len, self.record_len < LIMIT)
        _require("tx_first", self.tx_first, self.tx_first <= self.position)
        first = self.version == 1
        _require("prev_leaf", self.prev_leaf, (self.prev_leaf == ZERO_LEAF) is first)
        _require("prev_pos", self.prev_pos, (self.prev_pos is None) is first)
        _require("prev_pos", self.prev_pos, first or (self.prev_pos or 0) < self.position)

    def pack(self) -> bytes:
        """Return the 152 bytes of this entry."""
        return pack_entry(
            kind=self.kind,
            position=self.position,
            stream_id=self.stream_id,
            version=self.version,
            key_id=self.key_id,
            record_len=self.record_len,
            record_hash=self.record_hash,
            prev_leaf=self.prev_leaf,
            prev_pos=self.prev_pos,
            tx_first=self.tx_first,
            time_ms=self.time_ms,
        )

    @classmethod
    def unpack(cls, data: bytes) -> Entry:
        """Read an entry back.

        Raises:
            EntryRefused: these are not the bytes of any entry.
        """
        if len(data) != ENTRY_SIZE:
            msg = f"entry: expected {ENTRY_SIZE} bytes, found {len(data)}"
            raise EntryRefused(msg)
        magic, kind, zeros, *fields, prev_pos, tx_first, time_ms = _LAYOUT.unpack(data)
        _require("magic", magic, magic == MAGIC)
        _require("reserved bytes", zeros, zeros == _ZEROS)
        position, stream_id, version, key_id, record_len, record_hash, prev_leaf = fields
        return cls(
            kind=kind,
            position=position,
            stream_id=stream_id,
            version=version,
            key_id=key_id,
            record_len=record_len,
            record_hash=record_hash,
            prev_leaf=prev_leaf,
            prev_pos=None if prev_pos == NO_PREVIOUS else prev_pos,
            tx_first=tx_first,
            time_ms=time_ms,
        )


def pack_entry(  # noqa: PLR0913 - the layout has eleven fields, and an object per append costs
    *,
    kind: int,
    position: int,
    stream_id: bytes,
    version: int,
    key_id: bytes,
    record_len: int,
    record_hash: bytes,
    prev_leaf: bytes,
    prev_pos: int | None,
    tx_first: int,
    time_ms: int,
) -> bytes:
    """Pack an entry on the append path.

    Raises:
        EntryRefused: an identifier or hash has the wrong length, or a number does not fit.
    """
    # struct pads and truncates byte fields without a word, so their lengths are checked first.
    if (
        len(stream_id) != 16  # noqa: PLR2004 - widths of the layout above, in the hot path
        or len(key_id) != 16  # noqa: PLR2004 - same
        or len(record_hash) != 32  # noqa: PLR2004 - same
        or len(prev_leaf) != 32  # noqa: PLR2004 - same
    ):
        raise EntryRefused(_wrong_widths(stream_id, key_id, record_hash, prev_leaf))
    try:
        return _pack(
            MAGIC,
            kind,
            _ZEROS,
            position,
            stream_id,
            version,
            key_id,
            record_len,
            record_hash,
            prev_leaf,
            NO_PREVIOUS if prev_pos is None else prev_pos,
            tx_first,
            time_ms,
        )
    except struct.error as error:
        msg = f"entry: a field does not fit: {error}"
        raise EntryRefused(msg) from error


def authenticate(append_key: bytes, entry: bytes) -> bytes:
    """Return the tag by which a row shows that a writer, and not the database, appended it.

    Source:
        docs of the design: security, section 2.2: HMAC-SHA-256(K_append, entry).
    """
    return hmac.digest(append_key, entry, "sha256")


def _wrong_widths(stream_id: bytes, key_id: bytes, record_hash: bytes, prev_leaf: bytes) -> str:
    found = (len(stream_id), len(key_id), len(record_hash), len(prev_leaf))
    return (
        f"entry: expected stream_id, key_id, record_hash, prev_leaf of 16, 16, 32, 32 bytes, "
        f"found {found}"
    )


def _require(field: str, value: object, holds: bool) -> None:  # noqa: FBT001 - a private assert
    if not holds:
        msg = f"entry: {field} cannot be {shown(value)}"
        raise EntryRefused(msg)
