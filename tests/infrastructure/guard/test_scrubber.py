"""The scrubber: whatever is done to a record behind its back is found, told once, and not mended.

Whoever does the damage has dropped the triggers, and now and then holds the append key.
"""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings, strategies as st

from domain.errors import IntegrityIncident, RecordUnavailable
from infrastructure.errors import Broken
from infrastructure.folder import OpenFolder, open_with
from infrastructure.guard import scrubber as module
from infrastructure.guard.incidents import MOST_FROZEN, Incident, Incidents, Scope
from infrastructure.guard.recovery import recover
from infrastructure.guard.scrubber import Scrubber, forget, open_scrubber
from infrastructure.guard.watch import Guard
from infrastructure.layout import Layout
from infrastructure.ledger.control import (
    MapHead,
    OtherControl,
    log_id_of,
    map_stream,
    parse_control,
)
from infrastructure.ledger.errors import LogBroken
from infrastructure.ledger.memory import Memory
from infrastructure.ledger.merkle import CompactRange
from infrastructure.ledger.tiles import TileFolder
from infrastructure.ledger.trust import Trust
from infrastructure.ledger.verification import EntryVerification
from infrastructure.stores.contract import Outcome, Submission
from tests.infrastructure.conftest import PASSPHRASES, Hands, Made
from tests.support import ink
from tests.support.damage import (
    COLUMNS,
    LOOKS,
    NOTE,
    ORIGIN,
    OTHER_NOTE,
    altered,
    cut,
    damage,
    flipped,
    lived,
    place_of,
    publish,
    put,
    stopped,
    told,
    whole,
)

Open = Callable[..., OpenFolder]


# A sound record


def test_a_sound_record_is_verified_to_its_end_and_nothing_is_told(
    folder: OpenFolder, anchored: Path, scrubber: Scrubber
) -> None:
    size = folder.store.standing().size
    assert whole(scrubber) == size
    assert scrubber.memory.standing().range_bytes == folder.store.standing().range_bytes
    assert scrubber.sample(20) == 20
    assert scrubber.again()
    lived(folder, 3)
    assert whole(scrubber) == size + 3
    assert told(folder) == []


def test_nothing_is_written_where_nothing_is_new(
    folder: OpenFolder, anchored: Path, scrubber: Scrubber
) -> None:
    whole(scrubber)
    before = folder.layout.scrub.stat().st_mtime_ns
    assert scrubber.step().behind == 0
    assert folder.layout.scrub.stat().st_mtime_ns == before


def remembered(path: Path) -> dict[str, list[object]]:
    with closing(sqlite3.connect(path)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE sql != ''")]
        return {each: sorted(db.execute(f"SELECT * FROM {each}"), key=repr) for each in tables}  # noqa: S608 - our own names


@pytest.mark.parametrize("limit", [1, 2, 7])
def test_many_small_steps_come_to_what_one_comes_to(
    folder: OpenFolder, anchored: Path, limit: int
) -> None:
    lived(folder, 2)
    for each in (1000, limit):
        with closing(open_scrubber(folder)) as scrubber:
            whole(scrubber, each)
            while not scrubber.again(each):
                pass
        folder.layout.scrub.rename(folder.layout.folder / f"scrub-{each}")
    assert remembered(folder.layout.folder / "scrub-1000") == remembered(
        folder.layout.folder / f"scrub-{limit}"
    )


def test_a_restart_goes_on_where_it_was(folder: OpenFolder) -> None:
    with closing(open_scrubber(folder)) as scrubber:
        assert scrubber.step(10).size == 10
    with closing(open_scrubber(folder)) as scrubber:
        assert scrubber.step(5).size == 15


# A record that is not what was written


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE record SET record = CAST(record || x'00' AS BLOB) WHERE pos = ?",
        "UPDATE record SET record = substr(record, 1, 79) WHERE pos = ?",
        "UPDATE record SET record = NULL WHERE pos = ?",
        "UPDATE record SET leaf = zeroblob(32) WHERE pos = ?",
        "UPDATE record SET leaf = zeroblob(31) WHERE pos = ?",
        "UPDATE record SET key_id = zeroblob(16) WHERE pos = ?",
    ],
)
def test_a_bad_record_freezes_its_stream_and_the_others_go_on(
    folder: OpenFolder, scrubber: Scrubber, statement: str
) -> None:
    altered(folder, statement, place_of(folder, NOTE))
    whole(scrubber)
    assert told(folder) == [("E-LEAF", Scope.STREAM, NOTE)]
    with pytest.raises(IntegrityIncident, match="Incident 1"):
        folder.record.append_now((ink.revised(ink.ANNA, 2),), ink.WHO)
    folder.record.append_now((ink.revised(ink.BASIA, 2), ink.looked(ink.ANNA)), ink.WHO)
    assert len(folder.record.read(OTHER_NOTE)) == 3
    # What is new is verified behind the bad record as well.
    assert whole(scrubber) == folder.store.standing().size
    assert len(told(folder)) == 1


