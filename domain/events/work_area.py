"""What happens to an area of work: opened, advanced, closed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, get_args

from domain.confidentiality import CLINICAL, Label
from domain.values import CaseId, FreeText, ItemId, PractitionerId, SessionId


class Change(StrEnum):
    """How it is now, beside how it was when the area was opened."""

    MUCH_WORSE = "much-worse"
    WORSE = "worse"
    UNCHANGED = "unchanged"
    BETTER = "better"
    MUCH_BETTER = "much-better"


class Resolution(StrEnum):
    """How the work on an area ended."""

    WORKED_THROUGH = "worked-through"
    PUT_ASIDE = "put-aside"
    NO_LONGER_RELEVANT = "no-longer-relevant"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkAreaOpened:
    """Work on something began (*obszar problemowy*)."""

    NAME: ClassVar[str] = "work_area.opened"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    work_area: ItemId
    case: CaseId
    author: PractitionerId
    words: FreeText
    problems: tuple[ItemId, ...] = ()
    goals: tuple[ItemId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkAreaAdvanced:
    """The work went on, and how it stands was rated."""

    NAME: ClassVar[str] = "work_area.advanced"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    work_area: ItemId
    case: CaseId
    change: Change
    occurred_at: datetime
    words: FreeText | None = None
    session: SessionId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkAreaClosed:
    """The work on it ended."""

    NAME: ClassVar[str] = "work_area.closed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    work_area: ItemId
    case: CaseId
    resolution: Resolution
    occurred_at: datetime
    words: FreeText | None = None


WorkAreaEvent = WorkAreaOpened | WorkAreaAdvanced | WorkAreaClosed
EVENTS: tuple[type[WorkAreaEvent], ...] = get_args(WorkAreaEvent)
