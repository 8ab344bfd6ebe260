"""What happens to a goal of a therapy: set, revised, rated over time, achieved or dropped."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, get_args

from domain.confidentiality import CLINICAL, Label
from domain.values import CaseId, FreeText, ItemId, PractitionerId, Section, SessionId


class GoalKind(StrEnum):
    """What a goal is about; growth needs no disorder."""

    SYMPTOM = "symptom"
    RELATIONSHIP = "relationship"
    GROWTH = "growth"
    SKILL = "skill"
    OTHER = "other"


class RatedBy(StrEnum):
    """Who says how far it has come."""

    CLIENT = "client"
    THERAPIST = "therapist"
    TOGETHER = "together"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalSet:
    """A goal was agreed on; ``levels`` say in words what each step of its scale means."""

    NAME: ClassVar[str] = "goal.set"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    goal: ItemId
    case: CaseId
    author: PractitionerId
    kind: GoalKind
    words: FreeText
    levels: tuple[Section, ...] = ()
    problems: tuple[ItemId, ...] = ()
    plan: ItemId | None = None
    target_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalRevised:
    """The goal was put in other words; what it was stays in its history."""

    NAME: ClassVar[str] = "goal.revised"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    goal: ItemId
    case: CaseId
    author: PractitionerId
    words: FreeText
    levels: tuple[Section, ...] = ()
    problems: tuple[ItemId, ...] = ()
    target_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalProgressRated:
    """How far it has come: goal attainment from -2, much less than expected, to +2, much more."""

    NAME: ClassVar[str] = "goal.progress_rated"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    goal: ItemId
    case: CaseId
    attainment: int
    rated_by: RatedBy
    occurred_at: datetime
    words: FreeText | None = None
    session: SessionId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalAchieved:
    """The goal was reached."""

    NAME: ClassVar[str] = "goal.achieved"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    goal: ItemId
    case: CaseId
    occurred_at: datetime
    words: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalDropped:
    """The goal is pursued no longer, and why."""

    NAME: ClassVar[str] = "goal.dropped"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    goal: ItemId
    case: CaseId
    occurred_at: datetime
    reason: FreeText


GoalEvent = GoalSet | GoalRevised | GoalProgressRated | GoalAchieved | GoalDropped
EVENTS: tuple[type[GoalEvent], ...] = get_args(GoalEvent)
