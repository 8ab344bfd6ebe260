"""Contract, alliance, appointments, declarations: the frame of a therapy at the demonstration."""

from __future__ import annotations

from datetime import timedelta

from api.demo.clock import Weeks
from api.demo.looks import Play
from api.demo.stage import command_of
from api.demo.texts import words
from domain import authorisation as authorisation_file
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
from domain.values import FreeText, ItemId, NoteId, Section, SessionId

BY, CASE, CLIENT = "agnieszka", "panic", "karolina"


def text(what: str) -> FreeText:
    """One of the demonstration's texts."""
    return FreeText(words("frame", what))


async def tell(play: Play, weeks: Weeks) -> None:
    """The therapist and her client settle how they go on."""
    play.move(weeks.at(5, 4, 15, 0))
    await _contract(play, weeks)
    await _alliance(play)
    await _appointments(play, weeks)
    await _declarations(play)


async def _contract(play: Play, weeks: Weeks) -> None:
    desk, case, now = play.desk, play.cases[CASE], play.clinic.clock.now()
    terms = Terms(
        length=Length.SHORT,
        frequency=Frequency.WEEKLY,
        agreed_by=(Party(PartyKind.CLIENT),),
        budget=2,
        cancellation_hours=24,
        fee=18_000,
        currency="PLN",
        limits_told_at=now,
    )
    said = (Section("aims", text("aims")), Section("confidentiality-limits", text("limits")))
    new = NewContract(now, terms, said)
    agreeing = contracts.agree_on_contract(
        desk, play.who(BY), case, new, command=command_of("frame", "contract")
    )
    contract = ItemId((await play.did("contract", agreeing)).named("contract"))
    rarer = NewContract(now, Terms(terms.length, Frequency.FORTNIGHTLY, terms.agreed_by, 2), said)
    changing = contracts.renegotiate_contract(
        desk,
        play.who(BY),
        case,
        contract,
        rarer,
        expected=1,
        command=command_of("frame", "renegotiate"),
    )
    await play.did("contract", changing)
    await play.book(BY, CASE, "panic-settling", (weeks.at(5, 4, 15, 5), 40, "2"))
    await play.hold(BY, "panic-settling")
    extending = contracts.extend_budget(
        desk,
        play.who(BY),
        case,
        contract,
        8,
        text("more"),
        expected=3,
        command=command_of("frame", "extend"),
    )
    await play.did("contract", extending)


async def _alliance(play: Play) -> None:
    desk, case, now = play.desk, play.cases[CASE], play.clinic.clock.now()
    session = play.sessions["panic-settling"].id
    rated = NewRating(now, Rater.CLIENT, Scores(8, 7, 6, 8), session)
    rating = alliance.rate_alliance(
        desk, play.who(BY), case, rated, command=command_of("frame", "rate")
    )
    item = ItemId((await play.did("alliance", rating)).named("alliance"))
    right = Scores(8, 7, 7, 8)
    correcting = alliance.correct_rating(
        desk, play.who(BY), case, item, right, expected=1, command=command_of("frame", "correct")
    )
    await play.did("alliance", correcting)
    rupture = process_notes.write_process_note(
        desk,
        play.who(BY),
        case,
        now,
        text("rupture"),
        command=command_of("frame", "rupture"),
        about=About(Thought.RUPTURE, session=session),
    )
    found = NoteId((await play.did("process note", rupture)).named("process_note"))
    repair = process_notes.write_process_note(
        desk,
        play.who(BY),
        case,
        now,
        text("repair"),
        command=command_of("frame", "repair"),
        about=About(Thought.REPAIR, answers=found),
    )
    await play.did("process note", repair)


async def _appointments(play: Play, weeks: Weeks) -> None:
    desk, case = play.desk, play.cases[CASE]
    at = weeks.at(8, 1, 10)
    first = NewSession(at, at + timedelta(minutes=50), "2")
    planning = series.plan_series(
        desk,
        play.who(BY),
        case,
        NewSeries(first, every_weeks=2, count=4),
        command=command_of("frame", "series"),
    )
    found = ItemId((await play.did("session", planning)).named("series"))
    extra = weeks.at(7, 3, 10)
    booking = sessions.schedule_session(
        desk,
        play.who(BY),
        case,
        NewSession(extra, extra + timedelta(minutes=50), "2"),
        command=command_of("frame", "extra session"),
    )
    session = SessionId((await play.did("session", booking)).named("session"))
    later = extra + timedelta(hours=2)
    online = NewSession(later, later + timedelta(minutes=50), place=Place.ONLINE)
    moving = sessions.move_session(
        desk,
        play.who(BY),
        case,
        session,
        online,
        CancelledBy.CLIENT,
        expected=1,
        command=command_of("frame", "move"),
    )
    await play.did("session", moving)
    telling = sessions.tell_whereabouts(
        desk,
        play.who(BY),
        case,
        session,
        text("whereabouts"),
        expected=2,
        command=command_of("frame", "whereabouts"),
    )
    await play.did("session", telling)
    ending = series.end_series(
        desk,
        play.who(BY),
        case,
        found,
        CancelledBy.CLIENT,
        expected=1,
        command=command_of("frame", "end series"),
    )
    await play.did("session", ending)


async def _declarations(play: Play) -> None:
    desk, client, now = play.desk, play.client(CLIENT), play.clinic.clock.now()
    consulted = ConsentConsulted(
        consultation=ItemId(desk.identifiers.new()),
        client=client,
        author=play.practitioner(BY),
        scope=Scope.SHARING,
        opinion=Opinion.UNDECIDED,
        said_at=now,
        reason=text("undecided"),
    )
    consulting = consents.record_consultation(
        desk, play.who(BY), client, consulted, command=command_of("frame", "consult")
    )
    await play.did("consent", consulting)
    named = AuthorisationGiven(
        authorisation=ItemId(desk.identifiers.new()),
        client=client,
        kind=Authorises.INFORMATION,
        form=Form.WRITTEN,
        said_at=now,
        person=AuthorisedPerson("Hanna", "Zych", "+48 500 000 116"),
    )
    nobody = AuthorisationNobodyNamed(
        authorisation=ItemId(desk.identifiers.new()),
        client=client,
        kind=Authorises.DOCUMENTATION,
        form=Form.WRITTEN,
        said_at=now,
    )
    taken_back = AuthorisationWithdrawn(
        authorisation=named.authorisation, client=client, form=Form.ORAL, said_at=now
    )
    for number, (item, decide) in enumerate(
        (
            (named.authorisation, lambda each: authorisation_file.give(each, named, now=now)),
            (
                nobody.authorisation,
                lambda each: authorisation_file.name_nobody(each, nobody, now=now),
            ),
            (
                named.authorisation,
                lambda each: authorisation_file.withdraw(each, taken_back, now=now),
            ),
        )
    ):
        act = consents.record_authorisation(
            desk,
            play.who(BY),
            client,
            decide,
            item,
            command=command_of("frame", "declare", str(number)),
        )
        await play.did("consent", act)
