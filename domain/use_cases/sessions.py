"""Sessions: scheduled, moved, and then held, cancelled, or missed. Series are in ``series``."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from domain import (
    case as case_file,
    session as session_file,
)
from domain.errors import Invalid, NotThere, Stale, Taken
from domain.events.session import CancelledBy, Place, SessionEvent, SessionScheduled
from domain.policy import Act
from domain.ports import Write
from domain.session import Session, Spot
from domain.use_cases.contracts import contract_of, drawn_from_budget
from domain.use_cases.desk import (
    NO_SUCH_RECORD,
    Desk,
    attempt,
    record_denial,
)
from domain.use_cases.members import must_know_everybody
from domain.use_cases.on_case import (
    OnCase,
    on_case,
)
from domain.values import (
    CaseId,
    Circumstances,
    Command,
    FreeText,
    PractitionerId,
    Receipt,
    SessionId,
)


@dataclass(frozen=True, slots=True)
class NewSession:
    """A time and a place to set aside.

    With ``despite_clashes`` it is set aside even where the room or the therapist has another
    session at that time.
    """

    starts_at: datetime
    ends_at: datetime
    room: str | None = None
    place: Place = Place.ROOM
    despite_clashes: bool = False

    @property
    def spot(self) -> Spot:
        """Where and when it is."""
        return Spot(self.starts_at, self.ends_at, self.place, self.room)


async def schedule_session(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    new: NewSession,
    *,
    command: Command,
    whereabouts: FreeText | None = None,
) -> Receipt:
    """Set a time, a place and the actor aside for the case. The receipt names the ``session``.

    Raises:
        Taken: The room or the therapist has another session at that time.
    """
    if done := desk.record.replay(who, command):
        return done
    admitted = await on_case(desk, who, Act.SCHEDULE_SESSION, case_id, attempt("session"))
    case_file.must_be_open(admitted.case)
    session_id, therapist = SessionId(desk.identifiers.new()), PractitionerId(who.actor.id)
    scheduled = SessionScheduled(
        session=session_id,
        case=case_id,
        therapist=therapist,
        starts_at=new.starts_at,
        ends_at=new.ends_at,
        room=new.room,
        place=new.place,
    )
    events = session_file.schedule(None, scheduled)
    must_be_free(desk, therapist, (new.spot,), insist=new.despite_clashes)
    if whereabouts is not None:
        must_know_everybody(desk, admitted.case, whereabouts)
        begun = session_file.fold(events)
        if begun is not None:
            told = session_file.tell_whereabouts(begun, whereabouts, author=therapist)
            events = (*events, *told)
    write = admitted.write(session_id, events, 0)
    return await desk.record.append(
        (write,), admitted.who, command=command, reply=(("session", session_id),)
    )


async def move_session(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    session_id: SessionId,
    new: NewSession,
    by: CancelledBy,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Put a session to another time or place.

    Raises:
        Taken: The room or the therapist has another session at that time.
    """

    def decide(admitted: OnCase, session: Session) -> tuple[SessionEvent, ...]:
        case_file.must_be_open(admitted.case)
        moved = session_file.move(session, new.spot, by)
        if moved:
            besides = (session_id,)
            insist = new.despite_clashes
            must_be_free(desk, session.therapist, (new.spot,), insist=insist, besides=besides)
        return moved

    return await _change_session(
        desk, who, (case_id, session_id), decide, expected, command, act=Act.SCHEDULE_SESSION
    )


async def tell_whereabouts(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    session_id: SessionId,
    text: FreeText,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Record where the client is during a session at a distance."""

    def decide(admitted: OnCase, session: Session) -> tuple[SessionEvent, ...]:
        must_know_everybody(desk, admitted.case, text)
        author = PractitionerId(admitted.who.actor.id)
        return session_file.tell_whereabouts(session, text, author=author)

    return await _change_session(desk, who, (case_id, session_id), decide, expected, command)


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
    """Record that the session took place; where a contract has a budget, one more is used."""
    now = desk.clock.now()
    return await _change_session(
        desk,
        who,
        (case_id, session_id),
        lambda _, session: session_file.hold(session, *span, now=now),
        expected,
        command,
        beside=lambda admitted: drawn_from_budget(desk, admitted, session_id),
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
    told_at: datetime | None = None,
) -> Receipt:
    """Call the session off; whether that is late, the contract's term says.

    ``told_at`` is when the other side was told, now unless it was earlier.

    Raises:
        InTheFuture: It would have been told later than now.
    """
    told = session_file.told_by(told_at, now=desk.clock.now())

    def decide(admitted: OnCase, session: Session) -> tuple[SessionEvent, ...]:
        return session_file.cancel(session, by, told_at=told, term_hours=term_hours(desk, admitted))

    return await _change_session(desk, who, (case_id, session_id), decide, expected, command)


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
    return await _change_session(
        desk,
        who,
        (case_id, session_id),
        lambda _, session: session_file.miss(session, now=now),
        expected,
        command,
    )


def must_be_of_case(desk: Desk, case_id: CaseId, session_id: SessionId | None) -> None:
    """Refuse what is about a session of another case.

    Raises:
        Invalid: It is.
    """
    if session_id is None:
        return
    session, _ = desk.record.fold(session_id, session_file.fold)
    if session is None or session.case != case_id:
        raise Invalid("session", "is not one of the case's")


def term_hours(desk: Desk, admitted: OnCase) -> int | None:
    """How many hours before a session the case's contract wants to know; ``None`` without one."""
    contract = contract_of(desk, admitted)
    return None if contract is None else contract.terms.cancellation_hours


def must_be_free(
    desk: Desk,
    therapist: PractitionerId,
    spots: Collection[Spot],
    *,
    insist: bool,
    besides: Collection[SessionId] = (),
) -> None:
    """Refuse to set aside what is taken, unless that is insisted on.

    Only what is still to come can clash: what is entered afterwards was. The answer is the same
    for a session that the actor may not know of: that it is taken, and no more.

    Raises:
        Taken: A room or the therapist has another session.
    """
    now = desk.clock.now()
    coming = [each for each in spots if each.ends_at > now]
    if insist or not coming:
        return
    taken = set()
    for each in coming:
        span = (each.starts_at, each.ends_at)
        if each.room is not None and desk.diary.room_taken(each.room, *span, besides):
            taken.add("the room")
        if desk.diary.therapist_taken(therapist, *span, besides):
            taken.add("the therapist")
    if taken:
        raise Taken(" and ".join(sorted(taken)))


async def _change_session(
    desk: Desk,
    who: Circumstances,
    which: tuple[CaseId, SessionId],
    decide: Callable[[OnCase, Session], tuple[SessionEvent, ...]],
    expected: int,
    command: Command,
    *,
    act: Act = Act.SETTLE_SESSION,
    beside: Callable[[OnCase], Iterable[Write]] = lambda _: (),
) -> Receipt:
    if done := desk.record.replay(who, command):
        return done
    case_id, session_id = which
    tried = attempt("session", session_id)
    admitted = await on_case(desk, who, act, case_id, tried)
    session, version = desk.record.fold(session_id, session_file.fold)
    if session is None or session.case != case_id:
        clients = admitted.case.everyone
        await record_denial(desk, admitted.who, tried, clients, NO_SUCH_RECORD)
        raise NotThere
    if expected != version:
        raise Stale(version)
    events = decide(admitted, session)
    write = admitted.write(session_id, events, version)
    more = tuple(beside(admitted)) if events else ()
    return await desk.record.append(
        (write, *more), admitted.who, command=command, reply=(("session", session_id),)
    )
