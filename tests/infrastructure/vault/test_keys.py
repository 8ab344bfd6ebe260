"""Subject keys and item keys: each opens in its own place, checked against the log."""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from domain.confidentiality import (
    ACCOUNTABILITY,
    ADMINISTRATIVE,
    CLINICAL,
    FRAME,
    Class,
    KeyPurpose,
    Label,
    Owner,
    OwnerKind,
)
from domain.errors import RecordUnavailable, Stale
from infrastructure import folder as data_folder
from infrastructure.clinic_secrets import SECRETS
from infrastructure.control import key_line
from infrastructure.errors import Broken, FolderRefused, KeyGone, WrongKeyStore
from infrastructure.folder import OpenFolder
from infrastructure.layout import read_genesis
from infrastructure.stores.contract import Placed, Submission
from infrastructure.stores.sqlite import SqliteStore
from infrastructure.vault import keyring as keyring_module
from infrastructure.vault.keyring import Keyring
from infrastructure.vault.keyrows import ACTIVE, DESTROYED, PENDING
from infrastructure.vault.keys import SubjectKey, derive
from infrastructure.vault.keystore import KeyStore
from infrastructure.verify import verify_folder
from tests.infrastructure.conftest import Hands, Made, Open
from tests.support import ink

ANNA, BASIA = ink.owner(ink.ANNA), ink.owner(ink.BASIA)
PROCESS = Label(KeyPurpose.STAFF, Class.PROCESS_NOTE)


