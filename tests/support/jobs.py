"""What the long tests write: jobs, whose every event follows from the job's own name.

A job is one atomic append. Its name stands in every record of it (as the request) and is its
command's id, so that whoever reads the log afterwards can tell which job a record belongs to, how
many records it must have, in which streams, and what each must say: word by word.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from hashlib import sha256
from random import Random

from domain import access
from domain.access import Look
from domain.confidentiality import Class, Owner, OwnerKind
from domain.events import Event
from domain.events.access import AccessKind
from domain.events.case import CaseOpened, CaseProblemStated, CaseTeamJoined, CaseTeamLeft
from domain.events.client import ClientCaseLinked, ClientIdentified, ClientRegistered, Sex
from domain.events.consent import ConsentGiven, Form, Scope
from domain.events.note import NoteDrafted, NoteKind, NoteRevised, NoteSigned
from domain.events.practitioner import PractitionerRegistered
from domain.events.process_note import ProcessNoteWritten
from domain.events.session import SessionHeld, SessionScheduled
from domain.ports import Write
from domain.values import (
    ActingMode,
    Actor,
    ActorId,
    ActorKind,
    CaseId,
    Circumstances,
    ClientId,
    Command,
    Format,
    FreeText,
    ItemId,
    NoteId,
    PractitionerId,
    PurposeOfUse,
    Registration,
    RegistrationKind,
    RequestId,
    Role,
    School,
    SessionId,
    StreamId,
)

SLOTS = 8
"""Threads and tasks of a writer that have a practitioner and a long-lived case of their own."""
ORIGIN = "powiernik.invalid/endurance"
NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)
REGISTRATION = Registration(RegistrationKind.CERTIFICATE, "117/2019", "PTP")
_TEXT = (
    "klientka mówi że nie śpi od wtorku lęk wraca rano oddech sen matka praca dom siostra milczy"
    " złość łagodnieje żałoba zaczyna ustępować wspomina dzieciństwo w Łodzi umawiamy kolejne"
    " spotkanie za tydzień ćwiczenie uważności zadanie domowe plan bezpieczeństwa omówiony"
)

Version = Callable[[str], int]
"""Gives the version that a stream has now."""


def ident(*parts: object) -> str:
    """An identifier that follows from its parts."""
    return sha256("/".join(map(str, parts)).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Job:
    """One atomic append: the step of one slot of one writer."""

    writer: int
    slot: int
    step: int

    @property
    def name(self) -> str:
        """The name that stands in each of its records."""
        return f"job {self.writer} {self.slot} {self.step}"

    @property
    def kind(self) -> str:
        """What is written; no two writers or slots begin alike."""
        return SCRIPT[(self.step + 7 * self.writer + 5 * self.slot) % len(SCRIPT)]

    @property
    def client(self) -> ClientId:
        """The client whom most jobs of its slot are about."""
        return standing_client(self.slot)

    @property
    def id(self) -> str:
        """An identifier of its own: a note's, a session's."""
        return ident(self.name)

    @property
    def command(self) -> Command | None:
        """The command by which it can be tried again; a look has none."""
        if self.kind in WITHOUT_COMMAND:
            return None
        return Command(self.name, sha256(self.name.encode()).digest())

    def who(self) -> Circumstances:
        """The practitioner of its slot."""
        return circumstances(self.slot, self.name)

    def writes(self, version: Version) -> tuple[Write, ...]:
        """Its writes, after the versions that the streams have now."""
        return _KINDS[self.kind](self, version)

    def expected(self) -> list[tuple[str, Event]]:
        """Its events with their streams, in the order of the log."""
        return [(each.stream, event) for each in self.writes(lambda _: 0) for event in each.events]


def named(name: str) -> Job | None:
    """The job of this name, if it is a job's."""
    word, _, rest = name.partition(" ")
    if word != "job":
        return None
    writer, slot, step = map(int, rest.split())
    return Job(writer, slot, step)


def circumstances(slot: int, request: str) -> Circumstances:
    """A practitioner at work."""
    return Circumstances(
        actor=Actor(ActorId(practitioner(slot)), ActorKind.STAFF, (Role.CLINICIAN,)),
        purpose=PurposeOfUse.TREAT,
        request=RequestId(request),
        session_reference="s-1",
        network_address="192.0.2.7",
        application="endurance",
        role=Role.CLINICIAN,
        mode=ActingMode.CARE,
        rule="clinician.care-team",
        policy_version=1,
    )


@cache
def practitioner(slot: int) -> PractitionerId:
    """The practitioner of a slot."""
    return PractitionerId(ident("practitioner", slot))


@cache
def standing_client(slot: int) -> ClientId:
    """The client of a slot."""
    return ClientId(ident("standing client", slot))


