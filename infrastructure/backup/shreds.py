"""What a newer log says was destroyed: found there, and applied to a key store that was restored.

Opening a data folder applies every SHRED of its own record. A restored record that is older than a
SHRED does not hold it; the published log does, and so does any newer copy of the record. Before it
is believed, it has to be whole, signed (or written by writers of ours), and to go on from the very
rows that were restored.

Source:
    docs of the design: security, section 1.7, step 6; compliance, AVL-02.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from infrastructure.errors import FolderRefused
from infrastructure.folder import OpenFolder
from infrastructure.guard.published import rows_of
from infrastructure.layout import Layout, read_genesis, structure
from infrastructure.ledger import offline
from infrastructure.ledger.check import Row
from infrastructure.ledger.checkpoint import Checkpoint
from infrastructure.ledger.control import FIRST_CONTROL_KIND, parse_control
from infrastructure.ledger.errors import LedgerError, LogBroken
from infrastructure.ledger.key_control import Shred
from infrastructure.ledger.merkle import CompactRange
from infrastructure.ledger.multiproof import compact_range
from infrastructure.ledger.note import Note
from infrastructure.ledger.remembered import Remembered
from infrastructure.ledger.tiles import TileFolder
from infrastructure.ledger.trust import Trust
from infrastructure.stores.contract import RecordStore
from infrastructure.verify import verify_log

_NO_CLOCK_S = 2**36
"""The clock of a machine on which a clinic is restored may be wrong; it refuses no cosignature."""
_OF_CLOCKS = ("times", "E-TIME")
"""The one claim that may be bad; every other is judged then, the approvals of a SHRED too."""
_SHRED_KIND = 0x43


@dataclass(frozen=True, slots=True)
class Later:
    """A log that goes on from what was restored: its size, and what it says was destroyed."""

    size: int
    shreds: tuple[Shred, ...]


def shreds_of(records: Iterable[bytes]) -> Iterator[Shred]:
    """The SHRED records among control records."""
    for record in records:
        if len(record) > FIRST_CONTROL_KIND and record[5] == _SHRED_KIND:
            found = parse_control(record)
            if isinstance(found, Shred):
                yield found


def shreds_in(store: RecordStore, start: int = 0) -> Iterator[Shred]:
    """The SHRED records of a record store from a position on; its rows are believed."""
    size = store.standing().size
    rows: Iterator[Row] = rows_of(store)(start, size)
    return shreds_of(row.record for row in rows if row.record)


def later(log: Path, folder: OpenFolder) -> Later:
    """What a newer log says: a published one with its tiles, or a data folder with a record.

    Raises:
        FolderRefused: It is neither, or not whole, or not signed as the policy asks.
        LogBroken: It is another log than the restored record's, or altered.
    """
    if (log / "record.db").is_file():
        return _of_record(log / "record.db", folder)
    if (log / "tile").is_dir():
        return _of_tiles(log, folder)
    msg = "The log must be a published one, with its tiles, or a data folder with a record."
    raise FolderRefused(msg)


def _of_record(path: Path, folder: OpenFolder) -> Later:
    genesis = read_genesis(path)
    if genesis != folder.genesis:
        msg = "The log belongs to another clinic than the restored record."
        raise FolderRefused(msg)
    with closing(structure(path)) as store:
        _must_begin_alike(store, folder)
        found = verify_log(store, genesis, append_key=folder.append_key)
        # Approvals are part of what the log's laws hold, so each of them was signed by two.
        return Later(found.size, tuple(shreds_in(store)))


def _must_begin_alike(store: RecordStore, folder: OpenFolder) -> None:
    """Refuse a record that does not go on from the restored one, nor ends within it."""
    size = min(store.standing().size, folder.store.standing().size)
    one, other = (_root_at(each, size) for each in (store, folder.store))
    if one != other:
        raise LogBroken("E-FORK", size, None, other, one)


def _root_at(store: RecordStore, size: int) -> bytes:
    tree = CompactRange()
    tree.extend(row.leaf for row in rows_of(store)(0, size))
    return tree.root()


def _of_tiles(log: Path, folder: OpenFolder) -> Later:
    trust = _trust(folder.layout)
    with Remembered(None) as nothing:
        verdict = offline.verify_log(log, trust, remembered=nothing, now_s=_NO_CLOCK_S)
    refused = (each for each in verdict.claims if not each.good)
    bad = next((each for each in refused if (each.name, each.code) != _OF_CLOCKS), None)
    if bad is not None:
        msg = f"The published log is not whole or not signed as the policy asks: {bad.code}."
        raise FolderRefused(msg)
    tiles = TileFolder(log)
    checkpoint = Checkpoint.parse(Note.parse(tiles.read_checkpoint()).text)
    restored = folder.store.standing().size
    size = min(restored, checkpoint.size)
    there = compact_range(tiles.subtrees(checkpoint.size), size).root()
    here = _root_at(folder.store, size)
    if there != here:
        raise LogBroken("E-FORK", size, None, here, there)
    records = (record for _, record in tiles.controls(0, checkpoint.size))
    return Later(checkpoint.size, tuple(shreds_of(records)))


def _trust(layout: Layout) -> Trust:
    try:
        return Trust.parse(layout.policy.read_bytes())
    except (FileNotFoundError, LedgerError):
        msg = "The restored record has no trust policy, so that no published log can be believed."
        raise FolderRefused(msg) from None
