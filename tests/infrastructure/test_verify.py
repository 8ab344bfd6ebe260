"""Verification: whatever is done to the rows of a folder is found, and named by its code.

The attacks are those of the design's security page, section 7, by their numbers. Whoever attacks
has dropped the triggers, which stop accidents and nobody else.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from infrastructure import verify
from infrastructure.errors import Broken, FolderRefused
from infrastructure.folder import OpenFolder
from infrastructure.ledger.check import Row
from infrastructure.ledger.entry import ZERO_LEAF, authenticate, pack_entry
from infrastructure.ledger.errors import LedgerError, LogBroken
from infrastructure.ledger.merkle import CompactRange, leaf_hash
from infrastructure.stores.sqlite import SqliteStore
from infrastructure.vault.envelope import Kind, control
from infrastructure.verify import verify_folder, verify_log
from tests.infrastructure.conftest import Open
from tests.support import ink

STRANGERS = b"a key that no writer of ours has"


class Tampered:
    """The record of a folder in the hands of somebody who may do anything to its file."""

    def __init__(self, path: Path, open_: Open) -> None:
        folder = open_(path)
        self.path = path
        self.genesis = folder.genesis
        self.append_key = folder.append_key
        self.rows = folder.store.rows(0, 999)
        self._open = open_
        folder.close()

    def index(self, holds: Callable[[Row], bool], start: int = 5) -> int:
        """The place of the first row that is as wanted."""
        return next(row.position for row in self.rows[start:] if holds(row))

    def event(self, start: int = 5) -> int:
        """The place of an event, not a control record."""
        return self.index(lambda row: row.key_id != bytes(16), start)

    def change(self, position: int, **columns: object) -> None:
        """Change columns of a row and nothing else."""
        self.rows[position] = self.rows[position]._replace(**columns)  # type: ignore[arg-type]  # any

    def refold(self, key: bytes = STRANGERS, start: int = 0) -> None:
        """Give every row the leaf and the tag that suit it now, as far as a key goes."""
        last: dict[bytes, Row] = {}
        for place, row in enumerate(self.rows):
            before = last.get(row.stream_id)
            if place >= start:
                entry = entry_of(row, before)
                row = row._replace(leaf=leaf_hash(entry), auth=authenticate(key, entry))  # noqa: PLW2901 - it is the same one
                self.rows[place] = row
            last[row.stream_id] = row

    def write(self, *, head: bool = True, unique: bool = True) -> None:
        """Put the rows into the file, with the head that suits them unless told otherwise."""
        db = sqlite3.connect(self.path / "record.db", isolation_level=None)
        for (name,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute("DELETE FROM record")
        if not unique:
            (made,) = db.execute("SELECT sql FROM sqlite_master WHERE name = 'record'").fetchone()
            db.execute("DROP TABLE record")
            db.execute(made.replace(", UNIQUE(stream_id, version)", ""))
        marks = ", ".join("?" * 10)
        db.executemany(
            f"INSERT INTO record VALUES({marks})",
            [row[:10] for row in self.rows],
        )
        if head:
            suits = CompactRange()
            suits.extend(row.leaf for row in self.rows)
            db.execute(
                "UPDATE log_head SET size = ?, range = ?, time_ms = ?",
                (suits.size, suits.to_bytes(), self.rows[-1].time_ms),
            )
        db.close()

    def head(self, **columns: object) -> None:
        """Change the head alone."""
        self.write()
        db = sqlite3.connect(self.path / "record.db", isolation_level=None)
        for name, value in columns.items():
            db.execute(f"UPDATE log_head SET {name} = ?", (value,))  # noqa: S608 - our own names
        db.close()

    def found(self, *, keyless: bool = False) -> str:
        """The code under which the log is refused; empty where it is taken for good."""
        store = SqliteStore(self.path / "record.db", b"", lambda: 0)
        try:
            verify_log(store, self.genesis, append_key=None if keyless else self.append_key)
        except (LedgerError, Broken) as error:
            self.must_be_refused_as_a_whole()
            return error.code
        finally:
            store.close()
        return ""

    def must_be_refused_as_a_whole(self) -> None:
        """The folder is refused as well, when it is opened or when it is verified."""
        with pytest.raises((LedgerError, Broken, FolderRefused)):
            verify_folder(self.opened())

    def opened(self) -> OpenFolder:
        """The folder, as the program opens it."""
        return self._open(self.path, pinned=False)


def entry_of(row: Row, before: Row | None) -> bytes:
    record = row.record or b""
    return pack_entry(
        kind=record[5] if len(record) >= 80 else 0,
        position=row.position,
        stream_id=row.stream_id,
        version=row.version,
        key_id=row.key_id,
        record_len=len(record),
        record_hash=sha256(record).digest(),
        prev_leaf=before.leaf if before else ZERO_LEAF,
        prev_pos=row.prev_pos,
        tx_first=row.tx_first,
        time_ms=row.time_ms,
    )


@pytest.fixture
def log(old_clinic: Path, open_: Open) -> Tampered:
    return Tampered(old_clinic, open_)


def renumbered(rows: Iterable[Row]) -> list[Row]:
    return [row._replace(position=place) for place, row in enumerate(rows)]


def test_an_untouched_folder_is_good(log: Tampered) -> None:
    found = verify_folder(log.opened())
    events = [row for row in log.rows if row.key_id != bytes(16)]
    assert (found.size, found.opened) == (len(log.rows), len(events))
    assert found.keys == sum((row.record or b"")[5] == Kind.KEY for row in log.rows)
    tree = CompactRange()
    tree.extend(row.leaf for row in log.rows)
    assert found.root == tree.root()


def test_writing_it_back_as_it_was_is_no_tampering(log: Tampered) -> None:
    log.refold(log.append_key)
    log.write()
    assert log.found() == ""
    verify_folder(log.opened())


def test_progress_is_told(log: Tampered, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "BATCH", 7)
    told: list[tuple[int, int]] = []
    verify_folder(log.opened(), progress=lambda now, of: told.append((now, of)))
    size = len(log.rows)
    assert told == [(min(each, size), size) for each in range(7, size + 7, 7)]


# Rows: 23 to 36, 44


def test_23_a_deleted_row_is_found(log: Tampered) -> None:
    del log.rows[log.event()]
    log.write(head=False)
    assert log.found() == "E-GAP"


def test_24_a_deleted_tail_is_found_by_the_head(log: Tampered) -> None:
    del log.rows[-2:]
    log.write(head=False)
    assert log.found() == "E-ROOT"


def test_25_a_deleted_tail_with_the_size_mended_is_found(log: Tampered) -> None:
    size = len(log.rows)
    del log.rows[-1]
    log.write(head=False)
    db = sqlite3.connect(log.path / "record.db", isolation_level=None)
    db.execute("UPDATE log_head SET size = ?", (size - 1,))
    db.close()
    assert log.found() == "E-ROOT"


def test_25_what_is_cut_off_with_its_head_is_known_to_the_pinned_head(log: Tampered) -> None:
    del log.rows[-1]
    log.write()
    # The rows that are left are good ones.
    assert log.found() == ""
    with pytest.raises(LogBroken, match="E-ROLLBACK"):
        log._open(log.path)


def test_26_reordered_positions_are_found(log: Tampered) -> None:
    place = log.event()
    rows = log.rows
    rows[place], rows[place + 1] = rows[place + 1], rows[place]
    log.rows = renumbered(rows)
    log.write()
    assert log.found() in {"E-LEAF", "E-CHAIN", "E-TIME"}


def test_26_a_whole_log_backwards_is_found(log: Tampered) -> None:
    log.rows = renumbered([log.rows[0], *reversed(log.rows[1:])])
    log.write()
    assert log.found() in {"E-LEAF", "E-CHAIN", "E-TIME"}


def test_27_an_edited_leaf_is_found(log: Tampered) -> None:
    log.change(log.event(), leaf=bytes(32))
    log.write()
    assert log.found() == "E-LEAF"
    assert log.found(keyless=True) == "E-LEAF"


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("range", bytes(64), "E-ROOT"),
        ("range", b"", "E-ROOT"),
        ("size", 3, "E-ROOT"),
        ("size", 0, "E-ROOT"),
        ("size", 10**12, "E-ROOT"),
        ("time_ms", 0, "E-TIME"),
    ],
)
def test_28_an_edited_head_is_found(log: Tampered, column: str, value: object, code: str) -> None:
    log.head(**{column: value})
    assert log.found() == code


def test_28_a_missing_head_is_found(log: Tampered) -> None:
    log.write()
    db = sqlite3.connect(log.path / "record.db", isolation_level=None)
    db.execute("DELETE FROM log_head")
    db.close()
    assert log.found() == "E-ROOT"


def test_29_a_consistent_rewrite_is_found_by_its_tags(log: Tampered) -> None:
    place = log.event()
    record = log.rows[place].record
    assert record is not None
    log.change(place, record=record[:-1] + bytes([record[-1] ^ 1]))
    log.refold(start=place)
    log.write()
    assert log.found() == "E-AUTH"
    # Without the append key it can't be seen in the rows, only against a checkpoint.
    assert log.found(keyless=True) == ""


def test_29_a_rewrite_with_the_append_key_is_found_by_its_contents(log: Tampered) -> None:
    place = log.event()
    record = log.rows[place].record
    assert record is not None
    log.change(place, record=record[:-1] + bytes([record[-1] ^ 1]))
    log.refold(log.append_key)
    log.write()
    assert log.found() == ""
    folder = log.opened()
    with pytest.raises(Broken, match="E-AEAD"):
        verify_folder(folder)
    assert verify_folder(folder, contents=False).opened == 0


def test_30_a_version_twice_is_found(log: Tampered) -> None:
    place = log.index(lambda row: row.key_id != bytes(16) and row.version > 1)
    log.change(place, version=log.rows[place].version - 1)
    log.write(unique=False)
    assert log.found() == "E-CHAIN"


def test_30_a_row_twice_is_found(log: Tampered) -> None:
    log.rows.append(log.rows[-1]._replace(position=len(log.rows)))
    log.write(unique=False)
    assert log.found() == "E-CHAIN"


def test_31_a_skipped_version_is_found(log: Tampered) -> None:
    log.change(len(log.rows) - 1, version=log.rows[-1].version + 1)
    log.refold(start=len(log.rows) - 1)
    log.write()
    assert log.found() == "E-CHAIN"
    assert log.found(keyless=True) == "E-CHAIN"


@pytest.mark.parametrize("value", [0, 3, None])
def test_32_a_link_to_another_row_is_found(log: Tampered, value: int | None) -> None:
    place = log.index(lambda row: row.prev_pos not in (None, 0, 3))
    log.change(place, prev_pos=value)
    log.refold(start=place)
    log.write()
    assert log.found() == "E-CHAIN"


def test_33_a_transaction_split_in_two_is_found(log: Tampered) -> None:
    place = log.index(lambda row: row.tx_first != row.position)
    tail = [row for row in log.rows[place:] if row.tx_first == log.rows[place].tx_first]
    for row in tail:
        log.change(row.position, tx_first=place)
    log.write()
    assert log.found() == "E-LEAF"


def test_33_a_transaction_that_names_another_beginning_is_found(log: Tampered) -> None:
    place = log.index(lambda row: row.tx_first != row.position)
    log.change(place, tx_first=log.rows[place].tx_first - 1)
    log.refold(start=place)
    log.write()
    assert log.found() == "E-CHAIN"


def test_34_a_backdated_row_is_found(log: Tampered) -> None:
    place = log.event()
    log.change(place, time_ms=log.rows[place].time_ms - 1)
    log.refold(start=place)
    log.write()
    assert log.found() == "E-TIME"
    assert log.found(keyless=True) == "E-TIME"


def test_34_a_postdated_row_is_found(log: Tampered) -> None:
    place = len(log.rows) - 1
    log.change(place, time_ms=log.rows[place].time_ms + 1)
    log.write()
    assert log.found() == "E-LEAF"


def appended(log: Tampered, row: Row) -> None:
    size = len(log.rows)
    log.rows.append(row._replace(position=size, tx_first=size, time_ms=log.rows[-1].time_ms))
    log.refold(start=size)
    log.write()


def test_35_an_inserted_row_is_found(log: Tampered) -> None:
    stream_id = b"nobody's stream."
    record = b"PSR\x01\x01\x01\0\0" + log.genesis.log_id + bytes(16) + stream_id
    record += (1).to_bytes(8, "big") + bytes(600)
    appended(log, Row(0, stream_id, 1, bytes(16), None, 0, 0, b"", b"", record))
    assert log.found() == "E-AUTH"


def test_35_an_old_record_as_a_new_version_is_found(log: Tampered) -> None:
    last = log.rows[-1]
    assert last.version > 1
    older = log.rows[last.prev_pos or 0]
    appended(
        log,
        last._replace(version=last.version + 1, prev_pos=last.position, record=older.record),
    )
    assert log.found() == "E-AUTH"
    assert log.found(keyless=True) == "E-BIND"


def test_36_a_forged_key_is_found(log: Tampered) -> None:
    key_id = b"a key of my own."
    record = control(Kind.KEY, log.genesis.log_id, key_id, 1, b"\xc0")
    appended(log, Row(0, key_id, 1, bytes(16), None, 0, 0, b"", b"", record))
    assert log.found() == "E-AUTH"
    # Nor is the forgery believed where it is read.
    with pytest.raises(Broken, match="E-AUTH"):
        log.opened().logged(key_id)


@pytest.mark.parametrize("change", ["bit", "shorter", "longer", "empty", "gone", "other"])
def test_44_a_changed_record_is_found(log: Tampered, change: str) -> None:
    place = log.event()
    record = log.rows[place].record
    assert record is not None
    changed = {
        "bit": record[:300] + bytes([record[300] ^ 1]) + record[301:],
        "shorter": record[:-1],
        "longer": record + b"\0",
        "empty": b"",
        "gone": None,
        "other": log.rows[log.event(place + 1)].record,
    }
    log.change(place, record=changed[change])
    log.write()
    assert log.found() == "E-LEAF"
    assert log.found(keyless=True) == "E-LEAF"


@pytest.mark.parametrize("column", ["stream_id", "key_id", "auth", "leaf"])
@pytest.mark.parametrize("value", [b"", bytes(16), bytes(31), bytes(1000)], ids=len)
def test_44_a_column_of_another_width_is_found(log: Tampered, column: str, value: bytes) -> None:
    log.change(log.event(), **{column: value})
    write = log.write
    write(head=False)
    assert log.found() in {"E-PARSE", "E-CHAIN", "E-LEAF", "E-AUTH"}


def test_every_single_column_of_every_row_is_watched(log: Tampered) -> None:
    """Whatever one changes in one place, the log is refused."""
    good = list(log.rows)
    for place in range(0, len(good), 5):
        row = good[place]
        changes: dict[str, object] = {
            "version": row.version + 1,
            "prev_pos": 1 if row.prev_pos is None else None,
            "tx_first": row.tx_first + 1,
            "time_ms": row.time_ms + 1,
            "leaf": row.leaf[::-1],
            "auth": row.auth[::-1],
            "key_id": row.key_id[:-1] + bytes([row.key_id[-1] ^ 1]),
            "stream_id": row.stream_id[:-1] + bytes([row.stream_id[-1] ^ 1]),
        }
        for column, value in changes.items():
            log.rows = list(good)
            log.change(place, **{column: value})
            log.write(head=False, unique=False)
            store = SqliteStore(log.path / "record.db", b"", lambda: 0)
            with pytest.raises(LedgerError):
                verify_log(store, log.genesis, append_key=log.append_key)
            store.close()


# Keys and contents, by somebody who even holds the append key


def test_swapped_bodies_are_found(log: Tampered) -> None:
    """2, 3, 12: the header binds a record to its log, stream and version."""
    first = log.event()
    second = log.event(first + 1)
    records = log.rows[first].record, log.rows[second].record
    log.change(first, record=records[1])
    log.change(second, record=records[0])
    log.refold(log.append_key)
    log.write()
    assert log.found() == "E-BIND"


def test_swapped_bodies_under_their_new_headers_are_found(log: Tampered) -> None:
    first = log.event()
    second = log.event(first + 1)
    one, two = log.rows[first].record, log.rows[second].record
    assert one is not None
    assert two is not None
    log.change(first, record=one[:64] + two[64:])
    log.change(second, record=two[:64] + one[64:])
    log.refold(log.append_key)
    log.write()
    assert log.found() == ""
    with pytest.raises(Broken, match="E-AEAD"):
        verify_folder(log.opened())


def test_6_a_record_under_the_key_of_another_client_is_found(log: Tampered) -> None:
    first = log.event()
    other = next(
        row.key_id for row in log.rows if row.key_id not in (bytes(16), log.rows[first].key_id)
    )
    record = log.rows[first].record
    assert record is not None
    log.change(first, key_id=other, record=record[:24] + other + record[40:])
    log.refold(log.append_key)
    log.write()
    assert log.found() == ""
    with pytest.raises((Broken, LedgerError), match=r"E-(AEAD|KEYSTATE)"):
        verify_folder(log.opened())


def test_a_record_under_a_key_that_was_never_made_is_found(log: Tampered) -> None:
    first = log.event()
    nobodys, record = b"nobody's own key", log.rows[first].record
    assert record is not None
    log.change(first, key_id=nobodys, record=record[:24] + nobodys + record[40:])
    log.refold(log.append_key)
    log.write()
    with pytest.raises((Broken, LedgerError), match="E-KEYSTATE"):
        verify_folder(log.opened())


def test_a_key_made_with_another_check_value_is_found(log: Tampered) -> None:
    place = log.index(lambda row: (row.record or b"")[5] == Kind.KEY)
    record = log.rows[place].record
    assert record is not None
    log.change(place, record=record[:-1] + bytes([record[-1] ^ 1]))
    log.refold(log.append_key)
    log.write()
    with pytest.raises(Broken, match="E-KCV"):
        verify_folder(log.opened())


def test_the_rows_of_another_log_are_found(log: Tampered) -> None:
    assert log.found() == ""
    log.genesis = replace(log.genesis, origin="other.example/log/1")
    store = SqliteStore(log.path / "record.db", b"", lambda: 0)
    with pytest.raises(LedgerError, match="E-BIND"):
        verify_log(store, log.genesis)
    store.close()


def test_what_is_read_is_what_was_written_or_refused(log: Tampered) -> None:
    """The read path: a reader of the case is not shown what an attacker has moved."""
    first = log.index(lambda row: row.stream_id.hex() == ink.ANNA)
    second = log.index(lambda row: row.stream_id.hex() == ink.BASIA)
    one, two = log.rows[first], log.rows[second]
    log.change(first, record=two.record, key_id=two.key_id)
    log.write()
    with pytest.raises(Broken, match="E-BIND"):
        log.opened().record.read(ink.ANNA)
    log.rows[first] = one
    del log.rows[first]
    log.write(head=False)
    with pytest.raises(Broken, match="E-GAP"):
        log.opened().record.read(ink.ANNA)


def test_no_message_of_a_refusal_holds_content(log: Tampered) -> None:
    place = log.event()
    log.change(place, leaf=bytes(32))
    log.write()
    store = SqliteStore(log.path / "record.db", b"", lambda: 0)
    with pytest.raises(LedgerError) as caught:
        verify_log(store, log.genesis, append_key=log.append_key)
    store.close()
    said = str(caught.value)
    assert f"position {place}" in said
    assert log.append_key.hex() not in said
    assert len(said) < 500
