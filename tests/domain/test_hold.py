"""Holds: while one stands nothing is destroyed; each has a ground, a setter and a review day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given

from domain import client, hold
from domain.client import Client, Hold
from domain.errors import Invalid, WrongState
from domain.events.client import HoldGround
from tests.support.decisions import must_be_retry_safe
from tests.support.examples import (
    ANNA,
    BARTEK,
    HELD_FOR_COURT,
    HOLD,
    HOLD_LIFTED,
    MOTHER,
    NOW,
    REGISTERED,
    any_history,
)

TODAY = NOW.date()
FOR_COURT = Hold(HOLD, HoldGround.COURT, ANNA, date(2026, 9, 1))


def given_client(*events: object) -> Client:
    state = client.fold((REGISTERED, *events))
    assert state is not None
    return state


def test_a_hold_has_a_ground_a_setter_and_a_review_day() -> None:
    assert hold.place(given_client(), FOR_COURT, today=TODAY) == (HELD_FOR_COURT,)
    assert given_client(HELD_FOR_COURT).holds == (FOR_COURT,)


def test_a_review_day_lies_ahead() -> None:
    for day in (TODAY, TODAY - timedelta(days=1)):
        with pytest.raises(Invalid):
            hold.place(given_client(), replace(FOR_COURT, review_on=day), today=TODAY)


def test_one_hold_lifted_leaves_the_others() -> None:
    another = replace(HELD_FOR_COURT, hold=MOTHER, ground=HoldGround.COMPLAINT)
    state = given_client(HELD_FOR_COURT, another, HOLD_LIFTED)
    assert [each.ground for each in state.holds] == [HoldGround.COMPLAINT]


def test_a_lifted_hold_is_not_placed_again_by_a_retry() -> None:
    state = given_client(HELD_FOR_COURT, HOLD_LIFTED)
    assert hold.place(state, FOR_COURT, today=TODAY) == ()
    assert hold.lift(state, HOLD, BARTEK) == ()


def test_what_was_never_placed_is_not_lifted() -> None:
    with pytest.raises(WrongState):
        hold.lift(given_client(), HOLD, BARTEK)


@given(any_history)
def test_every_decision_can_be_repeated(history: list[object]) -> None:
    must_be_retry_safe(
        client.fold,
        [REGISTERED, *history],
        lambda state: hold.place(state, FOR_COURT, today=TODAY),
        lambda state: hold.lift(state, HOLD, BARTEK),
    )
