from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given

from domain import identity_gate
from domain.events.client import ClientRepresentativeEnded, Sex
from domain.values import Address
from tests.support.examples import CONTACT, IDENTIFIED, MOTHER, REPRESENTED, any_history

TODAY = date(2026, 3, 2)
HOME = Address("Polna 1", "00-001", "Warszawa")
WHOLE = (
    replace(IDENTIFIED, pesel="44051401359"),
    replace(CONTACT, address=HOME),
)
CHILD = replace(IDENTIFIED, birth_date=date(2012, 3, 3), identity_document="ABC 123456")


def lacks(*events: object) -> tuple[str, ...]:
    return identity_gate.missing(identity_gate.fold(events), TODAY)


def test_a_whole_file_lacks_nothing() -> None:
    assert lacks(*WHOLE) == ()
    assert lacks(replace(IDENTIFIED, identity_document="ABC 123456"), WHOLE[1]) == ()


def test_everything_that_is_missing_is_named_at_once() -> None:
    unspecified = replace(IDENTIFIED, sex=Sex.UNSPECIFIED)
    assert lacks(unspecified, CONTACT) == ("sex", "address", "pesel or identity_document")
    assert lacks() == ("identity",)


def test_the_newest_word_about_a_file_counts() -> None:
    assert lacks(*WHOLE, CONTACT) == ("address",)
    assert lacks(CONTACT, *WHOLE) == ()


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((), ("representatives",)),
        ((REPRESENTED,), ("representatives.address",)),
        ((replace(REPRESENTED, address=HOME),), ()),
        (
            (
                replace(REPRESENTED, address=HOME),
                ClientRepresentativeEnded(representative=MOTHER),
            ),
            ("representatives",),
        ),
    ],
)
def test_for_a_child_somebody_speaks_whose_address_is_known(
    events: tuple[object, ...], expected: tuple[str, ...]
) -> None:
    assert lacks(CHILD, WHOLE[1], *events) == expected


def test_on_the_day_of_majority_nobody_needs_to_speak_for_her() -> None:
    file = identity_gate.fold((replace(CHILD, birth_date=date(2008, 3, 2)), WHOLE[1]))
    assert identity_gate.missing(file, TODAY) == ()
    assert identity_gate.missing(file, date(2026, 3, 1)) == ("representatives",)


@given(any_history)
def test_no_history_breaks_the_gate(history: list[object]) -> None:
    assert set(lacks(*history)) <= {
        "identity",
        "sex",
        "address",
        "pesel or identity_document",
        "representatives",
        "representatives.address",
    }
