"""The stage: every act of the demonstration, done through the use cases that HTTP calls too.

It keeps what each act named (ids, versions, words), so that the next act can refer to it, and
compares everything that is read with what was written.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import uuid4

from api.compose import Clinic, FolderRefused
from api.demo.cast import Person, purpose_of
from api.demo.clock import StoryClock
from domain.errors import NotPermitted, NotThere
from domain.ports import Opening
from domain.use_cases.desk import Desk
from domain.values import (
    ActorId,
    ActorKind,
    CaseId,
    Circumstances,
    ClientId,
    Command,
    ItemId,
    NoteId,
    PractitionerId,
    PurposeOfUse,
    Receipt,
    RequestId,
    Role,
    SessionId,
)

PATIENCE = 120.0
"""Seconds that the play waits for its projections."""
_BETWEEN_ACTS = timedelta(seconds=47)


class NotAsWritten(Exception):
    """A text that was read back is not the text that was written."""

    def __init__(self) -> None:
        super().__init__("A text that was read back differs from the text that was recorded.")


def command_of(*words: str) -> Command:
    """A command that is the same whenever its words are."""
    text = "\0".join(words)
    return Command(f"demo-{sha256(text.encode()).hexdigest()[:32]}", sha256(text.encode()).digest())


@dataclass(frozen=True, slots=True)
class Written:
    """A note or process note of the play; ``words`` as they stand now."""

    id: NoteId
    case: CaseId
    version: int
    words: str


@dataclass(frozen=True, slots=True)
class Booked:
    """A session of the play."""

    id: SessionId
    case: CaseId
    starts_at: datetime
    ends_at: datetime
    version: int = 1


class Stage:
    """An open clinic with the people, cases, notes and sessions of the play so far."""

    def __init__(self, clinic: Clinic) -> None:
        self.clinic = clinic
        self.desk: Desk = clinic.desk
        self.people: dict[str, Person] = {}
        self.cases: dict[str, CaseId] = {}
        self.notes: dict[str, Written] = {}
        self.sessions: dict[str, Booked] = {}
        self.consents: dict[str, tuple[ClientId, ItemId]] = {}
        self.done: Counter[str] = Counter()
        self.last = -1

    # Circumstances

    def who(self, person: str, purpose: PurposeOfUse | None = None) -> Circumstances:
        """The circumstances of a person's next act; what she may do, the record says each time."""
        known = self.people[person]
        return Circumstances(
            actor=self.desk.actor(known.kind, known.id),
            purpose=purpose or known.purpose,
            request=RequestId(uuid4().hex),
            session_reference=sha256(known.id.encode()).hexdigest()[:16],
            network_address=known.address,
            application="powiernik demo",
        )

    def client(self, key: str) -> ClientId:
        """A client's id."""
        return ClientId(self.people[key].id)

    def practitioner(self, key: str) -> PractitionerId:
        """A practitioner's id."""
        return PractitionerId(self.people[key].id)

    def move(self, to: datetime) -> datetime:
        """Let the story go on to an instant, if it has a clock of its own."""
        if isinstance(self.clinic.clock, StoryClock):
            self.clinic.clock.move(to)
        return to

    def _enter(self, key: str, name: str, actor: str, kind: ActorKind, role: Role) -> None:
        address = f"192.0.2.{10 + len(self.people)}"
        self.people[key] = Person(key, name, ActorId(actor), kind, purpose_of(role), address)

    async def _did(self, what: str, act: Awaitable[Receipt]) -> Receipt:
        receipt = await act
        if receipt.repeated:
            msg = "The demonstration sent a command twice by mistake."
            raise AssertionError(msg)
        self._count(what, receipt)
        return receipt

    async def did(self, what: str, act: Awaitable[Receipt]) -> Receipt:
        """An act that a scene of its own does at the desk."""
        return await self._did(what, act)

    async def see(
        self, what: str, act: Awaitable[tuple[Opening, Receipt]], *, wait: bool = True
    ) -> Opening:
        """An act that is a look: recorded, then opened, once the projections show it."""
        opening, receipt = await act
        self._count(what, receipt)
        if wait:
            await self.reach(receipt.last)
        return opening

    def _count(self, what: str, receipt: Receipt) -> None:
        self.done[what] += 1
        self.last = max(self.last, receipt.last)
        self.move(self.clinic.clock.now() + _BETWEEN_ACTS)

    def counted(self, what: str, receipt: Receipt) -> None:
        """Count an act that a scene of its own did at the desk."""
        self._count(what, receipt)

    async def reach(self, position: int) -> None:
        """Wait until the projections show a position; where nobody follows, bring them there."""
        if self.clinic.views.position() >= position:
            return
        try:
            await asyncio.to_thread(self.clinic.catch_up)
        except FolderRefused:
            await self.clinic.reach(position, seconds=PATIENCE)

    async def refused(self, act: Awaitable[object]) -> None:
        """An act that the clinic says no to; the denial is in the record.

        Raises:
            AssertionError: It was not refused.
        """
        try:
            await act
        except (NotThere, NotPermitted):
            self.done["refused"] += 1
            self.move(self.clinic.clock.now() + _BETWEEN_ACTS)
            return
        msg = "The demonstration expected a refusal."
        raise AssertionError(msg)
