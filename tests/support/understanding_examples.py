"""One example of each event of enquiries, intakes, problems, diagnoses and formulations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from domain.events import Event
from domain.events.case import (
    CaseProblemReframed,
    CaseProblemResolved,
    CaseProblemStated,
    Coding,
    Diagnosis,
)
from domain.events.client import ClientEnquiryLinked, ClientPersonWordSet, PersonWord
from domain.events.diagnosis import (
    Certainty,
    DiagnosisNoneFound,
    DiagnosisRecorded,
    DiagnosisRefuted,
    DiagnosisRevised,
    Rank,
)
from domain.events.enquiry import (
    Channel,
    DeclinedBecause,
    EnquiryAssigned,
    EnquiryConsultationHeld,
    EnquiryDeclined,
    EnquiryOfferDeclined,
    EnquiryPlaceOffered,
    EnquiryQualified,
    EnquiryReceived,
    EnquiryTakenUp,
    EnquiryWaitlisted,
    EnquiryWithdrawn,
    Priority,
)
from domain.events.formulation import FormulationRevised, FormulationWritten
from domain.events.intake import IntakeCompleted, IntakeRevised
from domain.values import (
    CaseId,
    ClientId,
    Format,
    FreeText,
    ItemId,
    PractitionerId,
    School,
    Section,
)

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CLIENT, CASE = ClientId("c" * 32), CaseId("a" * 32)
ANNA, BARTEK = PractitionerId("1" * 32), PractitionerId("2" * 32)
ENQUIRY, ENTRY = ItemId("e1" * 16), ItemId("e2" * 16)
PROBLEM, DIAGNOSIS = ItemId("b1" * 16), ItemId("d1" * 16)
INTAKE, FORMULATION = ItemId("11" * 16), ItemId("f1" * 16)
ASSESSMENT = ItemId("d2" * 16)
WORDS = FreeText("She cannot enter a tram.")
PANIC = Diagnosis(Coding.ICD_10, "F41.0", "Zaburzenie lękowe z napadami lęku")
SECTIONS = (Section("history", WORDS),)
SUMMARY = (Section("summary", WORDS),)

RECEIVED = EnquiryReceived(
    enquiry=ENQUIRY,
    client=CLIENT,
    author=BARTEK,
    channel=Channel.TELEPHONE,
    occurred_at=NOW - timedelta(hours=2),
    words=WORDS,
    format=Format.INDIVIDUAL,
)
ASSIGNED = EnquiryAssigned(enquiry=ENQUIRY, client=CLIENT, practitioner=ANNA)
CONSULTED = EnquiryConsultationHeld(
    enquiry=ENQUIRY, entry=ENTRY, author=ANNA, occurred_at=NOW, words=WORDS
)
QUALIFIED = EnquiryQualified(
    enquiry=ENQUIRY,
    entry=ItemId("e3" * 16),
    author=ANNA,
    format=Format.INDIVIDUAL,
    reason=WORDS,
    therapist=BARTEK,
)
DECLINED = EnquiryDeclined(
    enquiry=ENQUIRY,
    entry=ItemId("e4" * 16),
    author=ANNA,
    because=DeclinedBecause.REFERRED_ELSEWHERE,
    reason=WORDS,
)
WAITLISTED = EnquiryWaitlisted(
    enquiry=ENQUIRY,
    entry=ItemId("e5" * 16),
    author=ANNA,
    priority=Priority.ORDINARY,
    words=WORDS,
)
OFFERED = EnquiryPlaceOffered(enquiry=ENQUIRY, entry=ItemId("e6" * 16), author=ANNA, words=WORDS)
OFFER_DECLINED = EnquiryOfferDeclined(enquiry=ENQUIRY, entry=ItemId("e7" * 16), author=ANNA)
WITHDRAWN = EnquiryWithdrawn(enquiry=ENQUIRY, entry=ItemId("e8" * 16), author=ANNA)
TAKEN_UP = EnquiryTakenUp(enquiry=ENQUIRY, case=CASE)

STATED = CaseProblemStated(case=CASE, words=WORDS, problem=PROBLEM)
REFRAMED = CaseProblemReframed(case=CASE, problem=PROBLEM, author=ANNA, words=WORDS)
RESOLVED = CaseProblemResolved(case=CASE, problem=PROBLEM, author=ANNA)
RECORDED = DiagnosisRecorded(
    case=CASE,
    diagnosis=DIAGNOSIS,
    author=ANNA,
    coded=PANIC,
    certainty=Certainty.SUSPECTED,
    rank=Rank.MAIN,
)
REVISED = DiagnosisRevised(
    case=CASE,
    diagnosis=DIAGNOSIS,
    author=ANNA,
    coded=PANIC,
    certainty=Certainty.CONFIRMED,
    rank=Rank.MAIN,
)
REFUTED = DiagnosisRefuted(case=CASE, diagnosis=DIAGNOSIS, author=ANNA, reason=WORDS)
NONE_FOUND = DiagnosisNoneFound(case=CASE, assessment=ASSESSMENT, author=ANNA)
COMPLETED = IntakeCompleted(
    case=CASE, intake=INTAKE, author=ANNA, occurred_at=NOW, sections=SECTIONS
)
WRITTEN = FormulationWritten(
    case=CASE,
    formulation=FORMULATION,
    author=ANNA,
    school=School.SYSTEMIC,
    sections=SUMMARY,
    problems=(PROBLEM,),
)

EXAMPLES: tuple[Event, ...] = (
    ASSIGNED,
    RECEIVED,
    CONSULTED,
    QUALIFIED,
    DECLINED,
    WAITLISTED,
    OFFERED,
    OFFER_DECLINED,
    WITHDRAWN,
    TAKEN_UP,
    STATED,
    REFRAMED,
    RESOLVED,
    RECORDED,
    REVISED,
    REFUTED,
    NONE_FOUND,
    COMPLETED,
    IntakeRevised(case=CASE, intake=INTAKE, author=ANNA, sections=SECTIONS),
    WRITTEN,
    FormulationRevised(case=CASE, formulation=FORMULATION, author=ANNA, sections=SUMMARY),
    ClientEnquiryLinked(enquiry=ENQUIRY),
    ClientPersonWordSet(word=PersonWord.PATIENT),
)
