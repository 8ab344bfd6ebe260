"""The data folder: what lies in it, how it is made, how it is opened.

```
FORMAT        the version of this layout
kek.key       the key-encryption key, locked with passphrases
keys.db       subject keys and item keys, wrapped
record.db     the record and its log
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
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import msgpack

from domain.confidentiality import Class, KeyPurpose, Label, Owner, OwnerKind
from domain.ports import Clock
from infrastructure.accounts import Accounts
from infrastructure.batch import Vault
from infrastructure.committer import Committer
from infrastructure.errors import Broken, FolderRefused, WrongKeyStore
from infrastructure.ledger.check import Row
from infrastructure.ledger.entry import ZERO_LEAF, authenticate, pack_entry
from infrastructure.ledger.errors import EntryRefused
from infrastructure.ledger.merkle import leaf_hash
from infrastructure.record import Record
from infrastructure.replies import Replies
from infrastructure.stores.contract import Line, RecordStore, Submission
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
from infrastructure.vault.envelope import Kind, control, open_control
from infrastructure.vault.items import ItemKeys
from infrastructure.vault.keyring import KEPT_SECONDS, Keyring, LoggedKey
from infrastructure.vault.keys import KeyPlace
from infrastructure.vault.keystore import KeyStore
from infrastructure.world import SystemClock

FORMAT = "powiernik 1\n"
SECRETS = ("append", "tag", "accounts", "commands", "generation")


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
    def accounts(self) -> Path:
        """The accounts."""
        return self.folder / "accounts.db"


@dataclass(frozen=True, slots=True)
class Genesis:
    """The first record of a log: whose it is."""

    origin: str
    clinic: str
    created_at: datetime

    @property
    def log_id(self) -> bytes:
        """The id that every record of this log carries."""
        return log_id_of(self.origin)


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
    clock: Clock

    def close(self) -> None:
        """Write what is under way, then close every file."""
        self.committer.close()
        self.store.close()
        self.keys.close()
        self.accounts.close()


def log_id_of(origin: str) -> bytes:
    """The id of a log: the first half of the SHA-256 of its origin."""
    return sha256(origin.encode()).digest()[:16]


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
    custody = create_keyfile(layout.keyfile, passphrases, cost=cost)
    KeyStore.create(layout.keys, genesis.log_id)
    keys = KeyStore(layout.keys, genesis.log_id)
    for name in SECRETS:
        wrapped = custody.wrap(secrets.token_bytes(32), _secret_context(genesis.log_id, name))
        keys.add_secret(name, custody.generation, wrapped)
    SqliteStore.create(layout.record)
    Accounts.create(layout.accounts)
    append_key = _secret(keys, custody, genesis.log_id, "append")
    store = SqliteStore(layout.record, append_key, milliseconds(clock))
    record = control(Kind.GENESIS, genesis.log_id, genesis.log_id, 1, _genesis_payload(genesis))
    store.commit([Submission((Line(genesis.log_id, ((bytes(16), lambda _: record),), after=0),))])
    store.close()
    keys.close()
    with layout.format.open("w") as file:
        file.write(FORMAT)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(folder)


def open_folder(folder: Path, passphrase: str, *, clock: Clock | None = None) -> OpenFolder:
    """Open a data folder with one of its passphrases.

    Raises:
        FolderRefused: It is missing, incomplete, or of a version that this program does not know.
        WrongPassphrase: The passphrase opens nothing.
        WrongKeyStore: The key store or the keyfile is missing, damaged or another record's.
    """
    check_format(folder)
    return open_with(folder, unlock(Layout(folder).keyfile, passphrase), clock=clock)


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
    if found != FORMAT:
        msg = "The data folder has a format that this version does not know."
        raise FolderRefused(msg)


def open_with(folder: Path, custody: Keyfile, *, clock: Clock | None = None) -> OpenFolder:
    """``open_folder`` for a key-encryption key that is open already."""
    with ExitStack() as opened:
        try:
            found = _open(Layout(folder), custody, clock or SystemClock(), opened)
        except sqlite3.DatabaseError:
            msg = "The data folder is damaged."
            raise FolderRefused(msg) from None
        # It is the caller's to close from now on.
        opened.pop_all()
    return found


def _open(layout: Layout, custody: Keyfile, clock: Clock, opened: ExitStack) -> OpenFolder:
    genesis = read_genesis(layout.record)
    keys = KeyStore(layout.keys, genesis.log_id)
    opened.callback(keys.close)
    log_id = genesis.log_id
    append_key, tag, accounts_key, commands, generation = (
        _secret(keys, custody, log_id, name) for name in SECRETS
    )
    store = SqliteStore(layout.record, append_key, milliseconds(clock))
    opened.callback(store.close)
    _must_begin_with(genesis, store, append_key)
    logged = logged_keys(store, log_id, append_key)
    keyring = Keyring(keys, custody, log_id, tag, logged)
    sweep(keys, logged)
    items = ItemKeys(keys, keyring, generation)
    clinic = Owner(OwnerKind.CLINIC, genesis.clinic)
    vault = Vault(log_id, keyring, items, Broker(keyring, items, log_id), clinic, Replies(commands))
    accounts = Accounts(layout.accounts, accounts_key)
    opened.callback(accounts.close)
    committer = Committer(store)
    return OpenFolder(
        layout=layout,
        genesis=genesis,
        store=store,
        keys=keys,
        vault=vault,
        record=Record(store, vault, committer, clock),
        committer=committer,
        accounts=accounts,
        append_key=append_key,
        clock=clock,
    )


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
        genesis = _genesis_of(row)
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


def logged_keys(
    store: RecordStore, log_id: bytes, append_key: bytes
) -> Callable[[bytes], LoggedKey | None]:
    """How to find what the log says of a key's making."""

    def logged(key_id: bytes) -> LoggedKey | None:
        rows = store.stream(key_id)
        if not rows:
            return None
        row = rows[0]
        record = row.record or b""
        _must_be_ours(row, record, append_key)
        payload = open_control(Kind.KEY, log_id, key_id, 1, record)
        try:
            act, found, tag, purpose, cls, epoch, check_value = msgpack.unpackb(payload)
            label = Label(KeyPurpose(purpose), Class(cls))
        except (ValueError, TypeError):
            raise Broken("E-PARSE", "the making of a key") from None
        if act != "create" or found != key_id:
            raise Broken("E-PARSE", "the making of a key")
        return LoggedKey(KeyPlace(key_id, tag, label, epoch), check_value, row.position)

    return logged


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


