"""Risk, safety plans, crises, safeguarding and crisis sheets: nothing reaches what cannot be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import TypeVar

import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain import crisis_sheet, risk, safeguarding, safety
from domain.errors import InTheFuture, Invalid, Refusal, WrongState
from domain.events.crisis_sheet import UseReason
from domain.events.risk import Level, ProtectiveFactor, RiskFactor, RiskTaskOpened
from domain.events.safeguarding import Concern, Ground, Recipient, SafeguardingReported
from domain.instruments.published import CORE_OM, GAD_7, PHQ_9
from domain.instruments.scoring import Answer, Score, answers_of
from domain.measure import Measure
from domain.risk import NewAssessment
from domain.safeguarding import GROUNDS, NewReport
from domain.values import CaseId, FreeText, ItemId, Section
from tests.support.decisions import must_be_retry_safe
from tests.support.examples import any_history
from tests.support.measure_examples import (
    AGREED,
    ALERT,
    ANNA,
    ASSESSED,
    ASSESSMENT,
    BEFORE,
    CASE,
    CLOSED,
    CONCERN,
    CRISIS,
    DETECTED,
    FLAGGED,
    ISSUED,
    MEASURE,
    NOW,
    OPENED,
    OTHER_MEASURE,
    PLAN,
    RAISED,
    REPORTED,
    RESOLVED,
    REVIEWED,
    REVISED,
    SETTLED,
    SHEET,
    STEPS,
    TASK,
    USED,
    WORDS,
)

State = TypeVar("State")
LATER = NOW + timedelta(hours=1)
DAY = timedelta(days=1)
EMPTY = FreeText(" ")
JUDGED = NewAssessment(
    BEFORE,
    Level.MODERATE,
    Level.NONE,
    (RiskFactor.SUICIDAL_THOUGHTS,),
    (ProtectiveFactor.CLOSE_PEOPLE,),
    (Section("what-was-said", WORDS),),
    date(2026, 3, 9),
)
REPORT = NewReport(NOW, Ground.KK_240, Recipient.PROSECUTOR, WORDS, WORDS)
USE = crisis_sheet.Use(BEFORE, (CASE,), UseReason.OUTAGE, WORDS)


def answered(item_9: int | None, points: int = 900, measure: ItemId = MEASURE) -> Measure:
    ninth = () if item_9 is None else (Answer(9, item_9),)
    answers = (Answer(1, 0), *ninth)
    return Measure(measure, "phq-9", 1, BEFORE, answers, (Score("total", points),))


class TestTasks:
    def test_a_positive_item_of_self_harm_opens_a_task(self) -> None:
        assert risk.open_task(TASK, CASE, PHQ_9, answered(1)) == (OPENED,)
        assert risk.open_task(TASK, CASE, PHQ_9, answered(0)) == ()
        assert risk.open_task(TASK, CASE, GAD_7, answered(1)) == ()

    def test_an_item_of_self_harm_that_was_left_out_opens_one_too(self) -> None:
        (opened,) = risk.open_task(TASK, CASE, PHQ_9, answered(None))
        assert opened == replace(OPENED, unanswered=(9,))
        (opened,) = risk.open_task(TASK, CASE, CORE_OM, answered(1))
        assert isinstance(opened, RiskTaskOpened)
        assert [each.item for each in opened.items] == [each.item for each in CORE_OM.risk]
        assert opened.unanswered == (6, 16, 22, 24, 34)

    @pytest.mark.parametrize(
        ("was", "now", "news"),
        [
            (0, 1, True),
            (1, 3, True),
            (1, 1, False),
            (3, 1, False),
            (2, 0, False),
            (0, None, True),
            (1, None, False),
            (None, None, False),
            (None, 0, False),
            (None, 1, True),
        ],
    )
    def test_what_is_put_right_is_looked_into_where_it_weighs_more(
        self, was: int | None, now: int | None, *, news: bool
    ) -> None:
        assert risk.is_news(PHQ_9, answered(was), answered(now)) is news

    @given(st.dictionaries(st.integers(1, 9), st.integers(0, 3), min_size=1))
    def test_no_questionnaire_is_silent_but_one_that_denies_every_item_of_risk(
        self, given_: dict[int, int]
    ) -> None:
        answers = answers_of(PHQ_9, given_)
        measure = Measure(MEASURE, "phq-9", 1, BEFORE, answers, (Score("total", 0),))
        silent = not risk.open_task(TASK, CASE, PHQ_9, measure)
        assert silent is (given_.get(9) == 0)
        assert silent is not risk.is_news(PHQ_9, None, measure)

    def test_a_reliably_worse_score_raises_an_alert(self) -> None:
        worse, before = answered(0, 1600, OTHER_MEASURE), answered(0)
        assert risk.detect_deterioration(ALERT, CASE, worse, before) == (DETECTED,)
        assert risk.detect_deterioration(ALERT, CASE, worse, None) == ()

    def test_a_clinician_settles_it_and_says_what_was_done(self) -> None:
        task, alert = risk.fold((OPENED,)), risk.fold((DETECTED,))
        assert task is not None
        assert alert is not None
        assert risk.settle(task, WORDS, author=ANNA) == (SETTLED,)
        assert risk.settle(alert, WORDS, author=ANNA) == (REVIEWED,)
        with pytest.raises(Invalid):
            risk.settle(task, EMPTY, author=ANNA)

    @given(any_history)
    def test_settling_can_be_retried(self, history: list[object]) -> None:
        must_be_retry_safe(
            risk.fold, [OPENED, *history], lambda task: risk.settle(task, WORDS, author=ANNA)
        )


class TestAssessment:
    def assessed(self, new: NewAssessment, *events: object) -> tuple[object, ...]:
        state = risk.fold_assessment(events)
        return risk.assess(state, ASSESSMENT, CASE, new, author=ANNA, now=NOW)

    def test_it_has_levels_factors_and_what_protects(self) -> None:
        assert self.assessed(JUDGED) == (ASSESSED,)
        assert self.assessed(JUDGED, ASSESSED) == ()
        assert self.assessed(replace(JUDGED, to_self=Level.HIGH), ASSESSED) != ()

    @pytest.mark.parametrize(
        "wrong",
        [
            {"occurred_at": LATER},
            {"factors": (RiskFactor.INTENT, RiskFactor.INTENT)},
            {"protective": (ProtectiveFactor.CLOSE_PEOPLE,) * 2},
            {"sections": ()},
            {"sections": (Section("horoscope", WORDS),)},
            {"review_on": date(2026, 3, 1)},
        ],
        ids=str,
    )
    def test_what_cannot_be_is_refused(self, wrong: dict[str, object]) -> None:
        with pytest.raises(Invalid):
            self.assessed(replace(JUDGED, **wrong))  # type: ignore[arg-type]  # each a field of it


class TestSafety:
    def agree(self, state: safety.SafetyPlan | None, **other: object) -> tuple[object, ...]:
        said = {"author": ANNA, "occurred_at": BEFORE, "now": NOW, **other}
        return safety.agree(state, PLAN, CASE, STEPS, **said)  # type: ignore[arg-type]  # its keywords

    def test_a_plan_is_agreed_on_and_revised(self) -> None:
        assert self.agree(None) == (AGREED,)
        plan = safety.fold((AGREED,))
        assert plan is not None
        steps = (STEPS[2], STEPS[0])
        assert safety.revise(plan, steps, author=ANNA, occurred_at=NOW, now=NOW) == (REVISED,)

    @pytest.mark.parametrize("left_out", [0, 2])
    def test_a_plan_says_when_to_use_it_and_whom_to_call(self, left_out: int) -> None:
        steps = [each for number, each in enumerate(STEPS) if number != left_out]
        with pytest.raises(Invalid, match="must have"):
            safety.agree(None, PLAN, CASE, steps, author=ANNA, occurred_at=BEFORE, now=NOW)

    def test_time_goes_forward(self) -> None:
        plan, crisis = safety.fold((AGREED,)), safety.fold_crisis((FLAGGED,))
        assert plan is not None
        assert crisis is not None
        with pytest.raises(InTheFuture):
            self.agree(None, occurred_at=LATER)
        with pytest.raises(Invalid):
            safety.revise(plan, STEPS, author=ANNA, occurred_at=BEFORE - DAY, now=NOW)
        with pytest.raises(WrongState):
            safety.resolve(crisis, WORDS, author=ANNA, occurred_at=BEFORE - DAY, now=NOW)

    def test_a_crisis_is_flagged_and_resolved(self) -> None:
        flag = safety.flag(None, CRISIS, CASE, WORDS, author=ANNA, occurred_at=BEFORE, now=NOW)
        assert flag == (FLAGGED,)
        crisis = safety.fold_crisis(flag)
        assert crisis is not None
        over = safety.resolve(crisis, WORDS, author=ANNA, occurred_at=NOW, now=NOW)
        assert over == (RESOLVED,)

    @given(any_history)
    def test_every_decision_can_be_retried(self, history: list[object]) -> None:
        must_be_retry_safe(
            safety.fold,
            [AGREED, *history],
            self.agree,
            lambda plan: safety.revise(plan, STEPS, author=ANNA, occurred_at=NOW, now=NOW),
        )
        must_be_retry_safe(
            safety.fold_crisis,
            [FLAGGED, *history],
            lambda crisis: safety.resolve(crisis, WORDS, author=ANNA, occurred_at=NOW, now=NOW),
        )


class TestSafeguarding:
    def test_a_concern_is_raised_reported_and_closed(self) -> None:
        raised = safeguarding.raise_concern(
            None,
            CONCERN,
            CASE,
            Concern.HARM_TO_A_CHILD,
            WORDS,
            author=ANNA,
            occurred_at=BEFORE,
            now=NOW,
        )
        assert raised == (RAISED,)
        state = safeguarding.fold(raised)
        assert state is not None
        assert safeguarding.report(state, REPORT, author=ANNA, now=NOW) == (REPORTED,)
        assert safeguarding.close(state, WORDS, author=ANNA) == (CLOSED,)

    def test_nobody_is_told_whom_the_ground_does_not_name(self) -> None:
        state = safeguarding.fold((RAISED,))
        assert state is not None
        for ground, about in GROUNDS.items():
            for recipient in Recipient:
                new = replace(REPORT, ground=ground, recipient=recipient)
                if recipient in about.told:
                    assert safeguarding.report(state, new, author=ANNA, now=NOW)
                else:
                    with pytest.raises(Invalid):
                        safeguarding.report(state, new, author=ANNA, now=NOW)

    def test_every_ground_says_where_it_stands_and_how_sure_we_are(self) -> None:
        assert set(GROUNDS) == set(Ground)
        assert all(each.provision and each.told for each in GROUNDS.values())
        assert not GROUNDS[Ground.BLUE_CARD].verified

    def test_a_closed_concern_is_not_reported(self) -> None:
        state = safeguarding.fold((RAISED, CLOSED))
        assert state is not None
        with pytest.raises(WrongState):
            safeguarding.report(state, REPORT, author=ANNA, now=NOW)

    def test_nobody_was_told_before_it_was_raised(self) -> None:
        state = safeguarding.fold((RAISED,))
        assert state is not None
        early = replace(REPORT, occurred_at=BEFORE - DAY)
        with pytest.raises(WrongState):
            safeguarding.report(state, early, author=ANNA, now=NOW)
        with pytest.raises(InTheFuture):
            safeguarding.report(state, replace(REPORT, occurred_at=LATER), author=ANNA, now=NOW)

    @given(any_history)
    def test_every_decision_can_be_retried(self, history: list[object]) -> None:
        must_be_retry_safe(
            safeguarding.fold,
            [RAISED, *history],
            lambda state: safeguarding.report(state, REPORT, author=ANNA, now=NOW),
            lambda state: safeguarding.close(state, WORDS, author=ANNA),
        )


class TestSheet:
    def issued(self, **other: object) -> tuple[object, ...]:
        said = {"holder": ANNA, "valid_until": ISSUED.valid_until, "now": NOW, **other}
        return crisis_sheet.issue(None, SHEET, (CASE,), **said)  # type: ignore[arg-type]  # its keywords

    def test_it_is_issued_for_a_while_and_its_use_is_written_down(self) -> None:
        assert self.issued() == (ISSUED,)
        sheet = crisis_sheet.fold((ISSUED,))
        assert sheet is not None
        assert crisis_sheet.use(sheet, USE, issued_at=BEFORE - DAY, now=NOW) == (USED,)

    @pytest.mark.parametrize("valid_until", [NOW, NOW + timedelta(days=32)])
    def test_it_opens_neither_for_ever_nor_never(self, valid_until: object) -> None:
        with pytest.raises(Invalid):
            self.issued(valid_until=valid_until)

    def test_it_has_cases(self) -> None:
        for cases in ((), (CASE, CASE)):
            with pytest.raises(Invalid):
                crisis_sheet.issue(
                    None, SHEET, cases, holder=ANNA, valid_until=ISSUED.valid_until, now=NOW
                )

    @pytest.mark.parametrize(
        "wrong",
        [
            {"occurred_at": LATER},
            {"occurred_at": BEFORE - 2 * DAY},
            {"cases": ()},
            {"cases": (CASE, CASE)},
            {"cases": (CaseId("b" * 32),)},
            {"words": EMPTY},
        ],
        ids=str,
    )
    def test_a_use_that_cannot_be_is_refused(self, wrong: dict[str, object]) -> None:
        sheet = crisis_sheet.fold((ISSUED,))
        assert sheet is not None
        with pytest.raises(Invalid):
            crisis_sheet.use(sheet, replace(USE, **wrong), issued_at=BEFORE - DAY, now=NOW)  # type: ignore[arg-type]  # each a field of it

    def test_it_was_not_used_after_it_had_expired(self) -> None:
        sheet = crisis_sheet.fold((ISSUED,))
        assert sheet is not None
        late = replace(USE, occurred_at=NOW + timedelta(days=8))
        with pytest.raises(Invalid, match="expired"):
            crisis_sheet.use(sheet, late, issued_at=BEFORE - DAY, now=NOW + timedelta(days=9))

    @given(any_history)
    def test_every_decision_can_be_retried(self, history: list[object]) -> None:
        must_be_retry_safe(
            crisis_sheet.fold,
            [ISSUED, *history],
            lambda sheet: crisis_sheet.use(sheet, USE, issued_at=BEFORE - DAY, now=NOW),
        )


class RiskMachine(RuleBasedStateMachine):
    """A case in trouble: whatever is done in whatever order, nothing stands that cannot be."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.tasks: list[object] = [OPENED]
        self.crisis: list[object] = [FLAGGED]
        self.concern: list[object] = [RAISED]
        self.plan: list[object] = [AGREED]

    @rule(hours=st.integers(1, 48))
    def time_goes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(words=st.sampled_from([WORDS, EMPTY]))
    def settle(self, words: FreeText) -> None:
        self._do(self.tasks, lambda: risk.settle(_of(risk.fold(self.tasks)), words, author=ANNA))

    @rule(words=st.sampled_from([WORDS, EMPTY]), back=st.integers(-2, 60))
    def resolve(self, words: FreeText, back: int) -> None:
        at = self.now - timedelta(hours=back)
        self._do(
            self.crisis,
            lambda: safety.resolve(
                _of(safety.fold_crisis(self.crisis)),
                words,
                author=ANNA,
                occurred_at=at,
                now=self.now,
            ),
        )

    @rule(
        ground=st.sampled_from(Ground),
        recipient=st.sampled_from(Recipient),
        back=st.integers(-2, 60),
    )
    def report(self, ground: Ground, recipient: Recipient, back: int) -> None:
        at = self.now - timedelta(hours=back)
        new = NewReport(at, ground, recipient, WORDS, WORDS)
        self._do(
            self.concern,
            lambda: safeguarding.report(
                _of(safeguarding.fold(self.concern)), new, author=ANNA, now=self.now
            ),
        )

    @rule()
    def close(self) -> None:
        self._do(
            self.concern,
            lambda: safeguarding.close(_of(safeguarding.fold(self.concern)), WORDS, author=ANNA),
        )

    @rule(steps=st.lists(st.sampled_from(STEPS), unique=True), back=st.integers(-2, 60))
    def revise(self, steps: list[Section], back: int) -> None:
        at = self.now - timedelta(hours=back)
        self._do(
            self.plan,
            lambda: safety.revise(
                _of(safety.fold(self.plan)), steps, author=ANNA, occurred_at=at, now=self.now
            ),
        )

    def _do(self, events: list[object], decide: Callable[[], tuple[object, ...]]) -> None:
        try:
            events.extend(decide())
        except Refusal:
            return
        assert decide() == ()

    @invariant()
    def a_task_is_settled_once(self) -> None:
        assert len(self.tasks) <= 2

    @invariant()
    def a_crisis_is_over_once_and_after_it_began(self) -> None:
        assert len(self.crisis) <= 2

    @invariant()
    def only_those_were_told_whom_a_ground_names_and_while_the_concern_was_open(self) -> None:
        ends = [number for number, each in enumerate(self.concern) if each == CLOSED]
        assert ends in ([], [len(self.concern) - 1])
        for each in self.concern:
            if isinstance(each, SafeguardingReported):
                assert each.recipient in GROUNDS[each.ground].told
                assert RAISED.occurred_at <= each.occurred_at <= self.now

    @invariant()
    def every_plan_says_when_to_use_it_and_whom_to_call(self) -> None:
        plan = _of(safety.fold(self.plan))
        assert {each.code for each in plan.last.sections} >= set(safety.NEEDED)
        assert plan.last.occurred_at <= self.now


def _of(state: State | None) -> State:
    assert state is not None
    return state


TestRiskMachine = RiskMachine.TestCase
TestRiskMachine.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
