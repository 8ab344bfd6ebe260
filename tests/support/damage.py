"""Damage done to a data folder behind the program's back, and how it is told of.

Whoever does it has dropped the triggers, which stop accidents and nobody else.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path

import pytest

from infrastructure.anchor.checkpointer import Checkpointer
from infrastructure.errors import Broken
from infrastructure.folder import OpenFolder
from infrastructure.guard.incidents import Scope
from infrastructure.guard.scrubber import Scrubber
from infrastructure.layout import Layout, structure
from infrastructure.ledger.check import Row
from infrastructure.ledger.entry import ZERO_LEAF, authenticate, pack_entry
from infrastructure.ledger.errors import LogBroken
from infrastructure.ledger.merkle import CompactRange, leaf_hash
from infrastructure.ledger.trust import Trust
from tests.support import ink

COLUMNS = (
    *("pos", "stream_id", "version", "key_id", "prev_pos"),
    *("tx_first", "time_ms", "leaf", "auth", "record"),
)
ORIGIN = "clinic.example/log/1"
NOTE = ink.drafted(ink.ANNA).stream
OTHER_NOTE = ink.drafted(ink.BASIA).stream
LOOKS = ink.looked(ink.ANNA).stream
_TRIGGERS = ("record_is_append_only_1", "record_is_append_only_2", "log_only_grows")


@contextmanager
def damage(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path / "record.db", isolation_level=None)) as db:
        for trigger in (*_TRIGGERS, "log_keeps_its_head"):
            db.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        yield db


def altered(folder: OpenFolder, statement: str, *values: object) -> None:
    with damage(folder.layout.folder) as db:
        assert db.execute(statement, values).rowcount == 1


def place_of(folder: OpenFolder, stream: str, version: int = 1) -> int:
    return folder.store.stream(bytes.fromhex(stream))[version - 1].position


def flipped(folder: OpenFolder, position: int, column: str = "record", byte: int = -1) -> bytes:
    """Flip a bit of a row; what stood there before."""
    (row,) = folder.store.rows(position, 1)
    before: bytes = getattr(row, column)
    after = bytearray(before)
    after[byte] ^= 1
    put(folder, position, column, bytes(after))
    return before


def put(folder: OpenFolder, position: int, column: str, value: object) -> None:
    assert column in COLUMNS
    altered(folder, f"UPDATE record SET {column} = ? WHERE pos = ?", value, position)  # noqa: S608 - our own names


def cut(folder: OpenFolder, count: int) -> None:
    """Take rows from the end, and mend the head."""
    size = folder.store.standing().size - count
    tree = CompactRange()
    tree.extend(row.leaf for row in folder.store.rows(0, size))
    with damage(folder.layout.folder) as db:
        db.execute("DELETE FROM record WHERE pos >= ?", (size,))
        db.execute("UPDATE log_head SET size = ?, range = ?", (size, tree.to_bytes()))


def rewritten(folder: OpenFolder, change: Callable[[Row], Row], start: int = 0) -> None:
    """Rewrite the log as its writer would have written it: leaves, tags and head."""
    tree, last = CompactRange(), dict[bytes, Row]()
    size = folder.store.standing().size
    with damage(folder.layout.folder) as db:
        for found in folder.store.rows(0, size):
            row = change(found) if found.position >= start else found
            before = last.get(row.stream_id)
            record = row.record or b""
            entry = pack_entry(
                kind=record[5],
                position=row.position,
                stream_id=row.stream_id,
                version=row.version,
                key_id=row.key_id,
                record_len=len(record),
                record_hash=sha256(record).digest(),
                prev_leaf=before.leaf if before else ZERO_LEAF,
                prev_pos=row.prev_pos,
                tx_first=row.tx_first,
                time_ms=row.time_ms,
            )
            row = row._replace(leaf=leaf_hash(entry), auth=authenticate(folder.append_key, entry))
            last[row.stream_id] = row
            tree.append(row.leaf)
            db.execute(
                "UPDATE record SET record = ?, leaf = ?, auth = ? WHERE pos = ?",
                (row.record, row.leaf, row.auth, row.position),
            )
        db.execute("UPDATE log_head SET range = ?", (tree.to_bytes(),))


def another_ending(row: Row) -> Row:
    """A row whose record says something else, where it is sealed."""
    record = row.record or b""
    return row if record[5] >= 0x40 else row._replace(record=record[:-1] + bytes([record[-1] ^ 1]))


def publish(place: Path, layout: Layout) -> int:
    """The size of the checkpoint that is published then."""
    trust = Trust.parse(layout.policy.read_bytes())
    with (
        closing(structure(layout.record)) as store,
        closing(Checkpointer(place, store, layout.log, trust)) as checkpointer,
    ):
        return checkpointer.step().size


def tile(folder: OpenFolder) -> Path:
    (found,) = (each for each in (folder.layout.log / "tile" / "0").rglob("*") if each.is_file())
    return found


def poison(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[32 * 7 + 3] ^= 1
    path.write_bytes(bytes(data))


def lived(folder: OpenFolder, times: int = 1) -> None:
    for _ in range(times):
        folder.record.append_now((ink.looked(ink.ANNA),), ink.WHO)


def whole(scrubber: Scrubber, limit: int = 1000) -> int:
    """Step to the end; how far that is."""
    while (found := scrubber.step(limit)).behind:
        pass
    return found.size


def stopped(call: Callable[[], object]) -> str:
    with pytest.raises((LogBroken, Broken)) as caught:
        call()
    assert isinstance(caught.value, LogBroken | Broken)
    return caught.value.code


def told(folder: OpenFolder) -> list[tuple[str, Scope, str | None]]:
    return [(each.code, each.scope, each.stream) for each in folder.guard.incidents.all()]
