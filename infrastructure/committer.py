"""Group commit: one thread per process writes, and whoever arrives meanwhile shares its fsync.

An event loop forms its group itself: one hand-over a turn, one batch in flight, so that the loop
never waits for a disk and wakes once per batch (architecture.md, decision 5 and fine print 15).
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
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
        self._queue: queue.SimpleQueue[_Group | None] = queue.SimpleQueue()
        self._loops: WeakKeyDictionary[asyncio.AbstractEventLoop, _LoopGroup] = WeakKeyDictionary()
        self._gate = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)
        self._thread.start()

    def commit(self, submission: Submission) -> Outcome:
        """Write from a thread; durable when it returns.

        Raises:
            RecordUnavailable: The store could not write; nothing of the submission is in it.
        """
        answer: queue.SimpleQueue[Outcome | BaseException] = queue.SimpleQueue()
        self.hand_over([submission], lambda outcomes: answer.put(outcomes[0]))
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
        # Nothing may be queued behind the end: nobody would ever write it.
        with self._gate:
            if self._closed:
                raise RecordUnavailable
            self._queue.put((submissions, done))

    def close(self) -> None:
        """Write what is queued, then stop."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            group = self._queue.get()
            if group is None:
                return
            groups, count, last = [group], len(group[0]), False
            while count < MOST_TOGETHER and not last:
                try:
                    another = self._queue.get_nowait()
                except queue.Empty:
                    break
                if another is None:
                    last = True
                else:
                    groups.append(another)
                    count += len(another[0])
            self._write(groups)
            if last:
                return

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
