"""Whose words make something allowed on a day: child, sixteen, eighteen (REC-06, FAM-01)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from domain import consent
from domain.consent import Consents, Verdict, verdict
from domain.errors import InTheFuture, Invalid
from domain.events.client import Authority
from domain.events.consent import ConsentGiven, ConsentRefused, ConsentWithdrawn, Form, Scope
from domain.events.guardianship import Matter
from domain.guardianship import Guardianship, Limit, Stage, Voices
from domain.values import ClientId, ItemId
from tests.support.frame_examples import CONSULTED, NOW

CLIENT = ClientId("c" * 32)
MOTHER, FATHER = ItemId("7" * 32), ItemId("8" * 32)
BORN = date(2010, 5, 17)
CHILD, SIXTEEN, EIGHTEEN = date(2026, 5, 16), date(2026, 5, 17), date(2028, 5, 17)
PARENTS = Guardianship(
    BORN, ((MOTHER, Authority.PARENTAL_AUTHORITY), (FATHER, Authority.PARENTAL_AUTHORITY))
)
ADULT = Guardianship(date(1990, 3, 14))
LONG_AGO = datetime(2022, 1, 3, 9, 0, tzinfo=UTC)
AT_SIXTEEN = datetime(2026, 5, 18, 9, 0, tzinfo=UTC)


class Words:
    """Consents as they are said, one after another."""

    def __init__(self) -> None:
        self.said: list[object] = []

    def given(self, who: ItemId | None, at: datetime = LONG_AGO) -> Words:
        """Somebody allows therapy."""
        item = ItemId(f"{len(self.said):032x}")
        event = ConsentGiven(
            consent=item,
            client=CLIENT,
            scope=Scope.THERAPY,
            purpose="therapy",
            form=Form.WRITTEN,
            representative=who,
            said_at=at,
        )
        self.said.append(event)
        return self

    def refused(self, who: ItemId | None, at: datetime = LONG_AGO) -> Words:
        """Somebody says no."""
        item = ItemId(f"{len(self.said):032x}")
        event = ConsentRefused(
            consent=item,
            client=CLIENT,
            scope=Scope.THERAPY,
            purpose="therapy",
            form=Form.ORAL,
            representative=who,
            said_at=at,
        )
        self.said.append(event)
        return self

    def taken_back(self, number: int) -> Words:
        """A consent is withdrawn."""
        item = ItemId(f"{number:032x}")
        event = ConsentWithdrawn(consent=item, client=CLIENT, form=Form.ORAL)
        self.said.append(event)
        return self

    def on(self, day: date, speaking: Guardianship = PARENTS) -> Verdict:
        """What it comes to."""
        return verdict(consent.fold(self.said), Scope.THERAPY, speaking, day)


def test_an_adult_allows_it_herself() -> None:
    assert Words().given(None).on(CHILD, ADULT).allowed
    nothing = Words().on(CHILD, ADULT)
    assert not nothing.allowed
    assert nothing.missing == Voices(own=True, representatives=())


def test_of_a_child_every_holder_of_parental_authority_is_asked() -> None:
    one = Words().given(MOTHER).on(CHILD)
    assert not one.allowed
    assert one.missing == Voices(own=False, representatives=(FATHER,))
    assert Words().given(MOTHER).given(FATHER).on(CHILD).allowed


def test_a_childs_own_word_neither_counts_nor_is_missing() -> None:
    said = Words().given(MOTHER).given(FATHER).refused(None).on(CHILD)
    assert said.allowed
    assert said.stage is Stage.CHILD


def test_a_parent_from_whom_a_court_has_taken_it_is_not_asked() -> None:
    limit = Limit(ItemId("9" * 32), FATHER, (Matter.CONSENT,), date(2020, 1, 1))
    limited = replace(PARENTS, limits=(limit,))
    assert Words().given(MOTHER).on(CHILD, limited).allowed
    assert not Words().given(FATHER).on(CHILD, limited).allowed


def test_on_the_sixteenth_birthday_her_own_consent_is_missing() -> None:
    parents = Words().given(MOTHER).given(FATHER)
    assert parents.on(CHILD).allowed
    turned = parents.on(SIXTEEN)
    assert not turned.allowed
    assert turned.missing == Voices(own=True, representatives=())


def test_what_she_said_as_a_child_is_not_her_consent_at_sixteen() -> None:
    said = Words().given(MOTHER).given(None, LONG_AGO)
    assert not said.on(SIXTEEN).allowed
    assert said.given(None, AT_SIXTEEN).on(SIXTEEN + timedelta(days=2)).allowed


def test_at_sixteen_two_consents_are_needed_hers_and_a_representatives() -> None:
    day = SIXTEEN + timedelta(days=2)
    alone = Words().given(None, AT_SIXTEEN).on(day)
    assert not alone.allowed
    assert alone.missing == Voices(own=False, representatives=(MOTHER, FATHER))
    assert Words().given(None, AT_SIXTEEN).given(FATHER).on(day).allowed


def test_a_no_of_one_parent_beside_a_yes_is_a_conflict_for_the_court() -> None:
    day = SIXTEEN + timedelta(days=2)
    said = Words().given(None, AT_SIXTEEN).given(MOTHER).refused(FATHER).on(day)
    assert not said.allowed
    assert said.conflict
    assert said.against == Voices(own=False, representatives=(FATHER,))


def test_her_own_no_at_sixteen_stands_against_her_parents() -> None:
    said = Words().given(MOTHER).given(FATHER).refused(None, AT_SIXTEEN)
    found = said.on(SIXTEEN + timedelta(days=2))
    assert not found.allowed
    assert found.conflict


def test_at_eighteen_she_alone_decides() -> None:
    said = Words().given(MOTHER).refused(FATHER).given(None, AT_SIXTEEN)
    assert said.on(EIGHTEEN).allowed
    parents = Words().given(MOTHER).given(FATHER).on(EIGHTEEN)
    assert not parents.allowed
    assert parents.missing == Voices(own=True, representatives=())


def test_a_minor_for_whom_nobody_may_speak_is_told_of_and_nothing_is_allowed() -> None:
    alone = Guardianship(BORN)
    for day, who in ((CHILD, None), (SIXTEEN, None)):
        found = Words().given(who, AT_SIXTEEN).on(day, alone)
        assert not found.allowed
        assert found.unrepresented


def test_a_consent_taken_back_is_a_no() -> None:
    found = Words().given(None).taken_back(0).on(CHILD, ADULT)
    assert not found.allowed
    assert found.against.own


def test_consent_to_one_thing_is_none_to_another() -> None:
    said = consent.fold(Words().given(None).said)
    for scope in Scope:
        allowed = verdict(said, scope, ADULT, CHILD).allowed
        assert allowed is (scope is Scope.THERAPY)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["given", "refused"]),
            st.sampled_from([None, MOTHER, FATHER]),
            st.sampled_from([LONG_AGO, AT_SIXTEEN]),
        ),
        max_size=12,
    ),
    st.dates(date(2024, 1, 1), date(2032, 1, 1)),
)
def test_nothing_is_allowed_while_a_word_is_missing_or_against(
    said: list[tuple[str, ItemId | None, datetime]], day: date
) -> None:
    words = Words()
    for kind, who, at in said:
        (words.given if kind == "given" else words.refused)(who, at)
    found = words.on(day)
    nothing_left = found.missing.nobody and found.against.nobody
    assert found.allowed is nothing_left
    newest = consent.fold(words.said).newest(Scope.THERAPY)
    if found.allowed:
        child = found.stage is Stage.CHILD
        wanted: set[ItemId | None] = {MOTHER, FATHER} if child else {None}
        given_by = {who for who, word in newest.items() if word.status is consent.Status.GIVEN}
        assert wanted <= given_by
        assert found.stage is not Stage.OWN_VOICE or given_by & {MOTHER, FATHER}


def test_an_opinion_that_was_not_heard_has_a_reason() -> None:
    assert consent.consult(Consents(), CONSULTED, now=NOW) == (CONSULTED,)
    with pytest.raises(Invalid):
        consent.consult(Consents(), replace(CONSULTED, reason=None), now=NOW)
    known = consent.evolve(Consents(), CONSULTED)
    assert consent.consult(known, CONSULTED, now=NOW) == ()


def test_nobody_was_consulted_tomorrow() -> None:
    with pytest.raises(InTheFuture):
        consent.consult(Consents(), CONSULTED, now=CONSULTED.said_at - timedelta(hours=1))
