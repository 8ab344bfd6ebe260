"""One example of each event of questionnaires, risk, safety, safeguarding and crisis sheets."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from domain.events import Event
from domain.events.crisis_sheet import CrisisSheetIssued, CrisisSheetUsed, UseReason
from domain.events.instrument import InstrumentDefined, InstrumentRetired
from domain.events.measure import (
    AnswerSheetKept,
    CaseMeasuresLinked,
    MeasureAdministered,
    MeasureCorrected,
)
from domain.events.risk import (
    Level,
    ProtectiveFactor,
    RiskAssessed,
    RiskDeteriorationDetected,
    RiskDeteriorationReviewed,
    RiskFactor,
    RiskTaskOpened,
    RiskTaskSettled,
)
from domain.events.safeguarding import (
    Concern,
    Ground,
    Recipient,
    SafeguardingClosed,
    SafeguardingRaised,
    SafeguardingReported,
)
from domain.events.safety import (
    CrisisFlagged,
    CrisisResolved,
    SafetyPlanAgreed,
    SafetyPlanRevised,
)
from domain.instruments.definition import Band, Direction, Method, RiskItem, Towards
from domain.instruments.scoring import Answer, Score
from domain.values import CaseId, FreeText, ItemId, PractitionerId, Section

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BEFORE = NOW - timedelta(hours=1)
CASE = CaseId("a" * 32)
ANNA = PractitionerId("1" * 32)
SERIES, MEASURE, OTHER_MEASURE, SHEET = (ItemId(each * 32) for each in "b23e")
TASK, ALERT, ASSESSMENT, PLAN, CRISIS, CONCERN = (ItemId(each * 32) for each in "456789")
WORDS = FreeText("So it was said.")
STEPS = (
    Section("warning-signs", WORDS),
    Section("own-coping", WORDS),
    Section("professionals-and-emergency-numbers", WORDS),
)

LINKED = CaseMeasuresLinked(case=CASE, series=SERIES)
ADMINISTERED = MeasureAdministered(
    series=SERIES,
    measure=MEASURE,
    case=CASE,
    author=ANNA,
    occurred_at=BEFORE,
    instrument="phq-9",
    instrument_version=1,
    answers=tuple(Answer(item, 1) for item in range(1, 10)),
    scores=(Score("total", 900, band="mild"),),
)
CORRECTED = MeasureCorrected(
    series=SERIES,
    measure=MEASURE,
    case=CASE,
    author=ANNA,
    reason=WORDS,
    answers=tuple(Answer(item, 1) for item in range(1, 9)),
    scores=(Score("total", 900, prorated=True, band="mild"),),
)
KEPT = AnswerSheetKept(
    sheet=SHEET, case=CASE, author=ANNA, occurred_at=BEFORE, test=WORDS, content=WORDS
)

DEFINED = InstrumentDefined(
    code="week",
    version=1,
    author=ANNA,
    title="How the week went",
    titles=("sleep", "contacts", "hope"),
    least=0,
    most=4,
    direction=Direction.WELL_BEING,
    method=Method.SUM,
    factor=1,
    most_missing=1,
    reverse=(2,),
    bands=(Band("low", 0), Band("good", 800)),
    risk=(RiskItem(3, Towards.SELF, 4),),
    source="The clinic's own.",
    licence="The clinic's own.",
    cut_off=600,
    deviation=250,
    reliability=800,
)
RETIRED = InstrumentRetired(code="week", author=ANNA)

OPENED = RiskTaskOpened(
    task=TASK,
    case=CASE,
    measure=MEASURE,
    occurred_at=BEFORE,
    instrument="phq-9",
    items=(RiskItem(9, Towards.SELF),),
)
SETTLED = RiskTaskSettled(task=TASK, case=CASE, author=ANNA, done=WORDS)
DETECTED = RiskDeteriorationDetected(
    task=ALERT,
    case=CASE,
    measure=OTHER_MEASURE,
    against=MEASURE,
    occurred_at=BEFORE,
    instrument="phq-9",
    before=900,
    after=1600,
)
REVIEWED = RiskDeteriorationReviewed(task=ALERT, case=CASE, author=ANNA, done=WORDS)
ASSESSED = RiskAssessed(
    assessment=ASSESSMENT,
    case=CASE,
    author=ANNA,
    occurred_at=BEFORE,
    to_self=Level.MODERATE,
    to_others=Level.NONE,
    factors=(RiskFactor.SUICIDAL_THOUGHTS,),
    protective=(ProtectiveFactor.CLOSE_PEOPLE,),
    sections=(Section("what-was-said", WORDS),),
    review_on=date(2026, 3, 9),
)
AGREED = SafetyPlanAgreed(plan=PLAN, case=CASE, author=ANNA, occurred_at=BEFORE, sections=STEPS)
REVISED = SafetyPlanRevised(
    plan=PLAN, case=CASE, author=ANNA, occurred_at=NOW, sections=(STEPS[0], STEPS[2])
)
FLAGGED = CrisisFlagged(crisis=CRISIS, case=CASE, author=ANNA, occurred_at=BEFORE, words=WORDS)
RESOLVED = CrisisResolved(crisis=CRISIS, case=CASE, author=ANNA, occurred_at=NOW, words=WORDS)
RAISED = SafeguardingRaised(
    safeguarding=CONCERN,
    case=CASE,
    author=ANNA,
    occurred_at=BEFORE,
    concern=Concern.HARM_TO_A_CHILD,
    words=WORDS,
)
REPORTED = SafeguardingReported(
    safeguarding=CONCERN,
    case=CASE,
    author=ANNA,
    occurred_at=NOW,
    ground=Ground.KK_240,
    recipient=Recipient.PROSECUTOR,
    office=WORDS,
    told=WORDS,
)
CLOSED = SafeguardingClosed(safeguarding=CONCERN, case=CASE, author=ANNA, words=WORDS)
ISSUED = CrisisSheetIssued(
    sheet=SHEET, holder=ANNA, cases=(CASE,), valid_until=NOW + timedelta(days=7)
)
USED = CrisisSheetUsed(
    sheet=SHEET,
    holder=ANNA,
    cases=(CASE,),
    occurred_at=BEFORE,
    reason=UseReason.OUTAGE,
    words=WORDS,
)

EVENTS: tuple[Event, ...] = (
    LINKED,
    ADMINISTERED,
    CORRECTED,
    KEPT,
    DEFINED,
    RETIRED,
    OPENED,
    SETTLED,
    DETECTED,
    REVIEWED,
    ASSESSED,
    AGREED,
    REVISED,
    FLAGGED,
    RESOLVED,
    RAISED,
    REPORTED,
    CLOSED,
    ISSUED,
    USED,
)
