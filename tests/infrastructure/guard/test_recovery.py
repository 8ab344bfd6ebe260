"""Recovery: a record that lost entries goes on under a new name, approved by two."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from infrastructure.errors import FolderRefused, WrongPassphrase
from infrastructure.folder import OpenFolder
from infrastructure.guard.recovery import Recovered, recover
from infrastructure.ledger.control import Recovery, parse_control
from infrastructure.ledger.errors import LogBroken
from infrastructure.ledger.verification import RowVerification
from infrastructure.verify import verify, verify_folder
from tests.infrastructure.conftest import PASSPHRASES
from tests.support import ink

Open = Callable[..., OpenFolder]
NEW = "clinic.example/log/2"


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
