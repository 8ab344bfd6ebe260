"""The log as a folder for auditors: every entry, every tile, the control records, the checkpoint.

It is made from the stored rows, as far as the published checkpoint goes, and needs no key. Made
into a folder that is there already, it goes on where that ends. Each entry is taken apart into the
leaf that the row states, and the root of the tiles must be the checkpoint's.

Source:
    docs of the design: security, section 2.7.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from infrastructure.ledger.check import Row, entry_of
from infrastructure.ledger.checkpoint import Checkpoint
from infrastructure.ledger.control import FIRST_CONTROL_KIND
from infrastructure.ledger.entry import ZERO_LEAF
from infrastructure.ledger.errors import LedgerError, LogBroken
from infrastructure.ledger.merkle import leaf_hash
from infrastructure.ledger.note import Note
from infrastructure.ledger.tiles import Logged, TileFolder, TileWriter
from infrastructure.stores.contract import RecordStore

_BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Exported:
    """How far the folder goes, how much was new, and whether a checkpoint closes it."""

    size: int
    added: int
    signed: bool


def export(
    store: RecordStore,
    published: TileFolder,
    target: Path,
    progress: Callable[[int, int], None] = lambda _now, _of: None,
) -> Exported:
    """Write the log into a folder, or what is new since the last time.

    Raises:
        LogBroken: A row is not what its leaf says, or the rows are not what was signed.
        TileRefused: The folder holds another log, or was altered.
    """
    try:
        note = published.read_checkpoint()
        checkpoint = Checkpoint.parse(Note.parse(note).text)
    except LedgerError:
        note, checkpoint = b"", None
    end = store.standing().size if checkpoint is None else checkpoint.size
    with TileWriter(target) as tiles:
        begun = tiles.size
        tiles.extend(_logged(store, begun, end, progress))
        if checkpoint is not None:
            if tiles.size != checkpoint.size or tiles.root() != checkpoint.root:
                raise LogBroken("E-ROOT", tiles.size, None, checkpoint.root, tiles.root())
            tiles.write_checkpoint(note)
        return Exported(tiles.size, tiles.size - begun, checkpoint is not None)


def _logged(
    store: RecordStore, start: int, end: int, progress: Callable[[int, int], None]
) -> Iterator[Logged]:
    leaves: dict[bytes, bytes] = {}
    while start < end:
        rows = store.rows(start, min(_BATCH, end - start))
        if not rows:
            raise LogBroken("E-GAP", start, None, f"position {start}", "nothing")
        for row in rows:
            entry = entry_of(row, _leaf_before(store, leaves, row)).pack()
            leaf = leaf_hash(entry)
            if leaf != row.leaf:
                raise LogBroken("E-LEAF", row.position, row.stream_id, leaf, row.leaf)
            leaves[row.stream_id] = leaf
            record = row.record or b""
            yield entry, leaf, record if record[5] >= FIRST_CONTROL_KIND else None
        start += len(rows)
        progress(start, end)


def _leaf_before(store: RecordStore, leaves: dict[bytes, bytes], row: Row) -> bytes:
    if row.prev_pos is None:
        return ZERO_LEAF
    known = leaves.get(row.stream_id)
    if known is None:
        (before,) = store.rows(row.prev_pos, 1)
        known = before.leaf
    return known
