"""Calendar: the front desk's days. Time, place, therapist; never format, group name or reason.

A session of a couple, a family or a group stands there without a client, as any room that is taken.
Of a place the front desk sees what it is and which room; where a client is during a session at a
distance stands in the session's own row, for those who care for her.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from domain.confidentiality import TENANT, KeyPurpose, OwnerKind
from domain.events.session import (
    SessionCancelled,
    SessionHeld,
    SessionMissed,
    SessionMoved,
    SessionScheduled,
)
from domain.ports import Opening, Recorded
from domain.rows import Place, StoredRow, Table, Under, Value, ViewStore
from domain.session import LONGEST
from domain.values import PractitionerId, SessionId
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


@dataclass(frozen=True, slots=True)
class Where:
    """The place of a slot: what it is, and which room of the clinic."""

    place: str
    room: str | None


class CalendarProjection:
    """How events change the calendar."""

    name = "calendar-2"
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
                content = {"place": event.place.value, "room": event.room}
                rows.put(SLOTS, (event.session,), clear, content, under, recorded.position)
            case SessionMoved() as event:
                found = rows.get(SLOTS, (event.session,))
                if found is not None:
                    clear = {
                        **found[0],
                        "starts_ms": to_ms(event.starts_at),
                        "ends_ms": to_ms(event.ends_at),
                    }
                    content = {"place": event.place.value, "room": event.room}
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
        )

    def where(self, row: StoredRow, opening: Opening) -> Where:
        """The place of a slot."""
        place = Place(self._view, SLOTS.name, row.key, row.position)
        content = opening.cell(row.cell, place)
        return Where(str(content["place"]), content["room"])


class Diary:
    """When rooms and therapists are taken; it tells that, and nothing else (fine print 6).

    It knows what the calendar shows: of two who book the same room in the same moment, both may.
    """

    def __init__(self, view: str, store: ViewStore, opening: Callable[[], Opening]) -> None:
        """``opening`` gives a standing grant, which opens which room it is."""
        self._view = view
        self._store = store
        self._opening = opening

    def therapist_taken(
        self,
        therapist: PractitionerId,
        start: datetime,
        end: datetime,
        besides: Collection[SessionId],
    ) -> bool:
        """Whether a session of this therapist overlaps the span, besides these."""
        return bool(self._overlapping(start, end, besides, {"therapist_id": therapist}))

    def room_taken(
        self, room: str, start: datetime, end: datetime, besides: Collection[SessionId]
    ) -> bool:
        """Whether a session in this room overlaps the span, besides these."""
        rows = self._overlapping(start, end, besides, {})
        if not rows:
            return False
        places = (Place(self._view, SLOTS.name, row.key, row.position) for row in rows)
        cells = zip((row.cell for row in rows), places, strict=True)
        wanted = _known_as(room)
        return any(
            content is not None and content["room"] and _known_as(content["room"]) == wanted
            for content in self._opening().cells(cells)
        )

    def _overlapping(
        self,
        start: datetime,
        end: datetime,
        besides: Collection[SessionId],
        equal: dict[str, Value],
    ) -> list[StoredRow]:
        """What is still to be held and overlaps; nothing lasts longer than ``LONGEST``."""
        span = ("starts_ms", to_ms(start - LONGEST), to_ms(end) - 1)
        found = self._store.select(SLOTS, {**equal, "status": "scheduled"}, span=span, limit=_MOST)
        return [
            row
            for row in found
            if int(row.clear[1] or 0) > to_ms(start) and row.key[0] not in besides
        ]


_MOST = 10_000


def _known_as(room: str) -> str:
    """One room however it is typed."""
    return " ".join(room.casefold().split())
