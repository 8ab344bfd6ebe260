"""Making a backup: what is in it, what is not, and that it goes on where it was cut short."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from domain.values import ClientId
from infrastructure.backup import make, manifest as manifests
from infrastructure.backup.freeze import WORK
from infrastructure.backup.listed import Backups
from infrastructure.backup.manifest import PART_SIZE, BackupSet
from infrastructure.backup.restore import Wanted, restore
from infrastructure.errors import FolderRefused
from infrastructure.folder import OpenFolder
from infrastructure.ledger.key_control import Shred
from infrastructure.vault.custody import Custody
from infrastructure.vault.keystore import number
from tests.infrastructure.conftest import PASSPHRASES
from tests.support import ink
from tests.support.backups import Trio, check, keys_of, manifest, opened, parts, sealed_rows, shred


def test_three_sets_lie_in_three_places_and_open(running: OpenFolder, trio: Trio) -> None:
    made = trio.made(running)
    check(trio, running.custody)
    names = {kind: {each.name for each in one.files} for kind, one in made.sets.items()}
    assert names[BackupSet.KEYS] == {"keys.db"}
    assert names[BackupSet.ACCOUNTS] == {"accounts.db"}
    assert names[BackupSet.RECORD] >= {"FORMAT", "record.db", "head.pin", "custodian-1.key"}
    assert not {"keys.db", "accounts.db", "kek.key"} & names[BackupSet.RECORD]
    assert len(parts(trio.set(BackupSet.RECORD))) > 2
    assert not (running.layout.folder / WORK).exists()


def test_nothing_stands_in_a_backup_in_clear(running: OpenFolder, trio: Trio) -> None:
    trio.made(running)
    shown = b"".join(each.read_bytes() for each in trio.files())
    sealed = (b"SQLite format", ink.CANARY.encode(), b"log/tile", b"subject_key")
    assert [each for each in sealed if each in shown] == []
    # What is looked for does stand in the stores themselves.
    assert b"SQLite format" in running.layout.record.read_bytes()


def test_a_keys_set_dies_with_its_generation_and_a_record_set_does_not(
    running: OpenFolder, trio: Trio
) -> None:
    made = trio.made(running)
    lasting = {kind: bool(each.head.lasting) for kind, each in made.sets.items()}
    assert lasting == {BackupSet.RECORD: True, BackupSet.KEYS: False, BackupSet.ACCOUNTS: True}


def test_the_list_knows_every_set_and_when_keys_expire(running: OpenFolder, trio: Trio) -> None:
    made = trio.made(running)
    listed = {each.kind: each for each in Backups(running.layout.folder).all()}
    assert {each.backup for each in listed.values()} == {made.backup}
    assert all(each.whole for each in listed.values())
    keys = listed[BackupSet.KEYS]
    assert keys.expires == keys.made + timedelta(days=7)
    assert listed[BackupSet.RECORD].expires is None


@pytest.mark.parametrize("days", [0, 31])
def test_keys_are_kept_for_at_most_thirty_days(running: OpenFolder, trio: Trio, days: int) -> None:
    with pytest.raises(FolderRefused):
        make.back_up(running, running.custody, trio.places, keep_keys=timedelta(days=days))
    assert not trio.root.exists()


def test_no_backup_is_made_while_keys_are_being_rotated(running: OpenFolder, trio: Trio) -> None:
    running.keys.write(("INSERT INTO meta VALUES('rotation', ?)", [(number(1),)]))
    with pytest.raises(FolderRefused, match="rotated"):
        trio.made(running)
    running.keys.write(("DELETE FROM meta WHERE name = ?", [("rotation",)]))
    trio.made(running)


def test_a_backup_that_was_cut_short_goes_on_with_the_same_bytes(
    running: OpenFolder, trio: Trio
) -> None:
    class Stopped(Exception):
        pass

    def stop(what: str, _now: int, _of: int) -> None:
        if what == "keys":
            raise Stopped

    with pytest.raises(Stopped):
        make.back_up(running, running.custody, trio.places, progress=stop)
    (begun,) = {each.backup for each in Backups(running.layout.folder).all()}
    # The clinic goes on meanwhile; the record was frozen, and stays what it was.
    running.record.append_now((ink.looked(ink.ANNA),), ink.WHO)
    before = {each.name: each.read_bytes() for each in parts(trio.set(BackupSet.RECORD))}
    made = trio.made(running)
    assert made.resumed
    assert made.backup == begun
    assert {each.name: each.read_bytes() for each in parts(trio.set(BackupSet.RECORD))} == before
    assert made.sets[BackupSet.RECORD].head.size == running.store.standing().size - 1
    check(trio, running.custody)


def test_a_set_that_was_finished_and_not_yet_listed_as_whole_is_listed_then(
    running: OpenFolder, trio: Trio
) -> None:
    class Stopped(Exception):
        pass

    def stop(what: str, _now: int, _of: int) -> None:
        if what == "accounts":
            raise Stopped

    with pytest.raises(Stopped):
        make.back_up(running, running.custody, trio.places, progress=stop)
    listed = Backups(running.layout.folder)
    (keys,) = listed.extant_keys()
    listed.put(replace(keys, whole=False))
    trio.made(running)
    assert [each.whole for each in listed.all()] == [True, True, True]


def test_parts_that_were_damaged_meanwhile_are_written_anew(
    running: OpenFolder, trio: Trio
) -> None:
    class Stopped(Exception):
        pass

    def stop(what: str, now: int, of: int) -> None:
        if what == "record" and now == of:
            raise Stopped

    with pytest.raises(Stopped):
        make.back_up(running, running.custody, trio.places, progress=stop)
    some = parts(trio.set(BackupSet.RECORD))
    some[-1].write_bytes(b"something else")
    some[0].unlink()
    made = trio.made(running)
    assert made.resumed
    assert made.kept_parts == len(some) - 2
    check(trio, running.custody)


def test_a_frozen_record_is_not_gone_on_with_for_ever(running: OpenFolder, trio: Trio) -> None:
    class Stopped(Exception):
        pass

    def stop(what: str, _now: int, _of: int) -> None:
        if what == "record":
            raise Stopped

    with pytest.raises(Stopped):
        make.back_up(running, running.custody, trio.places, progress=stop)
    begun = running.layout.folder / WORK / "begun"
    name, at = begun.read_text().split()
    begun.write_text(f"{name} {int(at) - 25 * 3600}\n")
    made = trio.made(running)
    assert not made.resumed
    check(trio, running.custody)


def test_everything_that_a_writer_wrote_meanwhile_and_is_in_the_record_opens(
    running: OpenFolder, trio: Trio, custody: Custody, tmp_path: Path
) -> None:
    written, pauses, stop = 0, [0.0], threading.Event()

    def write() -> None:
        nonlocal written
        last = time.perf_counter()
        while not stop.is_set():
            client = ClientId(ink.an_id(f"new {written}"))
            running.record.append_now((ink.registered(client), ink.opened(client)), ink.WHO)
            running.record.append_now((ink.drafted(client),), ink.WHO)
            written += 1
            now = time.perf_counter()
            pauses.append(now - last)
            last = now

    writer = threading.Thread(target=write)
    writer.start()
    time.sleep(0.1)
    begun = running.store.standing().size
    for _ in range(3):
        trio.made(running)
    ended = running.store.standing().size
    stop.set()
    writer.join()
    restored = restore(tmp_path / "restored", custody, Wanted(trio.places))
    assert begun < restored.found.events <= ended
    assert restored.found.unreadable == 0
    assert restored.serves
    assert restored.found.contents.texts > 25
    # A key store's copy holds its writers up, for as long as a small file takes.
    assert max(pauses) < 5


def test_a_key_that_nobody_used_when_the_record_was_frozen_is_in_order(
    running: OpenFolder, trio: Trio, custody: Custody, tmp_path: Path
) -> None:
    class Stopped(Exception):
        pass

    def stop(what: str, _now: int, _of: int) -> None:
        if what == "record":
            raise Stopped

    with pytest.raises(Stopped):
        make.back_up(running, running.custody, trio.places, progress=stop)
    running.record.append_now((ink.registered(ClientId(ink.an_id("later"))),), ink.WHO)
    trio.made(running)
    restored = restore(tmp_path / "restored", custody, Wanted(trio.places))
    assert restored.found.unreadable == 0
    assert restored.found.contents.events == sealed_rows(running) - 2


def test_what_is_destroyed_while_a_backup_is_made_is_destroyed_in_all_of_it(
    running: OpenFolder, trio: Trio, custody: Custody, tmp_path: Path
) -> None:
    destroyed: list[Shred] = []

    def destroy(what: str, now: int, of: int) -> None:
        if what == "record" and now == of and not destroyed:
            keys = keys_of(running, ink.an_id(f"note {ink.BASIA}"))
            destroyed.append(shred(running, PASSPHRASES, keys=keys))

    made = make.back_up(running, running.custody, trio.places, progress=destroy)
    assert [len(list(place.iterdir())) for place in trio.places.values()] == [1, 1, 1]
    assert {each.backup for each in Backups(running.layout.folder).all()} == {made.backup}
    restored = restore(tmp_path / "restored", custody, Wanted(trio.places))
    assert restored.serves
    assert (restored.found.shreds, restored.found.unreadable) == (0, 0)
    assert restored.found.contents.closed > 0


def test_keys_alone_are_backed_up_without_a_copy_of_the_record(
    running: OpenFolder, trio: Trio
) -> None:
    steps = set()
    places = {BackupSet.KEYS: trio.places[BackupSet.KEYS]}
    make.back_up(running, running.custody, places, progress=lambda what, *_: steps.add(what))
    assert steps == {"keys"}


def test_a_manifest_says_what_is_in_the_set_and_where_the_log_stood(
    running: OpenFolder, trio: Trio
) -> None:
    trio.made(running)
    found = manifests.read(manifest(trio.set(BackupSet.RECORD))).manifest
    assert found.head.size == running.store.standing().size
    assert found.head.origin == running.genesis.origin
    record = next(each for each in found.files if each.name == "record.db")
    assert len(record.parts) == -(-record.size // PART_SIZE) > 2
    with closing(sqlite3.connect(running.layout.record)) as db:
        assert db.execute("PRAGMA user_version").fetchone()
    assert opened(trio, running.custody)[BackupSet.RECORD].manifest == found


def test_what_a_log_had_signed_under_an_older_name_is_kept_as_well(
    running: OpenFolder, trio: Trio, custody: Custody, tmp_path: Path
) -> None:
    data = running.layout.folder
    kept = {
        "log.retired-1/checkpoint": b"an old note",
        "log.retired-1/anchors/12.note": b"a note that was stamped",
        "log.retired-1/anchors/12.tsr": b"its stamp",
        "trust.policy.retired-1": b"an old policy",
    }
    for name, content in kept.items():
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_bytes(content)
    (data / "log.retired-1" / "anchors" / "notes.txt").write_bytes(b"nobody's")
    made = trio.made(running)
    names = {each.name for each in made.sets[BackupSet.RECORD].files}
    assert kept.keys() <= names
    assert not any("notes.txt" in each for each in names)
    restore(tmp_path / "restored", custody, Wanted(trio.places))
    assert {name: (tmp_path / "restored" / name).read_bytes() for name in kept} == kept