def altered(path: Path, statement: str, *values: object) -> None:
    """Change a file of the folder as an administrator of the database could."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(statement, values)
    db.close()


def sealing(folder: OpenFolder, owner: Owner = ANNA, label: Label = CLINICAL) -> SubjectKey:
    keyring = folder.vault.keyring
    keyring.make([(owner, label)], ink.NOW)
    key = keyring.for_sealing(owner, label, ink.NOW)
    assert key is not None
    return key


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    db = sqlite3.connect(path)
    found = db.execute(query).fetchall()
    db.close()
    return found


# Subject keys


def test_a_key_is_made_once_for_each_owner_label_and_epoch(folder: OpenFolder) -> None:
    first = sealing(folder)
    assert sealing(folder) is not None
    assert sealing(folder).key_id == first.key_id
    others = [
        sealing(folder, BASIA),
        sealing(folder, ANNA, ADMINISTRATIVE),
        sealing(folder, ANNA, ACCOUNTABILITY),
        sealing(folder, Owner(OwnerKind.CASE, ink.ANNA)),
    ]
    ids = {each.key_id for each in others} | {first.key_id}
    values = {each.check_value for each in others} | {first.check_value}
    assert len(ids) == len(values) == 5


def test_accountability_keys_change_with_the_year(folder: OpenFolder) -> None:
    keyring, label = folder.vault.keyring, ACCOUNTABILITY
    new_year = datetime(2027, 1, 1, tzinfo=UTC)
    keyring.make([(ANNA, label), (ANNA, CLINICAL)], ink.NOW)
    assert keyring.for_sealing(ANNA, label, new_year) is None
    assert keyring.for_sealing(ANNA, CLINICAL, new_year) is not None


def test_a_projections_cell_takes_the_newest_key_made_before_its_event(
    folder: OpenFolder,
) -> None:
    keyring, new_year = folder.vault.keyring, datetime(2027, 1, 1, tzinfo=UTC)
    made = []
    for instant in (ink.NOW, new_year):
        keyring.make([(ANNA, ACCOUNTABILITY)], instant)
        key = keyring.for_sealing(ANNA, ACCOUNTABILITY, instant)
        assert key is not None
        (placed,) = folder.store.commit([Submission((key_line(folder.vault.log_id, key),))])
        assert isinstance(placed, Placed)
        made.append((key.key_id, placed.first))
    (old, _), (new, turn) = made
    # An event that was sealed in the old year and recorded in the new one keeps the old key,
    # whether it is followed at once or rebuilt years later.
    assert keyring.existing(ANNA, ACCOUNTABILITY, new_year, turn).key_id == old
    assert keyring.existing(ANNA, ACCOUNTABILITY, new_year, turn + 1).key_id == new


def test_a_key_that_does_not_exist_is_not_made_for_a_projection(folder: OpenFolder) -> None:
    with pytest.raises(KeyGone):
        folder.vault.keyring.existing(ANNA, CLINICAL, ink.NOW, 10)
    assert folder.keys.key_ids() == []


def test_a_key_that_the_log_does_not_know_opens_nothing(folder: OpenFolder) -> None:
    with pytest.raises(Broken, match="E-KCV"):
        folder.vault.keyring.for_opening(sealing(folder).key_id)


def test_an_unknown_key_opens_nothing(folder: OpenFolder) -> None:
    with pytest.raises(Broken, match="E-KEYSTATE"):
        folder.vault.keyring.for_opening(bytes(16))


def test_the_making_of_a_key_is_logged_with_its_first_use(folder: OpenFolder) -> None:
    begun = folder.store.standing().size
    receipt = folder.record.append_now((ink.registered(ink.ANNA),), ink.WHO)
    made = folder.store.rows(begun, receipt.first - begun)
    assert {row.key_id for row in made} == {bytes(16)}
    assert {row.tx_first for row in folder.store.rows(begun, 99)} == {begun}
    assert {row.key_id for row in folder.store.rows(receipt.first, 9)} <= {
        row.stream_id for row in made
    }
    assert {row.record[5] for row in made if row.record} == {0x41}


def test_a_key_whose_first_use_failed_is_logged_with_the_next(folder: OpenFolder) -> None:
    size = folder.store.standing().size
    with pytest.raises(Stale):
        folder.record.append_now((ink.revised(ink.ANNA, after=5),), ink.WHO)
    assert folder.store.standing().size == size
    folder.record.append_now((ink.drafted(ink.ANNA),), ink.WHO)
    assert folder.record.read(ink.drafted(ink.ANNA).stream)
    verify_folder(folder)


def test_a_key_whose_making_the_log_has_lost_is_logged_again(
    old_clinic: Path, made: Made, open_: Open
) -> None:
    """A record put back from a backup: what is sealed now must open later."""
    (old_clinic / "record.db").write_bytes((made.path / "record.db").read_bytes())
    for suffix in ("-wal", "-shm"):
        (old_clinic / f"record.db{suffix}").unlink(missing_ok=True)
    altered(old_clinic / "keys.db", "UPDATE subject_key SET state = ?", ACTIVE)
    folder = open_(old_clinic, pinned=False)
    folder.record.append_now((ink.registered(ink.ANNA),), ink.WHO)
    assert len(folder.record.read(ink.ANNA)) == 2
    verify_folder(folder)


def test_swapped_wrapped_keys_of_two_subjects_are_refused(old_clinic: Path, open_: Open) -> None:
    keys = rows(old_clinic / "keys.db", "SELECT key_id, wrapped FROM subject_key LIMIT 2")
    db = sqlite3.connect(old_clinic / "keys.db")
    for (key_id, _), (_, wrapped) in zip(keys, reversed(keys), strict=True):
        db.execute("UPDATE subject_key SET wrapped = ? WHERE key_id = ?", (wrapped, key_id))
    db.commit()
    db.close()
    folder = open_(old_clinic)
    for key_id, _ in keys:
        with pytest.raises(Broken, match="E-AEAD"):
            folder.vault.keyring.for_opening(key_id)
    with pytest.raises(Broken, match="E-AEAD"):
        verify_folder(folder)


@pytest.mark.parametrize(
    "change",
    [
        "subject_tag = x'00112233445566778899aabbccddeeff'",
        "purpose = 3",
        "class = 9",
        "epoch = 7",
        "kek_generation = 2",
    ],
)
def test_a_key_moved_to_another_place_is_refused(
    old_clinic: Path, open_: Open, change: str
) -> None:
    key_id = next(row.key_id for row in data_of(old_clinic) if row.key_id != bytes(16))
    db = sqlite3.connect(old_clinic / "keys.db")
    db.execute(f"UPDATE subject_key SET {change} WHERE key_id = ?", (key_id,))  # noqa: S608 - ours
    db.commit()
    db.close()
    folder = open_(old_clinic)
    with pytest.raises(Broken, match=r"E-(AEAD|KCV|KEYSTATE)"):
        folder.vault.keyring.for_opening(key_id)


def data_of(path: Path) -> list[Any]:
    store = SqliteStore(path / "record.db", b"", lambda: 0)
    found = store.rows(0, 99)
    store.close()
    return found


def test_a_key_that_its_attacker_has_wrapped_is_refused(
    old_clinic: Path, open_: Open, other: Made
) -> None:
    folder = open_(old_clinic)
    key_id = next(row.key_id for row in folder.store.rows(0, 99) if row.key_id != bytes(16))
    stored = folder.keys.key(key_id)
    assert stored is not None
    wrapped = other.custody.wrap(1, bytes(32), stored.place.context(folder.genesis.log_id, 1))
    db = sqlite3.connect(old_clinic / "keys.db")
    db.execute("UPDATE subject_key SET wrapped = ? WHERE key_id = ?", (wrapped, key_id))
    db.commit()
    db.close()
    with pytest.raises(Broken, match="E-AEAD"):
        folder.vault.keyring.for_opening(key_id)


def test_another_key_under_the_same_id_is_refused(
    old_clinic: Path, open_: Open, made: Made
) -> None:
    """Even from somebody who holds the key-encryption key: the log knows the key's check value."""
    folder = open_(old_clinic)
    keyring = folder.vault.keyring
    row = next(row for row in folder.store.rows(0, 99) if row.key_id != bytes(16))
    stored = folder.keys.key(row.key_id)
    assert stored is not None
    wrapped = made.custody.wrap(1, bytes(32), stored.place.context(folder.genesis.log_id, 1))
    db = sqlite3.connect(old_clinic / "keys.db")
    db.execute("UPDATE subject_key SET wrapped = ? WHERE key_id = ?", (wrapped, row.key_id))
    db.commit()
    db.close()
    with pytest.raises(Broken, match="E-KCV"):
        keyring.for_opening(row.key_id)
    label = stored.place.label
    owners = [ANNA, BASIA, folder.vault.clinic, Owner(OwnerKind.PRACTITIONER, ink.THERAPIST)]
    owner = next(each for each in owners if keyring.tag(each) == stored.place.subject_tag)
    # Nor is anything sealed under it.
    with pytest.raises(Broken, match="E-KCV"):
        keyring.make([(owner, label)], ink.NOW)


