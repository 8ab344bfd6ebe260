"""A key-encryption key that rotates under load and is killed at it, and what is left, judged."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from domain.errors import RecordUnavailable
from domain.values import ClientId
from domain.wording import texts_of
from infrastructure import founding
from infrastructure.custodians.rotating import rotate
from infrastructure.custodians.shredder import Hands, RecordShredder
from infrastructure.folder import OpenFolder, open_with
from infrastructure.layout import Layout
from infrastructure.vault.custody import LIGHT, unlock
from infrastructure.vault.rotation import Rotated
from tests.support import ink
from tests.support.opened import words
from tests.support.writers import ROOT

PASSPHRASES = ["the director's own words", "the words in the envelope"]
KEYS_OF_A_CLIENT = 4
_TOGETHER = 500
_PATIENCE = 120


def found(path: Path, keys: int, progress: Callable[[int], None] = lambda _: None) -> None:
    """A clinic with so many keys: of clients with a case each, and of a few notes."""
    founding.create(path, PASSPHRASES, origin="clinic.example/log/1", cost=LIGHT)
    with opened(path) as folder:
        clients = [client(number) for number in range(keys // KEYS_OF_A_CLIENT)]
        for start in range(0, len(clients), _TOGETHER):
            some = clients[start : start + _TOGETHER]
            writes = [write for each in some for write in (ink.registered(each), ink.opened(each))]
            folder.record.append_now(tuple(writes), ink.WHO)
            progress(start + len(some))
        for each in clients[:200]:
            folder.record.append_now((ink.drafted(each),), ink.WHO)


def client(number: int) -> ClientId:
    """The client with a number."""
    return ClientId(ink.an_id(f"client {number}"))


@contextmanager
def opened(path: Path, *, alone: bool = False) -> Iterator[OpenFolder]:
    """The folder, with both people's passphrases, or with the one that a server has."""
    custody = unlock(Layout(path).keyfile, PASSPHRASES[0])
    if not alone:
        custody.open_also(PASSPHRASES[1])
    with closing(open_with(path, custody)) as folder:
        yield folder


def rotate_now(
    folder: OpenFolder, progress: Callable[[int, int], None] = lambda _now, _of: None
) -> Rotated:
    """Rotate, as ``powiernik keys rotate`` does."""
    shredder = RecordShredder(
        Hands(
            store=folder.store,
            lineage=folder.vault.lineage,
            append_key=folder.append_key,
            keys=folder.keys,
            keyring=folder.vault.keyring,
            bell=folder.bell,
            enter=folder.guard.enter,
            forget=lambda _what, _keys: None,
            backups=tuple,
        )
    )
    return rotate(folder, shredder, progress)


@dataclass
class Load:
    """What a process that goes on reading and writing has met."""

    reads: int = 0
    writes: int = 0
    slowest: float = 0.0
    unreadable: list[str] = field(default_factory=list)


@contextmanager
def under_load(path: Path, clients: int) -> Iterator[Load]:
    """Read and write all the while in a folder of its own; what cannot be read is written down."""
    load, stopping = Load(), threading.Event()

    def work() -> None:
        chance = random.Random(1)
        with opened(path, alone=True) as folder:
            while not stopping.is_set():
                began = time.monotonic()
                _read(folder, client(chance.randrange(200)), load)
                _look(folder, client(chance.randrange(clients)), load)
                load.slowest = max(load.slowest, time.monotonic() - began)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield load
    finally:
        stopping.set()
        thread.join()


def _read(folder: OpenFolder, who: ClientId, load: Load) -> None:
    try:
        event = folder.record.read(ink.drafted(who).stream)[0].event
        if words(folder, *texts_of(event)) != ink.CANARY:
            load.unreadable.append("other words")
        load.reads += 1
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what the test looks for
        load.unreadable.append(repr(error))


def _look(folder: OpenFolder, who: ClientId, load: Load) -> None:
    try:
        folder.vault.keyring.forget()
        folder.record.append_now((ink.looked(who),), ink.WHO)
        new = ink.drafted(who, name=f"under load {time.monotonic_ns()}")
        folder.record.append_now((new,), ink.WHO)
        if folder.record.read(new.stream)[0].event is None:
            load.unreadable.append("what was just written")
        load.writes += 2
    except RecordUnavailable as error:
        load.unreadable.append(repr(error))


@dataclass
class Killed:
    """How often a rotation was killed and went on, and how often it came to its end."""

    kills: int = 0
    ended: int = 0


def kill_at_it(path: Path, kills: int, within: float, seed: int) -> Killed:
    """Rotate again and again in a process that is killed somewhere in it, so many times."""
    chance, done = random.Random(seed), Killed()
    while done.kills < kills:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.rotations", str(path)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        with process:
            assert process.stdout is not None
            line = process.stdout.readline()
            if line != "rotating\n":
                msg = f"the rotation did not begin: {line!r}, {process.wait()}"
                raise AssertionError(msg)
            try:
                code = process.wait(chance.random() * within)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(_PATIENCE)
                done.kills += 1
                continue
            if code:
                msg = f"the rotation ended with {code}"
                raise AssertionError(msg)
            done.ended += 1
    return done


def main() -> None:
    """Rotate once, and say when it begins."""
    with opened(Path(sys.argv[1])) as folder:
        print("rotating", flush=True)  # noqa: T201 - the test waits for it
        rotate_now(folder)


if __name__ == "__main__":
    main()
