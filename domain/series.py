"""A series: sessions at the same time of every week, or of every few; State, evolve, decisions.

The time is the one on the clinic's wall: a slot at nine stays at nine when the clocks change.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from domain.errors import Invalid, WrongState
from domain.events.session import CancelledBy, SeriesEnded, SeriesPlanned
from domain.local_time import instant_of, local
from domain.values import CaseId, ItemId, SessionId

MOST_SESSIONS = 60
"""In one series: a year of weeks, and some more. A longer therapy plans another."""
MOST_WEEKS = 8

SeriesEvent = SeriesPlanned | SeriesEnded


@dataclass(frozen=True, slots=True)
class Series:
    """A series as later decisions need to know it."""

    id: ItemId
    case: CaseId
    sessions: tuple[SessionId, ...]
    ended: bool = False


def evolve(state: Series | None, event: object) -> Series | None:
    """The state after the event."""
    match event:
        case SeriesPlanned():
            return Series(event.series, event.case, event.sessions)
        case SeriesEnded() if state is not None:
            return replace(state, ended=True)
        case _:
            return state


def fold(events: Iterable[object]) -> Series | None:
    """The series' state from its events."""
    state: Series | None = None
    for event in events:
        state = evolve(state, event)
    return state


def starts(
    first: datetime, every_weeks: int, *, count: int | None = None, until: date | None = None
) -> tuple[datetime, ...]:
    """When the sessions begin: so many, or all that begin no later than a day.

    Raises:
        Invalid: Neither or both were said, there would be none or too many, or the weeks are
            between 1 and 8 not.
    """
    if not 1 <= every_weeks <= MOST_WEEKS:
        raise Invalid("every_weeks", f"is between 1 and {MOST_WEEKS}")
    if (count is None) == (until is None):
        raise Invalid("count", "or until: one of them")
    wall = local(first)
    if until is not None:
        count = (until - wall.date()) // timedelta(weeks=every_weeks) + 1
    if count is None or not 1 <= count <= MOST_SESSIONS:
        raise Invalid("count" if until is None else "until", f"gives 1 to {MOST_SESSIONS} sessions")
    weeks = (timedelta(weeks=every_weeks * number) for number in range(count))
    return tuple(instant_of(wall + each) for each in weeks)


def plan(state: Series | None, planned: SeriesPlanned) -> tuple[SeriesEvent, ...]:
    """Note which sessions belong together."""
    return () if state is not None else (planned,)


def end(
    state: Series, by: CancelledBy, cancelled: tuple[SessionId, ...]
) -> tuple[SeriesEvent, ...]:
    """Let the series go on no longer; ended again, nothing changes.

    Raises:
        WrongState: Sessions are named that are none of it.
    """
    if state.ended:
        return ()
    if not set(cancelled) <= set(state.sessions):
        raise WrongState("Such a session is not of this series")
    return (SeriesEnded(series=state.id, case=state.case, by=by, cancelled=cancelled),)
