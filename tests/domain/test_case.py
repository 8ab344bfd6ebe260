from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from domain import case
from domain.case import Case, Closing
from domain.confidentiality import Owner, OwnerKind
from domain.errors import Invalid, WrongState
from domain.events.case import (
    CaseClosed,
    CaseReopened,
    CaseTeamLeft,
    CaseTransferred,
    Outcome,
)
from domain.values import CaseId, ClientId, Format
from tests.support.decisions import must_be_retry_safe
from tests.support.examples import (
    ANNA,
    BARTEK,
    CASE,
    CLIENT,
    CLOSED,
    JOINED,
    MEMBER_JOINED,
    MEMBER_LEFT,
    OPENED,
    OTHER_CLIENT,
    any_history,
)

TRANSFERRED = CaseTransferred(case=CASE, previous=ANNA, therapist=BARTEK)
LEFT = CaseTeamLeft(case=CASE, practitioner=BARTEK)
THIRD = ClientId("e" * 32)
TOGETHER = replace(OPENED, clients=(CLIENT, THIRD), format=Format.FAMILY)


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


def a_family(*events: object) -> Case:
    state = case.fold((TOGETHER, *events))
    assert state is not None
    return state


def test_whoever_joins_a_joint_case_takes_part_in_it() -> None:
    assert case.join(a_family(), OTHER_CLIENT) == (MEMBER_JOINED,)
    assert a_family(MEMBER_JOINED).clients == (CLIENT, THIRD, OTHER_CLIENT)


def test_whoever_leaves_a_joint_case_is_still_among_those_whom_a_look_at_it_shows() -> None:
    there = a_family(MEMBER_JOINED)
    assert case.leave(there, OTHER_CLIENT) == (MEMBER_LEFT,)
    left = a_family(MEMBER_JOINED, MEMBER_LEFT)
    assert left.clients == (CLIENT, THIRD)
    assert left.everyone == (CLIENT, THIRD, OTHER_CLIENT)
    assert left.owner == Owner(OwnerKind.CASE, CASE)


def test_whoever_comes_back_is_nobody_who_was_there_once() -> None:
    back = a_family(MEMBER_JOINED, MEMBER_LEFT, MEMBER_JOINED)
    assert (back.former, back.everyone) == ((), (CLIENT, THIRD, OTHER_CLIENT))


def test_a_couple_has_no_room_for_a_third_until_one_leaves() -> None:
    couple = case.fold((replace(TOGETHER, format=Format.COUPLE),))
    assert couple is not None
    with pytest.raises(WrongState):
        case.join(couple, OTHER_CLIENT)
    (left,) = case.leave(couple, THIRD)
    alone = case.evolve(couple, left)
    assert alone is not None
    with pytest.raises(WrongState):
        case.leave(alone, CLIENT)
    assert case.join(alone, OTHER_CLIENT) == (MEMBER_JOINED,)


def test_nobody_joins_or_leaves_what_is_one_persons_alone() -> None:
    for change in (case.join, case.leave):
        with pytest.raises(WrongState):
            change(given_case(), OTHER_CLIENT)
    assert given_case(MEMBER_JOINED, replace(MEMBER_LEFT, client=CLIENT)).clients == (CLIENT,)


def test_nobody_leaves_who_never_took_part() -> None:
    with pytest.raises(WrongState):
        case.leave(a_family(), OTHER_CLIENT)


def test_nobody_joins_or_leaves_a_closed_case() -> None:
    closed = a_family(CLOSED)
    with pytest.raises(WrongState):
        case.join(closed, OTHER_CLIENT)
    with pytest.raises(WrongState):
        case.leave(closed, THIRD)


@given(any_history)
def test_nobody_is_lost_or_counted_twice_however_often_they_come_and_go(
    history: list[object],
) -> None:
    state = a_family(*(each for each in history if getattr(each, "case", CASE) == CaseId(CASE)))
    assert len(set(state.everyone)) == len(state.everyone)
    assert state.joint is (state.format is not Format.INDIVIDUAL)


@given(any_history)
def test_joining_or_leaving_repeated_changes_nothing(history: list[object]) -> None:
    must_be_retry_safe(
        case.fold,
        [TOGETHER, *history],
        lambda state: case.join(state, OTHER_CLIENT),
        lambda state: case.leave(state, OTHER_CLIENT),
    )


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


def test_a_closed_case_takes_no_colleague_and_no_transfer() -> None:
    closed = given_case(CLOSED)
    with pytest.raises(WrongState):
        case.join_team(closed, BARTEK)
    with pytest.raises(WrongState):
        case.transfer(closed, BARTEK)


def test_somebody_may_leave_the_team_of_a_closed_case() -> None:
    assert case.leave_team(given_case(JOINED, CLOSED), BARTEK) == (LEFT,)


def test_a_case_does_not_end_in_two_ways() -> None:
    with pytest.raises(WrongState):
        case.close(given_case(CLOSED), Closing(Outcome.ENDED_BY_CLIENT))


def test_a_closed_therapy_can_be_taken_up_again_and_end_otherwise() -> None:
    reopened = CaseReopened(case=CASE)
    assert case.reopen(given_case(CLOSED)) == (reopened,)
    again = given_case(CLOSED, reopened)
    ended = CaseClosed(case=CASE, outcome=Outcome.ENDED_BY_CLIENT)
    assert case.close(again, Closing(Outcome.ENDED_BY_CLIENT)) == (ended,)


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
        lambda state: case.close(state, Closing(outcome)),
        case.reopen,
    )


@given(any_history)
def test_a_case_is_opened_once(history: list[object]) -> None:
    assert case.open_case(case.fold([OPENED, *history]), OPENED) == ()


@given(any_history)
def test_the_team_is_among_those_who_ever_cared(history: list[object]) -> None:
    state = given_case(*history)
    assert state.team <= state.ever_on_team
