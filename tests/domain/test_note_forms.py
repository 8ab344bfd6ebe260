from __future__ import annotations

import re

import pytest
from hypothesis import given, strategies as st

from domain import note_forms
from domain.errors import Invalid
from domain.events.note import NoteKind, Template
from domain.headings import Heading
from domain.note_forms import EXTERNAL, FORMS, Form, Words
from domain.values import FreeText, School, Section
from domain.wording import LONGEST_TEXT

TEMPLATED = sorted(set(Template) - {Template.FREE})
SAID = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).filter(str.strip)


def sections(*codes: str, words: str = "She slept.") -> Words:
    return Words(sections=tuple(Section(code, FreeText(words)) for code in codes))


def test_every_template_has_a_form_with_titles_in_polish_and_in_english() -> None:
    assert set(FORMS) == set(Template)
    for form in FORMS.values():
        titles: list[Form | Heading] = [form, *form.headings]
        assert all(each.polish and each.english for each in titles)
        assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", each) for each in form.codes)
        assert len(set(form.codes)) == len(form.codes)


def test_the_polish_session_note_comes_first_after_the_free_one() -> None:
    assert list(FORMS)[:2] == [Template.FREE, Template.SESSION]
    assert FORMS[Template.SESSION].codes == (
        "topic",
        "state",
        "course",
        "interventions",
        "homework",
        "risk",
        "plan",
    )


def test_every_school_but_the_integrative_one_has_a_session_note_of_its_own() -> None:
    spoken = {school for form in FORMS.values() for school in form.schools}
    assert spoken == set(School) - {School.INTEGRATIVE}
    session = set(FORMS[Template.SESSION].codes)
    own = [form for form in FORMS.values() if form.template.startswith("session-")]
    assert len(own) == len(spoken)
    assert all(session < set(form.codes) for form in own)


def test_no_template_asks_for_what_belongs_into_a_process_note() -> None:
    asked = {each.code for form in FORMS.values() for each in form.headings}
    assert not any(code.startswith("counter") for code in asked)


def test_external_documentation_has_templates_that_nothing_else_has() -> None:
    for form in FORMS.values():
        if form.template is not Template.FREE:
            assert form.kinds <= EXTERNAL or not form.kinds & EXTERNAL
    for kind in NoteKind:
        assert any(kind in form.kinds for form in FORMS.values() if form.headings)


@pytest.mark.parametrize("template", TEMPLATED)
def test_a_note_has_the_sections_of_its_template_in_their_order(template: Template) -> None:
    codes = FORMS[template].codes
    said = note_forms.said(template, sections(*reversed(codes)))
    assert tuple(each.code for each in said.sections) == codes


def test_an_empty_section_is_left_out_and_a_note_of_empty_ones_refused() -> None:
    words = Words(sections=(Section("plan", FreeText("So.")), Section("data", FreeText(" \n"))))
    assert note_forms.said(Template.DAP, words) == Words(
        sections=(Section("plan", FreeText("So.")),)
    )
    with pytest.raises(Invalid):
        note_forms.said(Template.DAP, sections("data", "plan", words=" "))
    with pytest.raises(Invalid):
        note_forms.said(Template.DAP, Words())


@pytest.mark.parametrize("code", ["subjective", "transference", "", "Plan", "plan "])
def test_a_section_of_another_template_or_of_none_is_refused(code: str) -> None:
    with pytest.raises(Invalid):
        note_forms.said(Template.DAP, sections("plan", code))


def test_a_section_that_stands_twice_is_refused() -> None:
    with pytest.raises(Invalid):
        note_forms.said(Template.DAP, sections("plan", "plan"))


def test_a_free_note_has_no_sections() -> None:
    with pytest.raises(Invalid):
        note_forms.said(Template.FREE, sections("plan"))


def test_fifty_pages_fit_and_what_is_longer_is_refused() -> None:
    fifty_pages = sections("course", words="ź" * 150_000)
    assert note_forms.said(Template.SESSION, fifty_pages) == fifty_pages
    half = "ź" * (LONGEST_TEXT // 2 + 1)
    with pytest.raises(Invalid, match="too long"):
        note_forms.said(Template.SESSION, sections("course", "plan", words=half))


@given(st.sampled_from(TEMPLATED), st.data())
def test_whatever_is_said_in_the_sections_of_a_template_is_kept(
    template: Template, data: st.DataObject
) -> None:
    asked = data.draw(st.dictionaries(st.sampled_from(FORMS[template].codes), SAID, min_size=1))
    words = Words(sections=tuple(Section(code, FreeText(said)) for code, said in asked.items()))
    kept = {each.code: each.text.words for each in note_forms.said(template, words).sections}
    assert kept == asked


@given(st.data())
def test_the_newest_words_of_each_section_are_valid(data: st.DataObject) -> None:
    codes = st.sampled_from(FORMS[Template.SOAP].codes)
    written, later = (data.draw(st.dictionaries(codes, st.integers())) for _ in range(2))
    valid = note_forms.valid_sections(Template.SOAP, written.items(), later.items())
    assert dict(valid) == {**written, **later}
    assert [code for code, _ in valid] == [
        code for code in FORMS[Template.SOAP].codes if code in written or code in later
    ]
