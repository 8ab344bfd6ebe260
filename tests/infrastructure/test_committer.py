"""The committer: whoever writes at the same moment shares a transaction, and nobody's fate."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from domain.errors import RecordUnavailable
from infrastructure.committer import MOST_TOGETHER, Committer
from infrastructure.stores.contract import (
    Conflict,
    Line,
    Outcome,
    Placed,
    RecordStore,
    Submission,
)
from infrastructure.stores.memory import MemoryStore
from infrastructure.stores.sqlite import SqliteStore

A, B = b"a" * 16, b"b" * 16
RECORD = bytes(100)


def line(stream_id: bytes, after: int | None = None) -> Submission:
    return Submission((Line(stream_id, ((bytes(16), lambda _: RECORD),), after),))


class Gate(MemoryStore):
    """A store that waits until it is let go on, and tells how large each batch was."""

    def __init__(self) -> None:
        super().__init__(b"key", lambda: 0)
        self.open = threading.Event()
        self.entered = threading.Event()
        self.open.set()
        self.sizes: list[int] = []
        self.failure: BaseException | None = None

    def commit(self, submissions: Sequence[Submission]) -> list[Outcome]:
        self.entered.set()
        assert self.open.wait(30)
        self.sizes.append(len(submissions))
        if self.failure is not None:
            raise self.failure
        return super().commit(submissions)

    def shut(self) -> None:
        self.entered.clear()
        self.open.clear()


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def committer(gate: Gate) -> Iterator[Committer]:
    one = Committer(gate)
    yield one
    gate.open.set()
    one.close()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(300) as found:
        yield found


def until(holds: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(3000):
        if holds():
            return
        pause.wait(0.01)
    pytest.fail("it never held")


def test_a_write_is_told_where_it_stands(committer: Committer) -> None:
    outcome = committer.commit(line(A, after=0))
    assert isinstance(outcome, Placed)
    assert (outcome.first, outcome.versions) == (0, (1,))


def test_who_comes_while_another_writes_is_written_together(
    committer: Committer, gate: Gate, pool: ThreadPoolExecutor
) -> None:
    gate.shut()
    first = pool.submit(committer.commit, line(A))
    assert gate.entered.wait(30)
    others = [pool.submit(committer.commit, line(B)) for _ in range(20)]
    until(lambda: len(committer._waiting) == 20)
    gate.open.set()
    outcomes = [each.result(30) for each in (first, *others)]
    assert gate.sizes == [1, 20]
    assert sorted(each.first for each in outcomes if isinstance(each, Placed)) == list(range(21))


def test_a_batch_has_an_upper_bound(
    committer: Committer, gate: Gate, pool: ThreadPoolExecutor
) -> None:
    gate.shut()
    first = pool.submit(committer.commit, line(A))
    assert gate.entered.wait(30)
    others = [pool.submit(committer.commit, line(B)) for _ in range(MOST_TOGETHER + 10)]
    until(lambda: len(committer._waiting) == MOST_TOGETHER + 10)
    gate.open.set()
    for each in (first, *others):
        each.result(30)
    assert gate.sizes == [1, MOST_TOGETHER, 10]


def test_a_stale_write_fails_alone(
    committer: Committer, gate: Gate, pool: ThreadPoolExecutor
) -> None:
    committer.commit(line(A, after=0))
    gate.shut()
    first = pool.submit(committer.commit, line(B, after=0))
    assert gate.entered.wait(30)
    good = [pool.submit(committer.commit, line(B)) for _ in range(5)]
    stale = pool.submit(committer.commit, line(A, after=0))
    more = [pool.submit(committer.commit, line(A)) for _ in range(5)]
    until(lambda: len(committer._waiting) == 11)
    gate.open.set()
    conflict = stale.result(30)
    assert isinstance(conflict, Conflict)
    assert conflict.stream_id == A
    assert all(isinstance(each.result(30), Placed) for each in (first, *good, *more))
    assert gate.sizes[-1] == 11
    assert gate.standing().size == 12


@pytest.mark.parametrize("failure", [sqlite3.OperationalError("full"), OSError("full")])
def test_a_store_that_cannot_write_leaves_nobody_hanging(
    committer: Committer, gate: Gate, pool: ThreadPoolExecutor, failure: BaseException
) -> None:
    gate.shut()
    gate.failure = failure
    waiting = [pool.submit(committer.commit, line(A)) for _ in range(5)]
    gate.open.set()
    for each in waiting:
        with pytest.raises(RecordUnavailable) as caught:
            each.result(30)
        assert "full" not in str(caught.value)
    gate.failure = None
    assert gate.standing().size == 0
    assert isinstance(committer.commit(line(A, after=0)), Placed)


def test_a_fault_of_ours_is_told_to_each_and_the_writer_lives(
    committer: Committer, gate: Gate
) -> None:
    gate.failure = ZeroDivisionError("a fault")
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            committer.commit(line(A))
    gate.failure = None
    assert isinstance(committer.commit(line(A, after=0)), Placed)


def test_what_is_queued_is_written_before_the_end(gate: Gate, pool: ThreadPoolExecutor) -> None:
    committer = Committer(gate)
    gate.shut()
    first = pool.submit(committer.commit, line(A))
    assert gate.entered.wait(30)
    others = [pool.submit(committer.commit, line(A)) for _ in range(10)]
    until(lambda: len(committer._waiting) == 10)
    closing = pool.submit(committer.close)
    gate.open.set()
    closing.result(30)
    for each in (first, *others):
        assert isinstance(each.result(30), Placed)


def test_after_the_end_nothing_is_taken_and_nobody_hangs(gate: Gate) -> None:
    committer = Committer(gate)
    committer.close()
    committer.close()
    with pytest.raises(RecordUnavailable):
        committer.commit(line(A))
    with pytest.raises(RecordUnavailable):
        asyncio.run(committer.commit_soon(line(A)))


def test_nobody_hangs_who_writes_while_it_ends(gate: Gate, pool: ThreadPoolExecutor) -> None:
    for _ in range(20):
        committer = Committer(gate)
        writing = [pool.submit(committer.commit, line(A)) for _ in range(8)]
        committer.close()
        for each in writing:
            error = each.exception(10)
            assert error is None or isinstance(error, RecordUnavailable)


# From event loops


def test_tasks_of_a_loop_form_one_group(committer: Committer, gate: Gate) -> None:
    async def many() -> list[Outcome]:
        return await asyncio.gather(*(committer.commit_soon(line(A)) for _ in range(50)))

    outcomes = asyncio.run(many())
    assert gate.sizes == [50]
    assert [each.first for each in outcomes if isinstance(each, Placed)] == list(range(50))


def test_one_batch_of_a_loop_is_in_flight_while_the_next_forms(
    committer: Committer, gate: Gate
) -> None:
    async def two_waves() -> None:
        gate.shut()
        first = [asyncio.ensure_future(committer.commit_soon(line(A))) for _ in range(3)]
        await asyncio.to_thread(gate.entered.wait, 30)
        second = [asyncio.ensure_future(committer.commit_soon(line(A))) for _ in range(7)]
        await asyncio.sleep(0.01)
        third = [asyncio.ensure_future(committer.commit_soon(line(A))) for _ in range(2)]
        await asyncio.sleep(0.01)
        gate.open.set()
        await asyncio.gather(*first, *second, *third)

    asyncio.run(two_waves())
    assert gate.sizes == [3, 9]


def test_a_loop_never_waits_for_the_disk(committer: Committer, gate: Gate) -> None:
    async def turning() -> int:
        gate.shut()
        writing = asyncio.ensure_future(committer.commit_soon(line(A)))
        turns = 0
        while turns < 100:
            await asyncio.sleep(0)
            turns += 1
        assert not writing.done()
        gate.open.set()
        await writing
        return turns

    assert asyncio.run(turning()) == 100


def test_a_cancelled_task_hurts_nobody(committer: Committer, gate: Gate) -> None:
    async def cancelling() -> None:
        gate.shut()
        tasks = [asyncio.ensure_future(committer.commit_soon(line(A))) for _ in range(4)]
        await asyncio.to_thread(gate.entered.wait, 30)
        tasks[1].cancel()
        gate.open.set()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(found[1], asyncio.CancelledError)
        assert all(isinstance(each, Placed) for each in (found[0], *found[2:]))
        await committer.commit_soon(line(A))

    asyncio.run(cancelling())
    assert gate.standing().size == 5


def test_a_failure_is_told_to_each_task(committer: Committer, gate: Gate) -> None:
    async def failing() -> list[Outcome | BaseException]:
        gate.failure = sqlite3.OperationalError("full")
        tasks = (committer.commit_soon(line(A)) for _ in range(3))
        return await asyncio.gather(*tasks, return_exceptions=True)

    assert all(isinstance(each, RecordUnavailable) for each in asyncio.run(failing()))
    gate.failure = None

    async def again() -> Outcome:
        return await committer.commit_soon(line(A, after=0))

    assert isinstance(asyncio.run(again()), Placed)


def test_a_loop_that_has_ended_is_let_go(committer: Committer) -> None:
    async def one() -> weakref.ref[asyncio.AbstractEventLoop]:
        await committer.commit_soon(line(A))
        return weakref.ref(asyncio.get_running_loop())

    loops = [asyncio.run(one()) for _ in range(3)]
    committer.commit(line(A))
    gc.collect()
    assert [each() for each in loops] == [None, None, None]


def test_a_loop_that_ends_before_its_write_does_not_hurt_the_writer(
    committer: Committer, gate: Gate
) -> None:
    async def leaving() -> None:
        gate.shut()
        task = asyncio.ensure_future(committer.commit_soon(line(A)))
        await asyncio.to_thread(gate.entered.wait, 30)
        task.cancel()

    asyncio.run(leaving())
    gate.open.set()
    assert isinstance(committer.commit(line(A)), Placed)


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[RecordStore]:
    SqliteStore.create(tmp_path / "record.db")
    store = SqliteStore(tmp_path / "record.db", b"key", lambda: 0)
    yield store
    store.close()


def test_loops_and_threads_write_together_and_leave_no_gap(
    sqlite: RecordStore, pool: ThreadPoolExecutor
) -> None:
    committer = Committer(sqlite)

    def from_a_thread(number: int) -> list[Outcome]:
        return [committer.commit(line(bytes([number]) * 16)) for _ in range(20)]

    def from_a_loop(number: int) -> list[Outcome]:
        async def tasks() -> list[Outcome]:
            writing = (committer.commit_soon(line(bytes([number]) * 16)) for _ in range(20))
            return await asyncio.gather(*writing)

        return asyncio.run(tasks())

    work = [from_a_thread, from_a_loop]
    futures = [pool.submit(work[number % 2], number) for number in range(8)]
    outcomes = [each for future in futures for each in future.result(60)]
    committer.close()
    positions = sorted(each.first for each in outcomes if isinstance(each, Placed))
    assert positions == list(range(160))
    assert [row.position for row in sqlite.rows(0, 999)] == positions
    for number in range(8):
        rows = sqlite.stream(bytes([number]) * 16)
        assert [row.version for row in rows] == list(range(1, 21))
