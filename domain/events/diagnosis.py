"""What was diagnosed in a case, revised and refuted; and that nothing was, which is an answer too.

These events stand in the stream of the case, as its problems do: one list, one order.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from domain.confidentiality import CLINICAL, Label
from domain.events.case import Diagnosis
from domain.values import CaseId, FreeText, ItemId, PractitionerId


class Certainty(StrEnum):
    """How sure a diagnosis is."""

    SUSPECTED = "suspected"
    PROVISIONAL = "provisional"
    CONFIRMED = "confirmed"


class Rank(StrEnum):
    """Whether it is what is treated first (*rozpoznanie główne*) or stands beside it."""

    MAIN = "main"
    SECONDARY = "secondary"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosisRecorded:
    """A diagnosis was made; in a joint case ``alias`` says of whom."""

    NAME: ClassVar[str] = "diagnosis.recorded"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    case: CaseId
    diagnosis: ItemId
    author: PractitionerId
    coded: Diagnosis
    certainty: Certainty
    rank: Rank
    problems: tuple[ItemId, ...] = ()
    words: FreeText | None = None
    alias: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosisRevised:
    """A diagnosis is now another one, surer, less sure, or of another rank; it says which."""

    NAME: ClassVar[str] = "diagnosis.revised"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    case: CaseId
    diagnosis: ItemId
    author: PractitionerId
    coded: Diagnosis
    certainty: Certainty
    rank: Rank
    problems: tuple[ItemId, ...] = ()
    words: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosisRefuted:
    """A diagnosis does not hold; that it was made, and why it does not hold, stays."""

    NAME: ClassVar[str] = "diagnosis.refuted"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    case: CaseId
    diagnosis: ItemId
    author: PractitionerId
    reason: FreeText


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosisNoneFound:
    """Somebody assessed it and found no disorder: a finding, and all that a therapy needs."""

    NAME: ClassVar[str] = "diagnosis.none_found"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    case: CaseId
    assessment: ItemId
    author: PractitionerId
    words: FreeText | None = None
    alias: str | None = None


DiagnosisEvent = DiagnosisRecorded | DiagnosisRevised | DiagnosisRefuted | DiagnosisNoneFound
EVENTS: tuple[type[DiagnosisEvent], ...] = (
    DiagnosisRecorded,
    DiagnosisRevised,
    DiagnosisRefuted,
    DiagnosisNoneFound,
)
