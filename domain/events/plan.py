"""What happens to a treatment plan: drafted, agreed with the client, revised, reviewed, ended."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, get_args

from domain.confidentiality import CLINICAL, Label
from domain.values import CaseId, FreeText, ItemId, PractitionerId


class AgreedWith(StrEnum):
    """Who agreed to a plan beside the therapist; a minor and who answers for her agree together."""

    CLIENT = "client"
    REPRESENTATIVE = "representative"
    CLIENT_AND_REPRESENTATIVE = "client-and-representative"
    EVERYBODY = "everybody"


class PlanEnd(StrEnum):
    """Why a plan is followed no longer."""

    REPLACED = "replaced"
    CASE_CLOSED = "case-closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDrafted:
    """A plan of the work was written down; it is agreed when the client has said so."""

    NAME: ClassVar[str] = "plan.drafted"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    plan: ItemId
    case: CaseId
    author: PractitionerId
    text: FreeText
    review_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRevised:
    """The plan was written anew; what it was stays, and it is to be agreed again."""

    NAME: ClassVar[str] = "plan.revised"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    plan: ItemId
    case: CaseId
    author: PractitionerId
    text: FreeText
    reason: FreeText | None = None
    review_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAgreed:
    """The plan as it stands was agreed."""

    NAME: ClassVar[str] = "plan.agreed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    plan: ItemId
    case: CaseId
    agreed_with: AgreedWith
    occurred_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReviewHeld:
    """Plan and progress were looked at together; the next review falls due on ``review_on``."""

    NAME: ClassVar[str] = "plan.review_held"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    plan: ItemId
    case: CaseId
    author: PractitionerId
    text: FreeText
    occurred_at: datetime
    review_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanEnded:
    """The plan is followed no longer."""

    NAME: ClassVar[str] = "plan.ended"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    plan: ItemId
    case: CaseId
    reason: PlanEnd


PlanEvent = PlanDrafted | PlanRevised | PlanAgreed | PlanReviewHeld | PlanEnded
EVENTS: tuple[type[PlanEvent], ...] = get_args(PlanEvent)
