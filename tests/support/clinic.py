"""A small real clinic to act in: a data folder on disk, its own clock, and people to act as.

One data folder is founded per session (``found``) and copied for each test (``small_clinic``); the
copy is opened with the key-encryption key that the session has unlocked, so that no test waits for
Argon2. Everything else is as in service: SQLite, fsync, the vault, the ledger, the committer.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from api.compose import Clinic, Views, compose
from domain.events.client import ClientContactChanged, ClientIdentified, Sex
from domain.events.note import NoteKind
from domain.note import NewNote
from domain.ports import Opening
from domain.use_cases import (
    administrator,
    cases,
    compliance,
    notes,
    process_notes,
    registration,
    sessions,
    signing,
)
from domain.use_cases.administrator import NewPractitioner
from domain.use_cases.cases import NewCase
from domain.use_cases.desk import Desk
from domain.use_cases.sessions import NewSession
from domain.values import (
    Actor,
    ActorId,
    ActorKind,
    CaseId,
    Circumstances,
    ClientId,
    Command,
    Format,
    FreeText,
    NoteId,
    PractitionerId,
    PurposeOfUse,
    Receipt,
    Registration,
    RegistrationKind,
    RequestId,
    Role,
    School,
    SessionId,
)
from infrastructure.folder import open_with
from infrastructure.founding import create
from infrastructure.vault.custody import LIGHT, Custody, open_custody
from projections.entries import Entry
from tests.support import softhsm

PASSPHRASE = "a small clinic keeps its secrets"
FOUNDED = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
"""A Monday; no test depends on the day on which it runs."""

Result = TypeVar("Result")

_PURPOSES = {
    Role.CLINICIAN: PurposeOfUse.TREAT,
    Role.RECEPTION: PurposeOfUse.HOPERAT,
    Role.COMPLIANCE: PurposeOfUse.ACCESS_REVIEW,
    Role.ADMINISTRATOR: PurposeOfUse.HSYSADMIN,
    Role.CLIENT: PurposeOfUse.PATRQT,
    Role.INTEGRATION: PurposeOfUse.HOPERAT,
}
_REQUESTS = count(1)


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self, instant: datetime = FOUNDED) -> None:
        self.instant = instant

    def now(self) -> datetime:
        """Where the hands stand."""
        return self.instant

    def move(self, by: timedelta) -> None:
        """Move the hands; backwards too, as clocks do."""
        self.instant += by


@dataclass(frozen=True, slots=True)
class People:
    """Who is there from the first day: staff, and one client who has no sign-in."""

    administrator: PractitionerId
    anna: PractitionerId
    bartek: PractitionerId
    reception: PractitionerId
    officer: PractitionerId
    client: ClientId


@dataclass(frozen=True, slots=True)
class Founded:
    """A data folder to copy, and what is needed to use the copy."""

    folder: Path
    custody: Custody
    people: People


@dataclass(frozen=True, slots=True)
class SmallClinic:
    """An open clinic, its people and its clock."""

    clinic: Clinic
    people: People
    clock: HandClock
    runner: asyncio.Runner

    @property
    def desk(self) -> Desk:
        """Where use cases stand."""
        return self.clinic.desk

    @property
    def views(self) -> Views:
        """The projections; ``catch_up`` brings them up to date."""
        return self.clinic.views

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run a use case to its end."""
        return self.runner.run(work)

    def catch_up(self) -> None:
        """Let every projection show everything that is in the record."""
        self.clinic.catch_up()

    # Who acts

    def actor(self, actor_id: str) -> Actor:
        """The actor as the record knows her now."""
        for kind in (ActorKind.STAFF, ActorKind.CLIENT, ActorKind.INTEGRATION):
            found = self.desk.actor(kind, ActorId(actor_id))
            if found.roles:
                return found
        return self.desk.actor(ActorKind.STAFF, ActorId(actor_id))

    def who(self, actor_id: str, purpose: PurposeOfUse | None = None) -> Circumstances:
        """A fresh request of somebody, for the purpose that is usual in her role."""
        actor = self.actor(actor_id)
        usual = _PURPOSES.get(actor.roles[0]) if actor.roles else None
        return Circumstances(
            actor=actor,
            purpose=purpose or usual or PurposeOfUse.TREAT,
            request=RequestId(f"request-{next(_REQUESTS)}"),
            session_reference="sitting at a desk",
            network_address="192.0.2.7",
            application="tests",
        )

    def version(self, stream: str) -> int:
        """How many events a stream has: what a change of it must expect."""
        return self.clinic.folder.record.frame(stream, _nothing)[1]

    # What is often done

    def register_client(self, given_name: str = "Zofia", *, by: str | None = None) -> ClientId:
        """Open a file for somebody."""
        identity = ClientIdentified(
            given_name=given_name,
            family_name="Zielińska",
            birth_date=date(1988, 5, 17),
            sex=Sex.FEMALE,
        )
        contact = ClientContactChanged(phone="+48 600 100 200")
        receipt = self.run(
            registration.register_client(
                self.desk,
                self.who(by or self.people.reception),
                registration.Registration(identity, contact),
                command=command(),
            )
        )
        return ClientId(receipt.named("client"))

    def open_case(
        self,
        *clients: ClientId,
        by: str | None = None,
        room: Format = Format.INDIVIDUAL,
        nobody: bool = False,
    ) -> CaseId:
        """Begin a therapy; Anna's with the client of the first day, unless told otherwise.

        With ``nobody`` it is a group's that is being formed.
        """
        receipt = self.run(
            cases.open_case(
                self.desk,
                self.who(by or self.people.anna),
                NewCase(
                    clients or (() if nobody else (self.people.client,)), room, School.SYSTEMIC
                ),
                command=command(),
            )
        )
        return CaseId(receipt.named("case"))

    def draft_note(
        self, case: CaseId, words: str = "She slept better.", *, by: str | None = None
    ) -> NoteId:
        """Begin a note."""
        new = NewNote(NoteKind.SESSION, self.clock.now(), FreeText(words))
        who = self.who(by or self.people.anna)
        receipt = self.run(notes.draft_note(self.desk, who, case, new, command=command()))
        return NoteId(receipt.named("note"))

    def sign_note(self, case: CaseId, note: NoteId, *, by: str | None = None) -> Receipt:
        """Sign a note as it stands."""
        return self.run(
            signing.sign_note(
                self.desk,
                self.who(by or self.people.anna),
                case,
                note,
                expected=self.version(note),
                command=command(),
            )
        )

    def write_process_note(
        self, case: CaseId, words: str = "I was impatient.", *, by: str | None = None
    ) -> NoteId:
        """Write what is the author's alone."""
        receipt = self.run(
            process_notes.write_process_note(
                self.desk,
                self.who(by or self.people.anna),
                case,
                self.clock.now(),
                FreeText(words),
                command=command(),
            )
        )
        return NoteId(receipt.named("process_note"))

    def schedule_session(self, case: CaseId, *, by: str | None = None) -> SessionId:
        """Set tomorrow's hour aside."""
        starts = self.clock.now() + timedelta(days=1)
        new = NewSession(starts, starts + timedelta(minutes=50), "2", despite_clashes=True)
        who = self.who(by or self.people.anna)
        receipt = self.run(sessions.schedule_session(self.desk, who, case, new, command=command()))
        return SessionId(receipt.named("session"))

    def join_team(self, case: CaseId, practitioner: PractitionerId) -> Receipt:
        """Let a colleague of Anna's care for a case."""
        return self.run(
            cases.join_team(
                self.desk,
                self.who(self.people.anna),
                case,
                practitioner,
                expected=self.version(case),
                command=command(),
            )
        )

    def leave_team(self, case: CaseId, practitioner: PractitionerId) -> Receipt:
        """Let a colleague of Anna's no longer care for a case."""
        return self.run(
            cases.leave_team(
                self.desk,
                self.who(self.people.anna),
                case,
                practitioner,
                expected=self.version(case),
                command=command(),
            )
        )

    # What was written down

    def access_log(self, client: ClientId) -> list[Entry]:
        """A client's access log as the compliance officer reads it, the newest line first."""
        opening, _ = self.officers_look(client)
        return self.views.access_log.of(client, opening)

    def officers_look(self, client: ClientId) -> tuple[Opening, Receipt]:
        """The compliance officer's look at a client's access log, with projections up to date."""
        who = self.who(self.people.officer)
        found = self.run(compliance.look_at_access_log(self.desk, who, client))
        self.catch_up()
        return found

    def last_position(self) -> int:
        """Where the record ends."""
        return self.clinic.last_position()