def test_a_destroyed_key_is_gone_and_its_facts_stay(old_clinic: Path, open_: Open) -> None:
    altered(old_clinic / "keys.db", "UPDATE subject_key SET wrapped = NULL, state = ?", DESTROYED)
    folder = open_(old_clinic)
    found = folder.record.read(ink.ANNA)
    assert [each.event for each in found] == [None, None]
    assert [each.version for each in found] == [1, 2]
    # Nobody has signed that it should be: whoever verifies is told.
    with pytest.raises(Broken, match="E-KEYSTATE: a key that is gone"):
        verify_folder(folder)


def test_a_key_that_is_lost_and_not_destroyed_is_missed(old_clinic: Path, open_: Open) -> None:
    altered(old_clinic / "keys.db", "DELETE FROM subject_key")
    folder = open_(old_clinic)
    for contents in (True, False):
        with pytest.raises(Broken, match="E-KEYSTATE"):
            verify_folder(folder, contents=contents)


def test_keys_leave_memory_after_a_while(
    folder: OpenFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.record.append_now((ink.registered(ink.ANNA),), ink.WHO)
    keyring = folder.vault.keyring
    key_id = sealing(folder).key_id
    folder.record.read(ink.ANNA)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 16 * 60)
    assert keyring.for_sealing(ANNA, CLINICAL, ink.NOW) is None
    sealing(folder)
    keyring.forget()
    assert keyring.for_sealing(ANNA, CLINICAL, ink.NOW) is None
    assert sealing(folder).key_id == key_id


def test_a_full_memory_keeps_the_keys_that_were_just_asked_for(
    folder: OpenFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring_module, "MOST_KEPT", 6)
    for number in range(4):
        owners = [Owner(OwnerKind.CLIENT, ink.an_id(f"{number} {each}")) for each in range(3)]
        folder.vault.keyring.make([(each, CLINICAL) for each in owners], ink.NOW)
        for each in owners:
            assert folder.vault.keyring.for_sealing(each, CLINICAL, ink.NOW) is not None


