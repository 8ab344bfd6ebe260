"""Joins backup, restore and the drill with a running clinic, its projections and its record."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

from api.compose.clinic import Clinic, compose
from api.compose.views import PROJECTIONS
from domain.events.continuity import (
    BackupPart,
    ContinuityBackupMade,
    ContinuityDrillCompleted,
)
from domain.ports import Clock
from domain.use_cases import continuity
from domain.values import ItemId
from infrastructure.backup import expiry, make, restore as restoring, sets, wrapping
from infrastructure.backup.listed import Backups, Listed
from infrastructure.backup.make import KEEP_KEYS, Made
from infrastructure.backup.manifest import BackupSet
from infrastructure.backup.restore import Restored, Wanted, abandon
from infrastructure.backup.seen import Seen
from infrastructure.durable import sync_folder
from infrastructure.errors import Broken, FolderRefused, WrongKeyStore
from infrastructure.folder import OpenFolder, open_with
from infrastructure.guard.published import rows_of
from infrastructure.layout import check_format
from infrastructure.ledger.errors import LogBroken
from infrastructure.ledger.merkle import CompactRange
from infrastructure.vault.custody import Custody, open_custody, unlock
from projections.follower import Followed
from projections.rebuild import compare

Progress = Callable[[str, int, int], None]
Places = Mapping[str, Path]
"""Where each set lies, by its name: record, keys, accounts."""


def _quiet(_what: str, _now: int, _of: int) -> None:
    """Tell nobody."""


def back_up(
    clinic: Clinic, places: Places, keep_keys: timedelta, progress: Progress = _quiet
) -> Made:
    """Back up a clinic that others may be using, and write it down; key sets that have expired go.

    Raises:
        FolderRefused: See ``infrastructure.backup.make.back_up``.
    """
    folder = clinic.folder
    by_set = {BackupSet[name.upper()]: place for name, place in places.items()}
    made = make.back_up(folder, folder.custody, by_set, keep_keys=keep_keys, progress=progress)
    heads = [each.head for each in made.sets.values()]
    event = ContinuityBackupMade(
        backup=ItemId(made.backup),
        parts=tuple(BackupPart(kind.word) for kind in made.sets),
        events=max(head.size for head in heads),
        size=sum(each.bytes for each in made.sets.values()),
        milliseconds=int(made.seconds * 1000),
        generation=max(head.generation for head in heads),
        keys_expire_at=next((head.expires for head in heads if head.expires), None),
    )
    if not clinic.read_only:
        asyncio.run(continuity.record_backup(clinic.desk, clinic.system("backup"), event))
    return made


def check(clinic: Clinic, places: Places, progress: Progress = _quiet) -> dict[str, str]:
    """Open every part of the newest sets and hold it against every hash; nothing is restored.

    Raises:
        FolderRefused: A set is not there, or does not open with this clinic's keys.
        Broken: It is not what was written.
    """
    folder = clinic.folder
    lasting = wrapping.lasting_secret(folder.keys, folder.custody, folder.genesis.log_id)
    found = {}
    for name, place in places.items():
        opened = sets.open_set(sets.find(BackupSet[name.upper()], place), folder.custody, lasting)
        sets.check_set(opened, partial(progress, name))
        found[name] = opened.head.backup
    return found


def expire(data: Path, places: list[Path], clock: Clock) -> expiry.Expired:
    """Delete key sets that are past their date, where they can be reached; needs no passphrase."""
    check_format(data)
    return expiry.expire(data, places, clock.now())


def forget(data: Path, backup: str) -> None:
    """Note that a key set was deleted elsewhere."""
    check_format(data)
    expiry.forget(data, backup)


def forget_all(data: Path, backup: str) -> None:
    """Note that every set of a backup was deleted."""
    check_format(data)
    for kind in BackupSet:
        Backups(data).take_out(backup, kind)


def backups(data: Path) -> list[Listed]:
    """The backups of a data folder that are not known to be deleted; needs no passphrase."""
    check_format(data)
    return Backups(data).all()


@dataclass(frozen=True, slots=True)
class Found:
    """What is at hand for a restore beside the three sets; see ``powiernik restore --help``."""

    backup: str | None = None
    seen: tuple[Path, ...] = ()
    replaces: Path | None = None
    log: Path | None = None
    without_log: bool = False
    accept_unreadable: bool = False


def restore(
    target: Path,
    places: Places,
    secret: str,
    keyfile: Path | None,
    found: Found,
    progress: Progress = _quiet,
) -> Restored:
    """Put a clinic back into an empty folder, with the keyfile or ``custody.conf`` beside it.

    Raises:
        FolderRefused, Broken, LogBroken: See ``infrastructure.backup.restore.restore``.
        WrongPassphrase, WrongKeyStore: Custody does not open.
    """
    if keyfile is not None:
        _put_keyfile(keyfile, target)
    custody = _custody_of(target, secret)
    wanted = Wanted(
        _by_set(places),
        backup=found.backup,
        seen=Seen.gather(found.seen, found.replaces, found.log),
        log=found.log,
        without_log=found.without_log,
        accept_unreadable=found.accept_unreadable,
    )
    with closing(custody):
        return restoring.restore(target, custody, wanted, progress=progress)


def _by_set(places: Places) -> dict[BackupSet, Path]:
    return {kind: places[kind.word] for kind in BackupSet}


def _put_keyfile(keyfile: Path, target: Path) -> None:
    """Copy the keyfile into the target, locked as it is, unless the same one lies there."""
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = target / "kek.key"
    data = keyfile.read_bytes()
    if place.exists():
        if place.read_bytes() != data:
            msg = "There is another keyfile in the folder to restore into."
            raise FolderRefused(msg)
        return
    place.touch(mode=0o600)
    place.write_bytes(data)
    sync_folder(target)


def _custody_of(target: Path, secret: str) -> Custody:
    if not target.is_dir():
        msg = "The keyfile is missing: give it with --keyfile, or put it into the folder before."
        raise WrongKeyStore(msg)
    return open_custody(target, secret)


@dataclass(frozen=True, slots=True)
class Drilled:
    """What a restore drill has shown, and how long each step took, in seconds."""

    event: ContinuityDrillCompleted
    restored: Restored
    projections: int
    restore_seconds: float
    rebuild_seconds: float
    compare_seconds: float
    differing: tuple[str, ...] = field(default=())


def drill(
    clinic: Clinic,
    places: Places,
    keyfile: tuple[Path, str] | None = None,
    *,
    scratch: Path | None = None,
    progress: Progress = _quiet,
) -> Drilled:
    """Restore a backup into a scratch folder, open all of it, compare it, and take it away again.

    ``keyfile`` is the one that is kept apart, with its passphrase; without it the clinic's own
    custody opens the sets. What the clinic's own record says was destroyed since is applied first.

    Raises:
        FolderRefused, Broken, LogBroken: The backup cannot be restored; that is written down too.
    """
    custody = clinic.folder.custody if keyfile is None else unlock(*keyfile)
    began = time.monotonic()
    with _scratch(scratch) as place:
        target = place / "clinic"
        wanted = Wanted(_by_set(places), log=clinic.folder.layout.folder)
        try:
            restored = restoring.restore(
                target, custody, wanted, clock=clinic.clock, progress=progress
            )
        except (FolderRefused, Broken, LogBroken):
            _record(clinic, _failed(places, time.monotonic() - began))
            raise
        finally:
            abandon(target)
        restore_seconds = time.monotonic() - began
        folder = open_with(target, custody, clock=clinic.clock)
        with closing(compose(folder)) as copy:
            last = restored.found.events - 1
            _catch_up(copy, copy.views.followed, last, progress, "rebuild")
            ready = time.monotonic()
            rows, differing = _compare(clinic, copy, last, progress)
        compared = time.monotonic()
    head = restored.sets[BackupSet.RECORD]
    if _root_at(clinic.folder, head.size) != head.root:
        differing = ("log", *differing)
    contents = restored.found.contents
    if contents.damaged:
        differing = ("attachments", *differing)
    different = sum(count for _, count in rows.values()) + ("log" in differing) + contents.damaged
    event = ContinuityDrillCompleted(
        backup=ItemId(head.backup),
        equal=not different,
        events=contents.events,
        texts=contents.texts,
        destroyed=contents.closed,
        keys=restored.found.keys,
        rows=sum(count for count, _ in rows.values()),
        different=different,
        milliseconds=int((ready - began) * 1000),
        age_seconds=max(0, int((clinic.clock.now() - head.made).total_seconds())),
        events_since=max(0, clinic.folder.store.standing().size - head.size),
    )
    _record(clinic, event)
    return Drilled(
        event,
        restored,
        len(rows),
        restore_seconds,
        ready - began - restore_seconds,
        compared - ready,
        differing,
    )


def _record(clinic: Clinic, event: ContinuityDrillCompleted) -> None:
    if not clinic.read_only:
        asyncio.run(continuity.record_drill(clinic.desk, clinic.system("drill"), event))


def _failed(places: Places, seconds: float) -> ContinuityDrillCompleted:
    """A drill that ended before anything could be compared."""
    try:
        backup = sets.find(BackupSet.RECORD, places[BackupSet.RECORD.word]).head.backup
    except (FolderRefused, Broken):
        backup = _NONE
    return ContinuityDrillCompleted(
        backup=ItemId(backup),
        equal=False,
        events=0,
        texts=0,
        destroyed=0,
        keys=0,
        rows=0,
        different=0,
        milliseconds=int(seconds * 1000),
        age_seconds=0,
        events_since=0,
    )


_NONE = "0" * 32
"""What stands for a backup that cannot even be read."""


@contextmanager
def _scratch(parent: Path | None) -> Iterator[Path]:
    """A folder for the length of a drill; what is left of one that was killed goes first."""
    place = Path(tempfile.gettempdir()) if parent is None else parent
    with tempfile.TemporaryDirectory(prefix="powiernik-drill-", dir=place) as made:
        try:
            yield Path(made)
        finally:
            # A folder that cannot be taken away must not hide what went wrong.
            shutil.rmtree(made, ignore_errors=True)


def _catch_up(
    clinic: Clinic, followed: list[Followed], last: int, progress: Progress, what: str
) -> None:
    follower = clinic.follower("drill")
    while min(each.store.position() for each in followed) < last:
        if not follower.step(followed, until=last):
            return
        progress(what, min(each.store.position() for each in followed), last)


def _compare(
    clinic: Clinic, copy: Clinic, last: int, progress: Progress
) -> tuple[dict[str, tuple[int, int]], tuple[str, ...]]:
    """Rows and differing rows of each projection, made from both records up to one position."""
    with ExitStack() as opened:
        here = {
            each.name: opened.enter_context(clinic.views.stores[each.name].fresh())[1]
            for each in PROJECTIONS
        }
        followed = [Followed(each, here[each.name]) for each in PROJECTIONS]
        _catch_up(clinic, followed, last, progress, "compare")
        found = {
            each.name: compare(each, here[each.name], copy.views.stores[each.name])
            for each in PROJECTIONS
        }
    rows = {name: (each.rows, each.different) for name, each in found.items()}
    return rows, tuple(name for name, each in found.items() if not each.equal)


def _root_at(folder: OpenFolder, size: int) -> bytes:
    tree = CompactRange()
    tree.extend(row.leaf for row in rows_of(folder.store)(0, size))
    return tree.root() if tree.size == size else b""


__all__ = [
    "KEEP_KEYS",
    "Drilled",
    "Found",
    "Listed",
    "Made",
    "Restored",
    "back_up",
    "backups",
    "check",
    "drill",
    "expire",
    "forget",
    "forget_all",
    "restore",
]
