"""An identifier has one form, however it is typed; a form that changed would find nobody."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, strategies as st

from domain.identifying import Identifier, email, folded, name_parts, normal, pesel, phone

ANYTHING = st.text(max_size=80)
BETWEEN = st.sampled_from(["", " ", "-", ".", "\u00a0", "/", "\u2011", " ("])
NATIONAL = st.from_regex(r"[1-9][0-9]{8}", fullmatch=True)


def spread(digits: str, gaps: list[str]) -> str:
    return (
        "".join(f"{gap}{digit}" for digit, gap in zip(digits, gaps, strict=False))
        + (digits[len(gaps) :])
    )


@given(st.sampled_from(Identifier), ANYTHING)
def test_a_form_is_its_own_form(identifier: Identifier, typed: str) -> None:
    once = normal(identifier, typed)
    if once is not None:
        assert normal(identifier, once) == once
        assert once.isprintable()


@given(st.lists(BETWEEN, max_size=11))
def test_a_pesel_may_be_typed_with_gaps(gaps: list[str]) -> None:
    assert pesel(spread("44051401359", gaps)) == "44051401359"


@pytest.mark.parametrize("typed", ["44051401358", "4405140135", "440514013590", "", "٤٤٠٥١٤٠١٣٥٩"])
def test_what_is_no_pesel_has_no_form(typed: str) -> None:
    assert pesel(typed) is None


@given(NATIONAL, st.lists(BETWEEN, max_size=9), st.sampled_from(["", "+48", "+48 ", "0048", "48 "]))
def test_a_polish_number_is_the_same_with_its_country_and_without(
    number: str, gaps: list[str], country: str
) -> None:
    assert phone(country + spread(number, gaps)) == f"+48{number}"


@pytest.mark.parametrize(
    ("typed", "form"),
    [
        ("+48 (0)22 123 45 67", "+48221234567"),
        ("022 123 45 67", "+48221234567"),
        ("+1 202-555-0143", "+12025550143"),
        ("00 49 30 901820", "+4930901820"),
        ("".join(chr(0xFF10 + int(each)) for each in "600100200"), "+48600100200"),
        ("112", None),
        ("+48 600 100 20", None),
        ("+48 600 100 2000", None),
        ("+0 600 100 200", None),
        ("+1234567890123456", None),
        ("600 100 200 ext. 5", None),
        ("call her mother", None),
        ("", None),
    ],
)
def test_a_number_has_its_country_in_front(typed: str, form: str | None) -> None:
    assert phone(typed) == form


@pytest.mark.parametrize(
    ("typed", "form"),
    [
        (" Anna.Nowak@Example.ORG ", "anna.nowak@example.org"),
        ("anna@ŁÓDŹ.example", "anna@xn--d-uga0v4h.example"),
        ("anna@xn--d-uga0v4h.example", "anna@xn--d-uga0v4h.example"),
        ("anna@łódź.example.", "anna@xn--d-uga0v4h.example"),
        ("ZAŻÓŁĆ@example.org", "zażółć@example.org"),
        (unicodedata.normalize("NFD", "zażółć@example.org"), "zażółć@example.org"),
        ("anna nowak@example.org", None),
        ("anna@nowak@example.org", None),
        ("anna@", None),
        ("@example.org", None),
        ("anna@exa mple.org", None),
        ("anna@-example.org", None),
        ("anna@" + "a" * 300 + ".org", None),
        ("a" * 65 + "@example.org", None),
        ("anna", None),
    ],
)
def test_an_address_is_in_lower_case_and_its_domain_in_letters_of_the_name_system(
    typed: str, form: str | None
) -> None:
    assert email(typed) == form


@given(ANYTHING)
def test_what_is_folded_is_folded(words: str) -> None:
    once = folded(words)
    assert folded(once) == once
    assert folded(unicodedata.normalize("NFD", words)) == once
    assert folded(unicodedata.normalize("NFC", words)) == once


def test_marks_and_case_do_not_matter_in_a_name() -> None:
    assert folded("Zażółć GĘŚLĄ Jaźń") == "zazolc gesla jazn"
    assert name_parts("Łucja Żółkiewska-Kwiatkowska") == ("lucja", "zolkiewska", "kwiatkowska")
    assert name_parts("ŁUCJA zolkiewska kwiatkowska") == name_parts("Łucja Żółkiewska-Kwiatkowska")
    assert name_parts(" - ") == ()


@given(ANYTHING)
def test_the_parts_of_a_name_are_its_parts(name: str) -> None:
    parts = name_parts(name)
    assert name_parts(" ".join(parts)) == parts
    assert all(parts)
