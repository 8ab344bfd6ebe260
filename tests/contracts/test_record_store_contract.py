"""What every store of records does alike; what SQLite does beside; and both against each other."""

from __future__ import annotations

import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from eventsourcing.persistence import IntegrityError, StoredEvent
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from infrastructure.errors import Broken, FolderRefused
from infrastructure.ledger import writer
from infrastructure.ledger.check import Audit, Row
from infrastructure.ledger.merkle import CompactRange
from infrastructure.stores.contract import (
    TOPIC,
    Conflict,
    Line,
    LoggedEvent,
    Placed,
    RecordStore,
    Repeated,
    Standing,
    Submission,
)
from infrastructure.stores.memory import MemoryStore
from infrastructure.stores.sqlite import SqliteStore

LOG = b"the log's own id"
APPEND_KEY = b"the key the writers share, 32 by"
A, B, C = (bytes([number]) * 16 for number in (0xA1, 0xB2, 0xC3))
KEY = b"the key's own id"
NOON = 1_700_000_000_000


@dataclass
class Time:
    """The server's clock, which the test sets."""

    ms: int = NOON

    def __call__(self) -> int:
        return self.ms


Make = Callable[[Time], RecordStore]


def sqlite_store(folder: Path, time: Time) -> SqliteStore:
    path = folder / "record.db"
    if not path.exists():
        SqliteStore.create(path)
    return SqliteStore(path, APPEND_KEY, time)