def test_an_altered_leaf_is_no_altered_log(folder: OpenFolder, scrubber: Scrubber) -> None:
    """The tag vouches for the entry that the leaf belongs to, and the head for that leaf."""
    for version in (1, 2):
        flipped(folder, place_of(folder, NOTE, version), "leaf")
    whole(scrubber, 3)
    assert told(folder) == [("E-LEAF", Scope.STREAM, NOTE)]
    flipped(folder, place_of(folder, OTHER_NOTE), "leaf")
    flipped(folder, place_of(folder, OTHER_NOTE))
    forget(folder.layout)
    with closing(open_scrubber(folder)) as another:
        assert stopped(lambda: whole(another)) == "E-ROOT"
    assert told(folder)[1:] == [("E-ROOT", Scope.LOG, None), ("E-LEAF", Scope.STREAM, OTHER_NOTE)]


def test_swapped_bodies_freeze_both_streams(folder: OpenFolder, scrubber: Scrubber) -> None:
    here, there = place_of(folder, NOTE), place_of(folder, OTHER_NOTE)
    bodies = {row.position: row.record for row in folder.store.rows(0, 1000)}
    altered(folder, "UPDATE record SET record = ? WHERE pos = ?", bodies[there], here)
    altered(folder, "UPDATE record SET record = ? WHERE pos = ?", bodies[here], there)
    whole(scrubber)
    assert {each for *_, each in told(folder)} == {NOTE, OTHER_NOTE}
    for write in (ink.revised(ink.ANNA, 2), ink.revised(ink.BASIA, 2)):
        with pytest.raises(IntegrityIncident):
            folder.record.append_now((write,), ink.WHO)
    folder.record.append_now((ink.drafted(ink.ANNA, "another"),), ink.WHO)


def test_a_row_that_was_given_to_another_stream_freezes_the_one_it_came_from(
    folder: OpenFolder, scrubber: Scrubber
) -> None:
    """Otherwise what is missing there would be written a second time."""
    stream = ink.opened(ink.ANNA).stream
    place = place_of(folder, stream)
    altered(folder, "UPDATE record SET stream_id = ? WHERE pos = ?", bytes(16), place)
    whole(scrubber)
    assert {each for *_, each in told(folder)} == {stream, bytes(16).hex()}
    with pytest.raises(IntegrityIncident):
        folder.record.append_now((ink.opened(ink.ANNA),), ink.WHO)


def test_a_damaged_making_of_a_key_does_not_put_everything_under_it_in_doubt(
    folder: OpenFolder, scrubber: Scrubber
) -> None:
    key = folder.store.rows(place_of(folder, NOTE), 1)[0].key_id
    flipped(folder, place_of(folder, key.hex()))
    whole(scrubber)
    assert told(folder) == [("E-LEAF", Scope.STREAM, key.hex())]


