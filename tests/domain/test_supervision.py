from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain import supervision
from domain.errors import InTheFuture, Invalid, Refusal, WrongState
from domain.events.supervision import SupervisionEnded, SupervisionForm, SupervisionHeld
from domain.supervision import Supervision
from domain.values import FreeText, ItemId
from tests.support.decisions import must_be_retry_safe
from tests.support.examples import any_history
from tests.support.therapist_examples import (
    ADVISED,
    ANNA,
    ARRANGED,
    BARTEK,
    BROUGHT,
    CELINA,
    ENDED,
    MARKED,
    MET,
    NOW,
    OUTSIDE,
    TODAY,
)

GROUP = replace(ARRANGED, form=SupervisionForm.GROUP, supervisees=(ANNA, CELINA))


def arranged(*events: object) -> Supervision:
    state = supervision.fold((ARRANGED, *events))
    assert state is not None
    return state


@pytest.mark.parametrize(
    "good", [ARRANGED, GROUP, replace(ARRANGED, supervisor=None, outside=OUTSIDE)]
)
def test_supervision_is_arranged_with_a_colleague_or_with_somebody_outside(good: object) -> None:
    assert supervision.arrange(None, good) == (good,)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        {"outside": OUTSIDE},
        {"supervisor": None},
        {"supervisees": ()},
        {"supervisees": (ANNA, ANNA)},
        {"supervisees": (ANNA, CELINA)},
        {"supervisees": (BARTEK,)},
        {"supervisees": (CELINA,)},
    ],
)
def test_an_arrangement_that_cannot_be_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        supervision.arrange(None, replace(ARRANGED, **change))  # type: ignore[arg-type]


def test_a_meeting_was_held_with_supervisees_for_some_time() -> None:
    assert supervision.hold(arranged(), MET, now=NOW) == (MET,)
    for change in (
        {"participants": (CELINA,)},
        {"participants": ()},
        {"minutes": 0},
        {"minutes": 721},
        {"packs": MET.packs * 2},
        {"occurred_at": NOW - timedelta(days=60)},
    ):
        with pytest.raises(Invalid):
            supervision.hold(arranged(), replace(MET, **change), now=NOW)
    with pytest.raises(InTheFuture):
        supervision.hold(arranged(), replace(MET, occurred_at=NOW + timedelta(1)), now=NOW)


def test_nobody_meets_after_the_end_but_what_was_before_may_be_told_later() -> None:
    ended = arranged(ENDED)
    assert supervision.hold(ended, MET, now=NOW + timedelta(days=3)) == (MET,)
    later = replace(MET, occurred_at=NOW + timedelta(days=2))
    with pytest.raises(WrongState):
        supervision.hold(ended, later, now=NOW + timedelta(days=3))
    with pytest.raises(WrongState):
        supervision.must_go_on(ended)


def test_an_end_lies_behind_its_beginning_and_not_ahead() -> None:
    with pytest.raises(Invalid):
        supervision.end(arranged(), date(2026, 1, 1), today=TODAY)
    with pytest.raises(InTheFuture):
        supervision.end(arranged(), TODAY + timedelta(1), today=TODAY)


def test_a_marked_case_is_brought_once() -> None:
    mark = supervision.fold_mark((MARKED,))
    assert mark is not None
    assert supervision.bring(mark) == (BROUGHT,)
    brought = supervision.fold_mark((MARKED, BROUGHT))
    assert brought is not None
    assert supervision.bring(brought) == ()
    with pytest.raises(Invalid):
        supervision.mark(None, replace(MARKED, question=FreeText("")))


def test_advice_is_recorded_by_whoever_takes_part_and_names_the_supervisor() -> None:
    unnamed = replace(ADVISED, supervisor=None)
    assert supervision.advise(None, arranged(), unnamed) == (ADVISED,)
    assert supervision.advise(None, arranged(), replace(unnamed, author=BARTEK))
    with pytest.raises(Invalid):
        supervision.advise(None, arranged(), replace(unnamed, author=CELINA))


@given(any_history)
def test_a_decision_on_supervision_repeated_changes_nothing(history: list[object]) -> None:
    must_be_retry_safe(
        supervision.fold,
        [ARRANGED, *history],
        lambda state: supervision.arrange(state, ARRANGED),
        lambda state: supervision.hold(state, MET, now=NOW),
        lambda state: supervision.end(state, TODAY, today=TODAY),
    )
    must_be_retry_safe(
        supervision.fold_mark,
        [MARKED, *history],
        lambda state: supervision.mark(state, MARKED),
        supervision.bring,
    )
    must_be_retry_safe(
        supervision.fold_advice,
        history,
        lambda state: supervision.advise(state, arranged(), ADVISED),
    )


MOMENTS = st.datetimes(datetime(2026, 1, 25), datetime(2026, 3, 10)).map(  # noqa: DTZ001 - hypothesis wants naive bounds
    lambda each: each.replace(tzinfo=NOW.tzinfo)
)


class Meeting(RuleBasedStateMachine):
    """Supervision held and ended in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[object] = [GROUP]

    @rule(
        meeting=st.sampled_from([ItemId(each * 32) for each in "abcd"]),
        at=MOMENTS,
        present=st.lists(st.sampled_from([ANNA, BARTEK, CELINA]), max_size=3).map(tuple),
        minutes=st.integers(-5, 800),
    )
    def hold(self, meeting: ItemId, at: datetime, present: tuple, minutes: int) -> None:  # type: ignore[type-arg]
        held = replace(MET, meeting=meeting, occurred_at=at, participants=present, minutes=minutes)
        self._do(lambda state: supervision.hold(state, held, now=NOW))

    @rule(at=MOMENTS)
    def end(self, at: datetime) -> None:
        self._do(lambda state: supervision.end(state, at.date(), today=TODAY))

    def _do(self, decide: object) -> None:
        state = supervision.fold(self.events)
        try:
            decided = decide(state)  # type: ignore[operator]
        except Refusal:
            return
        self.events += decided
        assert decide(supervision.fold(self.events)) == ()  # type: ignore[operator]

    @invariant()
    def nobody_met_who_could_not(self) -> None:
        ends = [each for each in self.events if isinstance(each, SupervisionEnded)]
        assert len(ends) <= 1
        for each in self.events:
            if isinstance(each, SupervisionHeld):
                assert set(each.participants) <= {ANNA, CELINA}
                assert 0 < each.minutes <= 720
                assert GROUP.starts_on <= each.occurred_at.date()
                assert each.occurred_at <= NOW


TestMeeting = Meeting.TestCase
TestMeeting.settings = settings(max_examples=30, stateful_step_count=15, deadline=None)
