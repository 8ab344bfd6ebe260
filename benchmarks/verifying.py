"""Row ``verify``: the log refolded from its rows, without any key."""

from __future__ import annotations

import time
from collections.abc import Iterator

from benchmarks.measure import Bench, Finding, Goal, Series, interleaved
from benchmarks.world import World, make, populate
from infrastructure.ledger.check import Audit
from infrastructure.verify import verify_log

TEN_MILLION = 10_000_000
NEW = 2000


def verify(bench: Bench) -> Iterator[Finding]:
    """Rows a second on one core, ten million extrapolated, and what going on later costs."""
    events = 10_000 if bench.quick else 100_000
    world = World()
    clinic = make(bench.folder / "verify")
    populate(clinic, world, events)
    store, genesis = clinic.folder.store, clinic.folder.genesis
    size = store.standing().size
    before = Audit(genesis.log_id)
    for start in range(0, size - NEW, 5000):
        before.extend(store.rows(start, min(5000, size - NEW - start)))
    state = before.state()

    def whole() -> float:
        begun = time.process_time()
        verify_log(store, genesis)
        return size / (time.process_time() - begun)

    def new() -> float:
        begun = time.process_time()
        audit = Audit(genesis.log_id, state=state)
        audit.extend(store.rows(audit.size, NEW))
        head = store.standing()
        audit.finish(head.size, head.range_bytes)
        return NEW / (time.process_time() - begun)

    one, other = interleaved(bench.rounds, whole, new)
    yield Finding("verify", f"verifying a log of {size:,} rows", Series("rows/s", one))
    yield Finding(
        "verify",
        "ten million rows on one core, extrapolated",
        Series("s", tuple(TEN_MILLION / each for each in one)),
        Goal(most=180),
    )
    yield Finding(
        "verify",
        f"cost of a row, when only the last {NEW:,} are new",
        Series("us", tuple(1e6 / each for each in other)),
        Goal(most=1.5),
        "cost of a row, all anew",
        Series("us", tuple(1e6 / each for each in one)),
    )
    clinic.close()