@pytest.fixture(params=["sqlite", "memory"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    made: list[RecordStore] = []

    def make_one(time: Time) -> RecordStore:
        sqlite = request.param == "sqlite"
        store = sqlite_store(tmp_path, time) if sqlite else MemoryStore(APPEND_KEY, time)
        made.append(store)
        return store

    yield make_one
    for each in made:
        each.close()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def store(make: Make, time: Time) -> RecordStore:
    return make(time)


def record_of(stream_id: bytes, version: int, text: str = "") -> bytes:
    """A record with a true header, and nothing random in it."""
    header = b"PSR\x01\x01\x01\0\0" + LOG + KEY + stream_id + version.to_bytes(8, "big")
    return header + sha256(text.encode()).digest() * 4


def line(
    stream_id: bytes, count: int = 1, *, after: int | None = None, new: bool = False, text: str = ""
) -> Line:
    def sealing(version: int) -> bytes:
        return record_of(stream_id, version, text)

    return Line(stream_id, ((KEY, sealing),) * count, after, new)


def placed(store: RecordStore, *lines: Line, tag: bytes | None = None) -> Placed:
    (outcome,) = store.commit(
        [Submission(lines, tag, reply=lambda where: str(where.first).encode())]
    )
    assert isinstance(outcome, Placed)
    return outcome


def answer(reply: bytes, _: Placed) -> bytes:
    return reply


def failing(_: Any) -> bytes:
    msg = "the seal is broken"
    raise ArithmeticError(msg)


def checked(store: RecordStore) -> list[Row]:
    """All rows, after the auditor has looked at them."""
    rows = store.rows(0, 10_000)
    audit = Audit(LOG, append_key=APPEND_KEY)
    audit.extend(rows)
    audit.finish(*store.standing()[:2])
    return rows


# Writing


def test_an_empty_log_has_nothing(store: RecordStore) -> None:
    assert store.rows(0, 10) == []
    assert store.stream(A) == []
    assert store.version(A) == 0
    assert store.standing() == Standing(0, b"", 0)
    assert store.position_at(NOON) == -1
    assert store.reply(b"tag") is None
    assert store.max_notification_id() is None


def test_positions_are_dense_from_nought(store: RecordStore) -> None:
    assert placed(store, line(A, 2, after=0), line(B, after=0))[:2] == (0, 2)
    assert placed(store, line(A, after=2))[:2] == (3, 3)
    rows = checked(store)
    assert [row.position for row in rows] == [0, 1, 2, 3]
    assert [row.version for row in rows] == [1, 2, 1, 3]
    assert store.max_notification_id() == 4


def test_more_streams_than_are_kept_in_memory_are_still_written_in_order(
    store: RecordStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "MOST_HEADS", 3)
    streams = [bytes([number]) * 16 for number in range(1, 9)]
    for round_ in range(1, 4):
        lines = [line(stream, 1) for stream in streams]
        outcomes = store.commit([Submission((each,)) for each in (*lines, *lines[:2])])
        assert all(isinstance(each, Placed) for each in outcomes), round_
    assert [store.version(each) for each in streams] == [6, 6, 3, 3, 3, 3, 3, 3]
    checked(store)


def test_a_row_holds_the_record_that_was_sealed_for_its_version(store: RecordStore) -> None:
    placed(store, line(A, 2, after=0, text="first"))
    assert [row.record for row in store.stream(A)] == [
        record_of(A, 1, "first"),
        record_of(A, 2, "first"),
    ]


def test_what_is_placed_is_what_is_read(store: RecordStore) -> None:
    found = placed(store, line(A, 2, after=0), line(B, after=0))
    assert list(found.rows) == store.rows(0, 10)
    assert found.versions == (2, 1)
    assert found.time_ms == NOON


def test_whoever_takes_any_version_follows_whatever_is_last(store: RecordStore) -> None:
    placed(store, line(A, 2, after=0))
    found = placed(store, line(A, 2), line(B), line(A))
    assert [row.version for row in found.rows] == [3, 4, 1, 5]
    assert found.versions == (5, 1, 5)
    assert [row.record for row in store.stream(A)] == [record_of(A, each) for each in range(1, 6)]


def test_a_line_that_is_only_for_a_new_stream_is_dropped_from_an_old_one(
    store: RecordStore,
) -> None:
    placed(store, line(A, after=0, new=True), line(B, after=0))
    found = placed(store, line(A, after=0, new=True), line(B, after=1))
    assert [row.stream_id for row in found.rows] == [B]
    assert found.versions == (0, 2)
    assert store.version(A) == 1


def test_a_line_for_a_new_stream_counts_within_its_own_submission(store: RecordStore) -> None:
    found = placed(store, line(A, after=0, new=True), line(A, after=0, new=True), line(A, after=1))
    assert [row.version for row in found.rows] == [1, 2]


def test_a_stale_submission_fails_alone(store: RecordStore) -> None:
    placed(store, line(A, 3, after=0))
    outcomes = store.commit(
        [
            Submission((line(B, after=0),)),
            Submission((line(C, after=0), line(A, after=2))),
            Submission((line(A, after=3),)),
            Submission((line(A, after=3),)),
            Submission((line(B),)),
        ]
    )
    assert outcomes[1] == Conflict(A, 3)
    assert outcomes[3] == Conflict(A, 4)
    assert [type(each) for each in outcomes] == [Placed, Conflict, Placed, Conflict, Placed]
    assert [(row.stream_id, row.version) for row in checked(store)[3:]] == [(B, 1), (A, 4), (B, 2)]
    assert store.version(C) == 0


def test_a_stream_that_does_not_exist_yet_cannot_be_followed(store: RecordStore) -> None:
    assert store.commit([Submission((line(A, after=1),))]) == [Conflict(A, 0)]
    assert store.standing().size == 0


def test_each_submission_is_a_transaction_of_its_own_in_the_log(store: RecordStore) -> None:
    store.commit([Submission((line(A, 2), line(B))), Submission((line(B, 2),))])
    placed(store, line(C))
    assert [row.tx_first for row in checked(store)] == [0, 0, 0, 3, 3, 5]


def test_no_submissions_are_no_outcomes(store: RecordStore) -> None:
    assert store.commit([]) == []
    assert store.standing().size == 0


# Retries


def test_a_tag_is_written_once_and_answered_with_its_reply(store: RecordStore) -> None:
    placed(store, line(A, after=0))
    assert placed(store, line(A), tag=b"tag").first == 1
    again = Submission((line(A),), b"tag", reply=lambda _: b"another")
    assert store.commit([again]) == [Repeated(b"1")]
    assert store.reply(b"tag") == b"1"
    assert store.version(A) == 2


def test_a_tag_counts_within_its_own_batch(store: RecordStore) -> None:
    for reply in (b"", b"reply"):
        twice = Submission((line(A),), b"tag " + reply, partial(answer, reply))
        outcomes = store.commit([twice, twice])
        assert isinstance(outcomes[0], Placed)
        assert outcomes[1] == Repeated(reply)
    assert len(checked(store)) == 2


def test_a_tag_comes_before_a_conflict(store: RecordStore) -> None:
    placed(store, line(A, after=0), tag=b"tag")
    again = Submission((line(A, after=0),), b"tag", reply=lambda _: b"")
    assert store.commit([again]) == [Repeated(b"0")]


def test_a_stale_submission_leaves_its_tag_free(store: RecordStore) -> None:
    stale = Submission((line(A, after=1),), b"tag", reply=lambda _: b"stale")
    assert store.commit([stale]) == [Conflict(A, 0)]
    assert store.reply(b"tag") is None
    assert placed(store, line(A, after=0), tag=b"tag").first == 0


def test_what_is_kept_for_retries_is_read_in_pages(store: RecordStore) -> None:
    for tag in (b"c", b"a", b"b", b"d"):
        placed(store, line(A), tag=tag)
    assert store.replies(b"", 3) == [(b"a", b"1"), (b"b", b"2"), (b"c", b"0")]
    assert store.replies(b"c", 3) == [(b"d", b"3")]
    assert store.replies(b"d", 3) == []


# Time


def test_time_never_goes_back(store: RecordStore, time: Time) -> None:
    for ms in (NOON, NOON + 5, NOON - 100, NOON + 4, NOON + 6):
        time.ms = ms
        placed(store, line(A))
    found = [row.time_ms - NOON for row in checked(store)]
    assert found == [0, 5, 5, 5, 6]
    assert store.standing().time_ms == NOON + 6


@given(times=st.lists(st.integers(0, 9), max_size=12), asked=st.integers(-2, 12))
@settings(max_examples=30)
def test_a_position_at_an_instant_is_the_last_one_then(times: list[int], asked: int) -> None:
    time = Time()
    with tempfile.TemporaryDirectory() as folder:
        stores: list[RecordStore] = [
            MemoryStore(APPEND_KEY, time),
            sqlite_store(Path(folder), time),
        ]
        for store in stores:
            for ms in times:
                time.ms = ms
                placed(store, line(A))
            then = [row.position for row in store.rows(0, 99) if row.time_ms <= asked]
            assert store.position_at(asked) == (then[-1] if then else -1)
            store.close()


# Reading


def test_rows_are_read_from_a_position_on(store: RecordStore) -> None:
    placed(store, line(A, 5))
    assert [row.position for row in store.rows(2, 2)] == [2, 3]
    assert [row.position for row in store.rows(3, 10)] == [3, 4]
    assert store.rows(5, 10) == []
    assert store.rows(0, 0) == []


def test_a_stream_is_read_up_to_a_position(store: RecordStore) -> None:
    placed(store, line(A), line(B), line(A), line(B))
    assert [row.position for row in store.stream(A)] == [0, 2]
    assert [row.position for row in store.stream(A, until=1)] == [0]
    assert [row.position for row in store.stream(B, until=0)] == []


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 33])
def test_the_standing_is_that_of_a_tree_made_anew(store: RecordStore, size: int) -> None:
    for number in range(size):
        placed(store, line((A, B, C)[number % 3]))
    naive = CompactRange()
    naive.extend(row.leaf for row in store.rows(0, size))
    assert store.standing() == Standing(size, naive.to_bytes(), NOON)


