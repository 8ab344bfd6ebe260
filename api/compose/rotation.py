"""Joins what changes keys: the rotation of the key-encryption key, a client's new epoch."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from api.compose.erasing import shredder_of
from domain.confidentiality import Owner, OwnerKind
from infrastructure.custodians import rotating
from infrastructure.errors import FolderRefused
from infrastructure.folder import OpenFolder, open_folder, open_with
from infrastructure.layout import check_format
from infrastructure.vault.custody import Keyfile, open_custody, read_settings
from infrastructure.vault.rotation import Rotated


def rotate(
    data: Path,
    passphrases: list[str],
    *,
    drop_closed: bool = False,
    progress: Callable[[int, int], None] = lambda _now, _of: None,
) -> Rotated:
    """Move every key to a new generation of the key-encryption key and destroy the old one.

    Of a keyfile every slot has to be opened, so that it can be locked anew; with ``drop_closed``
    those that were not opened are gone.

    Raises:
        SlotsClosed: Somebody's passphrase was not given; nothing has changed.
        FolderRefused, WrongPassphrase, WrongKeyStore, CustodyUnavailable, Broken: See
            ``infrastructure.custodians.rotating``.
    """
    check_format(data)
    custody = open_custody(data, passphrases[0])
    try:
        if isinstance(custody, Keyfile):
            for each in passphrases[1:]:
                custody.open_also(each)
            if drop_closed:
                # What is made here is what the rotation goes on with.
                custody.rotate(drop_closed=True)
        with closing(open_with(data, custody)) as folder:
            return rotating.rotate(folder, shredder_of(folder), progress)
    finally:
        custody.close()


def rotate_open(
    folder: OpenFolder,
    others: list[str],
    progress: Callable[[int, int], None] = lambda _now, _of: None,
) -> Rotated:
    """``rotate`` in the process that has the folder open, with the other people's passphrases.

    Raises:
        SlotsClosed, FolderRefused, WrongPassphrase, CustodyUnavailable, Broken: As ``rotate`` does.
    """
    if isinstance(folder.custody, Keyfile):
        for each in others:
            folder.custody.open_also(each)
    return rotating.rotate(folder, shredder_of(folder), progress)


def has_passphrases(data: Path) -> bool:
    """Whether the keys lie in a keyfile, which several people open with passphrases."""
    check_format(data)
    return read_settings(data) is None


def renew(data: Path, secret: str, subject: str) -> int:
    """Begin a new epoch of a client's content keys, or of a joint case's; how many were retired.

    Raises:
        FolderRefused: There is nobody of this id with keys.
        WrongPassphrase, WrongKeyStore, CustodyUnavailable: See ``infrastructure.folder``.
    """
    with closing(open_folder(data, secret)) as folder:
        retired = sum(
            rotating.renew(folder, Owner(kind, subject))
            for kind in (OwnerKind.CLIENT, OwnerKind.CASE)
        )
    if not retired:
        msg = "Nobody of this id has keys that could be renewed."
        raise FolderRefused(msg)
    return retired