def test_an_access_log_whose_first_entry_is_bad_does_not_stop_the_record(
    folder: OpenFolder, scrubber: Scrubber
) -> None:
    flipped(folder, place_of(folder, LOOKS))
    whole(scrubber, 4)
    assert told(folder) == [("E-LEAF", Scope.STREAM, LOOKS)]
    folder.record.append_now((ink.looked(ink.BASIA),), ink.WHO)
    assert whole(scrubber) == folder.store.standing().size


def test_too_many_bad_records_are_a_broken_log(folder: OpenFolder) -> None:
    for number in range(MOST_FROZEN + 1):
        folder.record.append_now((ink.drafted(ink.ANNA, f"note {number}"),), ink.WHO)
    with damage(folder.layout.folder) as db:
        db.execute("UPDATE record SET record = CAST(record || x'00' AS BLOB) WHERE pos >= 29")
    for _ in range(2):
        with closing(open_scrubber(folder)) as scrubber:
            assert stopped(lambda scrubber=scrubber: whole(scrubber)) == "E-LEAF"  # type: ignore[misc]
    scopes = [scope for _, scope, _ in told(folder)]
    assert scopes == [Scope.STREAM] * MOST_FROZEN + [Scope.LOG]


# What is told, and what stays as it is


def test_an_incident_of_a_record_stands_in_the_log(folder: OpenFolder, scrubber: Scrubber) -> None:
    place, size = place_of(folder, NOTE), folder.store.standing().size
    flipped(folder, place)
    whole(scrubber)
    (row,) = folder.store.rows(size, 9)
    control = parse_control(row.record or b"")
    assert isinstance(control, OtherControl)
    assert control.kind == 0x48
    assert list(control.payload) == [1, "E-LEAF", place, bytes.fromhex(NOTE)]
    assert whole(scrubber) == size + 1


def test_what_is_known_is_not_told_again(folder: OpenFolder, scrubber: Scrubber) -> None:
    flipped(folder, place_of(folder, NOTE))
    whole(scrubber)
    size = folder.store.standing().size
    whole(scrubber, 2)
    with closing(open_scrubber(folder)) as restarted:
        whole(restarted)
        restarted.again()
    flipped(folder, place_of(folder, OTHER_NOTE))
    assert [each for *_, each in told(folder)] == [NOTE]
    assert folder.store.standing().size == size
    with closing(open_scrubber(folder)) as restarted:
        whole(restarted)
    assert [each for *_, each in told(folder)] == [NOTE, OTHER_NOTE]


def test_nothing_that_was_found_is_repaired(folder: OpenFolder, scrubber: Scrubber) -> None:
    flipped(folder, place_of(folder, NOTE))
    flipped(folder, place_of(folder, OTHER_NOTE, 2), "leaf")
    before = folder.store.rows(0, 1000)
    whole(scrubber)
    scrubber.again()
    scrubber.sample(50)
    assert folder.store.rows(0, len(before)) == before


def test_a_record_that_is_good_again_leaves_no_trace(
    folder: OpenFolder, scrubber: Scrubber
) -> None:
    """A key that was made behind it, too, and its first use."""
    before = flipped(folder, place_of(folder, NOTE))
    whole(scrubber, 5)
    folder.record.append_now((ink.drafted(ink.ANNA, "another"),), ink.WHO)
    whole(scrubber)
    assert scrubber.memory.standing().size == place_of(folder, NOTE)
    put(folder, place_of(folder, NOTE), "record", before)
    folder.guard.incidents.settle(1, ink.NOW)
    assert whole(scrubber, 5) == folder.store.standing().size
    folder.layout.scrub.rename(folder.layout.folder / "mended")
    with closing(open_scrubber(folder)) as fresh:
        whole(fresh)
    assert remembered(folder.layout.folder / "mended") == remembered(folder.layout.scrub)
    assert len(told(folder)) == 1


