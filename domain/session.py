"""A session: State, evolve, decisions.

It is set aside at a time and a place, may be moved or called off until it is settled, and is
settled once: held, cancelled or missed. Who of several people was there is told by each of them
(``session.attendance_recorded``); that one person came or did not is the session's own state.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.errors import InTheFuture, Invalid, WrongState
from domain.events.session import (
    CancelledBy,
    Place,
    SessionCancelled,
    SessionEvent,
    SessionHeld,
    SessionMissed,
    SessionMoved,
    SessionScheduled,
    SessionWhereaboutsTold,
)
from domain.values import CaseId, FreeText, ItemId, PractitionerId, SessionId
from domain.wording import worded

LONGEST = timedelta(hours=12)

Settled = SessionHeld | SessionCancelled | SessionMissed
"""How a session ended; it ends once."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A time and a place: what is set aside, and what a session can be moved to."""

    starts_at: datetime
    ends_at: datetime
    place: Place = Place.ROOM
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A session as later decisions need to know it."""

    id: SessionId
    case: CaseId
    therapist: PractitionerId
    spot: Spot
    series: ItemId | None = None
    settled: Settled | None = None

    @property
    def starts_at(self) -> datetime:
        """When it is to begin."""
        return self.spot.starts_at


def evolve(state: Session | None, event: object) -> Session | None:
    """The state after the event."""
    match event:
        case SessionScheduled():
            return Session(event.session, event.case, event.therapist, spot_of(event), event.series)
        case SessionMoved() if state is not None:
            return replace(state, spot=spot_of(event))
        case SessionHeld() | SessionCancelled() | SessionMissed() if state is not None:
            return replace(state, settled=event)
        case _:
            return state


def fold(events: Iterable[object]) -> Session | None:
    """The session's state from its events."""
    state: Session | None = None
    for event in events:
        state = evolve(state, event)
    return state


def spot_of(event: SessionScheduled | SessionMoved) -> Spot:
    """The time and the place that an event names."""
    return Spot(event.starts_at, event.ends_at, event.place, event.room)


def schedule(state: Session | None, scheduled: SessionScheduled) -> tuple[SessionEvent, ...]:
    """Set a time, a place and a therapist aside.

    Raises:
        Invalid: The end is not after the start within twelve hours, or the room stands where there
            is none.
    """
    if state is not None:
        return ()
    must_be_possible(spot_of(scheduled))
    return (scheduled,)


def move(state: Session, spot: Spot, by: CancelledBy) -> tuple[SessionEvent, ...]:
    """Put it to another time or place; where it is already, nothing changes.

    Raises:
        Invalid: As ``schedule`` does.
        WrongState: It was settled.
    """
    if state.spot == spot:
        return ()
    _must_be_unsettled(state)
    must_be_possible(spot)
    moved = SessionMoved(
        session=state.id,
        case=state.case,
        by=by,
        starts_at=spot.starts_at,
        ends_at=spot.ends_at,
        place=spot.place,
        room=spot.room,
    )
    return (moved,)


def tell_whereabouts(
    state: Session, text: FreeText, *, author: PractitionerId
) -> tuple[SessionEvent, ...]:
    """Record where the client is during a session at a distance; the newest word stands.

    Raises:
        WrongState: It is held in a room of the clinic, or was settled.
    """
    _must_be_unsettled(state)
    if state.spot.place is Place.ROOM:
        raise WrongState("The session is held at the clinic")
    told = SessionWhereaboutsTold(
        session=state.id, case=state.case, author=author, text=worded(text)
    )
    return (told,)


def hold(
    state: Session, started_at: datetime, ended_at: datetime, *, now: datetime
) -> tuple[SessionEvent, ...]:
    """Record that the session took place.

    Raises:
        Invalid: The end is not after the start within twelve hours.
        InTheFuture: It has not ended yet.
        WrongState: It was cancelled or missed, or held at other times.
    """
    _check_span(started_at, ended_at, "ended_at")
    if ended_at > now:
        raise InTheFuture("ended_at")
    held = SessionHeld(session=state.id, case=state.case, started_at=started_at, ended_at=ended_at)
    return _settle(state, held)


def cancel(
    state: Session,
    by: CancelledBy,
    *,
    told_at: datetime | None = None,
    term_hours: int | None = None,
) -> tuple[SessionEvent, ...]:
    """Call the session off; ``term_hours`` is how early the contract wants to know.

    Late is whoever told it less than so many hours before; at the very hour is in time. Called off
    again by the same side, the first notice stands.

    Raises:
        WrongState: It was held or missed, or called off by the other side.
    """
    if isinstance(state.settled, SessionCancelled) and state.settled.by is by:
        return ()
    notice = None if told_at is None else max(state.starts_at - told_at, timedelta(0))
    cancelled = SessionCancelled(
        session=state.id,
        case=state.case,
        by=by,
        told_at=told_at,
        notice_hours=None if notice is None else notice // timedelta(hours=1),
        late=None if notice is None or term_hours is None else notice < timedelta(hours=term_hours),
    )
    return _settle(state, cancelled)


def told_by(told_at: datetime | None, *, now: datetime) -> datetime:
    """When the other side was told: now, unless it was earlier.

    Raises:
        InTheFuture: It would have been later than now.
    """
    if told_at is not None and told_at > now:
        raise InTheFuture("told_at")
    return told_at or now


def miss(state: Session, *, now: datetime) -> tuple[SessionEvent, ...]:
    """Record that nobody came.

    Raises:
        InTheFuture: It has not begun yet.
        WrongState: It was held or cancelled.
    """
    if state.starts_at > now:
        raise InTheFuture("starts_at")
    return _settle(state, SessionMissed(session=state.id, case=state.case))


def must_be_possible(spot: Spot) -> None:
    """Refuse a time or a place that cannot be.

    Raises:
        Invalid: The end is not after the start within twelve hours; or a room is missing, or named
            where the session is held elsewhere.
    """
    _check_span(spot.starts_at, spot.ends_at, "ends_at")
    if spot.place is Place.ROOM and not (spot.room or "").strip():
        raise Invalid("room", "is missing")
    if spot.place is not Place.ROOM and spot.room is not None:
        raise Invalid("room", "is named, but the session is held elsewhere")


def _settle(state: Session, settled: Settled) -> tuple[SessionEvent, ...]:
    """Settling a session again in the same words changes nothing; in others it is refused."""
    if state.settled is not None and state.settled != settled:
        raise WrongState("The session has already been settled")
    return () if state.settled == settled else (settled,)


def _must_be_unsettled(state: Session) -> None:
    if state.settled is not None:
        raise WrongState("The session has already been settled")


def _check_span(start: datetime, end: datetime, field: str) -> None:
    if not timedelta(0) < end - start <= LONGEST:
        raise Invalid(field, "must follow the start within twelve hours")