RACER = """
import sys
from pathlib import Path
from domain.confidentiality import CLINICAL, Owner, OwnerKind
from infrastructure.folder import open_with
from infrastructure.vault.custody import Keyfile
from tests.support import ink

folder = open_with(Path(sys.argv[1]), Keyfile(bytes.fromhex(sys.stdin.readline()), 1))
print("ready", flush=True)
sys.stdin.readline()
keyring = folder.vault.keyring
for number in range(30):
    owner = Owner(OwnerKind.CLIENT, ink.an_id(str(number)))
    keyring.make([(owner, CLINICAL)], ink.NOW)
    print(keyring.for_sealing(owner, CLINICAL, ink.NOW).check_value.hex(), flush=True)
folder.close()
"""


def test_two_processes_that_make_the_same_keys_end_with_the_same(clinic: Path, made: Made) -> None:
    key = made.key()
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(clinic)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for each in racers:
        assert each.stdin is not None
        assert each.stdout is not None
        each.stdin.write(key.hex() + "\n")
        each.stdin.flush()
        assert each.stdout.readline() == "ready\n"
    found = [each.communicate("go\n", timeout=60)[0].split() for each in racers]
    assert found[0] == found[1]
    assert len(found[0]) == len(set(found[0])) == 30
    assert rows(clinic / "keys.db", "SELECT count(*) FROM subject_key") == [(30,)]


# The key store


def broken_open(path: Path, open_: Open) -> str:
    with pytest.raises((WrongKeyStore, FolderRefused)) as caught:
        open_(path)
    assert str(path) not in str(caught.value)
    return str(caught.value)


def test_the_key_store_of_another_clinic_is_refused(clinic: Path, other: Made, open_: Open) -> None:
    (clinic / "keys.db").write_bytes((other.path / "keys.db").read_bytes())
    assert broken_open(clinic, open_) == "The key store belongs to another record."


def test_the_key_store_of_another_keyfile_is_refused(clinic: Path, other: Made) -> None:
    with pytest.raises(WrongKeyStore) as caught:
        data_folder.open_with(clinic, other.custody)
    assert str(caught.value) == "The key store does not belong to this keyfile."


def test_a_missing_key_store_is_told(clinic: Path, open_: Open) -> None:
    (clinic / "keys.db").unlink()
    assert broken_open(clinic, open_) == "The key store is missing."


@pytest.mark.parametrize("content", [b"", b"no database" * 500])
def test_a_damaged_key_store_is_told(clinic: Path, open_: Open, content: bytes) -> None:
    (clinic / "keys.db").write_bytes(content)
    assert broken_open(clinic, open_) == "The key store is damaged."


def test_a_key_store_of_a_later_version_is_told(clinic: Path, open_: Open) -> None:
    altered(clinic / "keys.db", "UPDATE meta SET value = x'03' WHERE name = 'format'")
    assert "does not know" in broken_open(clinic, open_)


@pytest.mark.parametrize("name", SECRETS)
def test_a_key_store_without_one_of_its_secrets_is_told(
    clinic: Path, open_: Open, name: str
) -> None:
    altered(clinic / "keys.db", "DELETE FROM secret WHERE name = ?", name)
    assert broken_open(clinic, open_) == "The key store is damaged."


def test_swapped_secrets_are_refused(clinic: Path, open_: Open) -> None:
    altered(
        clinic / "keys.db",
        "UPDATE secret SET wrapped = (SELECT wrapped FROM secret WHERE name = 'tag')"
        " WHERE name = 'append'",
    )
    assert "does not belong" in broken_open(clinic, open_)


def test_a_key_of_an_unknown_purpose_is_told(old_clinic: Path, open_: Open) -> None:
    altered(old_clinic / "keys.db", "UPDATE subject_key SET purpose = purpose + 90")
    with pytest.raises(WrongKeyStore, match="damaged"):
        open_(old_clinic)


