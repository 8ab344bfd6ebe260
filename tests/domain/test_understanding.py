"""Codes, headings, intakes, formulations, and the word for a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain import coding, formulation, intake
from domain.errors import InTheFuture, Invalid, Refusal
from domain.events.case import Coding, Diagnosis
from domain.events.client import PersonWord, Sex
from domain.formulation import Formulation, Said
from domain.headings import FORMULATION, INTAKE, codes
from domain.person_word import Called, Form, inflected, word_for
from domain.ports import NoCodeBook
from domain.values import FreeText, School, Section
from infrastructure.code_book import code_book
from tests.support.understanding_examples import (
    ANNA,
    CASE,
    COMPLETED,
    FORMULATION as ITEM,
    NOW,
    SUMMARY,
    WORDS,
    WRITTEN,
)


class TestCodes:
    @pytest.mark.parametrize("code", ["F41", "F41.0", "F60.31", "Z63.0", "X60"])
    def test_a_code_of_icd_10_has_its_form(self, code: str) -> None:
        assert coding.well_formed(Coding.ICD_10, code)

    @pytest.mark.parametrize("code", ["6A70", "6A70.1", "QE52.0", "6B40/6A70", "6A70.1&XS25"])
    def test_a_code_of_icd_11_has_its_form(self, code: str) -> None:
        assert coding.well_formed(Coding.ICD_11, code)

    @pytest.mark.parametrize("code", ["", "f41", "F4", "F41.", "F410", "F41.000", "F40-F48", "V"])
    def test_what_is_not_written_like_icd_10_is_refused(self, code: str) -> None:
        with pytest.raises(Invalid):
            coding.must_be_a_code(NoCodeBook(), Diagnosis(Coding.ICD_10, code, "a title"))

    @pytest.mark.parametrize("code", ["", "6BO1", "6IA0", "XS25", "6A70&6B40", "F41.0", "6A70.123"])
    def test_what_is_not_written_like_icd_11_is_refused(self, code: str) -> None:
        assert not coding.well_formed(Coding.ICD_11, code)

    def test_the_book_knows_codes_and_refuses_what_is_none(self) -> None:
        book = code_book()
        assert book.title("F42.1") == "Predominantly compulsive acts [obsessional rituals]"
        with pytest.raises(Invalid, match="not in ICD-10"):
            coding.must_be_a_code(book, Diagnosis(Coding.ICD_10, "F41.7", "a title"))
        coding.must_be_a_code(book, Diagnosis(Coding.ICD_11, "6A70.1", "a title"))

    def test_without_a_book_every_code_of_the_form_is_taken(self) -> None:
        coding.must_be_a_code(NoCodeBook(), Diagnosis(Coding.ICD_10, "F41.7", "a title"))


class TestHeadings:
    def test_every_school_has_headings_of_its_own(self) -> None:
        assert set(FORMULATION) == set(School)
        for headings in (INTAKE, *FORMULATION.values()):
            assert len(set(codes(headings))) == len(headings)
            assert all(each.polish and each.english for each in headings)

    def test_none_asks_for_what_belongs_in_a_process_note(self) -> None:
        every = {code for each in FORMULATION.values() for code in codes(each)}
        assert not {code for code in every if "transference" in code}


class TestAnIntake:
    def test_stands_in_the_order_of_its_headings_without_what_was_left_empty(self) -> None:
        sections = (
            Section("resources", WORDS),
            Section("history", FreeText(" ")),
            Section("referral", WORDS),
        )
        (event,) = intake.complete(None, replace(COMPLETED, sections=sections), now=NOW)
        assert [each.code for each in event.sections] == ["referral", "resources"]

    def test_has_been(self) -> None:
        with pytest.raises(InTheFuture):
            intake.complete(None, COMPLETED, now=NOW - timedelta(days=1))

    def test_written_twice_stands_once(self) -> None:
        assert intake.complete(intake.fold((COMPLETED,)), COMPLETED, now=NOW) == ()

    def test_has_no_headings_but_its_own(self) -> None:
        foreign = (Section("dynamics", WORDS),)
        with pytest.raises(Invalid):
            intake.complete(None, replace(COMPLETED, sections=foreign), now=NOW)


class TestAFormulation:
    @pytest.mark.parametrize(("school", "other"), list(product(School, School)))
    def test_has_the_headings_of_its_school_and_no_others(
        self, school: School, other: School
    ) -> None:
        own, foreign = (set(codes(FORMULATION[each])) for each in (school, other))
        new = Formulation(ITEM, CASE, school)
        for code in foreign:
            said = Said((Section(code, WORDS),))
            if code in own:
                assert formulation.write(None, new, ANNA, said)
            else:
                with pytest.raises(Invalid):
                    formulation.write(None, new, ANNA, said)

    def test_written_twice_stands_once(self) -> None:
        state = formulation.fold((WRITTEN,))
        new = Formulation(ITEM, CASE, School.SYSTEMIC)
        assert formulation.write(state, new, ANNA, Said(SUMMARY)) == ()


class AFormulation(RuleBasedStateMachine):
    """However it is revised, it stays the case's and keeps its school."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[object] = [WRITTEN]

    @rule(code=st.sampled_from(["summary", "patterns", "triggers", "no heading"]), words=st.text())
    def revise(self, code: str, words: str) -> None:
        state = formulation.fold(self.events)
        assert state is not None
        said = Said((Section(code, FreeText(words)),))
        try:
            self.events.extend(formulation.revise(state, ANNA, said))
        except Refusal:
            assert not words.strip() or code not in codes(FORMULATION[School.SYSTEMIC])

    @invariant()
    def it_is_the_same(self) -> None:
        assert formulation.fold(self.events) == Formulation(ITEM, CASE, School.SYSTEMIC)


