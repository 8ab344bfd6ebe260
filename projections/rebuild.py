"""Makes a projection anew beside the serving version, compares the two, and says what differs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import zip_longest

from domain.rows import StoredRow, ViewStore
from projections.follower import Followed, Follower
from projections.projection import Projection


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a rebuilt version compares with the one that served, both at the same position."""

    position: int
    rows: int
    different: int

    @property
    def equal(self) -> bool:
        """Whether every row equals what following gave."""
        return self.different == 0


def rebuild(
    follower: Follower,
    followed: Followed,
    until: int,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Fill an empty store up to a position; ``progress`` hears every batch's position."""
    while followed.store.position() < until:
        if not follower.step([followed], until=until):
            return
        progress(followed.store.position())


def compare(projection: Projection, serving: ViewStore, rebuilt: ViewStore) -> Comparison:
    """Compare keys, clear columns, positions and keyed digests of every row."""
    rows = different = 0
    for table in projection.tables:
        for one, other in zip_longest(serving.every(table), rebuilt.every(table)):
            rows += 1
            different += one is None or other is None or _face(one) != _face(other)
    return Comparison(rebuilt.position(), rows, different)


def _face(row: StoredRow) -> tuple[object, ...]:
    return row.key, row.clear, row.digest, row.position, row.subject
