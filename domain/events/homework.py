"""What happens to homework: set, reported, taken back."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, get_args

from domain.confidentiality import CLINICAL, Label
from domain.values import CaseId, FreeText, ItemId, PractitionerId, SessionId


class Done(StrEnum):
    """How much of it was done."""

    DONE = "done"
    PARTLY = "partly"
    NOT_DONE = "not-done"


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeworkSet:
    """Something to do between sessions was agreed on."""

    NAME: ClassVar[str] = "homework.set"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    homework: ItemId
    case: CaseId
    author: PractitionerId
    words: FreeText
    due_on: date | None = None
    goals: tuple[ItemId, ...] = ()
    session: SessionId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeworkReported:
    """How it went; a later report adds to an earlier one, and the newest word stands."""

    NAME: ClassVar[str] = "homework.reported"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    homework: ItemId
    case: CaseId
    done: Done
    occurred_at: datetime
    words: FreeText | None = None
    session: SessionId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeworkDropped:
    """It is expected no longer."""

    NAME: ClassVar[str] = "homework.dropped"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    homework: ItemId
    case: CaseId
    reason: FreeText | None = None


HomeworkEvent = HomeworkSet | HomeworkReported | HomeworkDropped
EVENTS: tuple[type[HomeworkEvent], ...] = get_args(HomeworkEvent)
