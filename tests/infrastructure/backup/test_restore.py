"""Restoring: a whole clinic from three sets, and what every mix of sets means."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.events.note import NoteDrafted
from domain.values import ActorId, ActorKind, ClientId
from infrastructure.backup.listed import Backups
from infrastructure.backup.manifest import BackupSet
from infrastructure.backup.restore import Wanted, restore
from infrastructure.errors import Broken, FolderRefused
from infrastructure.folder import OpenFolder, open_with
from infrastructure.vault.custody import Custody, unlock
from infrastructure.verify import verify_folder
from tests.infrastructure.conftest import PASSPHRASES, Hands, Made
from tests.infrastructure.custodians.test_rotating import rotated
from tests.support import ink
from tests.support.backups import Trio, parts, sealed_rows
from tests.support.opened import texts, words
from tests.support.softhsm import about_the_keyfile


def note_of(folder: OpenFolder, name: str) -> str:
    """What a note of Anna's says."""
    stream = ink.an_id(f"{name} {ink.ANNA}")
    (recorded, *_) = folder.record.read(stream)
    assert isinstance(recorded.event, NoteDrafted)
    return words(folder, texts(recorded.event)["text"])


def files_of(path: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {
        each.relative_to(path).as_posix(): each.read_bytes()
        for each in path.rglob("*")
        if each.is_file()
    }


def test_a_clinic_comes_back_as_it_was(
    running: OpenFolder, trio: Trio, custody: Custody, tmp_path: Path
) -> None:
    made = trio.made(running)
    restored = restore(tmp_path / "restored", custody, Wanted(trio.places))
    head = made.sets[BackupSet.RECORD].head
    assert (restored.found.events, restored.found.root) == (head.size, head.root)
    assert restored.serves
    assert restored.found.contents.events == sealed_rows(running)
    assert (restored.found.lost, restored.found.unreadable) == (0, 0)
    with closing(open_with(tmp_path / "restored", custody)) as folder:
        assert note_of(folder, "long 3") == note_of(running, "long 3")
        assert verify_folder(folder).size == head.size
        folder.record.append_now((ink.looked(ink.ANNA),), ink.WHO)
    assert not (tmp_path / ".restored.restoring").exists()


def test_the_sets_that_were_restored_from_are_listed_so_that_they_expire(
    running: OpenFolder, trio: Trio, custody: Custody, tmp_path: Path
) -> None:
    made = trio.made(running)
    restore(tmp_path / "restored", custody, Wanted(trio.places))
    listed = Backups(tmp_path / "restored").extant_keys()
    assert [(each.backup, each.whole) for each in listed] == [(made.backup, True)]


def test_nobody_is_signed_in_after_a_restore(
    running: OpenFolder, trio: Trio, custody: Custody, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    secret = running.accounts.add("anna", ActorKind.STAFF, ActorId(ink.an_id("therapist")))
    token, _ = running.accounts.sign_in("anna", secret, now)
    trio.made(running)
    restore(tmp_path / "restored", custody, Wanted(trio.places))
    with closing(open_with(tmp_path / "restored", custody)) as folder:
        assert running.accounts.holder(token, now) is not None
        assert folder.accounts.holder(token, now) is None
        assert folder.accounts.owner("anna") is not None


def test_nothing_is_restored_over_something(
    backed_up: Trio, custody: Custody, tmp_path: Path
) -> None:
    place = tmp_path / "restored"
    place.mkdir()
    (place / "thesis.txt").write_text("three years of work")
    with pytest.raises(FolderRefused, match="something in the folder"):
        restore(place, custody, Wanted(backed_up.places))
    assert files_of(place) == {"thesis.txt": b"three years of work"}


@about_the_keyfile
def test_the_keyfile_may_lie_there_before(
    backed_up: Trio, custody: Custody, written: Made, tmp_path: Path
) -> None:
    place = tmp_path / "restored"
    place.mkdir()
    shutil.copyfile(written.path / "kek.key", place / "kek.key")
    assert restore(place, custody, Wanted(backed_up.places)).serves
    assert (place / "kek.key").read_bytes() == (written.path / "kek.key").read_bytes()
    assert (place / "kek.key").stat().st_mode & 0o777 == 0o600


def test_a_restore_that_was_cut_short_goes_on(
    damaged: Trio, custody: Custody, tmp_path: Path
) -> None:
    last = parts(damaged.set(BackupSet.RECORD))[-1]
    whole = last.read_bytes()
    last.unlink()
    with pytest.raises(Broken, match="E-GAP"):
        restore(tmp_path / "restored", custody, Wanted(damaged.places))
    last.write_bytes(whole)
    # What is there already is not read again: all other parts may be gone by now.
    begun = tmp_path / ".restored.restoring"
    assert (begun / "keys.db").exists() or (begun / ".record.db.restoring").exists()
    big = parts(damaged.set(BackupSet.RECORD))[-3:-1]
    for each in big:
        each.write_bytes(b"gone")
    assert restore(tmp_path / "restored", custody, Wanted(damaged.places)).serves


def test_side_files_of_an_earlier_try_are_not_taken_over(
    backed_up: Trio, custody: Custody, tmp_path: Path
) -> None:
    begun = tmp_path / ".restored.restoring"
    (begun / "log" / "tile").mkdir(parents=True)
    for name in ("record.db-wal", "keys.db-journal", "custodian-9.key", "log/tile/x"):
        (begun / name).write_bytes(b"from somewhere else")
    restored = restore(tmp_path / "restored", custody, Wanted(backed_up.places))
    assert restored.serves
    assert b"from somewhere else" not in files_of(tmp_path / "restored").values()


def test_a_key_store_of_another_clinic_is_told_as_such(
    backed_up: Trio, other: Made, custody: Custody, tmp_path: Path
) -> None:
    path = Path(shutil.copytree(other.path, tmp_path / "other"))
    theirs = Trio(tmp_path / "theirs")
    with closing(open_with(path, other.custody)) as folder:
        theirs.made(folder)
    places = {**backed_up.places, BackupSet.KEYS: theirs.places[BackupSet.KEYS]}
    with pytest.raises(FolderRefused, match="another clinic"):
        restore(tmp_path / "restored", custody, Wanted(places))
    assert not (tmp_path / "restored").exists()


@pytest.fixture
def yesterday(running: OpenFolder, tmp_path: Path) -> Trio:
    """Sets from before somebody new came, and a note was written of each."""
    found = Trio(tmp_path / "yesterday")
    found.made(running)
    new = ClientId(ink.an_id("Celina"))
    running.record.append_now((ink.registered(new), ink.opened(new)), ink.WHO)
    running.record.append_now((ink.drafted(new),), ink.WHO)
    for number in range(20):
        running.record.append_now((ink.drafted(ink.ANNA, f"new {number}"),), ink.WHO)
    return found


def test_an_older_key_store_is_refused_with_the_number_of_what_it_lacks(
    running: OpenFolder, yesterday: Trio, trio: Trio, custody: Custody, tmp_path: Path
) -> None:
    trio.made(running)
    places = {**trio.places, BackupSet.KEYS: yesterday.places[BackupSet.KEYS]}
    with pytest.raises(FolderRefused, match=r"\d+ keys of the record are not in it"):
        restore(tmp_path / "restored", custody, Wanted(places))
    assert not (tmp_path / "restored").exists()


def test_an_older_key_store_that_is_accepted_leaves_a_clinic_that_works(
    running: OpenFolder, yesterday: Trio, trio: Trio, custody: Custody, tmp_path: Path
) -> None:
    trio.made(running)
    places = {**trio.places, BackupSet.KEYS: yesterday.places[BackupSet.KEYS]}
    wanted = Wanted(places, accept_unreadable=True)
    restored = restore(tmp_path / "restored", custody, wanted)
    assert restored.serves
    assert restored.found.unreadable > 0
    assert restored.found.contents.closed > 0
    with closing(open_with(tmp_path / "restored", custody)) as folder:
        new = ClientId(ink.an_id("Celina"))
        (row, *_) = folder.store.stream(bytes.fromhex(new))
        assert folder.record.mapper.open(row).event is None
        assert note_of(folder, "long 1").startswith(ink.CANARY)
        verify_folder(folder)
        folder.record.append_now((ink.drafted(ink.ANNA, "after all"),), ink.WHO)


def test_a_newer_key_store_beside_an_older_record_is_in_order(
    running: OpenFolder, yesterday: Trio, trio: Trio, custody: Custody, tmp_path: Path
) -> None:
    trio.made(running)
    places = {**yesterday.places, BackupSet.KEYS: trio.places[BackupSet.KEYS]}
    restored = restore(tmp_path / "restored", custody, Wanted(places))
    assert restored.serves
    assert restored.found.unreadable == 0


@about_the_keyfile
def test_a_record_set_outlives_the_generation_that_it_was_made_under(
    filled: Path, written: Made, trio: Trio, tmp_path: Path
) -> None:
    """Yesterday's record with today's keys: the generation of yesterday's sets is destroyed."""
    path = Path(shutil.copytree(filled, tmp_path / "rotated"))
    custody = unlock(path / "kek.key", PASSPHRASES[0])
    custody.open_also(PASSPHRASES[1])
    old = Trio(tmp_path / "old")
    with closing(open_with(path, custody)) as folder:
        old.made(folder)
        rotated(folder)
        trio.made(folder)
        assert folder.custody.generations == (2,)
    with pytest.raises(FolderRefused, match="generation 1"):
        restore(tmp_path / "restored", custody, Wanted(old.places))
    places = {**old.places, BackupSet.KEYS: trio.places[BackupSet.KEYS]}
    assert restore(tmp_path / "restored", custody, Wanted(places)).found.contents.texts >= 25


def test_the_newest_sets_are_taken_unless_one_is_named(
    running: OpenFolder, trio: Trio, custody: Custody, tmp_path: Path
) -> None:
    first = trio.made(running)
    running.record.append_now((ink.looked(ink.ANNA),), ink.WHO)
    hands = Hands()
    hands.at = datetime.now(UTC) + timedelta(hours=1)
    second = trio.made(replace(running, clock=hands))
    newest = restore(tmp_path / "newest", custody, Wanted(trio.places))
    named = restore(tmp_path / "named", custody, Wanted(trio.places, backup=first.backup))
    assert {each.backup for each in newest.sets.values()} == {second.backup}
    assert {each.backup for each in named.sets.values()} == {first.backup}
    with pytest.raises(FolderRefused, match="There is no record backup"):
        restore(tmp_path / "none", custody, Wanted(trio.places, backup="0" * 32))


def test_a_damaged_key_store_inside_a_good_set_is_told(
    running: OpenFolder, trio: Trio, custody: Custody, tmp_path: Path
) -> None:
    """Two wrapped keys were exchanged before the backup was made: verifying finds it."""
    with closing(sqlite3.connect(running.layout.keys)) as db:
        (one, a), (other, b) = db.execute(
            "SELECT key_id, wrapped FROM subject_key ORDER BY key_id LIMIT 2"
        ).fetchall()
        db.execute("UPDATE subject_key SET wrapped = ? WHERE key_id = ?", (b, one))
        db.execute("UPDATE subject_key SET wrapped = ? WHERE key_id = ?", (a, other))
        db.commit()
    trio.made(running)
    with pytest.raises(Broken):
        restore(tmp_path / "restored", custody, Wanted(trio.places))
    assert not (tmp_path / "restored").exists()


def test_what_names_a_token_may_lie_there_before(
    backed_up: Trio, custody: Custody, tmp_path: Path
) -> None:
    """An operator puts ``custody.conf`` into the empty folder: the sets hold it too, sealed."""
    place = tmp_path / "restored"
    place.mkdir()
    (place / "custody.conf").write_text("kept apart\n")
    assert restore(place, custody, Wanted(backed_up.places)).serves
    assert (place / "custody.conf").read_text() == "kept apart\n"
