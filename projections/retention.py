"""Retention: when each client's record was first and last written in, and whose is, or was, held.

What the gate of an erasure weighs beside the frames (compliance.md RET-01). Pseudonymous ids and
times alone; a clock goes with its client's record.
"""

from __future__ import annotations

from domain.confidentiality import ADMINISTRATIVE, FRAME, KeyPurpose, Owner, OwnerKind
from domain.events.case import CaseClosed
from domain.events.client import ClientHoldPlaced
from domain.ports import Recorded, Span
from domain.rows import Table, Under, ViewStore
from domain.values import CaseId, ClientId, ItemId, NoteId
from projections.case_state import ITEMS
from projections.chart.rows import ITEMS as CHART_ITEMS
from projections.process_notes import OWN
from projections.projection import Rows
from projections.times import from_ms, to_ms

CLOCKS = Table("clocks", key=("client_id",), clear=("first_ms", "last_ms"))
HOLDS = Table("holds", key=("client_id",))
_ENTRIES = frozenset({KeyPurpose.CLINICAL, KeyPurpose.CASE})


class RetentionProjection:
    """How events move the clocks."""

    name = "retention-1"
    tables = (CLOCKS, HOLDS)
    purposes = frozenset({KeyPurpose.RELATIONSHIP, *_ENTRIES})

    def apply(self, recorded: Recorded, rows: Rows) -> None:
        """Let one event change rows: content moves clocks, and so does the end of a therapy."""
        event = recorded.event
        if isinstance(event, ClientHoldPlaced):
            under = Under(recorded.owner, FRAME, recorded.recorded_at)
            rows.put(HOLDS, (recorded.stream,), {}, {}, under, recorded.position)
        elif recorded.label.purpose in _ENTRIES or isinstance(event, CaseClosed):
            for client in recorded.concerning:
                _tick(recorded, rows, client)


def _tick(recorded: Recorded, rows: Rows, client: str) -> None:
    now = to_ms(recorded.recorded_at)
    found = rows.get(CLOCKS, (client,))
    first = now if found is None else found[0]["first_ms"]
    under = Under(Owner(OwnerKind.CLIENT, client), ADMINISTRATIVE, recorded.recorded_at)
    clear = {"first_ms": first, "last_ms": now}
    rows.put(CLOCKS, (client,), clear, {}, under, recorded.position)


class Holdings:
    """What the clinic holds of whom, as ``domain.ports.Holdings`` asks it; nothing is opened."""

    def __init__(
        self,
        retention: ViewStore,
        case_state: ViewStore,
        own_notes: ViewStore,
        chart: ViewStore,
    ) -> None:
        self._chart = chart
        self._retention = retention
        self._case_state = case_state
        self._own_notes = own_notes

    def span(self, client: ClientId) -> Span | None:
        """When a client's record was first and last written in."""
        row = self._retention.load(CLOCKS, (client,))
        if row is None:
            return None
        first, last = row.clear
        return Span(from_ms(int(first or 0)), from_ms(int(last or 0)))

    def held(self) -> tuple[ClientId, ...]:
        """Whose records are, or were, under a hold; the frames say whether one stands."""
        return tuple(ClientId(str(row.key[0])) for row in self._retention.every(HOLDS))

    def parts(self, client: ClientId, case: CaseId) -> tuple[ItemId, ...]:
        """The streams of what a joint case holds under a member's own key."""
        rows = (
            *self._case_state.select(ITEMS, {"case_id": case}, limit=_MOST),
            *self._chart.select(CHART_ITEMS, {"case_id": case}, limit=_MOST),
        )
        return tuple(ItemId(str(row.key[1])) for row in rows if row.subject == client)

    def items(self, case: CaseId) -> tuple[ItemId, ...]:
        """The streams of a case's notes, sessions and other items."""
        rows = (
            *self._case_state.select(ITEMS, {"case_id": case}, limit=_MOST),
            *self._chart.select(CHART_ITEMS, {"case_id": case}, limit=_MOST),
        )
        return tuple(ItemId(str(row.key[1])) for row in rows)

    def process_notes(self, case: CaseId) -> tuple[NoteId, ...]:
        """The process notes on a case, whoever wrote them."""
        rows = self._own_notes.select(OWN, {"case_id": case}, limit=_MOST)
        return tuple(NoteId(str(row.key[2])) for row in rows)


_MOST = 100_000
