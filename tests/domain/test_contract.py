from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain import case, contract
from domain.contract import Contract
from domain.errors import InTheFuture, Invalid, WrongState
from domain.events.contract import ContractBudgetDrawn, Length, Party, PartyKind, Terms
from domain.settings import Settings
from domain.values import FreeText, ItemId, Section, SessionId
from tests.support.decisions import must_be_retry_safe
from tests.support.examples import CLOSED, OPENED, any_history
from tests.support.frame_examples import (
    AGREED,
    ANNA,
    CASE,
    CONTRACT,
    HOUR,
    NOW,
    SESSION,
    SHORT,
    WORDS,
)

AIMS = (Section("aims", WORDS),)
OPEN_ENDED = Terms(Length.LONG, SHORT.frequency, SHORT.agreed_by)


def given_contract(*events: object) -> Contract:
    state = contract.fold((AGREED, *events))
    assert state is not None
    return state


def agree(terms: Terms = SHORT, sections: tuple[Section, ...] = AIMS) -> tuple[object, ...]:
    return contract.agree(
        None, CONTRACT, CASE, terms, sections, author=ANNA, occurred_at=NOW - HOUR, now=NOW
    )


def renegotiate(state: Contract, terms: Terms) -> tuple[object, ...]:
    return contract.renegotiate(state, terms, AIMS, author=ANNA, occurred_at=NOW, now=NOW)


def test_what_both_sides_agreed_on_is_recorded() -> None:
    assert agree() == (AGREED,)


def test_long_work_needs_no_budget_and_short_work_does() -> None:
    assert agree(OPEN_ENDED)
    with pytest.raises(Invalid, match="budget"):
        agree(replace(SHORT, budget=None))


@pytest.mark.parametrize(
    "wrong",
    [
        {"budget": 0},
        {"budget": 501},
        {"cancellation_hours": -1},
        {"cancellation_hours": 337},
        {"fee": -1},
        {"fee": None},
        {"currency": None},
        {"agreed_by": ()},
        {"agreed_by": (Party(PartyKind.CLIENT),) * 2},
    ],
)
def test_terms_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        agree(replace(SHORT, **wrong))


def test_a_contract_says_something_and_under_known_headings() -> None:
    with pytest.raises(Invalid):
        agree(sections=())
    with pytest.raises(Invalid):
        agree(sections=(Section("aims", FreeText("  ")),))
    with pytest.raises(Invalid):
        agree(sections=(Section("invoice", WORDS),))


def test_limits_that_are_to_be_told_tomorrow_have_not_been_told() -> None:
    with pytest.raises(InTheFuture):
        agree(replace(SHORT, limits_told_at=NOW + HOUR))


def test_other_terms_are_agreed_on_and_the_sessions_held_still_count() -> None:
    (drawn,) = contract.draw(given_contract(), SESSION)
    (changed,) = renegotiate(given_contract(drawn), replace(SHORT, budget=9))
    assert given_contract(drawn, changed).left == 8


def test_a_budget_is_never_smaller_than_what_was_held_of_it() -> None:
    drawn = _held(3)
    with pytest.raises(Invalid):
        renegotiate(given_contract(*drawn), replace(SHORT, budget=2))


def test_a_budget_grows_and_does_not_shrink() -> None:
    (extended,) = contract.extend_budget(given_contract(), 5, WORDS, author=ANNA)
    assert given_contract(extended).left == 5
    assert contract.extend_budget(given_contract(extended), 5, WORDS, author=ANNA) == ()
    with pytest.raises(Invalid):
        contract.extend_budget(given_contract(), 2, WORDS, author=ANNA)


def test_what_has_no_budget_is_not_extended_and_not_used() -> None:
    state = replace(given_contract(), terms=OPEN_ENDED)
    with pytest.raises(WrongState):
        contract.extend_budget(state, 5, WORDS, author=ANNA)
    assert contract.draw(state, SESSION) == ()
    assert state.left is None