def test_a_record_that_is_still_bad_when_it_is_settled_is_told_anew(
    folder: OpenFolder, scrubber: Scrubber
) -> None:
    flipped(folder, place_of(folder, NOTE))
    whole(scrubber)
    folder.guard.incidents.settle(1, ink.NOW)
    whole(scrubber)
    assert told(folder) == [("E-LEAF", Scope.STREAM, NOTE)] * 2


# A log that is broken

ONE_MORE = (
    "INSERT INTO record SELECT pos + 1, zeroblob(16), 1, key_id, NULL, pos + 1, time_ms, leaf,"
    " auth, record FROM record ORDER BY pos DESC LIMIT 1"
)
BROKEN = [
    ("E-AUTH", "UPDATE record SET auth = zeroblob(32) WHERE pos = 9"),
    ("E-TIME", "UPDATE record SET time_ms = 1 WHERE pos = 9"),
    ("E-CHAIN", "UPDATE record SET version = 7 WHERE pos = 9"),
    ("E-CHAIN", "UPDATE record SET prev_pos = 3 WHERE pos = 8"),
    ("E-CHAIN", "UPDATE record SET tx_first = 2 WHERE pos = 9"),
    ("E-GAP", "DELETE FROM record WHERE pos = 9"),
    ("E-ROOT", "DELETE FROM record WHERE pos = (SELECT max(pos) FROM record)"),
    ("E-ROOT", "UPDATE log_head SET range = zeroblob(length(range))"),
    ("E-ROOT", "UPDATE log_head SET size = 1000000000"),
    ("E-TIME", "UPDATE log_head SET time_ms = time_ms + 1"),
    ("E-ROOT", "DELETE FROM log_head"),
    ("E-ROOT", ONE_MORE),
]


@pytest.mark.parametrize(("code", "statement"), BROKEN)
def test_a_broken_log_is_read_only_and_stays_as_it_is(
    folder: OpenFolder, scrubber: Scrubber, code: str, statement: str
) -> None:
    altered(folder, statement)
    before = (folder.store.rows(0, 1000), folder.layout.record.read_bytes())
    assert stopped(scrubber.step) == code
    assert stopped(scrubber.step) == code
    assert [(each.code, each.scope) for each in folder.guard.incidents.all()] == [(code, Scope.LOG)]
    with pytest.raises(IntegrityIncident, match="Incident 1"):
        folder.record.append_now((ink.drafted(ink.BASIA, "another"),), ink.WHO)
    assert (folder.store.rows(0, 1000), folder.layout.record.read_bytes()) == before
    assert scrubber.memory.standing().size == 0


def test_a_log_that_is_cut_short_is_noticed_by_what_was_verified(
    folder: OpenFolder, scrubber: Scrubber
) -> None:
    whole(scrubber)
    cut(folder, 2)
    folder.pin.reset(folder.store.standing().size, folder.store.standing().range_bytes)
    assert stopped(scrubber.step) == "E-ROLLBACK"


def test_a_log_that_is_cut_short_before_it_was_verified_is_noticed_by_its_pinned_head(
    folder: OpenFolder, scrubber: Scrubber
) -> None:
    whole(scrubber)
    lived(folder, 4)
    cut(folder, 2)
    assert stopped(scrubber.step) == "E-ROLLBACK"


def test_what_was_found_while_a_log_is_broken_is_not_entered_in_it(
    folder: OpenFolder, scrubber: Scrubber
) -> None:
    flipped(folder, place_of(folder, NOTE))
    altered(folder, "UPDATE log_head SET range = zeroblob(length(range))")
    before = folder.store.rows(0, 1000)
    assert stopped(scrubber.step) == "E-ROOT"
    assert told(folder) == [("E-ROOT", Scope.LOG, None), ("E-LEAF", Scope.STREAM, NOTE)]
    assert folder.store.rows(0, 1000) == before


def test_a_broken_log_is_read_on_and_looks_are_spooled(
    folder: OpenFolder, scrubber: Scrubber
) -> None:
    altered(folder, "UPDATE record SET auth = zeroblob(32) WHERE pos = 9")
    stopped(scrubber.step)
    receipt = folder.record.append_now((ink.looked(ink.BASIA),), ink.WHO)
    assert folder.vault.broker.open(receipt) is not None
    assert len(folder.record.read(OTHER_NOTE)) == 2


