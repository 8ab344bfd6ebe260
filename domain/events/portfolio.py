"""What a practitioner can show of herself: standing, learning, limits, the fact of own therapy.

All of it lies under her own keys. What the policy and an administrator need is frame (``FRAME``):
qualifications, certificates, limits. The rest (``PORTFOLIO``) opens for her alone.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar

from domain.confidentiality import FRAME, PORTFOLIO, Label
from domain.values import CaseId, Format, ItemId, PractitionerId


class QualificationKind(StrEnum):
    """What was learnt, or what it entitles to."""

    DEGREE = "degree"
    TRAINING_SCHOOL = "training-school"
    SPECIALISATION = "specialisation"
    SUPERVISOR = "supervisor"
    OTHER = "other"


class Area(StrEnum):
    """A field of work that somebody may declare not to be hers; coarse on purpose."""

    PSYCHOSIS = "psychosis"
    ADDICTION = "addiction"
    EATING_DISORDERS = "eating-disorders"
    TRAUMA = "trauma"
    PERSONALITY_DISORDERS = "personality-disorders"
    SUICIDAL_CRISIS = "suicidal-crisis"
    VIOLENCE = "violence"
    SEXUALITY = "sexuality"
    NEURODIVERSITY = "neurodiversity"
    BEREAVEMENT = "bereavement"
    SOMATIC_ILLNESS = "somatic-illness"
    FORENSIC = "forensic"


@dataclass(frozen=True, slots=True, kw_only=True)
class QualificationRecorded:
    """She has qualified as something."""

    NAME: ClassVar[str] = "qualification.recorded"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    qualification: ItemId
    practitioner: PractitionerId
    kind: QualificationKind
    title: str
    issuer: str
    obtained_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateGranted:
    """She holds a certificate; one without ``expires_on`` is for good."""

    NAME: ClassVar[str] = "certificate.granted"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    certificate: ItemId
    practitioner: PractitionerId
    title: str
    issuer: str
    granted_on: date
    number: str | None = None
    expires_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRenewed:
    """A certificate is valid for longer."""

    NAME: ClassVar[str] = "certificate.renewed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    certificate: ItemId
    practitioner: PractitionerId
    renewed_on: date
    expires_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingCompleted:
    """She took part in continuing education, for so many minutes and points."""

    NAME: ClassVar[str] = "training.completed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = PORTFOLIO
    training: ItemId
    practitioner: PractitionerId
    title: str
    provider: str
    completed_on: date
    minutes: int
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTherapyAttested:
    """She attests her own therapy: that it was, from when to when, how many hours; nothing else."""

    NAME: ClassVar[str] = "own_therapy.attested"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = PORTFOLIO
    attestation: ItemId
    practitioner: PractitionerId
    first_on: date
    last_on: date
    hours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitDeclared:
    """She does not work with this: a field, a format, or whoever is younger or older than that.

    Exactly one of ``area``, ``format`` and the ages is given (``youngest`` and ``oldest`` together
    say with whom she does work, in full years).
    """

    NAME: ClassVar[str] = "limit.declared"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    limit: ItemId
    practitioner: PractitionerId
    area: Area | None = None
    format: Format | None = None
    youngest: int | None = None
    oldest: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitLifted:
    """She has learnt what she lacked."""

    NAME: ClassVar[str] = "limit.lifted"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    limit: ItemId
    practitioner: PractitionerId


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitReached:
    """She began a case that a limit of hers speaks against: a notice to herself, no refusal."""

    NAME: ClassVar[str] = "limit.reached"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    limit: ItemId
    practitioner: PractitionerId
    case: CaseId


PortfolioEvent = (
    QualificationRecorded
    | CertificateGranted
    | CertificateRenewed
    | TrainingCompleted
    | OwnTherapyAttested
    | LimitDeclared
    | LimitLifted
    | LimitReached
)
EVENTS: tuple[type[PortfolioEvent], ...] = (
    QualificationRecorded,
    CertificateGranted,
    CertificateRenewed,
    TrainingCompleted,
    OwnTherapyAttested,
    LimitDeclared,
    LimitLifted,
    LimitReached,
)
