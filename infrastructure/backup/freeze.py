"""Copies of the stores under a running server, in the one order in which they belong together.

The stores share no transaction, so the order of copying decides what can be missing:

1. What remembers a head is copied **before** the record: the pinned head, the published checkpoint
   and the stamps. A record that is newer than its own pinned head is in order; an older one is not.
   The spool too: a look that is entered into the record meanwhile then stands in both, and
   entering it again does nothing; the other way round it would be in neither.
2. Then the record, in one read transaction of its write-ahead log: a snapshot for which nobody
   waits.
3. Custodians' keys **after** the record, since they are made before the record names them.
4. The key store **after** the record. A key is made durably in the key store first, and only then
   is anything written under it; so whatever stands in the record, its key was in the key store
   before, and is in a copy that is taken later. What such a copy has too many are keys whose making
   the record does not know yet; they are swept, or logged with their next use. The other order
   would leave records behind that nobody could open. (A key that was destroyed in between is gone
   from the copy, as it should be.)
5. The attachments **after** the record: a file is durable before the record speaks of it. They are
   linked, not copied.
6. The accounts last: an account of somebody whom the record does not know yet may do nothing.

The record is copied into a working folder beside the original, where it lies as the original does;
it stays there until the backup is whole, so that one that was cut short goes on with the same
bytes. Copies of the key store and of the accounts are in memory alone and never touch a disk.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from infrastructure.attachments.place import Place
from infrastructure.backup.manifest import BackupSet, holds
from infrastructure.backup.parts import write
from infrastructure.durable import sync_folder
from infrastructure.errors import FolderRefused
from infrastructure.layout import Layout, structure
from infrastructure.ledger.checkpoint import Checkpoint
from infrastructure.ledger.errors import LedgerError
from infrastructure.ledger.merkle import CompactRange
from infrastructure.ledger.note import Note

Progress = Callable[[int, int], None]

WORK = "backup.work"
KEPT_SECONDS = 6 * 3600
"""How long a frozen record is gone on with; an older one is frozen anew."""
_PAGES = 2048
_BEGUN, _FROZEN = "begun", "frozen"
_MARK = re.compile(r"([0-9a-f]{32}) ([0-9]{1,12})\n")
_STANDING = re.compile(r"([0-9]{1,19}) ([0-9a-f]{64}) ([0-9]{1,19})\n")
_BEFORE = ("head.pin", "log/checkpoint", "trust.policy", "incidents", "spool")
_AFTER = ("FORMAT", "custody.conf", "clinic.conf", "backups.list", "keys.gone")


@dataclass(frozen=True, slots=True)
class Frozen:
    """The log of a frozen record: its size and root, and the size of what was published of it."""

    size: int
    root: bytes
    published: int


class Work:
    """The working folder of one backup, which a later call goes on with."""

    def __init__(self, folder: Path, backup: str, made: datetime) -> None:
        self.backup = backup
        self.made = made
        self._folder = folder
        self._files = folder / "record"

    @classmethod
    def begin(cls, data: Path, backup: str, now: datetime) -> Work:
        """Go on with the backup that was cut short, if there is one, or begin this one."""
        folder = data / WORK
        found = _mark(folder)
        if found is not None and 0 <= now.timestamp() - found[1] <= KEPT_SECONDS:
            return cls(folder, found[0], datetime.fromtimestamp(found[1], UTC))
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        made = now.replace(microsecond=0)
        write(folder / _BEGUN, f"{backup} {int(made.timestamp())}\n".encode())
        sync_folder(folder)
        return cls(folder, backup, made)

    def frozen(self) -> Frozen | None:
        """What was frozen; ``None`` where that was not finished."""
        try:
            found = _STANDING.fullmatch((self._folder / _FROZEN).read_text("ascii"))
        except (FileNotFoundError, UnicodeDecodeError):
            return None
        return found and Frozen(int(found[1]), bytes.fromhex(found[2]), int(found[3]))

    def freeze(self, layout: Layout, progress: Progress) -> Frozen:
        """Copy everything that a record set holds, in the order that the head of this file gives.

        Raises:
            FolderRefused: There is no room for the copy.
        """
        known = self.frozen()
        if known is not None:
            return known
        shutil.rmtree(self._files, ignore_errors=True)
        try:
            return self._freeze(layout, progress)
        except OSError as error:
            raise no_room(error, "of the data folder") from None
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
                raise
            raise no_room(OSError(errno.ENOSPC, ""), "of the data folder") from None

    def _freeze(self, layout: Layout, progress: Progress) -> Frozen:
        self._files.mkdir(mode=0o700)
        for name in (*_BEFORE, *_kept_of_logs(layout.folder)):
            _copy(layout.folder / name, self._files / name)
        copy_record(layout.record, self._files / "record.db", progress)
        for name in (*_AFTER, *(each.name for each in layout.folder.glob("custodian-*.key"))):
            _copy(layout.folder / name, self._files / name)
        _link_attachments(layout.attachments, self._files / layout.attachments.name)
        with closing(structure(self._files / "record.db")) as store:
            standing = store.standing()
        root = CompactRange.from_bytes(standing.size, standing.range_bytes).root()
        found = Frozen(standing.size, root, _published(self._files / "log/checkpoint"))
        sync_folder(self._files)
        text = f"{found.size} {found.root.hex()} {found.published}\n"
        write(self._folder / _FROZEN, text.encode())
        sync_folder(self._folder)
        return found

    def names(self) -> list[str]:
        """The files of the record set, always in the same order."""
        found = (each for each in self._files.rglob("*") if each.is_file())
        names = (each.relative_to(self._files).as_posix() for each in found)
        return sorted(each for each in names if holds(BackupSet.RECORD, each))

    def path(self, name: str) -> Path:
        """Where a frozen file lies."""
        return self._files / name

    def done(self) -> None:
        """Take the copies away; the mark first, so that nobody goes on with what is half gone."""
        (self._folder / _BEGUN).unlink(missing_ok=True)
        sync_folder(self._folder)
        shutil.rmtree(self._folder, ignore_errors=True)


def copy_record(source: Path, target: Path, progress: Progress) -> None:
    """Copy a record store in steps, as it is at this moment, while others write.

    The read transaction is held open over all steps: so the snapshot stays the same however much is
    written meanwhile, the copying never begins anew, and no writer waits for it.
    """
    with closing(_reading(source)) as db, closing(sqlite3.connect(target)) as copy:
        target.chmod(0o600)
        copy.execute("PRAGMA synchronous=OFF")
        db.execute("BEGIN")
        db.execute("SELECT size FROM log_head").fetchone()
        db.backup(copy, pages=_PAGES, progress=lambda _, left, of: progress(of - left, of))
        db.execute("ROLLBACK")
        # The copy is opened as a record is, whatever the copying made of its header.
        copy.execute("PRAGMA journal_mode=WAL")
        copy.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with target.open("rb+") as file:
        os.fsync(file.fileno())


def copy_in_memory(source: Path) -> bytes:
    """A small store as it is at this moment, in memory; writers wait for as long as that takes."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            with closing(_reading(source)) as db, closing(sqlite3.connect(":memory:")) as copy:
                db.backup(copy)
                return copy.serialize()
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


