"""Supervision: arranged, held; which cases are brought to it, and what was advised.

That it is arranged and held is frame under the keys of whoever arranged it; what concerns a case is
supervision material (class F) under the keys of the case's owner, and dies with them.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from domain.confidentiality import FRAME, SUPERVISION, Label
from domain.values import CaseId, FreeText, ItemId, PractitionerId


class SupervisionForm(StrEnum):
    """Who sits in the room."""

    INDIVIDUAL = "individual"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class OutsideSupervisor:
    """A supervisor who does not work here: who she is, and by what she is bound to keep silent.

    ``contract`` names the agreement with her, ``secrecy_on`` is the day of her written undertaking.
    """

    name: str
    credentials: str
    contract: str
    secrecy_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionArranged:
    """These practitioners are supervised from now on, by a colleague here or by an outsider."""

    NAME: ClassVar[str] = "supervision.arranged"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    supervision: ItemId
    arranged_by: PractitionerId
    form: SupervisionForm
    supervisees: tuple[PractitionerId, ...]
    starts_on: date
    supervisor: PractitionerId | None = None
    outside: OutsideSupervisor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionHeld:
    """They met, for so many minutes; ``packs`` are what was brought of which cases."""

    NAME: ClassVar[str] = "supervision.held"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    supervision: ItemId
    meeting: ItemId
    occurred_at: datetime
    minutes: int
    participants: tuple[PractitionerId, ...]
    packs: tuple[ItemId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionEnded:
    """They meet no longer; what the supervisor could read of it is shut."""

    NAME: ClassVar[str] = "supervision.ended"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    supervision: ItemId
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionCaseMarked:
    """A case is to be brought, with what the author wants to ask."""

    NAME: ClassVar[str] = "supervision.case_marked"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = SUPERVISION
    mark: ItemId
    case: CaseId
    author: PractitionerId
    question: FreeText


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionCaseBrought:
    """A marked case was brought, or needs no bringing any more."""

    NAME: ClassVar[str] = "supervision.case_brought"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = SUPERVISION
    mark: ItemId
    case: CaseId
    author: PractitionerId


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionAdviceRecorded:
    """What was advised about a case; its author and the named inside supervisor read it."""

    NAME: ClassVar[str] = "supervision.advice_recorded"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = SUPERVISION
    advice: ItemId
    case: CaseId
    author: PractitionerId
    supervision: ItemId
    words: FreeText
    supervisor: PractitionerId | None = None


SupervisionEvent = (
    SupervisionArranged
    | SupervisionHeld
    | SupervisionEnded
    | SupervisionCaseMarked
    | SupervisionCaseBrought
    | SupervisionAdviceRecorded
)
EVENTS: tuple[type[SupervisionEvent], ...] = (
    SupervisionArranged,
    SupervisionHeld,
    SupervisionEnded,
    SupervisionCaseMarked,
    SupervisionCaseBrought,
    SupervisionAdviceRecorded,
)
