"""How events change the row of a session among the items of case state."""

from __future__ import annotations

from domain.confidentiality import ADMINISTRATIVE, label_for
from domain.events.session import (
    SessionCancelled,
    SessionHeld,
    SessionMissed,
    SessionMoved,
    SessionScheduled,
    SessionWhereaboutsTold,
)
from domain.ports import Recorded
from domain.rows import Content, Table, Under
from projections.projection import Rows
from projections.times import to_ms


def apply(recorded: Recorded, rows: Rows, items: Table) -> None:
    """Let one event change a session's row."""
    match recorded.event:
        case SessionScheduled() as event:
            _put(recorded, rows, items, (event.case, event.session), _scheduled(event))
        case (
            SessionMoved()
            | SessionWhereaboutsTold()
            | SessionHeld()
            | SessionCancelled()
            | SessionMissed()
        ) as event:
            found = rows.get(items, (event.case, event.session))
            if found is not None:
                _change(found[1], event)
                _put(recorded, rows, items, (event.case, event.session), found[1])
        case _:
            pass


def _put(
    recorded: Recorded, rows: Rows, items: Table, key: tuple[str, str], content: Content
) -> None:
    content["version"] = recorded.version
    under = Under(recorded.owner, label_for(ADMINISTRATIVE, recorded.owner), recorded.recorded_at)
    rows.put(items, key, {}, content, under, recorded.position)


def _scheduled(event: SessionScheduled) -> Content:
    return {
        "item": "session",
        "therapist": event.therapist,
        "starts": to_ms(event.starts_at),
        "ends": to_ms(event.ends_at),
        "place": event.place.value,
        "room": event.room,
        "series": event.series,
        "whereabouts": None,
        "moved": [],
        "status": "scheduled",
        "notice_hours": None,
        "late": None,
    }


def _change(
    content: Content,
    event: SessionMoved | SessionWhereaboutsTold | SessionHeld | SessionCancelled | SessionMissed,
) -> None:
    match event:
        case SessionMoved():
            content["moved"].append([event.by.value, content["starts"]])
            content["starts"], content["ends"] = to_ms(event.starts_at), to_ms(event.ends_at)
            content["place"], content["room"] = event.place.value, event.room
        case SessionWhereaboutsTold():
            content["whereabouts"] = event.text.sealed
        case SessionHeld():
            content["status"] = "held"
            content["starts"], content["ends"] = to_ms(event.started_at), to_ms(event.ended_at)
        case SessionCancelled():
            content["status"] = f"cancelled-by-{event.by.value}"
            content["notice_hours"], content["late"] = event.notice_hours, event.late
        case SessionMissed():
            content["status"] = "no-show"
