from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain import case_pack
from domain.case_pack import CasePack
from domain.errors import InTheFuture, Invalid, Refusal, WrongState
from domain.events.case_pack import CasePackHandedOver, CasePackIssued, CasePackRevoked
from domain.pseudonyms import Known, Person
from domain.values import FreeText, ItemId, Section
from tests.support.decisions import must_be_retry_safe
from tests.support.examples import any_history
from tests.support.therapist_examples import (
    CONFIRMED,
    DRAFTED,
    HANDED,
    ISSUED,
    NOW,
    REVOKED,
)

KNOWN = Known((Person("A", ("Karolina", "Zych")),))
TOLD = (Section("note", FreeText("Karolinie było trudno.")),)
UNTIL = ISSUED.expires_at
FOR_OUTSIDE = replace(DRAFTED, supervisor=None)


def given_pack(*events: object, drafted: object = DRAFTED) -> CasePack:
    state = case_pack.fold((drafted, *events))
    assert state is not None
    return state


def test_a_pack_in_which_nobody_can_be_told_is_drafted() -> None:
    assert case_pack.draft(None, DRAFTED, KNOWN) == (DRAFTED,)


def test_a_pack_that_would_tell_who_it_is_is_refused() -> None:
    with pytest.raises(Invalid, match="tell who"):
        case_pack.draft(None, replace(DRAFTED, sections=TOLD), KNOWN)
    with_names = replace(DRAFTED, sections=TOLD, identified=True)
    assert case_pack.draft(None, with_names, KNOWN) == (with_names,)


def test_a_pack_holds_something_and_not_too_much() -> None:
    for change in (
        {"sections": ()},
        {"sections": DRAFTED.sections * 51},
        {"items": DRAFTED.items * 2},
    ):
        with pytest.raises(Invalid):
            case_pack.draft(None, replace(DRAFTED, **change), KNOWN)


def test_nothing_is_issued_that_its_author_has_not_confirmed() -> None:
    with pytest.raises(WrongState):
        case_pack.issue(given_pack(), UNTIL, now=NOW)
    assert case_pack.issue(given_pack(CONFIRMED), UNTIL, now=NOW) == (ISSUED,)


@pytest.mark.parametrize("away", [timedelta(0), -timedelta(hours=1), timedelta(days=91)])
def test_a_pack_expires_and_not_too_late(away: timedelta) -> None:
    with pytest.raises(Invalid):
        case_pack.issue(given_pack(CONFIRMED), NOW + away, now=NOW)


def test_a_pack_is_open_until_it_expires_or_is_revoked() -> None:
    issued = given_pack(CONFIRMED, ISSUED)
    assert issued.open_at(NOW)
    assert not issued.open_at(UNTIL)
    assert not given_pack(CONFIRMED, ISSUED, REVOKED).open_at(NOW)
    frame = case_pack.fold_issued((ISSUED, REVOKED))
    assert frame is not None
    assert not frame.open_at(NOW)


def test_a_page_is_handed_to_whoever_cannot_read_it_on_line() -> None:
    outside = given_pack(CONFIRMED, replace(ISSUED, supervisor=None), drafted=FOR_OUTSIDE)
    assert case_pack.hand_over(outside, HANDED, now=NOW) == (HANDED,)
    with pytest.raises(WrongState):
        case_pack.hand_over(given_pack(CONFIRMED, ISSUED), HANDED, now=NOW)
    with pytest.raises(WrongState):
        case_pack.hand_over(outside, HANDED, now=UNTIL)
    with pytest.raises(InTheFuture):
        case_pack.hand_over(outside, HANDED, now=NOW - timedelta(hours=1))


def test_a_revoked_pack_is_never_issued() -> None:
    steps: tuple[Callable[[], object], ...] = (
        lambda: case_pack.issue(given_pack(CONFIRMED, REVOKED), UNTIL, now=NOW),
        lambda: case_pack.confirm(given_pack(REVOKED)),
    )
    for step in steps:
        with pytest.raises(WrongState):
            step()


@given(any_history)
def test_a_decision_on_a_pack_repeated_changes_nothing(history: list[object]) -> None:
    must_be_retry_safe(
        case_pack.fold,
        [DRAFTED, *history],
        lambda state: case_pack.draft(state, DRAFTED, KNOWN),
        case_pack.confirm,
        lambda state: case_pack.issue(state, UNTIL, now=NOW),
        lambda state: case_pack.hand_over(state, HANDED, now=NOW),
        case_pack.revoke,
    )


class Packing(RuleBasedStateMachine):
    """A pack through any sequence of commands."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.events: list[object] = [FOR_OUTSIDE]

    def _do(self, decide: object) -> None:
        try:
            decided = decide(case_pack.fold(self.events))  # type: ignore[operator]
        except Refusal:
            return
        self.events += decided
        assert decide(case_pack.fold(self.events)) == ()  # type: ignore[operator]

    @rule(days=st.integers(0, 60))
    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule()
    def confirm(self) -> None:
        self._do(case_pack.confirm)

    @rule(days=st.integers(-10, 100))
    def issue(self, days: int) -> None:
        until, now = self.now + timedelta(days=days), self.now
        self._do(lambda state: case_pack.issue(state, until, now=now))

    @rule(entry=st.sampled_from([ItemId(each * 32) for each in "ab"]))
    def hand_over(self, entry: ItemId) -> None:
        handed, now = replace(HANDED, entry=entry, occurred_at=self.now), self.now
        self._do(lambda state: case_pack.hand_over(state, handed, now=now))

    @rule()
    def revoke(self) -> None:
        self._do(case_pack.revoke)

    @invariant()
    def nothing_leaves_unconfirmed_or_late(self) -> None:
        order = [type(each) for each in self.events]
        if CasePackIssued in order:
            assert order.index(type(CONFIRMED)) < order.index(CasePackIssued)
            issued = next(each for each in self.events if isinstance(each, CasePackIssued))
            for each in self.events:
                if isinstance(each, CasePackHandedOver):
                    assert each.occurred_at < issued.expires_at
        else:
            assert CasePackHandedOver not in order
        if CasePackRevoked in order:
            assert order[-1] is CasePackRevoked


TestPacking = Packing.TestCase
TestPacking.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
