"""What is done in a clinic's life about its frame: series, contracts, ratings, declarations."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from domain import authorisation as authorisation_file, series as series_file
from domain.events.alliance import Rater, Scores
from domain.events.authorisation import (
    AuthorisationGiven,
    AuthorisationNobodyNamed,
    AuthorisationWithdrawn,
    AuthorisedPerson,
    Authorises,
)
from domain.events.consent import ConsentConsulted, Form, Opinion, Scope
from domain.events.contract import Frequency, Length, Party, PartyKind, Terms
from domain.events.process_note import Thought
from domain.events.session import CancelledBy, Place
from domain.process_note import About
from domain.use_cases import alliance, consents, contracts, process_notes, series, sessions
from domain.use_cases.alliance import NewRating
from domain.use_cases.contracts import NewContract
from domain.use_cases.series import NewSeries
from domain.use_cases.sessions import NewSession
from domain.values import CaseId, FreeText, ItemId, NoteId, PractitionerId, Section
from tests.support.clinic import command

if TYPE_CHECKING:
    from tests.support.life import Life

_FEW = 4


def _recent(life: Life, what: str, chance: int) -> tuple[CaseId, ItemId]:
    """One of the last few; without any, nothing is done."""
    things = life.things[what]
    return things[-1 - chance % min(len(things), _FEW)]


def _terms(chance: int) -> Terms:
    short = chance % 3 > 0
    return Terms(
        length=Length.SHORT if short else Length.LONG,
        frequency=list(Frequency)[chance % len(Frequency)],
        agreed_by=(Party(PartyKind.CLIENT),),
        budget=2 + chance % 4 if short else None,
        cancellation_hours=24,
    )


def contract(life: Life, chance: int) -> object:
    """A contract is agreed on, renegotiated or extended."""
    clinic, case = life.clinic, life.cases[chance % len(life.cases)]
    who, now = clinic.who(life.clinician(chance // 97, case)), clinic.clock.now()
    said = (Section("aims", FreeText(f"Aims {chance}")),)
    new = NewContract(now, _terms(chance // 7), said)
    linked = clinic.desk.case(case)[0]
    if linked is None or linked.contract is None:
        return contracts.agree_on_contract(clinic.desk, who, case, new, command=command())
    found, version = linked.contract, clinic.version(linked.contract)
    if chance // 11 % 2:
        return contracts.renegotiate_contract(
            clinic.desk, who, case, found, new, expected=version, command=command()
        )
    reason = FreeText(f"Reason {chance}")
    return contracts.extend_budget(
        clinic.desk, who, case, found, 12, reason, expected=version, command=command()
    )


def rating(life: Life, chance: int) -> object:
    """Somebody rates the alliance, or corrects a number."""
    clinic, scores = life.clinic, Scores(chance % 11, 5, chance // 3 % 11, 6)
    if chance // 11 % 3 == 0 and life.things["alliance"]:
        case, item = _recent(life, "alliance", chance)
        who, version = clinic.who(life.clinician(chance, case)), clinic.version(item)
        return alliance.correct_rating(
            clinic.desk, who, case, item, scores, expected=version, command=command()
        )
    case = life.cases[chance % len(life.cases)]
    who = clinic.who(life.clinician(chance // 97, case))
    new = NewRating(clinic.clock.now(), list(Rater)[chance % 2], scores)
    work = alliance.rate_alliance(clinic.desk, who, case, new, command=command())
    life.things["alliance"].append((case, ItemId(clinic.run(work).named("alliance"))))
    return None


def a_series(life: Life, chance: int) -> object:
    """Some weeks are planned at once, or what is left of them called off."""
    clinic = life.clinic
    if chance // 11 % 2 and life.things["series"]:
        case, item = _recent(life, "series", chance)
        who, version = clinic.who(life.clinician(chance, case)), clinic.version(item)
        return series.end_series(
            clinic.desk, who, case, item, CancelledBy.CLINIC, expected=version, command=command()
        )
    case = life.cases[chance % len(life.cases)]
    who = clinic.who(life.clinician(chance // 97, case))
    at = clinic.clock.now() + timedelta(hours=chance % 200)
    first = NewSession(at, at + timedelta(minutes=50), "3", despite_clashes=chance % 2 > 0)
    new = NewSeries(first, count=1 + chance % 3)
    work = series.plan_series(clinic.desk, who, case, new, command=command())
    item = ItemId(clinic.run(work).named("series"))
    life.things["series"].append((case, item))
    planned, _ = clinic.desk.record.fold(item, series_file.fold)
    life.sessions += [(case, each) for each in planned.sessions] if planned else []
    return None


def move(life: Life, chance: int) -> object:
    """A session is moved, perhaps on line; then it is known where the client will be."""
    clinic = life.clinic
    case, session = life.sessions[-1 - chance % min(len(life.sessions), _FEW)]
    who, version = clinic.who(life.clinician(chance, case)), clinic.version(session)
    if chance // 11 % 2:
        text = FreeText(f"Street {chance}")
        return sessions.tell_whereabouts(
            clinic.desk, who, case, session, text, expected=version, command=command()
        )
    at = clinic.clock.now() + timedelta(hours=chance % 100)
    online = chance % 3 > 0
    spot = NewSession(
        at,
        at + timedelta(minutes=50),
        None if online else "4",
        Place.ONLINE if online else Place.ROOM,
    )
    return sessions.move_session(
        clinic.desk,
        who,
        case,
        session,
        spot,
        CancelledBy.CLIENT,
        expected=version,
        command=command(),
    )


def thought(life: Life, chance: int) -> None:
    """A rupture, a repair, a feeling: hers alone."""
    clinic, case = life.clinic, life.cases[chance % len(life.cases)]
    by = life.clinician(chance, case)
    kind = list(Thought)[chance % len(Thought)]
    work = process_notes.write_process_note(
        clinic.desk,
        clinic.who(by),
        case,
        clinic.clock.now(),
        FreeText(f"Thoughts {chance}"),
        command=command(),
        about=About(kind),
    )
    note = NoteId(clinic.run(work).named("process_note"))
    life.process_notes.append((case, note))
    life.authors[note] = by


def declaration(life: Life, chance: int) -> object:
    """A client names somebody, or nobody, or takes it back; or is consulted."""
    clinic, client = life.clinic, life.clients[chance % len(life.clients)]
    who, now = clinic.who(clinic.people.anna), clinic.clock.now()
    item, kind = ItemId(f"{chance % 50 + 7000:032x}"), list(Authorises)[chance % len(Authorises)]
    if chance // 11 % 4 == 0:
        consulted = ConsentConsulted(
            consultation=ItemId(f"{chance:032x}"),
            client=client,
            author=PractitionerId(clinic.people.anna),
            scope=Scope.THERAPY,
            opinion=Opinion.SUPPORTS,
            said_at=now,
            reason=FreeText(f"Opinion {chance}"),
        )
        return consents.record_consultation(clinic.desk, who, client, consulted, command=command())
    named = AuthorisationGiven(
        authorisation=item,
        client=client,
        kind=kind,
        form=Form.WRITTEN,
        said_at=now,
        person=AuthorisedPerson("Ewa", f"Kowal {chance}"),
    )
    nobody = AuthorisationNobodyNamed(
        authorisation=item, client=client, kind=kind, form=Form.ORAL, said_at=now
    )
    taken_back = AuthorisationWithdrawn(
        authorisation=item, client=client, form=Form.ORAL, said_at=now
    )
    decide = (
        lambda state: authorisation_file.give(state, named, now=now),
        lambda state: authorisation_file.name_nobody(state, nobody, now=now),
        lambda state: authorisation_file.withdraw(state, taken_back, now=now),
    )[chance // 11 % 3]
    return consents.record_authorisation(clinic.desk, who, client, decide, item, command=command())


ACTS = (contract, contract, rating, a_series, move, move, thought, declaration, declaration)
