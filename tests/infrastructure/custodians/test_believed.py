"""What is believed of a log and a key store that somebody has altered, and what is not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from infrastructure.control import custodian_line, shred_line
from infrastructure.custodians.appointing import appoint, custodians
from infrastructure.custodians.rotating import renew
from infrastructure.custodians.shredder import approvals_note
from infrastructure.custodians.signing import signers
from infrastructure.errors import Broken, FolderRefused
from infrastructure.folder import OpenFolder
from infrastructure.layout import Layout
from infrastructure.ledger.control import Custodian
from infrastructure.ledger.key_control import Shred, shred_statement
from infrastructure.ledger.note import ED25519, Signer, Verifier
from infrastructure.stores.contract import Line, Placed, Submission
from infrastructure.vault import rotation
from infrastructure.verify import verify_folder
from tests.infrastructure.conftest import PASSPHRASES
from tests.infrastructure.custodians.test_rotating import note_of, opened, rotated
from tests.infrastructure.custodians.test_shredder import ALL_OF_ANNA, destroy, events_of
from tests.support import ink


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "HEARD_SECONDS", 0.1)


def altered(clinic: Path, statement: str, *values: object) -> None:
    db = sqlite3.connect(Layout(clinic).keys)
    with closing(db), db:
        assert db.execute(statement, values).rowcount != 0


def note(text: str, by: list[Signer]) -> bytes:
    return approvals_note(text, [each.sign(text.encode()).encode().decode() for each in by])


def entered(folder: OpenFolder, *lines: Line) -> None:
    assert isinstance(folder.guard.enter(Submission(lines)), Placed)


def test_whoever_names_herself_a_custodian_destroys_nothing(old_clinic: Path) -> None:
    """A writer with the append key alone, whom no custodian has approved."""
    strangers = [Signer.generate(f"stranger-{each}", ED25519) for each in (1, 2)]
    with opened(old_clinic) as folder:
        tag = folder.vault.keyring.tag(ink.owner(ink.ANNA))
        (key_id, *_) = (
            row[0]
            for row in folder.keys.rows(
                "SELECT key_id FROM subject_key WHERE subject_tag = ? AND purpose = 1", (tag,)
            )
        )
        shred = Shred(folder.vault.log_id, bytes(16), (key_id,), (), "art-51", 1)
        signed = replace(shred, approvals=note(shred_statement([shred]), strangers))
        named = (custodian_line(folder.vault.log_id, each.verifier.vkey()) for each in strangers)
        entered(folder, *named, shred_line(signed))
    with pytest.raises(Broken, match="E-AUTH"), opened(old_clinic):
        pass
    db = sqlite3.connect(Layout(old_clinic).keys)
    with closing(db):
        (gone,) = db.execute("SELECT count(*) FROM subject_key WHERE wrapped IS NULL").fetchone()
    assert gone == 0


def test_one_custodian_who_signs_twice_appoints_nobody(old_clinic: Path) -> None:
    newcomer = Signer.generate("newcomer", ED25519).verifier.vkey()
    with opened(old_clinic) as folder:
        one, other = signers(old_clinic, folder.genesis.origin, PASSPHRASES)
        before = folder.store.standing().size
        with pytest.raises(FolderRefused, match="Two custodians"):
            appoint(folder, newcomer, [one, one])
        assert folder.store.standing().size == before
        appoint(folder, newcomer, [one, other])
        assert newcomer in custodians(folder)
        verify_folder(folder)


def test_nobody_is_appointed_a_second_time_under_another_name(old_clinic: Path) -> None:
    with opened(old_clinic) as folder:
        one, other = signers(old_clinic, folder.genesis.origin, PASSPHRASES)
        twice = Verifier("somebody.else", ED25519, one.verifier.public).vkey()
        with pytest.raises(FolderRefused, match="already"):
            appoint(folder, twice, [one, other])
        # Where it was written all the same, she is still one.
        approvals = note(Custodian(twice).statement(), [one, other])
        entered(folder, custodian_line(folder.vault.log_id, twice, approvals))
        verify_folder(folder)
        assert len(custodians(folder)) == 3


def test_a_destroyed_key_that_is_put_back_under_a_running_process_opens_nothing(
    old_clinic: Path,
) -> None:
    keys = Layout(old_clinic).keys
    before = old_clinic / "before.db"
    before.write_bytes(keys.read_bytes())
    with opened(old_clinic) as folder:
        destroy(folder, ALL_OF_ANNA)
        db = sqlite3.connect(keys)
        with closing(db), db:
            db.execute("ATTACH ? AS old", (str(before),))
            db.execute("REPLACE INTO main.subject_key SELECT * FROM old.subject_key")
            db.execute("REPLACE INTO main.item_key SELECT * FROM old.item_key")
        folder.bell.ring()
        assert set(events_of(folder, ink.ANNA)) == {None}
        assert None not in events_of(folder, ink.BASIA)
        with pytest.raises(Exception, match="erased"):
            folder.record.append_now((ink.drafted(ink.ANNA, name="later"),), ink.WHO)
        with pytest.raises(Broken, match="E-KEYSTATE"):
            verify_folder(folder)


def test_nothing_is_sealed_under_a_retired_key_whatever_the_key_store_says(
    old_clinic: Path,
) -> None:
    with opened(old_clinic) as folder:
        renew(folder, ink.owner(ink.ANNA))
    altered(old_clinic, "UPDATE subject_key SET state = 1 WHERE state = 2")
    with opened(old_clinic) as folder:
        write = ink.drafted(ink.ANNA, name="after")
        before = {row.key_id for row in folder.store.rows(0, 1000)}
        folder.record.append_now((write,), ink.WHO)
        assert folder.store.stream(bytes.fromhex(write.stream))[0].key_id not in before
        assert note_of(folder) == ink.CANARY
        verify_folder(folder)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE subject_key SET kek_generation = 0",
        "UPDATE item_key SET generation = 0",
        "UPDATE item_key SET generation = 7",
    ],
)
def test_a_key_under_a_generation_that_is_gone_is_damaged_and_not_erased(
    old_clinic: Path, statement: str
) -> None:
    altered(old_clinic, statement)
    with opened(old_clinic) as folder, pytest.raises(Broken, match="E-KEYSTATE"):
        note_of(folder)
    with opened(old_clinic) as folder, pytest.raises(Broken, match="E-KEYSTATE"):
        verify_folder(folder)


@pytest.mark.parametrize("value", [0, 1, 2, 2**64 - 1])
def test_a_rotation_that_never_began_is_not_gone_on_with(old_clinic: Path, value: int) -> None:
    altered(old_clinic, f"INSERT INTO meta VALUES('rotation', x'{value.to_bytes(8, 'big').hex()}')")
    with opened(old_clinic) as folder:
        before = folder.store.standing().size
        with pytest.raises(Broken, match="E-KEYSTATE"):
            rotated(folder)
        assert folder.store.standing().size == before
        assert note_of(folder) == ink.CANARY
        verify_folder(folder)


@pytest.mark.parametrize("generation", [1, 2])
def test_a_rotation_that_the_key_store_was_made_to_forget_loses_nothing(
    old_clinic: Path, monkeypatch: pytest.MonkeyPatch, generation: int
) -> None:
    class Cut(BaseException):
        """The process ends here."""

    def ends(*_: object) -> None:
        raise Cut

    with opened(old_clinic) as folder, monkeypatch.context() as cut:
        cut.setattr(rotation, "_check", ends)
        with pytest.raises(Cut):
            rotated(folder)
    altered(old_clinic, "DELETE FROM meta WHERE name = 'rotation'")
    update = "UPDATE meta SET value = ? WHERE name = 'kek_generation'"
    altered(old_clinic, update, generation.to_bytes(8, "big"))
    with opened(old_clinic) as folder:
        folder.record.append_now((ink.drafted(ink.ANNA, name="between"),), ink.WHO)
        found = rotated(folder)
        assert (found.before, found.after) == (1, 2)
        assert folder.custody.generations == (2,)
        assert note_of(folder) == ink.CANARY
        verify_folder(folder)
