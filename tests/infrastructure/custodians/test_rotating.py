"""Rotation of the key-encryption key, and the epochs of a client's keys."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from domain.confidentiality import KeyPurpose
from domain.errors import RecordUnavailable
from domain.events.note import NoteDrafted
from domain.wording import texts_of
from infrastructure.custodians.rotating import renew, rotate
from infrastructure.custodians.shredder import Hands as Destroying, RecordShredder
from infrastructure.errors import Broken, CustodyUnavailable, KeyGone, SlotsClosed, WrongKeyStore
from infrastructure.folder import OpenFolder, open_folder, open_with
from infrastructure.layout import Layout
from infrastructure.ledger.control import parse_control
from infrastructure.ledger.key_control import (
    GenerationDestroyed,
    KeyRetired,
    KeysRewrapped,
    custody_stream,
    retire_stream,
)
from infrastructure.vault import rotation
from infrastructure.vault.custody import Keyfile, unlock
from infrastructure.vault.keystore import KeyStore
from infrastructure.verify import verify_folder
from tests.infrastructure.conftest import PASSPHRASES, Hands
from tests.support import ink
from tests.support.opened import words


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other process is there to hear of it, or it hears at once."""
    monkeypatch.setattr(rotation, "HEARD_SECONDS", 0.1)


def custody_of(clinic: Path) -> Keyfile:
    """The keyfile with both people's slots open, as a rotation needs it."""
    found = unlock(Layout(clinic).keyfile, PASSPHRASES[0])
    found.open_also(PASSPHRASES[1])
    return found


@contextmanager
def opened(clinic: Path, custody: Keyfile | None = None) -> Iterator[OpenFolder]:
    with closing(open_with(clinic, custody or custody_of(clinic), clock=Hands())) as folder:
        yield folder


def shredder_of(folder: OpenFolder) -> RecordShredder:
    return RecordShredder(
        Destroying(
            store=folder.store,
            lineage=folder.vault.lineage,
            append_key=folder.append_key,
            keys=folder.keys,
            keyring=folder.vault.keyring,
            bell=folder.bell,
            enter=folder.guard.enter,
            forget=lambda _what, _keys: None,
            backups=tuple,
        )
    )


def rotated(folder: OpenFolder) -> rotation.Rotated:
    return rotate(folder, shredder_of(folder))


def note_of(folder: OpenFolder) -> str:
    found = folder.record.read(ink.drafted(ink.ANNA).stream)
    event = found[0].event
    assert isinstance(event, NoteDrafted)
    (text,) = texts_of(event)
    return words(folder, text)


def test_after_a_rotation_everything_reads_and_the_old_generation_is_gone(old_clinic: Path) -> None:
    with opened(old_clinic) as folder:
        found = rotated(folder)
        assert (found.before, found.after) == (1, 2)
        assert found.keys > 4
        assert found.items > 0
        assert note_of(folder) == ink.CANARY
        assert folder.keys.rows("SELECT 1 FROM subject_key WHERE kek_generation = 1") == []
        assert folder.keys.rows("SELECT 1 FROM item_key WHERE generation = 1") == []
        assert folder.keys.rows("SELECT 1 FROM secret WHERE kek_generation = 1") == []
        assert folder.custody.generations == (2,)
    with closing(open_folder(old_clinic, PASSPHRASES[1], clock=Hands())) as folder:
        assert note_of(folder) == ink.CANARY
        verify_folder(folder)


def test_the_log_is_told_of_a_rotation_once(old_clinic: Path) -> None:
    with opened(old_clinic) as folder:
        found = rotated(folder)
        told = [
            parse_control(row.record or b"")
            for row in folder.store.stream(custody_stream(folder.vault.log_id))
        ]
    assert told == [
        KeysRewrapped(1, 2, found.keys, found.digest),
        GenerationDestroyed(1, found.evidence),
    ]


def test_an_old_key_store_with_the_new_keyfile_opens_nothing(
    old_clinic: Path, tmp_path: Path
) -> None:
    before = Layout(old_clinic).keys.read_bytes()
    with opened(old_clinic) as folder:
        rotated(folder)
    Layout(old_clinic).keys.write_bytes(before)
    with pytest.raises((WrongKeyStore, CustodyUnavailable)):
        open_folder(old_clinic, PASSPHRASES[0])


