"""Backups of the key store expire: what can be reached is deleted, what cannot be is listed.

An old key store with the key-encryption key of its generation opens what has been destroyed since.
So such a backup is short-lived, and until the last one is gone, or its generation is destroyed, a
destruction is not final.

Source:
    docs of the design: security, section 1.7, step 5; compliance, AVL-02.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from infrastructure.backup import manifest as manifests
from infrastructure.backup.listed import Backups, Listed
from infrastructure.backup.manifest import BEGUN, MANIFEST, BackupSet, Head
from infrastructure.durable import sync_folder
from infrastructure.errors import Broken, FolderRefused


@dataclass(frozen=True, slots=True)
class Expired:
    """What was deleted, and what is past its date and was not found."""

    deleted: tuple[Listed, ...]
    unreached: tuple[Listed, ...]


def expire(data: Path, places: Iterable[Path], now: datetime) -> Expired:
    """Delete the key sets of this clinic that are past their date, wherever they can be reached."""
    listed = Backups(data)
    deleted, unreached = [], []
    sets = dict(_sets_in(places))
    for each in listed.extant_keys():
        if each.expires is None or each.expires > now:
            continue
        place = sets.get(each.backup)
        if place is None:
            unreached.append(each)
            continue
        _delete(place)
        listed.take_out(each.backup, each.kind)
        deleted.append(each)
    return Expired(tuple(deleted), tuple(unreached))


def forget(data: Path, backup: str) -> None:
    """Note that a key set was deleted by somebody else: a disk that was destroyed, a tape.

    Raises:
        FolderRefused: There is none under this id.
    """
    if not Backups(data).take_out(backup, BackupSet.KEYS):
        msg = "No backup of keys with this id is listed."
        raise FolderRefused(msg)


def head_in(place: Path) -> Head:
    """What a set says it is of, unverified.

    Raises:
        FileNotFoundError: There is no set there.
        Broken: Its manifest cannot be read.
    """
    try:
        return manifests.read(place / MANIFEST).manifest.head
    except FileNotFoundError:
        return manifests.read(place / BEGUN).manifest.head


def _sets_in(places: Iterable[Path]) -> Iterable[tuple[str, Path]]:
    for place in places:
        for each in (place, *(sorted(place.iterdir()) if place.is_dir() else ())):
            try:
                head = head_in(each)
            except (FileNotFoundError, NotADirectoryError, Broken):
                # Not a set, or one that nobody can open: its name alone is no ground to delete it.
                continue
            if head.kind is BackupSet.KEYS:
                yield head.backup, each


def _delete(place: Path) -> None:
    """The manifest first: it holds the wrapped key, without which no part opens."""
    for name in (MANIFEST, BEGUN):
        path = place / name
        if path.exists():
            with path.open("rb+") as file:
                # What a file system keeps of old blocks nobody can promise; this is hygiene.
                file.write(b"\0" * path.stat().st_size)
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
    sync_folder(place)
    shutil.rmtree(place)
