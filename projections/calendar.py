"""Calendar: the front desk's days. Time, room, therapist; never format, group name or reason.

A session of a couple, a family or a group stands there without a client, as any room that is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.confidentiality import TENANT, KeyPurpose, OwnerKind
from domain.events.session import (
    SessionCancelled,
    SessionHeld,
    SessionMissed,
    SessionScheduled,
)
from domain.ports import Opening, Recorded
from domain.rows import Place, StoredRow, Table, Under, Value, ViewStore
from projections.projection import Rows
from projections.times import from_ms, to_ms

SLOTS = Table(
    "slots",
    key=("session_id",),
    clear=("starts_ms", "ends_ms", "therapist_id", "client_id", "status"),
    indexes=(("starts_ms",), ("therapist_id", "starts_ms")),
)
_STATUS = {SessionHeld: "held", SessionCancelled: "cancelled", SessionMissed: "no-show"}


@dataclass(frozen=True, slots=True)
class Slot:
    """A time that is taken; ``client`` only for individual sessions."""

    session: str
    starts_at: datetime
    ends_at: datetime
    therapist: str
    client: str | None
    status: str
    room: str | None


class CalendarProjection:
    """How events change the calendar."""

    name = "calendar-1"
    tables = (SLOTS,)
    purposes = frozenset({KeyPurpose.CLINICAL, KeyPurpose.CASE})

    def apply(self, recorded: Recorded, rows: Rows) -> None:
        """Let one event change rows."""
        under = Under(recorded.owner, TENANT, recorded.recorded_at)
        match recorded.event:
            case SessionScheduled() as event:
                alone = recorded.owner.kind is OwnerKind.CLIENT
                clear: dict[str, Value] = {
                    "starts_ms": to_ms(event.starts_at),
                    "ends_ms": to_ms(event.ends_at),
                    "therapist_id": event.therapist,
                    "client_id": recorded.owner.id if alone else "",
                    "status": "scheduled",
                }
                content = {"room": event.room}
                rows.put(SLOTS, (event.session,), clear, content, under, recorded.position)
            case SessionHeld() | SessionCancelled() | SessionMissed() as event:
                found = rows.get(SLOTS, (event.session,))
                if found is not None:
                    before, content = found
                    clear = {**before, "status": _STATUS[type(event)]}
                    rows.put(SLOTS, (event.session,), clear, content, under, recorded.position)
            case _:
                pass


class Calendar:
    """The queries of the calendar: first which slots, then, once recorded, their rooms."""

    def __init__(self, view: str, store: ViewStore) -> None:
        self._view = view
        self._store = store

    def between(
        self, start: datetime, end: datetime, *, therapist: str | None = None
    ) -> list[StoredRow]:
        """The slots that begin in a span, still sealed."""
        equal = {} if therapist is None else {"therapist_id": therapist}
        span = ("starts_ms", to_ms(start), to_ms(end) - 1)
        return self._store.select(SLOTS, dict(equal), span=span)

    @staticmethod
    def slot(row: StoredRow) -> Slot:
        """What of a slot stands in the clear."""
        starts, ends, therapist, client, status = row.clear
        return Slot(
            session=str(row.key[0]),
            starts_at=from_ms(int(starts or 0)),
            ends_at=from_ms(int(ends or 0)),
            therapist=str(therapist),
            client=str(client) or None,
            status=str(status),
            room=None,
        )

    def room(self, row: StoredRow, opening: Opening) -> str:
        """The room of a slot."""
        place = Place(self._view, SLOTS.name, row.key, row.position)
        return str(opening.cell(row.cell, place)["room"])
