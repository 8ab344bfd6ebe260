"""The checkpointer: signs what it has recomputed, goes on after a kill, refuses what changed."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from infrastructure.anchor.checkpointer import Checkpointer, create
from infrastructure.errors import FolderRefused
from infrastructure.folder import OpenFolder
from infrastructure.layout import structure
from infrastructure.ledger.checkpoint import Checkpoint
from infrastructure.ledger.errors import LedgerError, LogBroken
from infrastructure.ledger.tiles import TileFolder
from infrastructure.ledger.trust import Trust
from infrastructure.lineage import named
from tests.support import ink

Open = Callable[..., OpenFolder]
ORIGIN = "clinic.example/log/1"


@pytest.fixture
def place(open_: Open, old_clinic: Path, tmp_path: Path) -> Path:
    """A checkpointer's folder beside the clinic's."""
    folder = open_(old_clinic)
    vkey = create(tmp_path / "checkpointer", folder.vault.lineage, folder.append_key)
    folder.layout.policy.write_text(f"log {vkey}\nquorum none\n")
    folder.close()
    return tmp_path / "checkpointer"


@contextmanager
def at_work(place: Path, clinic: Path) -> Iterator[Checkpointer]:
    trust = Trust.parse((clinic / "trust.policy").read_bytes())
    with (
        closing(structure(clinic / "record.db")) as store,
        closing(Checkpointer(place, store, clinic / "log", trust)) as checkpointer,
    ):
        yield checkpointer


def published(clinic: Path) -> Checkpoint:
    trust = Trust.parse((clinic / "trust.policy").read_bytes())
    return trust.require(TileFolder(clinic / "log").read_checkpoint()).checkpoint


def lived(open_: Open, clinic: Path, times: int = 3) -> None:
    folder = open_(clinic)
    for _ in range(times):
        folder.record.append_now((ink.looked(ink.ANNA),), ink.WHO)
    folder.close()


def altered(clinic: Path, statement: str) -> None:
    with closing(sqlite3.connect(clinic / "record.db", isolation_level=None)) as db:
        for trigger in ("record_is_append_only_1", "record_is_append_only_2", "log_only_grows"):
            db.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        db.execute(statement)


def refused(place: Path, clinic: Path) -> str:
    with at_work(place, clinic) as checkpointer, pytest.raises(LogBroken) as caught:
        checkpointer.step()
    return caught.value.code


def test_what_is_new_is_signed_and_published_once(
    open_: Open, place: Path, old_clinic: Path
) -> None:
    with at_work(place, old_clinic) as checkpointer:
        first = checkpointer.step()
        assert (first.fresh, first.quorum) == (True, True)
        assert not checkpointer.step().fresh
    assert published(old_clinic).size == first.size
    lived(open_, old_clinic)
    with at_work(place, old_clinic) as checkpointer:
        assert checkpointer.waiting() == 3
        second = checkpointer.step()
        assert checkpointer.waiting() == 0
    assert (second.fresh, second.size) == (True, first.size + 3)
    assert published(old_clinic).size == second.size


def test_the_published_entries_are_those_of_the_rows(place: Path, old_clinic: Path) -> None:
    with at_work(place, old_clinic) as checkpointer:
        size = checkpointer.step().size
    folder = TileFolder(old_clinic / "log")
    assert folder.compact_range(size).root() == published(old_clinic).root
    with closing(structure(old_clinic / "record.db")) as store:
        rows = store.rows(0, size)
    controls = dict(folder.controls(0, size))
    assert controls == {row.position: row.record for row in rows if (row.record or b"")[5] >= 0x40}
    assert len(list(folder.entries(0, size))) == size


@pytest.mark.parametrize(
    ("code", "statement"),
    [
        ("E-LEAF", "UPDATE record SET record = CAST(record || x'00' AS BLOB) WHERE pos = 9"),
        ("E-LEAF", "UPDATE record SET leaf = zeroblob(32) WHERE pos = 9"),
        ("E-AUTH", "UPDATE record SET auth = zeroblob(32) WHERE pos = 9"),
        ("E-TIME", "UPDATE record SET time_ms = 1 WHERE pos = 9"),
        ("E-GAP", "DELETE FROM record WHERE pos = 9"),
        ("E-ROOT", "UPDATE log_head SET range = zeroblob(length(range))"),
    ],
)
def test_it_signs_no_log_that_was_altered(
    place: Path, old_clinic: Path, code: str, statement: str
) -> None:
    altered(old_clinic, statement)
    assert refused(place, old_clinic) == code
    assert not (old_clinic / "log" / "checkpoint").exists()


def test_it_signs_no_log_that_has_shrunk(open_: Open, place: Path, old_clinic: Path) -> None:
    before = {each.name: each.read_bytes() for each in old_clinic.glob("record.db*")}
    lived(open_, old_clinic)
    with at_work(place, old_clinic) as checkpointer:
        checkpointer.step()
    for each in old_clinic.glob("record.db*"):
        each.unlink()
    for name, data in before.items():
        (old_clinic / name).write_bytes(data)
    assert refused(place, old_clinic) == "E-ROLLBACK"


def test_it_signs_no_other_log_of_the_same_size(
    open_: Open, place: Path, old_clinic: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(old_clinic, tmp_path / "fork"))
    lived(open_, old_clinic)
    with at_work(place, old_clinic) as checkpointer:
        checkpointer.step()
    fork = open_(copy)
    for _ in range(3):
        fork.record.append_now((ink.looked(ink.BASIA),), ink.WHO)
    fork.close()
    shutil.copytree(old_clinic / "log", copy / "log")
    assert refused(place, copy) in ("E-FORK", "E-ROOT")
    lived(open_, copy)
    assert refused(place, copy) in ("E-FORK", "E-CHAIN", "E-GAP")


def test_a_lost_public_folder_is_made_again_bit_for_bit(place: Path, old_clinic: Path) -> None:
    with at_work(place, old_clinic) as checkpointer:
        checkpointer.step()
    log = old_clinic / "log"
    before = {each: each.read_bytes() for each in log.rglob("*") if each.is_file()}
    shutil.rmtree(log / "tile")
    with at_work(place, old_clinic) as checkpointer:
        checkpointer.step()
    assert {each: each.read_bytes() for each in log.rglob("*") if each.is_file()} == before


def test_tiles_that_ran_ahead_of_its_memory_are_taken_up(
    open_: Open, place: Path, old_clinic: Path, tmp_path: Path
) -> None:
    """Killed between tiles and memory."""
    with at_work(place, old_clinic) as checkpointer:
        checkpointer.step()
    memory = (place / "memory.db").read_bytes()
    lived(open_, old_clinic)
    with at_work(place, old_clinic) as checkpointer:
        size = checkpointer.step().size
    (place / "memory.db").write_bytes(memory)
    with at_work(place, old_clinic) as checkpointer:
        assert checkpointer.step().size == size


def test_altered_tiles_are_never_signed_for(open_: Open, place: Path, old_clinic: Path) -> None:
    with at_work(place, old_clinic) as checkpointer:
        checkpointer.step()
    tile = next((old_clinic / "log" / "tile" / "0").rglob("*.p")).joinpath(
        str(published(old_clinic).size)
    )
    data = bytearray(tile.read_bytes())
    data[5] ^= 1
    tile.write_bytes(bytes(data))
    lived(open_, old_clinic)
    with pytest.raises(LedgerError), at_work(place, old_clinic) as checkpointer:
        checkpointer.step()


def test_one_checkpointer_is_at_work_at_a_time(place: Path, old_clinic: Path) -> None:
    with (
        at_work(place, old_clinic),
        pytest.raises(FolderRefused, match="Another"),
        at_work(place, old_clinic),
    ):
        pass


def test_a_key_that_others_can_read_is_not_used(place: Path, old_clinic: Path) -> None:
    (place / "log.key").chmod(0o644)
    with pytest.raises(FolderRefused, match="0600"), at_work(place, old_clinic):
        pass


def test_a_folder_in_use_is_not_made_anew(place: Path) -> None:
    with pytest.raises(FolderRefused, match="not empty"):
        create(place, named(ORIGIN), bytes(32))
