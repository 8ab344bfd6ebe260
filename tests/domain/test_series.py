from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from domain import series
from domain.errors import Invalid, WrongState
from domain.events.session import CancelledBy
from domain.local_time import local
from domain.series import MOST_SESSIONS, Series
from domain.values import SessionId
from tests.support.decisions import must_be_retry_safe
from tests.support.examples import any_history
from tests.support.frame_examples import LATER_SESSION, PLANNED

MARCH = datetime(2026, 3, 16, 8, 0, tzinfo=UTC)
"""A Monday, nine o'clock in Warsaw, two weeks before the clocks change."""


def given_series(*events: object) -> Series:
    state = series.fold((PLANNED, *events))
    assert state is not None
    return state


def test_a_slot_at_nine_stays_at_nine_when_the_clocks_change() -> None:
    found = series.starts(MARCH, 1, count=4)
    assert [each.hour for each in found] == [8, 8, 7, 7]
    assert {local(each).hour for each in found} == {9}


def test_a_series_until_a_day_has_its_last_session_on_that_day_or_before() -> None:
    assert len(series.starts(MARCH, 2, until=date(2026, 4, 13))) == 3
    assert len(series.starts(MARCH, 2, until=date(2026, 4, 12))) == 2
    assert len(series.starts(MARCH, 2, until=date(2026, 3, 16))) == 1


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"count": 2, "until": date(2026, 4, 1)},
        {"count": 0},
        {"count": MOST_SESSIONS + 1},
        {"until": date(2026, 3, 15)},
        {"until": date(2036, 3, 15)},
    ],
)
def test_a_series_without_an_end_or_with_none_or_too_many_is_refused(asked: dict[str, int]) -> None:
    with pytest.raises(Invalid):
        series.starts(MARCH, 1, **asked)  # type: ignore[arg-type]  # some are days


@pytest.mark.parametrize("weeks", [0, -1, 9])
def test_a_series_comes_every_week_up_to_every_eighth(weeks: int) -> None:
    with pytest.raises(Invalid):
        series.starts(MARCH, weeks, count=2)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants naive bounds
    st.integers(1, 8),
    st.integers(1, MOST_SESSIONS),
)
def test_sessions_of_a_series_are_whole_weeks_apart_on_the_wall(
    first: datetime, weeks: int, count: int
) -> None:
    found = series.starts(first, weeks, count=count)
    assert len(found) == count
    for number, each in enumerate(found):
        apart = local(each) - local(first) - timedelta(weeks=weeks * number)
        assert apart in (timedelta(0), timedelta(hours=1))


def test_a_series_ends_with_what_was_called_off() -> None:
    (ended,) = series.end(given_series(), CancelledBy.CLIENT, (LATER_SESSION,))
    assert series.end(given_series(ended), CancelledBy.CLINIC, ()) == ()


def test_a_session_of_no_series_is_not_called_off_with_it() -> None:
    with pytest.raises(WrongState):
        series.end(given_series(), CancelledBy.CLIENT, (SessionId("f" * 32),))


@given(any_history)
def test_a_decision_on_a_series_repeated_changes_nothing(history: list[object]) -> None:
    must_be_retry_safe(
        series.fold,
        [PLANNED, *history],
        lambda state: series.plan(state, PLANNED),
        lambda state: series.end(state, CancelledBy.CLIENT, (LATER_SESSION,)),
    )
