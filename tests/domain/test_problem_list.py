from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain import problem_list
from domain.errors import Invalid, Refusal, WrongState
from domain.events.case import Coding, Diagnosis
from domain.events.diagnosis import (
    Certainty,
    DiagnosisRecorded,
    DiagnosisRefuted,
    DiagnosisRevised,
    Rank,
)
from domain.problem_list import Assessed, ProblemList
from domain.values import FreeText, ItemId
from tests.support.decisions import must_be_retry_safe
from tests.support.examples import any_history
from tests.support.understanding_examples import (
    DIAGNOSIS,
    NONE_FOUND,
    PROBLEM,
    RECORDED,
    REFRAMED,
    REFUTED,
    RESOLVED,
    REVISED,
    STATED,
)

DEPRESSION = Diagnosis(Coding.ICD_11, "6A70.1", "Single episode depressive disorder, moderate")
SECOND = replace(RECORDED, diagnosis=ItemId("d9" * 16), coded=DEPRESSION, rank=Rank.SECONDARY)


def after(*events: object) -> ProblemList:
    return problem_list.fold(events)


def test_a_problem_needs_no_diagnosis() -> None:
    assert problem_list.state_problem(after(), STATED) == (STATED,)
    assert after(STATED).assessed() is Assessed.NOT_ASSESSED


def test_a_problem_says_something() -> None:
    with pytest.raises(Invalid):
        problem_list.state_problem(after(), replace(STATED, words=FreeText(" ")))


def test_a_problem_is_reframed_and_resolved_and_may_come_back() -> None:
    assert problem_list.reframe(after(STATED), REFRAMED) == (REFRAMED,)
    assert problem_list.resolve(after(STATED), RESOLVED) == (RESOLVED,)
    assert problem_list.resolve(after(STATED, RESOLVED), RESOLVED) == ()
    assert after(STATED, RESOLVED).problems == {PROBLEM: False}
    assert after(STATED, RESOLVED, REFRAMED).problems == {PROBLEM: True}


def test_what_was_never_stated_is_neither_reframed_nor_explained() -> None:
    with pytest.raises(Invalid, match="never stated"):
        problem_list.reframe(after(), REFRAMED)
    with pytest.raises(Invalid, match="never stated"):
        problem_list.diagnose(after(), replace(RECORDED, problems=(PROBLEM,)))
    with pytest.raises(Invalid, match="once"):
        problem_list.must_name_problems(after(STATED), (PROBLEM, PROBLEM))


def test_that_no_disorder_was_found_is_an_answer_of_its_own() -> None:
    assert problem_list.find_none(after(STATED), NONE_FOUND) == (NONE_FOUND,)
    assert after(STATED, NONE_FOUND).assessed() is Assessed.NO_DISORDER


def test_a_diagnosis_takes_the_place_of_no_diagnosis() -> None:
    assert after(NONE_FOUND, RECORDED).assessed() is Assessed.DIAGNOSED


def test_no_disorder_is_not_found_while_a_diagnosis_stands() -> None:
    with pytest.raises(WrongState, match="refute"):
        problem_list.find_none(after(RECORDED), NONE_FOUND)
    refuted = after(RECORDED, REFUTED)
    assert refuted.assessed() is Assessed.REFUTED
    assert problem_list.find_none(refuted, NONE_FOUND) == (NONE_FOUND,)


def test_a_refuted_diagnosis_is_neither_revised_nor_refuted_again() -> None:
    state = after(RECORDED, REFUTED)
    with pytest.raises(WrongState):
        problem_list.revise(state, REVISED)
    assert problem_list.refute(state, REFUTED) == ()


def test_one_diagnosis_is_the_main_one() -> None:
    with pytest.raises(WrongState, match="main"):
        problem_list.diagnose(after(RECORDED), replace(SECOND, rank=Rank.MAIN))
    assert problem_list.diagnose(after(RECORDED), SECOND) == (SECOND,)
    raised = replace(REVISED, diagnosis=SECOND.diagnosis, coded=DEPRESSION)
    with pytest.raises(WrongState, match="main"):
        problem_list.revise(after(RECORDED, SECOND), raised)
    assert problem_list.revise(after(RECORDED, SECOND, REFUTED), raised) == (raised,)


