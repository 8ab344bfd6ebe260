"""The broker: content opens against the receipt of a committed access entry, and not otherwise."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from domain.confidentiality import ACCOUNTABILITY, CLINICAL, Class, Label, Owner, OwnerKind
from domain.errors import NotThere, RecordUnavailable, Sealed, Stale
from domain.events.access import AccessKind
from domain.ports import Opening
from domain.rows import Place, Under
from domain.values import ActorId, ClientId, FreeText, Receipt
from domain.wording import texts_of
from infrastructure.errors import Broken
from infrastructure.folder import OpenFolder
from infrastructure.vault.broker import Broker
from infrastructure.vault.cells import CellSealer
from infrastructure.vault.fingerprints import FromSecret
from infrastructure.vault.keyring import Keyring
from tests.support import ink

HERE = Place("case-state", "note", ("1",), 7)


def note_of(folder: OpenFolder, client: ClientId, *, process: bool = False) -> FreeText:
    write = ink.thought(client) if process else ink.drafted(client)
    folder.record.append_now((write,), ink.WHO)
    (found,) = folder.record.read(write.stream)
    assert found.event is not None
    (text,) = texts_of(found.event)
    assert text.words is None
    return text


def sealer_of(folder: OpenFolder) -> CellSealer:
    assert isinstance(folder.vault.keyring, Keyring)
    return CellSealer(folder.vault.keyring, folder.vault.clinic, FromSecret(bytes(32)))


def look(folder: OpenFolder, client: ClientId, *classes: Class, **more: object) -> Receipt:
    write = ink.looked(client, *classes, **more)  # type: ignore[arg-type]  # see there
    return folder.record.append_now((write,), ink.WHO)


def opening(folder: OpenFolder, receipt: Receipt) -> Opening:
    return folder.vault.broker.open(receipt)


def test_a_receipt_opens_what_its_entry_names(folder: OpenFolder) -> None:
    text = note_of(folder, ink.ANNA)
    receipt = look(folder, ink.ANNA, Class.CLINICAL)
    assert opening(folder, receipt).words(text) == ink.CANARY


def test_an_open_text_needs_no_key(folder: OpenFolder) -> None:
    receipt = look(folder, ink.ANNA)
    assert opening(folder, receipt).words(FreeText("słowa")) == "słowa"
    with pytest.raises(Sealed):
        opening(folder, look(folder, ink.ANNA)).words(FreeText())


def test_a_receipt_works_once(folder: OpenFolder) -> None:
    receipt = look(folder, ink.ANNA)
    opening(folder, receipt)
    with pytest.raises(RecordUnavailable):
        opening(folder, receipt)
    with pytest.raises(RecordUnavailable):
        folder.vault.broker.standing(receipt)


def test_a_used_ticket_beside_a_fresh_one_opens_nothing(folder: OpenFolder) -> None:
    used, fresh = look(folder, ink.ANNA), look(folder, ink.ANNA)
    opening(folder, used)
    with pytest.raises(RecordUnavailable):
        opening(folder, replace(fresh, tickets=(*used.tickets, *fresh.tickets)))


@pytest.mark.parametrize("tickets", [(), (bytes(16),), (b"",)])
def test_a_receipt_that_nobody_gave_opens_nothing(
    folder: OpenFolder, tickets: tuple[bytes, ...]
) -> None:
    receipt = replace(look(folder, ink.ANNA), tickets=tickets)
    with pytest.raises(RecordUnavailable):
        opening(folder, receipt)


def test_a_receipt_of_something_else_than_a_look_opens_nothing(folder: OpenFolder) -> None:
    receipt = folder.record.append_now((ink.registered(ink.ANNA),), ink.WHO)
    assert receipt.tickets == ()
    with pytest.raises(RecordUnavailable):
        opening(folder, receipt)


def test_a_look_that_was_not_committed_gives_no_receipt(folder: OpenFolder) -> None:
    stale = replace(ink.looked(ink.ANNA), after=5)
    with pytest.raises(Stale):
        folder.record.append_now((stale,), ink.WHO)
    assert isinstance(folder.vault.broker, Broker)
    assert folder.vault.broker._grants == {}


def test_a_ticket_expires(folder: OpenFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    receipt = look(folder, ink.ANNA)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 31)
    with pytest.raises(RecordUnavailable):
        opening(folder, receipt)


def test_an_opening_lives_for_one_request(
    folder: OpenFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = note_of(folder, ink.ANNA)
    held = opening(folder, look(folder, ink.ANNA))
    assert held.words(text) == ink.CANARY
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 61)
    with pytest.raises(RecordUnavailable):
        held.words(text)


def test_a_look_at_one_client_opens_nothing_of_another(folder: OpenFolder) -> None:
    basias = note_of(folder, ink.BASIA)
    annas = look(folder, ink.ANNA)
    # The key is in memory, and that makes no difference.
    opening(folder, look(folder, ink.BASIA)).words(basias)
    with pytest.raises(NotThere):
        opening(folder, annas).words(basias)


def test_a_ticket_leaves_out_whom_its_entry_does_not_name(folder: OpenFolder) -> None:
    """A use case that asks for more than it has recorded gets no more than it has recorded."""
    basias = note_of(folder, ink.BASIA)
    receipt = look(folder, ink.ANNA, opens=(ink.owner(ink.ANNA), ink.owner(ink.BASIA)))
    with pytest.raises(NotThere):
        opening(folder, receipt).words(basias)


def test_a_look_at_one_class_opens_nothing_of_another(folder: OpenFolder) -> None:
    text = note_of(folder, ink.ANNA)
    receipt = look(folder, ink.ANNA, Class.ADMINISTRATIVE, Class.AUDIT_LOG, Class.RISK)
    with pytest.raises(NotThere):
        opening(folder, receipt).words(text)


def test_a_process_note_opens_for_its_author_alone(folder: OpenFolder) -> None:
    text = note_of(folder, ink.ANNA, process=True)
    author = Owner(OwnerKind.PRACTITIONER, ink.THERAPIST)
    with pytest.raises(NotThere):
        opening(folder, look(folder, ink.ANNA, *Class)).words(text)
    write = ink.looked(ink.ANNA, Class.PROCESS_NOTE, opens=(author,))
    colleague = replace(ink.WHO.actor, id=ActorId(ink.an_id("a colleague")))
    theirs = folder.record.append_now((write,), replace(ink.WHO, actor=colleague))
    with pytest.raises(NotThere):
        opening(folder, theirs).words(text)
    hers = folder.record.append_now((write,), ink.WHO)
    assert opening(folder, hers).words(text) == ink.CANARY


def test_an_altered_text_does_not_open(folder: OpenFolder) -> None:
    text = note_of(folder, ink.ANNA)
    assert text.sealed is not None
    for where in (0, 5, 10, 60, 70, 100, -1):
        altered = bytearray(text.sealed)
        altered[where] ^= 1
        with pytest.raises(Broken):
            opening(folder, look(folder, ink.ANNA)).words(FreeText(sealed=bytes(altered)))
    # A text under a key that is not there is as one whose key has been destroyed.
    moved = text.sealed[:24] + bytes(16) + text.sealed[40:]
    with pytest.raises(Sealed):
        opening(folder, look(folder, ink.ANNA)).words(FreeText(sealed=moved))


# Standing grants


def test_a_standing_grant_needs_the_receipt_of_a_batch_entry(folder: OpenFolder) -> None:
    text = note_of(folder, ink.ANNA)
    with pytest.raises(RecordUnavailable):
        folder.vault.broker.standing(look(folder, ink.ANNA))
    with pytest.raises(RecordUnavailable):
        folder.vault.broker.standing(replace(look(folder, ink.ANNA), tickets=()))
    batch = look(folder, ink.ANNA, kind=AccessKind.SYSTEM_BATCH)
    standing = folder.vault.broker.standing(batch)
    assert standing.words(text) == ink.CANARY
    with pytest.raises(RecordUnavailable):
        folder.vault.broker.standing(batch)


def test_a_standing_grant_lasts(folder: OpenFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    text = note_of(folder, ink.ANNA)
    batch = look(folder, ink.ANNA, kind=AccessKind.SYSTEM_BATCH)
    standing = folder.vault.broker.standing(batch)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 24 * 3600)
    assert standing.words(text) == ink.CANARY


# Cells


def a_cell(folder: OpenFolder, client: ClientId, label: Label = CLINICAL) -> bytes:
    sealer = sealer_of(folder)
    under = Under(ink.owner(client), label, datetime(2026, 11, 23, tzinfo=UTC))
    found = sealer.seal(under, {"words": ink.CANARY, "at": 7}, HERE)
    assert found is not None
    return found[0]


def test_a_cell_opens_for_whom_the_entry_names_and_in_its_place(folder: OpenFolder) -> None:
    note_of(folder, ink.ANNA)
    note_of(folder, ink.BASIA)
    cell = a_cell(folder, ink.ANNA)
    assert ink.CANARY.encode() not in cell
    held = opening(folder, look(folder, ink.ANNA))
    assert held.cell(cell, HERE) == {"words": ink.CANARY, "at": 7}
    for elsewhere in (
        HERE._replace(position=8),
        HERE._replace(key=("2",)),
        HERE._replace(table="draft"),
        HERE._replace(view="name-cards"),
    ):
        with pytest.raises(Broken, match="E-AEAD"):
            held.cell(cell, elsewhere)
    with pytest.raises(NotThere):
        held.cell(a_cell(folder, ink.BASIA), HERE)
    with pytest.raises(NotThere):
        held.cell(a_cell(folder, ink.ANNA, ACCOUNTABILITY), HERE)


def test_a_cell_of_a_destroyed_key_opens_no_more_in_a_look_that_goes_on(
    folder: OpenFolder,
) -> None:
    note_of(folder, ink.ANNA)
    cell = a_cell(folder, ink.ANNA)
    held = opening(folder, look(folder, ink.ANNA))
    assert held.cell(cell, HERE)
    folder.keys.write(("UPDATE subject_key SET wrapped = NULL, state = 3 WHERE purpose = 1", [()]))
    folder.bell.ring()
    with pytest.raises(Sealed):
        held.cell(cell, HERE)


def test_any_flipped_bit_of_a_cell_is_refused(folder: OpenFolder) -> None:
    note_of(folder, ink.ANNA)
    cell = a_cell(folder, ink.ANNA)
    batch = look(folder, ink.ANNA, kind=AccessKind.SYSTEM_BATCH)
    held = folder.vault.broker.standing(batch)
    for bit in range(len(cell) * 8):
        altered = bytearray(cell)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Broken, match=r"E-(AEAD|KEYSTATE)"):
            held.cell(bytes(altered), HERE)


def test_the_digest_of_a_cell_is_the_same_for_the_same_content_alone(folder: OpenFolder) -> None:
    note_of(folder, ink.ANNA)
    sealer = sealer_of(folder)
    under = Under(ink.owner(ink.ANNA), CLINICAL, ink.NOW)

    def digest(content: dict[str, str], place: Place = HERE) -> bytes:
        found = sealer.seal(under, content, place)
        assert found is not None
        return found[1]

    assert digest({"a": "b"}) == digest({"a": "b"})
    others = [digest({"a": "c"}), digest({"a": "b"}, HERE._replace(key=("2",)))]
    assert digest({"a": "b"}) not in others


def test_no_cell_is_sealed_under_a_key_that_is_not_there(folder: OpenFolder) -> None:
    sealer = sealer_of(folder)
    assert sealer.seal(Under(ink.owner(ink.ANNA), CLINICAL, ink.NOW), {}, HERE) is None
