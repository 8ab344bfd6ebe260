"""Group commit: one thread at a time writes, and whoever arrives meanwhile shares its fsync.

An event loop forms its group itself: one hand-over a turn, one batch in flight, so that the loop
never waits for a disk and wakes once per batch (architecture.md, decision 5 and fine print 15).
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from weakref import WeakKeyDictionary

from domain.errors import RecordUnavailable
from infrastructure.stores.contract import Outcome, RecordStore, Submission

MOST_TOGETHER = 256
"""Submissions in one transaction."""

Done = Callable[[Sequence[Outcome | BaseException]], None]
_Group = tuple[Sequence[Submission], Done]


class Committer:
    """The one writer of a process."""

    def __init__(self, store: RecordStore) -> None:
        self._store = store
        self._waiting: deque[_Group] = deque()
        self._loops: WeakKeyDictionary[asyncio.AbstractEventLoop, _LoopGroup] = WeakKeyDictionary()
        self._gate = threading.Condition()
        self._writing = False
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)
        self._thread.start()

    def commit(self, submission: Submission) -> Outcome:
        """Write from a thread; durable when it returns.

        Raises:
            RecordUnavailable: The store could not write; nothing of the submission is in it.
        """
        answer: SimpleQueue[Outcome | BaseException] = SimpleQueue()
        group: _Group = [submission], lambda outcomes: answer.put(outcomes[0])
        with self._gate:
            alone = not (self._writing or self._waiting or self._closed)
            if alone:
                self._writing = True
            else:
                self._queue(group)
        if alone:
            # Nobody writes: this thread need not wait for another one to do it.
            self._write([group])
        outcome = answer.get()
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    async def commit_soon(self, submission: Submission) -> Outcome:
        """Write from an event loop; durable when it returns.

        Raises:
            RecordUnavailable: The store could not write; nothing of the submission is in it.
        """
        loop = asyncio.get_running_loop()
        group = self._loops.get(loop)
        if group is None:
            group = self._loops[loop] = _LoopGroup(self)
        return await group.join(submission)

    def hand_over(self, submissions: Sequence[Submission], done: Done) -> None:
        """Queue submissions; ``done`` is called in the writer's thread with their outcomes."""
        with self._gate:
            self._queue((submissions, done))

    def close(self) -> None:
        """Write what is queued, then stop."""
        with self._gate:
            self._closed = True
            self._gate.notify()
        self._thread.join()

    def _queue(self, group: _Group) -> None:
        # Nothing may be queued behind the end: nobody would ever write it.
        if self._closed:
            raise RecordUnavailable
        self._waiting.append(group)
        self._gate.notify()

    def _run(self) -> None:
        while groups := self._next():
            self._write(groups)
            # What was written holds on to the loops that wait for it.
            del groups

    def _next(self) -> list[_Group]:
        """What is to be written together; nothing at the end."""
        with self._gate:
            while self._writing or not (self._waiting or self._closed):
                self._gate.wait()
            groups, count = [], 0
            while self._waiting and count < MOST_TOGETHER:
                groups.append(self._waiting.popleft())
                count += len(groups[-1][0])
            self._writing = bool(groups)
        return groups

    def _write(self, groups: list[_Group]) -> None:
        together = [each for submissions, _ in groups for each in submissions]
        outcomes: Sequence[Outcome | BaseException]
        try:
            outcomes = self._store.commit(together)
        except (sqlite3.Error, OSError):
            # A full disk, a lock that never came free: the transaction did not happen.
            outcomes = [RecordUnavailable() for _ in together]
        except Exception as error:  # noqa: BLE001 - each waiting writer is told, none hangs
            outcomes = [error for _ in together]
        finally:
            with self._gate:
                self._writing = False
                if self._waiting or self._closed:
                    self._gate.notify()
        start = 0
        for submissions, done in groups:
            end = start + len(submissions)
            done(outcomes[start:end])
            start = end


class _LoopGroup:
    """What one event loop has waiting, and the batch of it that is being written.

    It does not hold its loop, which would keep every loop of a process alive.
    """

    def __init__(self, committer: Committer) -> None:
        self._committer = committer
        self._waiting: list[tuple[Submission, asyncio.Future[Outcome]]] = []
        self._flying = False

    def join(self, submission: Submission) -> asyncio.Future[Outcome]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome] = loop.create_future()
        self._waiting.append((submission, future))
        if not self._flying:
            self._flying = True
            loop.call_soon(self._fly)
        return future

    def _fly(self) -> None:
        loop = asyncio.get_running_loop()
        batch, self._waiting = self._waiting, []
        futures = [future for _, future in batch]

        def done(outcomes: Sequence[Outcome | BaseException]) -> None:
            # The loop may have been closed meanwhile; then nobody is waiting.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._land, futures, outcomes)

        try:
            self._committer.hand_over([submission for submission, _ in batch], done)
        except RecordUnavailable as error:
            self._land(futures, [error for _ in futures])

    def _land(
        self,
        futures: list[asyncio.Future[Outcome]],
        outcomes: Sequence[Outcome | BaseException],
    ) -> None:
        for future, outcome in zip(futures, outcomes, strict=True):
            if future.cancelled():
                continue
            if isinstance(outcome, BaseException):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)
        self._flying = bool(self._waiting)
        if self._flying:
            asyncio.get_running_loop().call_soon(self._fly)
