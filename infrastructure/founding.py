"""Makes a data folder: whole, or not at all."""

from __future__ import annotations

import secrets
import shutil
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path

from domain.ports import Clock
from infrastructure.accounts import Accounts
from infrastructure.clinic_secrets import SECRETS, add_secrets, read_secret
from infrastructure.control import (
    Genesis,
    custodian_line,
    genesis_line,
)
from infrastructure.custodians.signing import create as create_custodians
from infrastructure.durable import sync_folder
from infrastructure.errors import FolderRefused
from infrastructure.guard.pin import PinnedHead
from infrastructure.layout import Layout, milliseconds, write_format
from infrastructure.ledger.errors import KeyRefused
from infrastructure.ledger.receipt import receipt_signer
from infrastructure.stores.contract import Submission
from infrastructure.stores.sqlite import SqliteStore
from infrastructure.vault.custody import (
    Cost,
    Custody,
    Settings,
    create as create_keyfile,
    making_custody,
)
from infrastructure.vault.keystore import KeyStore
from infrastructure.vault.rotation import items_secret
from infrastructure.world import SystemClock


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
    add_secrets(keys, custody, genesis.log_id, (*SECRETS, items_secret(custody.generation)))
    SqliteStore.create(layout.record)
    Accounts.create(layout.accounts)
    append_key = read_secret(keys, custody, genesis.log_id, "append")
    with closing(PinnedHead(layout.head, genesis.log_id, append_key)) as pin:
        store = SqliteStore(layout.record, append_key, milliseconds(clock), committed=pin.note)
        named = (custodian_line(genesis.log_id, each) for each in custodians)
        store.commit([Submission((genesis_line(genesis), *named))])
        store.close()
    keys.close()
    write_format(layout)
