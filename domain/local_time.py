"""Clock and calendar as a clinic in Poland reads them, from instants in UTC.

A birthday begins at midnight in Warsaw, and a slot at nine stays at nine when the clocks change.
The rule is the European Union's: summer time from the last Sunday of March to the last Sunday of
October, from and to 01:00 UTC. It is a rule and no table, so that no file of time zones is read.

Source:
    Directive 2000/84/EC, art. 2 and 3; compliance, FAM-01.
"""

from datetime import UTC, date, datetime, timedelta

WINTER = timedelta(hours=1)
SUMMER = timedelta(hours=2)
_CHANGE = timedelta(hours=1)
"""The hour of the day, in UTC, at which the clocks change."""


def local(instant: datetime) -> datetime:
    """What the clock on the wall says, without a zone."""
    moment = instant.astimezone(UTC).replace(tzinfo=None)
    return moment + _ahead(moment)


def local_day(instant: datetime) -> date:
    """The calendar day in the clinic."""
    return local(instant).date()


def instant_of(wall: datetime) -> datetime:
    """The instant at which the clock on the wall says so, the later one of two.

    A time that is left out in spring is the one an hour later.
    """
    in_winter, in_summer = wall - WINTER, wall - SUMMER
    summer = _ahead(in_winter) == SUMMER and _ahead(in_summer) == SUMMER
    return (in_summer if summer else in_winter).replace(tzinfo=UTC)


def _ahead(moment: datetime) -> timedelta:
    """How far the clocks are ahead of UTC at a moment in UTC."""
    begins = _last_sunday(moment.year, 3) + _CHANGE
    ends = _last_sunday(moment.year, 10) + _CHANGE
    return SUMMER if begins <= moment < ends else WINTER


def _last_sunday(year: int, month: int) -> datetime:
    last = datetime(year, month, 31)  # noqa: DTZ001 - a wall clock has no zone
    return last - timedelta(days=(last.weekday() + 1) % 7)
