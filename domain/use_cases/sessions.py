"""Sessions: scheduled, and then held, cancelled, or missed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domain import (
    case as case_file,
    session as session_file,
)
from domain.errors import NotThere, Stale
from domain.events.session import CancelledBy, SessionEvent, SessionScheduled
from domain.policy import Act
from domain.session import Session
from domain.use_cases.desk import (
    NO_SUCH_RECORD,
    Desk,
    attempt,
    record_denial,
)
from domain.use_cases.on_case import (
    on_case,
)
from domain.values import (
    CaseId,
    Circumstances,
    Command,
    PractitionerId,
    Receipt,
    SessionId,
)


@dataclass(frozen=True, slots=True)
class NewSession:
    """A time and a room to set aside."""

    starts_at: datetime
    ends_at: datetime
    room: str


async def schedule_session(
    desk: Desk, who: Circumstances, case_id: CaseId, new: NewSession, *, command: Command
) -> Receipt:
    """Set a time, a room and the actor aside for the case. The receipt names the ``session``."""
    if done := desk.record.replay(who, command):
        return done
    tried = attempt("session")
    admitted = await on_case(desk, who, Act.SCHEDULE_SESSION, case_id, tried)
    case_file.must_be_open(admitted.case)
    session_id = SessionId(desk.identifiers.new())
    scheduled = SessionScheduled(
        session=session_id,
        case=case_id,
        therapist=PractitionerId(who.actor.id),
        starts_at=new.starts_at,
        ends_at=new.ends_at,
        room=new.room,
    )
    write = admitted.write(session_id, session_file.schedule(None, scheduled), 0)
    return await desk.record.append(
        (write,), admitted.who, command=command, reply=(("session", session_id),)
    )


async def hold_session(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    session_id: SessionId,
    span: tuple[datetime, datetime],
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Record that the session took place."""
    now = desk.clock.now()
    return await _settle_session(
        desk,
        who,
        (case_id, session_id),
        lambda session: session_file.hold(session, *span, now=now),
        expected,
        command,
    )


async def cancel_session(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    session_id: SessionId,
    by: CancelledBy,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Call the session off."""
    return await _settle_session(
        desk,
        who,
        (case_id, session_id),
        lambda session: session_file.cancel(session, by),
        expected,
        command,
    )


async def miss_session(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    session_id: SessionId,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Record that nobody came."""
    now = desk.clock.now()
    return await _settle_session(
        desk,
        who,
        (case_id, session_id),
        lambda session: session_file.miss(session, now=now),
        expected,
        command,
    )


async def _settle_session(
    desk: Desk,
    who: Circumstances,
    which: tuple[CaseId, SessionId],
    decide: Callable[[Session], tuple[SessionEvent, ...]],
    expected: int,
    command: Command,
) -> Receipt:
    if done := desk.record.replay(who, command):
        return done
    case_id, session_id = which
    tried = attempt("session", session_id)
    admitted = await on_case(desk, who, Act.SETTLE_SESSION, case_id, tried)
    session, version = desk.record.fold(session_id, session_file.fold)
    if session is None or session.case != case_id:
        clients = admitted.case.everyone
        await record_denial(desk, admitted.who, tried, clients, NO_SUCH_RECORD)
        raise NotThere
    if expected != version:
        raise Stale(version)
    write = admitted.write(session_id, decide(session), version)
    return await desk.record.append(
        (write,), admitted.who, command=command, reply=(("session", session_id),)
    )
