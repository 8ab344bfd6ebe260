"""Crisis sheets: the emergency subset taken along, sealed, for when the clinic cannot be reached.

They stand in a stream of their own under the keys of whoever took the sheet along. What she looked
at when it was made, and what she looked at with it, stands in each client's access log.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from domain.confidentiality import PORTFOLIO, Label
from domain.values import CaseId, FreeText, ItemId, PractitionerId


class UseReason(StrEnum):
    """Why a sheet was opened."""

    OUTAGE = "outage"
    CRISIS_AWAY = "crisis-away"
    HOME_VISIT = "home-visit"
    EXERCISE = "exercise"


@dataclass(frozen=True, slots=True, kw_only=True)
class CrisisSheetIssued:
    """Somebody took a sealed sheet of these cases along; it opens until then, and not after."""

    NAME: ClassVar[str] = "crisis_sheet.issued"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = PORTFOLIO
    sheet: ItemId
    holder: PractitionerId
    cases: tuple[CaseId, ...]
    valid_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CrisisSheetUsed:
    """The sheet was opened at the time that ``occurred_at`` says, and these cases looked at."""

    NAME: ClassVar[str] = "crisis_sheet.used"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = PORTFOLIO
    sheet: ItemId
    holder: PractitionerId
    cases: tuple[CaseId, ...]
    occurred_at: datetime
    reason: UseReason
    words: FreeText


CrisisSheetEvent = CrisisSheetIssued | CrisisSheetUsed
EVENTS: tuple[type[CrisisSheetEvent], ...] = (CrisisSheetIssued, CrisisSheetUsed)
