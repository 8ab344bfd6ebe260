"""A clinic of any size, built fast: many writes in one append, through the record's own door.

A *year* is 100 events of one client: four that open her file, 62 looks, eleven notes of which nine
are signed, seven sessions planned and held. Texts are real ones from ``../shared`` where they are.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import UUID

from api.compose import LIGHT, Clinic, create, open_clinic
from domain.access import Look, record_look
from domain.confidentiality import Class, Owner, OwnerKind
from domain.events import Event
from domain.events.access import AccessKind
from domain.events.case import CaseOpened
from domain.events.client import ClientCaseLinked, ClientIdentified, ClientRegistered, Sex
from domain.events.note import NoteDrafted, NoteKind, NoteSigned
from domain.events.practitioner import PractitionerRegistered
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

PASSPHRASE = "a benchmark keeps no secrets"  # noqa: S105 - it says so itself
ORIGIN = "bench.powiernik.invalid"
YEAR = 100
_TEXTS = Path(__file__).parents[2] / "shared/data/counselling-questions.csv"
_BEGIN = datetime(2026, 1, 5, 9, tzinfo=UTC)
_WEEK = timedelta(days=7)
_CLASSES = (Class.ADMINISTRATIVE, Class.CLINICAL)


@dataclass(frozen=True, slots=True)
class File:
    """A client, her streams and her case."""

    client: ClientId
    access_stream: StreamId
    consent_stream: StreamId
    case: CaseId

    @property
    def owner(self) -> Owner:
        """Whose keys."""
        return Owner(OwnerKind.CLIENT, self.client)


class World:
    """The people of a clinic and what they do; the same seed gives the same world."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)
        self.therapist = PractitionerId(self.new())
        self.staff_stream = StreamId(self.new())
        actor = Actor(ActorId(self.therapist), ActorKind.STAFF, (Role.CLINICIAN,))
        self.who = Circumstances(
            actor=actor,
            purpose=PurposeOfUse.TREAT,
            request=RequestId(str(UUID(self.new()))),
            session_reference=self.new(),
            network_address="10.20.30.40",
            application="powiernik-console 1",
            role=Role.CLINICIAN,
            mode=ActingMode.CARE,
            rule="clinician.care-team",
            policy_version=1,
        )

    def new(self) -> str:
        """An identifier."""
        return f"{self._random.getrandbits(128):032x}"

    def file(self) -> File:
        """Somebody who comes for therapy."""
        return File(
            ClientId(self.new()), StreamId(self.new()), StreamId(self.new()), CaseId(self.new())
        )

    def founding(self) -> Write:
        """The therapist joins the clinic."""
        joined = PractitionerRegistered(
            practitioner=self.therapist,
            staff_stream=self.staff_stream,
            given_name="Maria",
            family_name="Nowak",
            title="psychotherapist",
            registration=Registration(RegistrationKind.CERTIFICATE, "123", "PTP"),
            roles=(Role.CLINICIAN,),
            school=School.SYSTEMIC,
        )
        owner = Owner(OwnerKind.PRACTITIONER, self.therapist)
        return Write(self.therapist, (joined,), owner, after=0)

    def opening(self, file: File) -> Iterator[Write]:
        """Four events: her file and her case."""
        registered = ClientRegistered(
            client=file.client,
            access_stream=file.access_stream,
            consent_stream=file.consent_stream,
        )
        identified = ClientIdentified(
            given_name="Anna",
            family_name="Kowalska",
            birth_date=date(1990, 3, 14),
            sex=Sex.FEMALE,
            pesel="90031412345",
        )
        linked = ClientCaseLinked(case=file.case)
        opened = CaseOpened(
            case=file.case,
            clients=(file.client,),
            format=Format.INDIVIDUAL,
            school=School.SYSTEMIC,
            therapist=self.therapist,
        )
        yield _write(file, file.client, registered, identified, linked)
        yield _write(file, file.case, opened)

    def session(self, file: File, week: int) -> Iterator[Write]:
        """Two events: a session planned and held."""
        session, starts = SessionId(self.new()), _BEGIN + week * _WEEK
        scheduled = SessionScheduled(
            session=session,
            case=file.case,
            therapist=self.therapist,
            starts_at=starts,
            ends_at=starts + timedelta(minutes=50),
            room="2",
        )
        held = SessionHeld(
            session=session,
            case=file.case,
            started_at=starts,
            ended_at=starts + timedelta(minutes=50),
        )
        yield _write(file, session, scheduled)
        yield _write(file, session, held, after=1)

    def note(self, file: File, week: int, *, signed: bool = True) -> Iterator[Write]:
        """One or two events: a note drafted, and signed."""
        note = NoteId(self.new())
        drafted = NoteDrafted(
            note=note,
            case=file.case,
            author=self.therapist,
            kind=NoteKind.SESSION,
            occurred_at=_BEGIN + week * _WEEK,
            text=FreeText(words=self._random.choice(texts())),
            late=False,
        )
        yield _write(file, note, drafted)
        if signed:
            name = NoteSigned(
                note=note,
                case=file.case,
                author=self.therapist,
                role=Role.CLINICIAN,
                title="psychotherapist",
                registration=Registration(RegistrationKind.CERTIFICATE, "123", "PTP"),
                text_version=1,
            )
            yield _write(file, note, name, after=1)

    def look(self, file: File) -> Write:
        """One event: somebody looked at the case."""
        return look_at(file)

    def year(self, file: File) -> Iterator[Write]:
        """The hundred events of a client."""
        yield from self.opening(file)
        for week in range(11):
            for _ in range(6 if week < 7 else 5):
                yield self.look(file)
            yield from self.note(file, week, signed=week < 9)
            if week < 7:
                yield from self.session(file, week)

    def long_case(self, file: File, events: int) -> Iterator[Write]:
        """A case of so many events of its own: half sessions, half signed notes."""
        yield from self.opening(file)
        for week in range((events - 1) // 4):
            yield from self.session(file, week)
            yield from self.note(file, week)


def look_at(file: File) -> Write:
    """A look at a case, as ``domain.use_cases.desk.look`` writes it down."""
    shown = Look(
        AccessKind.READ, "case", _CLASSES, object=ItemId(file.case), relationship=file.case
    )
    entry = record_look(shown, file.client, origin=ORIGIN, now=_BEGIN)
    return Write(
        stream=file.access_stream,
        events=(entry,),
        owner=file.owner,
        after=None,
        concerning=(file.client,),
    )


def _write(file: File, stream: str, *events: Event, after: int = 0) -> Write:
    return Write(stream, events, file.owner, after=after, concerning=(file.client,))


@cache
def texts() -> tuple[str, ...]:
    """What notes say."""
    if _TEXTS.is_file():
        with _TEXTS.open(newline="") as lines:
            return tuple(each["answer"] for each in csv.DictReader(lines) if each["answer"])
    words = (
        "she",
        "spoke",
        "of",
        "her",
        "mother",
        "and",
        "how",
        "hard",
        "it",
        "was",
        "to",
        "leave",
    )
    choose = random.Random(1)
    return tuple(" ".join(choose.choices(words, k=choose.randint(60, 350))) for _ in range(500))


def make(folder: Path) -> Clinic:
    """An empty clinic."""
    create(folder, [PASSPHRASE], origin=ORIGIN, cost=LIGHT)
    return open_clinic(folder, PASSPHRASE)


def years(world: World, files: Iterable[File]) -> Iterator[list[Write]]:
    """A year of each client, ten clients in a batch."""
    batch: list[Write] = []
    for number, file in enumerate(files, start=1):
        batch += world.year(file)
        if number % 10 == 0:
            yield batch
            batch = []
    if batch:
        yield batch


def populate(clinic: Clinic, world: World, events: int) -> list[File]:
    """So many events of clients, a hundred each, and the therapist."""
    files = [world.file() for _ in range(events // YEAR)]
    clinic.folder.record.append_now((world.founding(),), world.who)
    for batch in years(world, files):
        clinic.folder.record.append_now(batch, world.who)
    return files