def command(words: str = "", name: str | None = None) -> Command:
    """A fresh command; with a name and the same words it is a retry."""
    return Command(name or uuid4().hex, sha256(words.encode()).digest())


def found(folder: Path, *more: str) -> Founded:
    """Make a data folder with its first people; ``more`` are further holders' passphrases."""
    clock = HandClock()
    settings, pin = softhsm.founding()
    create(
        folder,
        [PASSPHRASE, *more],
        origin="tests.powiernik.invalid",
        cost=LIGHT,
        clock=clock,
        custody=settings,
        secret=pin,
    )
    custody = open_custody(folder, pin or PASSPHRASE)
    clinic = compose(open_with(folder, custody, clock=clock))
    try:
        people = asyncio.run(_first_people(clinic))
    finally:
        clinic.close()
    return Founded(folder, custody, people)


@contextmanager
def small_clinic(
    founded: Founded, folder: Path, *, later: timedelta = timedelta(hours=1)
) -> Iterator[SmallClinic]:
    """A copy of the founded clinic, open until the end of the block."""
    shutil.copytree(founded.folder, folder)
    clock = HandClock(FOUNDED + later)
    with asyncio.Runner() as runner, softhsm.apart(folder, founded.custody) as custody:
        clinic = compose(open_with(folder, custody, clock=clock))
        try:
            yield SmallClinic(clinic, founded.people, clock, runner)
        finally:
            clinic.close()


