"""The data folder: made whole or not at all, opened whole or not at all, shared by processes."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from domain.errors import RecordUnavailable
from infrastructure import folder as data_folder, founding, layout
from infrastructure.accounts import Accounts
from infrastructure.errors import Broken, FolderRefused, WrongKeyStore, WrongPassphrase
from infrastructure.folder import OpenFolder, open_folder
from infrastructure.founding import create
from infrastructure.layout import FORMAT, Layout, read_genesis
from infrastructure.ledger.control import log_id_of
from infrastructure.ledger.errors import LogBroken
from infrastructure.stores.sqlite import SqliteStore
from infrastructure.vault.custody import LIGHT
from infrastructure.vault.keystore import KeyStore
from infrastructure.verify import verify_folder
from tests.infrastructure.conftest import PASSPHRASES, Made, Open
from tests.support import ink
from tests.support.softhsm import about_the_keyfile

CUSTODIANS = {"custodian-1.key", "custodian-2.key"}
FILES = {"FORMAT", "kek.key", "keys.db", "record.db", "head.pin", "accounts.db"}


def refused(path: Path, open_: Open) -> str:
    with pytest.raises((FolderRefused, WrongKeyStore)) as caught:
        open_(path)
    said = str(caught.value)
    assert str(path) not in said
    assert path.name not in said.replace("clinic's", "")
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return said


# Making


@about_the_keyfile
def test_a_folder_holds_what_its_page_says(made: Made) -> None:
    assert {each.name for each in made.path.iterdir()} == FILES | CUSTODIANS
    assert (made.path / "FORMAT").read_text() == FORMAT == "powiernik 3\n"
    assert made.path.stat().st_mode & 0o777 == 0o700
    for name in FILES - {"FORMAT"}:
        assert (made.path / name).stat().st_mode & 0o777 == 0o600, name


def test_a_new_record_begins_with_whose_it_is(made: Made) -> None:
    genesis = read_genesis(made.path / "record.db")
    assert genesis.origin == "clinic.example/log/1"
    assert genesis.log_id == log_id_of("clinic.example/log/1")
    assert len(bytes.fromhex(genesis.clinic)) == 16


@about_the_keyfile
def test_a_folder_opens_with_either_passphrase(clinic: Path) -> None:
    opened = open_folder(clinic, PASSPHRASES[1])
    opened.close()
    with pytest.raises(WrongPassphrase):
        open_folder(clinic, "neither of them")


def test_what_is_there_is_not_overwritten(clinic: Path) -> None:
    before = {each.name: each.read_bytes() for each in clinic.iterdir()}
    with pytest.raises(FolderRefused, match="not empty"):
        create(clinic, PASSPHRASES, cost=LIGHT)
    assert {each.name: each.read_bytes() for each in clinic.iterdir()} == before


@pytest.mark.parametrize("count", [0, 9])
def test_a_folder_that_nobody_could_open_is_not_made(tmp_path: Path, count: int) -> None:
    with pytest.raises(Broken, match="E-LIMIT"):
        create(tmp_path / "new", ["words"] * count, cost=LIGHT)
    assert list(tmp_path.iterdir()) == []


class Killed(BaseException):
    """The end of a process, as far as a test can play it."""


def killing(*_: object, **__: object) -> None:
    raise Killed


STEPS: dict[str, tuple[object, str]] = {
    "the folder": (Path, "mkdir"),
    "the keyfile": (founding, "create_keyfile"),
    "the key store": (KeyStore, "create"),
    "a secret": (KeyStore, "add_secret"),
    "the record": (SqliteStore, "create"),
    "the accounts": (Accounts, "create"),
    "the genesis": (SqliteStore, "commit"),
    "the format": (os, "fsync"),
    "the names": (layout, "sync_folder"),
    "the place": (Path, "rename"),
}


@about_the_keyfile
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("existing", [False, True], ids=["new", "empty"])
def test_a_folder_is_made_whole_or_not_at_all(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, existing: bool
) -> None:
    path = tmp_path / "new"
    if existing:
        path.mkdir()

    def quick(file: Path, *_: object, **__: object) -> object:
        shutil.copy(made.path / "kek.key", file)
        return made.custody

    monkeypatch.setattr(founding, "create_keyfile", quick)
    with monkeypatch.context() as patch:
        patch.setattr(*STEPS[step], killing)
        with pytest.raises(Killed):
            create(path, PASSPHRASES, cost=LIGHT)
    assert not path.exists() or list(path.iterdir()) == []
    assert {each.name for each in tmp_path.iterdir()} <= {"new"}
    create(path, PASSPHRASES, cost=LIGHT)
    opened = data_folder.open_with(path, made.custody)
    assert verify_folder(opened).size == 1 + len(CUSTODIANS)
    opened.close()


# Opening


@pytest.mark.parametrize("content", ["powiernik 4\n", "", "powiernik 1", "POWIERNIK 1\n"])
def test_a_folder_of_another_format_is_refused(clinic: Path, content: str) -> None:
    (clinic / "FORMAT").write_text(content)
    with pytest.raises(FolderRefused, match="does not know"):
        open_folder(clinic, PASSPHRASES[0])


def format_is_missing(clinic: Path) -> None:
    (clinic / "FORMAT").unlink()


def format_is_binary(clinic: Path) -> None:
    (clinic / "FORMAT").write_bytes(b"\xff\xfe\x00")


def format_is_a_folder(clinic: Path) -> None:
    (clinic / "FORMAT").unlink()
    (clinic / "FORMAT").mkdir()


def folder_is_missing(clinic: Path) -> None:
    shutil.rmtree(clinic)


def folder_is_a_file(clinic: Path) -> None:
    shutil.rmtree(clinic)
    clinic.write_text("a file")


@pytest.mark.parametrize(
    "wrong",
    [format_is_missing, format_is_binary, format_is_a_folder, folder_is_missing, folder_is_a_file],
)
def test_a_folder_without_its_format_is_refused(
    clinic: Path, wrong: Callable[[Path], None]
) -> None:
    wrong(clinic)
    with pytest.raises(FolderRefused) as caught:
        open_folder(clinic, PASSPHRASES[0])
    assert str(clinic) not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("record.db", "The record store is missing."),
        ("keys.db", "The key store is missing."),
        ("accounts.db", "The accounts are missing."),
    ],
)
def test_a_missing_file_is_told(clinic: Path, open_: Open, name: str, says: str) -> None:
    (clinic / name).unlink()
    assert refused(clinic, open_) == says
    assert not (clinic / name).exists()


@about_the_keyfile
def test_a_missing_keyfile_is_told(clinic: Path) -> None:
    (clinic / "kek.key").unlink()
    with pytest.raises(WrongKeyStore, match=r"^The keyfile is missing\.$"):
        open_folder(clinic, PASSPHRASES[0])


@pytest.mark.parametrize("name", ["record.db", "keys.db", "accounts.db"])
@pytest.mark.parametrize("damage", ["empty", "foreign", "half", "torn"])
def test_a_damaged_file_is_told(old_clinic: Path, open_: Open, name: str, damage: str) -> None:
    path = old_clinic / name
    data = path.read_bytes()
    path.write_bytes(
        {
            "empty": b"",
            "foreign": b"no database at all" * 1000,
            "half": data[: len(data) // 2],
            "torn": data[:100] + b"\xa5" * (len(data) - 100),
        }[damage]
    )
    said = refused(old_clinic, open_)
    assert "damaged" in said or "does not" in said


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("record.db", "PRAGMA user_version = 2"),
        ("accounts.db", "PRAGMA user_version = 2"),
        ("keys.db", "UPDATE meta SET value = x'03' WHERE name = 'format'"),
    ],
)
def test_a_newer_file_is_refused(clinic: Path, open_: Open, name: str, statement: str) -> None:
    db = sqlite3.connect(clinic / name, isolation_level=None)
    db.execute(statement)
    db.close()
    assert "does not know" in refused(clinic, open_)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM record",
        "UPDATE record SET record = NULL",
        "UPDATE record SET record = x''",
        "UPDATE record SET record = CAST(x'00' || record AS BLOB)",
        "UPDATE record SET record = substr(record, 1, 80)",
        "UPDATE record SET record = CAST(record || x'00' AS BLOB)",
        "UPDATE record SET record = CAST(substr(record, 1, 90) || x'c1c1' AS BLOB)",
        "UPDATE record SET stream_id = x'00112233445566778899aabbccddeeff' WHERE pos = 0",
    ],
)
def test_a_record_that_does_not_begin_as_one_is_refused(
    clinic: Path, open_: Open, statement: str
) -> None:
    db = sqlite3.connect(clinic / "record.db", isolation_level=None)
    db.execute("DROP TRIGGER record_is_append_only_1")
    db.execute("DROP TRIGGER record_is_append_only_2")
    db.execute(statement)
    db.close()
    assert refused(clinic, open_) == "The record store does not begin as a record does."


def test_the_record_of_another_clinic_is_refused(clinic: Path, other: Made, open_: Open) -> None:
    shutil.copy(other.path / "record.db", clinic / "record.db")
    assert refused(clinic, open_) == "The key store belongs to another record."


def test_a_folder_that_does_not_open_leaves_no_file_open(clinic: Path, open_: Open) -> None:
    (clinic / "accounts.db").unlink()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        refused(clinic, open_)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


def test_a_closed_folder_takes_nothing(folder: OpenFolder) -> None:
    folder.close()
    with pytest.raises(RecordUnavailable):
        folder.record.append_now((ink.looked(ink.ANNA),), ink.WHO)


# Sharing

WRITER = """
import sys, time
from pathlib import Path
from domain.errors import Stale
from infrastructure.folder import open_with
from infrastructure.vault.custody import Keyfile
from tests.support import ink

