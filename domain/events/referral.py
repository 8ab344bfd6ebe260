"""What happens to a referral to somebody elsewhere: made, accepted, declined, answered.

A referral here is the fact. What leaves the clinic with it is a disclosure of its own.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, get_args

from domain.confidentiality import CLINICAL, Label
from domain.values import CaseId, FreeText, ItemId, PractitionerId


class Urgency(StrEnum):
    """How soon it is needed."""

    ROUTINE = "routine"
    SOON = "soon"
    URGENT = "urgent"


@dataclass(frozen=True, slots=True)
class Professional:
    """Somebody elsewhere who treats or advises: by name, by organisation, or both."""

    specialty: str
    name: str | None = None
    organisation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralMade:
    """The client was referred to somebody: why, and what is asked; an answer is due by a day."""

    NAME: ClassVar[str] = "referral.made"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    referral: ItemId
    case: CaseId
    author: PractitionerId
    to: Professional
    reason: FreeText
    asked: FreeText
    urgency: Urgency
    occurred_at: datetime
    answer_by: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralAccepted:
    """They took the client on."""

    NAME: ClassVar[str] = "referral.accepted"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    referral: ItemId
    case: CaseId
    occurred_at: datetime
    words: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralDeclined:
    """They did not take the client on."""

    NAME: ClassVar[str] = "referral.declined"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    referral: ItemId
    case: CaseId
    occurred_at: datetime
    reason: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralAnswered:
    """What they found or did came back."""

    NAME: ClassVar[str] = "referral.answered"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    referral: ItemId
    case: CaseId
    occurred_at: datetime
    words: FreeText


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralWithdrawn:
    """It is needed no longer."""

    NAME: ClassVar[str] = "referral.withdrawn"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    referral: ItemId
    case: CaseId
    reason: FreeText | None = None


ReferralEvent = (
    ReferralMade | ReferralAccepted | ReferralDeclined | ReferralAnswered | ReferralWithdrawn
)
EVENTS: tuple[type[ReferralEvent], ...] = get_args(ReferralEvent)
