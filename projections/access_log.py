"""Access log: per client, everyone who looked at her record or wrote in it, and every denied look.

One row per client and event, under her accountability key: it outlives her clinical content.
"""

from __future__ import annotations

from domain.confidentiality import ACCOUNTABILITY, KeyPurpose, Owner, OwnerKind
from domain.ports import Opening, Recorded
from domain.rows import Place, Table, Under, ViewStore
from projections.entries import Entry, content_of, entry
from projections.projection import Rows

ENTRIES = Table("entries", key=("client_id", "position_of"))


class AccessLogProjection:
    """How events become entries."""

    name = "access_log-1"
    tables = (ENTRIES,)
    # What was searched for in a record is no line of its own: that there was a search is one.
    purposes = frozenset(KeyPurpose) - {KeyPurpose.INDEX}

    def apply(self, recorded: Recorded, rows: Rows) -> None:
        """Add an entry for each client whom the event concerns."""
        if not recorded.concerning:
            return
        content = content_of(recorded)
        for client in recorded.concerning:
            under = Under(Owner(OwnerKind.CLIENT, client), ACCOUNTABILITY, recorded.recorded_at)
            key = (client, recorded.position)
            rows.put(ENTRIES, key, {}, content, under, recorded.position)


class AccessLog:
    """The queries of the access log."""

    def __init__(self, view: str, store: ViewStore) -> None:
        self.name = view
        self._store = store

    def of(
        self, client_id: str, opening: Opening, *, before: int | None = None, limit: int = 100
    ) -> list[Entry]:
        """A client's entries, the newest first, from before a position."""
        last = _LAST if before is None else before - 1
        rows = self._store.select(
            ENTRIES,
            {"client_id": client_id},
            span=("position_of", 0, last),
            limit=limit,
            newest_first=True,
        )
        places = (Place(self.name, ENTRIES.name, row.key, row.position) for row in rows)
        contents = opening.cells(zip((row.cell for row in rows), places, strict=True))
        # An entry that has expired by age stays closed.
        return [
            entry(row.position, client_id, content)
            for row, content in zip(rows, contents, strict=True)
            if content is not None
        ]


_LAST = 2**62
