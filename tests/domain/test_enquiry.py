from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain import enquiry
from domain.enquiry import MOST_CONSULTATIONS, End, Enquiry
from domain.errors import Invalid, Refusal, WrongState
from domain.events.enquiry import EnquiryTakenUp
from domain.values import CaseId, FreeText, ItemId
from tests.support.decisions import must_be_retry_safe
from tests.support.examples import any_history
from tests.support.understanding_examples import (
    ANNA,
    ASSIGNED,
    BARTEK,
    CASE,
    CONSULTED,
    DECLINED,
    OFFER_DECLINED,
    OFFERED,
    QUALIFIED,
    RECEIVED,
    TAKEN_UP,
    WAITLISTED,
    WITHDRAWN,
)

BEGUN = (ASSIGNED, RECEIVED)


def after(*events: object) -> Enquiry:
    state = enquiry.fold((*BEGUN, *events))
    assert state is not None
    return state


def test_an_enquiry_is_somebodys_from_its_first_moment() -> None:
    assert enquiry.receive(None, RECEIVED, ANNA) == BEGUN
    assert after().is_read_by(ANNA)
    assert not after().is_read_by(BARTEK)


def test_the_policy_knows_from_the_frame_alone_whose_it_is() -> None:
    frame = enquiry.fold((ASSIGNED, QUALIFIED, TAKEN_UP))
    whole = after(CONSULTED, QUALIFIED, WAITLISTED, TAKEN_UP)
    assert frame is not None
    assert (frame.intake, frame.therapist, frame.end, frame.case) == (
        whole.intake,
        whole.therapist,
        whole.end,
        whole.case,
    )


def test_whoever_hands_an_enquiry_on_reads_it_no_longer() -> None:
    (assigned,) = enquiry.assign(after(), BARTEK)
    assert after(assigned).is_read_by(BARTEK)
    assert not after(assigned).is_read_by(ANNA)
    assert enquiry.assign(after(assigned), BARTEK) == ()


def test_nobody_is_qualified_whom_nobody_has_met() -> None:
    with pytest.raises(WrongState, match="consultation"):
        enquiry.qualify(after(), QUALIFIED)
    assert enquiry.qualify(after(CONSULTED), QUALIFIED) == (QUALIFIED,)


def test_three_consultations_come_before_a_therapy_and_not_a_fourth() -> None:
    held = [replace(CONSULTED, entry=ItemId(f"{each:032x}")) for each in range(4)]
    state = after(*held[:MOST_CONSULTATIONS])
    with pytest.raises(WrongState, match="Three"):
        enquiry.hold_consultation(state, held[-1])


def test_the_qualification_names_who_may_open_the_case_beside_the_intake_person() -> None:
    assert not after(CONSULTED).may_be_taken_up_by(BARTEK)
    qualified = after(CONSULTED, QUALIFIED)
    assert qualified.may_be_taken_up_by(BARTEK)
    assert qualified.may_be_taken_up_by(ANNA)
    # Nobody takes a case up blind.
    assert qualified.is_read_by(BARTEK)


def test_a_place_is_offered_to_whoever_waits_and_who_declines_it_waits_on() -> None:
    with pytest.raises(WrongState, match="waiting list"):
        enquiry.offer(after(), OFFERED)
    waiting = after(WAITLISTED)
    assert enquiry.offer(waiting, OFFERED) == (OFFERED,)
    with pytest.raises(WrongState, match="no open offer"):
        enquiry.decline_offer(waiting, OFFER_DECLINED)
    with pytest.raises(WrongState, match="answered"):
        enquiry.offer(after(WAITLISTED, OFFERED), replace(OFFERED, entry=ItemId("0" * 32)))
    declined = after(WAITLISTED, OFFERED, OFFER_DECLINED)
    assert declined.waiting
    assert not declined.offered


@pytest.mark.parametrize(
    ("ended", "end"),
    [(DECLINED, End.DECLINED), (WITHDRAWN, End.WITHDRAWN), (TAKEN_UP, End.TAKEN_UP)],
)
def test_an_ended_enquiry_is_read_on_by_whose_it_was_unless_a_case_has_begun_with_it(
    ended: object, end: End
) -> None:
    state = after(CONSULTED, QUALIFIED, ended)
    assert state.end is end
    for each in (ANNA, BARTEK):
        assert state.is_read_by(each) is (end is not End.TAKEN_UP)
    assert not state.may_be_taken_up_by(ANNA)
    assert not state.may_be_taken_up_by(BARTEK)
    decisions: tuple[Callable[[], tuple[object, ...]], ...] = (
        lambda: enquiry.assign(state, BARTEK),
        lambda: enquiry.qualify(state, replace(QUALIFIED, entry=ItemId("0" * 32))),
        lambda: enquiry.take_up(state, CaseId("9" * 32)),
    )
    for decide in decisions:
        with pytest.raises(WrongState):
            decide()


