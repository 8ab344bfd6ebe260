"""Puts a clinic back from its three sets, into a folder that nobody serves before it was judged.

Everything happens in a folder beside the target, which takes its place only at the end; a restore
that is cut short goes on from there. Before that, in this order: every part and every hash; that
the sets belong together, and what it means if they are not of the same age; what a newer log says
was destroyed; the whole log, every key, every content; and what was seen elsewhere of a later
state, which the record then has to answer for as any other does.

Source:
    docs of the design: security, sections 1.7 and 2.6; compliance, AVL-01 and AVL-02.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from domain.ports import Clock
from infrastructure.anchor.export import export
from infrastructure.attachments.sweep import sweep
from infrastructure.backup import (
    seen as seen_elsewhere,
    sets as reading,
    shreds as destroyed,
    wrapping,
)
from infrastructure.backup.contents import Contents, open_everything
from infrastructure.backup.gone import Gone, gone_again, read_gone, write_gone
from infrastructure.backup.listed import Backups, Listed
from infrastructure.backup.manifest import BackupSet, Head
from infrastructure.backup.mend import Against, held_against, mend
from infrastructure.backup.parts import write
from infrastructure.backup.seen import Seen
from infrastructure.backup.sets import Opened
from infrastructure.backup.shreds import Later
from infrastructure.custodians.shreds import destroyed_again, shreds_of
from infrastructure.durable import sync_folder
from infrastructure.errors import FolderRefused, WrongKeyStore
from infrastructure.folder import OpenFolder, open_with
from infrastructure.layout import Layout, read_genesis, structure
from infrastructure.ledger.errors import LogBroken
from infrastructure.ledger.key_control import Shred
from infrastructure.ledger.tiles import TileFolder
from infrastructure.lineage import lineage_of
from infrastructure.vault import shredding
from infrastructure.vault.custody import Custody
from infrastructure.vault.keystore import KeyStore
from infrastructure.vault.rotation import open_secret
from infrastructure.verify import verify_folder

CUSTODY_FILES = ("kek.key", "custody.conf")
"""What an operator may have put into the target before: what opens the keys is in no set."""
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is restored, and what is known beside the sets.

    ``log`` is a newer log, by which is learnt what was destroyed since; without one, where one is
    needed, ``without_log`` says that nobody has it. ``accept_unreadable`` goes on with a key store
    that lacks keys of the record.
    """

    places: Mapping[BackupSet, Path]
    backup: str | None = None
    seen: Seen = field(default_factory=Seen)
    log: Path | None = None
    without_log: bool = False
    accept_unreadable: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """What a restored record holds: how far it goes, what opens, what was lost and destroyed.

    ``unreadable`` is how many keys of the record are gone and nobody says why, ``lost`` how many
    records were seen elsewhere beyond the end, ``shreds`` how many destructions had to be done
    again.
    """

    events: int
    root: bytes
    keys: int
    contents: Contents
    unreadable: int
    lost: int
    shreds: int


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored; where it may not serve, two custodians have to recover it first."""

    sets: Mapping[BackupSet, Head]
    found: Judged
    bytes: int
    seconds: float
    serves: bool


def restore(
    target: Path,
    custody: Custody,
    wanted: Wanted,
    *,
    clock: Clock | None = None,
    progress: Progress = lambda _what, _now, _of: None,
) -> Restored:
    """Restore into a folder that is not there, or holds nothing but what opens the keys.

    Raises:
        FolderRefused: There is something in it; sets are missing or do not belong together; a
            choice has to be made first that nobody has made.
        Broken: A set is not what was written; what was restored so far stays, to go on with.
        LogBroken: The restored log is not whole, or is another one than was seen.
    """
    begun = time.monotonic()
    _must_be_empty(target)
    making = target.with_name(f".{target.name}.restoring")
    making.mkdir(mode=0o700, parents=True, exist_ok=True)
    opened = _open_sets(making, custody, wanted, progress)
    layout = Layout(making)
    _settle_stores(layout)
    again = _destroyed_again(layout, custody, opened[BackupSet.KEYS].head.log_id)
    with closing(open_with(making, custody, clock=clock, pinned=False)) as folder:
        seen = seen_elsewhere.newest(wanted.seen, folder)
        found = _judged(folder, opened, wanted, again, seen.size, progress)
    seen_elsewhere.put(seen, layout)
    serves = _may_serve(making, custody, clock)
    _note(making, opened)
    _take_place(making, target)
    return Restored(
        sets={kind: each.head for kind, each in opened.items()},
        found=found,
        bytes=sum(each.manifest.bytes for each in opened.values()),
        seconds=time.monotonic() - begun,
        serves=serves,
    )


def _must_be_empty(target: Path) -> None:
    if not target.exists():
        return
    if not target.is_dir() or any(each.name not in CUSTODY_FILES for each in target.iterdir()):
        msg = (
            "There is something in the folder to restore into. Take it away first, or restore"
            " elsewhere; only the keyfile, or custody.conf, may lie there."
        )
        raise FolderRefused(msg)


def _open_sets(
    making: Path, custody: Custody, wanted: Wanted, progress: Progress
) -> dict[BackupSet, Opened]:
    """Find, believe and write out three sets; the keys first, since they may open the others."""
    found = {kind: reading.find(kind, wanted.places[kind], wanted.backup) for kind in BackupSet}
    reading.must_agree({kind: each.head for kind, each in found.items()})
    keys = reading.open_set(found[BackupSet.KEYS], custody)
    opened = {BackupSet.KEYS: keys}
    reading.clear(making, [each.unverified.manifest for each in found.values()])
    reading.restore_set(keys, making, _told(progress, BackupSet.KEYS))
    lasting = _lasting(Layout(making), custody, keys.head.log_id)
    for kind in (BackupSet.RECORD, BackupSet.ACCOUNTS):
        opened[kind] = reading.open_set(found[kind], custody, lasting)
        reading.restore_set(opened[kind], making, _told(progress, kind))
    return opened


def _told(progress: Progress, kind: BackupSet) -> Callable[[int, int], None]:
    return lambda now, of: progress(kind.word, now, of)


def _lasting(layout: Layout, custody: Custody, log_id: bytes) -> bytes | None:
    KeyStore.bring_forward(layout.keys)
    with closing(KeyStore(layout.keys, log_id)) as keys:
        return wrapping.lasting_secret(keys, custody, log_id)


def _settle_stores(layout: Layout) -> None:
    """End every session that was open then, and make the tiles of the published log again."""
    with closing(sqlite3.connect(layout.accounts, isolation_level=None)) as accounts:
        accounts.execute("PRAGMA secure_delete=ON")
        accounts.execute("DELETE FROM token")
    if (layout.log / "checkpoint").exists():
        with closing(structure(layout.record)) as store:
            export(store, TileFolder(layout.log), layout.log)


def _destroyed_again(layout: Layout, custody: Custody, log_id: bytes) -> int:
    """Apply what the restored record itself says was destroyed; how many times that was needed.

    Opening the folder would do it as well, and write an incident down: nobody has brought a key
    back behind anyone's back here, and the record must not grow before it is known whether it may.
    """
    with (
        closing(KeyStore(layout.keys, log_id)) as keys,
        closing(structure(layout.record)) as store,
    ):
        append_key = open_secret(keys, custody, log_id, "append")
        if append_key is None:
            msg = "The key store is damaged."
            raise WrongKeyStore(msg)
        lineage = lineage_of(store, read_genesis(layout.record), append_key)
        found = destroyed_again(keys, shreds_of(store, lineage, append_key))
        return len(found) + len(gone_again(keys, layout.folder, append_key))


def _judged(
    folder: OpenFolder,
    opened: Mapping[BackupSet, Opened],
    wanted: Wanted,
    again: int,
    seen_to: int,
    progress: Progress,
) -> Judged:
    size = folder.store.standing().size
    folder.pin.check(folder.store)
    later = destroyed.later(wanted.log, folder) if wanted.log else Later(0, ())
    _must_know_so_far(seen_to, max(size, _known_to(opened), later.size), wanted)
    applied = shredding.apply(folder.keys, later.shreds)
    before = held_against(folder.store, folder.keys)
    mend(folder.keys, before.missing, before.retired)
    contents = open_everything(folder, size, lambda now, of: progress("open", now, of))
    gone = _explained(folder, before, contents, later)
    if gone.lost and not wanted.accept_unreadable:
        raise _unreadable(len(gone.lost), _is_older(opened))
    write_gone(folder.layout.folder, folder.append_key, gone)
    sweep(folder, folder.clock.now())
    verified = verify_folder(
        folder, contents=False, progress=lambda now, of: progress("verify", now, of)
    )
    return Judged(
        events=size,
        root=verified.root,
        keys=verified.keys,
        contents=contents,
        unreadable=len(gone.lost),
        lost=seen_to - size,
        shreds=again + len(applied),
    )


def _known_to(opened: Mapping[BackupSet, Opened]) -> int:
    """How far the log is that the key store knows: what was destroyed by then is gone from it."""
    return opened[BackupSet.KEYS].head.size


def _must_know_so_far(seen_to: int, known_to: int, wanted: Wanted) -> None:
    if seen_to > known_to and not wanted.without_log:
        msg = (
            f"The log was seen at {seen_to} records, and what these sets know ends at {known_to}."
            " Whether something was destroyed in between, nobody can tell from here: give the"
            " published log with --log, or say --without-log."
        )
        raise FolderRefused(msg)


def _explained(folder: OpenFolder, before: Against, contents: Contents, later: Later) -> Gone:
    """Which keys are gone without a word of this record, and whether anybody else has one."""
    own = _named(destroyed.shreds_in(folder.store))
    gone = (before.gone | contents.items) - own
    known = read_gone(folder.layout.folder, folder.append_key)
    elsewhere = _named(later.shreds) | known.destroyed
    return known | Gone(gone & elsewhere, gone - elsewhere - known.lost)


def _named(shreds: Iterable[Shred]) -> frozenset[bytes]:
    return frozenset(each for shred in shreds for each in (*shred.keys, *shred.items))


def _is_older(opened: Mapping[BackupSet, Opened]) -> bool:
    keys, record = (opened[kind].head for kind in (BackupSet.KEYS, BackupSet.RECORD))
    return keys.made < record.made or keys.size < record.size


def _unreadable(count: int, older: bool) -> FolderRefused:  # noqa: FBT001 - private
    if older:
        return FolderRefused(
            f"The key store is older than the record: {count} keys of the record are not in it, and"
            " what they seal could never be read. Look for a newer backup of the keys; a newer one"
            " than the record is in order. To go on without them, say --accept-unreadable."
        )
    return FolderRefused(
        f"{count} keys of the record are gone from the key store, and the record does not say that"
        " they were destroyed. If they were destroyed after it was backed up, the published log"
        " says so: give it with --log. To go on without, say --accept-unreadable."
    )


def _may_serve(making: Path, custody: Custody, clock: Clock | None) -> bool:
    """Whether the folder opens as a server opens it; a record that is behind does not.

    Raises:
        LogBroken: It is another log than the one that was seen.
    """
    try:
        open_with(making, custody, clock=clock).close()
    except LogBroken as error:
        if not seen_elsewhere.is_behind(error):
            raise
        return False
    return True


def _note(making: Path, opened: Mapping[BackupSet, Opened]) -> None:
    """The sets that were restored from are backups of this clinic: they have to expire as well."""
    listed = Backups(making)
    for each in opened.values():
        head = each.head
        listed.put(
            Listed(head.backup, head.kind, head.generation, head.made, head.expires, whole=True)
        )


def _take_place(making: Path, target: Path) -> None:
    if target.exists():
        for name in CUSTODY_FILES:
            if (target / name).exists():
                write(making / name, (target / name).read_bytes())
                (making / name).chmod(0o600)
    sync_folder(making)
    if target.exists():
        for name in CUSTODY_FILES:
            (target / name).unlink(missing_ok=True)
        target.rmdir()
    making.rename(target)
    sync_folder(target.parent)


def abandon(target: Path) -> None:
    """Take away what a restore has left behind that is not gone on with."""
    shutil.rmtree(target.with_name(f".{target.name}.restoring"), ignore_errors=True)
