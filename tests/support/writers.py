"""Processes that write to a data folder until they are killed, and tell what was acknowledged.

Each line that a writer tells is one ``write`` to a pipe, whole or not at all, and stays in the pipe
when the writer dies:

- ``O``: the folder is open;
- ``B job``: the append of this job begins;
- ``A job first last repeated``: it has returned, and these are its positions;
- ``X what``: something went wrong that must not.

``Stable`` is a process without threads and without open databases that forks writers, kills them
after a while and hands on what they told; the key-encryption key is unlocked once, in there.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Self

from api import compose
from infrastructure.folder import OpenFolder, open_with
from infrastructure.layout import Layout
from infrastructure.vault.custody import LIGHT, Keyfile, unlock
from tests.support.jobs import Job, foundations, named

PASSPHRASE = "the long tests' passphrase"
ROOT = Path(__file__).parents[2]
THREADS, TASKS = 3, 3
"""Slots of a writer: threads that wait for each append, tasks that share an event loop."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The positions that a job's append handed back."""

    first: int
    last: int
    repeated: bool


@dataclass
class Told:
    """What writers told: which jobs they began, which were acknowledged, what went wrong."""

    begun: set[str] = field(default_factory=set)
    acknowledged: dict[str, Acknowledged] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def take(self, lines: Iterable[str]) -> None:
        """Add lines, as they were told."""
        for line in lines:
            what, _, rest = line.partition(" ")
            if what == "O":
                continue
            if what == "B":
                self.begun.add(rest)
            elif what == "A":
                name, first, last, repeated = rest.rsplit(" ", 3)
                found = Acknowledged(int(first), int(last), repeated == "True")
                known = self.acknowledged.setdefault(name, found)
                if (known.first, known.last) != (found.first, found.last):
                    self.wrong.append(f"{name} was acknowledged at two places")
            else:
                self.wrong.append(line)

    def unsettled(self) -> list[str]:
        """Commands that were begun and whose acknowledgement never came: to be tried again."""
        left = sorted(self.begun - self.acknowledged.keys())
        return [each for each in left if (job := named(each)) and job.command is not None]


class Writer:
    """Writes jobs to an open folder from threads and from an event loop."""

    def __init__(self, folder: OpenFolder, number: int, tell: Tell) -> None:
        self._folder = folder
        self._number = number
        self._tell = tell
        self._stopping = threading.Event()

    def do(self, job: Job) -> None:
        """Append one job and tell of it."""
        self._tell(f"B {job.name}")
        writes = job.writes(self._version)
        receipt = self._folder.record.append_now(writes, job.who(), command=job.command)
        self._tell(f"A {job.name} {receipt.first} {receipt.last} {receipt.repeated}")

    def run(self, settle: Sequence[str] = (), seconds: float = 3600) -> None:
        """Try again what was not acknowledged, then write new jobs."""
        for each in settle:
            job = named(each)
            assert job is not None
            self.do(job)
        threads = [threading.Thread(target=self._thread, args=(slot,)) for slot in range(THREADS)]
        threads.append(threading.Thread(target=self._loop))
        for thread in threads:
            thread.start()
        self._stopping.wait(seconds)
        self._stopping.set()
        for thread in threads:
            thread.join()

    def _thread(self, slot: int) -> None:
        with self._telling():
            for step in itertools.count():
                if self._stopping.is_set():
                    return
                self.do(Job(self._number, slot, step))

    def _loop(self) -> None:
        with self._telling():
            asyncio.run(self._tasks())

    async def _tasks(self) -> None:
        await asyncio.gather(*(self._task(THREADS + number) for number in range(TASKS)))

    async def _task(self, slot: int) -> None:
        for step in itertools.count():
            if self._stopping.is_set():
                return
            job = Job(self._number, slot, step)
            self._tell(f"B {job.name}")
            writes = job.writes(self._version)
            receipt = await self._folder.record.append(writes, job.who(), command=job.command)
            self._tell(f"A {job.name} {receipt.first} {receipt.last} {receipt.repeated}")

    def _version(self, stream: str) -> int:
        return self._folder.store.version(bytes.fromhex(stream))

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            self._tell(f"X {error!r}")
            self._stopping.set()
            raise


