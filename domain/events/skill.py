"""What happens to a skill, or to the deficit that it is to make good: assessed, practised."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, get_args

from domain.confidentiality import CLINICAL, Label
from domain.values import CaseId, FreeText, ItemId, PractitionerId, SessionId


class SkillArea(StrEnum):
    """To which side of somebody a skill belongs."""

    COGNITIVE = "cognitive"
    EMOTIONAL = "emotional"
    SOCIAL = "social"
    BEHAVIOURAL = "behavioural"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillAssessed:
    """A skill was first assessed: the baseline, from 0, not there, to 4, there when needed."""

    NAME: ClassVar[str] = "skill.assessed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    skill: ItemId
    case: CaseId
    author: PractitionerId
    area: SkillArea
    words: FreeText
    level: int
    occurred_at: datetime
    problems: tuple[ItemId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillReassessed:
    """How the skill stands now."""

    NAME: ClassVar[str] = "skill.reassessed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    skill: ItemId
    case: CaseId
    level: int
    occurred_at: datetime
    words: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillPractised:
    """The skill was practised, in a session or between two."""

    NAME: ClassVar[str] = "skill.practised"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    skill: ItemId
    case: CaseId
    occurred_at: datetime
    words: FreeText | None = None
    session: SessionId | None = None


SkillEvent = SkillAssessed | SkillReassessed | SkillPractised
EVENTS: tuple[type[SkillEvent], ...] = get_args(SkillEvent)
