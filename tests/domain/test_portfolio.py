from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain import portfolio
from domain.errors import InTheFuture, Invalid, WrongState
from domain.events.portfolio import Area, LimitReached
from domain.portfolio import Portfolio, Scope, age_on
from domain.values import CaseId, Format, ItemId
from tests.support.decisions import must_be_retry_safe
from tests.support.examples import any_history
from tests.support.therapist_examples import (
    ANNA,
    ATTESTED,
    CASE,
    GRANTED,
    LIFTED,
    LIMITED,
    QUALIFIED,
    RENEWED,
    TODAY,
    TRAINED,
)

TOMORROW = TODAY + timedelta(days=1)


def given_portfolio(*events: object) -> Portfolio:
    return portfolio.fold(events)


def test_what_somebody_has_qualified_as_is_recorded_once() -> None:
    state = given_portfolio()
    assert portfolio.record_qualification(state, QUALIFIED, today=TODAY) == (QUALIFIED,)
    again = given_portfolio(QUALIFIED)
    assert portfolio.record_qualification(again, QUALIFIED, today=TODAY) == ()


def test_nothing_is_recorded_that_lies_ahead() -> None:
    state = given_portfolio(GRANTED)
    decisions: tuple[Callable[[], object], ...] = (
        lambda: portfolio.record_qualification(
            state, replace(QUALIFIED, obtained_on=TOMORROW), today=TODAY
        ),
        lambda: portfolio.grant_certificate(
            given_portfolio(), replace(GRANTED, granted_on=TOMORROW), today=TODAY
        ),
        lambda: portfolio.renew_certificate(
            state, replace(RENEWED, renewed_on=TOMORROW), today=TODAY
        ),
        lambda: portfolio.complete_training(
            state, replace(TRAINED, completed_on=TOMORROW), today=TODAY
        ),
        lambda: portfolio.attest_own_therapy(
            state, replace(ATTESTED, last_on=TOMORROW), today=TODAY
        ),
    )
    for decide in decisions:
        with pytest.raises(InTheFuture):
            decide()


def test_a_certificate_expires_after_it_was_granted() -> None:
    backwards = replace(GRANTED, expires_on=GRANTED.granted_on)
    with pytest.raises(Invalid, match="expires_on"):
        portfolio.grant_certificate(given_portfolio(), backwards, today=TODAY)


def test_a_renewed_certificate_is_valid_for_longer_and_never_for_less() -> None:
    state = given_portfolio(GRANTED)
    assert portfolio.renew_certificate(state, RENEWED, today=TODAY) == (RENEWED,)
    assert (
        portfolio.renew_certificate(given_portfolio(GRANTED, RENEWED), RENEWED, today=TODAY) == ()
    )
    shorter = replace(RENEWED, expires_on=date(2026, 4, 1))
    with pytest.raises(Invalid, match="expires_on"):
        portfolio.renew_certificate(state, shorter, today=TODAY)


def test_what_is_not_held_or_does_not_expire_is_not_renewed() -> None:
    for events in ((), (replace(GRANTED, expires_on=None),)):
        with pytest.raises(WrongState):
            portfolio.renew_certificate(given_portfolio(*events), RENEWED, today=TODAY)


@pytest.mark.parametrize("change", [{"minutes": 0}, {"minutes": 60_001}, {"points": -1}])
def test_continuing_education_lasts_some_time(change: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        portfolio.complete_training(given_portfolio(), replace(TRAINED, **change), today=TODAY)


@pytest.mark.parametrize("change", [{"hours": 0}, {"first_on": TOMORROW}])
def test_own_therapy_is_attested_with_its_hours(change: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        portfolio.attest_own_therapy(given_portfolio(), replace(ATTESTED, **change), today=TODAY)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        {"youngest": None},
        {"area": Area.TRAUMA},
        {"format": Format.GROUP},
        {"oldest": 17},
        {"oldest": 131},
        {"youngest": -1},
    ],
)
def test_a_limit_is_an_area_or_a_format_or_a_span_of_ages(change: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        portfolio.declare_limit(given_portfolio(), replace(LIMITED, **change))  # type: ignore[arg-type]


def test_a_limit_that_was_lifted_speaks_against_nothing() -> None:
    child = Scope(ages=(12,))
    assert portfolio.outside(given_portfolio(LIMITED), child) == (LIMITED,)
    assert portfolio.outside(given_portfolio(LIMITED, LIFTED), child) == ()
    assert portfolio.lift_limit(given_portfolio(LIMITED, LIFTED), LIFTED) == ()
    with pytest.raises(WrongState):
        portfolio.lift_limit(given_portfolio(), LIFTED)


@pytest.mark.parametrize(
    ("limit", "scope", "speaks"),
    [
        ({"youngest": 18}, Scope(ages=(17,)), True),
        ({"youngest": 18}, Scope(ages=(18,)), False),
        ({"youngest": None, "oldest": 65}, Scope(ages=(66, 30)), True),
        ({"youngest": 18}, Scope(), False),
        ({"youngest": None, "format": Format.GROUP}, Scope(format=Format.GROUP), True),
        ({"youngest": None, "format": Format.GROUP}, Scope(format=Format.COUPLE), False),
        ({"youngest": None, "area": Area.TRAUMA}, Scope(areas=frozenset({Area.TRAUMA})), True),
        (
            {"youngest": None, "area": Area.TRAUMA},
            Scope(areas=frozenset(Area) - {Area.TRAUMA}),
            False,
        ),
    ],
)
def test_a_limit_speaks_against_what_lies_beyond_it(
    limit: dict[str, object], scope: Scope, *, speaks: bool
) -> None:
    state = given_portfolio(replace(LIMITED, **limit))  # type: ignore[arg-type]
    assert bool(portfolio.outside(state, scope)) is speaks


def test_a_therapist_is_reminded_of_a_limit_once_for_each_case() -> None:
    child = Scope(ages=(12,))
    (reached,) = portfolio.reach_limits(given_portfolio(LIMITED), child, CASE)
    assert isinstance(reached, LimitReached)
    assert portfolio.reach_limits(given_portfolio(LIMITED, reached), child, CASE) == ()
    other = CaseId("b" * 32)
    assert portfolio.reach_limits(given_portfolio(LIMITED, reached), child, other)


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2008, 3, 2), date(2026, 3, 1), 17),
        (date(2008, 3, 2), date(2026, 3, 2), 18),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
    ],
)
def test_an_age_is_counted_in_full_years(born: date, day: date, age: int) -> None:
    assert age_on(born, day) == age