@cache
def standing_case(slot: int) -> CaseId:
    """The case of a slot that every writer goes on with."""
    return CaseId(ident("case", slot))


def foundations() -> list[tuple[Circumstances, tuple[Write, ...]]]:
    """What must be there before the first job: practitioners and their standing cases."""
    found: list[tuple[Circumstances, tuple[Write, ...]]] = []
    for slot in range(SLOTS):
        client, case = standing_client(slot), standing_case(slot)
        owner = Owner(OwnerKind.CLIENT, client)
        registered = PractitionerRegistered(
            practitioner=practitioner(slot),
            staff_stream=StreamId(ident("staff", slot)),
            given_name=f"Imię{slot}",
            family_name=f"Nazwisko{slot}",
            title="psychoterapeutka",
            registration=REGISTRATION,
            roles=(Role.CLINICIAN,),
        )
        writes = (
            Write(
                practitioner(slot),
                (registered,),
                Owner(OwnerKind.PRACTITIONER, practitioner(slot)),
                after=0,
            ),
            Write(client, _file(client, case), owner, after=0, concerning=(client,)),
            Write(case, (_opened(case, (client,), slot),), owner, after=0, concerning=(client,)),
        )
        found.append((circumstances(slot, f"founding {slot}"), writes))
    return found


def _words(*parts: object, most: int = 120) -> FreeText:
    chance = Random("/".join(map(str, parts)))
    some = chance.choices(_TEXT.split(), k=chance.randint(3, most))
    return FreeText(f"{parts[0]}: {' '.join(some)}.")


def _file(client: ClientId, case: CaseId) -> tuple[Event, ...]:
    return (
        ClientRegistered(
            client=client,
            access_stream=_access_stream(client),
            consent_stream=StreamId(ident("consents", client)),
        ),
        ClientIdentified(
            given_name=f"Imię{client[:4]}",
            family_name=f"Nazwisko{client[4:8]}",
            birth_date=date(1990, 1, 1) + timedelta(days=int(client[:3], 16)),
            sex=Sex.FEMALE,
        ),
        ClientCaseLinked(case=case),
    )


def _opened(case: CaseId, clients: tuple[ClientId, ...], slot: int) -> CaseOpened:
    return CaseOpened(
        case=case,
        clients=clients,
        format=Format.INDIVIDUAL if len(clients) == 1 else Format.COUPLE,
        school=School.INTEGRATIVE,
        therapist=practitioner(slot),
    )


def _access_stream(client: ClientId) -> StreamId:
    return StreamId(ident("access", client))


def _owned(job: Job, stream: str, events: tuple[Event, ...], after: int | None = 0) -> Write:
    owner = Owner(OwnerKind.CLIENT, job.client)
    return Write(stream, events, owner, after, concerning=(job.client,))


def _client(job: Job, _: Version) -> tuple[Write, ...]:
    """New keys in front, item keys, three streams."""
    client, case = ClientId(ident("client", job.name)), CaseId(ident("case", job.name))
    owner, concerning = Owner(OwnerKind.CLIENT, client), (client,)
    note = replace(_drafted(job), case=case)
    return (
        Write(client, _file(client, case), owner, 0, concerning),
        Write(case, (_opened(case, concerning, job.slot),), owner, 0, concerning),
        Write(job.id, (note,), owner, 0, concerning),
    )


def _drafted(job: Job) -> NoteDrafted:
    return NoteDrafted(
        note=NoteId(job.id),
        case=standing_case(job.slot),
        author=practitioner(job.slot),
        kind=NoteKind.SESSION,
        occurred_at=NOW,
        text=_words(job.name, 1),
        late=False,
    )


def _note(job: Job, _: Version) -> tuple[Write, ...]:
    """One text under an item key."""
    return (_owned(job, job.id, (_drafted(job),)),)


def _signed(job: Job, _: Version) -> tuple[Write, ...]:
    """Three events in one stream, two texts."""
    note, case = NoteId(job.id), standing_case(job.slot)
    events = (
        _drafted(job),
        NoteRevised(note=note, case=case, text=_words(job.name, 2, most=400)),
        NoteSigned(
            note=note,
            case=case,
            author=practitioner(job.slot),
            role=Role.CLINICIAN,
            title="psychoterapeutka",
            registration=REGISTRATION,
            text_version=2,
        ),
    )
    return (_owned(job, note, events),)


