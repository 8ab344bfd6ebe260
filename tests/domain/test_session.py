from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain import session
from domain.errors import InTheFuture, Invalid, WrongState
from domain.events.session import (
    CancelledBy,
    Place,
    SessionCancelled,
    SessionWhereaboutsTold,
)
from domain.session import Session, Spot
from domain.values import FreeText
from tests.support.decisions import must_be_retry_safe
from tests.support.examples import (
    ANNA,
    CANCELLED,
    HELD,
    HOUR,
    MISSED,
    NOW,
    SCHEDULED,
    any_history,
)
from tests.support.frame_examples import SESSION_MOVED, WHEREABOUTS

ELSEWHEN = Spot(NOW + HOUR, NOW + 2 * HOUR, Place.ROOM, "3")


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


def test_a_room_of_the_clinic_has_a_name_and_no_other_place_has_one() -> None:
    with pytest.raises(Invalid):
        session.schedule(None, replace(SCHEDULED, room=None))
    with pytest.raises(Invalid):
        session.schedule(None, replace(SCHEDULED, room="  "))
    with pytest.raises(Invalid):
        session.schedule(None, replace(SCHEDULED, place=Place.ONLINE))
    online = replace(SCHEDULED, place=Place.ONLINE, room=None)
    assert session.schedule(None, online) == (online,)


def test_a_session_is_moved_and_stands_where_it_was_moved_to() -> None:
    (moved,) = session.move(given_session(), ELSEWHEN, CancelledBy.CLIENT)
    state = given_session(moved)
    assert state.spot == ELSEWHEN
    assert session.move(state, ELSEWHEN, CancelledBy.CLIENT) == ()


def test_a_settled_session_is_not_moved() -> None:
    for settled in (HELD, CANCELLED, MISSED):
        with pytest.raises(WrongState):
            session.move(given_session(settled), ELSEWHEN, CancelledBy.CLIENT)


def test_a_session_is_not_moved_to_a_time_that_cannot_be() -> None:
    backwards = replace(ELSEWHEN, ends_at=ELSEWHEN.starts_at - HOUR)
    with pytest.raises(Invalid):
        session.move(given_session(), backwards, CancelledBy.CLIENT)


def test_a_session_that_was_cancelled_is_not_held() -> None:
    with pytest.raises(WrongState):
        session.hold(given_session(CANCELLED), NOW - HOUR, NOW, now=NOW)


def test_where_a_client_is_matters_at_a_distance_alone() -> None:
    text = FreeText("At her sister's.")
    with pytest.raises(WrongState):
        session.tell_whereabouts(given_session(), text, author=ANNA)
    (told,) = session.tell_whereabouts(given_session(SESSION_MOVED), text, author=ANNA)
    assert given_session(SESSION_MOVED, told) == given_session(SESSION_MOVED)
    with pytest.raises(Invalid):
        session.tell_whereabouts(given_session(SESSION_MOVED), FreeText(" "), author=ANNA)


@pytest.mark.parametrize(
    ("hours", "notice", "late"),
    [(49.9, 49, False), (24, 24, False), (23.99, 23, True), (0.5, 0, True), (-1, 0, True)],
)
def test_a_notice_counts_in_whole_hours_and_is_late_below_the_contracts_term(
    hours: float, notice: int, late: bool
) -> None:
    told_at = SCHEDULED.starts_at - timedelta(hours=hours)
    (cancelled,) = session.cancel(
        given_session(), CancelledBy.CLIENT, told_at=told_at, term_hours=24
    )
    assert isinstance(cancelled, SessionCancelled)
    assert (cancelled.notice_hours, cancelled.late) == (notice, late)


def test_without_a_term_nobody_is_late() -> None:
    (cancelled,) = session.cancel(given_session(), CancelledBy.CLIENT, told_at=NOW)
    assert isinstance(cancelled, SessionCancelled)
    assert cancelled.late is None


def test_notice_of_a_moved_session_counts_to_where_it_was_moved() -> None:
    (moved,) = session.move(given_session(), ELSEWHEN, CancelledBy.THERAPIST)
    told_at = ELSEWHEN.starts_at - 30 * HOUR
    (cancelled,) = session.cancel(given_session(moved), CancelledBy.CLIENT, told_at=told_at)
    assert isinstance(cancelled, SessionCancelled)
    assert cancelled.notice_hours == 30


def test_called_off_again_by_the_same_side_the_first_notice_stands() -> None:
    (first,) = session.cancel(given_session(), CancelledBy.CLIENT, told_at=NOW - 50 * HOUR)
    assert session.cancel(given_session(first), CancelledBy.CLIENT, told_at=NOW) == ()


def test_nobody_was_told_later_than_now() -> None:
    with pytest.raises(InTheFuture):
        session.told_by(NOW + HOUR, now=NOW)
    assert session.told_by(None, now=NOW) == NOW


class SessionLife(RuleBasedStateMachine):
    """Whatever is done with a session in whatever order, it is settled once and stays possible."""

    def __init__(self) -> None:
        super().__init__()
        self.history: list[object] = [SCHEDULED]

    def _do(self, decide: Callable[[Session], tuple[object, ...]]) -> None:
        try:
            decided = decide(given_session(*self.history[1:]))
        except (WrongState, Invalid):
            return
        self.history.extend(decided)
        assert decide(given_session(*self.history[1:])) == () or isinstance(
            self.history[-1], SessionWhereaboutsTold
        )

    @rule(hours=st.integers(-40, 40), length=st.integers(-2, 14), place=st.sampled_from(Place))
    def move(self, hours: int, length: int, place: Place) -> None:
        starts = NOW + hours * HOUR
        room = "3" if place is Place.ROOM else None
        spot = Spot(starts, starts + length * HOUR, place, room)
        self._do(lambda state: session.move(state, spot, CancelledBy.THERAPIST))

    @rule(hours=st.integers(0, 14), length=st.integers(-2, 14))
    def hold(self, hours: int, length: int) -> None:
        started = NOW - hours * HOUR
        self._do(lambda state: session.hold(state, started, started + length * HOUR, now=NOW))

    @rule(by=st.sampled_from(CancelledBy), hours=st.integers(0, 60))
    def cancel(self, by: CancelledBy, hours: int) -> None:
        told = NOW - hours * HOUR
        self._do(lambda state: session.cancel(state, by, told_at=told, term_hours=24))

    @rule()
    def miss(self) -> None:
        self._do(lambda state: session.miss(state, now=NOW))

    @rule()
    def tell(self) -> None:
        text = WHEREABOUTS.text
        self._do(lambda state: session.tell_whereabouts(state, text, author=ANNA))

    @invariant()
    def it_is_possible(self) -> None:
        state = given_session(*self.history[1:])
        session.must_be_possible(state.spot)
        settled = [each for each in self.history if isinstance(each, session.Settled)]
        assert len(settled) <= 1
        assert state.settled == (settled[0] if settled else None)
        assert not settled or self.history[-1] is settled[0]


SessionLife.TestCase.settings = settings(max_examples=60, stateful_step_count=12)
TestSessionLife = SessionLife.TestCase


@given(any_history)
def test_a_decision_on_a_session_repeated_changes_nothing(history: list[object]) -> None:
    must_be_retry_safe(
        session.fold,
        [SCHEDULED, *history],
        lambda state: session.schedule(state, SCHEDULED),
        lambda state: session.hold(state, NOW - HOUR, NOW, now=NOW),
        lambda state: session.cancel(state, CancelledBy.CLIENT),
        lambda state: session.miss(state, now=NOW),
        lambda state: session.move(state, ELSEWHEN, CancelledBy.CLIENT),
    )
