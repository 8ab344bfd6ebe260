from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from domain import alliance
from domain.alliance import MOST, Rating
from domain.errors import InTheFuture, Invalid
from domain.events.alliance import Rater, Scores
from tests.support.decisions import must_be_retry_safe
from tests.support.examples import any_history
from tests.support.frame_examples import ANNA, HOUR, NOW, RATED

OTHER = Scores(1, 2, 3, 4)


def given_rating(*events: object) -> Rating:
    state = alliance.fold((RATED, *events))
    assert state is not None
    return state


def test_a_rating_is_recorded_as_it_was_given() -> None:
    assert alliance.rate(None, RATED, now=NOW) == (RATED,)
    assert RATED.scores.total == 30


@given(st.lists(st.integers(-3, 13), min_size=4, max_size=4))
def test_a_number_outside_its_scale_is_refused_and_every_other_taken(numbers: list[int]) -> None:
    rated = replace(RATED, scores=Scores(*numbers))
    if all(0 <= each <= MOST for each in numbers):
        assert alliance.rate(None, rated, now=NOW) == (rated,)
    else:
        with pytest.raises(Invalid):
            alliance.rate(None, rated, now=NOW)
        with pytest.raises(Invalid):
            alliance.correct(given_rating(), rated.scores, author=ANNA)


def test_nobody_rates_a_session_that_is_still_to_come() -> None:
    with pytest.raises(InTheFuture):
        alliance.rate(None, replace(RATED, occurred_at=NOW + HOUR), now=NOW)


def test_a_therapist_has_no_alias() -> None:
    with pytest.raises(Invalid):
        alliance.rate(None, replace(RATED, rater=Rater.THERAPIST, alias="p1"), now=NOW)


def test_wrong_numbers_are_put_right_once() -> None:
    (corrected,) = alliance.correct(given_rating(), OTHER, author=ANNA)
    assert given_rating(corrected).scores == OTHER
    assert alliance.correct(given_rating(corrected), OTHER, author=ANNA) == ()


@given(any_history)
def test_a_decision_on_a_rating_repeated_changes_nothing(history: list[object]) -> None:
    must_be_retry_safe(
        alliance.fold,
        [RATED, *history],
        lambda state: alliance.rate(state, RATED, now=NOW),
        lambda state: alliance.correct(state, OTHER, author=ANNA),
    )
