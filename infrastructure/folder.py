"""Opens a data folder: the record, its keys, its accounts; see ``layout`` for what lies in it.

The three stores share no transaction. A key is made first, as pending; the record then holds the
making of the key and its first use together; what was made and never used is swept (fine print 9).
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from domain.confidentiality import Owner, OwnerKind
from domain.ports import Clock
from infrastructure.accounts import Accounts
from infrastructure.backup.gone import gone_again
from infrastructure.batch import Vault
from infrastructure.clinic_secrets import SECRETS, read_secret
from infrastructure.committer import Committer
from infrastructure.control import (
    Genesis,
    genesis_in,
    logged_keys,
    must_be_ours,
)
from infrastructure.custodians.shreds import LogEndings, destroyed_again, shreds_of
from infrastructure.errors import Broken, FolderRefused, KeyGone, WrongKeyStore
from infrastructure.forward import bring_forward
from infrastructure.guard.incidents import Incidents
from infrastructure.guard.pin import PinnedHead
from infrastructure.guard.spool import Spool
from infrastructure.guard.watch import Guard
from infrastructure.layout import (
    OLDER_FORMATS,
    Layout,
    check_format,
    milliseconds,
    read_genesis,
)
from infrastructure.ledger.errors import LedgerError, LogBroken
from infrastructure.ledger.note import Verifier
from infrastructure.ledger.receipt import AppendReceipt, receipt_signer
from infrastructure.ledger.tiles import TileFolder
from infrastructure.ledger.trust import Trust
from infrastructure.lineage import Lineage, lineage_of
from infrastructure.record import Record
from infrastructure.replies import Replies
from infrastructure.stores.contract import RecordStore
from infrastructure.stores.sqlite import SqliteStore
from infrastructure.vault.bell import Bell
from infrastructure.vault.broker import Broker
from infrastructure.vault.custody import (
    Custody,
    open_custody,
)
from infrastructure.vault.items import ItemKeys
from infrastructure.vault.keyring import KEPT_SECONDS, Keyring, LoggedKey
from infrastructure.vault.keystore import KeyStore
from infrastructure.vault.port import Items, Keys, Openings
from infrastructure.vault.rotation import hand_over, items_secret
from infrastructure.world import SystemClock


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
        bring_forward(layout, custody, log_id)
    keys = KeyStore(layout.keys, log_id)
    opened.callback(keys.close)
    _must_be_of(keys, custody, log_id)
    known = {name: read_secret(keys, custody, log_id, name) for name in SECRETS}

    def hold(store: RecordStore, lineage: Lineage, bell: Bell, logged: Logged) -> Held:
        shredded = destroyed_again(keys, shreds_of(store, lineage, known["append"]))
        resurrected = [each.request for each in shredded]
        resurrected += [each.request for each in gone_again(keys, layout.folder, known["append"])]
        endings = LogEndings(store, lineage, known["append"])
        keyring = Keyring(keys, custody, log_id, known["tag"], logged, bell, endings)
        sweep(keys, logged)
        items = ItemKeys(
            keys, keyring, lambda each: read_secret(keys, custody, log_id, items_secret(each))
        )
        broker = Broker(keyring, items, lineage.ids)
        return Held(keys, custody, keyring, items, broker, resurrected)

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
        keys.settle(in_log, orphaned, oldest)


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
