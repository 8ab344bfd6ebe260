"""A clinic whose keys are with a broker: a real process, a real socket, the server's real clock."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from api.compose import create, open_behind, opened
from api.http.app import create_app
from infrastructure.broker.line import Line
from infrastructure.vault.custody import LIGHT
from tests.api.http.support import Office
from tests.support.clinic import HandClock, People, SmallClinic, _first_people

PASSPHRASE = "the keys are in another house"
PASSPHRASES = [PASSPHRASE, "and the second one in a safe"]
ROOT = Path(__file__).parents[2]
_SECONDS = 30


class WallClock(HandClock):
    """The real clock: another process compares with its own."""

    def now(self) -> datetime:
        """The present instant."""
        return datetime.now(UTC)


@dataclass(frozen=True)
class Prepared:
    """A data folder with its first people, that is copied and not used."""

    folder: Path
    people: People


def prepared(folder: Path) -> Prepared:
    """Make one."""
    create(folder, PASSPHRASES, origin="tests.powiernik.invalid", cost=LIGHT)
    with opened(folder, PASSPHRASE) as clinic:
        return Prepared(folder, asyncio.run(_first_people(clinic)))


@dataclass
class House:
    """A data folder, and the broker that has its keys."""

    data: Path
    socket: Path
    people: People
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self, *options: str) -> None:
        """Start the broker, and wait until it listens."""
        secret = self.data.with_name("passphrase")
        secret.write_text(PASSPHRASE)
        words = ("--data", self.data, "--socket", self.socket, "--passphrase-file", secret)
        self.options = options or self.options
        command = [sys.executable, "-m", "api.cli", "broker", *map(str, words), *self.options]
        self.process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)
        until = time.monotonic() + _SECONDS
        while not _listens(self.socket):
            if self.process.poll() is not None or time.monotonic() > until:
                raise AssertionError(self.stop(signal.SIGKILL))
            time.sleep(0.02)

    def stop(self, number: int = signal.SIGTERM) -> str:
        """End the broker; what it wrote into the journal."""
        assert self.process is not None
        self.process.send_signal(number)
        _, told = self.process.communicate(timeout=_SECONDS)
        self.process = None
        return told.decode()

    def line(self) -> Line:
        """A connection of one's own."""
        return Line(self.socket)

    @contextmanager
    def worker(self) -> Iterator[SmallClinic]:
        """The clinic as a worker opens it: without a passphrase."""
        with asyncio.Runner() as runner:
            clinic = open_behind(self.data, self.socket)
            try:
                yield SmallClinic(clinic, self.people, WallClock(), runner)
            finally:
                clinic.close()

    @contextmanager
    def office(self, **options: Any) -> Iterator[Office]:
        """The same behind its HTTP door."""
        with self.worker() as clinic:
            app = create_app(clinic.clinic, **options)
            with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as door:
                yield Office(clinic, app, door)

    @contextmanager
    def embedded(self) -> Iterator[SmallClinic]:
        """The clinic as whoever has the passphrase opens it."""
        with asyncio.Runner() as runner, opened(self.data, PASSPHRASE) as clinic:
            yield SmallClinic(clinic, self.people, WallClock(), runner)


@contextmanager
def house(prepared: Prepared, place: Path, *options: str) -> Iterator[House]:
    """A copy of a prepared data folder with its broker at work."""
    data = place / "clinic"
    shutil.copytree(prepared.folder, data)
    found = House(data, place / "run" / "broker.sock", prepared.people)
    found.start(*options)
    try:
        yield found
    finally:
        if found.process is not None:
            found.stop(signal.SIGKILL)


def _listens(socket: Path) -> bool:
    if not socket.exists():
        return False
    line = Line(socket)
    try:
        line._connect().close()
    except OSError:
        return False
    return True
