"""Somebody may come to harm and has to be protected: the concern, who was told, how it ended."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from domain.confidentiality import RISK, Label
from domain.values import CaseId, FreeText, ItemId, PractitionerId


class Concern(StrEnum):
    """What is feared."""

    HARM_TO_A_CHILD = "harm-to-a-child"
    DOMESTIC_VIOLENCE = "domestic-violence"
    NEGLECT_OF_A_DEPENDENT = "neglect-of-a-dependent"
    DANGER_TO_SELF = "danger-to-self"
    DANGER_TO_OTHERS = "danger-to-others"
    SERIOUS_CRIME = "serious-crime"


class Ground(StrEnum):
    """On what legal ground somebody outside is told; ``domain.safeguarding`` says more of each."""

    KK_240 = "kk-240"
    KPK_304_1 = "kpk-304-1"
    KPK_304_2 = "kpk-304-2"
    MINORS_STANDARDS = "minors-standards"
    KPC_572 = "kpc-572"
    BLUE_CARD = "blue-card"
    DANGER_TO_LIFE = "danger-to-life"
    CONSENT = "consent"


class Recipient(StrEnum):
    """Who was told."""

    POLICE = "police"
    PROSECUTOR = "prosecutor"
    GUARDIANSHIP_COURT = "guardianship-court"
    SOCIAL_SERVICES = "social-services"
    DOMESTIC_VIOLENCE_TEAM = "domestic-violence-team"
    EMERGENCY_SERVICES = "emergency-services"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeguardingRaised:
    """A concern was raised."""

    NAME: ClassVar[str] = "safeguarding.raised"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = RISK
    safeguarding: ItemId
    case: CaseId
    author: PractitionerId
    occurred_at: datetime
    concern: Concern
    words: FreeText


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeguardingReported:
    """Somebody outside was told, on this ground: which office, when, and what."""

    NAME: ClassVar[str] = "safeguarding.reported"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = RISK
    safeguarding: ItemId
    case: CaseId
    author: PractitionerId
    occurred_at: datetime
    ground: Ground
    recipient: Recipient
    office: FreeText
    told: FreeText


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeguardingClosed:
    """Nothing more is to be done about it, and why."""

    NAME: ClassVar[str] = "safeguarding.closed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = RISK
    safeguarding: ItemId
    case: CaseId
    author: PractitionerId
    words: FreeText


SafeguardingEvent = SafeguardingRaised | SafeguardingReported | SafeguardingClosed
EVENTS: tuple[type[SafeguardingEvent], ...] = (
    SafeguardingRaised,
    SafeguardingReported,
    SafeguardingClosed,
)
