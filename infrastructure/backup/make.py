"""Writes the three sets of a backup, each into a folder of its own in its own destination.

A set is begun with a manifest without files, that holds its wrapped key; parts follow, each durable
before the next; the manifest comes last. Whoever is cut short calls again: parts that are there and
open to the very same bytes are kept, everything else is written anew.
"""

from __future__ import annotations

import secrets
import shutil
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from infrastructure.backup import manifest as manifests, parts, wrapping
from infrastructure.backup.freeze import Frozen, Work, copy_in_memory, no_room
from infrastructure.backup.listed import Backups, Listed
from infrastructure.backup.manifest import (
    BEGUN,
    MANIFEST,
    MOST_FILES,
    PART_SIZE,
    BackupSet,
    File,
    Head,
    Manifest,
    Part,
)
from infrastructure.backup.parts import Place
from infrastructure.backup.shreds import shreds_in
from infrastructure.durable import sync_folder
from infrastructure.errors import Broken, FolderRefused, KeyGone
from infrastructure.folder import OpenFolder
from infrastructure.ledger.merkle import CompactRange
from infrastructure.vault.custody import Custody
from infrastructure.vault.keys import KEY_SIZE
from infrastructure.views import locked

KEEP_KEYS = timedelta(days=7)
LONGEST_KEPT = timedelta(days=30)
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that is whole: its sets, and how long it took, in seconds."""

    backup: str
    sets: Mapping[BackupSet, Manifest]
    resumed: bool
    kept_parts: int
    seconds: float


@dataclass(slots=True)
class _Run:
    """What all sets of one backup have in common."""

    folder: OpenFolder
    custody: Custody
    work: Work
    keep_keys: timedelta
    lasting: bytes
    listed: Backups
    places: Mapping[BackupSet, Path]
    progress: Callable[[str, int, int], None]
    kept: int = 0


def back_up(
    folder: OpenFolder,
    custody: Custody,
    places: Mapping[BackupSet, Path],
    *,
    keep_keys: timedelta = KEEP_KEYS,
    progress: Callable[[str, int, int], None] = lambda _what, _now, _of: None,
) -> Made:
    """Back up an open data folder, which others may go on using; ``places`` are destinations.

    Raises:
        FolderRefused: Keys are being rotated, another backup is under way, a disk is full, or keys
            were to be kept for longer than they may.
    """
    if not timedelta(0) < keep_keys <= LONGEST_KEPT:
        msg = f"A backup of keys is kept for one to {LONGEST_KEPT.days} days."
        raise FolderRefused(msg)
    begun = time.monotonic()
    data = folder.layout.folder
    with locked(data / "backup.lock"):
        _must_not_rotate(folder.layout.keys)
        lasting = wrapping.make_lasting_secret(folder.keys, custody, folder.genesis.log_id)
        for _ in range(_TRIES):
            fresh = secrets.token_hex(16)
            work = Work.begin(data, fresh, folder.clock.now())
            run = _Run(folder, custody, work, keep_keys, lasting, Backups(data), places, progress)
            try:
                sets = _sets(run)
            except _Overtaken:
                _take_back(run)
                continue
            work.done()
            resumed = work.backup != fresh
            return Made(work.backup, sets, resumed, run.kept, time.monotonic() - begun)
    msg = "Keys were destroyed each time while they were being backed up; try again later."
    raise FolderRefused(msg)


class _Overtaken(Exception):
    """Something was destroyed between the copy of the record and that of the keys.

    The two would not belong together: the keys are gone, and the record does not say why.
    """


def _sets(run: _Run) -> dict[BackupSet, Manifest]:
    """Freeze the record and write every set."""
    _list(run)
    if BackupSet.RECORD in run.places:
        frozen = run.work.freeze(run.folder.layout, lambda now, of: run.progress("freeze", now, of))
    else:
        frozen = _as_it_is(run.folder)
    return {
        kind: _one_set(run, _head(run, kind, frozen), run.places[kind])
        for kind in BackupSet
        if kind in run.places
    }


def _as_it_is(folder: OpenFolder) -> Frozen:
    standing = folder.store.standing()
    root = CompactRange.from_bytes(standing.size, standing.range_bytes).root()
    return Frozen(standing.size, root, 0)


def _head(run: _Run, kind: BackupSet, frozen: Frozen) -> Head:
    made = run.work.made
    return Head(
        backup=run.work.backup,
        kind=kind,
        made=made,
        expires=made + run.keep_keys if kind is BackupSet.KEYS else None,
        log_id=run.folder.genesis.log_id,
        origin=run.folder.vault.lineage.origin,
        size=frozen.size,
        root=frozen.root,
        published=frozen.published,
        generation=run.custody.generation,
        wrapped=b"",
        lasting=b"",
    )


def _take_back(run: _Run) -> None:
    """Leave nothing of a backup whose sets would not belong together."""
    for kind, place in run.places.items():
        for each in place.glob(f"*-{kind.word}-{run.work.backup}"):
            shutil.rmtree(each)
        run.listed.take_out(run.work.backup, kind)
    run.work.done()


def folder_name(head: Head) -> str:
    """How the folder of a set is called: by the time, so that names sort; then the set and id."""
    return f"{head.made:%Y%m%dT%H%M%SZ}-{head.kind.word}-{head.backup}"


def _one_set(run: _Run, head: Head, destination: Path) -> Manifest:
    try:
        destination.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = destination / folder_name(head)
        place.mkdir(mode=0o700, exist_ok=True)
        sync_folder(destination)
        return _write_set(run, head, place)
    except OSError as error:
        raise no_room(error, f"for the {head.kind.word} set") from None


def _write_set(run: _Run, head: Head, place: Path) -> Manifest:
    known = _known(run, head, place)
    if known is not None and known[0].files:
        # Whoever wrote it may not have come as far as saying so.
        run.listed.put(_listed(known[0].head, whole=True))
        return known[0]
    if known is None:
        known = _begin(run, head, place)
    (begun, key) = known
    sources = _sources(run, head)
    total, done = sum(size for _, size, _ in sources), 0
    files = []
    for number, (name, _, opened) in enumerate(sources):
        with opened() as source:
            file = _write_file(run, key, begun.head, place, number, name, source)
        files.append(file)
        done += file.size
        run.progress(head.kind.word, done, total)
    found = Manifest(begun.head, tuple(files))
    sync_folder(place)
    parts.write(place / MANIFEST, found.encode(key))
    (place / BEGUN).unlink(missing_ok=True)
    sync_folder(place)
    run.listed.put(_listed(begun.head, whole=True))
    return found


def _known(run: _Run, head: Head, place: Path) -> tuple[Manifest, bytes] | None:
    """The set that lies there already, whole or begun; what cannot be gone on with is cleared."""
    for name in (MANIFEST, BEGUN):
        try:
            unverified = manifests.read(place / name)
            found = unverified.manifest.head
            # One that was begun under a generation that is gone would never open.
            if found.generation != head.generation:
                break
            key = wrapping.open_backup_key(found, run.custody, None)
            same = (found.backup, found.kind, found.size, found.root, found.log_id)
            if same != (head.backup, head.kind, head.size, head.root, head.log_id):
                break
            return unverified.verified(key), key
        except FileNotFoundError:
            continue
        except (Broken, KeyGone, FolderRefused):
            break
    for each in (MANIFEST, BEGUN, *(part.name for part in place.glob("part-*"))):
        (place / each).unlink(missing_ok=True)
    return None


def _begin(run: _Run, head: Head, place: Path) -> tuple[Manifest, bytes]:
    key = secrets.token_bytes(KEY_SIZE)
    bound = wrapping.context(head.log_id, head.backup, head.kind)
    lasting = b""
    if head.kind is not BackupSet.KEYS:
        lasting = wrapping.wrap_lasting(run.lasting, key, bound)
    wrapped = run.custody.wrap(head.generation, key, bound)
    begun = Manifest(replace(head, wrapped=wrapped, lasting=lasting), ())
    parts.write(place / BEGUN, begun.encode(key))
    sync_folder(place)
    return begun, key


Source = tuple[str, int, Callable[[], BinaryIO]]
"""The name of a file, its size, and how it is opened."""


def _sources(run: _Run, head: Head) -> Sequence[Source]:
    if head.kind is BackupSet.RECORD:
        work = run.work
        names = work.names()
        if len(names) > MOST_FILES:
            msg = f"A record set holds {MOST_FILES} files at most, attachments among them."
            raise FolderRefused(msg)
        return [_of_file(name, work.path(name)) for name in names]
    layout = run.folder.layout
    path = layout.keys if head.kind is BackupSet.KEYS else layout.accounts
    data = copy_in_memory(path)
    if head.kind is BackupSet.KEYS:
        _must_not_have_rotated(data, head.generation)
        if next(shreds_in(run.folder.store, head.size), None) is not None:
            raise _Overtaken
    return [(path.name, len(data), lambda: BytesIO(data))]


def _of_file(name: str, path: Path) -> Source:
    return name, path.stat().st_size, lambda: path.open("rb")


def _write_file(
    run: _Run, key: bytes, head: Head, folder: Path, number: int, name: str, source: BinaryIO
) -> File:
    digest, size = sha256(), 0
    found: list[Part] = []
    while plain := source.read(PART_SIZE):
        place = Place(head.backup, head.kind, number, len(found))
        if _is_there(key, folder, place, plain):
            run.kept += 1
        else:
            parts.write(folder / place.name, parts.seal(key, place, plain))
        digest.update(plain)
        size += len(plain)
        found.append(Part(len(plain), sha256(plain).digest()))
    return File(name, size, digest.digest(), tuple(found))


def _is_there(key: bytes, folder: Path, place: Place, plain: bytes) -> bool:
    try:
        return parts.read(key, folder, place) == plain
    except Broken:
        return False


def _list(run: _Run) -> None:
    """Write down what is about to be made, before its first byte: no backup is ever forgotten."""
    known = {(each.backup, each.kind) for each in run.listed.all()}
    work, generation = run.work, run.custody.generation
    for kind in run.places:
        if (work.backup, kind) not in known:
            expires = work.made + run.keep_keys if kind is BackupSet.KEYS else None
            listed = Listed(work.backup, kind, generation, work.made, expires, whole=False)
            run.listed.put(listed)


def _listed(head: Head, *, whole: bool) -> Listed:
    return Listed(head.backup, head.kind, head.generation, head.made, head.expires, whole)


def _must_not_rotate(path: Path) -> None:
    """Refuse to copy keys of which some lie under one generation and some under the next.

    Raises:
        FolderRefused: The key-encryption key is being rotated.
    """
    with closing(sqlite3.connect(path, timeout=30)) as db:
        if _rotation(db):
            raise _rotating()


def _must_not_have_rotated(data: bytes, generation: int) -> None:
    """The same of the copy itself, and that it is wrapped under what the manifest says."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.deserialize(data)
        others = db.execute(
            "SELECT count(*) FROM subject_key WHERE kek_generation <> ? AND wrapped NOT NULL",
            (generation,),
        ).fetchone()[0]
        if others or _rotation(db):
            raise _rotating()


def _rotation(db: sqlite3.Connection) -> bool:
    return bool(db.execute("SELECT count(*) FROM meta WHERE name = 'rotation'").fetchone()[0])


def _rotating() -> FolderRefused:
    return FolderRefused(
        "The key-encryption key is being rotated; a backup is made when that has ended."
    )
