"""Words are found in a text as they stand there, with what is around them."""

from __future__ import annotations

import unicodedata

from hypothesis import given, strategies as st

from domain.extracts import AROUND, MOST_EXTRACTS, extracts
from domain.identifying import folded

TEXT = (
    "She came late again. Her sister Zażółć\n had called on the way, and they quarrelled about"
    " the house of their grandmother, which neither of them wants and neither can let go of."
)


def test_case_marks_and_line_breaks_do_not_matter() -> None:
    for sought in ("zażółć had", "ZAZOLC   HAD", "zazolc\nhad"):
        (found,) = extracts(TEXT, sought)
        assert "sister Zażółć had called" in found


def test_what_is_around_is_cut_and_marked_as_cut() -> None:
    (found,) = extracts(TEXT, "grandmother")
    assert found.startswith("…")
    assert found.endswith("…")
    assert len(found) <= 2 * AROUND + len("grandmother") + 2
    (beginning,) = extracts(TEXT, "she came")
    assert beginning.startswith("She came late")


def test_what_does_not_stand_there_is_not_found() -> None:
    assert extracts(TEXT, "brother") == ()
    assert extracts(TEXT, "  ") == ()
    assert extracts("", "brother") == ()


def test_of_many_places_the_first_few_are_shown_and_none_twice() -> None:
    far = "sister " + "and nothing of note happened in this long while, " * 3
    found = extracts(far * 10, "sister")
    assert len(found) == MOST_EXTRACTS
    assert len(extracts("sister " * 5, "sister")) == 1


@given(st.text(max_size=60), st.text(max_size=60), st.text("ąćęłńóśźżabc", min_size=1, max_size=10))
def test_a_word_is_found_wherever_it_stands(before: str, after: str, word: str) -> None:
    text = f"{before} {word} {after}"
    for each in (text, unicodedata.normalize("NFD", text)):
        found = extracts(each, word)
        assert found
        assert all(folded(word) in folded(piece) for piece in found)