def found(path: Path) -> Keyfile:
    """Make a data folder in which jobs can be written; its opened key."""
    compose.create(path, [PASSPHRASE], cost=LIGHT)
    custody = unlock(Layout(path).keyfile, PASSPHRASE)
    with contextlib.closing(open_with(path, custody)) as folder:
        for who, writes in foundations():
            folder.record.append_now(writes, who)
    return custody


def write(
    path: Path,
    custody: Keyfile,
    number: int,
    tell: Tell,
    settle: Sequence[str] = (),
    seconds: float = 3600,
) -> None:
    """Open the folder, follow and write for a while."""
    threading.excepthook = lambda died: tell(f"X {died.exc_value!r}")
    clinic = compose.compose(open_with(path, custody))
    clinic.start_following()
    tell("O")
    Writer(clinic.folder, number, tell).run(settle, seconds)
    clinic.close()


def teller(descriptor: int) -> Tell:
    """Tell through a pipe: one line, one write, so that no line is cut off."""
    return lambda line: _all(os.write(descriptor, f"{line}\n".encode()), line)


def _all(written: int, line: str) -> None:
    assert written == len(line.encode()) + 1


# The stable


class Stable:
    """Forks writers and kills them."""

    def __init__(self, path: Path) -> None:
        command = [sys.executable, "-m", "tests.support.writers", "stable", str(path)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._in.close()
        self._out.close()
        assert self._process.wait(timeout=60) == 0

    def run(self, number: int, seconds: float, settle: Sequence[str], *, kill: bool) -> list[str]:
        """The lines that a writer told in this time, after which it was killed or told to stop."""
        self._in.write(json.dumps([number, seconds, list(settle), kill]) + "\n")
        self._in.flush()
        lines: list[str] = json.loads(self._out.readline())
        return lines

    @property
    def _in(self) -> IO[str]:
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def _out(self) -> IO[str]:
        assert self._process.stdout is not None
        return self._process.stdout


def _serve(path: Path) -> None:
    custody = unlock(Layout(path).keyfile, PASSPHRASE)
    for line in sys.stdin:
        number, seconds, settle, kill = json.loads(line)
        reading, writing = os.pipe()
        assert threading.active_count() == 1
        child = os.fork()
        if child == 0:
            os.close(reading)
            _write_and_leave(path, custody, number, teller(writing), settle, seconds, kill)
        os.close(writing)
        # Every fourth time the clock runs from birth, so that death also comes while it opens.
        lines = _hear(reading, child, seconds if kill else None, open_first=number % 4 > 0)
        sys.stdout.write(json.dumps(lines) + "\n")
        sys.stdout.flush()


def _write_and_leave(
    path: Path,
    custody: Keyfile,
    number: int,
    tell: Tell,
    settle: Sequence[str],
    seconds: float,
    kill: bool,
) -> None:
    status = 1
    try:
        write(path, custody, number, tell, settle, 3600 if kill else seconds)
        status = 0
    except BaseException as error:  # noqa: BLE001 - told, not thrown: this process ends here
        tell(f"X {error!r}")
    finally:
        os._exit(status)


def _hear(reading: int, child: int, kill_after: float | None, *, open_first: bool) -> list[str]:
    """What a child tells until its end; a life is too short to fill the pipe."""
    told = b""
    if kill_after is not None:
        if open_first:
            told = os.read(reading, 2)
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reading, "rb") as pipe:
        told += pipe.read()
    os.waitpid(child, 0)
    return told.decode().splitlines()


def main(arguments: Sequence[str]) -> None:
    """``stable FOLDER``: fork on demand; ``write FOLDER NUMBER SETTLE``: write until killed."""
    match arguments:
        case ["stable", path]:
            _serve(Path(path))
        case ["write", path, number, settle]:
            custody = unlock(Layout(Path(path)).keyfile, PASSPHRASE)
            write(Path(path), custody, int(number), teller(1), json.loads(settle))


if __name__ == "__main__":
    main(sys.argv[1:])
