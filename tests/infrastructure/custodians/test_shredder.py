"""Destroying keys: one client's, one text's; what the log says of it, and what is left."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from domain.confidentiality import KeyPurpose, Owner, OwnerKind
from domain.errors import Invalid, WrongState
from domain.events.note import NoteDrafted
from domain.ports import Destruction
from domain.wording import texts_of as texts_in
from infrastructure.control import shred_line
from infrastructure.custodians.rotating import rotate
from infrastructure.custodians.shredder import CustodianSignatures, approvals_note
from infrastructure.custodians.signing import signers
from infrastructure.errors import Broken, KeyGone
from infrastructure.folder import OpenFolder
from infrastructure.layout import Layout
from infrastructure.ledger.control import parse_control
from infrastructure.ledger.errors import LogBroken
from infrastructure.ledger.key_control import Shred, ShredFinal, shred_stream
from infrastructure.stores.contract import Placed, Submission
from infrastructure.vault import rotation, shredding
from infrastructure.vault.custody import Keyfile
from infrastructure.verify import verify_folder
from tests.infrastructure.conftest import PASSPHRASES
from tests.infrastructure.custodians.test_rotating import opened, shredder_of
from tests.support import ink
from tests.support.opened import words

ANNA = Owner(OwnerKind.CLIENT, ink.ANNA)
REQUEST = ink.an_id("request")
ALL_OF_ANNA = Destruction(REQUEST, "retention-expired", owners=(ANNA,))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "HEARD_SECONDS", 0.1)


def approved(folder: OpenFolder, what: Destruction, passphrases: list[str] | None = None) -> bytes:
    """The statement with the signatures of those who have these passphrases."""
    text = shredder_of(folder).statement(what)
    found = signers(folder.layout.folder, folder.genesis.origin, passphrases or PASSPHRASES)
    return approvals_note(text, [each.sign(text.encode()).encode().decode() for each in found])


def destroy(folder: OpenFolder, what: Destruction) -> None:
    shredder_of(folder).destroy_now(what, approved(folder, what))


def texts_of(folder: OpenFolder, name: str = "note", client: object = ink.ANNA) -> Destruction:
    """The destruction of a note's first text alone."""
    (first, *_) = folder.record.read(ink.drafted(client, name=name).stream)  # type: ignore[arg-type]
    assert isinstance(first.event, NoteDrafted)
    return Destruction(REQUEST, "art-51", texts=tuple(texts_in(first.event)))


def events_of(folder: OpenFolder, client: object) -> list[object]:
    return [each.event for each in folder.record.read(ink.drafted(client).stream)]  # type: ignore[arg-type]


def test_after_erasing_a_client_hers_is_unreadable_and_the_others_is_whole(
    old_clinic: Path,
) -> None:
    with opened(old_clinic) as folder:
        done = asyncio.run(shredder_of(folder).destroy(ALL_OF_ANNA, approved(folder, ALL_OF_ANNA)))
        assert done.keys > 1
        assert set(events_of(folder, ink.ANNA)) == {None}
        assert None not in events_of(folder, ink.BASIA)
        verify_folder(folder)
    with opened(old_clinic) as folder:
        assert set(events_of(folder, ink.ANNA)) == {None}
        assert folder.guard.incidents.all() == []
        verify_folder(folder)


def test_who_looked_at_an_erased_clients_record_stays_readable(old_clinic: Path) -> None:
    with opened(old_clinic) as folder:
        before = [each.event for each in folder.record.read(ink.looked(ink.ANNA).stream)]
        destroy(folder, ALL_OF_ANNA)
        assert [each.event for each in folder.record.read(ink.looked(ink.ANNA).stream)] == before
        assert None not in before


def test_one_text_alone_is_destroyed(old_clinic: Path) -> None:
    with opened(old_clinic) as folder:
        what = texts_of(folder)
        done = shredder_of(folder).destroy_now(what, approved(folder, what))
        assert (done.keys, done.items) == (0, 1)
        first, second = (each.event for each in folder.record.read(ink.drafted(ink.ANNA).stream))
        with pytest.raises(KeyGone):
            words(folder, *texts_in(first))
        assert words(folder, *texts_in(second))
        verify_folder(folder)


