"""The follower: applies each recorded event to each projection exactly once.

A batch and its position go into a projection's store in one transaction. One follower works on a
data folder at a time; what it opens it cannot hand to anybody (fine print 6).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from domain.confidentiality import KeyPurpose
from domain.ports import Opening, Recorded
from domain.rows import Sealer, ViewStore
from projections.projection import Projection
from projections.workspace import Workspace

BATCH = 1000


class Source(Protocol):
    """The record as a follower reads it."""

    def follow(
        self, after: int, limit: int, purposes: frozenset[KeyPurpose]
    ) -> tuple[list[Recorded], int]:
        """The events after a position under keys of these purposes, and how far that is."""
        ...

    def last_position(self) -> int:
        """The position of the newest event; -1 in an empty record."""
        ...


@dataclass(frozen=True, slots=True)
class Followed:
    """A projection and where its rows live."""

    projection: Projection
    store: ViewStore


class Follower:
    """Applies new events, batch by batch."""

    def __init__(self, source: Source, opening: Opening, sealer: Sealer) -> None:
        self._source = source
        self._opening = opening
        self._sealer = sealer

    def step(
        self, followed: Iterable[Followed], *, limit: int = BATCH, until: int | None = None
    ) -> int:
        """Apply the next batch to those that are furthest behind; how many events that was."""
        behind: dict[int, list[Followed]] = {}
        for each in followed:
            behind.setdefault(each.store.position(), []).append(each)
        if not behind:
            return 0
        position = min(behind)
        most = limit if until is None else min(limit, until - position)
        if most <= 0:
            return 0
        wanted = frozenset[KeyPurpose]().union(
            *(each.projection.purposes for each in behind[position])
        )
        events, last = self._source.follow(position, most, wanted)
        if last == position:
            return 0
        for each in behind[position]:
            self._apply(each, events, before=position, after=last)
        return last - position

    def catch_up(self, followed: Iterable[Followed], *, until: int | None = None) -> None:
        """Apply batches until nothing is left, or up to a position."""
        projections = list(followed)
        target = self._source.last_position() if until is None else until
        while any(each.store.position() < target for each in projections):
            if not self.step(projections, until=target):
                return

    def _apply(
        self, followed: Followed, events: list[Recorded], *, before: int, after: int
    ) -> None:
        projection = followed.projection
        workspace = Workspace(projection.name, followed.store, self._opening, self._sealer)
        for each in events:
            if each.label.purpose in projection.purposes:
                projection.apply(each, workspace)
        workspace.save(before=before, after=after)
