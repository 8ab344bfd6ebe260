"""A session: State, evolve, decisions."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

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

Settled = SessionHeld | SessionCancelled | SessionMissed
"""How a session ended; it ends once."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session as later decisions need to know it."""

    id: SessionId
    case: CaseId
    therapist: PractitionerId
    starts_at: datetime
    settled: Settled | None = None


def evolve(state: Session | None, event: object) -> Session | None:
    """The state after the event."""
    match event:
        case SessionScheduled():
            return Session(event.session, event.case, event.therapist, event.starts_at)
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
    _check_span(started_at, ended_at, "ended_at")
    if ended_at > now:
        raise InTheFuture("ended_at")
    held = SessionHeld(session=state.id, case=state.case, started_at=started_at, ended_at=ended_at)
    return _settle(state, held)


def cancel(state: Session, by: CancelledBy) -> tuple[SessionEvent, ...]:
    """Call the session off."""
    return _settle(state, SessionCancelled(session=state.id, case=state.case, by=by))


def miss(state: Session, *, now: datetime) -> tuple[SessionEvent, ...]:
    """Record that nobody came."""
    if state.starts_at > now:
        raise InTheFuture("starts_at")
    return _settle(state, SessionMissed(session=state.id, case=state.case))


def _settle(state: Session, settled: Settled) -> tuple[SessionEvent, ...]:
    """Settling a session again in the same words changes nothing; in others it is refused."""
    if state.settled is not None and state.settled != settled:
        raise WrongState("The session has already been settled")
    return () if state.settled == settled else (settled,)


def _check_span(start: datetime, end: datetime, field: str) -> None:
    if not timedelta(0) < end - start <= LONGEST:
        raise Invalid(field, "must follow the start within twelve hours")
