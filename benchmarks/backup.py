"""Row ``backup``: a clinic backed up while it is written to, put back, and a drill held.

The peer of a backup is SQLite's own, unsealed and into one place; that of a restore does not exist:
copying files back judges nothing.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from api.compose import Clinic
from api.compose.backup import back_up, drill
from benchmarks.measure import Bench, Finding, Series
from benchmarks.world import World, make, populate
from infrastructure.backup.manifest import BackupSet
from infrastructure.backup.restore import Wanted, restore

SETS = ("record", "keys", "accounts")
MEGABYTE = 1e6


def backup(bench: Bench) -> Iterator[Finding]:
    """Seconds and megabytes for 100,000 events, or 20,000 when quick."""
    events = 20_000 if bench.quick else 100_000
    bench.say(f"a clinic of {events:,} events takes a while")
    world, clinic = World(), make(bench.folder / "backup")
    populate(clinic, world, events)
    clinic.catch_up()
    places = {name: bench.folder / "sets" / name for name in SETS}
    try:
        yield from _rows(bench, clinic, world, places, events)
    finally:
        clinic.close()


def _rows(
    bench: Bench, clinic: Clinic, world: World, places: dict[str, Path], events: int
) -> Iterator[Finding]:
    size = clinic.folder.store.standing().size
    work = f"of a clinic of {events:,} events"
    bench.say("backing up")
    ours, theirs = [], []
    for number in range(bench.rounds):
        ours.append(_seconds(lambda: back_up(clinic, places, timedelta(days=7))))
        theirs.append(_seconds(lambda: _plain(clinic, bench.folder / f"plain-{number}")))  # noqa: B023 - called right here
    peer = "SQLite's own, unsealed"
    yield Finding(
        "backup", f"backup {work}", Series("s", tuple(ours)), None, peer, Series("s", tuple(theirs))
    )
    stored = sum(each.stat().st_size for place in places.values() for each in _newest(place))
    plain = sum(each.stat().st_size for each in (bench.folder / "plain-0").iterdir())
    yield Finding(
        "backup",
        "its size",
        Series("MB", (stored / MEGABYTE,)),
        None,
        "the stores",
        Series("MB", (plain / MEGABYTE,)),
    )
    bench.say("backing up under a writer")
    quiet = _longest_wait(clinic, world, lambda: time.sleep(2))
    busy = _longest_wait(clinic, world, lambda: back_up(clinic, places, timedelta(days=7)))
    yield Finding(
        "backup",
        "longest wait of a writer meanwhile",
        Series("ms", (busy * 1000,)),
        None,
        "without a backup",
        Series("ms", (quiet * 1000,)),
    )
    bench.say("restoring")
    by_set = {kind: places[kind.word] for kind in BackupSet}
    target = bench.folder / "restored"
    seconds = []
    for _ in range(bench.rounds):
        began = time.perf_counter()
        restored = restore(target, clinic.folder.custody, Wanted(by_set))
        seconds.append(time.perf_counter() - began)
        head = restored.sets[BackupSet.RECORD]
        assert restored.serves
        assert (restored.found.events, restored.found.root) == (head.size, head.root)
        assert restored.found.events >= size
        shutil.rmtree(target)
    yield Finding("backup", f"restore {work}, judged", Series("s", tuple(seconds)))
    bench.say("a drill")
    done = drill(clinic, places, scratch=bench.folder)
    assert done.event.equal
    for what, took in (
        ("drill: restored and judged", done.restore_seconds),
        ("drill: projections made again", done.rebuild_seconds),
        ("drill: compared, all equal", done.compare_seconds),
    ):
        yield Finding("backup", f"{what} ({done.event.rows:,} rows)", Series("s", (took,)))


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _newest(place: Path) -> Iterator[Path]:
    newest = max(each for each in place.iterdir() if each.is_dir())
    return (each for each in newest.iterdir() if each.is_file())


def _plain(clinic: Clinic, to: Path) -> None:
    """What one would write without us: three online backups, each synced."""
    to.mkdir()
    layout = clinic.folder.layout
    for path in (layout.record, layout.keys, layout.accounts):
        target = to / path.name
        with closing(sqlite3.connect(path)) as db, closing(sqlite3.connect(target)) as copy:
            db.backup(copy)
        with target.open("rb") as file:
            os.fsync(file.fileno())


def _longest_wait(clinic: Clinic, world: World, meanwhile: Callable[[], object]) -> float:
    """The longest that one durable append took while something else was done."""
    stop, longest = threading.Event(), 0.0
    file = world.file()
    clinic.folder.record.append_now(tuple(world.opening(file)), world.who)

    def write() -> None:
        nonlocal longest
        while not stop.is_set():
            began = time.perf_counter()
            clinic.folder.record.append_now((world.look(file),), world.who)
            longest = max(longest, time.perf_counter() - began)

    writer = threading.Thread(target=write)
    writer.start()
    meanwhile()
    stop.set()
    writer.join()
    return longest
