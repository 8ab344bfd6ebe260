from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from domain import consent
from domain.consent import Consents
from domain.errors import WrongState
from domain.events.consent import Scope
from domain.values import ItemId
from tests.support.decisions import must_be_retry_safe
from tests.support.examples import GIVEN, REFUSED, WITHDRAWN, any_history

LATER = ItemId("e" * 32)


def given_consents(*events: object) -> Consents:
    return consent.fold(events)


def test_nothing_is_allowed_that_nobody_was_asked_about() -> None:
    assert not any(Consents().allows(scope) for scope in Scope)


def test_a_given_consent_allows_its_scope_and_no_other() -> None:
    assert consent.give(Consents(), GIVEN) == (GIVEN,)
    allowed = [scope for scope in Scope if given_consents(GIVEN).allows(scope)]
    assert allowed == [Scope.THERAPY]


def test_a_refusal_is_recorded_and_allows_nothing() -> None:
    assert consent.refuse(Consents(), REFUSED) == (REFUSED,)
    assert not given_consents(REFUSED).allows(REFUSED.scope)


def test_a_withdrawn_consent_allows_nothing() -> None:
    assert consent.withdraw(given_consents(GIVEN), WITHDRAWN) == (WITHDRAWN,)
    assert not given_consents(GIVEN, WITHDRAWN).allows(Scope.THERAPY)


def test_a_consent_given_anew_allows_again() -> None:
    anew = replace(GIVEN, consent=LATER)
    assert given_consents(GIVEN, WITHDRAWN, anew).allows(Scope.THERAPY)


def test_the_newest_word_counts() -> None:
    no = replace(REFUSED, consent=LATER, scope=Scope.THERAPY)
    assert not given_consents(GIVEN, no).allows(Scope.THERAPY)


def test_each_scope_is_a_consent_of_its_own() -> None:
    recording = replace(GIVEN, consent=LATER, scope=Scope.RECORDING)
    state = given_consents(GIVEN, recording, WITHDRAWN)
    assert not state.allows(Scope.THERAPY)
    assert state.allows(Scope.RECORDING)


def test_what_was_never_given_cannot_be_withdrawn() -> None:
    with pytest.raises(WrongState):
        consent.withdraw(Consents(), WITHDRAWN)
    with pytest.raises(WrongState):
        consent.withdraw(given_consents(REFUSED), WITHDRAWN)


@given(any_history)
def test_a_decision_on_a_consent_repeated_changes_nothing(history: list[object]) -> None:
    must_be_retry_safe(
        consent.fold,
        history,
        lambda state: consent.give(state, GIVEN),
        lambda state: consent.refuse(state, REFUSED),
        lambda state: consent.withdraw(state, WITHDRAWN),
    )
