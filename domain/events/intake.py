"""What is known when a therapy begins: the intake interview, and what was corrected since."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from domain.confidentiality import CLINICAL, Label
from domain.values import CaseId, FreeText, ItemId, PractitionerId, Section


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeCompleted:
    """An intake interview was written down, section by section."""

    NAME: ClassVar[str] = "intake.completed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    case: CaseId
    intake: ItemId
    author: PractitionerId
    occurred_at: datetime
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeRevised:
    """It reads otherwise now: every section as it stands; what it said before stays."""

    NAME: ClassVar[str] = "intake.revised"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    case: CaseId
    intake: ItemId
    author: PractitionerId
    sections: tuple[Section, ...]
    reason: FreeText | None = None


IntakeEvent = IntakeCompleted | IntakeRevised
EVENTS: tuple[type[IntakeEvent], ...] = (IntakeCompleted, IntakeRevised)
