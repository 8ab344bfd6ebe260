"""Verifies a whole record: every row against the log, every key against its making, every content.

What this cannot see before there are signed checkpoints outside the folder, it says
(``WHAT_IT_CANNOT_SEE``).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from infrastructure.control import Genesis
from infrastructure.errors import Broken, KeyGone
from infrastructure.folder import (
    Layout,
    OpenFolder,
    check_format,
    open_folder,
    read_genesis,
    structure,
)
from infrastructure.ledger.check import Row
from infrastructure.ledger.errors import LogBroken
from infrastructure.ledger.verification import RowVerification
from infrastructure.mapper import CONTROL_KEY
from infrastructure.stores.contract import RecordStore
from infrastructure.vault.envelope import Kind

BATCH = 5000
WHAT_IT_CANNOT_SEE = (
    "a consistent rewrite of everything by somebody who holds the append key, a record cut short"
    " together with its head, or the whole folder put back to an earlier state: that needs signed"
    " checkpoints kept elsewhere; and a deleted memory of a command, which a retry would do again"
)


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found good: how many rows, their root, and how many were opened.

    ``commands`` are the kept replies of commands; that none was taken away cannot be seen.
    """

    size: int
    root: bytes
    opened: int
    keys: int
    commands: int
    with_append_key: bool


def verify_log(
    store: RecordStore,
    genesis: Genesis,
    *,
    append_key: bytes | None = None,
    each: Callable[[Row], None] = lambda _: None,
    progress: Callable[[int, int], None] = lambda _now, _of: None,
) -> RowVerification:
    """Refold the log from its rows; without the append key, tags of writers are not checked.

    Raises:
        LogBroken: The first row that is not as it was written.
    """
    standing = store.standing()
    audit = RowVerification(genesis.log_id, append_key=append_key)
    while audit.size < standing.size:
        rows = store.rows(audit.size, min(BATCH, standing.size - audit.size))
        if not rows:
            break
        for row in rows:
            audit.feed(row)
            each(row)
        progress(audit.size, standing.size)
    audit.finish(standing.size, standing.range_bytes)
    newest = audit.state().time_ms
    if standing.time_ms != newest:
        raise LogBroken("E-TIME", standing.size, None, f"the time {newest}", standing.time_ms)
    extra = store.rows(standing.size, 1)
    if extra and store.standing().size == standing.size:
        raise LogBroken("E-ROOT", standing.size, None, "no row beyond the head", "a row")
    return audit


def verify_folder(
    folder: OpenFolder,
    *,
    contents: bool = True,
    progress: Callable[[int, int], None] = lambda _now, _of: None,
) -> Verified:
    """Verify the log with the append key, every key, and, unless told not to, every content.

    Raises:
        LogBroken: A row is not as it was written.
        Broken: A key or a content is not.
    """
    made: set[bytes] = set()
    opened = 0

    def each(row: Row) -> None:
        nonlocal opened
        if row.key_id == CONTROL_KEY:
            if row.record and row.record[5] == Kind.KEY:
                made.add(row.stream_id)
            return
        if row.key_id not in made:
            raise LogBroken("E-KEYSTATE", row.position, row.stream_id, "a key made before", "none")
        if contents:
            folder.record.mapper.open(row)
            opened += 1

    audit = verify_log(
        folder.store, folder.genesis, append_key=folder.append_key, each=each, progress=progress
    )
    keys = 0
    for key_id in made:
        with suppress(KeyGone):
            folder.vault.keyring.for_opening(key_id)
            keys += 1
    _verify_items(folder, made)
    commands = _verify_replies(folder)
    return Verified(audit.size, audit.root(), opened, keys, commands, with_append_key=True)


def _verify_items(folder: OpenFolder, made: set[bytes]) -> None:
    items = folder.vault.items
    for item_id in folder.keys.item_ids():
        with suppress(KeyGone):
            stored = items.owner(item_id)
            if stored.owner_key in made:
                items.check(stored)
            elif folder.vault.keyring.place(stored.owner_key) is None:
                # A key that was made and never used is not in the log, and may be swept away now.
                items.owner(item_id)
                raise Broken("E-KEYSTATE", "an item key whose owner's key is not in the key store")


def _verify_replies(folder: OpenFolder) -> int:
    count, tag = 0, b""
    while some := folder.store.replies(tag, BATCH):
        for tag, reply in some:
            folder.vault.replies.open(tag, reply)
        count += len(some)
    return count


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verification found good, and what it could not look at."""

    events: int
    root: str
    contents: int
    keys: int
    with_keys: bool


def verify(
    path: Path,
    passphrase: str | None,
    progress: Callable[[int, int], None] = lambda _now, _of: None,
) -> Verdict:
    """Verify a data folder: with its passphrase everything, without it the structure of the log.

    Raises:
        LogBroken: The first row that is not as it was written.
        Broken: A key or a content is not as it was written.
        FolderRefused: The folder cannot be used.
    """
    if passphrase is None:
        check_format(path)
        layout = Layout(path)
        genesis = read_genesis(layout.record)
        with closing(structure(layout.record)) as store:
            audit = verify_log(store, genesis, progress=progress)
        return Verdict(audit.size, audit.root().hex(), 0, 0, with_keys=False)
    folder = open_folder(path, passphrase, pinned=False)
    try:
        found = verify_folder(folder, progress=progress)
        folder.pin.check(folder.store)
    finally:
        folder.close()
    return Verdict(found.size, found.root.hex(), found.opened, found.keys, with_keys=True)
