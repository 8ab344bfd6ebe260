from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from domain import genogram
from domain.errors import Invalid
from domain.events.client import Sex
from domain.genogram import Genogram, Line, Relation, Relative

GRAN = Relative("gran", "babcia", Sex.FEMALE, born=1935, died=2001)
MOTHER = Relative("mother", "matka", Sex.FEMALE, born=1960)
HERSELF = Relative("her", "klientka", Sex.FEMALE, born=1988, index=True)
FAMILY = Genogram(
    (GRAN, MOTHER, HERSELF),
    (Relation(Line.PARENT, "gran", "mother"), Relation(Line.PARENT, "mother", "her")),
)


def test_a_family_is_read_as_it_was_written() -> None:
    assert genogram.read(genogram.text_of(genogram.checked(FAMILY))) == FAMILY


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (Genogram(()), "nobody"),
        (replace(FAMILY, persons=(GRAN, GRAN)), "twice"),
        (replace(FAMILY, persons=(*FAMILY.persons, Relative("X", "x"))), "short lower-case"),
        (replace(FAMILY, persons=(*FAMILY.persons, Relative("x", " "))), "role"),
        (Genogram((replace(GRAN, died=1900),)), "before she was born"),
        (Genogram((replace(GRAN, born=12),)), "year"),
        (replace(FAMILY, relations=(Relation(Line.CLOSE, "gran", "nobody"),)), "not in it"),
        (replace(FAMILY, relations=(Relation(Line.CLOSE, "gran", "gran"),)), "herself"),
        (replace(FAMILY, relations=(Relation(Line.PARENT, "her", "mother"),)), "younger"),
        (
            replace(
                FAMILY,
                relations=(
                    Relation(Line.CLOSE, "gran", "her"),
                    Relation(Line.CLOSE, "her", "gran"),
                ),
            ),
            "twice",
        ),
    ],
)
def test_a_family_that_cannot_be_is_refused(wrong: Genogram, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        genogram.checked(wrong)


def test_nobody_has_three_birth_parents_and_anybody_may_be_adopted() -> None:
    four = tuple(Relative(each, each) for each in ("a", "b", "c", "d"))
    lines = tuple(Relation(Line.PARENT, each, "d") for each in ("a", "b", "c"))
    with pytest.raises(Invalid, match="birth parents"):
        genogram.checked(Genogram(four, lines))
    adopted = (*lines[:2], Relation(Line.ADOPTIVE_PARENT, "c", "d"))
    family = Genogram(four, adopted)
    assert genogram.checked(family) == family


@given(st.integers(1, 12), st.sampled_from(sorted(genogram.DESCENT)))
def test_nobody_is_her_own_ancestor_however_long_the_way(size: int, line: Line) -> None:
    persons = tuple(Relative(f"p{each}", "x") for each in range(size + 1))
    chain = tuple(Relation(line, f"p{each}", f"p{each + 1}") for each in range(size))
    family = Genogram(persons, chain)
    assert genogram.checked(family) == family
    with pytest.raises(Invalid, match="ancestor"):
        genogram.checked(Genogram(persons, (*chain, Relation(line, f"p{size}", "p0"))))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"persons":[[1]],"relations":[]}', "[" * 5000])
def test_a_text_that_is_no_genogram_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        genogram.read(text)
