"""Recovery: a record that lost entries goes on under a new name, approved by two."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import time

import pytest

from infrastructure.anchor.checkpointer import Checkpointer, create as create_checkpointer
from infrastructure.errors import FolderRefused, WrongPassphrase
from infrastructure.folder import OpenFolder
from infrastructure.guard.recovery import Recovered, recover
from infrastructure.layout import structure
from infrastructure.ledger.checkpoint import Checkpoint
from infrastructure.ledger.control import Recovery, parse_control
from infrastructure.ledger.errors import LogBroken
from infrastructure.ledger.offline import verify_log
from infrastructure.ledger.remembered import Remembered
from infrastructure.ledger.tiles import TileFolder
from infrastructure.ledger.trust import Trust
from infrastructure.ledger.verification import RowVerification
from infrastructure.verify import verify, verify_folder
from tests.infrastructure.conftest import PASSPHRASES
from tests.support import ink

Open = Callable[..., OpenFolder]
NEW = "clinic.example/log/2"
NOW_S = int(ink.NOW.timestamp()) + 60


def put_back(open_: Open, path: Path, lost: int = 4) -> None:
    """Some looks happen, and then yesterday's backup of the record is restored."""
    old = {each.name: each.read_bytes() for each in path.glob("record.db*")}
    folder = open_(path)
    for _ in range(lost):
        folder.record.append_now((ink.looked(ink.ANNA),), ink.WHO)
    folder.close()
    for each in path.glob("record.db*"):
        each.unlink()
    for name, data in old.items():
        (path / name).write_bytes(data)


def recovered(path: Path, origin: str = NEW, reason: str = "disk failure") -> Recovered:
    return recover(path, PASSPHRASES, origin=origin, reason=reason)


def test_a_record_that_was_put_back_does_not_start_until_it_is_recovered(
    open_: Open, old_clinic: Path
) -> None:
    put_back(open_, old_clinic)
    with pytest.raises(LogBroken, match="E-ROLLBACK"):
        open_(old_clinic)
    found = recovered(old_clinic)
    assert found.lost == 4
    folder = open_(old_clinic)
    assert folder.vault.lineage.origin == NEW
    verify_folder(folder)


def test_what_was_restored_opens_and_what_is_new_stands_behind_it(
    open_: Open, old_clinic: Path
) -> None:
    put_back(open_, old_clinic)
    recovered(old_clinic)
    folder = open_(old_clinic)
    before = len(folder.record.read(ink.looked(ink.ANNA).stream))
    folder.record.append_now((ink.looked(ink.ANNA), ink.revised(ink.ANNA, 2)), ink.WHO)
    assert len(folder.record.read(ink.looked(ink.ANNA).stream)) == before + 1
    assert len(folder.record.read(ink.drafted(ink.ANNA).stream)) == 3
    assert verify(old_clinic, None).events == verify_folder(folder).size


def test_the_log_tells_everybody_what_was_lost_and_who_approved(
    open_: Open, old_clinic: Path
) -> None:
    put_back(open_, old_clinic)
    found = recovered(old_clinic)
    folder = open_(old_clinic)
    (row,) = folder.store.rows(found.restored, 1)
    recovery = parse_control(row.record or b"")
    assert isinstance(recovery, Recovery)
    assert recovery.lost_to - recovery.restored_size == 4
    assert recovery.approvals.count("\N{EM DASH}".encode()) == 2


def test_one_person_alone_recovers_nothing(open_: Open, old_clinic: Path) -> None:
    put_back(open_, old_clinic)
    for alone in ([PASSPHRASES[0]], [PASSPHRASES[0], PASSPHRASES[0]]):
        with pytest.raises(FolderRefused, match="Two custodians"):
            recover(old_clinic, alone, origin=NEW, reason="disk failure")
    with pytest.raises(WrongPassphrase):
        recover(old_clinic, [PASSPHRASES[0], "a guess"], origin=NEW, reason="disk failure")
    with pytest.raises(LogBroken, match="E-ROLLBACK"):
        open_(old_clinic)


def test_there_is_nothing_to_recover_in_a_record_that_lost_nothing(old_clinic: Path) -> None:
    with pytest.raises(FolderRefused, match="Nothing was lost"):
        recovered(old_clinic)


@pytest.mark.parametrize("origin", ["clinic.example/log/1", "a name with spaces", "a+b", ""])
def test_the_new_name_is_new_and_can_be_signed_under(
    open_: Open, old_clinic: Path, origin: str
) -> None:
    put_back(open_, old_clinic)
    with pytest.raises(FolderRefused, match="new name"):
        recovered(old_clinic, origin)


