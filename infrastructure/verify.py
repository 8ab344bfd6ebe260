"""Verifies a whole record: every row against the log, every key against its making, every content.

The rows have to lead through the checkpoint that was published of them, if there is one. What
cannot be seen from inside the folder, it says (``WHAT_IT_CANNOT_SEE``).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from domain.ports import Recorded
from infrastructure import codec
from infrastructure.attachments.check import Expected
from infrastructure.backup.gone import destroyed_by_a_lost_log, read_gone
from infrastructure.control import Genesis
from infrastructure.custodians.shreds import shreds_of
from infrastructure.errors import Broken, KeyGone
from infrastructure.folder import OpenFolder, open_folder
from infrastructure.layout import Layout, check_format, read_genesis, structure
from infrastructure.ledger.check import Row
from infrastructure.ledger.checkpoint import Checkpoint
from infrastructure.ledger.control import Control, parse_control
from infrastructure.ledger.errors import LedgerError, LogBroken
from infrastructure.ledger.key_control import KeyMade
from infrastructure.ledger.memory import Memory
from infrastructure.ledger.policy_key import must_be_live
from infrastructure.ledger.tiles import TileFolder
from infrastructure.ledger.trust import Judged, Trust
from infrastructure.ledger.verification import RowVerification
from infrastructure.mapper import CONTROL_KEY
from infrastructure.stores.contract import RecordStore
from infrastructure.vault import shredding
from infrastructure.vault.envelope import field_place
from infrastructure.words import went_with_their_owner

BATCH = 5000
WHAT_IT_CANNOT_SEE = (
    "what a checkpoint that lies elsewhere says: if the whole folder was put back or rewritten,"
    " the published checkpoint in it too, then the checkpointer's memory, the witnesses and every"
    " kept receipt tell, and this does not; and a deleted memory of a command"
)


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found good: the log, and how much was opened.

    ``commands`` are the kept replies of commands; that none was taken away cannot be seen.
    ``signed`` is the size of the published checkpoint that the log leads through, 0 for none.
    ``attachments`` are the files that bear the seal which the log binds.
    """

    log: RowVerification
    opened: int
    keys: int
    commands: int
    signed: int
    attachments: int = 0

    @property
    def size(self) -> int:
        """How many rows there are."""
        return self.log.size

    @property
    def root(self) -> bytes:
        """The root over them."""
        return self.log.root()


def verify_log(
    store: RecordStore,
    genesis: Genesis,
    *,
    append_key: bytes | None = None,
    published: Checkpoint | None = None,
    memory: Memory | None = None,
    each: Callable[[Row], None] = lambda _: None,
    progress: Callable[[int, int], None] = lambda _now, _of: None,
) -> RowVerification:
    """Refold the log from its rows; without the append key, tags of writers are not checked.

    With a memory it goes on from where that stands. A published checkpoint is one that the rows
    have to lead through.

    Raises:
        LogBroken: The first row that is not as it was written.
    """
    standing = store.standing()
    log_id = genesis.log_id if memory is None else memory.standing().log_id
    audit = RowVerification(log_id, append_key=append_key, memory=memory)
    signed = published.size if published else 0
    if standing.size < max(signed, audit.size):
        expected = f"at least {max(signed, audit.size)} records"
        raise LogBroken("E-ROLLBACK", standing.size, None, expected, f"{standing.size} records")
    while audit.size < standing.size:
        end = signed if audit.size < signed else standing.size
        rows = store.rows(audit.size, min(BATCH, end - audit.size))
        if not rows:
            break
        for row in rows:
            audit.feed(row)
            each(row)
        if published and audit.size == signed and audit.root() != published.root:
            raise LogBroken("E-ROOT", signed, None, published.root, audit.root())
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
    memory: Memory | None = None,
    progress: Callable[[int, int], None] = lambda _now, _of: None,
) -> Verified:
    """Verify the log with the append key, every key, and, unless told not to, every content.

    With a memory: what is new since then, and the keys that it uses.

    Raises:
        LogBroken: A row is not as it was written.
        Broken: A key or a content is not.
    """
    made: set[bytes] = set()
    gone: set[bytes] = set()
    used: set[bytes] = set()
    attachments = Expected()
    opened = 0

    def each(row: Row) -> None:
        nonlocal opened
        if row.key_id == CONTROL_KEY:
            control = _control(row)
            if isinstance(control, KeyMade):
                made.add(control.key_id)
            return
        used.add(row.key_id)
        if contents:
            recorded = folder.record.mapper.open(row)
            attachments.note(recorded)
            gone.update(_missing_items(folder, recorded))
            opened += 1

    published = last_published(folder.layout)
    audit = verify_log(
        folder.store,
        folder.genesis,
        append_key=folder.append_key,
        published=published,
        memory=memory,
        each=each,
        progress=progress,
    )
    keys = 0
    for key_id in made | used:
        try:
            folder.vault.keyring.for_opening(key_id)
            keys += 1
        except KeyGone:
            gone.add(key_id)
    _must_be_shredded(folder, gone)
    _must_not_be_back(folder)
    files = attachments.verify(folder)
    commands = 0
    if memory is None:
        _verify_items(folder, made)
        commands = _verify_replies(folder)
    signed = published.size if published else 0
    return Verified(audit, opened, keys, commands, signed, files)


