"""A verifier's memory goes on where it stood, saves all of a batch or nothing, and is one log's."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings, strategies as st

from infrastructure.ledger.chain import AuditState, Head
from infrastructure.ledger.control import map_stream
from infrastructure.ledger.errors import LogBroken, MemoryOvertaken, MemoryRefused
from infrastructure.ledger.lifecycle import Key, News
from infrastructure.ledger.map import map_root
from infrastructure.ledger.memory import Memory
from infrastructure.ledger.verification import EntryVerification, RowVerification
from tests.support.logs import APPEND_KEY, LOG_ID, ORIGIN, WrittenLog, name


def a_log(size: int = 60) -> WrittenLog:
    log, chance, covered = WrittenLog(), Random(size), 0
    for number in range(3):
        log.key(name(number, "key"), name(number, "subject"))
        log.access_key(number)
    while log.size < size:
        number, act = chance.randrange(3), chance.random()
        if act < 0.5:
            log.access(number)
        elif act < 0.8:
            log.event(name(number, "stream"), name(number, "key"))
        else:
            covered = chance.randint(covered, log.size)
            log.map_head(covered)
    return log


LOG = a_log()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "memory.db"


@pytest.fixture
def memory(path: Path) -> Iterator[Memory]:
    with closing(Memory.create(path, ORIGIN)) as made:
        yield made


def remember(memory: Memory, start: int, end: int, log: WrittenLog = LOG) -> None:
    verification = RowVerification(LOG_ID, append_key=APPEND_KEY, memory=memory)
    assert verification.size == start
    verification.extend(log.rows[start:end])
    verification.save()


def everything(memory: Memory) -> list[list[tuple[object, ...]]]:
    tables = ("standing", "head", "key", "access_log", "change", "logged_map", "note")
    return [memory._db.execute(f"SELECT * FROM {table}").fetchall() for table in tables]  # noqa: S608


def test_a_new_memory_stands_at_the_beginning(memory: Memory, path: Path) -> None:
    standing = memory.standing()
    assert (standing.origin, standing.log_id, standing.size) == (ORIGIN, LOG_ID, 0)
    assert standing.root() == LOG.root(0)
    assert memory.labels() == []
    assert memory.logged_map() is None
    assert path.stat().st_mode & 0o777 == 0o600


@settings(max_examples=20)
@given(st.lists(st.integers(0, len(LOG.rows)), max_size=5), st.booleans())
def test_whatever_the_batches_the_same_is_remembered(stops: list[int], bare: bool) -> None:
    with TemporaryDirectory() as folder:
        whole = Memory.create(Path(folder) / "whole.db", ORIGIN)
        parts = Memory.create(Path(folder) / "parts.db", ORIGIN)
        with closing(whole), closing(parts):
            remember(whole, 0, LOG.size)
            begun = 0
            for stop in [*sorted(stops), LOG.size]:
                if bare:
                    entries = EntryVerification(LOG_ID, memory=parts)
                    entries.extend(LOG.shown()[begun:stop])
                    entries.save()
                else:
                    remember(parts, begun, stop)
                begun = stop
            assert everything(parts) == everything(whole)
            assert parts.standing().root() == LOG.root()


def test_what_is_remembered_is_what_the_log_says(memory: Memory) -> None:
    remember(memory, 0, LOG.size)
    heads = {row.stream_id: Head(row.version, row.position, row.leaf) for row in LOG.rows}
    assert memory.heads([*heads, name(9, "stream")]) == heads
    assert memory.head(name(9, "stream")) is None
    made = next(row for row in LOG.rows if row.stream_id == name(1, "access key"))
    assert memory.key(made.stream_id) == Key(2, name(1, "subject"), made.position)
    assert memory.key(name(9, "key")) is None
    assert memory.access_log(name(1, "subject")) == name(1, "access log")
    assert memory.access_log(name(9, "subject")) is None
    assert memory.is_access_log(name(1, "access log"))
    assert not memory.is_access_log(name(1, "stream"))
    last = [row for row in LOG.rows if row.stream_id == map_stream(LOG_ID)][-1]
    logged = memory.logged_map()
    assert logged is not None
    assert (logged.position, logged.head.epoch) == (last.position, last.version)


def test_the_labels_are_those_of_a_map_that_could_be_logged_now(memory: Memory) -> None:
    log = a_log(40)
    remember(memory, 0, log.size, log)
    labels = memory.labels()
    assert labels == log.labels(log.size)
    size = memory.standing().size
    log.access(0)
    log.map_head(size, map_size=len(labels), map_root=map_root(labels))
    remember(memory, size, log.size, log)
    log.map_head(size, map_size=len(labels) - 1)
    with pytest.raises(LogBroken, match="E-MAP"):
        remember(memory, size + 2, log.size, log)


def test_changes_are_remembered_as_far_as_a_map_may_reach_back(memory: Memory) -> None:
    log = a_log(40)
    covered = log.size
    log.map_head()
    log.access(1)
    log.access(2)
    remember(memory, 0, log.size, log)
    assert [change.position for change in memory.changes()] == [covered + 1, covered + 2]


def test_a_history_rewritten_below_the_memory_is_found_where_it_goes_on(memory: Memory) -> None:
    remember(memory, 0, 30)
    rewritten = WrittenLog()
    for number in range(3):
        rewritten.key(name(number, "key"), name(number, "subject"))
        rewritten.access_key(number)
    while rewritten.size < 35:
        rewritten.access(1)
    entries = EntryVerification(LOG_ID, memory=memory)
    rows = RowVerification(LOG_ID, memory=memory)
    with pytest.raises(LogBroken, match="E-CHAIN at position 30"):
        entries.extend(rewritten.shown()[30:])
    with pytest.raises(LogBroken, match="E-CHAIN at position 30"):
        rows.extend(rewritten.rows[30:])


def test_after_a_bad_row_the_good_ones_before_it_can_be_saved(memory: Memory) -> None:
    remember(memory, 0, 20)
    verification = RowVerification(LOG_ID, append_key=APPEND_KEY, memory=memory)
    rows = [*LOG.rows[20:25], LOG.rows[25]._replace(auth=bytes(32)), *LOG.rows[26:]]
    with pytest.raises(LogBroken, match="E-AUTH at position 25"):
        verification.extend(rows)
    assert memory.standing().size == 20
    verification.save()
    assert memory.standing().root() == LOG.root(25)
    remember(memory, 25, LOG.size)


def test_nothing_is_remembered_before_it_is_saved(memory: Memory) -> None:
    before = everything(memory)
    verification = RowVerification(LOG_ID, memory=memory)
    verification.extend(LOG.rows)
    assert everything(memory) == before


def test_of_two_on_one_memory_the_slower_is_refused_and_saves_nothing(
    memory: Memory, path: Path
) -> None:
    remember(memory, 0, 10)
    with closing(Memory(path)) as other:
        slower = EntryVerification(LOG_ID, memory=other)
        slower.extend(LOG.shown()[10:20])
        remember(memory, 10, 30)
        before = everything(memory)
        with pytest.raises(MemoryOvertaken):
            slower.save({"checkpoint": b"of the slower"})
        assert everything(other) == before
        again = EntryVerification(LOG_ID, memory=other)
        again.extend(LOG.shown()[30:])
        again.save()
    assert memory.standing().root() == LOG.root()


def test_a_verification_is_spent_once_it_is_saved(memory: Memory) -> None:
    verification = RowVerification(LOG_ID, memory=memory)
    verification.extend(LOG.rows[:10])
    verification.save()
    with pytest.raises(MemoryOvertaken):
        verification.save()


def test_a_memory_that_moves_during_a_verification_makes_no_log_look_broken(
    memory: Memory, path: Path
) -> None:
    remember(memory, 0, 10)
    with closing(Memory(path)) as other:
        slower = RowVerification(LOG_ID, memory=other)
        remember(memory, 10, LOG.size)
        with pytest.raises(MemoryOvertaken):
            slower.extend(LOG.rows[10:])


def test_what_cannot_all_be_saved_is_not_saved_at_all(memory: Memory) -> None:
    remember(memory, 0, 10)
    before = everything(memory)
    known = name(1, "key")
    twice = News(keys={known: Key(1, name(1, "subject"), 12)})
    state = AuditState(size=12, range_bytes=bytes(64), heads={known: Head(2, 11, bytes(32))})
    with pytest.raises(MemoryRefused, match="cannot be used: UNIQUE"):
        memory.advance(10, state, twice, {"checkpoint": b"new"})
    assert everything(memory) == before
    remember(memory, 10, LOG.size)


def test_a_note_is_kept_under_its_name_and_saved_with_a_batch(memory: Memory, path: Path) -> None:
    assert memory.note("checkpoint") is None
    memory.put_note("checkpoint", b"one")
    memory.put_note("checkpoint", b"two")
    memory.put_note("other", b"")
    verification = RowVerification(LOG_ID, memory=memory)
    verification.extend(LOG.rows[:10])
    verification.save({"verified": b"ten"})
    with closing(Memory(path)) as again:
        notes = [again.note(each) for each in ("checkpoint", "other", "verified")]
        assert notes == [b"two", b"", b"ten"]


def test_a_memory_of_another_log_is_refused(memory: Memory) -> None:
    for verification in (RowVerification, EntryVerification):
        with pytest.raises(MemoryRefused, match="another log"):
            verification(b"the staging's id", memory=memory)


def test_without_a_memory_there_is_nothing_to_save_in() -> None:
    with pytest.raises(MemoryRefused, match="no memory"):
        RowVerification(LOG_ID).save()


def test_a_memory_is_not_made_over_a_file(memory: Memory, path: Path) -> None:
    remember(memory, 0, 10)
    with pytest.raises(MemoryRefused, match="There is a file already"):
        Memory.create(path, ORIGIN)
    assert memory.standing().size == 10


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0" + bytes(200), b"no database" * 99])
def test_a_file_that_is_no_memory_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(MemoryRefused) as caught:
        Memory(path)
    assert str(path) not in str(caught.value)


def test_a_missing_memory_is_not_made_in_passing(path: Path) -> None:
    with pytest.raises(MemoryRefused, match="is missing"):
        Memory(path)
    assert not path.exists()


@pytest.mark.parametrize(
    "change",
    [
        "PRAGMA application_id = 0",
        "PRAGMA user_version = 3",
        "DELETE FROM standing",
        "DROP TABLE standing",
        "UPDATE standing SET size = size + 1",
        "UPDATE standing SET range = x'00'",
    ],
)
def test_a_memory_of_another_format_or_a_damaged_one_is_refused(
    memory: Memory, path: Path, change: str
) -> None:
    remember(memory, 0, 7)
    memory.close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(change)
    with pytest.raises(MemoryRefused):
        Memory(path)


def test_a_foreign_database_is_left_as_it_is(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE theirs(id INTEGER)")
    before = path.read_bytes()
    with pytest.raises(MemoryRefused, match="no memory"):
        Memory(path)
    assert path.read_bytes() == before


def test_the_cost_of_a_batch_does_not_grow_with_what_is_remembered(memory: Memory) -> None:
    log = WrittenLog()
    log.key(name(0, "key"), name(0, "subject"))
    for number in range(300):
        log.event(name(number, "stream"), name(0, "key"))
    remember(memory, 0, log.size, log)
    log.event(name(7, "stream"), name(0, "key"))
    statements: list[str] = []
    memory._db.set_trace_callback(statements.append)
    remember(memory, log.size - 1, log.size, log)
    assert len(statements) < 20
