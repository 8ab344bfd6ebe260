"""Gathers a client's access bundle: her whole access log, with what proves that it is whole.

`collect` comes right after the recorded look by which the report is made, while its opening lives:
it takes the entries with the key of each. `assemble` comes once a checkpoint with its quorum covers
the map head. Entries are closed where they may not or cannot be handed out, and are counted.

Source:
    docs of the design: security, section 2.9; architecture, fine print 13.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.errors import Sealed
from infrastructure.errors import FolderRefused
from infrastructure.folder import OpenFolder
from infrastructure.guard.scrubber import Published, Scrubber
from infrastructure.ledger.bundle import Bundle, ShownEntry, ShownHead
from infrastructure.ledger.check import Row, entry_of
from infrastructure.ledger.checkpoint import Checkpoint
from infrastructure.ledger.control import MapHead, parse_control
from infrastructure.ledger.entry import ZERO_LEAF
from infrastructure.ledger.errors import LedgerError, MemoryOvertaken
from infrastructure.ledger.map import MapLabel, StreamMap
from infrastructure.ledger.memory import Memory
from infrastructure.ledger.note import Note
from infrastructure.stores.contract import RecordStore
from infrastructure.vault.envelope import Kind
from infrastructure.vault.port import Opened

SUPPRESSED, EXPIRED, FORMER, SHARED = (
    "suppressed",
    "expired",
    "former-name-of-the-log",
    "no-key-of-its-own",
)
"""Why an entry stays closed: on a lawful ground; its key is gone; it was recorded before the log
was recovered under its present name; it was recorded before entries had keys of their own."""
_POLL_SECONDS = 0.2
_TRIES = 20

STATEMENT = {
    "en": (
        "This file holds every entry of your access log that the clinic's record has made, up to"
        " the map head in it. It was made from the sealed record itself. Entries that are closed"
        " are counted; the law lets the clinic keep back what stands in them. What was looked at"
        " without the record, on paper or over somebody's shoulder, no record can show."
    ),
    "pl": (
        "Ten plik zawiera każdy wpis dziennika dostępu do Pani/Pana dokumentacji, jaki powstał"
        " w systemie poradni, aż do zawartej w nim głowy mapy. Powstał z samego zapieczętowanego"
        " zapisu. Wpisy zamknięte są policzone; prawo pozwala poradni nie ujawniać ich treści."
        " Tego, co ktoś obejrzał poza systemem, na papierze lub zza czyjegoś ramienia, żaden zapis"
        " nie pokaże."
    ),
}


@dataclass(frozen=True, slots=True)
class Collected:
    """The entries of one access log, with their keys, and the position of the newest."""

    stream: bytes
    entries: tuple[tuple[Row, ShownEntry], ...]

    @property
    def last(self) -> int:
        """The position of the newest entry: the look by which the report is made."""
        return self.entries[-1][0].position


def collect(folder: OpenFolder, opening: Opened, stream: str) -> Collected:
    """Take the entries of an access log, each with its own key or the reason why it is closed.

    Raises:
        Broken: An entry is not what was written.
        RecordUnavailable: The opening has expired.
    """
    rows = folder.store.stream(bytes.fromhex(stream))
    shown = []
    before = ZERO_LEAF
    for row in rows:
        shown.append((row, _shown(folder, opening, row, before)))
        before = row.leaf
    return Collected(bytes.fromhex(stream), tuple(shown))


def _shown(folder: OpenFolder, opening: Opened, row: Row, before: bytes) -> ShownEntry:
    entry = entry_of(row, before)
    log_id = folder.vault.lineage.at(row.position)
    if log_id != folder.vault.log_id:
        return ShownEntry(entry, None, closed=FORMER)
    if entry.kind != Kind.ENTRY:
        return ShownEntry(entry, None, closed=SHARED)
    event = folder.record.mapper.open(row).event
    if event is None:
        return ShownEntry(entry, None, closed=EXPIRED)
    if not getattr(event, "visible_to_client", False):
        return ShownEntry(entry, None, closed=SUPPRESSED)
    try:
        key = opening.entry_key(row.key_id, log_id, row.stream_id, row.version)
    except Sealed:
        return ShownEntry(entry, None, closed=EXPIRED)
    return ShownEntry(entry, row.record, key)


def cover(scrubber: Scrubber, position: int) -> int:
    """Write a map head that covers a position, unless there is one; where it stands.

    Raises:
        LogBroken: The log is not what was written.
        FolderRefused: It did not come about; the scrubber is far behind.
    """
    for _ in range(_TRIES):
        try:
            while scrubber.step().behind:
                pass
            scrubber.map_head()
        except MemoryOvertaken:
            # The server's scrubber is at work on the same memory.
            time.sleep(_POLL_SECONDS)
        logged = scrubber.memory.logged_map()
        if logged is not None and logged.head.log_size > position:
            return logged.position
    msg = "No map head covers the report yet; try again in a minute."
    raise FolderRefused(msg)


def wait_for_checkpoint(published: Published, position: int, seconds: float) -> bytes:
    """Wait for a published checkpoint that has its quorum and covers a position.

    Raises:
        FolderRefused: None came in time.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            note = published.folder.read_checkpoint()
            if published.trust.require(note).checkpoint.size > position:
                return note
        except LedgerError:
            pass
        if time.monotonic() > deadline:
            msg = (
                "No checkpoint with its quorum covers the report yet; is the checkpointer at work?"
            )
            raise FolderRefused(msg)
        time.sleep(_POLL_SECONDS)


