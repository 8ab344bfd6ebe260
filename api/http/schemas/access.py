"""Access logs, the audit trail, lists and staff."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from api.http.schemas.common import Asked, Line, Told, example
from domain.values import Registration as DomainRegistration, RegistrationKind, Role, School
from projections.entries import Entry

VerifierKey = Annotated[
    str, StringConstraints(min_length=10, max_length=500, pattern=r"^[\x21-\x7e]+$")
]


class EntryTold(Told):
    """Who did what with whose data, when, from where, and why (compliance.md 4.1)."""

    position: int
    recorded_at: datetime
    client: str | None
    kind: str
    action: str
    outcome: str
    reason: str | None
    actor: str
    actor_name: str | None
    actor_kind: str
    role: str | None
    mode: str | None
    purpose: str | None
    object_type: str
    object: str | None
    items: list[str]
    count: int | None
    classes: list[str]
    origins: list[str]
    relationship: str | None
    request: str
    session: str
    network: str
    application: str
    rule: str
    policy_version: int


class LogPage(Told):
    """A page of entries, the newest first; ``position`` is how far the projection had read."""

    position: int
    entries: list[EntryTold]
    next_before: int | None


def entry_told(entry: Entry, name: str | None) -> EntryTold:
    """The answer for an entry, with the actor's name where the reader may know it."""
    known = {
        field: getattr(entry, field) for field in EntryTold.model_fields if field != "actor_name"
    }
    return EntryTold(**known, actor_name=name)


class CaseloadLine(Told):
    """One case on the caseload, with its clients' names."""

    case: str
    since: datetime
    open: bool
    clients: list[str]
    names: list[str]


class CaseloadTold(Told):
    """A practitioner's cases."""

    practitioner: str
    cases: list[CaseloadLine]


class SlotTold(Told):
    """A time that is taken; a client's name stands only beside individual sessions."""

    session: str
    starts_at: datetime
    ends_at: datetime
    therapist: str
    therapist_name: str | None
    client: str | None
    client_name: str | None
    status: str
    place: str
    room: str | None


class CalendarTold(Told):
    """The slots of a span."""

    slots: list[SlotTold]


class Registration(Asked):
    """A register number, or a certificate with its issuer, or in training."""

    kind: RegistrationKind
    number: Line | None = None
    issuer: Line | None = None

    def value(self) -> DomainRegistration:
        """The domain's registration."""
        return DomainRegistration(self.kind, self.number, self.issuer)


class NewPractitioner(Asked):
    """Somebody who joins the clinic."""

    model_config = example(
        given_name="Ewa",
        family_name="Przykładowa",
        title="mgr",
        registration={"kind": "certificate", "number": "417", "issuer": "PTP"},
        roles=["clinician"],
        school="systemic",
    )

    given_name: Line
    family_name: Line
    title: Line
    registration: Registration
    roles: Annotated[list[Role], Field(min_length=1, max_length=4)]
    school: School | None = None


class Roles(Asked):
    """Somebody's roles, whole."""

    model_config = example(roles=["clinician", "compliance"])

    roles: Annotated[list[Role], Field(min_length=1, max_length=4)]


class NewCustodian(Asked):
    """A custodian's key: its number, and the verifier key that the log names."""

    model_config = example(
        number=1,
        key=("clinic.example/custodian-1+93c2c1d5+AQHk1cAFpsWkT2zpoNiFtrfGPNbPnHl1yVBuzgqDVsAS"),
    )

    number: Annotated[int, Field(ge=1, le=99)]
    key: VerifierKey


class NewIntegration(Asked):
    """A program that may read projections."""

    model_config = example(title="Waiting-room display", scopes=["calendar:read"])

    title: Line
    scopes: Annotated[list[Line], Field(min_length=1, max_length=10)]


class SignInName(Asked):
    """The name that somebody will sign in with."""

    model_config = example(name="ewa")

    name: Annotated[str, Field(min_length=3, max_length=100)]


class OneTimePassword(Told):
    """Shown once; it has to be replaced at the first sign-in."""

    name: str
    one_time_password: str


class Credentials(Asked):
    """A sign-in."""

    model_config = example(name="ewa", password="six random words are good")  # noqa: S106 - an example

    name: Annotated[str, Field(min_length=1, max_length=100)]
    password: Annotated[str, Field(min_length=1, max_length=200, repr=False)]


class NewPassword(Asked):
    """A password to replace the old one."""

    model_config = example(
        name="ewa", old="7f57k-nnaoa-4if23-qorm4", new="six random words are good"
    )

    name: Annotated[str, Field(min_length=1, max_length=100)]
    old: Annotated[str, Field(min_length=1, max_length=200, repr=False)]
    new: Annotated[str, Field(min_length=12, max_length=200, repr=False)]


class TokenTold(Told):
    """A bearer token."""

    token: Annotated[str, Field(repr=False)]
    expires_in: int
    must_change_password: bool = False


class ProjectionTold(Told):
    """How a projection fares."""

    name: str
    position: int
    behind: int


class StaffTold(Told):
    """Somebody who works, or worked, here."""

    id: str
    version: int
    name: str
    title: str
    registration: tuple[str, str | None, str | None]
    roles: list[str]
    school: str | None
    departed: bool