_WAIT_SECONDS = 30


def _reading(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, timeout=_WAIT_SECONDS)
    db.execute("PRAGMA trusted_schema=OFF")
    db.execute("PRAGMA query_only=ON")
    return db


def _mark(folder: Path) -> tuple[str, int] | None:
    try:
        found = _MARK.fullmatch((folder / _BEGUN).read_text("ascii"))
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    return found and (found[1], int(found[2]))


def _kept_of_logs(data: Path) -> Iterator[str]:
    """What of published logs cannot be made again from the record: checkpoints and stamps."""
    for log in sorted(data.glob("log*")):
        if log.name != "log" and not log.name.startswith("log.retired-"):
            continue
        if log.name != "log":
            yield f"{log.name}/checkpoint"
            yield log.name.replace("log", "trust.policy", 1)
        stamps = sorted(each.name for each in log.glob("anchors/*") if each.suffix in _STAMPS)
        yield from (f"{log.name}/anchors/{each}" for each in stamps[-_MOST_STAMPS:])


_STAMPS = (".note", ".tsr")
_MOST_STAMPS = 10_000


def _copy(source: Path, target: Path) -> None:
    """Copy a small file, if it is there; names that a set does not hold are left out by the set."""
    try:
        data = source.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write(target, data)


def _link_attachments(source: Path, target: Path) -> None:
    """Hold the whole attachments for as long as the backup takes; they never change.

    What is unlinked meanwhile goes from the set as well: its key went first.
    """
    for attachment in Place(source).every():
        whole, copy = Place(source).whole(attachment), target / attachment
        target.mkdir(mode=0o700, exist_ok=True)
        try:
            copy.hardlink_to(whole)
        except FileNotFoundError:
            continue
        except OSError:
            # A file system without links, or another user's file.
            shutil.copyfile(whole, copy)


def _published(path: Path) -> int:
    """The size that a copied checkpoint states; 0 for none, or for one that is not one."""
    try:
        return Checkpoint.parse(Note.parse(path.read_bytes()).text).size
    except (FileNotFoundError, LedgerError):
        return 0


def no_room(error: OSError, where: str) -> FolderRefused:
    """What a disk that takes no more is told as; the message of the cause names a path."""
    if error.errno not in _FULL:
        code = errno.errorcode.get(error.errno or 0, "unknown")
        return FolderRefused(f"The disk {where} cannot be used: {code}. Nothing is lost.")
    return FolderRefused(
        f"The disk {where} takes no more; nothing that was there is lost."
        " With room on it, the same command goes on."
    )


_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