def test_another_process_goes_on_during_and_after_a_rotation(old_clinic: Path) -> None:
    alone = unlock(Layout(old_clinic).keyfile, PASSPHRASES[0])
    with opened(old_clinic, alone) as other:
        assert note_of(other) == ink.CANARY
        with opened(old_clinic) as folder:
            stopping = threading.Event()
            written = []

            def work() -> None:
                number = 0
                while not stopping.is_set():
                    number += 1
                    write = ink.drafted(ink.BASIA, name=f"under rotation {number}")
                    other.record.append_now((write,), ink.WHO)
                    note_of(other)
                    written.append(write.stream)

            thread = threading.Thread(target=work)
            thread.start()
            try:
                rotated(folder)
                rotated(folder)
            finally:
                stopping.set()
                thread.join()
        assert written
        assert note_of(other) == ink.CANARY
        other.vault.keyring.rung()
        assert other.custody.generations == (3,)
        verify_folder(other)
    with opened(old_clinic) as folder:
        assert folder.custody.generation == 3
        assert all(folder.record.read(each) for each in written)


class Cut(BaseException):
    """The process ends here."""


def ending(of: Callable[..., object]) -> Callable[..., object]:
    def ends(*args: object) -> object:
        of(*args)
        raise Cut

    return ends


def at_once(*_: object) -> object:
    raise Cut


