"""What of risk waits for somebody."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, strategies as st

from domain.events.risk import Level, RiskAssessed, RiskDeteriorationDetected, RiskTaskOpened
from domain.events.safeguarding import SafeguardingRaised
from domain.events.safety import CrisisFlagged
from domain.open_risk import waits
from tests.support.examples import any_history
from tests.support.measure_examples import (
    ADMINISTERED,
    AGREED,
    ASSESSED,
    CLOSED,
    DETECTED,
    FLAGGED,
    KEPT,
    OPENED,
    RAISED,
    REPORTED,
    RESOLVED,
    REVIEWED,
    SETTLED,
)

TODAY = date(2026, 3, 2)
DAY = timedelta(days=1)


def assessed(level: Level, review_on: date | None, *, others: bool = False) -> RiskAssessed:
    levels = {"to_others": level} if others else {"to_self": level}
    return replace(ASSESSED, review_on=review_on, **levels)  # type: ignore[arg-type]  # its fields


@pytest.mark.parametrize(
    ("begun", "over"),
    [(OPENED, SETTLED), (DETECTED, REVIEWED), (FLAGGED, RESOLVED), (RAISED, CLOSED)],
    ids=lambda each: each.NAME,
)
def test_it_waits_until_somebody_says_what_was_done(begun: object, over: object) -> None:
    assert waits((begun,), TODAY)
    assert not waits((begun, over), TODAY)


def test_a_concern_that_was_reported_goes_on() -> None:
    assert waits((RAISED, REPORTED), TODAY)


@given(
    st.sampled_from(Level),
    st.none() | st.dates(TODAY - 9 * DAY, TODAY + 9 * DAY),
    st.booleans(),
)
def test_a_grave_assessment_waits_for_the_next_one_unless_it_names_a_later_day(
    level: Level, review_on: date | None, others: bool
) -> None:
    found = waits((ASSESSED, assessed(level, review_on, others=others)), TODAY)
    later = review_on is not None and review_on > TODAY
    assert found is (level in (Level.HIGH, Level.IMMINENT) and not later)
    assert not waits((assessed(level, review_on), assessed(Level.LOW, None)), TODAY)


@pytest.mark.parametrize("each", [ADMINISTERED, AGREED, KEPT], ids=lambda each: each.NAME)
def test_nothing_else_does(each: object) -> None:
    assert not waits((each,), TODAY)


@given(any_history)
def test_nothing_waits_that_nobody_began(history: list[object]) -> None:
    begin = (
        RiskTaskOpened,
        RiskDeteriorationDetected,
        RiskAssessed,
        CrisisFlagged,
        SafeguardingRaised,
    )
    assert not waits([each for each in history if not isinstance(each, begin)], TODAY)
