"""Replaces keys in a process that dies where it is told to, and forks one for each death.

That process has no threads and no open databases, and unlocks the key-encryption key once. A child
kills itself with signal 9 before the so-manieth thing that it makes durable: a sync, a rename, or a
statement that begins, changes or commits something in a database.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import traceback
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import IO, Any, Self

from infrastructure.anchor import rotation
from infrastructure.anchor.checkpointer import Checkpointer
from infrastructure.anchor.witness import Witness
from infrastructure.folder import open_with
from infrastructure.layout import Layout, structure
from infrastructure.ledger.trust import Trust
from infrastructure.vault.custody import Keyfile, unlock

ROOT = Path(__file__).parents[2]
_CHANGING = ("BEGIN", "COMMIT", "INSERT", "UPDATE", "DELETE")


class Replacing:
    """Forks a process for each act, which dies where it is told to."""

    def __init__(self, path: Path, passphrase: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.replacing", str(path)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._tell(passphrase)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._in.close()
        self._out.close()
        assert self._process.wait(timeout=60) == 0

    def act(self, name: str, place: Path, dies: int | None = None) -> bool:
        """Do something in a place where everything lies; whether it died before it was done."""
        self._tell(json.dumps([name, str(place), dies]))
        ended = int(self._out.readline())
        assert ended in (0, signal.SIGKILL), (name, dies, ended)
        return ended != 0

    def _tell(self, line: str) -> None:
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


def step(clinic: Path, place: Path) -> None:
    """The checkpointer signs what there is, as its own command does."""
    layout = Layout(clinic)
    trust = Trust.parse(layout.policy.read_bytes())
    with (
        closing(structure(layout.record)) as store,
        closing(Checkpointer(place, store, layout.log, trust, policy=layout.policy)) as found,
    ):
        found.step()


def _serve(path: Path) -> None:
    custody = unlock(Layout(path).keyfile, sys.stdin.readline().rstrip("\n"))
    for line in sys.stdin:
        name, place, dies = json.loads(line)
        child = os.fork()
        if child == 0:
            _act_and_leave(custody, name, Path(place), dies)
        _, status = os.waitpid(child, 0)
        ended = os.WTERMSIG(status) if os.WIFSIGNALED(status) else -os.WEXITSTATUS(status)
        sys.stdout.write(f"{ended}\n")
        sys.stdout.flush()


def _act_and_leave(custody: Keyfile, name: str, place: Path, dies: int | None) -> None:
    status = 1
    try:
        death = _Death(dies)
        _act(custody, name, place, death)
        status = 0
    except BaseException:  # noqa: BLE001 - the parent hears of it by the status
        traceback.print_exc()
    finally:
        os._exit(status)


def _act(custody: Keyfile, name: str, place: Path, death: _Death) -> None:
    clinic, checkpointer = place / "clinic", place / "checkpointer"
    if name == "step":
        death.draw_near()
        step(clinic, checkpointer)
    elif name.startswith("witness"):
        with closing(Witness(place / "witness")) as witness:
            death.draw_near()
            witness.rotate() if name == "witness rotate" else witness.retire()
    else:
        acts: dict[str, Callable[[], object]]
        with closing(open_with(clinic, custody)) as folder:
            death.draw_near()
            acts = {
                "rotate": lambda: rotation.rotate(folder, checkpointer),
                "retire": lambda: rotation.retire(folder, checkpointer),
                "name": lambda: rotation.name_witnesses(
                    folder, [(place / "w1.lines").read_bytes()], 1
                ),
            }
            acts[name]()


class _Death:
    """Comes before the so-manieth thing that is made durable from when it draws near."""

    def __init__(self, after: int | None) -> None:
        self._left = after
        self._near = False
        self._sync = os.fsync
        self._connect = sqlite3.connect
        os.fsync = self._synced  # type: ignore[assignment]
        sqlite3.connect = self._connected  # type: ignore[assignment]
        sys.addaudithook(self._heard)

    def draw_near(self) -> None:
        """Count from here."""
        self._near = True

    def _connected(self, *place: Any, **how: Any) -> sqlite3.Connection:
        database: sqlite3.Connection = self._connect(*place, **how)
        database.set_trace_callback(self._stated)
        return database

    def _synced(self, descriptor: int) -> None:
        self._count()
        self._sync(descriptor)

    def _stated(self, statement: str) -> None:
        if statement.startswith(_CHANGING):
            self._count()

    def _heard(self, event: str, _arguments: tuple[object, ...]) -> None:
        if event == "os.rename":
            self._count()

    def _count(self) -> None:
        if not self._near:
            return
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        if self._left is not None:
            self._left -= 1


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
