"""What was agreed on for the worst hours, and crises while they last (class C)."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from domain.confidentiality import RISK, Label
from domain.values import CaseId, FreeText, ItemId, PractitionerId, Section


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyPlanAgreed:
    """A safety plan was made together: step by step what helps when it gets worse."""

    NAME: ClassVar[str] = "safety_plan.agreed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = RISK
    plan: ItemId
    case: CaseId
    author: PractitionerId
    occurred_at: datetime
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyPlanRevised:
    """The plan was gone through again and says this now; what it said before stays."""

    NAME: ClassVar[str] = "safety_plan.revised"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = RISK
    plan: ItemId
    case: CaseId
    author: PractitionerId
    occurred_at: datetime
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrisisFlagged:
    """The client is in a crisis; whoever cares for her is to know at once."""

    NAME: ClassVar[str] = "crisis.flagged"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = RISK
    crisis: ItemId
    case: CaseId
    author: PractitionerId
    occurred_at: datetime
    words: FreeText


@dataclass(frozen=True, slots=True, kw_only=True)
class CrisisResolved:
    """The crisis is over, and how it came to be."""

    NAME: ClassVar[str] = "crisis.resolved"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = RISK
    crisis: ItemId
    case: CaseId
    author: PractitionerId
    occurred_at: datetime
    words: FreeText


SafetyEvent = SafetyPlanAgreed | SafetyPlanRevised | CrisisFlagged | CrisisResolved
EVENTS: tuple[type[SafetyEvent], ...] = (
    SafetyPlanAgreed,
    SafetyPlanRevised,
    CrisisFlagged,
    CrisisResolved,
)
