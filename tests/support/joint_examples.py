"""One example of each event of groups, couples, families and those who speak for minors."""

from __future__ import annotations

from datetime import UTC, date, datetime

from domain.events import Event
from domain.events.case import CaseCandidateNamed, CaseGroupFormed
from domain.events.group import (
    Acquaintance,
    GroupAcquaintancesChecked,
    GroupAgreementAccepted,
    GroupAgreementMade,
    GroupBegun,
    GroupCandidateAccepted,
    GroupCandidateDeclined,
    GroupCandidateNamed,
    GroupCandidateScreened,
    GroupCandidateWaitlisted,
    GroupCandidateWithdrew,
    GroupClosed,
    GroupKind,
    GroupOpened,
    GroupPreparatoryMeetingHeld,
    GroupRevised,
    Size,
    Suitability,
)
from domain.events.guardianship import (
    ClientRepresentativeLimited,
    ClientRepresentativeLimitEnded,
    LimitGround,
    Matter,
)
from domain.events.joint import (
    Overlay,
    OverlayLifted,
    OverlaySet,
    ParticipantRoleRecorded,
    PartInSystem,
    ReleaseConsented,
    ReleaseConsentWithdrawn,
    ReleaseProposed,
    SecrecyAgreed,
    SecrecyPolicy,
    SecrecyRevised,
)
from domain.values import CaseId, ClientId, FreeText, ItemId, PractitionerId

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BEFORE = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
CASE, CLIENT = CaseId("a" * 32), ClientId("c" * 32)
ANNA = PractitionerId("1" * 32)
GROUP, CANDIDATE, OTHER_CANDIDATE = ItemId("b" * 32), ItemId("d" * 32), ItemId("e" * 32)
SECRECY, RELEASE, MARK, NOTE = (ItemId(f"{each}" * 32) for each in "2345")
MOTHER, FATHER, LIMIT = ItemId("7" * 32), ItemId("8" * 32), ItemId("9" * 32)
WORDS = FreeText("So it was agreed.")

OPENED = GroupOpened(
    group=GROUP,
    case=CASE,
    author=ANNA,
    kind=GroupKind.CLOSED,
    size=Size(2, 8),
    inclusion=FreeText("Adults after a loss."),
    exclusion=FreeText("Acute crisis."),
)
REVISED = GroupRevised(
    group=GROUP,
    case=CASE,
    author=ANNA,
    kind=GroupKind.OPEN,
    size=Size(3, 9),
    inclusion=FreeText("Adults after a loss."),
)
MET = GroupPreparatoryMeetingHeld(
    group=GROUP, case=CASE, author=ANNA, occurred_at=BEFORE, present=(CANDIDATE,), words=WORDS
)
AGREEMENT = GroupAgreementMade(group=GROUP, case=CASE, author=ANNA, words=WORDS)
BEGUN = GroupBegun(group=GROUP, case=CASE, occurred_at=BEFORE)
CLOSED = GroupClosed(group=GROUP, case=CASE, author=ANNA)

NAMED = GroupCandidateNamed(
    candidate=CANDIDATE, case=CASE, group=GROUP, author=ANNA, words=FreeText("Her own wish.")
)
SCREENED = GroupCandidateScreened(
    candidate=CANDIDATE,
    case=CASE,
    author=ANNA,
    occurred_at=BEFORE,
    suitability=Suitability.SUITABLE,
    words=FreeText("She can listen."),
)
CHECKED = GroupAcquaintancesChecked(
    candidate=CANDIDATE, case=CASE, author=ANNA, decision=Acquaintance.KNOWS_NOBODY, knows=()
)
ACCEPTED = GroupCandidateAccepted(candidate=CANDIDATE, case=CASE, author=ANNA, words=WORDS)
DECLINED = GroupCandidateDeclined(candidate=CANDIDATE, case=CASE, author=ANNA, words=WORDS)
WAITING = GroupCandidateWaitlisted(candidate=CANDIDATE, case=CASE, author=ANNA, place=1)
WITHDREW = GroupCandidateWithdrew(candidate=CANDIDATE, case=CASE, author=ANNA)
AGREED = GroupAgreementAccepted(
    candidate=CANDIDATE, case=CASE, author=ANNA, occurred_at=BEFORE, terms=2
)

SECRECY_AGREED = SecrecyAgreed(
    secrecy=SECRECY,
    case=CASE,
    author=ANNA,
    policy=SecrecyPolicy.NO_SECRETS,
    agreed_by=("p7", "p41"),
    occurred_at=BEFORE,
    words=WORDS,
)
SECRECY_REVISED = SecrecyRevised(
    secrecy=SECRECY,
    case=CASE,
    author=ANNA,
    policy=SecrecyPolicy.CASE_BY_CASE,
    agreed_by=("p7",),
    occurred_at=BEFORE,
)
PROPOSED = ReleaseProposed(release=RELEASE, case=CASE, author=ANNA, recipient=WORDS, content=WORDS)
CONSENTED = ReleaseConsented(release=RELEASE, case=CASE, alias="p7", occurred_at=BEFORE)
WITHDRAWN = ReleaseConsentWithdrawn(release=RELEASE, case=CASE, alias="p7", occurred_at=BEFORE)
MARKED = OverlaySet(
    overlay=MARK,
    case=CASE,
    item=NOTE,
    author=ANNA,
    kind=Overlay.MINOR_CONFIDENTIAL,
    words=FreeText("She asked that her father is not told."),
)
LIFTED = OverlayLifted(overlay=MARK, case=CASE, author=ANNA, words=WORDS)
LIMITED = ClientRepresentativeLimited(
    limit=LIMIT,
    representative=MOTHER,
    author=ANNA,
    ground=LimitGround.COURT_ORDER,
    forbids=(Matter.CONSENT, Matter.CONTACT),
    since=date(2025, 1, 10),
    decided_on=date(2025, 1, 9),
    court="Sąd Rejonowy",
    words=WORDS,
)
LIMIT_ENDED = ClientRepresentativeLimitEnded(limit=LIMIT, on=date(2026, 1, 31))

EVENTS: tuple[Event, ...] = (
    CaseGroupFormed(case=CASE, group=GROUP),
    CaseCandidateNamed(case=CASE, client=CLIENT, candidate=CANDIDATE),
    OPENED,
    REVISED,
    MET,
    AGREEMENT,
    BEGUN,
    CLOSED,
    NAMED,
    SCREENED,
    CHECKED,
    ACCEPTED,
    DECLINED,
    WAITING,
    WITHDREW,
    AGREED,
    SECRECY_AGREED,
    SECRECY_REVISED,
    ParticipantRoleRecorded(
        role=ItemId("6" * 32), case=CASE, alias="p7", author=ANNA, part=PartInSystem.MOTHER
    ),
    PROPOSED,
    CONSENTED,
    WITHDRAWN,
    MARKED,
    LIFTED,
    LIMITED,
    LIMIT_ENDED,
)
