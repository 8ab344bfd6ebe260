"""Reads sets into a folder: manifest, every part, every hash, and nothing that is not named there.

What was restored before is kept as far as its bytes are those of the manifest, so that a restore
that was cut short goes on. A file is written under a name of its own until it is whole.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from infrastructure.backup import manifest as manifests, parts, wrapping
from infrastructure.backup.freeze import Progress, no_room
from infrastructure.backup.manifest import (
    BEGUN,
    MANIFEST,
    BackupSet,
    File,
    Head,
    Manifest,
    Part,
    Unverified,
)
from infrastructure.backup.parts import Place
from infrastructure.durable import sync_folder
from infrastructure.errors import Broken, FolderRefused
from infrastructure.vault.custody import Custody

_STEP = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    """A set that was found in a place and not yet believed."""

    place: Path
    unverified: Unverified

    @property
    def head(self) -> Head:
        """What it says it is of."""
        return self.unverified.manifest.head


@dataclass(frozen=True, slots=True)
class Opened:
    """A set whose manifest is what was written."""

    place: Path
    manifest: Manifest
    key: bytes = field(repr=False)

    @property
    def head(self) -> Head:
        """What it is of."""
        return self.manifest.head


def find(kind: BackupSet, place: Path, backup: str | None = None) -> Found:
    """The set in a place: the folder of a set itself, or the newest whole one of those in it.

    Raises:
        FolderRefused: There is none, or only one that was never finished.
        Broken: A manifest cannot be read.
    """
    candidates = [each for each in (place, *_inside(place)) if (each / MANIFEST).is_file()]
    found = [Found(each, manifests.read(each / MANIFEST)) for each in candidates]
    wanted = [
        each for each in found if each.head.kind is kind and backup in (None, each.head.backup)
    ]
    if wanted:
        return max(wanted, key=lambda each: (each.head.made, each.head.size, each.head.backup))
    begun = any((each / BEGUN).is_file() for each in (place, *_inside(place)))
    unfinished = " One was begun and never finished." if begun else ""
    msg = f"There is no {kind.word} backup in its place.{unfinished}"
    raise FolderRefused(msg)


def _inside(place: Path) -> Iterator[Path]:
    if place.is_dir():
        yield from sorted(each for each in place.iterdir() if each.is_dir())


def open_set(found: Found, custody: Custody, lasting: bytes | None = None) -> Opened:
    """A set with its key, once its manifest is known to be what was written.

    Raises:
        FolderRefused: Its generation does not open here.
        Broken: It is not what was written, or was not finished.
    """
    key = wrapping.open_backup_key(found.head, custody, lasting)
    manifest = found.unverified.verified(key)
    if not manifest.files:
        raise Broken("E-GAP", "a backup that was never finished")
    return Opened(found.place, manifest, key)


def restore_set(opened: Opened, target: Path, progress: Progress) -> None:
    """Write every file of a set into a folder.

    Raises:
        Broken: A part is missing, out of its place or altered, or a file is not what was written.
        FolderRefused: The disk is full.
    """
    done, total = 0, opened.manifest.bytes
    try:
        for number, file in enumerate(opened.manifest.files):
            path = target / file.name
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _is_whole(path, file):
                _restore_file(opened, number, file, path)
            done += file.size
            progress(done, total)
    except OSError as error:
        raise no_room(error, "of the restored folder") from None


def check_set(opened: Opened, progress: Progress) -> None:
    """Open every part of a set and hold every file against its hash; nothing is written.

    Raises:
        Broken: As ``restore_set``.
    """
    done, total = 0, opened.manifest.bytes
    for number, file in enumerate(opened.manifest.files):
        digest = sha256()
        for count in range(len(file.parts)):
            digest.update(_part(opened, number, file, count))
            progress(done, total)
        _must_be(file, digest.digest())
        done += file.size
        progress(done, total)


def _restore_file(opened: Opened, number: int, file: File, path: Path) -> None:
    making = _making(path)
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
    with os.fdopen(os.open(making, flags, 0o600), "r+b") as target:
        digest, kept = sha256(), 0
        for part in file.parts:
            there = target.read(part.size)
            if not _is(there, part):
                break
            digest.update(there)
            kept += 1
        target.seek(sum(each.size for each in file.parts[:kept]))
        target.truncate()
        for count in range(kept, len(file.parts)):
            plain = _part(opened, number, file, count)
            digest.update(plain)
            target.write(plain)
        target.flush()
        os.fsync(target.fileno())
    _must_be(file, digest.digest())
    making.rename(path)
    sync_folder(path.parent)


def _part(opened: Opened, number: int, file: File, count: int) -> bytes:
    place = Place(opened.head.backup, opened.head.kind, number, count)
    plain = parts.read(opened.key, opened.place, place)
    if not _is(plain, file.parts[count]):
        raise Broken("E-AEAD", "a part of a backup is not what the manifest says")
    return plain


def _is(plain: bytes, part: Part) -> bool:
    return len(plain) == part.size and sha256(plain).digest() == part.digest


def _must_be(file: File, digest: bytes) -> None:
    if digest != file.digest:
        raise Broken("E-AEAD", "a file of a backup is not what the manifest says")


def _is_whole(path: Path, file: File) -> bool:
    try:
        with path.open("rb") as found:
            return path.stat().st_size == file.size and _digest(found) == file.digest
    except FileNotFoundError:
        return False


def _digest(file: BinaryIO) -> bytes:
    digest = sha256()
    while piece := file.read(_STEP):
        digest.update(piece)
    return digest.digest()


def must_agree(heads: Mapping[BackupSet, Head]) -> None:
    """Refuse sets of different clinics.

    Raises:
        FolderRefused: They are.
    """
    record = heads[BackupSet.RECORD]
    for kind, head in heads.items():
        if head.log_id != record.log_id:
            msg = (
                f"The {kind.word} backup belongs to another clinic than the record backup;"
                " nothing was restored."
            )
            raise FolderRefused(msg)


def clear(target: Path, manifests_: Iterable[Manifest]) -> None:
    """Take away what an earlier try has left behind and these sets do not hold.

    Above all a side file of a database: beside a file that is restored anew it would be replayed.
    """
    names = {file.name for each in manifests_ for file in each.files}
    making = {_making(target / each) for each in names}
    for path in sorted(target.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.relative_to(target).as_posix() not in names and path not in making:
            path.unlink()


def _making(path: Path) -> Path:
    return path.with_name(f".{path.name}.restoring")