# What goes wrong


@pytest.mark.parametrize("broken", ["seal", "reply"])
def test_a_failure_leaves_no_gap_and_nothing_behind(store: RecordStore, broken: str) -> None:
    placed(store, line(A, 3, after=0), tag=b"before")
    before = store.rows(0, 10), store.standing()
    bad = Line(B, ((KEY, failing),)) if broken == "seal" else line(B)
    reply = failing if broken == "reply" else (lambda _: b"")
    submissions = [
        Submission((line(A),), b"one", lambda _: b"one"),
        Submission((bad,), b"two", reply),
    ]
    with pytest.raises(ArithmeticError):
        store.commit(submissions)
    assert (store.rows(0, 10), store.standing()) == before
    assert store.version(A) == 3
    assert store.version(B) == 0
    assert store.reply(b"one") is None
    found = placed(store, line(A, after=3), line(B, after=0), tag=b"one")
    assert (found.first, found.last) == (3, 4)
    checked(store)


def test_threads_write_together(store: RecordStore) -> None:
    def write(stream_id: bytes) -> None:
        for _ in range(20):
            placed(store, line(stream_id), line(C))

    threads = [threading.Thread(target=write, args=(each,)) for each in (A, B)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [row.version for row in store.stream(C)] == list(range(1, 41))
    assert len(checked(store)) == 80


# The library's face of a store


def stored(stream_id: bytes, version: int) -> StoredEvent:
    return StoredEvent(stream_id.hex(), version, "os:system", record_of(stream_id, version))


def test_the_library_writes_sealed_records_and_reads_them_back(store: RecordStore) -> None:
    assert store.insert_events([]) == []
    assert store.insert_events([stored(A, 1), stored(A, 2), stored(B, 1)]) == [1, 2, 3]
    checked(store)
    found = store.select_events(A.hex())
    assert [(each.originator_version, each.state) for each in found] == [
        (1, record_of(A, 1)),
        (2, record_of(A, 2)),
    ]
    assert all(isinstance(each, LoggedEvent) for each in found)
    assert {each.topic for each in store.select_notifications(None, 10)} == {TOPIC}


def test_the_library_is_told_of_a_conflict(store: RecordStore) -> None:
    store.insert_events([stored(A, 1)])
    with pytest.raises(IntegrityError):
        store.insert_events([stored(B, 1), stored(A, 1)])
    assert store.standing().size == 1


def test_the_library_reads_between_versions(store: RecordStore) -> None:
    placed(store, line(A, 5))

    def versions(**between: Any) -> list[int]:
        return [each.originator_version for each in store.select_events(A.hex(), **between)]

    assert versions() == [1, 2, 3, 4, 5]
    assert versions(gt=2) == [3, 4, 5]
    assert versions(lte=2) == [1, 2]
    assert versions(gt=1, lte=4, desc=True, limit=2) == [4, 3]
    assert versions(gt=5) == []
    assert versions(limit=0) == []


def test_the_library_reads_between_notifications(store: RecordStore) -> None:
    placed(store, line(A, 5))

    def ids(start: int | None, limit: int, **more: Any) -> list[int]:
        return [each.id for each in store.select_notifications(start, limit, **more)]

    assert ids(None, 10) == [1, 2, 3, 4, 5]
    assert ids(0, 10) == [1, 2, 3, 4, 5]
    assert ids(2, 2) == [2, 3]
    assert ids(2, 2, inclusive_of_start=False) == [3, 4]
    assert ids(2, 10, stop=4) == [2, 3, 4]
    assert ids(6, 10) == []


def test_there_are_no_subscriptions(store: RecordStore) -> None:
    with pytest.raises(NotImplementedError):
        store.subscribe()


# SQLite alone


@pytest.fixture
def file(tmp_path: Path, time: Time) -> Iterator[tuple[SqliteStore, Path]]:
    store = sqlite_store(tmp_path, time)
    yield store, tmp_path / "record.db"
    store.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE record SET time_ms = 0",
        "UPDATE record SET record = x'00' WHERE pos = 0",
        "DELETE FROM record",
        "DELETE FROM record WHERE pos = 1",
        "UPDATE command SET reply = x'00'",
        "DELETE FROM command",
        "UPDATE log_head SET size = 0",
        "DELETE FROM log_head",
        "INSERT OR REPLACE INTO log_head VALUES(2, 0, x'', 0)",
        "INSERT INTO record SELECT * FROM record",
        (
            "INSERT INTO record SELECT 9, stream_id, version, key_id, prev_pos, tx_first, time_ms,"
            " leaf, auth, record FROM record LIMIT 1"
        ),
        "INSERT INTO record VALUES(9, 'text', 1, x'00', 0, 0, 0, x'00', x'00', x'00')",
    ],
)
def test_the_file_is_append_only(file: tuple[SqliteStore, Path], statement: str) -> None:
    store, path = file
    placed(store, line(A, 2), tag=b"tag")
    before = store.rows(0, 9), store.standing(), store.reply(b"tag")
    db = sqlite3.connect(path, isolation_level=None)
    with pytest.raises(sqlite3.IntegrityError):
        db.execute(statement)
    db.close()
    assert (store.rows(0, 9), store.standing(), store.reply(b"tag")) == before


