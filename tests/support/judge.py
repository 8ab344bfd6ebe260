"""Judges a data folder against what its writers told: nothing lost, half there, twice, or missing.

It goes on from where it stood, so that it can look after every few kills. What it has counted in
must still stand there, since the log's root is refolded from it (``Audit``); ``thorough`` reads all
of it once more from the beginning.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from api import compose
from domain.events import Event
from infrastructure.folder import OpenFolder, open_with
from infrastructure.ledger.check import Audit
from infrastructure.mapper import CONTROL_KEY
from infrastructure.vault.custody import Keyfile
from infrastructure.verify import Verified, verify_folder
from tests.support.jobs import Job, named
from tests.support.opened import opened
from tests.support.writers import Told

_BATCH = 5000


@dataclass
class _Found:
    """The records of one job: their positions, streams, versions and opened events."""

    positions: list[int] = field(default_factory=list)
    events: list[tuple[str, Event]] = field(default_factory=list)
    versions: list[tuple[str, int]] = field(default_factory=list)


class Judge:
    """Reads a log once and compares it with what was told."""

    def __init__(self, path: Path, custody: Keyfile) -> None:
        self.lost: set[str] = set()
        self.half: set[str] = set()
        self.twice: set[str] = set()
        self.jobs: dict[str, tuple[int, int]] = {}
        self.records = 0
        self._path = path
        self._custody = custody
        self._audit: Audit | None = None

    def __str__(self) -> str:
        return f"{len(self.lost)} lost, {len(self.half)} half-written, {len(self.twice)} twice"

    def must_be_content(self, told: Told) -> None:
        """Fail where anything is lost, half there or there twice, or a writer told of an error."""
        bad = {"wrong": told.wrong, "lost": self.lost, "half": self.half, "twice": self.twice}
        assert not any(bad.values()), bad

    def look(self, told: Told) -> None:
        """Read what is new, and compare.

        Raises:
            LogBroken: A position is missing, or a row is not as it was written.
            Broken: A record or a text does not open.
        """
        with closing(open_with(self._path, self._custody)) as folder:
            self._judge(self._read(folder), told)

    def thorough(self) -> Verified:
        """Verify the whole folder from its first row: log, keys, item keys, contents."""
        with closing(open_with(self._path, self._custody)) as folder:
            return verify_folder(folder)

    def settled(self, told: Told) -> list[str]:
        """Commands that were begun and are not there, or there without an acknowledgement."""
        commands = {name for name in told.begun if (job := named(name)) and job.command}
        return sorted(commands ^ {name for name in self.jobs if name in commands}) + sorted(
            name for name in commands if name not in told.acknowledged
        )

    def _read(self, folder: OpenFolder) -> dict[str, _Found]:
        standing = folder.store.standing()
        audit = self._audit or Audit(folder.genesis.log_id, append_key=folder.append_key)
        self._audit = audit
        found: dict[str, _Found] = {}
        while audit.size < standing.size:
            for row in folder.store.rows(audit.size, min(_BATCH, standing.size - audit.size)):
                audit.feed(row)
                self.records += 1
                if row.key_id == CONTROL_KEY:
                    continue
                recorded = folder.record.mapper.open(row)
                assert recorded.event is not None
                if named(recorded.who.request):
                    mine = found.setdefault(recorded.who.request, _Found())
                    mine.positions.append(recorded.position)
                    mine.events.append((recorded.stream, opened(folder, recorded.event)))
                    mine.versions.append((recorded.stream, recorded.version))
        audit.finish(standing.size, standing.range_bytes)
        return found

    def _judge(self, found: dict[str, _Found], told: Told) -> None:
        for name, records in found.items():
            job = named(name)
            assert job is not None
            if name in self.jobs:
                self.twice.add(name)
            elif not _whole(job, records):
                self.half.add(name)
            self.jobs[name] = (records.positions[0], records.positions[-1])
        for name, acknowledged in told.acknowledged.items():
            if self.jobs.get(name) != (acknowledged.first, acknowledged.last):
                self.lost.add(name)


def _whole(job: Job, found: _Found) -> bool:
    """Whether these are all records of the job, each word of them, beside one another."""
    dense = all(later == one + 1 for one, later in pairwise(found.positions))
    return dense and found.events == job.expected()


@dataclass(frozen=True, slots=True)
class Compared:
    """How followed projections compare with rebuilt ones."""

    projections: int
    rows: int
    different: int
    behind: int

    def must_be_equal(self) -> None:
        """Fail where a row differs or a projection has not come to the end of the log."""
        assert self.different == self.behind == 0, self


def followed_and_rebuilt(path: Path, custody: Keyfile) -> Compared:
    """Follow to the end, then rebuild each projection beside the serving one and compare them."""
    with closing(compose.compose(open_with(path, custody))) as clinic:
        clinic.catch_up()
        last = clinic.folder.record.last_position()
        behind = sum(each.position() < last for each in clinic.views.stores.values())
        found = [clinic.rebuild(each.name) for each in compose.PROJECTIONS]
        return Compared(
            len(found),
            sum(each.rows for each in found),
            sum(each.different for each in found),
            behind,
        )
