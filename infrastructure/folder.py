"""The data folder: what lies in it, how it is made, how it is opened.

```
FORMAT        the version of this layout
kek.key       the key-encryption key, locked with passphrases
custodian-*   for each passphrase a key to approve with, what takes two of them
keys.db       subject keys and item keys, wrapped
record.db     the record and its log
head.pin      what the last commit left, remembered outside the record
incidents     what was found broken, and what is frozen because of it
spool         looks that were recorded while the record was read-only
scrub.db      how far the scrubber has verified
log/          the log as auditors read it: checkpoint, tiles; written by the checkpointer
trust.policy  whose signatures make a checkpoint good
accounts.db   who may sign in
views-*.db    projections; they can always be rebuilt
```

The three stores share no transaction. A key is made first, as pending; the record then holds the
making of the key and its first use together; what was made and never used is swept (fine print 9).
"""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

from domain.confidentiality import Owner, OwnerKind
from domain.ports import Clock
from infrastructure.accounts import Accounts
from infrastructure.batch import Vault
from infrastructure.committer import Committer
from infrastructure.control import (
    Genesis,
    custodian_line,
    genesis_in,
    genesis_line,
    logged_keys,
    must_be_ours,
)
from infrastructure.custodians import create as create_custodians
from infrastructure.errors import Broken, FolderRefused, WrongKeyStore
from infrastructure.guard.incidents import Incidents
from infrastructure.guard.pin import PinnedHead
from infrastructure.guard.spool import Spool
from infrastructure.guard.watch import Guard
from infrastructure.ledger.errors import KeyRefused, LedgerError, LogBroken
from infrastructure.ledger.note import Verifier
from infrastructure.ledger.receipt import AppendReceipt, receipt_signer
from infrastructure.ledger.tiles import TileFolder
from infrastructure.ledger.trust import Trust
from infrastructure.lineage import lineage_of
from infrastructure.record import Record
from infrastructure.replies import Replies
from infrastructure.stores.contract import RecordStore, Submission
from infrastructure.stores.sqlite import SqliteStore
from infrastructure.vault.broker import Broker
from infrastructure.vault.custody import (
    Cost,
    Custody,
    Keyfile,
    create as create_keyfile,
    sync_folder,
    unlock,
)
from infrastructure.vault.items import ItemKeys
from infrastructure.vault.keyring import KEPT_SECONDS, Keyring, LoggedKey
from infrastructure.vault.keystore import KeyStore
from infrastructure.world import SystemClock

