"""Audit trail: everything that was done or refused in the clinic, in neutral words.

In the clear stand positions, times and pseudonymous ids of actor and client, by which an officer
filters; the rest is under the client's accountability key, or the actor's where no client is
concerned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from domain.confidentiality import ACCOUNTABILITY, KeyPurpose, Owner, OwnerKind, label_for
from domain.ports import Opening, Recorded
from domain.rows import Place, StoredRow, Table, Under, Value, ViewStore
from projections.entries import Entry, content_of, entry
from projections.projection import Rows
from projections.times import to_ms

TRAIL = Table(
    "trail",
    key=("position_of", "client_id"),
    clear=("time_ms", "actor_id", "owner_kind"),
    indexes=(("actor_id", "position_of"), ("client_id", "position_of")),
)


class AuditTrailProjection:
    """How events become lines of the trail."""

    name = "audit_trail-1"
    tables = (TRAIL,)
    # What was searched for in a record is no line of its own: that there was a search is one.
    purposes = frozenset(KeyPurpose) - {KeyPurpose.INDEX}

    def apply(self, recorded: Recorded, rows: Rows) -> None:
        """Add a line for each client whom the event concerns, or one for the staff matter."""
        content = content_of(recorded)
        owners = [Owner(OwnerKind.CLIENT, each) for each in recorded.concerning]
        for owner in owners or [recorded.owner]:
            client = owner.id if owner.kind is OwnerKind.CLIENT else ""
            clear: Mapping[str, Value] = {
                "time_ms": to_ms(recorded.recorded_at),
                "actor_id": recorded.who.actor.id,
                "owner_kind": int(owner.kind),
            }
            under = Under(owner, label_for(ACCOUNTABILITY, owner), recorded.recorded_at)
            rows.put(TRAIL, (recorded.position, client), clear, content, under, recorded.position)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which lines: by actor or client, from before a position."""

    actor: str | None = None
    client: str | None = None
    before: int | None = None
    limit: int = 100


class AuditTrail:
    """The queries of the audit trail: first which lines, then, once recorded, what they say."""

    def __init__(self, view: str, store: ViewStore) -> None:
        self.name = view
        self._store = store

    def lines(self, wanted: Filter) -> list[StoredRow]:
        """The lines, the newest first, still sealed; the lines of one event stand on one page."""
        equal: dict[str, Value] = {}
        if wanted.actor is not None:
            equal["actor_id"] = wanted.actor
        if wanted.client is not None:
            equal["client_id"] = wanted.client
        last = _LAST if wanted.before is None else wanted.before - 1
        found = self._store.select(
            TRAIL,
            equal,
            span=("position_of", 0, last),
            limit=wanted.limit,
            newest_first=True,
        )
        return self._whole(found, equal) if len(found) == wanted.limit else found

    def _whole(self, page: list[StoredRow], equal: dict[str, Value]) -> list[StoredRow]:
        """The page with every line of its oldest event, since the next one begins before it."""
        if not page:
            return page
        oldest = page[-1].key[0]
        rest = self._store.select(TRAIL, {**equal, "position_of": oldest}, newest_first=True)
        return [*(row for row in page if row.key[0] != oldest), *rest]

    @staticmethod
    def concerning(lines: list[StoredRow]) -> tuple[tuple[str, ...], tuple[Owner, ...]]:
        """The clients whom the lines concern, and the owners of lines that concern none."""
        clients = dict.fromkeys(str(row.key[1]) for row in lines if row.key[1])
        owners = dict.fromkeys(
            Owner(OwnerKind(int(row.clear[2] or 0)), row.subject) for row in lines if not row.key[1]
        )
        return tuple(clients), tuple(owners)

    def open(self, lines: list[StoredRow], opening: Opening) -> list[Entry]:
        """What the lines say; one that has expired by age stays closed."""
        places = (Place(self.name, TRAIL.name, row.key, row.position) for row in lines)
        contents = opening.cells(zip((row.cell for row in lines), places, strict=True))
        return [
            entry(row.position, str(row.key[1]) or None, content)
            for row, content in zip(lines, contents, strict=True)
            if content is not None
        ]


_LAST = 2**62
