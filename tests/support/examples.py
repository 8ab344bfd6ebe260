"""One example of each event and the strategies that make many, for tests of pure functions."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from domain.access import RETENTION_RULE
from domain.confidentiality import Class
from domain.events import Event
from domain.events.access import AccessDenied, AccessKind, AccessRecorded, Action
from domain.events.case import (
    CaseAliasesDrawn,
    CaseClosed,
    CaseMemberJoined,
    CaseMemberLeft,
    CaseOpened,
    CaseReopened,
    CaseTeamJoined,
    CaseTeamLeft,
    CaseTransferred,
    Outcome,
)
from domain.events.client import (
    Authority,
    ClientAliasGiven,
    ClientCaseLinked,
    ClientContactChanged,
    ClientHoldLifted,
    ClientHoldPlaced,
    ClientIdentified,
    ClientRegistered,
    ClientRepresentativeAdded,
    ClientRepresentativeEnded,
    HoldGround,
    Sex,
)
from domain.events.consent import ConsentGiven, ConsentRefused, ConsentWithdrawn, Form, Scope
from domain.events.continuity import BackupPart, ContinuityBackupMade, ContinuityDrillCompleted
from domain.events.erasure import (
    ErasureApproved,
    ErasureCompleted,
    ErasureGround,
    ErasureRefused,
    ErasureRequested,
    ErasureScope,
    RefusalGround,
)
from domain.events.integration import IntegrationRegistered, IntegrationWithdrawn
from domain.events.note import (
    NoteAmended,
    NoteCoSignatureAsked,
    NoteCountersigned,
    NoteDiscarded,
    NoteDrafted,
    NoteKind,
    NoteMarkedErroneous,
    NoteMoved,
    NotePartsAdded,
    NoteReceived,
    NoteRevised,
    NoteSigned,
    NoteTakenUp,
    PartOf,
)
from domain.events.practitioner import (
    CustodianAppointed,
    PractitionerDeparted,
    PractitionerRegistered,
    PractitionerRolesChanged,
)
from domain.events.process_note import ProcessNoteAmended, ProcessNoteWritten
from domain.events.search import SearchAsked
from domain.events.session import (
    CancelledBy,
    SessionAttendanceRecorded,
    SessionCancelled,
    SessionHeld,
    SessionMissed,
    SessionPartRecorded,
    SessionScheduled,
)
from domain.values import (
    ActorId,
    CaseId,
    ClientId,
    ErasureId,
    Format,
    FreeText,
    ItemId,
    NoteId,
    PractitionerId,
    Registration,
    RegistrationKind,
    Role,
    School,
    SessionId,
    StreamId,
)
from tests.support import (
    attachment_examples,
    frame_examples,
    joint_examples,
    measure_examples,
    therapist_examples,
    understanding_examples,
    work_examples,
)

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)

CLIENT, OTHER_CLIENT = ClientId("c" * 32), ClientId("d" * 32)
CASE = CaseId("a" * 32)
SESSION = SessionId("5" * 32)
NOTE = NoteId("0" * 32)
ANNA, BARTEK = PractitionerId("1" * 32), PractitionerId("2" * 32)
CONSENT, MOTHER = ItemId("6" * 32), ItemId("7" * 32)
PART = ItemId("f" * 32)
INTEGRATION = ActorId("8" * 32)
STREAM = StreamId("9" * 32)
WORDS = FreeText("She slept better.")
CERTIFICATE = Registration(RegistrationKind.CERTIFICATE, "417", "PTP")

REGISTERED = ClientRegistered(client=CLIENT, access_stream=STREAM, consent_stream=STREAM)
IDENTIFIED = ClientIdentified(
    given_name="Klara", family_name="Kowal", birth_date=date(1990, 3, 14), sex=Sex.FEMALE
)
CONTACT = ClientContactChanged(phone="+48 600 100 200")
REPRESENTED = ClientRepresentativeAdded(
    representative=MOTHER,
    authority=Authority.PARENTAL_AUTHORITY,
    given_name="Maria",
    family_name="Kowal",
)
LINKED = ClientCaseLinked(case=CASE)
HOLD = ItemId("4" * 32)
HELD_FOR_COURT = ClientHoldPlaced(
    hold=HOLD, ground=HoldGround.COURT, setter=ANNA, review_on=date(2026, 9, 1)
)
HOLD_LIFTED = ClientHoldLifted(hold=HOLD, lifter=BARTEK)

OPENED = CaseOpened(
    case=CASE,
    clients=(CLIENT,),
    format=Format.INDIVIDUAL,
    school=School.SYSTEMIC,
    therapist=ANNA,
)
JOINED = CaseTeamJoined(case=CASE, practitioner=BARTEK)
MEMBER_JOINED = CaseMemberJoined(case=CASE, client=OTHER_CLIENT)
MEMBER_LEFT = CaseMemberLeft(case=CASE, client=OTHER_CLIENT)
DRAWN = CaseAliasesDrawn(case=CASE, aliases=("p7", "p41"))
GIVEN_ALIAS = ClientAliasGiven(case=CASE, alias="p7")
CLOSED = CaseClosed(case=CASE, outcome=Outcome.COMPLETED)

SCHEDULED = SessionScheduled(
    session=SESSION,
    case=CASE,
    therapist=ANNA,
    starts_at=NOW - HOUR,
    ends_at=NOW,
    room="2",
)
HELD = SessionHeld(session=SESSION, case=CASE, started_at=NOW - HOUR, ended_at=NOW)
CANCELLED = SessionCancelled(session=SESSION, case=CASE, by=CancelledBy.CLIENT)
MISSED = SessionMissed(session=SESSION, case=CASE)

DRAFTED = NoteDrafted(
    note=NOTE,
    case=CASE,
    author=ANNA,
    kind=NoteKind.SESSION,
    occurred_at=NOW - HOUR,
    text=WORDS,
    late=False,
    expires_on=date(2026, 3, 16),
)
TAKEN_UP = NoteTakenUp(note=NOTE, case=CASE, expires_on=date(2026, 4, 16))
DISCARDED = NoteDiscarded(note=NOTE, case=CASE)
CO_SIGNATURE_ASKED = NoteCoSignatureAsked(
    note=NOTE, case=CASE, author=ANNA, co_signer=BARTEK, required=True
)
REVISED = NoteRevised(note=NOTE, case=CASE, text=WORDS)
SIGNED = NoteSigned(
    note=NOTE,
    case=CASE,
    author=ANNA,
    role=Role.CLINICIAN,
    title="psychotherapist",
    registration=CERTIFICATE,
    text_version=1,
)
COUNTERSIGNED = NoteCountersigned(
    note=NOTE,
    case=CASE,
    practitioner=BARTEK,
    title="supervisor",
    registration=CERTIFICATE,
    text_version=1,
)
AMENDED = NoteAmended(note=NOTE, case=CASE, author=ANNA, reason=WORDS, text=WORDS)
ERRONEOUS = NoteMarkedErroneous(note=NOTE, case=CASE, reason=WORDS)
PARTS_ADDED = NotePartsAdded(note=NOTE, case=CASE, parts=(PartOf("p7", PART),))
PART_RECORDED = SessionPartRecorded(
    part=PART, case=CASE, note=NOTE, alias="p7", author=ANNA, text=WORDS, session=SESSION
)
ATTENDED = SessionAttendanceRecorded(
    attendance=ItemId("e" * 32), case=CASE, session=SESSION, alias="p7", present=True
)

MOVED = NoteMoved(note=NOTE, case=CASE)
RECEIVED = NoteReceived(
    note=NOTE,
    case=CASE,
    author=ANNA,
    kind=NoteKind.SESSION,
    occurred_at=NOW - HOUR,
    written_at=NOW,
    signed_at=NOW,
    late=False,
    title="psychotherapist",
    registration=CERTIFICATE,
    text=WORDS,
)

WRITTEN = ProcessNoteWritten(note=NOTE, case=CASE, author=ANNA, occurred_at=NOW - HOUR, text=WORDS)

GIVEN = ConsentGiven(
    consent=CONSENT, client=CLIENT, scope=Scope.THERAPY, purpose="therapy", form=Form.WRITTEN
)
REFUSED = ConsentRefused(
    consent=CONSENT, client=CLIENT, scope=Scope.RECORDING, purpose="teaching", form=Form.ORAL
)
WITHDRAWN = ConsentWithdrawn(consent=CONSENT, client=CLIENT, form=Form.ELECTRONIC)

JOINED_CLINIC = PractitionerRegistered(
    practitioner=ANNA,
    staff_stream=STREAM,
    given_name="Anna",
    family_name="Nowak",
    title="psychotherapist",
    registration=CERTIFICATE,
    roles=(Role.CLINICIAN,),
)
CONNECTED = IntegrationRegistered(
    integration=INTEGRATION, staff_stream=STREAM, title="a dashboard", scopes=("caseload:read",)
)
APPOINTED = CustodianAppointed(practitioner=BARTEK, number=1, key="clinic/custodian-1+0+key")
ERASURE = ErasureId("3" * 32)
ASKED_TO_ERASE = ErasureRequested(
    erasure=ERASURE,
    scope=ErasureScope.ITEM,
    ground=ErasureGround.ART_51,
    requester=ANNA,
    clients=(CLIENT,),
    case=CASE,
    item=ItemId(NOTE),
    author=ANNA,
)
APPROVED = ErasureApproved(
    erasure=ERASURE,
    custodian=BARTEK,
    number=1,
    key="clinic/custodian-1+0+key",
    statement="5" * 64,
    signature="a line",
)
KEPT = ErasureRefused(
    erasure=ERASURE, ground=RefusalGround.RETENTION_MEDICAL, until=date(2046, 12, 31)
)
ERASED = ErasureCompleted(
    erasure=ERASURE,
    scope=ErasureScope.ITEM,
    ground=ErasureGround.ART_51,
    approvers=(BARTEK, ANNA),
    position=4711,
    keys=0,
    items=2,
    destroyed_at=NOW,
    case=CASE,
    item=ItemId(NOTE),
)
BACKED_UP = ContinuityBackupMade(
    backup=ItemId("b" * 32),
    parts=(BackupPart.RECORD, BackupPart.KEYS, BackupPart.ACCOUNTS),
    events=1000,
    size=1_500_000,
    milliseconds=820,
    generation=1,
    keys_expire_at=NOW + timedelta(days=7),
)
PRACTISED = ContinuityDrillCompleted(
    backup=ItemId("b" * 32),
    equal=True,
    events=950,
    texts=110,
    destroyed=0,
    keys=40,
    rows=2000,
    different=0,
    milliseconds=2300,
    age_seconds=3600,
    events_since=12,
)
LOOKED = AccessRecorded(
    kind=AccessKind.READ,
    action=Action.READ,
    object_type="note",
    classes=(Class.CLINICAL,),
    origins=("tests.powiernik.invalid",),
    retain_until=date(2029, 3, 2),
    retention_rule=RETENTION_RULE,
    visible_to_client=True,
    client=CLIENT,
)
DENIED = AccessDenied(
    kind=AccessKind.READ,
    object_type="note",
    outcome=8,
    reason="deny.role",
    retain_until=date(2029, 3, 2),
    retention_rule=RETENTION_RULE,
    visible_to_client=True,
)

EVERY_EVENT: tuple[Event, ...] = (
    REGISTERED,
    IDENTIFIED,
    CONTACT,
    REPRESENTED,
    ClientRepresentativeEnded(representative=MOTHER),
    LINKED,
    OPENED,
    *understanding_examples.EXAMPLES,
    JOINED,
    CaseTeamLeft(case=CASE, practitioner=BARTEK),
    CaseTransferred(case=CASE, previous=ANNA, therapist=BARTEK),
    CLOSED,
    CaseReopened(case=CASE),
    SCHEDULED,
    HELD,
    CANCELLED,
    MISSED,
    DRAFTED,
    REVISED,
    TAKEN_UP,
    DISCARDED,
    SIGNED,
    CO_SIGNATURE_ASKED,
    COUNTERSIGNED,
    AMENDED,
    ERRONEOUS,
    PARTS_ADDED,
    PART_RECORDED,
    ATTENDED,
    MEMBER_JOINED,
    MEMBER_LEFT,
    DRAWN,
    GIVEN_ALIAS,
    MOVED,
    RECEIVED,
    HELD_FOR_COURT,
    HOLD_LIFTED,
    APPOINTED,
    ASKED_TO_ERASE,
    APPROVED,
    KEPT,
    ERASED,
    WRITTEN,
    ProcessNoteAmended(note=NOTE, case=CASE, text=WORDS),
    GIVEN,
    REFUSED,
    WITHDRAWN,
    JOINED_CLINIC,
    PractitionerRolesChanged(roles=(Role.COMPLIANCE,)),
    PractitionerDeparted(),
    CONNECTED,
    IntegrationWithdrawn(),
    BACKED_UP,
    PRACTISED,
    LOOKED,
    DENIED,
    SearchAsked(search=ItemId("e" * 32), query=WORDS),
    *frame_examples.EVENTS,
    *joint_examples.EVENTS,
    *measure_examples.EVENTS,
    *work_examples.EXAMPLES,
    *therapist_examples.EXAMPLES,
    *attachment_examples.EXAMPLES,
)
"""One of each, so that a new event without an example fails ``test_vocabulary``."""

any_history = st.lists(st.sampled_from((*EVERY_EVENT, None)), max_size=25)
"""Known events in any order, some of them sealed for good: what a fold must bear."""