def test_a_destruction_is_asked_for_twice_and_done_once(old_clinic: Path) -> None:
    with opened(old_clinic) as folder:
        approvals = approved(folder, ALL_OF_ANNA)
        shredder = shredder_of(folder)
        first = shredder.destroy_now(ALL_OF_ANNA, approvals)
        assert shredder.destroy_now(ALL_OF_ANNA, approvals) == first
        assert len(folder.store.stream(shred_stream(folder.vault.log_id))) == 1
        with pytest.raises(WrongState, match="nothing left"):
            shredder.statement(replace(ALL_OF_ANNA, request=ink.an_id("another")))


@pytest.mark.parametrize("passphrases", [PASSPHRASES[:1], [PASSPHRASES[0], PASSPHRASES[0]]])
def test_one_custodian_alone_destroys_nothing(old_clinic: Path, passphrases: list[str]) -> None:
    with opened(old_clinic) as folder:
        with pytest.raises(Invalid, match="approvals"):
            shredder_of(folder).destroy_now(ALL_OF_ANNA, approved(folder, ALL_OF_ANNA, passphrases))
        assert None not in events_of(folder, ink.ANNA)


def test_an_approval_of_one_destruction_bears_no_other(old_clinic: Path) -> None:
    with opened(old_clinic) as folder:
        approvals = approved(folder, texts_of(folder))
        for other in (
            ALL_OF_ANNA,
            replace(texts_of(folder), request=ink.an_id("another")),
            replace(texts_of(folder), reason="wrong-client"),
            texts_of(folder, client=ink.BASIA),
        ):
            with pytest.raises(Invalid, match="approvals"):
                shredder_of(folder).destroy_now(other, approvals)
        verify_folder(folder)


def test_frames_and_access_logs_cannot_be_asked_for(old_clinic: Path) -> None:
    with opened(old_clinic) as folder:
        for purpose in (KeyPurpose.ACCOUNTABILITY, KeyPurpose.RELATIONSHIP, KeyPurpose.STAFF):
            with pytest.raises(Invalid, match="purposes"):
                shredder_of(folder).statement(replace(ALL_OF_ANNA, purposes=(purpose,)))


def test_the_access_log_of_a_year_expires_alone(old_clinic: Path) -> None:
    what = Destruction(
        REQUEST, "log-expired", year=2026, spared=(Owner(OwnerKind.CLIENT, ink.BASIA),)
    )
    with opened(old_clinic) as folder:
        destroy(folder, what)
        looks = folder.record.read(ink.looked(ink.ANNA).stream)
        assert {each.event for each in looks} == {None}
        assert None not in [each.event for each in folder.record.read(ink.looked(ink.BASIA).stream)]
        assert None not in events_of(folder, ink.ANNA)
        verify_folder(folder)


# Cut short, put back, forged


