"""A name is found though it is misspelt, and others are not."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from domain.identifying import name_parts
from domain.likeness import Parts, grams, likeness, likeness_to, one_apart

WORDS = st.text("abcdeklmnoprstuwz", min_size=2, max_size=12)


def found(sought: str, name: str) -> float:
    def apart(words: str) -> Parts:
        return tuple((each, grams(each)) for each in name_parts(words))

    return likeness_to(apart(sought))(apart(name))


@pytest.mark.parametrize(
    ("sought", "name"),
    [
        ("Zielinska", "Zofia Zielińska"),
        ("zelinska", "Zofia Zielińska"),
        ("Zofja", "Zofia Zielińska"),
        ("zielińska zofia", "Zofia Zielińska"),
        ("Kowlaski", "Jan Kowalski"),
        ("Kowal", "Jan Kowalski"),
        ("Zolkiewska", "Łucja Żółkiewska-Kwiatkowska"),
        ("kwiatkowska", "Łucja Żółkiewska-Kwiatkowska"),
        ("Eva", "Ewa Nowak"),
    ],
)
def test_a_misspelt_name_is_found(sought: str, name: str) -> None:
    assert found(sought, name)


@pytest.mark.parametrize(
    ("sought", "name"),
    [("Mazur", "Ewa Nowak"), ("Ewa Mazur", "Ewa Nowak"), ("Zielińska", "Jan Zielonka"), ("x", "")],
)
def test_another_name_is_not(sought: str, name: str) -> None:
    assert not found(sought, name)


def test_the_right_spelling_is_the_likest() -> None:
    names = ["Anna Kowalska", "Anna Kowalczyk", "Hanna Kowalska", "Anna Nowak"]
    order = sorted(names, key=lambda name: -found("anna kowalska", name))
    assert order[0] == "Anna Kowalska"
    assert found("anna kowalska", "Anna Kowalska") == 1


@given(WORDS, WORDS)
def test_likeness_lies_between_nothing_and_the_same(one: str, other: str) -> None:
    same = likeness(one, grams(one), other, grams(other))
    assert 0 <= same <= 1
    assert (same == 1) is (one == other)


@given(WORDS, st.data())
def test_one_slip_of_the_finger_is_one_letter_apart(word: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from("abcdeklmnoprstuwz"))
    assert one_apart(word, word[:place] + letter + word[place + 1 :])
    assert one_apart(word, word[:place] + letter + word[place:])
    swapped = word[:place] + word[place : place + 2][::-1] + word[place + 2 :]
    assert one_apart(word, swapped)
    assert one_apart(swapped, word)


@pytest.mark.parametrize(("one", "other"), [("kowal", "nowak"), ("anna", "ann ow"), ("a", "ab")])
def test_more_than_one_slip_is_another_word(one: str, other: str) -> None:
    assert not one_apart(one, other)
