"""The pinned head: what the last commit left, remembered beside the database and not in it.

After every commit the size of the log and its compact range are noted in a small file. A record
store that is smaller at the next start, or whose rows do not lead from there to its head, was put
back or rewritten meanwhile. The note is not synced, so after a power cut it may be a little older
than the record, and it is never ahead of it. It has two slots, written in turn, so that a torn one
leaves the other; each carries a tag of the append key, so that nobody without it makes one up.

Source:
    docs of the design: security, sections 2.4 and 2.6.
"""

from __future__ import annotations

import hmac
import os
import struct
from pathlib import Path

from infrastructure.ledger.errors import Code, LogBroken, RangeRefused
from infrastructure.ledger.merkle import CompactRange
from infrastructure.stores.contract import RecordStore

_HEAD = struct.Struct(">4s16sQH")
_MAGIC = b"PSH\x01"
_TAG = 32
_SLOT = 4096
_SLOTS = 2
_BATCH = 5000


class PinnedHead:
    """The note of one record's head, open for as long as the record is."""

    def __init__(self, path: Path, log_id: bytes, append_key: bytes) -> None:
        self._log_id = log_id
        self._key = append_key
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._closed = False

    def close(self) -> None:
        """Make the note durable and close the file."""
        if not self._closed:
            self._closed = True
            os.fsync(self._file)
            os.close(self._file)

    def note(self, size: int, range_bytes: bytes) -> None:
        """Remember the head that a commit has left."""
        head = _HEAD.pack(_MAGIC, self._log_id, size, len(range_bytes)) + range_bytes
        tag = hmac.digest(self._key, b"powiernik/1/pin" + head, "sha256")
        os.pwrite(self._file, head + tag, _SLOT * (size % _SLOTS))

    def reset(self, size: int, range_bytes: bytes) -> None:
        """Forget what was noted, and remember this: what two custodians have approved."""
        os.ftruncate(self._file, 0)
        self.note(size, range_bytes)
        os.fsync(self._file)

    def read(self) -> CompactRange | None:
        """The newest head that was noted; ``None`` where there is none to believe."""
        found = [self._slot(os.pread(self._file, _SLOT, _SLOT * each)) for each in range(_SLOTS)]
        return max((each for each in found if each), key=lambda each: each.size, default=None)

    def check(self, store: RecordStore) -> None:
        """Refuse a record that does not go on from the pinned head, and note where it stands.

        Raises:
            LogBroken: E-ROLLBACK, it is smaller, or there is no pinned head; E-ROOT, its head is
                not that of its rows; E-FORK, it went on otherwise.
        """
        pinned = self.read()
        standing = store.standing()
        if pinned is None:
            raise LogBroken("E-ROLLBACK", standing.size, None, "a pinned head", "none")
        if standing.size < pinned.size:
            if store.rows(standing.size, 1):
                raise LogBroken("E-ROOT", standing.size, None, "no row beyond the head", "a row")
            expected = f"at least {pinned.size} records"
            raise LogBroken("E-ROLLBACK", standing.size, None, expected, f"{standing.size} records")
        _extend(pinned, store, standing.size)
        head = (standing.size, standing.range_bytes)
        if not store.rows(standing.size - 1, 1) or (pinned.size, pinned.to_bytes()) != head:
            # What the rows themselves give tells an altered head from an altered log.
            rows = CompactRange()
            _extend(rows, store, standing.size)
            altered = rows.size < standing.size or rows.to_bytes() == pinned.to_bytes()
            code: Code = "E-ROOT" if altered else "E-FORK"
            raise LogBroken(code, standing.size, None, pinned.root(), "another root")
        self.note(standing.size, standing.range_bytes)

    def _slot(self, data: bytes) -> CompactRange | None:
        if len(data) < _HEAD.size:
            return None
        magic, log_id, size, length = _HEAD.unpack_from(data)
        end = _HEAD.size + length
        if magic != _MAGIC or log_id != self._log_id or len(data) < end + _TAG:
            return None
        tag = hmac.digest(self._key, b"powiernik/1/pin" + data[:end], "sha256")
        if not hmac.compare_digest(tag, data[end : end + _TAG]):
            return None
        try:
            return CompactRange.from_bytes(size, data[_HEAD.size : end])
        except RangeRefused:
            return None


def _extend(head: CompactRange, store: RecordStore, size: int) -> None:
    while head.size < size:
        rows = store.rows(head.size, min(_BATCH, size - head.size))
        if not rows:
            return
        head.extend(row.leaf for row in rows)
