"""Row ``growth``: what an append and a recorded read cost in a small record and in a large one."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator

from api.compose import Clinic
from benchmarks.measure import Bench, Finding, Goal, Series, interleaved, rate_of_writers
from benchmarks.world import File, World, make, populate
from domain.use_cases.cases import look_at_case
from projections.case_state import CaseStateProjection

SMALL = 10_000
READS = 200


def growth(bench: Bench) -> Iterator[Finding]:
    """Microseconds at 10^4 events and at 10^6, or 10^5 when quick."""
    large = 100_000 if bench.quick else 1_000_000
    small_clinic = _Grown(bench, SMALL)
    bench.say(f"a clinic of {large:,} events takes a while")
    large_clinic = _Grown(bench, large)
    for work, count in (("append, 16 writers", _appends), ("recorded read", _reads)):
        one, other = interleaved(
            bench.rounds,
            lambda: 1e6 / count(large_clinic, bench),  # noqa: B023 - called right here
            lambda: 1e6 / count(small_clinic, bench),  # noqa: B023 - called right here
        )
        yield Finding(
            "growth",
            f"{work}, in a record of {large:,} events",
            Series("us", one),
            Goal(most=1.2),
            f"in one of {SMALL:,}",
            Series("us", other),
        )
    small_clinic.clinic.close()
    large_clinic.clinic.close()


class _Grown:
    """A clinic with so many events, its case states at hand."""

    def __init__(self, bench: Bench, events: int) -> None:
        self.world = World()
        self.clinic: Clinic = make(bench.folder / f"growth-{events}")
        self.files: list[File] = populate(self.clinic, self.world, events)
        views = self.clinic.views.followed
        wanted = [each for each in views if isinstance(each.projection, CaseStateProjection)]
        self.clinic.follower("benchmark").catch_up(wanted)


def _appends(grown: _Grown, bench: Bench) -> float:
    record, world = grown.clinic.folder.record, grown.world
    choose = random.Random(1)
    writes = [[world.look(choose.choice(grown.files)) for _ in range(10)] for _ in range(16)]
    turns = [0] * 16

    def work(number: int) -> None:
        record.append_now((writes[number][turns[number] % 10],), world.who)
        turns[number] += 1

    return rate_of_writers(16, bench.seconds, work)


def _reads(grown: _Grown, _: Bench) -> float:
    clinic, who = grown.clinic, grown.world.who
    choose = random.Random(time.monotonic_ns())

    async def read() -> None:
        for file in choose.choices(grown.files, k=READS):
            opening, _ = await look_at_case(clinic.desk, who, file.case)
            assert clinic.views.case_states.of(file.case, opening) is not None

    begun = time.perf_counter()
    asyncio.run(read())
    return READS / (time.perf_counter() - begun)