TestHoweverItIsRevised = AFormulation.TestCase
TestHoweverItIsRevised.settings = settings(max_examples=25, stateful_step_count=8, deadline=None)


class TestTheWordForAPerson:
    def test_follows_the_school(self) -> None:
        assert word_for(School.PSYCHODYNAMIC) is PersonWord.PATIENT
        assert word_for(School.HUMANISTIC_EXISTENTIAL) is PersonWord.CLIENT
        assert word_for(None) is PersonWord.CLIENT

    @given(st.sampled_from(School))
    def test_follows_the_clinic_before_the_school(self, school: School) -> None:
        assert word_for(school, Called.PATIENT) is PersonWord.PATIENT
        assert word_for(school, Called.CLIENT) is PersonWord.CLIENT

    @given(st.sampled_from(School), st.sampled_from(Called), st.sampled_from(PersonWord))
    def test_is_hers_before_all(self, school: School, called: Called, wish: PersonWord) -> None:
        assert word_for(school, called, wish) is wish

    @pytest.mark.parametrize(
        ("word", "form", "sex", "polish"),
        [
            (PersonWord.CLIENT, Form.GENITIVE, Sex.FEMALE, "klientki"),
            (PersonWord.PATIENT, Form.DATIVE, Sex.MALE, "pacjentowi"),
            (PersonWord.PATIENT, Form.INSTRUMENTAL, Sex.FEMALE, "pacjentką"),
            (PersonWord.CLIENT, Form.LOCATIVE, Sex.MALE, "kliencie"),
            (PersonWord.CLIENT, Form.NOMINATIVE, Sex.UNSPECIFIED, "klientka/klient"),
        ],
    )
    def test_is_inflected(self, word: PersonWord, form: Form, sex: Sex, polish: str) -> None:
        assert inflected(word, "pl", form, sex) == polish

    def test_is_possessive_in_english(self) -> None:
        assert inflected(PersonWord.PATIENT, "en", Form.GENITIVE) == "patient's"
        assert inflected(PersonWord.CLIENT, "en") == "client"
