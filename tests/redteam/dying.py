"""Writers that die where they are told to, and the process that forks one for each death.

That process has no threads and no open databases, and unlocks the key-encryption key once. A writer
kills itself with signal 9: before the so-manieth statement of its append, or when the append is
committed and nobody has heard of it yet.
"""

from __future__ import annotations

import itertools
import json
import os
import resource
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import IO, Self

from domain.errors import RecordUnavailable
from domain.values import ClientId, Command, Receipt
from infrastructure.folder import OpenFolder, open_with
from infrastructure.layout import Layout
from infrastructure.stores.sqlite import SqliteStore
from infrastructure.vault.custody import Keyfile, unlock
from tests.support import ink

ROOT = Path(__file__).parents[2]
COMMITTED, PINNED = "committed", "pinned"
"""Deaths behind the commit: before the head is pinned, and after."""
FULL = "full"
"""No death: the disk is full in the middle of a commit, and then has room again."""
ROOM = 150_000
"""The size to which files may grow before the disk is full: so many bytes of write-ahead log."""
MOST_LOOKS = 200


def command(name: str, words: str) -> Command:
    """The command of an append: by its name it is tried again."""
    return Command(name, sha256(words.encode()).digest())


def append(folder: OpenFolder, name: str, words: str = "the same words") -> Receipt:
    """A new client with her case and a look: new keys, three streams, one transaction."""
    client = ClientId(ink.an_id(name))
    writes = (ink.registered(client), ink.opened(client), ink.looked(client))
    return folder.record.append_now(writes, ink.WHO, command=command(name, words))


def look_at_both(folder: OpenFolder, name: str) -> Receipt:
    """Two looks in one transaction, which need no new key."""
    writes = (ink.looked(ink.ANNA), ink.looked(ink.BASIA))
    return folder.record.append_now(writes, ink.WHO, command=command(name, ""))


class Dying:
    """Forks writers on one clinic, each of which dies where it is told to."""

    def __init__(self, path: Path, passphrase: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.redteam.dying", str(path)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._write(passphrase)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._in.close()
        self._out.close()
        assert self._process.wait(timeout=60) == 0

    def write(self, name: str, dies: int | str) -> int:
        """Let a writer append under this name; the signal of which it died, 0 if it outlived it."""
        self._write(json.dumps([name, dies]))
        return int(self._out.readline())

    def _write(self, line: str) -> None:
        self._in.write(line + "\n")
        self._in.flush()

    @property
    def _in(self) -> IO[str]:
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def _out(self) -> IO[str]:
        assert self._process.stdout is not None
        return self._process.stdout


def _serve(path: Path) -> None:
    custody = unlock(Layout(path).keyfile, sys.stdin.readline().rstrip("\n"))
    for line in sys.stdin:
        name, dies = json.loads(line)
        child = os.fork()
        if child == 0:
            _write_and_leave(path, custody, name, dies)
        _, status = os.waitpid(child, 0)
        died = os.WTERMSIG(status) if os.WIFSIGNALED(status) else -os.WEXITSTATUS(status)
        sys.stdout.write(f"{died}\n")
        sys.stdout.flush()


def _write_and_leave(path: Path, custody: Keyfile, name: str, dies: int | str) -> None:
    status = 1
    try:
        folder = open_with(path, custody)
        if dies == FULL:
            _fill_the_disk(folder, name)
        else:
            _set_up(folder, dies)
            append(folder, name)
        folder.close()
        status = 0
    finally:
        os._exit(status)


def _set_up(folder: OpenFolder, dies: int | str) -> None:
    store = folder.store
    assert isinstance(store, SqliteStore)
    noted = store._committed

    def pinned(size: int, range_bytes: bytes) -> None:
        noted(size, range_bytes)
        _die()

    if dies == COMMITTED:
        store._committed = lambda _size, _range: _die()
    elif dies == PINNED:
        store._committed = pinned
    else:
        statements = itertools.count()
        store._writer.set_trace_callback(lambda _: _die() if next(statements) == dies else None)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _fill_the_disk(folder: OpenFolder, name: str) -> None:
    """Write until no file may grow any more, and once more when they may again."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, hard))
    refused = False
    for number in range(MOST_LOOKS):
        try:
            look_at_both(folder, f"{name} {number}")
        except RecordUnavailable:
            refused = True
            break
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert refused, "the disk was never full"
    look_at_both(folder, f"{name} again")


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
