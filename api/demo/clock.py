"""The demonstration's clock: it plays six weeks in a few seconds and then tells the real time.

Without it the play still works; then everything is recorded now, and notes about earlier weeks are
marked late, as they ought to be.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

WEEKS = 6


class StoryClock:
    """A clock that stands where the story stands; it never goes back, nor beyond the real time."""

    def __init__(self, today: date | None = None) -> None:
        self.weeks = Weeks(today)
        self._at: datetime | None = self.weeks.at(0, 0, 8)

    def now(self) -> datetime:
        """The story's instant; once the story is over, the system's."""
        return self._at or datetime.now(UTC)

    def move(self, to: datetime) -> None:
        """Let the story go on to an instant."""
        if self._at is not None and to > self._at:
            self._at = min(to, datetime.now(UTC))

    def release(self) -> None:
        """End the story: from now on it is as late as it is."""
        self._at = None


class Weeks:
    """The weeks of the story, counted from 0; the last one ends before the present week."""

    def __init__(self, today: date | None = None) -> None:
        self._monday = first_monday(today or _today())

    def at(self, week: int, day: int, hour: int, minute: int = 0) -> datetime:
        """An instant by week, day (0 is Monday) and the clinic's local time."""
        return moment(self._monday + timedelta(weeks=week, days=day), hour, minute)


def first_monday(today: date) -> date:
    """The Monday on which the story begins."""
    return today - timedelta(days=today.weekday(), weeks=WEEKS)


def moment(day: date, hour: int, minute: int = 0) -> datetime:
    """An instant in UTC from the local day and time."""
    return datetime.combine(day, time(hour, minute)).astimezone(UTC)


def _today() -> date:
    return datetime.now(UTC).astimezone().date()
