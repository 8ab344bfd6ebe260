from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from domain import case
from domain.case import Case
from domain.confidentiality import Owner, OwnerKind
from domain.errors import Invalid, WrongState
from domain.events.case import (
    CaseClosed,
    CaseProblemStated,
    CaseReopened,
    CaseTeamLeft,
    CaseTransferred,
    Coding,
    Diagnosis,
    Outcome,
)
from domain.values import ClientId, Format
from tests.support.decisions import must_be_retry_safe
from tests.support.examples import (
    ANNA,
    BARTEK,
    CASE,
    CLIENT,
    CLOSED,
    JOINED,
    OPENED,
    OTHER_CLIENT,
    WORDS,
    any_history,
)

TRANSFERRED = CaseTransferred(case=CASE, previous=ANNA, therapist=BARTEK)
LEFT = CaseTeamLeft(case=CASE, practitioner=BARTEK)


def given_case(*events: object) -> Case:
    state = case.fold((OPENED, *events))
    assert state is not None
    return state


def test_a_therapy_begins_with_its_therapist_on_the_team() -> None:
    assert case.open_case(None, OPENED) == (OPENED,)
    assert given_case().team == {ANNA}


@pytest.mark.parametrize(
    ("room", "people"),
    [
        (Format.INDIVIDUAL, 0),
        (Format.INDIVIDUAL, 2),
        (Format.COUPLE, 1),
        (Format.COUPLE, 3),
        (Format.FAMILY, 1),
        (Format.GROUP, 31),
    ],
)
def test_a_room_holds_as_many_as_its_format(room: Format, people: int) -> None:
    clients = tuple(ClientId(f"{number:032x}") for number in range(people))
    with pytest.raises(Invalid):
        case.open_case(None, replace(OPENED, clients=clients, format=room))


def test_nobody_is_a_couple_with_herself() -> None:
    with pytest.raises(Invalid):
        case.open_case(None, replace(OPENED, clients=(CLIENT, CLIENT), format=Format.COUPLE))


def test_an_individual_case_is_the_clients_own() -> None:
    assert given_case().owner == Owner(OwnerKind.CLIENT, CLIENT)


@pytest.mark.parametrize("room", [Format.COUPLE, Format.FAMILY, Format.GROUP])
def test_a_joint_case_owns_itself(room: Format) -> None:
    clients = (CLIENT, OTHER_CLIENT)
    assert case.owner_of(CASE, clients, room) == Owner(OwnerKind.CASE, CASE)


def test_a_problem_needs_no_diagnosis() -> None:
    assert case.state_problem(given_case(), WORDS) == (CaseProblemStated(case=CASE, words=WORDS),)


def test_a_problem_may_have_a_diagnosis() -> None:
    diagnosis = Diagnosis(Coding.ICD_10, "F41.1", "generalised anxiety disorder")
    (stated,) = case.state_problem(given_case(), WORDS, diagnosis)
    assert isinstance(stated, CaseProblemStated)
    assert stated.diagnosis == diagnosis


def test_whoever_joins_the_team_cares_for_the_case() -> None:
    assert case.join_team(given_case(), BARTEK) == (JOINED,)
    assert given_case(JOINED).team == {ANNA, BARTEK}


def test_whoever_leaves_the_team_cares_no_longer_and_has_cared() -> None:
    assert case.leave_team(given_case(JOINED), BARTEK) == (LEFT,)
    left = given_case(JOINED, LEFT)
    assert left.team == {ANNA}
    assert left.ever_on_team == {ANNA, BARTEK}


def test_the_therapist_leaves_by_a_transfer() -> None:
    with pytest.raises(WrongState):
        case.leave_team(given_case(), ANNA)


def test_a_transfer_takes_the_former_therapist_off_the_team() -> None:
    assert case.transfer(given_case(), BARTEK) == (TRANSFERRED,)
    after = given_case(TRANSFERRED)
    assert after.therapist == BARTEK
    assert after.team == {BARTEK}
    assert after.ever_on_team == {ANNA, BARTEK}


def test_a_closed_case_takes_no_problem_no_colleague_and_no_transfer() -> None:
    closed = given_case(CLOSED)
    with pytest.raises(WrongState):
        case.state_problem(closed, WORDS)
    with pytest.raises(WrongState):
        case.join_team(closed, BARTEK)
    with pytest.raises(WrongState):
        case.transfer(closed, BARTEK)


def test_somebody_may_leave_the_team_of_a_closed_case() -> None:
    assert case.leave_team(given_case(JOINED, CLOSED), BARTEK) == (LEFT,)


def test_a_case_does_not_end_in_two_ways() -> None:
    with pytest.raises(WrongState):
        case.close(given_case(CLOSED), Outcome.ENDED_BY_CLIENT)


def test_a_closed_therapy_can_be_taken_up_again_and_end_otherwise() -> None:
    reopened = CaseReopened(case=CASE)
    assert case.reopen(given_case(CLOSED)) == (reopened,)
    again = given_case(CLOSED, reopened)
    ended = CaseClosed(case=CASE, outcome=Outcome.ENDED_BY_CLIENT)
    assert case.close(again, Outcome.ENDED_BY_CLIENT) == (ended,)


@given(any_history, st.sampled_from(Outcome))
def test_a_decision_on_a_case_repeated_changes_nothing(
    history: list[object], outcome: Outcome
) -> None:
    must_be_retry_safe(
        case.fold,
        [OPENED, *history],
        lambda state: case.join_team(state, BARTEK),
        lambda state: case.leave_team(state, BARTEK),
        lambda state: case.transfer(state, BARTEK),
        lambda state: case.close(state, outcome),
        case.reopen,
    )


@given(any_history)
def test_a_case_is_opened_once(history: list[object]) -> None:
    assert case.open_case(case.fold([OPENED, *history]), OPENED) == ()


@given(any_history)
def test_the_team_is_among_those_who_ever_cared(history: list[object]) -> None:
    state = given_case(*history)
    assert state.team <= state.ever_on_team
