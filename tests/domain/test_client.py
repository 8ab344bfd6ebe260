from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, strategies as st

from domain import client
from domain.client import Client
from domain.errors import Invalid, WrongState
from domain.events.client import ClientIdentified, ClientRepresentativeEnded
from domain.identifying import valid_pesel
from domain.values import ItemId
from tests.support.decisions import must_be_retry_safe
from tests.support.examples import (
    CASE,
    CONTACT,
    IDENTIFIED,
    LINKED,
    MOTHER,
    REGISTERED,
    REPRESENTED,
    any_history,
)

ENDED = ClientRepresentativeEnded(representative=MOTHER)


def given_client(*events: object) -> Client:
    state = client.fold((REGISTERED, IDENTIFIED, *events))
    assert state is not None
    return state


def test_a_file_is_opened_with_an_identity() -> None:
    assert client.register(None, REGISTERED, IDENTIFIED) == (REGISTERED, IDENTIFIED)


def test_a_file_is_opened_once() -> None:
    assert client.register(given_client(), REGISTERED, IDENTIFIED) == ()


@pytest.mark.parametrize(
    "nameless", [replace(IDENTIFIED, given_name=""), replace(IDENTIFIED, family_name="")]
)
def test_a_client_has_a_name(nameless: ClientIdentified) -> None:
    with pytest.raises(Invalid) as refused:
        client.register(None, REGISTERED, nameless)
    assert refused.value.field == "name"


def test_a_wrong_pesel_is_refused_and_not_repeated_in_the_refusal() -> None:
    with pytest.raises(Invalid) as refused:
        client.identify(given_client(), replace(IDENTIFIED, pesel="44051401358"))
    assert "44051401358" not in str(refused.value)


def test_an_identity_is_corrected() -> None:
    corrected = replace(IDENTIFIED, birth_date=date(1990, 3, 15))
    assert client.identify(given_client(), corrected) == (corrected,)


def test_the_same_identity_again_changes_nothing() -> None:
    assert client.identify(given_client(), IDENTIFIED) == ()


def test_a_contact_that_changed_is_recorded() -> None:
    assert client.change_contact(given_client(), CONTACT) == (CONTACT,)


def test_a_former_representative_speaks_no_longer() -> None:
    state = given_client(REPRESENTED)
    assert client.end_representative(state, MOTHER) == (ENDED,)
    assert client.fold((REGISTERED, REPRESENTED, ENDED)) == replace(
        state,
        identity=None,
        representatives=(),
        former_representatives=frozenset({MOTHER}),
    )


def test_somebody_who_never_spoke_for_the_client_cannot_be_ended() -> None:
    with pytest.raises(WrongState):
        client.end_representative(given_client(REPRESENTED), ItemId("f" * 32))


def test_what_the_policy_reads_holds_no_identity() -> None:
    frame = client.fold((REGISTERED, LINKED))
    assert frame is not None
    assert (frame.identity, frame.contact, frame.cases) == (None, None, (CASE,))


@given(any_history)
def test_a_decision_on_a_client_repeated_changes_nothing(history: list[object]) -> None:
    must_be_retry_safe(
        client.fold,
        [REGISTERED, *history],
        lambda state: client.register(state, REGISTERED, IDENTIFIED),
        lambda state: client.identify(state, IDENTIFIED),
        lambda state: client.change_contact(state, CONTACT),
        lambda state: client.add_representative(state, REPRESENTED),
        lambda state: client.link_case(state, CASE),
        lambda state: client.end_representative(state, MOTHER),
    )


@pytest.mark.parametrize("number", ["44051401359", "02070803628"])
def test_a_right_pesel_is_right(number: str) -> None:
    assert valid_pesel(number)


@given(st.text("0123456789 a²٣", max_size=12))
def test_anything_may_be_asked_whether_it_is_a_pesel(number: str) -> None:
    assert valid_pesel(number) in (True, False)


@given(st.from_regex(r"[0-9]{10}", fullmatch=True), st.integers(0, 10), st.integers(1, 9))
def test_a_pesel_with_one_wrong_digit_is_wrong(digits: str, place: int, by: int) -> None:
    number = digits + str(-_checksum(digits + "0") % 10)
    assert valid_pesel(number)
    wrong = str((int(number[place]) + by) % 10)
    assert not valid_pesel(number[:place] + wrong + number[place + 1 :])


def _checksum(number: str) -> int:
    weighed = zip(number, "13791379131", strict=True)
    return sum(int(digit) * int(weight) for digit, weight in weighed) % 10
