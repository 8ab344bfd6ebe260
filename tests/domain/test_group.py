"""A group and those who want to join it: no order of commands leads where it must not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain import candidate as candidate_file, case as case_file, group as group_file
from domain.candidate import Candidate, Standing, in_line
from domain.case import Case
from domain.errors import InTheFuture, Invalid, Refusal, WrongState
from domain.events.group import (
    Acquaintance,
    GroupKind,
    Size,
    Suitability,
)
from domain.group import Group
from domain.values import ClientId, Format, FreeText, ItemId
from tests.support.decisions import must_be_retry_safe
from tests.support.examples import OPENED as CASE_OPENED, any_history
from tests.support.joint_examples import (
    ACCEPTED,
    AGREED,
    AGREEMENT,
    BEFORE,
    BEGUN,
    CANDIDATE,
    CHECKED,
    CLIENT,
    CLOSED,
    DECLINED,
    GROUP,
    MET,
    NAMED,
    NOW,
    OPENED,
    OTHER_CANDIDATE,
    REVISED,
    SCREENED,
    WAITING,
    WITHDREW,
    WORDS,
)

EMPTY = replace(CASE_OPENED, clients=(), format=Format.GROUP)
LATER = NOW + timedelta(days=1)


def a_group(*events: object) -> Group:
    state = group_file.fold((OPENED, *events))
    assert state is not None
    return state


def a_candidate(*events: object) -> Candidate:
    state = candidate_file.fold((NAMED, *events))
    assert state is not None
    return state


def a_case(*events: object) -> Case:
    state = case_file.fold((EMPTY, *events))
    assert state is not None
    return state


class TestGroup:
    def test_a_group_begins_with_nobody_and_a_couple_does_not(self) -> None:
        assert case_file.open_case(None, EMPTY) == (EMPTY,)
        with pytest.raises(Invalid):
            case_file.open_case(None, replace(EMPTY, format=Format.COUPLE))

    def test_it_has_criteria_a_size_and_an_end(self) -> None:
        assert group_file.open_group(None, OPENED) == (OPENED,)
        assert group_file.revise(a_group(), REVISED) == (REVISED,)
        assert group_file.close(a_group(), CLOSED) == (CLOSED,)

    @pytest.mark.parametrize("size", [Size(1, 8), Size(5, 4), Size(2, 31)])
    def test_a_size_that_no_group_has_is_refused(self, size: Size) -> None:
        with pytest.raises(Invalid):
            group_file.open_group(None, replace(OPENED, size=size))

    def test_it_begins_with_enough_people_who_have_an_agreement(self) -> None:
        with pytest.raises(WrongState, match="agreement"):
            group_file.begin(a_group(), BEFORE, 7, now=NOW)
        with pytest.raises(WrongState, match="too few"):
            group_file.begin(a_group(AGREEMENT), BEFORE, 1, now=NOW)
        with pytest.raises(InTheFuture):
            group_file.begin(a_group(AGREEMENT), LATER, 7, now=NOW)
        assert group_file.begin(a_group(AGREEMENT), BEFORE, 2, now=NOW) == (BEGUN,)

    def test_a_closed_group_takes_nobody_once_it_has_begun_and_an_open_one_does(self) -> None:
        with pytest.raises(WrongState, match="closed group"):
            group_file.must_take_in(a_group(AGREEMENT, BEGUN), 2)
        group_file.must_take_in(a_group(AGREEMENT), 2)
        group_file.must_take_in(a_group(REVISED, AGREEMENT, BEGUN), 2)

    def test_a_full_group_takes_nobody(self) -> None:
        with pytest.raises(WrongState, match="full"):
            group_file.must_take_in(a_group(), OPENED.size.most)

    def test_only_candidates_are_at_a_preparatory_meeting(self) -> None:
        assert group_file.hold_meeting(a_group(), MET, [CANDIDATE], now=NOW) == (MET,)
        for wrong in ((), (CANDIDATE, CANDIDATE), (OTHER_CANDIDATE,)):
            held = replace(MET, present=wrong)
            with pytest.raises(Invalid):
                group_file.hold_meeting(a_group(), held, [CANDIDATE], now=NOW)
        held = replace(MET, occurred_at=LATER)
        with pytest.raises(InTheFuture):
            group_file.hold_meeting(a_group(), held, [CANDIDATE], now=NOW)

    def test_nothing_happens_in_a_closed_group(self) -> None:
        closed = a_group(CLOSED)
        for act in (
            lambda: group_file.revise(closed, REVISED),
            lambda: group_file.make_agreement(closed, AGREEMENT),
            lambda: group_file.begin(closed, BEFORE, 7, now=NOW),
            lambda: group_file.must_take_in(closed, 2),
        ):
            with pytest.raises(WrongState):
                act()

    def test_the_agreement_in_force_is_the_newest(self) -> None:
        assert a_group(MET, AGREEMENT).terms == 3
        assert a_group(AGREEMENT, MET, AGREEMENT).terms == 4
        assert a_group(None, AGREEMENT).terms == 3

    @given(any_history)
    def test_a_decision_repeated_changes_nothing(self, history: list[object]) -> None:
        must_be_retry_safe(
            group_file.fold,
            [OPENED, *history],
            lambda state: group_file.open_group(state, OPENED),
            lambda state: group_file.revise(state, REVISED),
            lambda state: group_file.hold_meeting(state, MET, [CANDIDATE], now=NOW),
            lambda state: group_file.make_agreement(state, AGREEMENT),
            lambda state: group_file.begin(state, BEFORE, 2, now=NOW),
            lambda state: group_file.close(state, CLOSED),
        )


class TestItsCase:
    def test_a_groups_case_is_formed_before_anybody_takes_part(self) -> None:
        (formed,) = case_file.form_group(a_case(), GROUP)
        assert case_file.form_group(a_case(formed), GROUP) == ()
        with pytest.raises(WrongState):
            case_file.form_group(a_case(formed), ItemId("f" * 32))
        family = case_file.fold((replace(EMPTY, format=Format.FAMILY),))
        with_members = case_file.fold((replace(EMPTY, clients=(CLIENT, ClientId("f" * 32))),))
        for wrong in (family, with_members):
            assert wrong is not None
            with pytest.raises(WrongState):
                case_file.form_group(wrong, GROUP)

    def test_a_candidate_does_not_take_part_yet(self) -> None:
        with pytest.raises(WrongState):
            case_file.name_candidate(a_case(), CLIENT, CANDIDATE)
        formed = case_file.form_group(a_case(), GROUP)
        (named,) = case_file.name_candidate(a_case(*formed), CLIENT, CANDIDATE)
        state = a_case(*formed, named)
        assert (state.candidates, state.everyone) == (((CLIENT, CANDIDATE),), ())
        joined = case_file.join(state, CLIENT)
        with pytest.raises(WrongState):
            case_file.name_candidate(a_case(*formed, named, *joined), CLIENT, OTHER_CANDIDATE)


class TestCandidate:
    def test_she_is_screened_asked_whom_she_knows_and_accepted(self) -> None:
        assert candidate_file.name(None, NAMED) == (NAMED,)
        assert candidate_file.screen(a_candidate(), SCREENED, now=NOW) == (SCREENED,)
        asked = a_candidate(SCREENED)
        assert candidate_file.check_acquaintances(asked, CHECKED, ()) == (CHECKED,)
        ready = a_candidate(SCREENED, CHECKED)
        assert candidate_file.accept(ready, ACCEPTED, a_group(), 0) == (ACCEPTED,)

    @pytest.mark.parametrize(
        ("history", "group", "members"),
        [
            ((CHECKED,), (), 0),
            ((SCREENED,), (), 0),
            ((replace(SCREENED, suitability=Suitability.UNSUITABLE), CHECKED), (), 0),
            (
                (
                    SCREENED,
                    replace(CHECKED, decision=Acquaintance.OBSTACLE, knows=(OTHER_CANDIDATE,)),
                ),
                (),
                0,
            ),
            ((SCREENED, CHECKED), (AGREEMENT, BEGUN), 2),
            ((SCREENED, CHECKED), (CLOSED,), 2),
            ((SCREENED, CHECKED), (), 8),
            ((SCREENED, CHECKED, DECLINED), (), 0),
            ((SCREENED, CHECKED, WITHDREW), (), 0),
        ],
    )
    def test_nobody_is_accepted_for_whom_something_is_missing(
        self, history: tuple[object, ...], group: tuple[object, ...], members: int
    ) -> None:
        with pytest.raises(WrongState):
            candidate_file.accept(a_candidate(*history), ACCEPTED, a_group(*group), members)

    def test_a_later_talk_counts(self) -> None:
        unsuited = replace(SCREENED, suitability=Suitability.UNSUITABLE)
        again = candidate_file.screen(a_candidate(unsuited), SCREENED, now=NOW)
        ready = a_candidate(unsuited, *again, CHECKED)
        assert candidate_file.accept(ready, ACCEPTED, a_group(), 0) == (ACCEPTED,)

    def test_whom_she_knows_is_another_candidate_and_fits_the_decision(self) -> None:
        knows = replace(CHECKED, decision=Acquaintance.NO_OBSTACLE, knows=(OTHER_CANDIDATE,))
        others = (CANDIDATE, OTHER_CANDIDATE)
        assert candidate_file.check_acquaintances(a_candidate(), knows, others) == (knows,)
        for wrong in (
            replace(knows, knows=(CANDIDATE,)),
            replace(knows, knows=(ItemId("f" * 32),)),
            replace(knows, knows=(OTHER_CANDIDATE, OTHER_CANDIDATE)),
            replace(knows, knows=()),
            replace(CHECKED, knows=(OTHER_CANDIDATE,)),
        ):
            with pytest.raises(Invalid):
                candidate_file.check_acquaintances(a_candidate(), wrong, others)

    def test_the_line_is_by_place_and_then_by_who_came_first(self) -> None:
        first, second, third = (ItemId(each * 32) for each in "123")
        assert in_line([(first, None, BEFORE), (second, None, NOW), (third, 2, NOW)]) == (
            third,
            first,
            second,
        )

    def test_a_place_is_one_and_may_change(self) -> None:
        moved = replace(WAITING, place=7)
        assert candidate_file.waitlist(a_candidate(WAITING), moved) == (moved,)
        with pytest.raises(Invalid):
            candidate_file.waitlist(a_candidate(), replace(WAITING, place=0))

    def test_only_the_agreement_that_stands_can_be_agreed_to(self) -> None:
        made = a_group(AGREEMENT)
        assert candidate_file.accept_agreement(a_candidate(), AGREED, made, now=NOW) == (AGREED,)
        for wrong in (a_group(), a_group(AGREEMENT, AGREEMENT)):
            with pytest.raises(WrongState):
                candidate_file.accept_agreement(a_candidate(), AGREED, wrong, now=NOW)

    def test_whoever_joins_was_accepted_and_agreed_to_the_agreement(self) -> None:
        made = a_group(AGREEMENT)
        candidate_file.must_be_let_in(a_candidate(ACCEPTED, AGREED), made, 3)
        for wrong in (None, a_candidate(AGREED), a_candidate(ACCEPTED)):
            with pytest.raises(WrongState):
                candidate_file.must_be_let_in(wrong, made, 3)
        again = a_group(AGREEMENT, AGREEMENT)
        with pytest.raises(WrongState):
            candidate_file.must_be_let_in(a_candidate(ACCEPTED, AGREED), again, 3)

    @given(any_history)
    def test_a_decision_repeated_changes_nothing(self, history: list[object]) -> None:
        made = a_group(AGREEMENT)
        must_be_retry_safe(
            candidate_file.fold,
            [NAMED, *history],
            lambda state: candidate_file.name(state, NAMED),
            lambda state: candidate_file.screen(state, SCREENED, now=NOW),
            lambda state: candidate_file.check_acquaintances(state, CHECKED, ()),
            lambda state: candidate_file.accept(state, ACCEPTED, made, 0),
            lambda state: candidate_file.decline(state, DECLINED),
            lambda state: candidate_file.waitlist(state, WAITING),
            lambda state: candidate_file.withdraw(state, WITHDREW),
            lambda state: candidate_file.accept_agreement(state, AGREED, made, now=NOW),
        )


_SEATS = 3
_PEOPLE = 5
people = st.integers(0, _PEOPLE - 1)


class Groups(RuleBasedStateMachine):
    """A group of at most three, five who are considered for it, and everything in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.case = a_case(*case_file.form_group(a_case(), GROUP))
        self.group = a_group(replace(REVISED, kind=GroupKind.CLOSED, size=Size(2, _SEATS)))
        self.people: list[Candidate | None] = [None] * _PEOPLE
        self.joined_after_it_began = 0

    def _group(self, events: tuple[object, ...]) -> None:
        for each in events:
            after = group_file.evolve(self.group, each)
            assert after is not None
            self.group = after

    def _person(self, number: int, events: tuple[object, ...]) -> None:
        state = self.people[number]
        for each in events:
            state = candidate_file.evolve(state, each)
        self.people[number] = state

    def _try(self, number: int, decide: object) -> None:
        state = self.people[number]
        if state is None:
            return
        try:
            self._person(number, decide(state))  # type: ignore[operator]
        except Refusal:
            return

    @rule(number=people)
    def name(self, number: int) -> None:
        named = replace(NAMED, candidate=ItemId(f"{number:032x}"))
        self._person(number, candidate_file.name(self.people[number], named))

    @rule(number=people, suitability=st.sampled_from(Suitability))
    def screen(self, number: int, suitability: Suitability) -> None:
        screened = replace(SCREENED, suitability=suitability)
        self._try(number, lambda state: candidate_file.screen(state, screened, now=NOW))

    @rule(number=people, decision=st.sampled_from(Acquaintance), other=people)
    def ask(self, number: int, decision: Acquaintance, other: int) -> None:
        knows = () if decision is Acquaintance.KNOWS_NOBODY else (ItemId(f"{other:032x}"),)
        checked = replace(CHECKED, decision=decision, knows=knows)
        others = [each.id for each in self.people if each is not None]
        self._try(number, lambda state: candidate_file.check_acquaintances(state, checked, others))

    @rule(number=people)
    def accept(self, number: int) -> None:
        members = len(self.case.clients)
        self._try(number, lambda state: candidate_file.accept(state, ACCEPTED, self.group, members))

    @rule(number=people, place=st.none() | st.integers(1, 5))
    def wait(self, number: int, place: int | None) -> None:
        waiting = replace(WAITING, place=place)
        self._try(number, lambda state: candidate_file.waitlist(state, waiting))

    @rule(number=people)
    def decline(self, number: int) -> None:
        self._try(number, lambda state: candidate_file.decline(state, DECLINED))

    @rule(number=people)
    def agree(self, number: int) -> None:
        agreed = replace(AGREED, terms=self.group.terms or 0)
        self._try(
            number,
            lambda state: candidate_file.accept_agreement(state, agreed, self.group, now=NOW),
        )

    @rule(words=st.sampled_from(["one", "another"]))
    @precondition(lambda self: not self.group.closed)
    def make_agreement(self, words: str) -> None:
        made = replace(AGREEMENT, words=FreeText(words))
        self._group(group_file.make_agreement(self.group, made))

    @rule(number=people)
    def join(self, number: int) -> None:
        client = ClientId(f"{number:032x}")
        members = len(self.case.clients)
        before = self.case
        try:
            candidate_file.must_be_let_in(self.people[number], self.group, members)
        except WrongState:
            return
        for each in case_file.join(self.case, client):
            after = case_file.evolve(self.case, each)
            assert after is not None
            self.case = after
        self.joined_after_it_began += self.group.begun and before != self.case

    @rule()
    def begin(self) -> None:
        members = len(self.case.clients)
        try:
            self._group(group_file.begin(self.group, BEFORE, members, now=NOW))
        except WrongState:
            return
        assert members >= self.group.plan.size.least or self.group.begun

    @rule()
    def close(self) -> None:
        self._group(group_file.close(self.group, replace(CLOSED, words=WORDS)))

    @invariant()
    def nobody_is_in_it_who_was_not_screened_and_asked(self) -> None:
        for client in self.case.clients:
            state = self.people[int(client, 16)]
            assert state is not None
            assert state.screening is not None
            assert state.acquaintances is not None
            assert state.terms is not None or self.group.terms is not None or not self.group.begun

    @invariant()
    def it_is_never_fuller_than_it_holds_and_never_grows_once_begun(self) -> None:
        assert len(self.case.clients) <= _SEATS
        assert self.joined_after_it_began == 0

    @invariant()
    def whoever_was_accepted_had_no_obstacle_when_she_was(self) -> None:
        for state in self.people:
            if state is not None and state.standing is Standing.ACCEPTED:
                assert state.screening is not None
                assert state.acquaintances is not None


TestGroups = Groups.TestCase
TestGroups.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