folder = open_with(Path(sys.argv[1]), Keyfile(bytes.fromhex(sys.stdin.readline()), 1))
print("ready", flush=True)
name = sys.stdin.readline().strip()
until, written, number, stale = time.monotonic() + 1.5, 0, 0, 0
append = folder.record.append_now
while time.monotonic() < until:
    number += 1
    append((ink.drafted(ink.ANNA, f"{name} {number}"), ink.looked(ink.ANNA)), ink.WHO)
    written += 2
    try:
        append((ink.revised(ink.BASIA, after=number, name="shared"),), ink.WHO)
        written += 1
    except Stale as error:
        stale += 1
        number = error.current - 1
print(written, stale, flush=True)
folder.close()
"""


def start(script: str, clinic: Path, made: Made) -> subprocess.Popen[str]:
    key = made.key()
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(clinic)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(key.hex() + "\n")
    process.stdin.flush()
    assert process.stdout.readline() == "ready\n"
    return process


def test_two_processes_write_to_one_folder(clinic: Path, made: Made, open_: Open) -> None:
    first = open_(clinic)
    first.record.append_now((ink.drafted(ink.BASIA, "shared"),), ink.WHO)
    before = first.store.standing().size
    writers = [start(WRITER, clinic, made) for _ in range(2)]
    found = [each.communicate(f"{number}\n", timeout=60)[0] for number, each in enumerate(writers)]
    written = sum(int(each.split()[0]) for each in found)
    # This process has been open all along, and sees what the others have written.
    rows = first.store.rows(0, 10**6)
    events = [row for row in rows[before:] if row.key_id != bytes(16)]
    assert len(events) == written > 20
    assert [row.position for row in rows] == list(range(len(rows)))
    for stream in (ink.an_id(f"access {ink.ANNA}"), ink.an_id(f"shared {ink.BASIA}")):
        versions = [row.version for row in first.store.stream(bytes.fromhex(stream))]
        assert versions == list(range(1, len(versions) + 1))
    assert verify_folder(first).size == len(rows)
    first.record.append_now((ink.looked(ink.ANNA),), ink.WHO)
    verify_folder(first)


def test_another_process_sees_a_change_at_once(clinic: Path, open_: Open) -> None:
    first, second = open_(clinic), open_(clinic)

    def count(folder: OpenFolder) -> tuple[int, int]:
        return folder.record.frame(ink.ANNA, lambda events: sum(1 for _ in events))

    assert count(second) == (0, 0)
    first.record.append_now((ink.registered(ink.ANNA),), ink.WHO)
    # One of its two events is what the policy may read.
    assert count(second) == (1, 2)


# A full disk

FULL = """
import resource, sys
from pathlib import Path
from domain.errors import RecordUnavailable
from infrastructure.folder import open_with
from infrastructure.vault.custody import Keyfile
from tests.support import ink

