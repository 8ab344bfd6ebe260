"""A restored record that is older than what was seen of it, or than what was destroyed since."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from infrastructure.anchor import checkpointer as checkpointing, policy as trust_policy
from infrastructure.anchor.checkpointer import Checkpointer
from infrastructure.anchor.export import export
from infrastructure.backup.gone import NAME, read_gone
from infrastructure.backup.manifest import BackupSet
from infrastructure.backup.restore import Restored, Wanted, restore
from infrastructure.backup.seen import Seen
from infrastructure.errors import Broken, FolderRefused
from infrastructure.folder import OpenFolder, open_with
from infrastructure.guard.recovery import recover
from infrastructure.ledger.errors import LogBroken
from infrastructure.ledger.tiles import TileFolder
from infrastructure.ledger.trust import Trust
from infrastructure.vault.custody import Custody
from infrastructure.verify import verify_folder
from tests.infrastructure.conftest import PASSPHRASES, Made
from tests.support import ink
from tests.support.backups import Trio, keys_of, sealed_rows, shred
from tests.support.softhsm import about_the_keyfile


@pytest.fixture
def signing(running: OpenFolder, tmp_path: Path) -> Iterator[Checkpointer]:
    """A checkpointer of the running clinic, that has signed what there is."""
    place = tmp_path / "checkpointer"
    vkey = checkpointing.create(place, running.vault.lineage, running.append_key)
    trust_policy.begin(running.layout.policy, vkey)
    trust = Trust.parse(running.layout.policy.read_bytes())
    with closing(Checkpointer(place, running.store, running.layout.log, trust)) as found:
        found.step()
        yield found


def wrote(folder: OpenFolder, name: str) -> None:
    """Something happens in the clinic."""
    folder.record.append_now((ink.drafted(ink.ANNA, name), ink.looked(ink.ANNA)), ink.WHO)


def shown(restored: Restored) -> tuple[bool, int]:
    return restored.serves, restored.found.lost


def test_what_was_published_is_restored_with_its_tiles(
    running: OpenFolder, signing: Checkpointer, trio: Trio, custody: Custody, tmp_path: Path
) -> None:
    wrote(running, "before")
    signing.step()
    wrote(running, "after")
    trio.made(running)
    assert restore(tmp_path / "restored", custody, Wanted(trio.places)).serves
    here, there = running.layout.log, tmp_path / "restored" / "log"
    assert (there / "checkpoint").read_bytes() == (here / "checkpoint").read_bytes()
    size = running.store.standing().size
    with closing(open_with(tmp_path / "restored", custody)) as folder:
        assert verify_folder(folder).signed == size - 2
    roots = [TileFolder(each).compact_range(size - 2).root() for each in (there, here)]
    assert roots[0] == roots[1]


@about_the_keyfile
@pytest.mark.parametrize("kept", ["checkpoint", "pin", "folder"])
def test_an_older_record_does_not_serve_until_two_custodians_let_it(
    running: OpenFolder,
    signing: Checkpointer,
    trio: Trio,
    custody: Custody,
    tmp_path: Path,
    kept: str,
) -> None:
    trio.made(running)
    size = running.store.standing().size
    wrote(running, "lost")
    signing.step()
    layout = running.layout
    seen = {
        "checkpoint": Seen.gather([layout.log / "checkpoint"], None, None),
        "pin": Seen.gather([layout.head], None, None),
        "folder": Seen.gather([], layout.folder, None),
    }[kept]
    place = tmp_path / "restored"
    shutil.copytree(running.layout.folder, tmp_path / "replaced")
    place.mkdir()
    shutil.copyfile(layout.keyfile, place / "kek.key")
    restored = restore(place, custody, Wanted(trio.places, seen=seen, without_log=True))
    assert shown(restored) == (False, 2)
    with pytest.raises(LogBroken, match="E-ROLLBACK"):
        open_with(place, custody)
    found = recover(place, PASSPHRASES, origin="clinic.example/log/2", reason="a disk has died")
    assert (found.restored, found.lost) == (size, 2)
    with closing(open_with(place, custody)) as folder:
        assert folder.vault.lineage.origin == "clinic.example/log/2"
        folder.record.append_now((ink.looked(ink.ANNA),), ink.WHO)
        verify_folder(folder)


def test_a_record_that_was_never_seen_further_serves(
    running: OpenFolder, signing: Checkpointer, trio: Trio, custody: Custody, tmp_path: Path
) -> None:
    trio.made(running)
    seen = Seen.gather([running.layout.log / "checkpoint", running.layout.head], None, None)
    restored = restore(tmp_path / "restored", custody, Wanted(trio.places, seen=seen))
    assert shown(restored) == (True, 0)


def test_whether_anything_was_destroyed_meanwhile_has_to_be_answered(
    running: OpenFolder, signing: Checkpointer, trio: Trio, custody: Custody, tmp_path: Path
) -> None:
    trio.made(running)
    wrote(running, "lost")
    signing.step()
    seen = Seen.gather([], running.layout.folder, None)
    with pytest.raises(FolderRefused, match="--without-log"):
        restore(tmp_path / "restored", custody, Wanted(trio.places, seen=seen))
    assert not (tmp_path / "restored").exists()


def test_heads_of_somebody_else_are_refused(
    backed_up: Trio, custody: Custody, other: Made, tmp_path: Path
) -> None:
    strange = Seen(pins=((other.path / "head.pin").read_bytes(),))
    with pytest.raises(FolderRefused, match="pinned head"):
        restore(tmp_path / "one", custody, Wanted(backed_up.places, seen=strange))
    nonsense = Seen(checkpoints=(b"clinic.example/log/1\n9\n\n",))
    with pytest.raises(FolderRefused, match="checkpoint"):
        restore(tmp_path / "two", custody, Wanted(backed_up.places, seen=nonsense))


def test_a_log_that_went_on_otherwise_is_a_fork(
    running: OpenFolder, trio: Trio, custody: Custody, tmp_path: Path
) -> None:
    fork = Path(shutil.copytree(running.layout.folder, tmp_path / "fork"))
    wrote(running, "here")
    trio.made(running)
    with closing(open_with(fork, custody)) as folder:
        wrote(folder, "there")
        wrote(folder, "further")
    with pytest.raises(LogBroken, match="E-FORK"):
        restore(tmp_path / "restored", custody, Wanted(trio.places, log=fork))


# What was destroyed after the backup


def published(folder: OpenFolder, signing: Checkpointer, place: Path) -> Path:
    """The log as an auditor has it."""
    signing.step()
    export(folder.store, TileFolder(folder.layout.log), place)
    return place


@about_the_keyfile
@pytest.mark.parametrize("which", ["published", "newer record"])
def test_what_was_destroyed_after_the_backup_is_destroyed_again_before_anything_is_served(
    running: OpenFolder,
    signing: Checkpointer,
    trio: Trio,
    custody: Custody,
    tmp_path: Path,
    which: str,
) -> None:
    trio.made(running)
    keys = keys_of(running, ink.BASIA)
    ids = (*keys, *keys_of(running, ink.an_id(f"note {ink.BASIA}")))
    shred(running, PASSPHRASES, keys=dict.fromkeys(ids))
    log = published(running, signing, tmp_path / "log")
    if which != "published":
        running.close()
        log = Path(shutil.copytree(running.layout.folder, tmp_path / "newer"))
    place = tmp_path / "restored"
    place.mkdir()
    shutil.copyfile(running.layout.keyfile, place / "kek.key")
    wanted = Wanted(trio.places, seen=Seen.gather([], None, log), log=log)
    restored = restore(place, custody, wanted)
    assert (restored.serves, restored.found.shreds) == (False, 1)
    assert restored.found.contents.closed > 0
    assert restored.found.unreadable == 0
    recover(place, PASSPHRASES, origin="clinic.example/log/2", reason="a disk has died")
    with closing(open_with(place, custody)) as folder:
        (row, *_) = folder.store.stream(bytes.fromhex(ink.an_id(f"note {ink.BASIA}")))
        assert folder.record.mapper.open(row).event is None
        (row, *_) = folder.store.stream(bytes.fromhex(ink.an_id(f"note {ink.ANNA}")))
        assert folder.record.mapper.open(row).event is not None
        assert read_gone(place, folder.append_key).destroyed == set(ids)
        # The record that was put back does not name them: what a restore wrote down does.
        verify_folder(folder)
        (place / NAME).unlink()
        with pytest.raises(Broken, match="E-KEYSTATE"):
            verify_folder(folder)


def test_one_text_that_was_destroyed_after_the_backup_is_destroyed_again(
    running: OpenFolder, signing: Checkpointer, trio: Trio, custody: Custody, tmp_path: Path
) -> None:
    from infrastructure.codec import sealed_texts  # noqa: PLC0415
    from infrastructure.vault.envelope import field_place  # noqa: PLC0415

    trio.made(running)
    (recorded, *_) = running.record.read(ink.an_id(f"long 7 {ink.ANNA}"))
    (item,) = [field_place(each)[0] for each in sealed_texts(recorded.event)]
    shred(running, PASSPHRASES, items=(item,))
    log = published(running, signing, tmp_path / "log")
    wanted = Wanted(trio.places, seen=Seen.gather([], None, log), log=log)
    restored = restore(tmp_path / "restored", custody, wanted)
    assert (restored.found.shreds, restored.found.contents.closed) == (1, 1)
    assert restored.found.contents.events == sealed_rows(running)


def test_a_newer_key_store_keeps_what_was_destroyed_gone_and_the_log_says_why(
    running: OpenFolder, signing: Checkpointer, trio: Trio, custody: Custody, tmp_path: Path
) -> None:
    old = Trio(tmp_path / "old")
    old.made(running)
    shred(running, PASSPHRASES, keys=keys_of(running, ink.an_id(f"note {ink.BASIA}")))
    trio.made(running)
    places = {**old.places, BackupSet.KEYS: trio.places[BackupSet.KEYS]}
    with pytest.raises(FolderRefused, match="--log"):
        restore(tmp_path / "restored", custody, Wanted(places))
    log = published(running, signing, tmp_path / "log")
    wanted = Wanted(places, seen=Seen.gather([], None, log), log=running.layout.folder)
    restored = restore(tmp_path / "restored", custody, wanted)
    assert restored.found.unreadable == 0
    assert restored.found.contents.closed > 0


def test_an_older_key_store_beside_a_record_that_names_the_destruction_destroys_it_again(
    running: OpenFolder, trio: Trio, custody: Custody, tmp_path: Path
) -> None:
    old = Trio(tmp_path / "old")
    old.made(running)
    shred(running, PASSPHRASES, keys=keys_of(running, ink.an_id(f"note {ink.BASIA}")))
    trio.made(running)
    places = {**trio.places, BackupSet.KEYS: old.places[BackupSet.KEYS]}
    restored = restore(tmp_path / "restored", custody, Wanted(places))
    assert restored.serves
    assert (restored.found.shreds, restored.found.unreadable) == (1, 0)
    assert not (tmp_path / "restored" / NAME).exists()


def test_a_published_log_that_was_altered_destroys_nothing(
    running: OpenFolder, signing: Checkpointer, trio: Trio, custody: Custody, tmp_path: Path
) -> None:
    trio.made(running)
    shred(running, PASSPHRASES, keys=keys_of(running, ink.an_id(f"note {ink.BASIA}")))
    log = published(running, signing, tmp_path / "log")
    control = next(each for each in (log / "control").rglob("*") if each.is_file())
    data = bytearray(control.read_bytes())
    data[-40] ^= 1
    control.write_bytes(data)
    with pytest.raises(FolderRefused, match="not whole"):
        restore(tmp_path / "restored", custody, Wanted(trio.places, log=log))
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(FolderRefused, match="published one"):
        restore(tmp_path / "restored", custody, Wanted(trio.places, log=empty))


def test_a_list_of_gone_keys_that_no_restore_wrote_is_refused(
    running: OpenFolder,
) -> None:
    place = running.layout.folder / NAME
    place.write_text(f"powiernik-gone 1\nlost {'0' * 32}\nmac {'0' * 64}\n")
    with pytest.raises(Broken, match="E-AUTH"):
        read_gone(running.layout.folder, running.append_key)
    place.write_bytes(b"\xff")
    with pytest.raises(Broken, match="E-PARSE"):
        read_gone(running.layout.folder, running.append_key)