def test_evidence_of_a_broken_log_is_kept_once_and_is_exact(
    folder: OpenFolder, scrubber: Scrubber
) -> None:
    altered(folder, "UPDATE record SET auth = zeroblob(32) WHERE pos = 9")
    stopped(scrubber.step)
    record = folder.layout.record.read_bytes()
    folder.guard.report("E-FORK", stream=None, position=20)
    stopped(scrubber.step)
    (place,) = (folder.layout.folder / "evidence").iterdir()
    sums = (place / "SHA256SUMS").read_text().splitlines()
    assert f"{sha256(record).hexdigest()}  record.db" in sums
    assert (place / "record.db").read_bytes() == record


def test_a_damaged_page_of_the_database_is_an_incident(open_: Open, old_clinic: Path) -> None:
    folder = open_(old_clinic)
    lived(folder, 5)
    folder.close()
    path = old_clinic / "record.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = db.execute("PRAGMA page_size").fetchone()
        (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name='record'").fetchone()
    folder = open_(old_clinic)
    data = bytearray(path.read_bytes())
    for each in range(root, len(data) // page):
        # The first bytes of pages: what kind of page it is, and where its cells begin.
        data[each * page : each * page + 8] = b"\xff" * 8
    path.write_bytes(bytes(data))
    with closing(open_scrubber(folder)) as scrubber:
        assert stopped(scrubber.step) == "E-PARSE"
    assert folder.guard.incidents.halted() is not None


@dataclass
class Bench:
    """A record in which single bits are flipped; incidents are told to nobody, and taken back."""

    folder: OpenFolder
    path: Path

    def found(self) -> list[Incident]:
        """What the scrubber finds from the first row on."""

        def nowhere(_: Submission) -> Outcome:
            raise RecordUnavailable

        folder = self.folder
        self.path.unlink(missing_ok=True)
        guard = Guard(Incidents(self.path), self.path.parent, bytes(16), nowhere, folder.clock)
        memory = self.path.with_name("memory.db")
        memory.unlink(missing_ok=True)
        with closing(Memory.create(memory, ORIGIN)) as found:
            scrubber = Scrubber(folder.store, found, guard, folder.append_key, None)
            try:
                scrubber.step()
            except (LogBroken, Broken):
                assert guard.incidents.halted() is not None
        return guard.incidents.all()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_any_single_flipped_bit_of_any_row_is_found(
    folder: OpenFolder, tmp_path: Path, data: st.DataObject
) -> None:
    bench = Bench(folder, tmp_path / "incidents")
    position = data.draw(st.integers(0, folder.store.standing().size - 1), "position")
    column = data.draw(st.sampled_from(COLUMNS), "column")
    statement = f"UPDATE record SET {column} = ? WHERE pos = ?"  # noqa: S608 - our own names
    with damage(folder.layout.folder) as db:
        asked = f"SELECT {column} FROM record WHERE pos = ?"  # noqa: S608 - our own names
        (found,) = db.execute(asked, (position,)).fetchone()
        assume(found is not None)
        if isinstance(found, bytes):
            bit = data.draw(st.integers(0, 8 * len(found) - 1), "bit")
            after: object = (int.from_bytes(found, "big") ^ 1 << bit).to_bytes(len(found), "big")
        else:
            after = found ^ 1 << data.draw(st.integers(0, 62), "bit")
        try:
            db.execute(statement, (after, position))
        except sqlite3.IntegrityError:
            assume(False)
        try:
            assert bench.found()
        finally:
            db.execute(statement, (found, after if column == "pos" else position))
    assert not bench.found()


# Everything again, and by chance


def test_what_is_altered_after_it_was_verified_is_found_by_the_week(
    folder: OpenFolder, scrubber: Scrubber
) -> None:
    whole(scrubber)
    flipped(folder, place_of(folder, LOOKS))
    whole(scrubber)
    assert told(folder) == []
    while not scrubber.again(4):
        pass
    assert told(folder) == [("E-LEAF", Scope.STREAM, LOOKS)]
    scrubber.again()
    assert len(told(folder)) == 1


@pytest.mark.parametrize(
    ("code", "statement"),
    [
        ("E-AUTH", "UPDATE record SET auth = zeroblob(32) WHERE pos = 9"),
        ("E-GAP", "DELETE FROM record WHERE pos = 9"),
        ("E-GAP", "DELETE FROM record WHERE pos = (SELECT max(pos) FROM record)"),
    ],
)
def test_a_log_that_is_broken_after_it_was_verified_is_found_by_the_week(
    folder: OpenFolder, scrubber: Scrubber, code: str, statement: str
) -> None:
    whole(scrubber)
    altered(folder, statement)
    assert stopped(scrubber.again) == code
    assert stopped(scrubber.again) == code
    assert len(told(folder)) == 1


@pytest.mark.parametrize(
    ("column", "scope"), [("record", Scope.STREAM), ("leaf", Scope.STREAM), ("auth", Scope.LOG)]
)
def test_what_is_altered_after_it_was_verified_is_found_by_chance(
    folder: OpenFolder, scrubber: Scrubber, column: str, scope: Scope
) -> None:
    whole(scrubber)
    flipped(folder, place_of(folder, NOTE, 2), column)
    try:
        assert scrubber.sample(200) < 200
    except LogBroken:
        assert scope is Scope.LOG
    assert [(each.scope, each.stream) for each in folder.guard.incidents.all()] == [(scope, NOTE)]


def test_no_row_is_chosen_where_none_was_verified(scrubber: Scrubber) -> None:
    assert scrubber.sample(5) == 0
    assert scrubber.again()


# The memory


@pytest.mark.parametrize("data", [b"", b"no database", bytes(5000)])
def test_a_damaged_memory_costs_time_and_nothing_else(folder: OpenFolder, data: bytes) -> None:
    with closing(open_scrubber(folder)) as scrubber:
        whole(scrubber)
    folder.layout.scrub.write_bytes(data)
    with closing(open_scrubber(folder)) as scrubber:
        assert scrubber.memory.standing().size == 0
        assert whole(scrubber) == folder.store.standing().size
    assert told(folder) == []
    assert folder.layout.scrub.stat().st_mode & 0o777 == 0o600
    assert not list(folder.layout.folder.glob(".scrub*"))


def test_a_memory_of_another_log_is_not_used(folder: OpenFolder) -> None:
    Memory.create(folder.layout.scrub, "other.example/log/1").close()
    with closing(open_scrubber(folder)) as scrubber:
        assert whole(scrubber) == folder.store.standing().size
    assert told(folder) == []


def test_scrubbers_on_one_memory_do_not_disturb_one_another(
    open_: Open, folder: OpenFolder
) -> None:
    """Each has the folder open for itself, as another process would, while somebody writes."""
    failed: list[BaseException] = []
    done = threading.Event()

    def scrub(folder: OpenFolder, limit: int) -> None:
        try:
            with closing(open_scrubber(folder)) as scrubber:
                while scrubber.step(limit).behind or not done.is_set():
                    scrubber.map_head()
        except BaseException as error:  # noqa: BLE001 - shown by the thread that waits
            failed.append(error)

    open_scrubber(folder).close()
    others = [open_(folder.layout.folder) for _ in range(3)]
    threads = [
        threading.Thread(target=scrub, args=(each, limit))
        for each, limit in zip(others, (1, 3, 50), strict=True)
    ]
    for each in threads:
        each.start()
    heads = map_stream(folder.vault.log_id)
    deadline = time.monotonic() + 30
    while folder.store.version(heads) < 3 and not failed and time.monotonic() < deadline:
        lived(folder, 2)
        time.sleep(0.01)
    done.set()
    for each in threads:
        each.join(60)
    assert not failed
    assert told(folder) == []
    with closing(open_scrubber(folder)) as scrubber:
        assert whole(scrubber) == folder.store.standing().size
        assert scrubber.again()
    epochs = [head_at(folder, each.position).epoch for each in folder.store.stream(heads)]
    assert len(epochs) >= 3
    assert epochs == list(range(1, len(epochs) + 1))


def test_a_bad_record_is_told_once_by_two_scrubbers(folder: OpenFolder) -> None:
    flipped(folder, place_of(folder, NOTE))
    with closing(open_scrubber(folder)) as one, closing(open_scrubber(folder)) as other:
        for each in (one, other, one, other):
            each.step(9)
        for each in (one, other):
            assert whole(each) == folder.store.standing().size
    assert told(folder) == [("E-LEAF", Scope.STREAM, NOTE)]


# The map of access logs


def head_at(folder: OpenFolder, position: int | None) -> MapHead:
    assert position is not None
    found = parse_control(folder.store.rows(position, 1)[0].record or b"")
    assert isinstance(found, MapHead)
    return found


def test_a_map_head_covers_what_was_verified_and_is_written_when_it_changes(
    folder: OpenFolder, scrubber: Scrubber
) -> None:
    assert scrubber.map_head() is None
    size = whole(scrubber)
    first = head_at(folder, scrubber.map_head())
    assert (first.epoch, first.log_size, first.map_size) == (1, size, 2)
    # Not before the one that was written has been verified, nor while nothing has changed.
    lived(folder)
    assert scrubber.map_head() is None
    whole(scrubber)
    second = head_at(folder, scrubber.map_head())
    assert (second.epoch, second.map_size) == (2, 2)
    whole(scrubber)
    assert scrubber.map_head() is None
    assert told(folder) == []


def test_no_map_head_leaves_too_much_out(
    folder: OpenFolder, scrubber: Scrubber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_BEHIND", 2)
    whole(scrubber)
    lived(folder, 3)
    assert scrubber.map_head() is None
    whole(scrubber)
    assert scrubber.map_head() is not None


def test_no_map_head_is_written_behind_damage(folder: OpenFolder, scrubber: Scrubber) -> None:
    whole(scrubber)
    position = scrubber.map_head()
    whole(scrubber)
    assert position is not None
    lived(folder)
    flipped(folder, position)
    scrubber.again()
    whole(scrubber)
    assert told(folder) == [("E-LEAF", Scope.STREAM, map_stream(folder.vault.log_id).hex())]
    assert scrubber.map_head() is None
    folder.guard.report("E-ROOT", stream=None, position=3)
    size = folder.store.standing().size
    assert scrubber.map_head() is None
    assert folder.store.standing().size == size


def audited(layout: Layout) -> EntryVerification:
    """What an auditor finds who has the published folder alone, and the name of the log."""
    folder = TileFolder(layout.log)
    size = Trust.parse(layout.policy.read_bytes()).judge(folder.read_checkpoint()).checkpoint.size
    records = dict(folder.controls(0, size))
    auditor = EntryVerification(log_id_of(ORIGIN))
    entries = folder.entries(0, size)
    auditor.extend((entry, records.get(place)) for place, entry in enumerate(entries))
    return auditor


def test_an_auditor_without_keys_agrees_with_map_heads_and_sees_incidents(
    folder: OpenFolder, anchored: Path, scrubber: Scrubber
) -> None:
    for _ in range(3):
        whole(scrubber)
        assert scrubber.map_head() is not None
        lived(folder, 2)
    before = flipped(folder, place_of(folder, NOTE))
    scrubber.again()
    put(folder, place_of(folder, NOTE), "record", before)
    size = publish(anchored, folder.layout)
    auditor = audited(folder.layout)
    assert (auditor.size, auditor.root()) == (size, folder_root(folder))
    logged = auditor.news().logged_map
    assert logged is not None
    assert logged.head.epoch == 3


def folder_root(folder: OpenFolder) -> bytes:
    standing = folder.store.standing()
    return CompactRange.from_bytes(standing.size, standing.range_bytes).root()


# After a recovery

NEW = "clinic.example/log/2"


@pytest.fixture(scope="module")
def once_recovered(written: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clinic that was put back to yesterday's backup, with map heads before, and recovered."""
    path = Path(shutil.copytree(written.path, tmp_path_factory.mktemp("recovered") / "clinic"))
    with (
        closing(open_with(path, written.custody, clock=Hands())) as folder,
        closing(open_scrubber(folder)) as scrubber,
    ):
        for _ in range(2):
            whole(scrubber)
            assert scrubber.map_head() is not None
            lived(folder)
    old = {each.name: each.read_bytes() for each in path.glob("record.db*")}
    with closing(open_with(path, written.custody, clock=Hands())) as folder:
        lived(folder, 3)
    for name, data in old.items():
        (path / name).write_bytes(data)
    recover(path, PASSPHRASES, origin=NEW, reason="disk failure")
    return path


@pytest.fixture
def recovered(open_: Open, once_recovered: Path, tmp_path: Path) -> OpenFolder:
    return open_(Path(shutil.copytree(once_recovered, tmp_path / "recovered")))


def test_a_recovered_log_is_verified_through_both_its_names(recovered: OpenFolder) -> None:
    with closing(open_scrubber(recovered)) as scrubber:
        assert whole(scrubber, 10) == recovered.store.standing().size
        assert scrubber.memory.standing().origin == NEW
        lived(recovered, 2)
        assert whole(scrubber) == recovered.store.standing().size
        assert scrubber.again()
        assert scrubber.sample(100) == 100
    with closing(open_scrubber(recovered)) as scrubber:
        assert scrubber.memory.standing().size == recovered.store.standing().size
        while not scrubber.again(7):
            pass
    assert told(recovered) == []


def test_a_bad_record_below_a_recovery_is_gone_behind(recovered: OpenFolder) -> None:
    lived(recovered)
    flipped(recovered, place_of(recovered, NOTE))
    with closing(open_scrubber(recovered)) as scrubber:
        assert whole(scrubber, 4) == recovered.store.standing().size
    assert told(recovered) == [("E-LEAF", Scope.STREAM, NOTE)]


def test_map_heads_begin_anew_under_the_new_name(recovered: OpenFolder) -> None:
    with closing(open_scrubber(recovered)) as scrubber:
        scrubber.step(recovered.vault.lineage.eras[-1].start)
        # What was verified still stands under the old name, with its own map heads.
        assert scrubber.map_head() is None
        whole(scrubber)
        assert head_at(recovered, scrubber.map_head()).epoch == 1
        lived(recovered)
        whole(scrubber)
        assert head_at(recovered, scrubber.map_head()).epoch == 2
        whole(scrubber)
    assert told(recovered) == []


def test_a_memory_from_before_the_recovery_is_not_used(
    recovered: OpenFolder, tmp_path: Path
) -> None:
    forget(recovered.layout)
    kept = tmp_path / "kept"
    with closing(open_scrubber(recovered)) as scrubber:
        whole(scrubber)
        size = scrubber.memory.standing().size
    with closing(sqlite3.connect(recovered.layout.scrub)) as db:
        db.execute("UPDATE standing SET origin = ?", (ORIGIN,))
        db.commit()
    recovered.layout.scrub.rename(kept)
    kept.rename(recovered.layout.scrub)
    with closing(open_scrubber(recovered)) as scrubber:
        assert scrubber.memory.standing().size == 0
        assert whole(scrubber) == size


def test_a_clock_that_stands_still_is_no_matter(
    folder: OpenFolder, scrubber: Scrubber, hands: Hands
) -> None:
    lived(folder, 2)
    hands.move(hours=1)
    lived(folder, 2)
    assert whole(scrubber) == folder.store.standing().size
