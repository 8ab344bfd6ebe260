from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from domain.local_time import instant_of, local, local_day

INSTANTS = st.datetimes(datetime(1997, 1, 1), datetime(2150, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants naive bounds


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 3, 13, 22, 59, tzinfo=UTC), date(2026, 3, 13)),
        (datetime(2026, 3, 13, 23, 0, tzinfo=UTC), date(2026, 3, 14)),
        (datetime(2026, 7, 13, 21, 59, tzinfo=UTC), date(2026, 7, 13)),
        (datetime(2026, 7, 13, 22, 0, tzinfo=UTC), date(2026, 7, 14)),
    ],
)
def test_a_day_begins_at_midnight_in_warsaw(instant: datetime, day: date) -> None:
    assert local_day(instant) == day


@pytest.mark.parametrize(
    ("before", "hours"),
    [
        (datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC), 1),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), 2),
        (datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC), 2),
        (datetime(2026, 10, 25, 1, 0, tzinfo=UTC), 1),
    ],
)
def test_the_clocks_change_on_the_last_sundays_of_march_and_october(
    before: datetime, hours: int
) -> None:
    assert local(before) - before.replace(tzinfo=None) == timedelta(hours=hours)


@given(INSTANTS)
def test_what_the_clock_says_leads_back_to_an_instant_at_which_it_says_so(
    instant: datetime,
) -> None:
    back = instant_of(local(instant))
    assert local(back) == local(instant)
    assert back - instant in (timedelta(0), timedelta(hours=1))


def test_an_hour_that_spring_leaves_out_is_the_one_after_it() -> None:
    left_out = datetime(2026, 3, 29, 2, 30)  # noqa: DTZ001 - a wall clock has no zone
    assert instant_of(left_out) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
