"""Questionnaires that a client answered: her answers are a part of the clinical record.

All of a case stand in one stream, its series, so that each can be compared with those before. Raw
data of other tests is of a class of its own (compliance.md 5, H).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from domain.confidentiality import CLINICAL, FRAME, TEST_DATA, Label
from domain.instruments.scoring import Answer, Score
from domain.values import CaseId, FreeText, ItemId, PractitionerId


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMeasuresLinked:
    """The case has a series of questionnaires, and this is its stream."""

    NAME: ClassVar[str] = "case.measures_linked"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    case: CaseId
    series: ItemId


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureAdministered:
    """A client answered a questionnaire, at the time that ``occurred_at`` says.

    The scores are those of the version of the instrument that is named: a definition that changes
    later changes nothing here.
    """

    NAME: ClassVar[str] = "measure.administered"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    series: ItemId
    measure: ItemId
    case: CaseId
    author: PractitionerId
    occurred_at: datetime
    instrument: str
    instrument_version: int
    answers: tuple[Answer, ...]
    scores: tuple[Score, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureCorrected:
    """Answers had been entered wrongly and stand right here; what was entered first stays."""

    NAME: ClassVar[str] = "measure.corrected"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    series: ItemId
    measure: ItemId
    case: CaseId
    author: PractitionerId
    reason: FreeText
    answers: tuple[Answer, ...]
    scores: tuple[Score, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSheetKept:
    """Raw data of a psychological test was kept: answer sheets, protocols, raw scores.

    What it means is written in a note; this never leaves the clinic with a copy of the record.
    """

    NAME: ClassVar[str] = "answer_sheet.kept"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = TEST_DATA
    sheet: ItemId
    case: CaseId
    author: PractitionerId
    occurred_at: datetime
    test: FreeText
    content: FreeText


MeasureEvent = CaseMeasuresLinked | MeasureAdministered | MeasureCorrected | AnswerSheetKept
EVENTS: tuple[type[MeasureEvent], ...] = (
    CaseMeasuresLinked,
    MeasureAdministered,
    MeasureCorrected,
    AnswerSheetKept,
)