def last_published(layout: Layout) -> Checkpoint | None:
    """The newest checkpoint that lies in the data folder; ``None`` where none was made.

    Raises:
        LedgerError: It is not one that the log of the policy has signed.
    """
    judged = _judged(layout)
    return None if judged is None else judged.checkpoint


def _judged(layout: Layout) -> Judged | None:
    if not layout.policy.exists() or not (layout.log / "checkpoint").exists():
        return None
    trust = Trust.parse(layout.policy.read_bytes())
    return trust.judge(TileFolder(layout.log).read_checkpoint())


def _must_be_signed_by_its_own(layout: Layout, log: RowVerification) -> None:
    """Refuse a published checkpoint whose keys the log has not named, or has ended.

    Raises:
        ClaimRefused: E-KEYSTATE.
    """
    judged = _judged(layout)
    if judged is not None:
        must_be_live(judged.logs, log.named_keys(), judged.checkpoint.origin)


def _control(row: Row) -> Control | None:
    try:
        return parse_control(row.record or b"")
    except LedgerError:
        # Whether it may stand there has been judged by the log's own verification.
        return None


def _missing_items(folder: OpenFolder, recorded: Recorded) -> Iterator[bytes]:
    """The item keys of an event's texts that are not in the key store."""
    for sealed in codec.sealed_texts(recorded.event):
        item_id, _, _ = field_place(sealed)
        if folder.keys.items(item_id) is None and not went_with_their_owner(folder, recorded):
            yield item_id


def _must_be_shredded(folder: OpenFolder, gone: set[bytes]) -> None:
    """Refuse a key that is gone without a record of its destruction.

    Raises:
        Broken: E-KEYSTATE; or E-AUTH, a destruction that nobody approved.
    """
    if not gone:
        return
    for shred in shreds_of(folder.store, folder.vault.lineage, folder.append_key):
        gone -= {*shred.keys, *shred.items}
    gone -= read_gone(folder.layout.folder, folder.append_key).all
    if gone:
        raise Broken("E-KEYSTATE", "a key that is gone, and no record says that it was destroyed")


def _must_not_be_back(folder: OpenFolder) -> None:
    """Refuse a destroyed key that somebody has put back since the folder was opened.

    Raises:
        Broken: E-KEYSTATE; or E-AUTH, a destruction that nobody approved.
    """
    under_way = shredding.under_way(folder.keys)
    for shred in shreds_of(folder.store, folder.vault.lineage, folder.append_key):
        if shred.request != under_way and shredding.alive(folder.keys, shred):
            raise Broken("E-KEYSTATE", "a destroyed key that is there again")
    if shredding.alive(
        folder.keys, destroyed_by_a_lost_log(folder.layout.folder, folder.append_key)
    ):
        raise Broken("E-KEYSTATE", "a destroyed key that is there again")


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
    """What verification found good, and what it could not look at.

    ``since`` is how much was verified before, ``signed`` the size of the checkpoint that the log
    leads through.
    """

    events: int
    since: int
    root: str
    contents: int
    keys: int
    signed: int
    with_keys: bool
    attachments: int = 0


def verify(
    path: Path,
    passphrase: str | None,
    progress: Callable[[int, int], None] = lambda _now, _of: None,
    *,
    memory: Path | None = None,
) -> Verdict:
    """Verify a data folder: with its passphrase everything, without it the structure of the log.

    With a memory: what is new since that was last saved; it is made where there is none.

    Raises:
        LogBroken: The first row that is not as it was written.
        Broken: A key or a content is not as it was written.
        FolderRefused: The folder cannot be used.
        MemoryRefused: The memory is one of another log, or damaged.
    """
    with _readable(), ExitStack() as opened:
        if passphrase is None:
            check_format(path)
            layout = Layout(path)
            genesis = read_genesis(layout.record)
            remembered = _remembered(memory, genesis, opened)
            since = remembered.standing().size if remembered else 0
            store = opened.enter_context(closing(structure(layout.record)))
            published = last_published(layout)
            log = verify_log(
                store, genesis, published=published, memory=remembered, progress=progress
            )
            signed = published.size if published else 0
            found = Verified(log, 0, 0, 0, signed)
        else:
            folder = opened.enter_context(closing(open_folder(path, passphrase, pinned=False)))
            remembered = _remembered(memory, folder.genesis, opened)
            since = remembered.standing().size if remembered else 0
            found = verify_folder(folder, memory=remembered, progress=progress)
            folder.pin.check(folder.store)
        _must_be_signed_by_its_own(Layout(path), found.log)
        if remembered is not None:
            found.log.save()
    with_keys = passphrase is not None
    return Verdict(
        found.size,
        since,
        found.root.hex(),
        found.opened,
        found.keys,
        found.signed,
        with_keys,
        found.attachments,
    )


@contextmanager
def _readable() -> Iterator[None]:
    """Tell a damaged file from one that is locked: it is as broken as an altered row."""
    try:
        yield
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        raise LogBroken("E-PARSE", 0, None, "rows that can be read", "a damaged file") from None


def _remembered(path: Path | None, genesis: Genesis, opened: ExitStack) -> Memory | None:
    if path is None:
        return None
    memory = Memory(path) if path.exists() else Memory.create(path, genesis.origin)
    return opened.enter_context(closing(memory))
