"""The working alliance as its two sides rate it: short scales in numbers, without their wording.

The four dimensions are those on which short session ratings agree (Bordin 1979: bond, goals, tasks;
and the session as a whole). No licensed instrument's items stand here: where a clinic uses one, it
asks with its own copy and records the numbers.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from domain.confidentiality import CLINICAL, Label
from domain.values import CaseId, ItemId, PractitionerId, SessionId


class Rater(StrEnum):
    """Whose view it is."""

    CLIENT = "client"
    THERAPIST = "therapist"


@dataclass(frozen=True, slots=True)
class Scores:
    """From 0, not at all, to 10, entirely."""

    relationship: int
    goals: int
    approach: int
    overall: int

    @property
    def total(self) -> int:
        """The sum: 0 to 40."""
        return self.relationship + self.goals + self.approach + self.overall


@dataclass(frozen=True, slots=True, kw_only=True)
class AllianceRated:
    """Somebody rated how the two work together; in a joint case, who it was by alias."""

    NAME: ClassVar[str] = "alliance.rated"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    rating: ItemId
    case: CaseId
    author: PractitionerId
    occurred_at: datetime
    rater: Rater
    scores: Scores
    session: SessionId | None = None
    alias: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AllianceCorrected:
    """The numbers had been entered wrongly."""

    NAME: ClassVar[str] = "alliance.corrected"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    rating: ItemId
    case: CaseId
    author: PractitionerId
    scores: Scores


AllianceEvent = AllianceRated | AllianceCorrected
EVENTS: tuple[type[AllianceEvent], ...] = (AllianceRated, AllianceCorrected)
