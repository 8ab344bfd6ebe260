"""What happens to a method or technique in a case: chosen with a rationale, used, reviewed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, get_args

from domain.confidentiality import CLINICAL, Label
from domain.values import CaseId, FreeText, ItemId, PractitionerId, SessionId


class Fit(StrEnum):
    """How a method suits the person."""

    HELPFUL = "helpful"
    PARTLY_HELPFUL = "partly-helpful"
    NOT_HELPFUL = "not-helpful"
    TOO_EARLY_TO_SAY = "too-early-to-say"


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodChosen:
    """A method or technique was chosen for this person's possibilities and needs."""

    NAME: ClassVar[str] = "method.chosen"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    method: ItemId
    case: CaseId
    author: PractitionerId
    name: str
    rationale: FreeText
    goals: tuple[ItemId, ...] = ()
    problems: tuple[ItemId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodUsed:
    """The method was used in a session."""

    NAME: ClassVar[str] = "method.used"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    method: ItemId
    case: CaseId
    session: SessionId
    words: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodReviewed:
    """Whether the method fits was considered."""

    NAME: ClassVar[str] = "method.reviewed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    method: ItemId
    case: CaseId
    author: PractitionerId
    fit: Fit
    occurred_at: datetime
    words: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodSetAside:
    """The method is used no longer."""

    NAME: ClassVar[str] = "method.set_aside"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    method: ItemId
    case: CaseId
    reason: FreeText | None = None


MethodEvent = MethodChosen | MethodUsed | MethodReviewed | MethodSetAside
EVENTS: tuple[type[MethodEvent], ...] = get_args(MethodEvent)