def assemble(
    folder: OpenFolder,
    memory: Memory,
    published: Published,
    note: bytes,
    collected: Collected,
    names: Mapping[str, str],
    now: datetime,
) -> bytes:
    """Put the bundle together from what was collected and the newest map head below a checkpoint.

    Raises:
        LedgerError: The log, or what is published of it, is not what was written.
    """
    size = Checkpoint.parse(Note.parse(note).text).size
    head_row, head = _map_head(folder, memory, size, collected.last)
    labels = StreamMap(_labels_at(memory, folder.store, head.log_size))
    label, membership = labels.membership(collected.stream)
    covered = [shown for row, shown in collected.entries if row.position < head.log_size]
    if label.version != len(covered):
        msg = "Somebody looked at the record while the report was made; make it again."
        raise FolderRefused(msg)
    bundle = Bundle.assembled(
        made_at=now,
        note=note,
        subtree=published.folder.subtrees(size),
        statement=STATEMENT,
        map_head=ShownHead(entry_of(head_row, _leaf(folder, head_row)), head_row.record or b""),
        label=label,
        membership=membership,
        entries=covered,
        names=names,
        later=folder.store.version(collected.stream) - len(covered),
    )
    return bundle.encode()


def _leaf(folder: OpenFolder, row: Row) -> bytes:
    return ZERO_LEAF if row.prev_pos is None else folder.store.rows(row.prev_pos, 1)[0].leaf


def _map_head(folder: OpenFolder, memory: Memory, size: int, last: int) -> tuple[Row, MapHead]:
    """The oldest map head that covers a position, and stands below a checkpoint of this size."""
    logged = memory.logged_map()
    position = None if logged is None else logged.position
    found = None
    while position is not None:
        (row,) = folder.store.rows(position, 1)
        head = parse_control(row.record or b"")
        if not isinstance(head, MapHead) or head.log_size <= last:
            break
        if row.position < size:
            found = row, head
        position = row.prev_pos
    if found is None:
        msg = "There is no map head below the checkpoint that covers the report."
        raise FolderRefused(msg)
    return found


def _labels_at(memory: Memory, store: RecordStore, log_size: int) -> Iterable[MapLabel]:
    """The labels of all access logs as they stood below a size."""
    for label in memory.labels():
        head = memory.head(label.stream)
        if head is None or (head.position or 0) < log_size:
            yield label
            continue
        rows = store.stream(label.stream, until=log_size - 1)
        if rows:
            yield MapLabel(label.stream, rows[-1].version, rows[-1].leaf)
