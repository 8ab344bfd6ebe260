"""A client's file: identity, contact, representatives, consents."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import StringConstraints

from api.http.schemas.common import Asked, Line, Told, example
from domain.events.client import (
    Authority,
    ClientContactChanged,
    ClientIdentified,
    PersonWord,
    Sex,
)
from domain.values import Address as DomainAddress
from projections.name_cards import Card

Pesel = Annotated[str, StringConstraints(pattern=r"^[0-9]{11}$")]


class Address(Asked):
    """A postal address."""

    street: Line
    postal_code: Line
    city: Line
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = "PL"

    def value(self) -> DomainAddress:
        """The domain's address."""
        return DomainAddress(self.street, self.postal_code, self.city, self.country)


class Identity(Asked):
    """Who the client is (u.p.p. art. 25(1))."""

    model_config = example(
        given_name="Jagoda", family_name="Przykładowa", birth_date="1988-04-12", sex="female"
    )

    given_name: Line
    family_name: Line
    birth_date: date
    sex: Sex
    pesel: Pesel | None = None
    identity_document: Line | None = None

    def event(self) -> ClientIdentified:
        """The event that records it."""
        return ClientIdentified(
            given_name=self.given_name,
            family_name=self.family_name,
            birth_date=self.birth_date,
            sex=self.sex,
            pesel=self.pesel,
            identity_document=self.identity_document,
        )


class Contact(Asked):
    """How the client can be reached."""

    model_config = example(phone="+48 600 000 000")

    phone: Line | None = None
    email: Line | None = None
    address: Address | None = None

    def event(self) -> ClientContactChanged:
        """The event that records it."""
        return ClientContactChanged(
            phone=self.phone,
            email=self.email,
            address=self.address.value() if self.address else None,
        )


class NewClient(Asked):
    """A client whose file is opened."""

    model_config = example(
        identity={
            "given_name": "Jagoda",
            "family_name": "Przykładowa",
            "birth_date": "1988-04-12",
            "sex": "female",
        },
        contact={"phone": "+48 600 000 000"},
    )

    identity: Identity
    contact: Contact | None = None


class Wish(Asked):
    """What the client wishes to be called; without a word what is usual here holds."""

    model_config = example(word="patient")

    word: PersonWord | None


class NewRepresentative(Asked):
    """Somebody who speaks for the client."""

    model_config = example(
        authority="statutory-representative", given_name="Maria", family_name="Przykładowa"
    )

    authority: Authority
    given_name: Line
    family_name: Line
    address: Address | None = None
    phone: Line | None = None


class RepresentativeTold(Told):
    """Somebody who speaks for the client."""

    id: str
    authority: str
    given_name: str
    family_name: str
    phone: str | None
    address: tuple[str, str, str, str] | None


class ClientFile(Told):
    """A client's identity and contact."""

    client: str
    version: int
    given_name: str
    family_name: str
    birth_date: str | None
    sex: str | None
    pesel: str | None
    identity_document: str | None
    phone: str | None
    email: str | None
    address: tuple[str, str, str, str] | None
    representatives: list[RepresentativeTold]
    person_word: PersonWord | None

    @classmethod
    def of(cls, card: Card) -> ClientFile:
        """The answer for a name card."""
        return cls(
            client=card.person,
            version=card.version,
            given_name=card.given_name,
            family_name=card.family_name,
            birth_date=card.birth_date,
            sex=card.sex,
            pesel=card.pesel,
            identity_document=card.identity_document,
            phone=card.phone,
            email=card.email,
            address=card.address,
            representatives=[
                RepresentativeTold.model_validate(each) for each in card.representatives
            ],
            person_word=None if card.word is None else PersonWord(card.word),
        )
