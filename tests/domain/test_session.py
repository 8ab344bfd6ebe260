from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given

from domain import session
from domain.errors import InTheFuture, Invalid, WrongState
from domain.events.session import CancelledBy
from domain.session import Session
from tests.support.decisions import must_be_retry_safe
from tests.support.examples import CANCELLED, HELD, HOUR, MISSED, NOW, SCHEDULED, any_history


def given_session(*events: object) -> Session:
    state = session.fold((SCHEDULED, *events))
    assert state is not None
    return state


def test_an_hour_is_set_aside() -> None:
    assert session.schedule(None, SCHEDULED) == (SCHEDULED,)


@pytest.mark.parametrize("span", [timedelta(0), -HOUR, timedelta(hours=12, seconds=1)])
def test_a_session_lasts_more_than_nothing_and_at_most_twelve_hours(span: timedelta) -> None:
    with pytest.raises(Invalid):
        session.schedule(None, replace(SCHEDULED, ends_at=SCHEDULED.starts_at + span))


def test_a_session_that_took_place_is_held() -> None:
    assert session.hold(given_session(), NOW - HOUR, NOW, now=NOW) == (HELD,)


def test_a_session_that_has_not_ended_was_not_held() -> None:
    with pytest.raises(InTheFuture):
        session.hold(given_session(), NOW - HOUR, NOW + HOUR, now=NOW)


def test_nobody_missed_a_session_that_has_not_begun() -> None:
    with pytest.raises(InTheFuture):
        session.miss(given_session(), now=NOW - 2 * HOUR)


def test_a_session_that_nobody_came_to_is_missed() -> None:
    assert session.miss(given_session(), now=NOW) == (MISSED,)


def test_a_session_is_called_off() -> None:
    assert session.cancel(given_session(), CancelledBy.CLIENT) == (CANCELLED,)


def test_a_held_session_cannot_be_called_off_or_missed() -> None:
    held = given_session(HELD)
    with pytest.raises(WrongState):
        session.cancel(held, CancelledBy.CLINIC)
    with pytest.raises(WrongState):
        session.miss(held, now=NOW)


def test_other_times_of_a_held_session_are_refused_and_not_swallowed() -> None:
    with pytest.raises(WrongState):
        session.hold(given_session(HELD), NOW - HOUR, NOW - HOUR / 2, now=NOW)


def test_a_session_is_not_called_off_by_two() -> None:
    with pytest.raises(WrongState):
        session.cancel(given_session(CANCELLED), CancelledBy.THERAPIST)


@given(any_history)
def test_a_decision_on_a_session_repeated_changes_nothing(history: list[object]) -> None:
    must_be_retry_safe(
        session.fold,
        [SCHEDULED, *history],
        lambda state: session.schedule(state, SCHEDULED),
        lambda state: session.hold(state, NOW - HOUR, NOW, now=NOW),
        lambda state: session.cancel(state, CancelledBy.CLIENT),
        lambda state: session.miss(state, now=NOW),
    )