def _session(job: Job, _: Version) -> tuple[Write, ...]:
    """An ordinary append of two events."""
    session, case, later = SessionId(job.id), standing_case(job.slot), NOW + timedelta(minutes=50)
    scheduled = SessionScheduled(
        session=session,
        case=case,
        therapist=practitioner(job.slot),
        starts_at=NOW,
        ends_at=later,
        room=f"gabinet {job.slot}",
    )
    held = SessionHeld(session=session, case=case, started_at=NOW, ended_at=later)
    return (_owned(job, session, (scheduled, held)),)


def _look(job: Job, _: Version) -> tuple[Write, ...]:
    """One line to a stream that many write to, without a command."""
    shown = Look(AccessKind.READ, "note", (Class.CLINICAL,), object=ItemId(job.id))
    entry = access.record_look(shown, job.client, origin=ORIGIN, now=NOW)
    return (_owned(job, _access_stream(job.client), (entry,), None),)


def _list(job: Job, _: Version) -> tuple[Write, ...]:
    """Such lines to four streams at once; two of them are written to by all the time."""
    query = Look(AccessKind.LIST, "caseload", (Class.ADMINISTRATIVE,), object=ItemId(job.id))
    staff = access.record_look(query, None, origin=ORIGIN, now=NOW)
    me = Owner(OwnerKind.PRACTITIONER, practitioner(job.slot))
    writes = [Write(ident("staff", job.slot), (staff,), me, None)]
    seen = Look(AccessKind.LIST_HIT, "caseload", (Class.ADMINISTRATIVE,), object=ItemId(job.id))
    others = (standing_client(slot) for slot in (SLOTS - 1, SLOTS - 2))
    for client in (job.client, *others):
        entry = access.record_look(seen, client, origin=ORIGIN, now=NOW)
        owner = Owner(OwnerKind.CLIENT, client)
        writes.append(Write(_access_stream(client), (entry,), owner, None, concerning=(client,)))
    return tuple(writes)


def _process(job: Job, _: Version) -> tuple[Write, ...]:
    """A text under an item key of its author's and the escrow's."""
    written = ProcessNoteWritten(
        note=NoteId(job.id),
        case=standing_case(job.slot),
        author=practitioner(job.slot),
        occurred_at=NOW,
        text=_words(job.name, 3),
    )
    return (_owned(job, job.id, (written,)),)


def _problem(job: Job, version: Version) -> tuple[Write, ...]:
    """An append to a stream that all writers of this slot have written to before."""
    case, client = standing_case(job.slot), job.client
    stated = CaseProblemStated(case=case, words=_words(job.name, 4), problem=ItemId("b1" * 16))
    owner = Owner(OwnerKind.CLIENT, client)
    return (Write(case, (stated,), owner, version(case), concerning=(client,)),)


def _team(job: Job, version: Version) -> tuple[Write, ...]:
    """Two events that must follow the version that the stream has."""
    case, colleague = standing_case(job.slot), practitioner((job.slot + 1) % SLOTS)
    events = (
        CaseTeamJoined(case=case, practitioner=colleague),
        CaseTeamLeft(case=case, practitioner=colleague),
    )
    return (_owned(job, case, events, version(case)),)


def _joint(job: Job, _: Version) -> tuple[Write, ...]:
    """Two new clients and a case with keys of its own: eight events in three streams."""
    case = CaseId(ident("joint", job.name))
    clients = (ClientId(ident("one", job.name)), ClientId(ident("other", job.name)))
    files = tuple(
        Write(each, _file(each, case), Owner(OwnerKind.CLIENT, each), 0, concerning=(each,))
        for each in clients
    )
    stated = CaseProblemStated(case=case, words=_words(job.name, 5), problem=ItemId("b2" * 16))
    events = (_opened(case, clients, job.slot), stated)
    return (*files, Write(case, events, Owner(OwnerKind.CASE, case), 0, concerning=clients))


def _consent(job: Job, _: Version) -> tuple[Write, ...]:
    """A frame event in a stream of its own; the other stream is one that many write to."""
    given = ConsentGiven(
        consent=ItemId(job.id),
        client=job.client,
        scope=Scope.THERAPY,
        purpose="psychoterapia",
        form=Form.WRITTEN,
    )
    return (_owned(job, ident("consent", job.name), (given,)), *_look(job, _))


_KINDS: dict[str, Callable[[Job, Version], tuple[Write, ...]]] = {
    "client": _client,
    "note": _note,
    "look": _look,
    "session": _session,
    "signed": _signed,
    "list": _list,
    "process": _process,
    "problem": _problem,
    "team": _team,
    "joint": _joint,
    "consent": _consent,
}
_EVERY_TIME = ("session", "look", "team", "list")
SCRIPT = tuple(kind for each in _KINDS if each not in _EVERY_TIME for kind in (*_EVERY_TIME, each))
WITHOUT_COMMAND = frozenset({"look", "list"})
