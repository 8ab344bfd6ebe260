"""Row ``space``: bytes on disk for the same events; no VACUUM on either side."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Bench, Finding, Goal, Series
from benchmarks.peer import NAME, Peer
from benchmarks.world import YEAR, World, make


def space(bench: Bench) -> Iterator[Finding]:
    """The record and its keys beside the library's file: 62 % looks, 11 % notes in real words."""
    world = World()
    clinic = make(bench.folder / "space")
    peer = Peer(bench.folder / "space-peer.db")
    clients = 20 if bench.quick else 200
    for _ in range(clients):
        year = list(world.year(world.file()))
        for start in range(0, len(year), 10):
            clinic.folder.record.append_now(year[start : start + 10], world.who)
        peer.keep(year, world.who)
    layout = clinic.folder.layout
    clinic.close()
    peer.close()
    events = clients * YEAR
    ours = _size(layout.record) + _size(layout.keys)
    theirs = _size(bench.folder / "space-peer.db")
    yield Finding(
        "space",
        f"record and keys of {events:,} events",
        Series("bytes/event", (ours / events,)),
        Goal(most=1.6),
        NAME,
        Series("bytes/event", (theirs / events,)),
    )


def _size(path: Path) -> int:
    return sum(each.stat().st_size for each in path.parent.glob(f"{path.name}*"))