def test_what_was_written_is_there_after_reopening(tmp_path: Path, time: Time) -> None:
    first = sqlite_store(tmp_path, time)
    placed(first, line(A, 3), tag=b"tag")
    before = first.rows(0, 9)
    first.close()
    second = sqlite_store(tmp_path, time)
    assert second.rows(0, 9) == before
    assert placed(second, line(A)).first == 3
    checked(second)
    second.close()


def test_two_writers_of_one_file_take_turns(tmp_path: Path, time: Time) -> None:
    first, second = sqlite_store(tmp_path, time), sqlite_store(tmp_path, time)
    for number in range(5):
        placed(first, line(A, after=2 * number), line(B))
        placed(second, line(A, after=2 * number + 1))
        assert first.commit([Submission((line(A, after=0),))]) == [Conflict(A, 2 * number + 2)]
    assert [row.version for row in first.stream(A)] == list(range(1, 11))
    assert checked(first) == checked(second)
    first.close()
    second.close()


def test_the_file_is_the_owners_alone(file: tuple[SqliteStore, Path]) -> None:
    assert file[1].stat().st_mode & 0o777 == 0o600


def test_every_commit_reaches_the_disk(file: tuple[SqliteStore, Path]) -> None:
    store, _ = file
    pragmas = {
        name: store._writer.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "trusted_schema")
    }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "trusted_schema": 0}


