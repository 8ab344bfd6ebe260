"""Row ``export``: the log handed to an auditor, and verified there without a store and keys.

A clinic's record is made with a head of the map of access logs for every thousand events, as a
clinic that is open for a thousand hours would have. Then each step is a process of its own, as in
use: the checkpointer signs, the log is exported, the offline verifier goes over it and remembers.
After a week in which a thousand clients were seen, all of that once more, for what is new.

What ten million would take is extrapolated along a line. That is true where the map is as large as
here, since each of its heads costs what its access logs cost. Files that have just been written are
in the system's cache.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from api.compose import Clinic
from api.compose.ledger import create_checkpointer
from benchmarks.alone import Took, alone
from benchmarks.measure import Bench, Finding, Goal, Series
from benchmarks.world import File, World, make, years
from domain.ports import Write
from infrastructure.guard.scrubber import open_scrubber

TEN_MILLION = 10_000_000
ROUNDS = 3
SEEN = 1000
"""How many clients are seen in a week; there are ten events of each."""


class Round(NamedTuple):
    """One way of a log to an auditor: how many entries were new, and what each step took."""

    entries: int
    exported: Took
    verified: Took


def export(bench: Bench) -> Iterator[Finding]:
    """Seconds, entries a second of a core and peak of memory: of everything, and of a week."""
    events = 100_000 if bench.quick else 1_000_000
    site = _Site(bench.folder / "export")
    bench.say(f"export: a clinic of {events:,} events takes a while")
    site.populate(events)
    signed = site.sign()
    size = site.size
    bench.say("export: everything, again and again")
    whole = [site.hand_over(anew=True) for _ in range(ROUNDS)]
    bench.say("export: weeks")
    weeks, signings = [], []
    for _ in range(ROUNDS):
        site.week()
        signings.append(site.sign())
        weeks.append(site.hand_over(anew=False))
    site.close()
    of_all, of_week = f"{size:,} entries", f"{weeks[0].entries:,} entries more"
    yield _finding("seconds", f"checkpoint of {of_all}", [signed])
    exports, verifications = _steps(whole)
    yield _finding("seconds", f"export of {of_all}", exports)
    yield _finding("seconds", f"offline verification of {of_all}", verifications)
    per_core = tuple(size / each.core_seconds for each in verifications)
    yield Finding("export", "offline verification, per core", Series("entries/s", per_core))
    yield Finding(
        "export",
        "offline verification of ten million on one core, extrapolated",
        Series("s", tuple(TEN_MILLION / each for each in per_core)),
        Goal(most=180),
    )
    yield _finding("peak_mb", "its peak of memory", verifications)
    empty = alone("infrastructure.ledger", "--help").peak_mb
    grown = ((each.peak_mb - empty) / size * TEN_MILLION for each in verifications)
    yield Finding(
        "export",
        "the peak of memory of ten million, extrapolated",
        Series("MB", tuple(empty + each for each in grown)),
    )
    exports, verifications = _steps(weeks)
    yield _finding("seconds", f"checkpoint of {of_week}", signings)
    yield _finding("seconds", f"export of {of_week}", exports)
    yield _finding("seconds", f"offline verification of {of_week}", verifications)
    yield _finding("peak_mb", "its peak of memory", verifications)


def _steps(rounds: list[Round]) -> tuple[list[Took], list[Took]]:
    return [each.exported for each in rounds], [each.verified for each in rounds]


def _finding(what: str, work: str, taken: list[Took]) -> Finding:
    unit = "MB" if what == "peak_mb" else "s"
    return Finding("export", work, Series(unit, tuple(getattr(each, what) for each in taken)))


class _Site:
    """A clinic, its checkpointer, and an auditor beside it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._world = World()
        self._files: list[File] = []
        self._clinic: Clinic = make(folder / "clinic")
        self._scrubber = open_scrubber(self._clinic.folder)
        self._checkpointer = folder / "checkpointer"
        self._exported = folder / "exported"
        self._memory = folder / "memory.db"
        self._handed_over = 0
        create_checkpointer(self._clinic.folder, self._checkpointer)
        self._write([self._world.founding()])

    @property
    def size(self) -> int:
        """How long the log is."""
        return self._clinic.folder.store.standing().size

    def close(self) -> None:
        """Close every file."""
        self._scrubber.close()
        self._clinic.close()

    def populate(self, events: int) -> None:
        """The years of clients, ten at a time, each ten of them under a head of the map."""
        self._files = [self._world.file() for _ in range(events // 100)]
        for batch in years(self._world, self._files):
            self._write(batch)
            self._map()

    def week(self) -> None:
        """Clients are seen: looked at, their sessions held, their notes signed."""
        for file in random.Random(self.size).sample(self._files, SEEN):
            looks = [self._world.look(file) for _ in range(6)]
            self._write([*looks, *self._world.session(file, 50), *self._world.note(file, 50)])
        self._map()

    def sign(self) -> Took:
        """A checkpoint of what there is."""
        clinic = self._clinic.folder.layout.folder
        run = ("checkpoint", "run", str(self._checkpointer), "--once", "--data", str(clinic))
        return alone("api.cli", *run)

    def hand_over(self, *, anew: bool) -> Round:
        """What is new, or everything, to an auditor who remembers what she has seen, or nothing."""
        if anew:
            shutil.rmtree(self._exported, ignore_errors=True)
            self._memory.unlink(missing_ok=True)
            self._handed_over = 0
        layout, folder = self._clinic.folder.layout, str(self._exported)
        new = self.size - self._handed_over
        self._handed_over = self.size
        policy = ("--policy", str(layout.policy), "--memory", str(self._memory))
        return Round(
            new,
            alone("api.cli", "log", "export", folder, "--data", str(layout.folder)),
            alone("infrastructure.ledger", folder, *policy),
        )

    def _write(self, writes: list[Write]) -> None:
        self._clinic.folder.record.append_now(writes, self._world.who)

    def _map(self) -> None:
        while self._scrubber.step().behind:
            pass
        self._scrubber.map_head()
