"""A process that shreds or rotates and is killed where it is told to, by signal 9.

It has no threads and no open databases, and unlocks the key-encryption key once. Whoever it forks
kills itself before the so-manieth step: a statement on the key store or the record of another kind
than the one before, a file that is made durable or takes another's place.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Self

from api.compose.erasing import shredder_of
from infrastructure.custodians.rotating import rotate
from infrastructure.folder import OpenFolder, open_with
from infrastructure.layout import Layout
from infrastructure.stores.sqlite import SqliteStore
from infrastructure.vault import rotation
from infrastructure.vault.custody import Keyfile, unlock
from tests.redteam.erasing import ALL_OF_ANNA
from tests.redteam.harness import ROOT, Hands

SHRED, ROTATE = "shred", "rotate"
_KIND = 30
"""So many letters of a statement tell of which kind it is."""


class Killing:
    """Forks those who shred and rotate in one clinic, each of whom is killed."""

    def __init__(self, path: Path, passphrases: tuple[str, ...], approvals: bytes) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.redteam.killing", str(path)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._say([*passphrases, approvals.hex()])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._in.close()
        self._out.close()
        assert self._process.wait(timeout=60) == 0

    def at(self, act: str, step: int) -> tuple[int, str]:
        """Let somebody act who is killed before a step: by which signal, and before what.

        Signal 0 if it outlived that.
        """
        self._say([act, step])
        died, where = json.loads(self._out.readline())
        return died, where

    def _say(self, words: list[Any]) -> None:
        self._in.write(json.dumps(words) + "\n")
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
    first, second, approvals = json.loads(sys.stdin.readline())
    custody = unlock(Layout(path).keyfile, first)
    custody.open_also(second)
    rotation.HEARD_SECONDS = 0.0
    for line in sys.stdin:
        act, step = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            _act_and_leave(path, custody, act, step, bytes.fromhex(approvals), writing)
        os.close(writing)
        with os.fdopen(reading) as told:
            where = told.read()
        _, status = os.waitpid(child, 0)
        died = os.WTERMSIG(status) if os.WIFSIGNALED(status) else -os.WEXITSTATUS(status)
        sys.stdout.write(json.dumps([died, where]) + "\n")
        sys.stdout.flush()


def _act_and_leave(
    path: Path, custody: Keyfile, act: str, step: int, approvals: bytes, telling: int
) -> None:
    status = 1
    try:
        folder = open_with(path, custody, clock=Hands())
        _set_up(folder, step, telling)
        if act == SHRED:
            shredder_of(folder).destroy_now(ALL_OF_ANNA, approvals)
        else:
            rotate(folder, shredder_of(folder))
        status = 0
    finally:
        os._exit(status)


def _set_up(folder: OpenFolder, step: int, telling: int) -> None:
    steps, last = itertools.count(), [""]

    def before(what: str) -> None:
        kind = what[:_KIND]
        if kind == last[0]:
            return
        last[0] = kind
        if next(steps) == step:
            os.write(telling, kind.encode())
            os.kill(os.getpid(), signal.SIGKILL)

    store = folder.store
    assert isinstance(store, SqliteStore)
    store._writer.set_trace_callback(before)
    folder.keys._db.set_trace_callback(before)
    files = itertools.count()

    def each_time(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: object, **named: object) -> object:
            # No two of them in a row are of one kind: each is a step.
            before(f"{real.__name__} {next(files)}")
            return real(*arguments, **named)

        return call

    os.fsync, os.rename, os.replace = (
        each_time(os.fsync),
        each_time(os.rename),
        each_time(os.replace),
    )


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
