"""Shapes of sessions."""

from __future__ import annotations

from datetime import datetime

from api.http.naming import Naming
from api.http.schemas.common import Asked, Instant, Line, Told, example
from api.http.schemas.joint import PresentTold
from domain.events.session import CancelledBy
from projections.case_lines import SessionLine


class NewSession(Asked):
    """A time and a room to set aside."""

    model_config = example(
        starts_at="2026-11-30T09:00:00Z", ends_at="2026-11-30T09:50:00Z", room="2"
    )

    starts_at: Instant
    ends_at: Instant
    room: Line


class Held(Asked):
    """When the session really was."""

    model_config = example(started_at="2026-11-23T09:00:00Z", ended_at="2026-11-23T09:50:00Z")

    started_at: Instant
    ended_at: Instant


class Cancellation(Asked):
    """Who called it off."""

    model_config = example(by="client")

    by: CancelledBy


class SessionTold(Told):
    """A session of the case."""

    id: str
    version: int
    therapist: str
    starts_at: datetime
    ends_at: datetime
    room: str
    status: str
    present: list[PresentTold]


def session_told(line: SessionLine, naming: Naming) -> SessionTold:
    """The answer for a session."""
    return SessionTold(
        id=line.id,
        version=line.version,
        therapist=line.therapist,
        starts_at=line.starts_at,
        ends_at=line.ends_at,
        room=line.room,
        status=line.status,
        present=[naming.present(alias, there=there) for alias, there in line.present],
    )