def _must_be_ours(row: Row, record: bytes, append_key: bytes) -> None:
    try:
        entry = pack_entry(
            kind=record[5] if len(record) > 5 else 0,  # noqa: PLR2004 - the byte of the kind
            position=row.position,
            stream_id=row.stream_id,
            version=1,
            key_id=row.key_id,
            record_len=len(record),
            record_hash=sha256(record).digest(),
            prev_leaf=ZERO_LEAF,
            prev_pos=None,
            tx_first=row.tx_first,
            time_ms=row.time_ms,
        )
    except EntryRefused:
        raise Broken("E-PARSE", "a control record that is no entry of a log") from None
    if leaf_hash(entry) != row.leaf or authenticate(append_key, entry) != row.auth:
        raise Broken("E-AUTH", "a control record that no writer of ours wrote")


def _genesis_of(row: Row) -> Genesis:
    payload = open_control(Kind.GENESIS, row.stream_id, row.stream_id, 1, row.record or b"")
    origin, clinic, created_us = msgpack.unpackb(payload)
    return Genesis(origin, clinic.hex(), datetime.fromtimestamp(created_us / 1_000_000, UTC))


def _must_begin_with(genesis: Genesis, store: RecordStore, append_key: bytes) -> None:
    """Whose log it is was read without a key; with the append key it can be believed."""
    (row,) = store.rows(0, 1)
    try:
        _must_be_ours(row, row.record or b"", append_key)
        ours = _genesis_of(row) == genesis
    except Broken:
        ours = False
    if not ours:
        msg = "The record store does not begin as a record does."
        raise FolderRefused(msg)


def _genesis_payload(genesis: Genesis) -> bytes:
    created_us = int(genesis.created_at.timestamp() * 1_000_000)
    payload: bytes = msgpack.packb([genesis.origin, bytes.fromhex(genesis.clinic), created_us])
    return payload


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
