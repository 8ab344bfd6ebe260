"""What went wrong in a therapy (*zdarzenie niepożądane*): reported, answered with measures, closed.

An incident in this house is something that the guard found in the record itself. This is about the
person: what happened to her in, through or beside the therapy.

Source:
    M. Linden, How to define, find and classify side effects in psychotherapy, Clinical Psychology
    and Psychotherapy 20 (2013), 286-296: first that it happened, then how it hangs together.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, get_args

from domain.confidentiality import RISK, Label
from domain.values import CaseId, FreeText, ItemId, PractitionerId


class AdverseKind(StrEnum):
    """What kind of thing happened."""

    WORSENING = "worsening"
    NEW_SYMPTOM = "new-symptom"
    SELF_HARM = "self-harm"
    SUICIDE_ATTEMPT = "suicide-attempt"
    HARM_TO_OTHERS = "harm-to-others"
    STRAIN_IN_RELATIONSHIPS = "strain-in-relationships"
    BOUNDARY_VIOLATION = "boundary-violation"
    CONFIDENTIALITY_BREACH = "confidentiality-breach"
    OTHER = "other"


class Severity(StrEnum):
    """How grave it was."""

    MILD = "mild"
    MODERATE = "moderate"
    SEVERE = "severe"


class RelationToTherapy(StrEnum):
    """How likely it hangs together with the therapy."""

    UNRELATED = "unrelated"
    POSSIBLY = "possibly"
    PROBABLY = "probably"
    RELATED = "related"
    NOT_YET_KNOWN = "not-yet-known"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdverseEventReported:
    """Something happened that ought not to."""

    NAME: ClassVar[str] = "adverse_event.reported"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = RISK
    adverse_event: ItemId
    case: CaseId
    author: PractitionerId
    kind: AdverseKind
    severity: Severity
    relation: RelationToTherapy
    occurred_at: datetime
    words: FreeText


@dataclass(frozen=True, slots=True, kw_only=True)
class AdverseEventMeasureTaken:
    """Something was done about it."""

    NAME: ClassVar[str] = "adverse_event.measure_taken"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = RISK
    adverse_event: ItemId
    case: CaseId
    author: PractitionerId
    occurred_at: datetime
    words: FreeText


@dataclass(frozen=True, slots=True, kw_only=True)
class AdverseEventClosed:
    """What was to be done is done: how it hung together, and what was learnt."""

    NAME: ClassVar[str] = "adverse_event.closed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = RISK
    adverse_event: ItemId
    case: CaseId
    author: PractitionerId
    relation: RelationToTherapy
    words: FreeText


AdverseEvent = AdverseEventReported | AdverseEventMeasureTaken | AdverseEventClosed
EVENTS: tuple[type[AdverseEvent], ...] = get_args(AdverseEvent)