def test_a_log_without_its_head_is_refused(file: tuple[SqliteStore, Path]) -> None:
    store, path = file
    placed(store, line(A))
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("DROP TRIGGER log_keeps_its_head")
    db.execute("DELETE FROM log_head")
    db.close()
    with pytest.raises(Broken, match="E-ROOT"):
        store.standing()
    with pytest.raises(Broken, match="E-ROOT"):
        store.commit([Submission((line(A),))])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "missing"),
        (b"", "format"),
        (b"no database at all" * 100, "damaged"),
    ],
)
def test_a_file_that_is_no_record_is_refused_without_its_path(
    tmp_path: Path, content: bytes | None, says: str
) -> None:
    path = tmp_path / "record.db"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FolderRefused, match=says) as caught:
        SqliteStore(path, APPEND_KEY, Time())
    assert str(tmp_path) not in str(caught.value)


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "record.db"
    SqliteStore.create(path)
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 2")
    db.close()
    with pytest.raises(FolderRefused, match="does not know"):
        SqliteStore(path, APPEND_KEY, Time())


# Both stores against each other

STREAMS = st.sampled_from([A, B, C])
AFTER = st.none() | st.integers(0, 6)


def lines(new: st.SearchStrategy[bool]) -> st.SearchStrategy[Line]:
    """Lines that follow anything, or what may be there."""
    texts = st.sampled_from("xyz")
    return st.builds(line, STREAMS, st.integers(1, 3), after=AFTER, new=new, text=texts)


