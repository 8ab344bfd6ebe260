"""What is known of a client's risk, and what waits to be looked into (class C, under its own key).

Tasks are opened by what a questionnaire says, in the same transaction, and settled by a clinician.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from domain.confidentiality import RISK, Label
from domain.instruments.definition import RiskItem
from domain.values import CaseId, FreeText, ItemId, PractitionerId, Section


class Level(StrEnum):
    """How great a risk is, in the judgement of whoever assessed it."""

    NONE = "none"
    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"
    IMMINENT = "imminent"


class RiskFactor(StrEnum):
    """What makes harm more likely."""

    PREVIOUS_ATTEMPT = "previous-attempt"
    SELF_HARM = "self-harm"
    SUICIDAL_THOUGHTS = "suicidal-thoughts"
    INTENT = "intent"
    PLAN = "plan"
    MEANS_AT_HAND = "means-at-hand"
    HOPELESSNESS = "hopelessness"
    RECENT_LOSS = "recent-loss"
    ISOLATION = "isolation"
    SUBSTANCE_USE = "substance-use"
    PSYCHOSIS = "psychosis"
    AGITATION = "agitation"
    PAIN_OR_ILLNESS = "pain-or-illness"
    SUICIDE_IN_FAMILY = "suicide-in-family"
    VIOLENCE_IN_THE_PAST = "violence-in-the-past"
    THREATS_TO_OTHERS = "threats-to-others"
    VICTIM_OF_VIOLENCE = "victim-of-violence"


class ProtectiveFactor(StrEnum):
    """What makes harm less likely."""

    REASONS_FOR_LIVING = "reasons-for-living"
    CLOSE_PEOPLE = "close-people"
    CHILDREN_AT_HOME = "children-at-home"
    THERAPEUTIC_ALLIANCE = "therapeutic-alliance"
    COPING_SKILLS = "coping-skills"
    READINESS_TO_SEEK_HELP = "readiness-to-seek-help"
    FAITH_OR_CONVICTIONS = "faith-or-convictions"
    WORK_OR_DUTIES = "work-or-duties"
    NO_ACCESS_TO_MEANS = "no-access-to-means"


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskTaskOpened:
    """A questionnaire has answers that a clinician must look into.

    ``items`` are those of concern and those that were left out; ``unanswered`` are the numbers of
    the latter, where there are any.
    """

    NAME: ClassVar[str] = "risk.task_opened"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = RISK
    task: ItemId
    case: CaseId
    measure: ItemId
    occurred_at: datetime
    instrument: str
    items: tuple[RiskItem, ...]
    unanswered: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskTaskSettled:
    """A clinician looked into it, and says what was done."""

    NAME: ClassVar[str] = "risk.task_settled"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = RISK
    task: ItemId
    case: CaseId
    author: PractitionerId
    done: FreeText


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskDeteriorationDetected:
    """The score of a questionnaire is reliably worse than an earlier one.

    ``against`` is the earlier measure; scores are hundredths of a point.
    """

    NAME: ClassVar[str] = "risk.deterioration_detected"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = RISK
    task: ItemId
    case: CaseId
    measure: ItemId
    against: ItemId
    occurred_at: datetime
    instrument: str
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskDeteriorationReviewed:
    """A clinician looked at the deterioration, and says what follows from it."""

    NAME: ClassVar[str] = "risk.deterioration_reviewed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = RISK
    task: ItemId
    case: CaseId
    author: PractitionerId
    done: FreeText


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskAssessed:
    """Somebody assessed the risk; assessed again, the newest word stands and the others stay.

    Sections: what is known beside the factors, in words.
    """

    NAME: ClassVar[str] = "risk.assessed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = RISK
    assessment: ItemId
    case: CaseId
    author: PractitionerId
    occurred_at: datetime
    to_self: Level
    to_others: Level
    factors: tuple[RiskFactor, ...]
    protective: tuple[ProtectiveFactor, ...]
    sections: tuple[Section, ...]
    review_on: date | None = None


RiskEvent = (
    RiskTaskOpened
    | RiskTaskSettled
    | RiskDeteriorationDetected
    | RiskDeteriorationReviewed
    | RiskAssessed
)
EVENTS: tuple[type[RiskEvent], ...] = (
    RiskTaskOpened,
    RiskTaskSettled,
    RiskDeteriorationDetected,
    RiskDeteriorationReviewed,
    RiskAssessed,
)
