"""Logs written by hand: rows, bare entries and control records, good or bent on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import msgpack

from infrastructure.ledger.chain import Head
from infrastructure.ledger.check import Row
from infrastructure.ledger.control import ControlKind, log_id_of, map_stream
from infrastructure.ledger.entry import ZERO_LEAF, authenticate, pack_entry
from infrastructure.ledger.map import MapLabel, map_root
from infrastructure.ledger.merkle import CompactRange, leaf_hash

ORIGIN = "clinic.example/log/1"
LOG_ID = log_id_of(ORIGIN)
APPEND_KEY = b"the key the writers share, 32 by"
CLINIC = b"the clinic's id."
NO_KEY = bytes(16)


def name(number: int, what: str) -> bytes:
    """An id of sixteen bytes for the so-manieth of something."""
    return sha256(f"{what} {number}".encode()).digest()[:16]


def header(
    kind: int, key_id: bytes, stream_id: bytes, version: int, *, log_id: bytes = LOG_ID
) -> bytes:
    """The clear header of a record; of a control record where there is no key."""
    suite = 0 if key_id == NO_KEY else 1
    begun = b"PSR\x01" + bytes([suite, kind, 0, 0]) + log_id + key_id + stream_id
    return begun + version.to_bytes(8, "big") + bytes(16)


class WrittenLog:
    """A log as its writer leaves it, with GENESIS already in it."""

    def __init__(self, *, genesis: bool = True) -> None:
        self.rows: list[Row] = []
        self.entries: list[bytes] = []
        self.heads: dict[bytes, Head] = {}
        self.access_logs: dict[bytes, list[MapLabel]] = {}
        if genesis:
            self.control(ControlKind.GENESIS, LOG_ID, [ORIGIN, CLINIC, 1_700_000_000_000_000])

    @property
    def size(self) -> int:
        """How many entries there are."""
        return len(self.rows)

    def root(self, size: int | None = None) -> bytes:
        """The root of the first entries."""
        grown = CompactRange()
        grown.extend(row.leaf for row in self.rows[:size])
        return grown.root()

    def range_bytes(self) -> bytes:
        """The compact range of all entries."""
        grown = CompactRange()
        grown.extend(row.leaf for row in self.rows)
        return grown.to_bytes()

    def shown(self) -> list[tuple[bytes, bytes | None]]:
        """Bare entries, each with its record where that is a control record."""
        records = [None if row.key_id != NO_KEY else row.record for row in self.rows]
        return list(zip(self.entries, records, strict=True))

    def event(self, stream_id: bytes, key_id: bytes, kind: int = 0x01) -> None:
        """A sealed record."""
        version = self.head(stream_id).version + 1
        body = sha256(stream_id + version.to_bytes(8, "big")).digest() * 19
        self.enter(kind, stream_id, key_id, header(kind, key_id, stream_id, version) + body)

    def access(self, number: int, key_id: bytes | None = None, kind: int = 0x06) -> None:
        """An entry of the so-manieth subject's access log."""
        stream_id = name(number, "access log")
        self.event(stream_id, key_id or name(number, "access key"), kind)
        head = self.heads[stream_id]
        label = MapLabel(stream_id, head.version, head.leaf)
        self.access_logs.setdefault(stream_id, []).append(label)

    def key(self, key_id: bytes, subject_tag: bytes, purpose: int = 1, epoch: int = 0) -> None:
        """The making of a key."""
        payload = ["create", key_id, subject_tag, purpose, 2, epoch, b"its check value."]
        self.control(ControlKind.KEY, key_id, payload)

    def access_key(self, number: int) -> None:
        """The making of the key of the so-manieth subject's access log."""
        self.key(name(number, "access key"), name(number, "subject"), purpose=2)

    def map_head(self, log_size: int | None = None, **bent: Any) -> None:
        """The head of the map of access logs, below a size, or bent in one of its parts."""
        size = self.size if log_size is None else log_size
        labels = self.labels(size)
        stream_id = map_stream(LOG_ID)
        said = {
            "epoch": self.head(stream_id).version + 1,
            "log_size": size,
            "map_size": len(labels),
            "map_root": map_root(labels),
        }
        self.control(ControlKind.MAPHEAD, stream_id, list((said | bent).values()))

    def labels(self, log_size: int) -> list[MapLabel]:
        """What the map covers below a size: found anew from the rows, whatever was learnt since."""
        last: dict[bytes, MapLabel] = {}
        for row in self.rows[:log_size]:
            if row.stream_id in self.access_logs:
                last[row.stream_id] = MapLabel(row.stream_id, row.version, row.leaf)
        return [last[stream_id] for stream_id in sorted(last)]

    def control(self, kind: int, stream_id: bytes, payload: Sequence[object]) -> None:
        """A control record."""
        version = self.head(stream_id).version + 1
        record = header(kind, NO_KEY, stream_id, version) + msgpack.packb(payload)
        self.enter(kind, stream_id, NO_KEY, record)

    def head(self, stream_id: bytes) -> Head:
        """What the next entry of a stream links to."""
        return self.heads.get(stream_id, Head(0, None, ZERO_LEAF))

    def enter(self, kind: int, stream_id: bytes, key_id: bytes, record: bytes) -> None:
        """Any record at all, as the next entry."""
        head, position = self.head(stream_id), self.size
        entry = pack_entry(
            kind=kind,
            position=position,
            stream_id=stream_id,
            version=head.version + 1,
            key_id=key_id,
            record_len=len(record),
            record_hash=sha256(record).digest(),
            prev_leaf=head.leaf,
            prev_pos=head.position,
            tx_first=position,
            time_ms=1_700_000_000_000 + position,
        )
        leaf = leaf_hash(entry)
        self.heads[stream_id] = Head(head.version + 1, position, leaf)
        self.entries.append(entry)
        self.rows.append(
            Row(
                position,
                stream_id,
                head.version + 1,
                key_id,
                head.position,
                position,
                1_700_000_000_000 + position,
                leaf,
                authenticate(APPEND_KEY, entry),
                record,
            )
        )
