"""What a worker asks that has been broken into: the broker's own words, without the client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from domain.confidentiality import Class, Owner, OwnerKind
from domain.errors import NotThere, RecordUnavailable
from domain.events.access import AccessKind, AccessRecorded, Action
from domain.ports import Write
from domain.values import ClientId, Receipt
from infrastructure.broker.client import RemoteOpening
from infrastructure.broker.line import Line
from infrastructure.broker.protocol import VERSION, Ask
from infrastructure.errors import Broken, KeyGone
from tests.support import ink
from tests.support.brokers import House
from tests.support.clinic import SmallClinic


@dataclass(frozen=True)
class Intruder:
    """Somebody in a worker's place: it has what a worker has, and asks what it likes."""

    house: House
    clinic: SmallClinic
    line: Line

    def looks(
        self,
        client: ClientId,
        *,
        actor: str | None = None,
        request: str | None = None,
        stream: str | None = None,
        kind: AccessKind = AccessKind.READ,
        classes: tuple[Class, ...] = (Class.ADMINISTRATIVE, Class.CLINICAL),
    ) -> tuple[list[str], int, Receipt]:
        """A look that is really committed: who claims it, where it stands."""
        folder = self.clinic.clinic.folder
        frame, _ = self.clinic.desk.client(client)
        who = self.clinic.who(actor or self.clinic.people.anna)
        event = AccessRecorded(
            kind=kind,
            action=Action.READ,
            object_type="note",
            classes=classes,
            origins=("the clinic",),
            retain_until=ink.NOW.date(),
            retention_rule="test",
            visible_to_client=True,
            client=client,
        )
        own = Owner(OwnerKind.CLIENT, client)
        where = stream or (frame.access_stream if frame else "")
        write = Write(where, (event,), own, after=None, concerning=(client,), opens=(own,))
        receipt = folder.record.append_now((write,), who)
        return [who.actor.id, request or str(who.request)], receipt.last, receipt

    def redeems(self, claim: list[str], position: int, *clients: str) -> RemoteOpening:
        """Ask for an opening against an entry."""
        owners = [[int(OwnerKind.CLIENT), each] for each in clients]
        (grant,) = self.line.ask(Ask.REDEEM, claim, [[position, owners]])
        return RemoteOpening(self.line, grant)

    def ask(self, ask: Ask, *fields: Any) -> list[Any]:
        """Ask anything."""
        return self.line.ask(ask, *fields)

    def content_rows(self, client: ClientId) -> list[Any]:
        """The sealed rows of a client's file that lie under a key to content."""
        folder = self.clinic.clinic.folder
        rows = folder.store.stream(bytes.fromhex(client))
        mapper = folder.record.mapper
        return [list(mapper.sealed(row)) for row in rows if (mapper.purpose(row) or 0) == 1]


@contextmanager
def broken_into(house: House) -> Iterator[Intruder]:
    """A worker of a house, in somebody else's hands."""
    with house.worker() as clinic:
        line = house.line()
        try:
            line.ask(Ask.HELLO, VERSION)
            yield Intruder(house, clinic, line)
        finally:
            line.close()


def outcome(call: Any) -> str:
    """How a request ends."""
    try:
        call()
    except RecordUnavailable:
        return "refused"
    except NotThere:
        return "not there"
    except KeyGone:
        return "gone"
    except Broken as broken:
        return broken.code
    return "given"


def somebody() -> str:
    """An id that nobody has."""
    return token_hex(16)