def test_a_session_counts_once() -> None:
    (drawn,) = contract.draw(given_contract(), SESSION)
    assert isinstance(drawn, ContractBudgetDrawn)
    assert (drawn.number, drawn.budget) == (1, 3)
    assert contract.draw(given_contract(drawn), SESSION) == ()


def test_more_sessions_than_the_budget_are_held_all_the_same_and_told() -> None:
    assert given_contract(*_held(5)).left == -2


def test_a_plan_needs_a_contract_only_where_the_clinic_demands_one() -> None:
    demanding = Settings(contract_before_plan=True)
    contract.must_be_agreed(None, Settings())
    contract.must_be_agreed(CONTRACT, demanding)
    with pytest.raises(WrongState):
        contract.must_be_agreed(None, demanding)


def test_a_case_has_one_contract() -> None:
    opened = case.fold((OPENED,))
    assert opened is not None
    (linked,) = case.link_contract(opened, CONTRACT)
    state = case.fold((OPENED, linked))
    assert state is not None
    assert state.contract == CONTRACT
    assert case.link_contract(state, CONTRACT) == ()
    with pytest.raises(WrongState):
        case.link_contract(state, ItemId("c2" * 16))


def test_a_closed_case_gets_no_contract() -> None:
    closed = case.fold((OPENED, CLOSED))
    assert closed is not None
    with pytest.raises(WrongState):
        case.link_contract(closed, CONTRACT)


class ContractLife(RuleBasedStateMachine):
    """Whatever is agreed on and held in whatever order: terms are possible, sessions count once."""

    def __init__(self) -> None:
        super().__init__()
        self.history: list[object] = [AGREED]
        self.held: set[SessionId] = set()

    def _state(self) -> Contract:
        return given_contract(*self.history[1:])

    def _do(self, decide: Callable[[Contract], tuple[object, ...]]) -> None:
        try:
            self.history.extend(decide(self._state()))
        except (WrongState, Invalid):
            return

    @rule(budget=st.none() | st.integers(-1, 12))
    def renegotiate(self, budget: int | None) -> None:
        length = Length.LONG if budget is None else Length.SHORT
        terms = replace(SHORT, length=length, budget=budget)
        self._do(lambda state: renegotiate(state, terms))

    @rule(budget=st.integers(-1, 12))
    def extend(self, budget: int) -> None:
        self._do(lambda state: contract.extend_budget(state, budget, WORDS, author=ANNA))

    @rule(number=st.integers(0, 9))
    def hold(self, number: int) -> None:
        session = SessionId(f"{number:032x}")
        if self._state().terms.budget is not None:
            self.held.add(session)
        self._do(lambda state: contract.draw(state, session))
        assert contract.draw(self._state(), session) == ()

    @invariant()
    def it_is_possible(self) -> None:
        state = self._state()
        assert state.drawn == self.held
        assert state.terms.budget is None or state.terms.budget >= 1
        assert state.left is None or state.left == (state.terms.budget or 0) - len(self.held)
        numbers = [each.number for each in self.history if isinstance(each, ContractBudgetDrawn)]
        assert numbers == list(range(1, len(numbers) + 1))


ContractLife.TestCase.settings = settings(max_examples=50, stateful_step_count=12)
TestContractLife = ContractLife.TestCase


@given(any_history)
def test_a_decision_on_a_contract_repeated_changes_nothing(history: list[object]) -> None:
    must_be_retry_safe(
        contract.fold,
        [AGREED, *history],
        lambda state: contract.draw(state, SESSION),
        lambda state: (
            contract.extend_budget(state, 9, WORDS, author=ANNA)
            if state.terms.budget is not None and state.terms.budget < 9
            else ()
        ),
    )


def _held(count: int) -> list[object]:
    events: list[object] = []
    for number in range(count):
        drawn = contract.draw(given_contract(*events), SessionId(f"{number:032x}"))
        events.extend(drawn)
    return events
