"""The data folder: what lies in it, how it is made, how it is opened.

```
FORMAT        the version of this layout
kek.key       the key-encryption keys, locked with passphrases
custody.conf  in its place, where they are elsewhere: in a token or with a server, and which
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
releases.db   what a broker of its own released to whom
broker.lock   held while a broker is at work
lookups.db    how often each of the staff looked people up today
backups.list  which backups there are, and when those of the keys expire
backup.work/  a record that is being backed up, frozen; gone when that is done
keys.gone     after a restore: keys that are gone though the record does not say why
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
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

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
from infrastructure.custodians.shreds import destroyed_again, shreds_of
from infrastructure.custodians.signing import create as create_custodians
from infrastructure.errors import Broken, FolderRefused, KeyGone, WrongKeyStore
from infrastructure.guard.incidents import Incidents
from infrastructure.guard.pin import PinnedHead
from infrastructure.guard.spool import Spool
from infrastructure.guard.watch import Guard
from infrastructure.ledger.errors import KeyRefused, LedgerError, LogBroken
from infrastructure.ledger.note import Verifier
from infrastructure.ledger.receipt import AppendReceipt, receipt_signer
from infrastructure.ledger.tiles import TileFolder
from infrastructure.ledger.trust import Trust
from infrastructure.lineage import Lineage, lineage_of
from infrastructure.record import Record
from infrastructure.replies import Replies
from infrastructure.stores.contract import RecordStore, Submission
from infrastructure.stores.sqlite import SqliteStore
from infrastructure.vault.bell import Bell
from infrastructure.vault.broker import Broker
from infrastructure.vault.custody import (
    Cost,
    Custody,
    Settings,
    create as create_keyfile,
    making_custody,
    open_custody,
    sync_folder,
)
from infrastructure.vault.items import ItemKeys
from infrastructure.vault.keyring import KEPT_SECONDS, Keyring, LoggedKey
from infrastructure.vault.keystore import KeyStore
from infrastructure.vault.port import Items, Keys, Openings
from infrastructure.vault.rotation import hand_over, items_secret, open_secret, secret_context
from infrastructure.world import SystemClock

FORMAT = "powiernik 3\n"
OLDER_FORMATS = ("powiernik 1\n", "powiernik 2\n")
SECRETS = ("append", "tag", "accounts", "commands", "receipts", "spool", "index")


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
    def bell(self) -> Path:
        """The counter by which every process hears that keys have changed."""
        return self.folder / "keys.bell"

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

    @property
    def lookups(self) -> Path:
        """How often each of the staff looked people up today."""
        return self.folder / "lookups.db"


@dataclass(frozen=True, slots=True)
class OpenFolder:
    """A data folder in use."""

    layout: Layout
    genesis: Genesis
    store: RecordStore
    keys: KeyStore
    custody: Custody = field(repr=False)
    bell: Bell
    index_key: bytes = field(repr=False)
    vault: Vault
    record: Record
    committer: Committer
    accounts: Accounts
    append_key: bytes = field(repr=False)
    pin: PinnedHead
    sign: Callable[[int, bytes, int], str] = field(repr=False)
    receipts: Verifier
    logged: Callable[[bytes], LoggedKey | None]
    guard: Guard
    spool: Spool
    clock: Clock
    own_custody: bool = False

    def close(self) -> None:
        """Write what is under way, then close every file."""
        self.committer.close()
        self.store.close()
        self.pin.close()
        self.keys.close()
        self.bell.close()
        self.accounts.close()
        if self.own_custody:
            self.custody.close()


def create(
    folder: Path,
    passphrases: list[str],
    *,
    origin: str | None = None,
    cost: Cost | None = None,
    clock: Clock | None = None,
    custody: Settings | None = None,
    secret: str = "",
) -> None:
    """Make a data folder, whole or not at all.

    Without ``custody`` its keys lie in a keyfile that the passphrases open. With it they are made
    there, with the ``secret`` that it asks for, and the passphrases are the custodians' alone.

    Raises:
        FolderRefused: There is something in it already, or keys of that name with the custody.
        WrongPassphrase, CustodyUnavailable: The custody refuses the secret, or does not answer.
        Broken: E-LIMIT, there are no passphrases, or more than a keyfile has room for.
    """
    if folder.exists() and any(folder.iterdir()):
        msg = "The data folder is not empty."
        raise FolderRefused(msg)
    folder.parent.mkdir(parents=True, exist_ok=True)
    making = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.new")
    making.mkdir(mode=0o700)
    try:
        made = _making_custody(Layout(making), passphrases, cost, custody, secret)
        with made as opened:
            _fill(making, opened, passphrases, origin, cost, clock or SystemClock())
            if folder.exists():
                folder.rmdir()
            making.rename(folder)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    sync_folder(folder.parent)


def _making_custody(
    layout: Layout,
    passphrases: list[str],
    cost: Cost | None,
    settings: Settings | None,
    secret: str,
) -> AbstractContextManager[Custody]:
    if settings is None:
        return nullcontext(create_keyfile(layout.keyfile, passphrases, cost=cost))
    return making_custody(layout.folder, settings, secret)


def _fill(
    folder: Path,
    custody: Custody,
    passphrases: list[str],
    origin: str | None,
    cost: Cost | None,
    clock: Clock,
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
    custodians = create_custodians(folder, genesis.origin, passphrases, cost)
    KeyStore.create(layout.keys, genesis.log_id)
    keys = KeyStore(layout.keys, genesis.log_id)
    _add_secrets(keys, custody, genesis.log_id, (*SECRETS, items_secret(custody.generation)))
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
    """Open a data folder with one of its passphrases, or what else its custody asks for.

    Without ``pinned`` it is opened whatever its pinned head says: to verify it, and to recover.

    Raises:
        LogBroken: The record was put back to an earlier state, or does not go on from its head.
        FolderRefused: It is missing, incomplete, or of a version that this program does not know.
        WrongPassphrase: The passphrase opens nothing.
        WrongKeyStore: The key store or the keyfile is missing, damaged or another record's.
        CustodyUnavailable: The token or the server that holds the keys is away.
    """
    check_format(folder)
    custody = open_custody(folder, passphrase)
    try:
        found = open_with(folder, custody, clock=clock, pinned=pinned)
    except BaseException:
        custody.close()
        raise
    return replace(found, own_custody=True)


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
    folder: Path, custody: Custody, *, clock: Clock | None = None, pinned: bool = True
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
    layout: Layout, custody: Custody, clock: Clock, opened: ExitStack, *, pinned: bool
) -> OpenFolder:
    genesis = read_genesis(layout.record)
    log_id = genesis.log_id
    if layout.format.read_text() in OLDER_FORMATS:
        _bring_forward(layout, custody, log_id)
    keys = KeyStore(layout.keys, log_id)
    opened.callback(keys.close)
    _must_be_of(keys, custody, log_id)
    known = {name: _secret(keys, custody, log_id, name) for name in SECRETS}

    def hold(store: RecordStore, lineage: Lineage, bell: Bell, logged: Logged) -> Held:
        resurrected = destroyed_again(keys, shreds_of(store, lineage, known["append"]))
        keyring = Keyring(keys, custody, log_id, known["tag"], logged, bell)
        sweep(keys, logged)
        items = ItemKeys(
            keys, keyring, lambda each: _secret(keys, custody, log_id, items_secret(each))
        )
        broker = Broker(keyring, items, lineage.ids)
        return Held(keys, custody, keyring, items, broker, [each.request for each in resurrected])

    return assembled(layout, genesis, known, hold, clock, opened, pinned=pinned)


class Held(NamedTuple):
    """The vault of an open folder, and the requests whose keys had come back to its key store."""

    keys: KeyStore
    custody: Custody
    keyring: Keys
    items: Items
    broker: Openings
    gone_again: list[bytes]


Logged = Callable[[bytes], LoggedKey | None]
Hold = Callable[[RecordStore, Lineage, Bell, Logged], Held]


def assembled(
    layout: Layout,
    genesis: Genesis,
    known: Mapping[str, bytes],
    hold: Hold,
    clock: Clock,
    opened: ExitStack,
    *,
    pinned: bool,
) -> OpenFolder:
    """An open folder, with those of the clinic's secrets that are known here and its vault."""
    log_id, append_key = genesis.log_id, known["append"]
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
    bell = Bell(layout.bell)
    opened.callback(bell.close)
    held = hold(store, lineage, bell, logged)
    clinic = Owner(OwnerKind.CLINIC, genesis.clinic)
    replies = Replies(known["commands"])
    vault = Vault(lineage, held.keyring, held.items, held.broker, clinic, replies)
    accounts = Accounts(layout.accounts, known["accounts"])
    opened.callback(accounts.close)
    committer = Committer(store)
    guard = Guard(
        Incidents(layout.incidents), layout.folder, lineage.log_id, committer.commit, clock
    )
    for request in held.gone_again:
        # A key store that was put back: what it brought is gone again, and somebody has to know.
        guard.report("E-KEYSTATE", stream=request, position=None)
    spool = Spool(layout.spool, known["spool"], log_id)
    receipts = receipt_signer(lineage.origin, known["receipts"])

    def sign(position: int, leaf: bytes, time_ms: int) -> str:
        receipt = AppendReceipt(lineage.origin, position, leaf, time_ms)
        return receipt.signed(receipts).encode().decode()

    return OpenFolder(
        layout=layout,
        genesis=genesis,
        store=store,
        keys=held.keys,
        custody=held.custody,
        bell=bell,
        # Where the keys lie elsewhere, whoever has them makes the keyed hashes.
        index_key=known.get("index", b""),
        vault=vault,
        record=Record(store, vault, committer, clock, guard, spool, sign),
        committer=committer,
        accounts=accounts,
        append_key=append_key,
        pin=pin,
        sign=sign,
        receipts=receipts.verifier,
        logged=logged,
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


def _bring_forward(layout: Layout, custody: Custody, log_id: bytes) -> None:
    """From an older format: a copy of the key store is kept, secrets are added, the head is pinned.

    It can be cut short anywhere and done again; the format is written last.
    """
    copy = layout.keys.with_name(f"keys.db.{layout.format.read_text().strip().replace(' ', '-')}")
    if not copy.exists():
        making = copy.with_suffix(".new")
        shutil.copyfile(layout.keys, making)
        making.chmod(0o600)
        making.rename(copy)
    KeyStore.bring_forward(layout.keys)
    with (
        closing(KeyStore(layout.keys, log_id)) as keys,
        closing(structure(layout.record)) as store,
    ):
        missing = [name for name in SECRETS if keys.secret(name) is None]
        # A folder that has these was brought forward before: its head is pinned, or was taken away.
        if "receipts" in missing:
            append_key = _secret(keys, custody, log_id, "append")
            standing = store.standing()
            with closing(PinnedHead(layout.head, log_id, append_key)) as pin:
                pin.note(standing.size, standing.range_bytes)
        _add_secrets(keys, custody, log_id, missing)
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


def _must_be_of(keys: KeyStore, custody: Custody, log_id: bytes) -> None:
    """Refuse a key store whose present generation this custody does not have, such as an older one.

    Raises:
        WrongKeyStore: It is.
    """
    generation = keys.generation()
    try:
        if generation not in custody.generations:
            hand_over(keys, custody, log_id, generation)
    except (Broken, KeyGone):
        msg = "The key store is of another generation of keys than this custody: an older one?"
        raise WrongKeyStore(msg) from None


def _add_secrets(keys: KeyStore, custody: Custody, log_id: bytes, names: Iterable[str]) -> None:
    for name in names:
        wrapped = custody.wrap(
            custody.generation, secrets.token_bytes(32), secret_context(log_id, name)
        )
        keys.add_secret(name, custody.generation, wrapped)


def _secret(keys: KeyStore, custody: Custody, log_id: bytes, name: str) -> bytes:
    try:
        found = open_secret(keys, custody, log_id, name)
    except (Broken, KeyGone):
        msg = "The key store does not belong to this keyfile."
        raise WrongKeyStore(msg) from None
    if found is None:
        msg = "The key store is damaged."
        raise WrongKeyStore(msg)
    return found
