"""Row ``opening``: a case of a thousand events, permitted, recorded and read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from benchmarks.measure import Bench, Finding, Goal, Series, interleaved
from benchmarks.peer import NAME, Peer, Stream, facts
from benchmarks.world import World, make
from domain.use_cases.cases import look_at_case

EVENTS = 1000


def opening(bench: Bench) -> Iterator[Finding]:
    """Openings a second, beside ``repository.get`` of an aggregate of as many events."""
    world = World()
    clinic = make(bench.folder / "opening")
    file = world.file()
    writes = list(world.long_case(file, EVENTS))
    clinic.folder.record.append_now((world.founding(), *writes), world.who)
    clinic.catch_up()
    peer = Peer(bench.folder / "opening-peer.db")
    stream, who = Stream(), facts(world.who)
    for write in writes:
        for event in write.events:
            stream.add(event.NAME, write.stream, facts(event), who)
    peer.save(stream)
    times = 5 if bench.quick else 20

    async def look() -> None:
        for _ in range(times):
            opening, _ = await look_at_case(clinic.desk, world.who, file.case)
            state = clinic.views.case_states.of(file.case, opening)
            assert state is not None
            assert len(state.sessions) + len(state.notes) == EVENTS // 2 - 2

    def ours() -> float:
        begun = time.perf_counter()
        asyncio.run(look())
        return times / (time.perf_counter() - begun)

    def theirs() -> float:
        begun = time.perf_counter()
        for _ in range(times):
            found: Stream = peer.repository.get(stream.id)
            assert len(found.items) >= EVENTS // 2 - 1
        return times / (time.perf_counter() - begun)

    one, other = interleaved(bench.rounds, ours, theirs)
    yield Finding(
        "opening",
        f"opening a case of {EVENTS} events: permit, recorded access, read",
        Series("openings/s", one),
        Goal(least=4),
        f"{NAME}, repository.get",
        Series("openings/s", other),
    )
    clinic.close()
    peer.close()
