"""What others do for the same client: consultations, medicines as told, co-treaters, conferences.

Pharmacotherapy stands here for information: what somebody takes as she or her physician told it,
never a prescription.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, get_args

from domain.confidentiality import CLINICAL, Label
from domain.events.referral import Professional
from domain.values import CaseId, FreeText, ItemId, PractitionerId


class ToldBy(StrEnum):
    """From whom the clinic knows it."""

    CLIENT = "client"
    PRESCRIBER = "prescriber"
    RELATIVE = "relative"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultationHeld:
    """Somebody of another profession or school was asked; ``identified`` says if by the name."""

    NAME: ClassVar[str] = "consultation.held"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    consultation: ItemId
    case: CaseId
    author: PractitionerId
    consulted: Professional
    identified: bool
    occurred_at: datetime
    question: FreeText
    outcome: FreeText
    referral: ItemId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConferenceHeld:
    """Several of those who treat one case conferred on it; who of the house, who from elsewhere."""

    NAME: ClassVar[str] = "conference.held"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    conference: ItemId
    case: CaseId
    author: PractitionerId
    colleagues: tuple[PractitionerId, ...]
    others: tuple[Professional, ...]
    identified: bool
    occurred_at: datetime
    conclusions: FreeText


@dataclass(frozen=True, slots=True, kw_only=True)
class PharmacotherapyNoted:
    """Somebody takes a medicine, as told; in a joint case ``alias`` says who."""

    NAME: ClassVar[str] = "pharmacotherapy.noted"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    pharmacotherapy: ItemId
    case: CaseId
    author: PractitionerId
    substance: str
    dose: str | None = None
    prescriber: Professional | None = None
    since: date | None = None
    told_by: ToldBy
    words: FreeText | None = None
    alias: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PharmacotherapyChanged:
    """The dose, or who prescribes it, is another one from a day on."""

    NAME: ClassVar[str] = "pharmacotherapy.changed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    pharmacotherapy: ItemId
    case: CaseId
    author: PractitionerId
    dose: str | None = None
    prescriber: Professional | None = None
    since: date | None = None
    told_by: ToldBy
    words: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PharmacotherapyEnded:
    """It is taken no longer."""

    NAME: ClassVar[str] = "pharmacotherapy.ended"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    pharmacotherapy: ItemId
    case: CaseId
    until: date | None = None
    told_by: ToldBy
    reason: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CoTreaterLinked:
    """Somebody else treats the client as well."""

    NAME: ClassVar[str] = "co_treater.linked"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    co_treater: ItemId
    case: CaseId
    author: PractitionerId
    professional: Professional
    since: date | None = None
    words: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CoTreaterUnlinked:
    """That treatment is over."""

    NAME: ClassVar[str] = "co_treater.unlinked"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    co_treater: ItemId
    case: CaseId
    until: date | None = None
    reason: FreeText | None = None


SharedCareEvent = (
    ConsultationHeld
    | ConferenceHeld
    | PharmacotherapyNoted
    | PharmacotherapyChanged
    | PharmacotherapyEnded
    | CoTreaterLinked
    | CoTreaterUnlinked
)
EVENTS: tuple[type[SharedCareEvent], ...] = get_args(SharedCareEvent)
