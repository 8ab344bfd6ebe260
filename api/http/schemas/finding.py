"""Searches: for people, and for words within one record. What is sought stands in a body alone."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from api.http.schemas.common import Asked, Told, example
from domain.identifying import Identifier

_LINE = r"^[^\x00-\x1f\x7f-\x9f]*$"
_Sought = Annotated[
    str, StringConstraints(min_length=1, max_length=254, strip_whitespace=True, pattern=_LINE)
]
Sought = Annotated[_Sought | None, Field(repr=False)]


class PersonSought(Asked):
    """Exactly one of them: an identifier, compared in its one form, or a name, however spelt."""

    model_config = example(phone="+48 600 100 200")

    pesel: Sought = None
    phone: Sought = None
    email: Sought = None
    name: Sought = None

    @model_validator(mode="after")
    def _one_alone(self) -> PersonSought:
        asked = (self.pesel, self.phone, self.email, self.name)
        if sum(each is not None for each in asked) != 1:
            msg = "takes exactly one of pesel, phone, email and name"
            raise ValueError(msg)
        return self

    def identifier(self) -> tuple[Identifier, str] | None:
        """The identifier that is sought, if it is not a name."""
        asked = {
            Identifier.PESEL: self.pesel,
            Identifier.PHONE: self.phone,
            Identifier.EMAIL: self.email,
        }
        return next(((kind, value) for kind, value in asked.items() if value is not None), None)


class WordsSought(Asked):
    """Words as they may stand in a note; case and marks do not matter."""

    model_config = example(words="sister")

    words: Annotated[
        str,
        StringConstraints(min_length=2, max_length=100, strip_whitespace=True, pattern=_LINE),
        Field(repr=False),
    ]


class PersonFound(Told):
    """Somebody who was found."""

    client: str
    name: str


class PeopleFound(Told):
    """Whom a search found, the likest first; nobody, where the searcher may know of nobody."""

    clients: list[PersonFound]


class NoteFound(Told):
    """A note in which the words stand, and the lines around them."""

    note: str
    kind: str
    extracts: list[str]


class WordsFound(Told):
    """Where the words stand in a case's notes."""

    case: str
    notes: list[NoteFound]
