"""Rows ``append`` and ``bulk``: sealed, logged appends beside the library's saves, fsync on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator

from benchmarks.measure import (
    Bench,
    Finding,
    Goal,
    Series,
    interleaved,
    rate,
    rate_of_writers,
)
from benchmarks.peer import NAME, Peer, Stream, facts
from benchmarks.world import World, make
from domain.ports import Record, Write

GOALS = {1: 1.0, 16: 4.0, 64: 6.0}


def append(bench: Bench) -> Iterator[Finding]:
    """One access entry an append, from threads and from tasks, each in a stream of its own.

    Tasks of one event loop are how the server writes; the library knows threads alone.
    """
    world = World()
    clinic = make(bench.folder / "append")
    peer = Peer(bench.folder / "append-peer.db")
    record = clinic.folder.record
    writes = [world.look(world.file()) for _ in range(max(GOALS))]
    for write in writes:
        record.append_now((write,), world.who)
    streams = [Stream() for _ in writes]
    (event,) = writes[0].events
    fact, who = facts(event), facts(world.who)

    def ours(number: int) -> None:
        record.append_now((writes[number],), world.who)

    def theirs(number: int) -> None:
        streams[number].add(event.NAME, writes[number].stream, fact, who)
        peer.save(streams[number])

    for writers, goal in GOALS.items():
        threads, tasks, other = interleaved(
            bench.rounds,
            lambda: rate_of_writers(writers, bench.seconds, ours),  # noqa: B023 - called right here
            lambda: asyncio.run(_tasks(record, world, writes[:writers], bench.seconds)),  # noqa: B023 - same
            lambda: rate_of_writers(writers, bench.seconds, theirs),  # noqa: B023 - called right here
        )
        for kind, found in (("thread", threads), ("task", tasks)):
            yield Finding(
                "append",
                f"sealed, logged append, {writers} {kind}{'s' if writers > 1 else ''}",
                Series("events/s", found),
                Goal(least=goal),
                f"{NAME}, {writers} thread{'s' if writers > 1 else ''}",
                Series("events/s", other),
            )
    clinic.close()
    peer.close()


async def _tasks(record: Record, world: World, writes: list[Write], seconds: float) -> float:
    begun = time.perf_counter()

    async def write_on(write: Write) -> int:
        count = 0
        while time.perf_counter() < begun + seconds:
            await record.append((write,), world.who)
            count += 1
        return count

    counts = await asyncio.gather(*(write_on(each) for each in writes))
    return sum(counts) / (time.perf_counter() - begun)


def bulk(bench: Bench) -> Iterator[Finding]:
    """Fifty clients' years a batch beside saves of ten events."""
    world = World()
    clinic = make(bench.folder / "bulk")
    peer = Peer(bench.folder / "bulk-peer.db")
    record = clinic.folder.record
    record.append_now((world.founding(),), world.who)
    clients = 10 if bench.quick else 50

    def batch() -> list[Write]:
        return [each for _ in range(clients) for each in world.year(world.file())]

    def ours(writes: list[Write]) -> int:
        receipt = record.append_now(writes, world.who)
        return len(receipt.leaves)

    def theirs(writes: list[Write]) -> int:
        return peer.keep(writes, world.who)

    def timed(work: Callable[[list[Write]], int]) -> float:
        writes = batch()
        return rate(lambda: work(writes))

    one, other = interleaved(bench.rounds * 3, lambda: timed(ours), lambda: timed(theirs))
    yield Finding(
        "bulk",
        f"bulk import, {clients * 100} events a batch",
        Series("events/s", one),
        Goal(least=3.0),
        f"{NAME}, 10 events a save",
        Series("events/s", other),
    )
    clinic.close()
    peer.close()
