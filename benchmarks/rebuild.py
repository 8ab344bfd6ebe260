"""Row ``rebuild``: a projection made anew beside the library's one transaction per event."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from eventsourcing.persistence import Tracking

from api.compose import PROJECTIONS, Clinic
from benchmarks.measure import Bench, Finding, Goal, Series, interleaved
from benchmarks.peer import NAME, Peer, Seen, Stream
from benchmarks.world import World, make, populate, years
from projections.follower import Followed
from projections.projection import Projection
from projections.rebuild import compare, rebuild as rebuild_projection

PER_CORE = {
    "case_state": 25_000,
    "caseload": 25_000,
    "access_log": 15_000,
    "audit_trail": 15_000,
}


def rebuild(bench: Bench) -> Iterator[Finding]:
    """Events of the record by the time of a rebuild, each compared with the serving rows."""
    events = 10_000 if bench.quick else 100_000
    world = World()
    clinic = make(bench.folder / "rebuild")
    populate(clinic, world, events)
    clinic.catch_up()
    peer = Peer(bench.folder / "rebuild-peer.db")
    for number, batch in enumerate(years(world, [world.file() for _ in range(20)])):
        peer.keep(batch, world.who)
        bench.say(f"the peer has {(number + 1) * 1000} events")
    for projection in PROJECTIONS:
        name = projection.name.partition("-")[0]
        if name in PER_CORE:
            yield from _one(bench, clinic, projection, peer, events)
    clinic.close()
    peer.close()


def _one(
    bench: Bench, clinic: Clinic, projection: Projection, peer: Peer, events: int
) -> Iterator[Finding]:
    name = projection.name.partition("-")[0]
    per_core: list[float] = []
    seen = Seen(peer.factory.datastore)  # type: ignore[attr-defined]  # the SQLite factory has one
    seen.create_table()

    def ours() -> float:
        wall, cpu = _rebuilt(clinic, projection)
        per_core.append(events / cpu)
        return events / wall

    one, other = interleaved(bench.rounds, ours, lambda: _followed(peer, seen, name))
    yield Finding(
        "rebuild",
        f"rebuild of {name}, {events:,} events",
        Series("events/s", one),
        Goal(least=30),
        f"{NAME}, a tracking transaction per event",
        Series("events/s", other),
    )
    yield Finding(
        "rebuild",
        f"rebuild of {name}, per core",
        Series("events/s", tuple(per_core)),
        Goal(least=PER_CORE[name]),
    )


def _rebuilt(clinic: Clinic, projection: Projection) -> tuple[float, float]:
    """The seconds that a rebuild took, by the clock and of a core; what it gave is compared."""
    serving = clinic.views.stores[projection.name]
    with serving.fresh() as (_, store):
        follower = clinic.follower("benchmark")
        wall, cpu = time.perf_counter(), time.process_time()
        rebuild_projection(follower, Followed(projection, store), serving.position())
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        assert compare(projection, serving, store).equal
    return wall, cpu


def _followed(peer: Peer, seen: Seen, name: str) -> float:
    """The library's loop over its own events; each round is a read model of its own."""
    model = f"{name} {time.monotonic_ns()}"
    count, begun = 0, time.perf_counter()
    for notification in peer.recorder.select_notifications(start=1, limit=1000):
        event = peer.mapper.to_domain_event(notification)
        if isinstance(event, Stream.Added):
            fact = json.dumps(event.fact)
            seen.see(Tracking(model, notification.id), event.item, event.name, fact)
            count += 1
    assert count > 0
    return count / (time.perf_counter() - begun)