def test_an_enquiry_that_says_nothing_is_refused() -> None:
    with pytest.raises(Invalid):
        enquiry.receive(None, replace(RECEIVED, words=FreeText("  ")), ANNA)
    with pytest.raises(Invalid):
        enquiry.receive(None, replace(RECEIVED, source=FreeText("")), ANNA)


@given(any_history)
def test_every_decision_repeated_changes_nothing(history: list[object]) -> None:
    must_be_retry_safe(
        enquiry.fold,
        [*BEGUN, *history],
        lambda state: enquiry.receive(state, RECEIVED, ANNA),
        lambda state: enquiry.assign(state, BARTEK),
        lambda state: enquiry.hold_consultation(state, CONSULTED),
        lambda state: enquiry.qualify(state, QUALIFIED),
        lambda state: enquiry.decline(state, DECLINED),
        lambda state: enquiry.wait(state, WAITLISTED),
        lambda state: enquiry.offer(state, OFFERED),
        lambda state: enquiry.decline_offer(state, OFFER_DECLINED),
        lambda state: enquiry.withdraw(state, WITHDRAWN),
        lambda state: enquiry.take_up(state, CASE),
    )


class AnEnquiry(RuleBasedStateMachine):
    """Whatever is done in whatever order: what is decided once stays decided."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[object] = list(BEGUN)
        self.numbers = count(1)
        self.ended: End | None = None

    def decide(self, what: Any, how: Callable[..., tuple[object, ...]]) -> None:
        fresh = replace(what, entry=ItemId(f"{next(self.numbers):032x}"))
        self.append(lambda state: how(state, fresh))

    def append(self, decide: Callable[[Enquiry], tuple[object, ...]]) -> None:
        try:
            new = decide(after(*self.events[2:]))
        except Refusal:
            return
        assert self.ended is None or new == ()
        self.events.extend(new)
        assert decide(after(*self.events[2:])) == ()
        self.ended = after(*self.events[2:]).end

    @rule()
    def assign(self) -> None:
        self.append(lambda state: enquiry.assign(state, BARTEK))

    @rule()
    def assign_back(self) -> None:
        self.append(lambda state: enquiry.assign(state, ANNA))

    @rule()
    def consult(self) -> None:
        self.decide(CONSULTED, enquiry.hold_consultation)

    @rule()
    def qualify(self) -> None:
        self.decide(QUALIFIED, enquiry.qualify)

    @rule()
    def wait(self) -> None:
        self.decide(WAITLISTED, enquiry.wait)

    @rule()
    def offer(self) -> None:
        self.decide(OFFERED, enquiry.offer)

    @rule()
    def decline_offer(self) -> None:
        self.decide(OFFER_DECLINED, enquiry.decline_offer)

    @rule()
    def decline(self) -> None:
        self.decide(DECLINED, enquiry.decline)

    @rule()
    def withdraw(self) -> None:
        self.decide(WITHDRAWN, enquiry.withdraw)

    @rule()
    def take_up(self) -> None:
        self.append(lambda state: enquiry.take_up(state, CASE))

    @invariant()
    def it_is_possible(self) -> None:
        state = after(*self.events[2:])
        assert state.consultations <= MOST_CONSULTATIONS
        assert state.waiting or not state.offered
        assert state.consultations or not state.qualified
        assert (state.case is not None) == (state.end is End.TAKEN_UP)
        ends = [each for each in self.events if type(each) in (type(DECLINED), type(WITHDRAWN))]
        ends += [each for each in self.events if isinstance(each, EnquiryTakenUp)]
        assert len(ends) == (state.end is not None)
        readers = {each for each in (ANNA, BARTEK) if state.is_read_by(each)}
        theirs = {state.intake, state.therapist} - {None}
        assert readers == (set() if state.end is End.TAKEN_UP else theirs)


TestAnEnquiry = AnEnquiry.TestCase
TestAnEnquiry.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