def test_a_destroyed_key_leaves_no_trace_in_a_side_file(clinic: Path) -> None:
    log_id = read_genesis(clinic / "record.db").log_id
    keys = KeyStore(clinic / "keys.db", log_id)
    pragmas = {
        name: keys._db.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "secure_delete")
    }
    keys.close()
    assert pragmas == {"journal_mode": "delete", "synchronous": 3, "secure_delete": 1}
    assert not (clinic / "keys.db-wal").exists()


def test_a_key_store_that_stays_locked_leaves_the_record_unavailable(
    folder: OpenFolder, clinic: Path
) -> None:
    folder.keys._db.execute("PRAGMA busy_timeout = 10")
    db = sqlite3.connect(clinic / "keys.db", isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    with pytest.raises(RecordUnavailable):
        folder.record.append_now((ink.drafted(ink.ANNA),), ink.WHO)
    db.execute("ROLLBACK")
    db.close()
    folder.record.append_now((ink.drafted(ink.ANNA),), ink.WHO)
    verify_folder(folder)


def test_a_full_disk_under_the_key_store_leaves_the_record_unavailable(
    folder: OpenFolder,
) -> None:
    (pages,) = folder.keys._db.execute("PRAGMA page_count").fetchone()
    folder.keys._db.execute(f"PRAGMA max_page_count = {pages}")
    writes = [ink.drafted(ink.ANNA, str(number)) for number in range(99)]
    with pytest.raises(RecordUnavailable):
        _ = [folder.record.append_now((each,), ink.WHO) for each in writes]
    before = folder.store.standing().size
    folder.keys._db.execute("PRAGMA max_page_count = 1000000")
    folder.record.append_now((ink.drafted(ink.BASIA),), ink.WHO)
    assert folder.store.standing().size > before
    verify_folder(folder)


# Sweeping


def test_orphaned_keys_are_swept_and_those_in_the_log_settled(
    folder: OpenFolder, clinic: Path, open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.record.append_now((ink.drafted(ink.ANNA),), ink.WHO)
    with pytest.raises(Stale):
        folder.record.append_now((ink.revised(ink.BASIA, after=5),), ink.WHO)
    counts = "SELECT state, count(*) FROM subject_key GROUP BY state"
    ((_, everything),) = rows(clinic / "keys.db", counts)
    (items,) = rows(clinic / "keys.db", "SELECT count(*) FROM item_key")
    folder.close()
    # Another process may be just about to use them, so they are left alone for an hour.
    open_(clinic).close()
    found = dict(rows(clinic / "keys.db", counts))
    assert found[PENDING] + found[ACTIVE] == everything
    orphans = found[PENDING]
    assert orphans > 0
    later = time.time() + 3601
    monkeypatch.setattr(time, "time", lambda: later)
    again = open_(clinic)
    assert dict(rows(clinic / "keys.db", counts)) == {ACTIVE: everything - orphans}
    assert rows(clinic / "keys.db", "SELECT count(*) FROM item_key") < [items]
    verify_folder(again)
    again.record.append_now((ink.drafted(ink.BASIA),), ink.WHO)
    verify_folder(again)


def test_keys_that_were_made_and_never_used_do_not_fail_a_verification(
    folder: OpenFolder,
) -> None:
    with pytest.raises(Stale):
        folder.record.append_now((ink.revised(ink.ANNA, after=5),), ink.WHO)
    assert folder.keys.item_ids()
    assert verify_folder(folder).keys == 0


# Item keys


def test_an_item_key_opens_for_its_owner_in_its_place(folder: OpenFolder) -> None:
    items = folder.vault.items
    folder.record.append_now((ink.drafted(ink.ANNA), ink.drafted(ink.BASIA)), ink.WHO)
    owner = sealing(folder)
    item_id, key = items.take(owner, None)
    stored = items.owner(item_id)
    assert items.open(stored) == key
    assert stored.owner_key == owner.key_id
    assert stored.escrow is None
    elsewhere = [
        stored._replace(item_id=bytes(16)),
        stored._replace(owner_key=sealing(folder, BASIA).key_id),
        stored._replace(wrapped=items.owner(items.take(owner, None)[0]).wrapped),
        stored._replace(wrapped=stored.wrapped[:-1]),
        stored._replace(wrapped=b""),
    ]
    for each in elsewhere:
        with pytest.raises(Broken, match="E-AEAD"):
            items.open(each)


def test_an_item_key_is_used_once(folder: OpenFolder) -> None:
    owner = sealing(folder)
    taken = [folder.vault.items.take(owner, None) for _ in range(20)]
    assert len({item_id for item_id, _ in taken}) == len({key for _, key in taken}) == 20


def test_a_destroyed_item_key_is_gone(folder: OpenFolder, clinic: Path) -> None:
    item_id, _ = folder.vault.items.take(sealing(folder), None)
    altered(clinic / "keys.db", "DELETE FROM item_key WHERE item_id = ?", item_id)
    with pytest.raises(KeyGone):
        folder.vault.items.owner(item_id)


def test_the_item_keys_of_a_process_note_are_wrapped_for_author_and_escrow(
    folder: OpenFolder,
) -> None:
    folder.record.append_now((ink.thought(ink.ANNA),), ink.WHO)
    author = sealing(folder, Owner(OwnerKind.PRACTITIONER, ink.THERAPIST), PROCESS)
    escrow = sealing(folder, folder.vault.clinic, PROCESS)
    client = {each.key_id for each in (sealing(folder), sealing(folder, ANNA, FRAME))}
    items = folder.vault.items
    stored = [items.owner(each) for each in folder.keys.item_ids()]
    assert stored
    for each in stored:
        assert each.owner_key == author.key_id
        assert each.escrow_key == escrow.key_id
        assert each.escrow is not None
        assert {each.owner_key, each.escrow_key}.isdisjoint(client)
        for_escrow = each._replace(owner_key=escrow.key_id, wrapped=each.escrow)
        assert items.open(for_escrow) == items.open(each)


# Secrets are seen nowhere


def secrets_of(folder: OpenFolder, made: Made) -> list[bytes]:
    key = sealing(folder)
    vault = folder.vault
    assert isinstance(vault.keyring, Keyring)
    return [
        key._secret,
        key.record,
        key.hedge,
        key.digests,
        made.key(),
        derive(made.key(), "wrap"),
        folder.append_key,
        vault.replies._key,
        vault.keyring._tag_key,
        vault.items.take(key, None)[1],
        ink.CANARY.encode(),
    ]


def test_secrets_are_not_shown(
    folder: OpenFolder, made: Made, hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    receipt = folder.record.append_now((ink.drafted(ink.ANNA), ink.looked(ink.ANNA)), ink.WHO)
    key = sealing(folder)
    objects: list[object] = [
        key,
        key.place,
        folder,
        folder.vault,
        folder.vault.keyring,
        folder.vault.items,
        folder.vault.broker,
        folder.keys,
        folder.record,
        folder.accounts,
        made.custody,
        ink.drafted(ink.ANNA),
        folder.record.read(ink.drafted(ink.ANNA).stream),
        receipt,
        folder.vault.broker.open(receipt),
    ]
    logging.getLogger("test").warning("%r %s", objects, objects)
    text = " ".join([caplog.text, *(f"{each!r} {each!s}" for each in objects)])
    for secret in secrets_of(folder, made):
        assert secret.hex() not in text
        assert repr(secret)[2:-1] not in text
    for ticket in receipt.tickets:
        assert ticket.hex() not in text
        assert repr(ticket) not in text


def test_secrets_are_not_in_the_traceback_of_a_failure(
    old_clinic: Path, open_: Open, made: Made
) -> None:
    altered(old_clinic / "keys.db", "UPDATE subject_key SET epoch = 9")
    folder = open_(old_clinic)
    with pytest.raises(Broken) as caught:
        folder.record.read(ink.ANNA)
    text = "".join(traceback.format_exception(caught.value))
    assert "E-AEAD" in text
    assert ink.CANARY not in text
    assert made.key().hex() not in text


def test_words_stand_nowhere_in_clear(old_clinic: Path) -> None:
    for path in old_clinic.iterdir():
        data = path.read_bytes()
        for secret in (ink.CANARY, "note.drafted", "process_note", ink.ANNA, ink.THERAPIST):
            assert secret.encode() not in data
        for identifier in (ink.ANNA, ink.THERAPIST):
            if path.name.startswith(("keys", "accounts")):
                assert bytes.fromhex(identifier) not in data
