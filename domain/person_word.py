"""Whether somebody is called client or patient, and the word in its grammatical form.

Her own wish comes first, then what the clinic has settled, then the usage of the school: who works
psychodynamically or cognitive-behaviourally speaks of patients, the other schools of clients
(domain.md section 4, row 2). The record itself always says client.
"""

from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import Literal

from domain.events.client import PersonWord, Sex
from domain.values import School

Language = Literal["pl", "en"]


class Called(StrEnum):
    """What a clinic has settled about the word."""

    BY_SCHOOL = "by-school"
    CLIENT = "client"
    PATIENT = "patient"


class Form(Enum):
    """A grammatical case of Polish; English knows the possessive alone."""

    NOMINATIVE = 0
    GENITIVE = 1
    DATIVE = 2
    ACCUSATIVE = 3
    INSTRUMENTAL = 4
    LOCATIVE = 5


_OF_SCHOOL = {
    School.PSYCHODYNAMIC: PersonWord.PATIENT,
    School.COGNITIVE_BEHAVIOURAL: PersonWord.PATIENT,
    School.HUMANISTIC_EXISTENTIAL: PersonWord.CLIENT,
    School.SYSTEMIC: PersonWord.CLIENT,
    School.INTEGRATIVE: PersonWord.CLIENT,
}
_SETTLED = {Called.CLIENT: PersonWord.CLIENT, Called.PATIENT: PersonWord.PATIENT}
_POLISH: Mapping[tuple[PersonWord, Sex], tuple[str, ...]] = {
    (PersonWord.CLIENT, Sex.FEMALE): (
        "klientka", "klientki", "klientce", "klientkę", "klientką", "klientce",
    ),
    (PersonWord.CLIENT, Sex.MALE): (
        "klient", "klienta", "klientowi", "klienta", "klientem", "kliencie",
    ),
    (PersonWord.PATIENT, Sex.FEMALE): (
        "pacjentka", "pacjentki", "pacjentce", "pacjentkę", "pacjentką", "pacjentce",
    ),
    (PersonWord.PATIENT, Sex.MALE): (
        "pacjent", "pacjenta", "pacjentowi", "pacjenta", "pacjentem", "pacjencie",
    ),
}  # fmt: skip


def word_for(
    school: School | None, called: Called = Called.BY_SCHOOL, wish: PersonWord | None = None
) -> PersonWord:
    """What somebody is called: as she wishes, as the clinic has settled, or as the school does.

    Where no case says the school, she is a client.
    """
    usual = PersonWord.CLIENT if school is None else _OF_SCHOOL[school]
    return wish or _SETTLED.get(called, usual)


def inflected(
    word: PersonWord,
    language: Language,
    form: Form = Form.NOMINATIVE,
    sex: Sex = Sex.UNSPECIFIED,
) -> str:
    """The word as a text needs it; of an unspecified sex both, with a stroke between them."""
    if language == "en":
        return f"{word.value}'s" if form is Form.GENITIVE else word.value
    if sex is not Sex.UNSPECIFIED:
        return _POLISH[word, sex][form.value]
    return "/".join(_POLISH[word, each][form.value] for each in (Sex.FEMALE, Sex.MALE))
