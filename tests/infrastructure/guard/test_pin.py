"""The pinned head: a record that was put back or rewritten is refused at the next start."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from infrastructure.folder import OpenFolder
from infrastructure.guard.pin import PinnedHead
from infrastructure.ledger.errors import LogBroken
from infrastructure.ledger.merkle import CompactRange
from tests.support import ink

Open = Callable[..., OpenFolder]


def refused(open_: Open, path: Path) -> str:
    with pytest.raises(LogBroken) as caught:
        open_(path)
    return str(caught.value.code)


def files(path: Path, name: str) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in path.glob(f"{name}*")}


def put_back(path: Path, old: dict[str, bytes]) -> None:
    for each in path.glob("record.db*"):
        each.unlink()
    for name, data in old.items():
        (path / name).write_bytes(data)


def lived(open_: Open, path: Path, times: int = 1) -> None:
    folder = open_(path)
    for _ in range(times):
        folder.record.append_now((ink.looked(ink.ANNA),), ink.WHO)
    folder.close()


def test_a_record_that_goes_on_from_its_pinned_head_opens(open_: Open, old_clinic: Path) -> None:
    lived(open_, old_clinic, 3)
    folder = open_(old_clinic)
    found = folder.pin.read()
    assert found is not None
    assert found.size == folder.store.standing().size
    assert found.to_bytes() == folder.store.standing().range_bytes


def test_a_record_put_back_to_an_earlier_state_is_refused(open_: Open, old_clinic: Path) -> None:
    old = files(old_clinic, "record.db")
    lived(open_, old_clinic)
    put_back(old_clinic, old)
    assert refused(open_, old_clinic) == "E-ROLLBACK"


def test_a_record_put_back_that_went_on_otherwise_is_refused(open_: Open, old_clinic: Path) -> None:
    old = files(old_clinic, "record.db")
    lived(open_, old_clinic)
    pin = (old_clinic / "head.pin").read_bytes()
    put_back(old_clinic, old)
    folder = open_(old_clinic, pinned=False)
    for _ in range(4):
        folder.record.append_now((ink.looked(ink.BASIA),), ink.WHO)
    folder.close()
    (old_clinic / "head.pin").write_bytes(pin)
    assert refused(open_, old_clinic) == "E-FORK"


def test_an_altered_head_is_told_from_an_altered_log(open_: Open, old_clinic: Path) -> None:
    lived(open_, old_clinic)
    db = sqlite3.connect(old_clinic / "record.db")
    db.execute("UPDATE log_head SET range = zeroblob(length(range))")
    db.commit()
    db.close()
    assert refused(open_, old_clinic) == "E-ROOT"


def test_a_head_that_is_smaller_than_its_rows_is_refused(open_: Open, old_clinic: Path) -> None:
    lived(open_, old_clinic)
    db = sqlite3.connect(old_clinic / "record.db")
    db.execute("DROP TRIGGER log_only_grows")
    db.execute("UPDATE log_head SET size = size - 1")
    db.commit()
    db.close()
    assert refused(open_, old_clinic) == "E-ROOT"


def test_a_missing_pinned_head_is_no_way_around_it(open_: Open, old_clinic: Path) -> None:
    (old_clinic / "head.pin").unlink()
    assert refused(open_, old_clinic) == "E-ROLLBACK"


def test_a_pinned_head_of_another_record_counts_as_none(
    open_: Open, old_clinic: Path, tmp_path: Path
) -> None:
    pin = PinnedHead(tmp_path / "foreign", bytes(16), bytes(32))
    pin.note(1, bytes(32))
    pin.close()
    shutil.copyfile(tmp_path / "foreign", old_clinic / "head.pin")
    assert refused(open_, old_clinic) == "E-ROLLBACK"


@pytest.mark.parametrize("where", [0, 5, 20, 29, 40, 70])
def test_a_torn_slot_leaves_the_other(tmp_path: Path, where: int) -> None:
    pin = PinnedHead(tmp_path / "pin", b"l" * 16, b"k" * 32)
    log = CompactRange()
    for number in range(6):
        log.append(bytes([number]) * 32)
        pin.note(log.size, log.to_bytes())
    found = pin.read()
    assert found is not None
    assert found.size == 6
    data = bytearray((tmp_path / "pin").read_bytes())
    data[where] ^= 1
    (tmp_path / "pin").write_bytes(bytes(data))
    found = pin.read()
    assert found is not None
    assert found.size == 5
    pin.close()


def test_what_was_written_after_the_last_note_is_taken_up(open_: Open, old_clinic: Path) -> None:
    """A power cut takes the note back, never the record."""
    pin = (old_clinic / "head.pin").read_bytes()
    lived(open_, old_clinic, 5)
    (old_clinic / "head.pin").write_bytes(pin)
    folder = open_(old_clinic)
    found = folder.pin.read()
    assert found is not None
    assert found.size == folder.store.standing().size
