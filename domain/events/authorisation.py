"""Whom a client lets know: four distinct declarations, dated, revocable, naming a person (REC-07).

A declaration that names nobody is one: it says that nobody is authorised.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from domain.confidentiality import ADMINISTRATIVE, Label
from domain.events.consent import Form
from domain.values import ClientId, ItemId


class Authorises(StrEnum):
    """What is declared (u.p.p. art. 9(3), 26(1), 26(2))."""

    INFORMATION = "information"
    DOCUMENTATION = "documentation"
    AFTER_DEATH = "after-death"
    AFTER_DEATH_OBJECTION = "after-death-objection"


@dataclass(frozen=True, slots=True)
class AuthorisedPerson:
    """An authorised person (*osoba upoważniona*), as she was named."""

    given_name: str
    family_name: str
    phone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorisationGiven:
    """The client named somebody; an objection without a person is one to everybody."""

    NAME: ClassVar[str] = "authorisation.given"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = ADMINISTRATIVE
    authorisation: ItemId
    client: ClientId
    kind: Authorises
    form: Form
    said_at: datetime
    person: AuthorisedPerson | None = None
    representative: ItemId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorisationNobodyNamed:
    """The client was asked and named nobody; whoever was authorised until then no longer is."""

    NAME: ClassVar[str] = "authorisation.nobody_named"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = ADMINISTRATIVE
    authorisation: ItemId
    client: ClientId
    kind: Authorises
    form: Form
    said_at: datetime
    representative: ItemId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorisationWithdrawn:
    """A declaration was taken back."""

    NAME: ClassVar[str] = "authorisation.withdrawn"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = ADMINISTRATIVE
    authorisation: ItemId
    client: ClientId
    form: Form
    said_at: datetime


AuthorisationEvent = AuthorisationGiven | AuthorisationNobodyNamed | AuthorisationWithdrawn
EVENTS: tuple[type[AuthorisationEvent], ...] = (
    AuthorisationGiven,
    AuthorisationNobodyNamed,
    AuthorisationWithdrawn,
)
