"""One example of each event of the frame: sessions, series, contract, alliance, consents."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from domain.events import Event
from domain.events.alliance import AllianceCorrected, AllianceRated, Rater, Scores
from domain.events.authorisation import (
    AuthorisationGiven,
    AuthorisationNobodyNamed,
    AuthorisationWithdrawn,
    AuthorisedPerson,
    Authorises,
)
from domain.events.consent import ConsentConsulted, Form, Opinion, Scope
from domain.events.contract import (
    CaseContractLinked,
    ContractAgreed,
    ContractBudgetDrawn,
    ContractBudgetExtended,
    ContractRenegotiated,
    Frequency,
    Length,
    Party,
    PartyKind,
    Terms,
)
from domain.events.session import (
    CancelledBy,
    Place,
    SeriesEnded,
    SeriesPlanned,
    SessionMoved,
    SessionWhereaboutsTold,
)
from domain.values import (
    CaseId,
    ClientId,
    FreeText,
    ItemId,
    PractitionerId,
    Section,
    SessionId,
)

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
CASE, CLIENT = CaseId("a" * 32), ClientId("c" * 32)
SESSION, LATER_SESSION = SessionId("5" * 32), SessionId("51" * 16)
ANNA = PractitionerId("1" * 32)
CONTRACT, RATING, SERIES = ItemId("c1" * 16), ItemId("a1" * 16), ItemId("5e" * 16)
AUTHORISATION, NOBODY = ItemId("a2" * 16), ItemId("a3" * 16)
WORDS = FreeText("To take trams again.")

SHORT = Terms(
    length=Length.SHORT,
    frequency=Frequency.WEEKLY,
    agreed_by=(Party(PartyKind.CLIENT),),
    budget=3,
    cancellation_hours=24,
    fee=18_000,
    currency="PLN",
    limits_told_at=NOW - HOUR,
)
AGREED = ContractAgreed(
    contract=CONTRACT,
    case=CASE,
    author=ANNA,
    occurred_at=NOW - HOUR,
    terms=SHORT,
    sections=(Section("aims", WORDS),),
)
RATED = AllianceRated(
    rating=RATING,
    case=CASE,
    author=ANNA,
    occurred_at=NOW - HOUR,
    rater=Rater.CLIENT,
    scores=Scores(8, 7, 7, 8),
    session=SESSION,
)
PLANNED = SeriesPlanned(
    series=SERIES,
    case=CASE,
    therapist=ANNA,
    starts_at=NOW - HOUR,
    minutes=50,
    every_weeks=1,
    sessions=(SESSION, LATER_SESSION),
    place=Place.ROOM,
    room="2",
)
SESSION_MOVED = SessionMoved(
    session=SESSION,
    case=CASE,
    by=CancelledBy.CLIENT,
    starts_at=NOW - 2 * HOUR,
    ends_at=NOW - HOUR,
    place=Place.ONLINE,
)
WHEREABOUTS = SessionWhereaboutsTold(
    session=SESSION, case=CASE, author=ANNA, text=FreeText("At her sister's, ul. Nadrzeczna 11.")
)
CONSULTED = ConsentConsulted(
    consultation=ItemId("c0" * 16),
    client=CLIENT,
    author=ANNA,
    scope=Scope.THERAPY,
    opinion=Opinion.NOT_ASKED,
    said_at=NOW - HOUR,
    reason=FreeText("She is four years old."),
)
AUTHORISED = AuthorisationGiven(
    authorisation=AUTHORISATION,
    client=CLIENT,
    kind=Authorises.INFORMATION,
    form=Form.WRITTEN,
    said_at=NOW - HOUR,
    person=AuthorisedPerson("Ewa", "Przykładowa", "+48 600 000 001"),
)
NOBODY_NAMED = AuthorisationNobodyNamed(
    authorisation=NOBODY,
    client=CLIENT,
    kind=Authorises.INFORMATION,
    form=Form.WRITTEN,
    said_at=NOW - HOUR,
)

EVENTS: tuple[Event, ...] = (
    SESSION_MOVED,
    WHEREABOUTS,
    PLANNED,
    SeriesEnded(series=SERIES, case=CASE, by=CancelledBy.CLIENT, cancelled=(LATER_SESSION,)),
    AGREED,
    ContractRenegotiated(
        contract=CONTRACT,
        case=CASE,
        author=ANNA,
        occurred_at=NOW,
        terms=SHORT,
        sections=(Section("aims", WORDS),),
    ),
    ContractBudgetExtended(contract=CONTRACT, case=CASE, author=ANNA, budget=5, reason=WORDS),
    ContractBudgetDrawn(contract=CONTRACT, case=CASE, session=SESSION, number=1, budget=3),
    CaseContractLinked(case=CASE, contract=CONTRACT),
    RATED,
    AllianceCorrected(rating=RATING, case=CASE, author=ANNA, scores=Scores(8, 8, 8, 8)),
    CONSULTED,
    AUTHORISED,
    NOBODY_NAMED,
    AuthorisationWithdrawn(authorisation=AUTHORISATION, client=CLIENT, form=Form.ORAL, said_at=NOW),
)