FORMAT = "powiernik 2\n"
OLDER_FORMATS = ("powiernik 1\n",)
SECRETS = ("append", "tag", "accounts", "commands", "generation", "receipts", "spool")


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths in a data folder."""

    folder: Path

    @property
    def format(self) -> Path:
        """The file that names the version of the layout."""
        return self.folder / "FORMAT"

    @property
    def keyfile(self) -> Path:
        """The locked key-encryption key."""
        return self.folder / "kek.key"

    @property
    def keys(self) -> Path:
        """The key store."""
        return self.folder / "keys.db"

    @property
    def record(self) -> Path:
        """The record."""
        return self.folder / "record.db"

    @property
    def head(self) -> Path:
        """The pinned head."""
        return self.folder / "head.pin"

    @property
    def incidents(self) -> Path:
        """The list of incidents."""
        return self.folder / "incidents"

    @property
    def spool(self) -> Path:
        """Looks that were recorded while the record was read-only."""
        return self.folder / "spool"

    @property
    def scrub(self) -> Path:
        """How far the scrubber has verified."""
        return self.folder / "scrub.db"

    @property
    def log(self) -> Path:
        """The log as auditors read it."""
        return self.folder / "log"

    @property
    def policy(self) -> Path:
        """Whose signatures make a checkpoint good."""
        return self.folder / "trust.policy"

    @property
    def accounts(self) -> Path:
        """The accounts."""
        return self.folder / "accounts.db"


@dataclass(frozen=True, slots=True)
class OpenFolder:
    """A data folder in use."""

    layout: Layout
    genesis: Genesis
    store: RecordStore
    keys: KeyStore
    vault: Vault
    record: Record
    committer: Committer
    accounts: Accounts
    append_key: bytes = field(repr=False)
    pin: PinnedHead
    sign: Callable[[int, bytes, int], str] = field(repr=False)
    receipts: Verifier
    guard: Guard
    spool: Spool
    clock: Clock

    def close(self) -> None:
        """Write what is under way, then close every file."""
        self.committer.close()
        self.store.close()
        self.pin.close()
        self.keys.close()
        self.accounts.close()


def create(
    folder: Path,
    passphrases: list[str],
    *,
    origin: str | None = None,
    cost: Cost | None = None,
    clock: Clock | None = None,
) -> None:
    """Make a data folder, whole or not at all.

    Raises:
        FolderRefused: There is something in it already.
        Broken: E-LIMIT, there are no passphrases, or more than a keyfile has slots.
    """
    if folder.exists() and any(folder.iterdir()):
        msg = "The data folder is not empty."
        raise FolderRefused(msg)
    folder.parent.mkdir(parents=True, exist_ok=True)
    making = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.new")
    making.mkdir(mode=0o700)
    try:
        _fill(making, passphrases, origin, cost, clock or SystemClock())
        if folder.exists():
            folder.rmdir()
        making.rename(folder)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    sync_folder(folder.parent)


def _fill(
    folder: Path, passphrases: list[str], origin: str | None, cost: Cost | None, clock: Clock
) -> None:
    layout = Layout(folder)
    genesis = Genesis(
        origin or f"powiernik.invalid/log/{secrets.token_hex(16)}",
        secrets.token_hex(16),
        clock.now(),
    )
    try:
        receipt_signer(genesis.origin, bytes(32))
    except KeyRefused:
        msg = "The log's name must be short, without spaces and without a plus."
        raise FolderRefused(msg) from None
    custody = create_keyfile(layout.keyfile, passphrases, cost=cost)
    custodians = create_custodians(folder, genesis.origin, passphrases, cost)
    KeyStore.create(layout.keys, genesis.log_id)
    keys = KeyStore(layout.keys, genesis.log_id)
    for name in SECRETS:
        wrapped = custody.wrap(secrets.token_bytes(32), _secret_context(genesis.log_id, name))
        keys.add_secret(name, custody.generation, wrapped)
    SqliteStore.create(layout.record)
    Accounts.create(layout.accounts)
    append_key = _secret(keys, custody, genesis.log_id, "append")
    with closing(PinnedHead(layout.head, genesis.log_id, append_key)) as pin:
        store = SqliteStore(layout.record, append_key, milliseconds(clock), committed=pin.note)
        named = (custodian_line(genesis.log_id, each) for each in custodians)
        store.commit([Submission((genesis_line(genesis), *named))])
        store.close()
    keys.close()
    _write_format(layout)


def open_folder(
    folder: Path, passphrase: str, *, clock: Clock | None = None, pinned: bool = True
) -> OpenFolder:
    """Open a data folder with one of its passphrases.

    Without ``pinned`` it is opened whatever its pinned head says: to verify it, and to recover.

    Raises:
        LogBroken: The record was put back to an earlier state, or does not go on from its head.
        FolderRefused: It is missing, incomplete, or of a version that this program does not know.
        WrongPassphrase: The passphrase opens nothing.
        WrongKeyStore: The key store or the keyfile is missing, damaged or another record's.
    """
    check_format(folder)
    custody = unlock(Layout(folder).keyfile, passphrase)
    return open_with(folder, custody, clock=clock, pinned=pinned)


def check_format(folder: Path) -> None:
    """Refuse a folder that this program cannot use.

    Raises:
        FolderRefused: See ``open_folder``.
    """
    try:
        found = Layout(folder).format.read_text()
    except (FileNotFoundError, NotADirectoryError):
        msg = "There is no data folder here; 'powiernik init' makes one."
        raise FolderRefused(msg) from None
    except (OSError, UnicodeDecodeError):
        # The message of the cause names the path.
        msg = "The data folder cannot be read."
        raise FolderRefused(msg) from None
    if found not in (FORMAT, *OLDER_FORMATS):
        msg = "The data folder has a format that this version does not know."
        raise FolderRefused(msg)


def open_with(
    folder: Path, custody: Keyfile, *, clock: Clock | None = None, pinned: bool = True
) -> OpenFolder:
    """``open_folder`` for a key-encryption key that is open already."""
    with ExitStack() as opened:
        try:
            found = _open(Layout(folder), custody, clock or SystemClock(), opened, pinned=pinned)
        except sqlite3.DatabaseError:
            msg = "The data folder is damaged."
            raise FolderRefused(msg) from None
        # It is the caller's to close from now on.
        opened.pop_all()
    return found


def _open(
    layout: Layout, custody: Keyfile, clock: Clock, opened: ExitStack, *, pinned: bool
) -> OpenFolder:
    genesis = read_genesis(layout.record)
    log_id = genesis.log_id
    if layout.format.read_text() in OLDER_FORMATS:
        _bring_forward(layout, custody, log_id)
    keys = KeyStore(layout.keys, log_id)
    opened.callback(keys.close)
    append_key, tag, accounts_key, commands, generation, receipts_seed, spool_key = (
        _secret(keys, custody, log_id, name) for name in SECRETS
    )
    pin = PinnedHead(layout.head, log_id, append_key)
    opened.callback(pin.close)
    store = SqliteStore(layout.record, append_key, milliseconds(clock), committed=pin.note)
    opened.callback(store.close)
    _must_begin_with(genesis, store, append_key)
    if pinned:
        pin.check(store)
        _must_reach_published(layout, store)
    lineage = lineage_of(store, genesis, append_key)
    logged = logged_keys(store, lineage.at, append_key)
    keyring = Keyring(keys, custody, log_id, tag, logged)
    sweep(keys, logged)
    items = ItemKeys(keys, keyring, generation)
    clinic = Owner(OwnerKind.CLINIC, genesis.clinic)
    broker = Broker(keyring, items, lineage.ids)
    vault = Vault(lineage, keyring, items, broker, clinic, Replies(commands))
    accounts = Accounts(layout.accounts, accounts_key)
    opened.callback(accounts.close)
    committer = Committer(store)
    guard = Guard(
        Incidents(layout.incidents), layout.folder, lineage.log_id, committer.commit, clock
    )
    spool = Spool(layout.spool, spool_key, log_id)
    receipts = receipt_signer(lineage.origin, receipts_seed)

    def sign(position: int, leaf: bytes, time_ms: int) -> str:
        receipt = AppendReceipt(lineage.origin, position, leaf, time_ms)
        return receipt.signed(receipts).encode().decode()

    return OpenFolder(
        layout=layout,
        genesis=genesis,
        store=store,
        keys=keys,
        vault=vault,
        record=Record(store, vault, committer, clock, guard, spool, sign),
        committer=committer,
        accounts=accounts,
        append_key=append_key,
        pin=pin,
        sign=sign,
        receipts=receipts.verifier,
        guard=guard,
        spool=spool,
        clock=clock,
    )


def _must_reach_published(layout: Layout, store: RecordStore) -> None:
    """Refuse a record that is smaller than the checkpoint that was published of it."""
    try:
        trust = Trust.parse(layout.policy.read_bytes())
        note = TileFolder(layout.log).read_checkpoint()
        checkpoint = trust.judge(note).checkpoint
    except (FileNotFoundError, LedgerError):
        # None was published, or what lies there is nobody's: the scrubber tells which.
        return
    size = store.standing().size
    if size < checkpoint.size:
        expected = f"at least {checkpoint.size} records"
        raise LogBroken("E-ROLLBACK", size, None, expected, f"{size} records")


def _bring_forward(layout: Layout, custody: Keyfile, log_id: bytes) -> None:
    """From format 1: a copy of the key store is kept, the head is pinned, secrets are added.

    It can be cut short anywhere and done again; the format is written last.
    """
    copy = layout.keys.with_name("keys.db.format-1")
    if not copy.exists():
        making = copy.with_suffix(".new")
        shutil.copyfile(layout.keys, making)
        making.chmod(0o600)
        making.rename(copy)
    with (
        closing(KeyStore(layout.keys, log_id)) as keys,
        closing(structure(layout.record)) as store,
    ):
        missing = [name for name in SECRETS if keys.secret(name) is None]
        # A folder that has them was brought forward before: its head is pinned, or was taken away.
        if missing:
            append_key = _secret(keys, custody, log_id, "append")
            standing = store.standing()
            with closing(PinnedHead(layout.head, log_id, append_key)) as pin:
                pin.note(standing.size, standing.range_bytes)
        for name in missing:
            wrapped = custody.wrap(secrets.token_bytes(32), _secret_context(log_id, name))
            keys.add_secret(name, custody.generation, wrapped)
    _write_format(layout)


def _write_format(layout: Layout) -> None:
    making = layout.format.with_suffix(".new")
    with making.open("w") as file:
        file.write(FORMAT)
        file.flush()
        os.fsync(file.fileno())
    making.rename(layout.format)
    sync_folder(layout.folder)


def structure(path: Path) -> RecordStore:
    """The record as it can be read without any key; nothing is ever written through it."""
    return SqliteStore(path, b"", lambda: 0)


def read_genesis(path: Path) -> Genesis:
    """The first record of a log; it needs no key.

    Raises:
        FolderRefused: There is none, or it is not one.
    """
    store = structure(path)
    try:
        (row,) = store.rows(0, 1)
        genesis = genesis_in(row)
        whole = genesis.log_id == row.stream_id
    except sqlite3.DatabaseError:
        msg = "The record store is damaged."
        raise FolderRefused(msg) from None
    except (ValueError, TypeError, AttributeError, OverflowError, OSError, Broken):
        whole, genesis = False, None
    finally:
        store.close()
    if not whole or genesis is None:
        msg = "The record store does not begin as a record does."
        raise FolderRefused(msg)
    return genesis


def sweep(keys: KeyStore, logged: Callable[[bytes], LoggedKey | None]) -> None:
    """Settle keys that were pending when the last process ended.

    A key that another process is just making is not in the log yet either, so only those older than
    any process keeps an unused key in memory are taken away.
    """
    oldest = int(time.time()) - 4 * KEPT_SECONDS
    in_log, orphaned = [], []
    for each in keys.pending():
        if logged(each.place.key_id) is not None:
            in_log.append(each.place.key_id)
        elif each.made_at < oldest:
            orphaned.append(each.place.key_id)
    if in_log or orphaned:
        keys.settle(in_log, orphaned)


def milliseconds(clock: Clock) -> Callable[[], int]:
    """The clock as the store reads it."""
    return lambda: int(clock.now().timestamp() * 1000)


def _must_begin_with(genesis: Genesis, store: RecordStore, append_key: bytes) -> None:
    """Whose log it is was read without a key; with the append key it can be believed."""
    (row,) = store.rows(0, 1)
    try:
        must_be_ours(row, append_key)
        ours = genesis_in(row) == genesis
    except Broken:
        ours = False
    if not ours:
        msg = "The record store does not begin as a record does."
        raise FolderRefused(msg)


def _secret_context(log_id: bytes, name: str) -> bytes:
    return b"powiernik/1/secret\0" + log_id + name.encode()


def _secret(keys: KeyStore, custody: Custody, log_id: bytes, name: str) -> bytes:
    found = keys.secret(name)
    if found is None or found[0] != custody.generation:
        msg = "The key store is damaged."
        raise WrongKeyStore(msg)
    try:
        return custody.unwrap(found[1], _secret_context(log_id, name))
    except Broken:
        msg = "The key store does not belong to this keyfile."
        raise WrongKeyStore(msg) from None
