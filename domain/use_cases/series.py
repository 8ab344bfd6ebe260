"""Series of sessions: planned at once, single ones moved or cancelled as any, ended together."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from domain import case as case_file, series as series_file, session as session_file
from domain.errors import Invalid
from domain.events import Event
from domain.events.session import CancelledBy, SeriesPlanned, SessionScheduled
from domain.policy import Act
from domain.ports import Write
from domain.series import Series
from domain.session import Spot
from domain.use_cases.desk import Desk
from domain.use_cases.on_case import OnCase
from domain.use_cases.on_item import begin, change
from domain.use_cases.sessions import NewSession, must_be_free, term_hours
from domain.values import (
    CaseId,
    Circumstances,
    Command,
    ItemId,
    PractitionerId,
    Receipt,
    SessionId,
)

KIND = "series"
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class NewSeries:
    """The first session, and how often it comes again: so many times, or until a day."""

    first: NewSession
    every_weeks: int = 1
    count: int | None = None
    until: date | None = None

    def spots(self) -> tuple[Spot, ...]:
        """Where and when each session is.

        Raises:
            Invalid: There would be none, or too many.
        """
        new = self.first
        lasts = new.ends_at - new.starts_at
        if lasts % _MINUTE:
            raise Invalid("ends_at", "must follow the start by whole minutes")
        starts = series_file.starts(
            new.starts_at, self.every_weeks, count=self.count, until=self.until
        )
        return tuple(Spot(each, each + lasts, new.place, new.room) for each in starts)


async def plan_series(
    desk: Desk, who: Circumstances, case_id: CaseId, new: NewSeries, *, command: Command
) -> Receipt:
    """Set the same time of many weeks aside. The receipt names the ``series``.

    Raises:
        Taken: The room or the therapist has another session at one of the times.
    """
    spots = new.spots()
    for each in spots:
        session_file.must_be_possible(each)
    sessions = tuple(SessionId(desk.identifiers.new()) for _ in spots)
    therapist = PractitionerId(who.actor.id)

    def decide(admitted: OnCase, series: ItemId) -> tuple[Event, ...]:
        case_file.must_be_open(admitted.case)
        must_be_free(desk, therapist, spots, insist=new.first.despite_clashes)
        planned = SeriesPlanned(
            series=series,
            case=case_id,
            therapist=therapist,
            starts_at=new.first.starts_at,
            minutes=(new.first.ends_at - new.first.starts_at) // _MINUTE,
            every_weeks=new.every_weeks,
            sessions=sessions,
            place=new.first.place,
            room=new.first.room,
        )
        return series_file.plan(None, planned)

    def each_session(admitted: OnCase, series: ItemId) -> Iterable[Write]:
        for session, spot in zip(sessions, spots, strict=True):
            scheduled = SessionScheduled(
                session=session,
                case=case_id,
                therapist=therapist,
                starts_at=spot.starts_at,
                ends_at=spot.ends_at,
                room=spot.room,
                place=spot.place,
                series=series,
            )
            yield admitted.write(session, session_file.schedule(None, scheduled), 0)

    return await begin(
        desk,
        who,
        case_id,
        KIND,
        decide,
        command=command,
        act=Act.SCHEDULE_SESSION,
        beside=each_session,
    )


async def end_series(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    series_id: ItemId,
    by: CancelledBy,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Call off whatever of a series is still to come; what was settled, or has begun, stays."""
    now = desk.clock.now()
    writes: list[Write] = []

    def decide(admitted: OnCase, series: Series) -> tuple[Event, ...]:
        term = term_hours(desk, admitted)
        cancelled = []
        for each in () if series.ended else series.sessions:
            session, version = desk.record.fold(each, session_file.fold)
            if session is None or session.settled is not None or session.starts_at <= now:
                continue
            events = session_file.cancel(session, by, told_at=now, term_hours=term)
            writes.append(admitted.write(each, events, version))
            cancelled.append(each)
        return series_file.end(series, by, tuple(cancelled))

    return await change(
        desk,
        who,
        case_id,
        series_id,
        KIND,
        series_file.fold,
        decide,
        expected=expected,
        command=command,
        act=Act.SCHEDULE_SESSION,
        beside=lambda _admitted, _item: tuple(writes),
    )
