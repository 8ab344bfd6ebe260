"""A session: State, evolve, decisions."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto

from domain.errors import InTheFuture, Invalid, WrongState
from domain.events.session import (
    CancelledBy,
    SessionCancelled,
    SessionEvent,
    SessionHeld,
    SessionMissed,
    SessionScheduled,
)
from domain.values import CaseId, PractitionerId, SessionId

LONGEST = timedelta(hours=12)


class Status(Enum):
    """Where a session stands."""

    SCHEDULED = auto()
    HELD = auto()
    CANCELLED = auto()
    MISSED = auto()


@dataclass(frozen=True, slots=True)
class Session:
    """A session as later decisions need to know it."""

    id: SessionId
    case: CaseId
    therapist: PractitionerId
    starts_at: datetime
    status: Status = Status.SCHEDULED


def evolve(state: Session | None, event: object) -> Session | None:
    """The state after the event."""
    match event:
        case SessionScheduled():
            return Session(event.session, event.case, event.therapist, event.starts_at)
        case SessionHeld() if state is not None:
            return replace(state, status=Status.HELD)
        case SessionCancelled() if state is not None:
            return replace(state, status=Status.CANCELLED)
        case SessionMissed() if state is not None:
            return replace(state, status=Status.MISSED)
        case _:
            return state


def fold(events: Iterable[object]) -> Session | None:
    """The session's state from its events."""
    state: Session | None = None
    for event in events:
        state = evolve(state, event)
    return state


def schedule(state: Session | None, scheduled: SessionScheduled) -> tuple[SessionEvent, ...]:
    """Set a time, a room and a therapist aside."""
    if state is not None:
        return ()
    _check_span(scheduled.starts_at, scheduled.ends_at, "ends_at")
    return (scheduled,)


def hold(
    state: Session, started_at: datetime, ended_at: datetime, *, now: datetime
) -> tuple[SessionEvent, ...]:
    """Record that the session took place."""
    if state.status is Status.HELD:
        return ()
    _must_be_scheduled(state)
    _check_span(started_at, ended_at, "ended_at")
    if ended_at > now:
        raise InTheFuture("ended_at")
    held = SessionHeld(session=state.id, case=state.case, started_at=started_at, ended_at=ended_at)
    return (held,)


def cancel(state: Session, by: CancelledBy) -> tuple[SessionEvent, ...]:
    """Call the session off."""
    if state.status is Status.CANCELLED:
        return ()
    _must_be_scheduled(state)
    return (SessionCancelled(session=state.id, case=state.case, by=by),)


def miss(state: Session, *, now: datetime) -> tuple[SessionEvent, ...]:
    """Record that nobody came."""
    if state.status is Status.MISSED:
        return ()
    _must_be_scheduled(state)
    if state.starts_at > now:
        raise InTheFuture("starts_at")
    return (SessionMissed(session=state.id, case=state.case),)


def _must_be_scheduled(state: Session) -> None:
    if state.status is not Status.SCHEDULED:
        raise WrongState("The session has already been settled")


def _check_span(start: datetime, end: datetime, field: str) -> None:
    if not timedelta(0) < end - start <= LONGEST:
        raise Invalid(field, "must follow the start within twelve hours")