# One line is never dropped: a submission always writes something, that is the record's own rule.
LINES = st.tuples(st.lists(lines(st.booleans()), max_size=2), lines(st.just(False))).map(
    lambda found: (*found[0], found[1])
)
TAGS = st.none() | st.sampled_from([b"one", b"two", b"three"])


@dataclass
class Both:
    """The twins."""

    folder: tempfile.TemporaryDirectory[str] = field(default_factory=tempfile.TemporaryDirectory)
    time: Time = field(default_factory=Time)

    def __post_init__(self) -> None:
        self.sqlite = sqlite_store(Path(self.folder.name), self.time)
        self.sqlite._writer.execute("PRAGMA synchronous = OFF")
        self.memory = MemoryStore(APPEND_KEY, self.time)

    def outcome(self, submissions: list[Submission]) -> object:
        """What both answer, which has to be the same."""
        answers: list[object] = []
        for store in (self.sqlite, self.memory):
            try:
                answers.append(store.commit(submissions))
            except ArithmeticError:
                answers.append("failed")
        assert answers[0] == answers[1]
        return answers[0]


SUBMISSIONS = st.builds(Submission, LINES, TAGS, st.just(lambda where: repr(where[:3]).encode()))


class TwoStores(RuleBasedStateMachine):
    """The same operations on both stores leave the same rows, byte for byte."""

    def __init__(self) -> None:
        super().__init__()
        self.both = Both()

    @rule(submissions=st.lists(SUBMISSIONS, min_size=1, max_size=4), later=st.integers(-3, 9))
    def commit(self, submissions: list[Submission], later: int) -> None:
        self.both.time.ms += later
        self.both.outcome(submissions)

    @rule(submissions=st.lists(SUBMISSIONS, max_size=2))
    def fail(self, submissions: list[Submission]) -> None:
        bad = Submission((line(C), Line(B, ((KEY, failing),))))
        assert self.both.outcome([*submissions, bad]) == "failed"

    @rule()
    def reopen(self) -> None:
        self.both.sqlite.close()
        self.both.sqlite = sqlite_store(Path(self.both.folder.name), self.both.time)
        self.both.sqlite._writer.execute("PRAGMA synchronous = OFF")

    @rule(start=st.integers(0, 40), limit=st.integers(0, 10), until=st.integers(-1, 40))
    def read(self, start: int, limit: int, until: int) -> None:
        first, second = self.both.sqlite, self.both.memory
        assert first.rows(start, limit) == second.rows(start, limit)
        for stream_id in (A, B, C):
            assert first.stream(stream_id, until=until) == second.stream(stream_id, until=until)
            assert first.version(stream_id) == second.version(stream_id)
        assert first.position_at(NOON + until) == second.position_at(NOON + until)
        for tag in (b"one", b"two", b"three"):
            assert first.reply(tag) == second.reply(tag)
            assert first.replies(tag, limit) == second.replies(tag, limit)

    @rule(
        stream_id=STREAMS,
        gt=AFTER,
        lte=AFTER,
        desc=st.booleans(),
        limit=st.none() | st.integers(0, 4),
    )
    def read_as_the_library_does(
        self, stream_id: bytes, gt: int | None, lte: int | None, desc: bool, limit: int | None
    ) -> None:
        found = [
            store.select_events(stream_id.hex(), gt=gt, lte=lte, desc=desc, limit=limit)
            for store in (self.both.sqlite, self.both.memory)
        ]
        assert found[0] == found[1]
        found = [
            store.select_notifications(gt, limit or 9, lte, inclusive_of_start=desc)
            for store in (self.both.sqlite, self.both.memory)
        ]
        assert found[0] == found[1]

    @invariant()
    def the_rows_are_the_same_and_good(self) -> None:
        assert self.both.sqlite.standing() == self.both.memory.standing()
        assert checked(self.both.sqlite) == checked(self.both.memory)

    def teardown(self) -> None:
        self.both.sqlite.close()
        self.both.folder.cleanup()


TwoStores.TestCase.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
test_both_stores_hold_the_same_whatever_happens = TwoStores.TestCase