folder = open_with(Path(sys.argv[1]), Keyfile(bytes.fromhex(sys.stdin.readline()), 1))
folder.record.append_now((ink.drafted(ink.ANNA),), ink.WHO)
print("ready", flush=True)
wal = Path(sys.argv[1]) / "record.db-wal"
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (wal.stat().st_size + 100_000, hard))
written, refused = 1, 0
while refused < 5:
    size = folder.store.standing().size
    try:
        folder.record.append_now((ink.looked(ink.ANNA),), ink.WHO)
        written += 1
    except RecordUnavailable:
        refused += 1
        assert folder.store.standing().size == size
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
for _ in range(5):
    folder.record.append_now((ink.looked(ink.ANNA),), ink.WHO)
print(written + 5, flush=True)
folder.close()
"""


def test_a_full_disk_makes_the_record_unavailable_and_nothing_worse(
    clinic: Path, made: Made, open_: Open
) -> None:
    process = start(FULL, clinic, made)
    out, _ = process.communicate("", timeout=60)
    assert process.returncode == 0
    folder = open_(clinic)
    found = verify_folder(folder)
    events = [row for row in folder.store.rows(0, 10**6) if row.key_id != bytes(16)]
    assert len(events) == int(out) == found.opened


def test_a_full_database_leaves_nothing_half_written(folder: OpenFolder) -> None:
    folder.record.append_now((ink.drafted(ink.ANNA), ink.looked(ink.ANNA)), ink.WHO)
    store: Any = folder.store
    (pages,) = store._writer.execute("PRAGMA page_count").fetchone()
    store._writer.execute(f"PRAGMA max_page_count = {pages}")
    before = store.standing()
    writes = tuple(ink.looked(ink.ANNA) for _ in range(50))
    for _ in range(2):
        with pytest.raises(RecordUnavailable):
            folder.record.append_now(writes, ink.WHO)
        assert store.standing() == before
    store._writer.execute("PRAGMA max_page_count = 1000000")
    receipt = folder.record.append_now(writes, ink.WHO)
    assert receipt.first == before.size
    verify_folder(folder)


def test_the_layout_names_what_the_page_names(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    paths = (
        layout.format,
        layout.keyfile,
        layout.keys,
        layout.record,
        layout.head,
        layout.accounts,
    )
    assert {each.name for each in paths} == FILES


# Bringing forward


AS_FORMAT_2 = """
DROP INDEX subject_key_generation;
DROP INDEX item_key_owner;
DROP INDEX item_key_escrow;
ALTER TABLE item_key DROP COLUMN generation;
UPDATE secret SET name = 'generation' WHERE name = 'items-1';
DELETE FROM secret WHERE name = 'index';
DELETE FROM meta WHERE name = 'kek_generation';
UPDATE meta SET value = x'01' WHERE name = 'format';
"""


def as_format_2(clinic: Path) -> None:
    """The folder as the second version left it."""
    db = sqlite3.connect(clinic / "keys.db")
    db.executescript(AS_FORMAT_2)
    db.close()
    (clinic / "keys.bell").unlink(missing_ok=True)
    (clinic / "FORMAT").write_text("powiernik 2\n")


def as_format_1(clinic: Path) -> None:
    """The folder as the first version left it."""
    as_format_2(clinic)
    db = sqlite3.connect(clinic / "keys.db")
    db.execute("DELETE FROM secret WHERE name IN ('receipts', 'spool')")
    db.commit()
    db.close()
    (clinic / "head.pin").unlink()
    (clinic / "FORMAT").write_text("powiernik 1\n")


def test_a_folder_of_the_first_format_is_brought_forward_and_keeps_its_old_key_store(
    clinic: Path, open_: Open
) -> None:
    as_format_1(clinic)
    before = (clinic / "keys.db").read_bytes()
    folder = open_(clinic)
    folder.record.append_now((ink.registered(ink.ANNA),), ink.WHO)
    assert (clinic / "FORMAT").read_text() == FORMAT
    assert (clinic / "keys.db.powiernik-1").read_bytes() == before
    folder.close()
    open_(clinic)


def test_a_folder_of_the_second_format_is_brought_forward_and_reads_what_it_holds(
    clinic: Path, open_: Open
) -> None:
    folder = open_(clinic)
    folder.record.append_now((ink.registered(ink.ANNA),), ink.WHO)
    folder.record.append_now((ink.drafted(ink.ANNA, words="before"),), ink.WHO)
    folder.close()
    as_format_2(clinic)
    folder = open_(clinic)
    assert len(folder.record.read(ink.drafted(ink.ANNA).stream)) == 1
    verify_folder(folder)
    (item_id,) = folder.keys.item_ids()[:1]
    folder.vault.items.check(folder.vault.items.owner(item_id))


def test_bringing_forward_can_be_cut_short_and_done_again(clinic: Path, open_: Open) -> None:
    as_format_1(clinic)
    open_(clinic).close()
    (clinic / "FORMAT").write_text("powiernik 1\n")
    folder = open_(clinic)
    assert folder.keys.secret("spool") is not None


def test_an_older_format_in_its_file_is_no_way_around_the_pinned_head(
    clinic: Path, open_: Open
) -> None:
    (clinic / "FORMAT").write_text("powiernik 1\n")
    (clinic / "head.pin").unlink()
    with pytest.raises(LogBroken, match="E-ROLLBACK"):
        open_(clinic)
