"""Shapes of what a therapist keeps of herself: portfolio, limits, conflicts of interest."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field, model_validator

from api.http.schemas.common import Asked, Id, Line, Told, example
from domain.events.conflict import ConflictKind
from domain.events.portfolio import Area, QualificationKind
from domain.use_cases.conflicts import Somebody
from domain.values import Format

_FIRST, _LAST = date(1900, 1, 1), date(2200, 1, 1)
Day = Annotated[date, Field(ge=_FIRST, le=_LAST)]
Years = Annotated[int, Field(ge=0, le=130)]
Hidden = Annotated[Line | None, Field(repr=False)]


class NewQualification(Asked):
    """What somebody has qualified as, by whom, since when."""

    model_config = example(
        kind="training-school",
        title="Four-year training in psychotherapy",
        issuer="A school of psychotherapy",
        obtained_on="2020-06-30",
    )

    kind: QualificationKind
    title: Line
    issuer: Line
    obtained_on: Day


class NewCertificate(Asked):
    """A certificate; without ``expires_on`` it is for good."""

    model_config = example(
        title="Certificate of psychotherapist",
        issuer="PTP",
        number="417",
        granted_on="2021-03-01",
        expires_on="2028-03-01",
    )

    title: Line
    issuer: Line
    granted_on: Day
    number: Line | None = None
    expires_on: Day | None = None


class Renewal(Asked):
    """Until when a certificate is valid from now on."""

    model_config = example(renewed_on="2026-02-01", expires_on="2033-03-01")

    renewed_on: Day
    expires_on: Day


class NewTraining(Asked):
    """Continuing education, with its minutes and the points that it counts."""

    model_config = example(
        title="Working with grief",
        provider="A training centre",
        completed_on="2026-01-17",
        minutes=480,
        points=8,
    )

    title: Line
    provider: Line
    completed_on: Day
    minutes: Annotated[int, Field(ge=1, le=60_000)]
    points: Annotated[int, Field(ge=0, le=10_000)] = 0


class NewAttestation(Asked):
    """The fact and the hours of one's own therapy; there is no place for more."""

    model_config = example(first_on="2019-01-10", last_on="2022-12-15", hours=160)

    first_on: Day
    last_on: Day
    hours: Annotated[int, Field(ge=1, le=10_000)]


class NewLimit(Asked):
    """What one does not work with: an area, or a format, or whoever is outside these ages."""

    model_config = example(youngest=18)

    area: Area | None = None
    format: Format | None = None
    youngest: Years | None = None
    oldest: Years | None = None


class NewConflict(Asked):
    """A person by at least one identifier, or by name and date of birth; and a word for oneself."""

    model_config = example(
        kind="relative", person="my cousin", phone="+48 600 100 299", pesel="44051401359"
    )

    kind: ConflictKind
    person: Annotated[Line, Field(repr=False)]
    pesel: Hidden = None
    phone: Hidden = None
    email: Hidden = None
    given_name: Hidden = None
    family_name: Hidden = None
    birth_date: Annotated[Day | None, Field(repr=False)] = None

    @model_validator(mode="after")
    def _named_whole(self) -> NewConflict:
        name = (self.given_name, self.family_name, self.birth_date)
        if any(each is not None for each in name) and None in name:
            msg = "takes a given name, a family name and a date of birth together"
            raise ValueError(msg)
        return self

    def somebody(self) -> Somebody:
        """By what the person can be told."""
        named = None
        if self.given_name and self.family_name and self.birth_date:
            named = (self.given_name, self.family_name, self.birth_date)
        return Somebody(self.pesel, self.phone, self.email, named)


class QualificationTold(Told):
    """A qualification."""

    id: str
    kind: str
    title: str
    issuer: str
    obtained_on: date


class CertificateTold(Told):
    """A certificate as it stands."""

    id: str
    title: str
    issuer: str
    number: str | None
    granted_on: date
    renewed_on: date | None
    expires_on: date | None


class QualificationsTold(Told):
    """What an administrator sees of somebody's portfolio, and no more."""

    practitioner: str
    qualifications: list[QualificationTold]
    certificates: list[CertificateTold]


class TrainingTold(Told):
    """Continuing education."""

    id: str
    title: str
    provider: str
    completed_on: date
    minutes: int
    points: int


class AttestationTold(Told):
    """The fact and the hours of own therapy."""

    id: str
    first_on: date
    last_on: date
    hours: int


class LimitTold(Told):
    """A declared limit, and the cases that were begun beyond it."""

    id: str
    area: str | None
    format: str | None
    youngest: int | None
    oldest: int | None
    lifted: bool
    reached: list[Id]


class YearTold(Told):
    """What counts in one year: points and minutes of education, minutes of supervision."""

    year: int
    points: int
    training_minutes: int
    supervision_minutes: int


class PortfolioTold(Told):
    """One's own portfolio, whole."""

    practitioner: str
    qualifications: list[QualificationTold]
    certificates: list[CertificateTold]
    trainings: list[TrainingTold]
    own_therapy: list[AttestationTold]
    limits: list[LimitTold]
    years: list[YearTold]


class OwnConflictTold(Told):
    """A conflict as its declarer finds it; ``person`` in her own words."""

    id: str
    kind: str
    person: str | None
    declared_at: datetime
    withdrawn: bool


class OwnConflictsTold(Told):
    """One's own conflicts of interest."""

    conflicts: list[OwnConflictTold]


class ConflictTold(Told):
    """That somebody has declared a conflict, and of what kind; whom it is with stays hers."""

    id: str
    practitioner: str
    kind: str
    declared_at: datetime
    withdrawn: bool


class ConflictsTold(Told):
    """The register of conflicts of interest."""

    conflicts: list[ConflictTold]