def test_a_log_is_recovered_twice(open_: Open, old_clinic: Path) -> None:
    put_back(open_, old_clinic)
    recovered(old_clinic)
    put_back(open_, old_clinic, lost=2)
    assert recovered(old_clinic, "clinic.example/log/3").lost == 2
    folder = open_(old_clinic)
    assert [each.origin for each in folder.vault.lineage.eras] == [
        "clinic.example/log/1",
        NEW,
        "clinic.example/log/3",
    ]
    verify_folder(folder)


def test_a_record_of_the_old_name_behind_the_recovery_is_refused(
    open_: Open, old_clinic: Path
) -> None:
    put_back(open_, old_clinic)
    found = recovered(old_clinic)
    folder = open_(old_clinic)
    folder.record.append_now((ink.looked(ink.ANNA),), ink.WHO)
    rows = folder.store.rows(0, 1000)
    bad = rows[-1]
    record = bytearray(bad.record or b"")
    record[8:24] = folder.vault.lineage.first
    verification = RowVerification(folder.genesis.log_id)
    verification.extend(rows[:-1])
    assert verification.size > found.restored
    with pytest.raises(LogBroken):
        verification.feed(bad._replace(record=bytes(record)))


def test_a_recovery_that_nobody_approved_is_refused_by_whoever_checks(
    open_: Open, old_clinic: Path
) -> None:
    put_back(open_, old_clinic)
    found = recovered(old_clinic)
    folder = open_(old_clinic)
    rows = folder.store.rows(0, found.restored)
    (row,) = folder.store.rows(found.restored, 1)
    strangers = RowVerification(folder.genesis.log_id)
    strangers.extend(rows)
    strangers._lifecycle._custodians.clear()
    with pytest.raises(LogBroken, match="E-AUTH"):
        strangers.feed(row)


def test_a_new_checkpointer_signs_the_new_name_from_the_first_record_on(
    open_: Open, old_clinic: Path, tmp_path: Path
) -> None:
    before = signing(open_, old_clinic, tmp_path / "first")
    put_back(open_, old_clinic)
    recovered(old_clinic)
    folder = open_(old_clinic)
    folder.record.append_now((ink.looked(ink.ANNA),), ink.WHO)
    folder.close()
    after = signing(open_, old_clinic, tmp_path / "second")
    assert (before.origin, after.origin) == ("clinic.example/log/1", NEW)
    trust = Trust.parse((old_clinic / "trust.policy").read_bytes())
    with Remembered(None) as nothing:
        # The recovery was written by the clock of the wall, everything else by the test's.
        later = max(NOW_S, int(time()) + 1)
        verdict = verify_log(old_clinic / "log", trust, remembered=nothing, now_s=later)
    assert verdict.good, [claim.line() for claim in verdict.claims]


def test_the_old_checkpointer_signs_nothing_of_the_new_name(
    open_: Open, old_clinic: Path, tmp_path: Path
) -> None:
    signing(open_, old_clinic, tmp_path / "first")
    policy = (old_clinic / "trust.policy").read_bytes()
    put_back(open_, old_clinic)
    recovered(old_clinic)
    with (
        closing(structure(old_clinic / "record.db")) as store,
        closing(
            Checkpointer(tmp_path / "first", store, old_clinic / "log", Trust.parse(policy))
        ) as old,
        pytest.raises(LogBroken),
    ):
        old.step()


def signing(open_: Open, clinic: Path, place: Path) -> Checkpoint:
    """A checkpointer is set up and signs what there is."""
    folder = open_(clinic)
    vkey = create_checkpointer(place, folder.vault.lineage, folder.append_key)
    folder.layout.policy.write_text(f"log {vkey}\nquorum none\n")
    folder.close()
    trust = Trust.parse((clinic / "trust.policy").read_bytes())
    with (
        closing(structure(clinic / "record.db")) as store,
        closing(Checkpointer(place, store, clinic / "log", trust)) as checkpointer,
    ):
        assert checkpointer.step().fresh
    return trust.require(TileFolder(clinic / "log").read_checkpoint()).checkpoint


@pytest.mark.parametrize("reason", ["x" * 201, "two\nlines", "a bell \x07"])
def test_a_reason_that_could_not_be_read_again_is_not_written(
    open_: Open, old_clinic: Path, reason: str
) -> None:
    put_back(open_, old_clinic)
    with pytest.raises(FolderRefused, match="one line"):
        recovered(old_clinic, reason=reason)
    recovered(old_clinic)
    open_(old_clinic)
