"""Joins what an erasure takes: keys, the log, the projections' rows, the index of people."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from api.compose.finding import Finder
from domain import case as case_file, client as client_file
from domain.confidentiality import Class, KeyPurpose, OwnerKind
from domain.ports import Destruction
from domain.values import ClientId
from infrastructure.attachments.sweep import sweep
from infrastructure.backup.listed import Backups
from infrastructure.broker.destroying import Forget, RemoteShredder
from infrastructure.broker.worker import KeysElsewhere
from infrastructure.custodians.shredder import Hands, RecordShredder
from infrastructure.folder import OpenFolder
from infrastructure.layout import Layout
from infrastructure.ledger.key_control import BackupLeft
from infrastructure.views import ServingViews
from projections.derived import DerivedRows


def destroyer_of(
    folder: OpenFolder, views: Iterable[ServingViews], finder: Finder, derived: DerivedRows
) -> RecordShredder | RemoteShredder:
    """What destroys keys for the desk: here, or by the broker that has them."""
    stores = tuple(views)

    def forget(what: Destruction, key_ids: Collection[bytes]) -> None:
        for each in stores:
            each.forget(key_ids)
        derived.forget(*_about(folder, what), lambda position: _gone(folder, position, key_ids))
        for client in _unfindable(what):
            finder.forget(client)
        sweep(folder, folder.clock.now())

    if isinstance(folder.keys, KeysElsewhere):
        return RemoteShredder(folder.keys.line, shredder_of(folder), forget)
    return shredder_of(folder, forget)


def shredder_of(folder: OpenFolder, forget: Forget = lambda _what, _keys: None) -> RecordShredder:
    """What destroys keys here; what is not forgotten now goes when it is next opened."""
    return RecordShredder(
        Hands(
            store=folder.store,
            lineage=folder.vault.lineage,
            append_key=folder.append_key,
            keys=folder.keys,
            keyring=folder.vault.keyring,
            bell=folder.bell,
            enter=folder.guard.enter,
            forget=forget,
            backups=lambda: backups_left(folder.layout),
        )
    )


def backups_left(layout: Layout) -> list[BackupLeft]:
    """The backups of the key store that may still be read, for the record of a destruction."""
    return [
        BackupLeft(bytes.fromhex(each.backup), each.generation, each.expires_ms)
        for each in Backups(layout.folder).extant_keys()
    ]


def _about(folder: OpenFolder, what: Destruction) -> tuple[set[str], set[str]]:
    """The clients and the cases whom something destroyed may have been about."""
    clients, cases = set[str](), set[str]()
    for owner in what.owners:
        if owner.kind is OwnerKind.CLIENT:
            file, _ = folder.record.frame(owner.id, client_file.fold)
            clients.add(owner.id)
            cases.update(file.cases if file else ())
        elif owner.kind is OwnerKind.CASE:
            case, _ = folder.record.frame(owner.id, case_file.fold)
            clients.update(case.everyone if case else ())
            cases.add(owner.id)
    return clients, cases


def _gone(folder: OpenFolder, position: int, key_ids: Collection[bytes]) -> bool:
    return any(row.key_id in key_ids for row in folder.store.rows(position, 1))


def _unfindable(what: Destruction) -> list[ClientId]:
    """Those whose identity goes: nobody finds them by a number or a name any more."""
    named = not what.classes or Class.ADMINISTRATIVE in what.classes
    if not named or KeyPurpose.CLINICAL not in what.purposes:
        return []
    return [ClientId(each.id) for each in what.owners if each.kind is OwnerKind.CLIENT]