STEPS = {
    "custody has rotated": (Keyfile, "export", ending(Keyfile.export)),
    "begun": (rotation, "_begin", ending(rotation._begin)),
    "some keys": (rotation, "_rewrap_keys", ending(rotation._rewrap_keys)),
    "all keys": (rotation, "_rewrap_items", ending(rotation._rewrap_items)),
    "secrets": (rotation, "_rewrap_secrets", ending(rotation._rewrap_secrets)),
    "the log is told": (Keyfile, "destroy", at_once),
    "destroyed": (Keyfile, "destroy", ending(Keyfile.destroy)),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_rotation_that_is_cut_short_loses_nothing_and_goes_on(
    old_clinic: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "BATCH", 2)
    with opened(old_clinic) as folder, monkeypatch.context() as cut:
        cut.setattr(*STEPS[step])
        with pytest.raises(Cut):
            rotated(folder)
    with opened(old_clinic) as folder:
        assert note_of(folder) == ink.CANARY
        verify_folder(folder)
        folder.record.append_now((ink.drafted(ink.ANNA, name="between"),), ink.WHO)
        rotated(folder)
        assert note_of(folder) == ink.CANARY
        assert folder.custody.generations == (2,)
        assert folder.keys.rotating() is None
        verify_folder(folder)


def test_a_rotation_that_lacks_somebodys_passphrase_is_refused(old_clinic: Path) -> None:
    with opened(old_clinic, unlock(Layout(old_clinic).keyfile, PASSPHRASES[0])) as folder:
        with pytest.raises(SlotsClosed):
            rotated(folder)
        assert folder.keys.rotating() is None
        assert note_of(folder) == ink.CANARY


def test_a_rotation_stops_before_it_destroys_where_a_key_is_another(old_clinic: Path) -> None:
    with opened(old_clinic) as folder:
        one, other = folder.keys.rows("SELECT key_id FROM subject_key LIMIT 2")
        stolen = folder.keys.key(other[0])
        assert stolen is not None
        assert stolen.wrapped is not None
        folder.keys.write(
            ("UPDATE subject_key SET wrapped = ? WHERE key_id = ?", [(stolen.wrapped, *one)])
        )
        with pytest.raises(Broken):
            rotated(folder)
        assert folder.custody.generations == (1, 2)


# A client's keys


def test_a_renewal_begins_a_new_epoch_and_the_old_one_still_opens(folder: OpenFolder) -> None:
    append = folder.record.append_now
    append((ink.registered(ink.ANNA), ink.opened(ink.ANNA)), ink.WHO)
    append((ink.drafted(ink.ANNA),), ink.WHO)
    (before,) = key_ids(folder, KeyPurpose.CLINICAL, cls=2)
    append((replace(ink.drafted(ink.ANNA, name="after"), renews=True),), ink.WHO)
    old, new = key_ids(folder, KeyPurpose.CLINICAL, cls=2)
    assert old == before
    row = folder.store.stream(bytes.fromhex(ink.drafted(ink.ANNA, name="after").stream))[0]
    assert row.key_id == new
    (told,) = folder.store.stream(retire_stream(old))
    assert parse_control(told.record or b"") == KeyRetired(old)
    assert note_of(folder) == ink.CANARY
    append((ink.revised(ink.ANNA, 1),), ink.WHO)
    assert folder.store.rows(folder.store.standing().size - 1, 1)[0].key_id == new
    verify_folder(folder)


def test_a_clients_keys_are_renewed_while_another_process_writes(old_clinic: Path) -> None:
    with opened(old_clinic) as one, opened(old_clinic) as other:
        other.record.append_now((ink.drafted(ink.ANNA, name="warm"),), ink.WHO)
        before = set(key_ids(one, KeyPurpose.CLINICAL, cls=2))
        assert renew(one, ink.owner(ink.ANNA)) > 0
        other.record.append_now((ink.drafted(ink.ANNA, name="after"),), ink.WHO)
        row = other.store.stream(bytes.fromhex(ink.drafted(ink.ANNA, name="after").stream))[0]
        assert row.key_id not in before
        assert renew(one, ink.owner(ink.ANNA)) > 0
        assert note_of(other) == ink.CANARY
        verify_folder(other)


def test_what_another_process_sealed_under_an_old_epoch_is_sealed_again(
    old_clinic: Path,
) -> None:
    with opened(old_clinic) as one, opened(old_clinic) as other:
        other.record.append_now((ink.drafted(ink.ANNA, name="warm"),), ink.WHO)
        renewing = replace(ink.drafted(ink.ANNA, name="renewing"), renews=True)
        one.record.append_now((renewing,), ink.WHO)
        other.record.append_now((ink.drafted(ink.ANNA, name="late"),), ink.WHO)
        rows = [
            other.store.stream(bytes.fromhex(ink.drafted(ink.ANNA, name=name).stream))[0].key_id
            for name in ("warm", "renewing", "late")
        ]
        assert rows[0] != rows[1] == rows[2]
        verify_folder(other)


def test_nobody_writes_under_the_keys_of_somebody_who_was_erased(folder: OpenFolder) -> None:
    append = folder.record.append_now
    append((ink.registered(ink.ANNA),), ink.WHO)
    tag = folder.vault.keyring.tag(ink.owner(ink.ANNA))
    destroyed(folder.keys, tag)
    folder.bell.ring()
    with pytest.raises(Exception, match="erased"):
        append((ink.drafted(ink.ANNA),), ink.WHO)


def destroyed(keys: KeyStore, tag: bytes) -> None:
    keys.write(
        (
            (
                "UPDATE subject_key SET state = 3, wrapped = NULL"
                " WHERE subject_tag = ? AND purpose = 1"
            ),
            [(tag,)],
        )
    )


def key_ids(folder: OpenFolder, purpose: KeyPurpose, cls: int) -> list[bytes]:
    tag = folder.vault.keyring.tag(ink.owner(ink.ANNA))
    found = folder.keys.of_subject(tag, purpose)
    return [each.place.key_id for each in found if each.place.label.cls == cls]


def test_a_bell_that_is_rung_in_one_process_is_heard_in_another(
    old_clinic: Path, open_: Callable[[Path], OpenFolder]
) -> None:
    one, other = open_(old_clinic), open_(old_clinic)
    heard = other.vault.keyring.rung()
    one.bell.ring()
    assert other.vault.keyring.rung() != heard


def test_a_key_that_is_gone_is_gone_at_the_next_use(folder: OpenFolder) -> None:
    folder.record.append_now((ink.registered(ink.ANNA),), ink.WHO)
    tag = folder.vault.keyring.tag(ink.owner(ink.ANNA))
    (key_id, *_) = [each.place.key_id for each in folder.keys.of_subject(tag, KeyPurpose.CLINICAL)]
    folder.vault.keyring.for_opening(key_id)
    destroyed(folder.keys, tag)
    folder.bell.ring()
    with pytest.raises(KeyGone):
        folder.vault.keyring.for_opening(key_id)


def test_a_closed_bell_opens_nothing(folder: OpenFolder) -> None:
    folder.bell.close()
    with pytest.raises(RecordUnavailable):
        folder.vault.keyring.rung()
