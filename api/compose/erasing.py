"""Joins what an erasure takes: keys, the log, the projections' rows, the index of people."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from api.compose.finding import Finder
from domain.confidentiality import Class, KeyPurpose, OwnerKind
from domain.ports import Destruction
from domain.values import ClientId
from infrastructure.backup.listed import Backups
from infrastructure.erasing import Hands, RecordShredder
from infrastructure.folder import Layout, OpenFolder
from infrastructure.ledger.key_control import BackupLeft
from infrastructure.views import ServingViews


def shredder_of(
    folder: OpenFolder, views: Iterable[ServingViews] = (), finder: Finder | None = None
) -> RecordShredder:
    """What destroys keys here; without views, their rows go when they are next opened."""
    stores = tuple(views)

    def forget(what: Destruction, key_ids: Collection[bytes]) -> None:
        for each in stores:
            each.forget(key_ids)
        for client in _unfindable(what) if finder is not None else ():
            finder.forget(client)

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


def _unfindable(what: Destruction) -> list[ClientId]:
    """Those whose identity goes: nobody finds them by a number or a name any more."""
    named = not what.classes or Class.ADMINISTRATIVE in what.classes
    if not named or KeyPurpose.CLINICAL not in what.purposes:
        return []
    return [ClientId(each.id) for each in what.owners if each.kind is OwnerKind.CLIENT]
