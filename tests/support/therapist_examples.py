"""One example of each event of the therapist's area: portfolio, conflicts, supervision, packs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from domain.events import Event
from domain.events.case_pack import (
    CasePackConfirmed,
    CasePackDrafted,
    CasePackHandedOver,
    CasePackIssued,
    CasePackLinked,
    CasePackRevoked,
    PackAlias,
)
from domain.events.conflict import (
    ConflictDeclared,
    ConflictDescribed,
    ConflictKind,
    ConflictWithdrawn,
)
from domain.events.portfolio import (
    CertificateGranted,
    CertificateRenewed,
    LimitDeclared,
    LimitLifted,
    LimitReached,
    OwnTherapyAttested,
    QualificationKind,
    QualificationRecorded,
    TrainingCompleted,
)
from domain.events.supervision import (
    OutsideSupervisor,
    SupervisionAdviceRecorded,
    SupervisionArranged,
    SupervisionCaseBrought,
    SupervisionCaseMarked,
    SupervisionEnded,
    SupervisionForm,
    SupervisionHeld,
)
from domain.values import CaseId, ClientId, FreeText, ItemId, PractitionerId, Section

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TODAY = NOW.date()
ANNA, BARTEK, CELINA = (PractitionerId(each * 32) for each in "123")
CASE = CaseId("a" * 32)
CLIENT = ClientId("c" * 32)
WORDS = FreeText("She slept better.")
OUTSIDE = OutsideSupervisor("Dr Hanna Example", "certified", "agreement of 1 February", TODAY)

QUALIFIED = QualificationRecorded(
    qualification=ItemId("10" * 16),
    practitioner=ANNA,
    kind=QualificationKind.TRAINING_SCHOOL,
    title="Four years of training",
    issuer="A school",
    obtained_on=date(2020, 6, 30),
)
GRANTED = CertificateGranted(
    certificate=ItemId("11" * 16),
    practitioner=ANNA,
    title="Psychotherapist",
    issuer="PTP",
    granted_on=date(2021, 3, 1),
    number="417",
    expires_on=date(2026, 5, 1),
)
RENEWED = CertificateRenewed(
    certificate=GRANTED.certificate,
    practitioner=ANNA,
    renewed_on=TODAY,
    expires_on=date(2031, 5, 1),
)
TRAINED = TrainingCompleted(
    training=ItemId("12" * 16),
    practitioner=ANNA,
    title="Grief",
    provider="A centre",
    completed_on=date(2026, 1, 17),
    minutes=480,
    points=8,
)
ATTESTED = OwnTherapyAttested(
    attestation=ItemId("13" * 16),
    practitioner=ANNA,
    first_on=date(2019, 1, 10),
    last_on=date(2022, 12, 15),
    hours=160,
)
LIMITED = LimitDeclared(limit=ItemId("14" * 16), practitioner=ANNA, youngest=18)
LIFTED = LimitLifted(limit=LIMITED.limit, practitioner=ANNA)
REACHED = LimitReached(limit=LIMITED.limit, practitioner=ANNA, case=CASE)

DECLARED = ConflictDeclared(
    conflict=ItemId("15" * 16),
    practitioner=ANNA,
    kind=ConflictKind.RELATIVE,
    fingerprints=("f" * 32,),
)
DESCRIBED = ConflictDescribed(conflict=DECLARED.conflict, practitioner=ANNA, person=WORDS)
WITHDRAWN = ConflictWithdrawn(conflict=DECLARED.conflict, practitioner=ANNA)

ARRANGED = SupervisionArranged(
    supervision=ItemId("16" * 16),
    arranged_by=ANNA,
    form=SupervisionForm.INDIVIDUAL,
    supervisees=(ANNA,),
    starts_on=date(2026, 2, 1),
    supervisor=BARTEK,
)
MET = SupervisionHeld(
    supervision=ARRANGED.supervision,
    meeting=ItemId("17" * 16),
    occurred_at=NOW - timedelta(hours=2),
    minutes=90,
    participants=(ANNA,),
    packs=(ItemId("19" * 16),),
)
ENDED = SupervisionEnded(supervision=ARRANGED.supervision, on=TODAY)
MARKED = SupervisionCaseMarked(mark=ItemId("18" * 16), case=CASE, author=ANNA, question=WORDS)
BROUGHT = SupervisionCaseBrought(mark=MARKED.mark, case=CASE, author=ANNA)
ADVISED = SupervisionAdviceRecorded(
    advice=ItemId("1a" * 16),
    case=CASE,
    author=ANNA,
    supervision=ARRANGED.supervision,
    words=WORDS,
    supervisor=BARTEK,
)

PACK = ItemId("19" * 16)
DRAFTED = CasePackDrafted(
    pack=PACK,
    case=CASE,
    author=ANNA,
    supervision=ARRANGED.supervision,
    items=(ItemId("1b" * 16),),
    sections=(Section("note", WORDS),),
    identified=False,
    supervisor=BARTEK,
)
PACK_LINKED = CasePackLinked(
    pack=PACK, author=ANNA, offset_days=-70, aliases=(PackAlias("A", CLIENT),)
)
CONFIRMED = CasePackConfirmed(pack=PACK, case=CASE, author=ANNA)
ISSUED = CasePackIssued(
    pack=PACK,
    case=CASE,
    author=ANNA,
    supervision=ARRANGED.supervision,
    identified=False,
    expires_at=NOW + timedelta(days=14),
    supervisor=BARTEK,
)
HANDED = CasePackHandedOver(
    pack=PACK,
    case=CASE,
    author=ANNA,
    entry=ItemId("1c" * 16),
    recipient="Dr Hanna Example",
    occurred_at=NOW,
    page="0" * 64,
)
REVOKED = CasePackRevoked(pack=PACK, case=CASE, author=ANNA)

EXAMPLES: tuple[Event, ...] = (
    *(QUALIFIED, GRANTED, RENEWED, TRAINED, ATTESTED, LIMITED, LIFTED, REACHED),
    *(DECLARED, DESCRIBED, WITHDRAWN),
    *(ARRANGED, MET, ENDED, MARKED, BROUGHT, ADVISED),
    *(DRAFTED, PACK_LINKED, CONFIRMED, ISSUED, HANDED, REVOKED),
)
