"""Serves a clinic in one of four ways; started by row ``reads`` as a process of its own.

``recorded`` is the application as it is. The other two exist here alone: ``unrecorded`` hands out
tickets for looks that are never written down, ``alone`` gives every look a commit of its own.
``broker`` is the application whose keys are with a broker, which it starts beside itself.
"""

from __future__ import annotations

import asyncio
import atexit
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from api.compose import Clinic, open_behind, open_clinic
from api.http.app import create_app
from benchmarks.world import PASSPHRASE
from domain.events.access import AccessRecorded
from domain.ports import Record, Write
from domain.values import Circumstances, Command, Receipt
from infrastructure.committer import Committer
from infrastructure.record import Record as SealedRecord
from infrastructure.stores.contract import Outcome, Submission


class Unrecorded:
    """Reads as the record does, and writes no look down."""

    def __init__(self, clinic: Clinic) -> None:
        record = clinic.folder.record
        self.frame, self.fold, self.replay = record.frame, record.fold, record.replay
        self.history = record.history
        self._broker = clinic.folder.vault.broker

    async def append(
        self,
        writes: Iterable[Write],
        who: Circumstances,
        *,
        command: Command | None = None,
        reply: Iterable[tuple[str, str]] = (),
        occurred_at: datetime | None = None,
    ) -> Receipt:
        """Tickets for nothing."""
        del occurred_at
        tickets = [
            self._broker.ticket(who, 0, event, write.opens)
            for write in writes
            for event in write.events
            if isinstance(event, AccessRecorded)
        ]
        return Receipt(0, 0, datetime.now(UTC), (0,), (b"",), tickets=tuple(tickets))


class Alone:
    """Each append in a transaction of its own, from a thread."""

    def __init__(self, clinic: Clinic) -> None:
        folder = clinic.folder
        one_by_one = OneByOne(folder.store)
        self._record = SealedRecord(
            folder.store,
            folder.vault,
            one_by_one,
            folder.clock,
            folder.guard,
            folder.spool,
            folder.sign,
        )
        self.frame, self.fold = self._record.frame, self._record.fold
        self.history, self.replay = self._record.history, self._record.replay

    async def append(
        self,
        writes: Iterable[Write],
        who: Circumstances,
        *,
        command: Command | None = None,
        reply: Iterable[tuple[str, str]] = (),
        occurred_at: datetime | None = None,
    ) -> Receipt:
        """Append from a thread that waits for the disk."""
        return await asyncio.to_thread(
            self._record.append_now,
            writes,
            who,
            command=command,
            reply=reply,
            occurred_at=occurred_at,
        )


class OneByOne(Committer):
    """Forms no groups."""

    def commit(self, submission: Submission) -> Outcome:
        """Write one submission in the calling thread."""
        found: Sequence[Outcome] = self._store.commit([submission])
        return found[0]


def wrapped(clinic: Clinic, way: str) -> Record:
    """The record as the application is to see it."""
    match way:
        case "unrecorded":
            return Unrecorded(clinic)
        case "alone":
            return Alone(clinic)
        case _:
            return clinic.desk.record


def behind_a_broker(folder: Path) -> Clinic:
    """The clinic without its passphrase, and a broker that ends with this process."""
    socket = folder.with_name(f"{folder.name}-run") / "broker.sock"
    secret = folder.with_name(f"{folder.name}-passphrase")
    secret.write_text(PASSPHRASE)
    words = ("--data", folder, "--socket", socket, "--passphrase-file", secret)
    command = [sys.executable, "-m", "api.cli", "broker", *map(str, words)]
    process = subprocess.Popen(command)
    atexit.register(process.terminate)
    # uvicorn raises the signal anew behind its own work: then the broker has to end too.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    while not socket.exists():
        assert process.poll() is None, "the broker has ended"
        time.sleep(0.05)
    return open_behind(folder, socket)


def serve(way: str, folder: Path, descriptor: int, *, follow: bool) -> None:
    """Serve on a socket that is open already."""
    clinic = behind_a_broker(folder) if way == "broker" else open_clinic(folder, PASSPHRASE)
    clinic.desk = replace(clinic.desk, record=wrapped(clinic, way))
    uvicorn.run(
        create_app(clinic, follow=follow), fd=descriptor, access_log=False, log_level="warning"
    )


if __name__ == "__main__":
    serve(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), follow=sys.argv[4:] == ["follow"])