@given(any_history)
def test_a_decision_on_a_portfolio_repeated_changes_nothing(history: list[object]) -> None:
    must_be_retry_safe(
        portfolio.fold,
        history,
        lambda state: portfolio.record_qualification(state, QUALIFIED, today=TODAY),
        lambda state: portfolio.grant_certificate(state, GRANTED, today=TODAY),
        lambda state: portfolio.renew_certificate(state, RENEWED, today=TODAY),
        lambda state: portfolio.complete_training(state, TRAINED, today=TODAY),
        lambda state: portfolio.attest_own_therapy(state, ATTESTED, today=TODAY),
        lambda state: portfolio.declare_limit(state, LIMITED),
        lambda state: portfolio.lift_limit(state, LIFTED),
        lambda state: portfolio.reach_limits(state, Scope(ages=(12,)), CASE),
    )


ITEMS = st.sampled_from([ItemId(each * 32) for each in "abc"])
DAYS = st.dates(date(2020, 1, 1), date(2035, 1, 1))


class Keeping(RuleBasedStateMachine):
    """Certificates and limits in any order: no sequence of commands reaches an impossible state."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[object] = []

    def _do(self, decide: object) -> None:
        try:
            decided = decide(portfolio.fold(self.events))  # type: ignore[operator]
        except (Invalid, WrongState):
            return
        self.events += decided
        assert decide(portfolio.fold(self.events)) == ()  # type: ignore[operator]

    @rule(item=ITEMS, granted=DAYS, expires=st.none() | DAYS)
    def grant(self, item: ItemId, granted: date, expires: date | None) -> None:
        event = replace(GRANTED, certificate=item, granted_on=granted, expires_on=expires)
        self._do(lambda state: portfolio.grant_certificate(state, event, today=TODAY))

    @rule(item=ITEMS, on=DAYS, expires=DAYS)
    def renew(self, item: ItemId, on: date, expires: date) -> None:
        event = replace(RENEWED, certificate=item, renewed_on=on, expires_on=expires)
        self._do(lambda state: portfolio.renew_certificate(state, event, today=TODAY))

    @rule(item=ITEMS, youngest=st.none() | st.integers(0, 140))
    def limit(self, item: ItemId, youngest: int | None) -> None:
        event = replace(LIMITED, limit=item, youngest=youngest)
        self._do(lambda state: portfolio.declare_limit(state, event))

    @rule(item=ITEMS)
    def lift(self, item: ItemId) -> None:
        self._do(lambda state: portfolio.lift_limit(state, replace(LIFTED, limit=item)))

    @rule(age=st.integers(0, 120))
    def begin(self, age: int) -> None:
        self._do(lambda state: portfolio.reach_limits(state, Scope(ages=(age,)), CASE))

    @invariant()
    def nothing_impossible(self) -> None:
        state = portfolio.fold(self.events)
        assert len({each.id for each in state.certificates}) == len(state.certificates)
        assert not {each.limit for each in state.limits} & state.lifted
        assert all(each.practitioner == ANNA for each in state.limits)
        expiries: dict[ItemId, date | None] = {}
        for event in self.events:
            certificate = getattr(event, "certificate", None)
            if certificate in expiries:
                assert expiries[certificate] < event.expires_on  # type: ignore[attr-defined]
            if certificate:
                expiries[certificate] = event.expires_on  # type: ignore[attr-defined]


TestKeeping = Keeping.TestCase
TestKeeping.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
