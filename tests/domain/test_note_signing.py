from __future__ import annotations

from dataclasses import replace

import pytest

from domain import note, note_signing
from domain.errors import Invalid, Stale, WrongState
from domain.events.note import NoteCoSignatureAsked, NoteSigned
from domain.note import NewAmendment
from domain.practitioner import Practitioner, fold
from domain.settings import Settings
from domain.values import PractitionerId, Registration, RegistrationKind, Role
from tests.domain.test_note import AUTHOR, SECOND, given_note
from tests.support.examples import (
    AMENDED,
    ANNA,
    BARTEK,
    CO_SIGNATURE_ASKED,
    COUNTERSIGNED,
    DISCARDED,
    ERRONEOUS,
    JOINED_CLINIC,
    REVISED,
    SIGNED,
    WORDS,
)

THIRD = PractitionerId("3" * 32)
TRAINING = Registration(RegistrationKind.IN_TRAINING)
WORKS_SO = Settings(co_signature=True)


def practitioner(**changes: object) -> Practitioner:
    found = fold((replace(JOINED_CLINIC, **changes),))  # type: ignore[arg-type]  # by name
    assert found is not None
    return found


def test_an_author_signs_the_words_that_she_saw_last() -> None:
    assert note_signing.sign(given_note(), AUTHOR, text_version=1) == (SIGNED,)
    (signed,) = note_signing.sign(given_note(REVISED), AUTHOR, text_version=2)
    assert isinstance(signed, NoteSigned)
    assert signed.text_version == 2


def test_words_that_were_revised_meanwhile_are_not_signed() -> None:
    with pytest.raises(Stale):
        note_signing.sign(given_note(REVISED), AUTHOR, text_version=1)


def test_nobody_signs_another_ones_note() -> None:
    with pytest.raises(WrongState):
        note_signing.sign(given_note(), SECOND, text_version=1)
    with pytest.raises(WrongState):
        note_signing.sign(given_note(SIGNED), SECOND, text_version=1)


def test_a_signature_shows_the_name_of_whoever_signed() -> None:
    named = replace(AUTHOR, name="Anna Nowak")
    (signed,) = note_signing.sign(given_note(), named, text_version=1)
    assert isinstance(signed, NoteSigned)
    assert signed.name == "Anna Nowak"


def test_a_colleague_countersigns_a_signed_note() -> None:
    assert note_signing.countersign(given_note(SIGNED), SECOND) == (COUNTERSIGNED,)


def test_an_author_is_not_her_own_second_signatory() -> None:
    with pytest.raises(WrongState):
        note_signing.countersign(given_note(SIGNED), AUTHOR)
    with pytest.raises(Invalid):
        note_signing.ask_co_signature(given_note(SIGNED), ANNA, ANNA)


@pytest.mark.parametrize("events", [(), (DISCARDED,), (SIGNED, ERRONEOUS)])
def test_what_is_not_signed_or_does_not_stand_is_not_countersigned(
    events: tuple[object, ...],
) -> None:
    with pytest.raises(WrongState):
        note_signing.countersign(given_note(*events), SECOND)


@pytest.mark.parametrize(
    ("settings", "registration", "needs"),
    [
        (WORKS_SO, TRAINING, True),
        (WORKS_SO, JOINED_CLINIC.registration, False),
        (Settings(), TRAINING, False),
    ],
)
def test_a_note_of_somebody_in_training_needs_a_supervisor_where_the_clinic_works_so(
    settings: Settings, registration: Registration, needs: bool
) -> None:
    author = practitioner(registration=registration)
    assert note_signing.needs_co_signature(author, settings) is needs


def test_who_needs_a_supervisor_names_her() -> None:
    with pytest.raises(Invalid, match="co_signer"):
        note_signing.sign(given_note(), AUTHOR, text_version=1, required=True)
    signed = note_signing.sign(
        given_note(), AUTHOR, text_version=1, required=True, co_signer=BARTEK
    )
    assert signed == (SIGNED, CO_SIGNATURE_ASKED)
    assert given_note(*signed).pending


@pytest.mark.parametrize(
    "changes",
    [
        {"registration": TRAINING},
        {"roles": (Role.RECEPTION,)},
        {"roles": (Role.COMPLIANCE, Role.ADMINISTRATOR)},
    ],
)
def test_only_a_clinician_who_is_no_trainee_signs_for_another(changes: dict[str, object]) -> None:
    with pytest.raises(Invalid, match="co_signer"):
        note_signing.must_be_able_to_co_sign(practitioner(**changes))
    with pytest.raises(Invalid, match="co_signer"):
        note_signing.must_be_able_to_co_sign(replace(practitioner(), departed=True))
    with pytest.raises(Invalid, match="co_signer"):
        note_signing.must_be_able_to_co_sign(None)
    note_signing.must_be_able_to_co_sign(practitioner())


def test_a_waiting_note_is_countersigned_by_whom_it_waits_for_and_no_other() -> None:
    waiting = given_note(SIGNED, CO_SIGNATURE_ASKED)
    with pytest.raises(WrongState, match="named"):
        note_signing.countersign(waiting, replace(SECOND, id=THIRD))
    (second,) = note_signing.countersign(waiting, SECOND)
    assert not given_note(SIGNED, CO_SIGNATURE_ASKED, second).pending


def test_another_supervisor_can_be_asked_while_a_note_waits() -> None:
    waiting = given_note(SIGNED, CO_SIGNATURE_ASKED)
    (asked,) = note_signing.ask_co_signature(waiting, ANNA, THIRD)
    assert isinstance(asked, NoteCoSignatureAsked)
    assert asked.required
    state = given_note(SIGNED, CO_SIGNATURE_ASKED, asked)
    assert not state.is_for(BARTEK)
    assert state.pending
    with pytest.raises(WrongState):
        note_signing.countersign(state, SECOND)


def test_who_is_asked_though_nobody_demands_it_hides_nothing() -> None:
    (asked,) = note_signing.ask_co_signature(given_note(SIGNED), ANNA, BARTEK)
    state = given_note(SIGNED, asked)
    assert state.open_to_team
    assert note_signing.countersign(state, replace(SECOND, id=THIRD))


def test_only_the_author_asks_for_a_second_signature() -> None:
    with pytest.raises(WrongState):
        note_signing.ask_co_signature(given_note(SIGNED), BARTEK, THIRD)
    with pytest.raises(WrongState):
        note_signing.ask_co_signature(given_note(), ANNA, BARTEK)


def test_a_waiting_note_is_amended_by_its_author_alone() -> None:
    waiting, added = given_note(SIGNED, CO_SIGNATURE_ASKED), NewAmendment(WORDS, WORDS)
    assert note.amend(waiting, ANNA, added) == (AMENDED,)
    with pytest.raises(WrongState):
        note.amend(waiting, BARTEK, added)
