from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from domain import authorisation
from domain.authorisation import Authorisations
from domain.errors import InTheFuture, Invalid, WrongState
from domain.events.authorisation import (
    AuthorisationGiven,
    AuthorisationNobodyNamed,
    AuthorisationWithdrawn,
    Authorises,
)
from domain.events.consent import Form
from domain.values import ItemId
from tests.support.decisions import must_be_retry_safe
from tests.support.examples import any_history
from tests.support.frame_examples import (
    AUTHORISATION,
    AUTHORISED,
    CLIENT,
    HOUR,
    NOBODY_NAMED,
    NOW,
)

WITHDRAWN = AuthorisationWithdrawn(
    authorisation=AUTHORISATION, client=CLIENT, form=Form.ORAL, said_at=NOW
)


def given_declarations(*events: object) -> Authorisations:
    return authorisation.fold(events)


def test_a_client_who_was_never_asked_has_declared_nothing() -> None:
    assert all(Authorisations().standing(kind) is None for kind in Authorises)


def test_each_kind_is_a_declaration_of_its_own() -> None:
    state = given_declarations(AUTHORISED)
    asked = [kind for kind in Authorises if state.standing(kind) is not None]
    assert asked == [Authorises.INFORMATION]


def test_an_empty_declaration_says_that_nobody_is_authorised() -> None:
    assert given_declarations(NOBODY_NAMED).standing(Authorises.INFORMATION) == ()


def test_whoever_names_nobody_ends_what_she_said_before() -> None:
    state = given_declarations(AUTHORISED, NOBODY_NAMED)
    assert state.standing(Authorises.INFORMATION) == ()
    assert len(state.of) == 2


def test_whoever_names_somebody_ends_that_it_was_nobody() -> None:
    named = given_declarations(NOBODY_NAMED, AUTHORISED).standing(Authorises.INFORMATION)
    assert named is not None
    assert [each.id for each in named] == [AUTHORISATION]


def test_several_people_can_be_named() -> None:
    second = replace(AUTHORISED, authorisation=ItemId("b" * 32))
    named = given_declarations(AUTHORISED, second).standing(Authorises.INFORMATION)
    assert named is not None
    assert len(named) == 2


def test_a_declaration_without_a_person_is_refused_unless_it_objects() -> None:
    empty = replace(AUTHORISED, person=None)
    with pytest.raises(Invalid):
        authorisation.give(Authorisations(), empty, now=NOW)
    objection = replace(empty, kind=Authorises.AFTER_DEATH_OBJECTION)
    assert authorisation.give(Authorisations(), objection, now=NOW) == (objection,)


def test_what_is_withdrawn_stands_no_more_and_stays_in_the_record() -> None:
    state = given_declarations(AUTHORISED, WITHDRAWN)
    assert state.standing(Authorises.INFORMATION) is None
    assert len(state.of) == 1


def test_what_was_never_declared_cannot_be_withdrawn() -> None:
    with pytest.raises(WrongState):
        authorisation.withdraw(Authorisations(), WITHDRAWN, now=NOW)


def test_nobody_declares_something_tomorrow() -> None:
    with pytest.raises(InTheFuture):
        authorisation.give(Authorisations(), AUTHORISED, now=NOW - 2 * HOUR)


@given(
    st.lists(
        st.tuples(st.sampled_from(Authorises), st.sampled_from(["give", "nobody", "withdraw"])),
        max_size=20,
    )
)
def test_nobody_and_somebody_never_stand_together(words: list[tuple[Authorises, str]]) -> None:
    state = Authorisations()
    for number, (kind, act) in enumerate(words):
        item = ItemId(f"{number:032x}")
        event: AuthorisationGiven | AuthorisationNobodyNamed | AuthorisationWithdrawn
        if act == "give":
            event = replace(AUTHORISED, authorisation=item, kind=kind)
        elif act == "nobody":
            event = replace(NOBODY_NAMED, authorisation=item, kind=kind)
        elif state.of:
            event = replace(WITHDRAWN, authorisation=state.of[number % len(state.of)].id)
        else:
            continue
        state = authorisation.evolve(state, event)
        for each in Authorises:
            standing = [
                found.nobody
                for found in state.of
                if found.kind is each and found.status == "stands"
            ]
            assert len(set(standing)) <= 1


@given(any_history)
def test_a_decision_on_a_declaration_repeated_changes_nothing(history: list[object]) -> None:
    must_be_retry_safe(
        authorisation.fold,
        history,
        lambda state: authorisation.give(state, AUTHORISED, now=NOW),
        lambda state: authorisation.name_nobody(state, NOBODY_NAMED, now=NOW),
        lambda state: authorisation.withdraw(state, WITHDRAWN, now=NOW),
    )