def test_the_same_code_does_not_stand_twice() -> None:
    again = replace(SECOND, coded=RECORDED.coded)
    with pytest.raises(WrongState, match="already"):
        problem_list.diagnose(after(RECORDED), again)


def test_each_member_of_a_joint_case_has_a_diagnosis_or_none_of_her_own() -> None:
    hers, his = replace(RECORDED, alias="p7"), replace(NONE_FOUND, alias="p41")
    state = after(hers, his)
    assert problem_list.find_none(after(hers), his) == (his,)
    assert [state.assessed(each) for each in ("p7", "p41", "p9")] == [
        Assessed.DIAGNOSED,
        Assessed.NO_DISORDER,
        Assessed.NOT_ASSESSED,
    ]


@given(any_history)
def test_every_decision_repeated_changes_nothing(history: list[object]) -> None:
    must_be_retry_safe(
        problem_list.fold,
        [STATED, *history],
        lambda state: problem_list.state_problem(state, STATED),
        lambda state: problem_list.resolve(state, RESOLVED),
        lambda state: problem_list.find_none(state, NONE_FOUND),
    )
    must_be_retry_safe(
        problem_list.fold,
        [STATED, *(each for each in history if not isinstance(each, DiagnosisRecorded))],
        lambda state: problem_list.diagnose(state, RECORDED),
    )


CODES = ("F32.1", "F41.0", "F60.31")


class AProblemList(RuleBasedStateMachine):
    """Whatever is recorded in whatever order: one main diagnosis, and one answer."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[object] = [STATED]
        self.made: list[ItemId] = []
        self.numbers = count(1)

    def append(self, decide: Callable[[ProblemList], tuple[object, ...]]) -> None:
        try:
            self.events.extend(decide(after(*self.events)))
        except Refusal:
            return

    def _id(self) -> ItemId:
        return ItemId(f"{next(self.numbers):032x}")

    @rule(code=st.sampled_from(CODES), rank=st.sampled_from(Rank))
    def diagnose(self, code: str, rank: Rank) -> None:
        made = replace(
            RECORDED, diagnosis=self._id(), coded=Diagnosis(Coding.ICD_10, code, "x"), rank=rank
        )
        self.append(lambda state: problem_list.diagnose(state, made))
        self.made.append(made.diagnosis)

    @rule(
        which=st.integers(0, 9),
        code=st.sampled_from(CODES),
        rank=st.sampled_from(Rank),
        certainty=st.sampled_from(Certainty),
    )
    def revise(self, which: int, code: str, rank: Rank, certainty: Certainty) -> None:
        if self.made:
            revised = replace(
                REVISED,
                diagnosis=self.made[which % len(self.made)],
                coded=Diagnosis(Coding.ICD_10, code, "x"),
                rank=rank,
                certainty=certainty,
            )
            self.append(lambda state: problem_list.revise(state, revised))

    @rule(which=st.integers(0, 9))
    def refute(self, which: int) -> None:
        if self.made:
            refuted = replace(REFUTED, diagnosis=self.made[which % len(self.made)])
            self.append(lambda state: problem_list.refute(state, refuted))

    @rule()
    def find_none(self) -> None:
        found = replace(NONE_FOUND, assessment=self._id())
        self.append(lambda state: problem_list.find_none(state, found))

    @rule()
    def reframe(self) -> None:
        self.append(lambda state: problem_list.reframe(state, REFRAMED))

    @rule()
    def resolve(self) -> None:
        self.append(lambda state: problem_list.resolve(state, RESOLVED))

    @invariant()
    def it_is_possible(self) -> None:
        state = after(*self.events)
        standing = state.standing()
        assert sum(each.rank is Rank.MAIN for each in standing) <= 1
        assert len({each.coded.code for each in standing}) == len(standing)
        assert not (standing and state.none_found)
        refuted = {each.diagnosis for each in self.events if isinstance(each, DiagnosisRefuted)}
        assert refuted == {each.id for each in state.diagnoses if each.refuted}
        if state.assessed() is Assessed.NOT_ASSESSED:
            assert not any(
                isinstance(each, DiagnosisRecorded | DiagnosisRevised) for each in self.events
            )


TestAProblemList = AProblemList.TestCase
TestAProblemList.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)


def test_a_diagnosis_is_found_by_its_id() -> None:
    made = after(RECORDED, REVISED).find(DIAGNOSIS)
    assert made is not None
    assert made.certainty is Certainty.CONFIRMED
