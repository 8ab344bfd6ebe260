"""Shapes of sessions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from api.http.naming import Naming
from api.http.schemas.common import Asked, Instant, Line, Told, Words, example
from api.http.schemas.joint import PresentTold
from domain.events.session import CancelledBy, Place
from domain.series import MOST_SESSIONS, MOST_WEEKS
from domain.use_cases.series import NewSeries as DomainSeries
from domain.use_cases.sessions import NewSession as DomainSession
from projections.case_lines import SessionLine


class Booked(Asked):
    """A time and a place; a room is named where it is one of the clinic's.

    With ``despite_clashes`` it is set aside although the room or the therapist is taken.
    """

    starts_at: Instant
    ends_at: Instant
    room: Line | None = None
    place: Place = Place.ROOM
    despite_clashes: bool = False

    def value(self) -> DomainSession:
        """The domain's new session."""
        return DomainSession(
            self.starts_at, self.ends_at, self.room, self.place, self.despite_clashes
        )


class NewSession(Booked):
    """A time and a place to set aside; of a session at a distance, where the client will be."""

    model_config = example(
        starts_at="2026-11-30T09:00:00Z", ends_at="2026-11-30T09:50:00Z", room="2"
    )

    whereabouts: Words | None = None


class SessionMove(Booked):
    """Another time or place, and who asked for it."""

    model_config = example(
        starts_at="2026-12-01T09:00:00Z", ends_at="2026-12-01T09:50:00Z", room="2", by="client"
    )

    by: CancelledBy


class Whereabouts(Asked):
    """Where the client is: help has to find her."""

    model_config = example(text="At her sister's, ul. Nadrzeczna 11, Zawory.")

    text: Words


class NewSeries(Booked):
    """The first of many sessions at the same time of the week: so many, or until a day."""

    model_config = example(
        starts_at="2026-12-03T09:00:00Z",
        ends_at="2026-12-03T09:50:00Z",
        room="2",
        every_weeks=1,
        count=10,
    )

    every_weeks: Annotated[int, Field(ge=1, le=MOST_WEEKS)] = 1
    count: Annotated[int, Field(ge=1, le=MOST_SESSIONS)] | None = None
    until: date | None = None

    def series(self) -> DomainSeries:
        """The domain's new series."""
        return DomainSeries(self.value(), self.every_weeks, self.count, self.until)


class SeriesEnd(Asked):
    """Who ends a series."""

    model_config = example(by="client")

    by: CancelledBy


class Held(Asked):
    """When the session really was."""

    model_config = example(started_at="2026-11-23T09:00:00Z", ended_at="2026-11-23T09:50:00Z")

    started_at: Instant
    ended_at: Instant


class Cancellation(Asked):
    """Who called it off, and when the other side was told if that was earlier than now."""

    model_config = example(by="client")

    by: CancelledBy
    told_at: Instant | None = None


class MoveTold(Told):
    """From when a session was moved, and who asked for it."""

    by: str
    starts_at: datetime


class SessionTold(Told):
    """A session of the case; ``whereabouts`` is where the client is during one at a distance.

    Of a cancelled one: how many whole hours before it that was told, and whether that was late by
    the contract.
    """

    id: str
    version: int
    therapist: str
    starts_at: datetime
    ends_at: datetime
    place: str
    room: str | None
    series: str | None
    whereabouts: str | None
    moved: list[MoveTold]
    status: str
    notice_hours: int | None
    late: bool | None
    present: list[PresentTold]


def session_told(line: SessionLine, naming: Naming) -> SessionTold:
    """The answer for a session."""
    return SessionTold(
        id=line.id,
        version=line.version,
        therapist=line.therapist,
        starts_at=line.starts_at,
        ends_at=line.ends_at,
        place=line.place,
        room=line.room,
        series=line.series,
        whereabouts=naming.words_left(line.whereabouts),
        moved=[MoveTold(by=by, starts_at=at) for by, at in line.moved],
        status=line.status,
        notice_hours=line.notice_hours,
        late=line.late,
        present=[naming.present(alias, there=there) for alias, there in line.present],
    )