async def _first_people(clinic: Clinic) -> People:
    desk = clinic.desk

    async def join(given_name: str, *roles: Role) -> PractitionerId:
        receipt = await administrator.found_practitioner(
            desk, clinic.system("founding"), _newcomer(given_name, roles)
        )
        return PractitionerId(receipt.named("practitioner"))

    boss = await join("Alicja", Role.ADMINISTRATOR)
    anna = await join("Anna", Role.CLINICIAN)
    bartek = await join("Bartek", Role.CLINICIAN)
    front_desk = await join("Renata", Role.RECEPTION)
    officer = await join("Olga", Role.COMPLIANCE)
    who = Circumstances(
        actor=desk.actor(ActorKind.STAFF, ActorId(front_desk)),
        purpose=PurposeOfUse.HOPERAT,
        request=RequestId("founding"),
    )
    identity = ClientIdentified(
        given_name="Klara", family_name="Kowal", birth_date=date(1990, 3, 14), sex=Sex.FEMALE
    )
    receipt = await registration.register_client(
        desk, who, registration.Registration(identity), command=command()
    )
    return People(boss, anna, bartek, front_desk, officer, ClientId(receipt.named("client")))


def _newcomer(given_name: str, roles: tuple[Role, ...]) -> NewPractitioner:
    standing = Registration(RegistrationKind.NONE)
    if Role.CLINICIAN in roles:
        standing = Registration(RegistrationKind.CERTIFICATE, "417", "PTP")
    return NewPractitioner(given_name, "Nowak", "psychotherapist", standing, roles)


def _nothing(events: object) -> None:
    del events