class Cut(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("step", ["condemned", "logged", "destroyed"])
def test_a_destruction_that_is_cut_short_is_never_half_done(
    old_clinic: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(old_clinic) as folder:
        approvals = approved(folder, ALL_OF_ANNA)

        def ends(*_: object) -> None:
            raise Cut

        with monkeypatch.context() as cut:
            match step:
                case "condemned":
                    cut.setattr("infrastructure.custodians.shredder.shred_line", ends)
                case "logged":
                    cut.setattr(shredding, "apply", ends)
                case "destroyed":
                    cut.setattr(type(folder.keys), "vacuum", ends)
            with pytest.raises(Cut):
                shredder_of(folder).destroy_now(ALL_OF_ANNA, approvals)
    with opened(old_clinic) as folder:
        if step == "condemned":
            assert None not in events_of(folder, ink.ANNA)
            folder.record.append_now((ink.drafted(ink.ANNA, name="later"),), ink.WHO)
        else:
            assert set(events_of(folder, ink.ANNA)) == {None}
        verify_folder(folder)
        assert folder.guard.incidents.all() == []
        shredder_of(folder).destroy_now(ALL_OF_ANNA, approvals)
        assert set(events_of(folder, ink.ANNA)) == {None}


def test_while_keys_are_condemned_nothing_is_written_under_them(
    old_clinic: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(old_clinic) as folder, opened(old_clinic, folder_custody(folder)) as other:
        other.record.append_now((ink.drafted(ink.ANNA, name="warm"),), ink.WHO)
        approvals = approved(folder, ALL_OF_ANNA)
        enter = folder.guard.enter

        def entering(submission: Submission) -> object:
            with pytest.raises(WrongState, match="erased"):
                other.record.append_now((ink.drafted(ink.ANNA, name="late"),), ink.WHO)
            return enter(submission)

        monkeypatch.setattr(folder.guard, "enter", entering)
        shredder_of(folder).destroy_now(ALL_OF_ANNA, approvals)
        verify_folder(other)


def folder_custody(folder: OpenFolder) -> Keyfile:
    assert isinstance(folder.custody, Keyfile)
    return folder.custody


def test_an_older_key_store_that_is_put_back_is_destroyed_again_and_told(old_clinic: Path) -> None:
    keys = Layout(old_clinic).keys
    before = keys.read_bytes()
    with opened(old_clinic) as folder:
        destroy(folder, ALL_OF_ANNA)
    keys.write_bytes(before)
    with opened(old_clinic) as folder:
        assert set(events_of(folder, ink.ANNA)) == {None}
        (incident,) = folder.guard.incidents.all()
        assert incident.code == "E-KEYSTATE"
        rows = folder.keys.rows("SELECT 1 FROM subject_key WHERE state = 3 AND wrapped IS NULL")
        assert rows


def test_after_the_rotation_a_destruction_is_final_and_the_log_says_so(old_clinic: Path) -> None:
    with opened(old_clinic) as folder:
        destroy(folder, ALL_OF_ANNA)
        shredder = shredder_of(folder)
        assert shredder.not_final() == [bytes.fromhex(REQUEST)]
        found = rotate(folder, shredder)
        assert shredder.not_final() == []
        rows = folder.store.stream(shred_stream(folder.vault.log_id))
        shred, final = (parse_control(row.record or b"") for row in rows)
        assert isinstance(shred, Shred)
        assert final == ShredFinal(bytes.fromhex(REQUEST), 1, found.evidence)
        verify_folder(folder)


def test_a_forged_destruction_destroys_nothing(old_clinic: Path) -> None:
    with opened(old_clinic) as folder:
        text = shredder_of(folder).statement(ALL_OF_ANNA)
        forged = Shred(
            folder.vault.log_id,
            bytes.fromhex(REQUEST),
            tuple(
                each.place.key_id
                for each in folder.keys.of_subject(
                    folder.vault.keyring.tag(ANNA), KeyPurpose.CLINICAL
                )
            ),
            (),
            "retention-expired",
            1,
            approvals=approvals_note(text, []),
        )
        assert isinstance(folder.guard.enter(Submission((shred_line(forged),))), Placed)
        with pytest.raises((Broken, LogBroken), match="E-AUTH"):
            verify_folder(folder)
    with pytest.raises(Broken, match="E-AUTH"), opened(old_clinic):
        pass
    db = sqlite3.connect(Layout(old_clinic).keys)
    with closing(db):
        assert db.execute("SELECT count(*) FROM subject_key WHERE wrapped IS NULL").fetchone() == (
            0,
        )


def test_a_key_that_is_gone_without_a_record_of_it_is_found(old_clinic: Path) -> None:
    with opened(old_clinic) as folder:
        folder.keys.write(
            ("UPDATE subject_key SET state = 3, wrapped = NULL WHERE purpose = ?", [(1,)])
        )
        folder.bell.ring()
        with pytest.raises(Broken, match="E-KEYSTATE"):
            verify_folder(folder)


def test_an_item_key_that_is_gone_without_a_record_of_it_is_found(old_clinic: Path) -> None:
    with opened(old_clinic) as folder:
        first = texts_of(folder).texts[0].sealed
        assert first is not None
        folder.keys.write(("DELETE FROM item_key WHERE item_id = ?", [(first[:16],)]))
        if not any(
            row[0] == first[:16] for row in folder.keys.rows("SELECT item_id FROM item_key")
        ):
            folder.keys.write(("DELETE FROM item_key", [()]))
        with pytest.raises(Broken, match="E-KEYSTATE"):
            verify_folder(folder)


def test_a_signature_is_its_custodians_over_its_text_alone(old_clinic: Path) -> None:
    with opened(old_clinic) as folder:
        one, other = signers(old_clinic, folder.genesis.origin, PASSPHRASES)
    text = "something to sign\n"
    line = one.sign(text.encode()).encode().decode().rstrip("\n")
    verifies = CustodianSignatures().verifies
    assert verifies(one.verifier.vkey(), text, line)
    assert not verifies(other.verifier.vkey(), text, line)
    assert not verifies(one.verifier.vkey(), "something else\n", line)
    assert not verifies(one.verifier.vkey(), text, "— nobody AAAA")
    assert not verifies("no key", text, line)
