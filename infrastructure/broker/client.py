"""The vault as a worker uses it whose keys are with the broker: the same methods, other hands.

What is read is opened by the broker, against a committed access entry; what a command decides on,
in its actor's name. For keys see ``keys``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgpack

from domain.confidentiality import Owner, OwnerKind
from domain.errors import RecordUnavailable, Sealed
from domain.events.access import AccessRecorded
from domain.ports import Recorded
from domain.rows import Content, Fingerprints, Place, Under
from domain.values import Circumstances, FreeText, Receipt
from infrastructure.broker.keys import Owe, RemoteKeyring, SomebodysKeys, claim, portions
from infrastructure.broker.line import Line
from infrastructure.broker.protocol import Ask
from infrastructure.vault import cells
from infrastructure.vault.port import Payloads, SealedRow

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
MOST_OWED = 10_000
HEARD_SECONDS = 2
"""How long an answer to how the broker fares is good."""


class RemoteBroker:
    """From a receipt to an opening, across the socket; a ticket is a claim, not a secret."""

    def __init__(self, line: Line, keyring: RemoteKeyring) -> None:
        self._line = line
        self._keyring = keyring
        self._lock = threading.Lock()
        self._owed: dict[tuple[str, str], set[Owner]] = {}
        self._heard: tuple[list[tuple[int, str]], float] | None = None

    def ticket(
        self,
        who: Circumstances,
        position: int,
        entry: AccessRecorded,
        owners: Iterable[Owner],
    ) -> bytes:
        """The claim that an access entry stands at this position; the broker looks for itself."""
        del entry
        ticket: bytes = msgpack.packb(
            [claim(who), position, [[int(each.kind), each.id] for each in owners]]
        )
        return ticket

    def open(self, receipt: Receipt) -> RemoteOpening:
        """What the receipt's entries let their reader open.

        Raises:
            RecordUnavailable: The broker finds no such entries, or has opened against them before.
        """
        entries, who = [], None
        for each in map(_ticket, receipt.tickets):
            whose, position, owners = each
            if who not in (None, whose) or not receipt.first <= position <= receipt.last:
                raise RecordUnavailable
            who = whose
            entries.append([position, owners])
        if who is None:
            raise RecordUnavailable
        (grant,) = self._line.ask(Ask.REDEEM, who, entries)
        return RemoteOpening(self._line, grant)

    def standing(self, receipt: Receipt) -> RemoteOpening:
        """A follower's standing grant.

        Raises:
            RecordUnavailable: The receipt is not that of one fresh batch entry.
        """
        try:
            ((whose, position, _),) = map(_ticket, receipt.tickets)
        except ValueError:
            raise RecordUnavailable from None
        (grant,) = self._line.ask(Ask.STANDING, whose, position)
        return RemoteOpening(self._line, grant)

    def keyring(self, who: Circumstances) -> SomebodysKeys:
        """The keys with which somebody writes."""
        return SomebodysKeys(self._keyring, who, self._owe)

    def folding(self, who: Circumstances | None) -> RemoteFolding:
        """How the events that a command decides on are opened: in its actor's name.

        Raises:
            RecordUnavailable: It is nobody's.
        """
        if who is None:
            raise RecordUnavailable
        return RemoteFolding(self._line, who, self._owe)

    def owed(self, who: Circumstances) -> frozenset[Owner]:
        """Of whom a request was given something for which the log may show nothing; asked once."""
        with self._lock:
            return frozenset(self._owed.pop((who.actor.id, who.request), ()))

    def _owe(self, who: Circumstances, owners: Iterable[Owner]) -> None:
        with self._lock:
            if len(self._owed) >= MOST_OWED:
                # Outside a request nobody asks for it; the broker keeps its own count.
                self._owed.clear()
            self._owed.setdefault((who.actor.id, who.request), set()).update(owners)

    def sealer(
        self, opening: RemoteOpening, clinic: Owner, fingerprints: Fingerprints
    ) -> RemoteSealer:
        """What a follower seals cells with: the broker does it."""
        del clinic, fingerprints
        return RemoteSealer(self._line, opening)

    def alarms(self) -> list[tuple[int, str]]:
        """The number and code of each alarm that nobody has settled, as of a moment ago.

        Raises:
            RecordUnavailable: The broker does not answer.
        """
        now = time.monotonic()
        if self._heard is None or self._heard[1] < now:
            # One asks; the others go on with what was known, also while the broker does not answer.
            known = [] if self._heard is None else self._heard[0]
            self._heard = known, now + HEARD_SECONDS
            told = [(number, code) for number, code, _, _ in self._line.ask(Ask.STATE)]
            self._heard = told, time.monotonic() + HEARD_SECONDS
        return self._heard[0]


class RemoteOpening:
    """What one grant opens; every answer comes from the broker."""

    def __init__(self, line: Line, grant: bytes) -> None:
        self._line = line
        self.grant = grant
        self.live = True
        """Whether the broker still knew it when it was last asked."""

    def words(self, text: FreeText) -> str:
        """The words of a closed text that one of the access entries names."""
        if text.words is not None:
            return text.words
        if text.sealed is None:
            raise Sealed
        found: str = self._one(Ask.WORDS, text.sealed)
        return found

    def cell(self, sealed: bytes, place: Place) -> Content:
        """The content of a cell that one of the access entries covers."""
        return cells.unpack(self._one(Ask.CELLS, [sealed, _where(place)]))

    def cells(self, sealed: Iterable[tuple[bytes, Place]]) -> list[Content | None]:
        """``cell`` for many, in few requests; ``None`` in place of one whose key is destroyed."""
        asked = [[cell, _where(place)] for cell, place in sealed]
        found: list[Content | None] = []
        for some in portions(asked, lambda each: len(each[0])):
            opened = self._ask(Ask.CELLS, some)
            found += [None if plain is None else cells.unpack(plain) for plain in opened]
        return found

    def chunk(self, sealed: bytes) -> bytes:
        """What a piece of an attachment holds that one of the access entries names."""
        found: bytes = self._one(Ask.CHUNKS, sealed)
        return found

    def entry_key(self, key_id: bytes, log_id: bytes, stream_id: bytes, version: int) -> bytes:
        """The key of one entry of an access log that the look covers."""
        found: bytes = self._one(Ask.ENTRY_KEYS, [key_id, log_id, stream_id, version])
        return found

    def records(self, rows: Sequence[SealedRow]) -> Payloads:
        """The payloads of events that the look covers."""
        return _payloads(rows, lambda some: self._ask(Ask.RECORDS, some))

    def _ask(self, ask: Ask, sealed: list[Any]) -> list[Any]:
        try:
            return self._line.ask(ask, self.grant, sealed)
        except RecordUnavailable:
            self.live = False
            raise

    def _one(self, ask: Ask, sealed: Any) -> Any:
        (found,) = self._ask(ask, [sealed])
        if found is None:
            raise Sealed
        return found


class RemoteFolding:
    """Opens the events that a command decides on."""

    def __init__(self, line: Line, who: Circumstances, owe: Owe) -> None:
        self._line = line
        self._who = who
        self._owe = owe

    def owes(self, events: Iterable[Recorded]) -> None:
        """Remember that the log has to show what she did with these."""
        for each in events:
            clients = (Owner(OwnerKind.CLIENT, client) for client in each.concerning)
            self._owe(self._who, (each.owner, *clients))

    def chunk(self, sealed: bytes) -> bytes:
        """What a piece of an attachment holds that she is storing."""
        (found,) = self._line.ask(Ask.FOLD_CHUNKS, claim(self._who), [sealed])
        return bytes(found)

    def records(self, rows: Sequence[SealedRow]) -> Payloads:
        """The payloads of these events."""
        return _payloads(rows, lambda some: self._line.ask(Ask.FOLD, claim(self._who), some))


class RemoteSealer:
    """Seals a follower's cells at the broker."""

    def __init__(self, line: Line, opening: RemoteOpening) -> None:
        self._line = line
        self._grant = opening.grant

    def fingerprint(self, field: str, value: str) -> str:
        """What stands in the clear for a value."""
        (found,) = self._line.ask(Ask.FINGERPRINT, field, value, self._grant)
        return bytes(found).hex()

    def seal(self, under: Under, content: Content, place: Place) -> tuple[bytes, bytes] | None:
        """A cell and its digest, or ``None`` where the key has been destroyed."""
        return self.seal_all([(under, content, place)])[0]

    def seal_all(
        self, sealing: Iterable[tuple[Under, Content, Place]]
    ) -> list[tuple[bytes, bytes] | None]:
        """``seal`` for many, in few requests."""
        asked = [
            [
                [int(under.owner.kind), under.owner.id],
                int(under.label.purpose),
                int(under.label.cls),
                (under.at - _EPOCH) // _MILLISECOND,
                _where(place),
                msgpack.packb(content),
            ]
            for under, content, place in sealing
        ]
        found: list[tuple[bytes, bytes] | None] = []
        for some in portions(asked, lambda each: len(each[5])):
            for sealed in self._line.ask(Ask.SEAL_CELLS, self._grant, some):
                found += [None if sealed is None else (sealed[0], sealed[1])]
        return found


def _ticket(ticket: bytes) -> tuple[list[str], int, list[Any]]:
    try:
        who, position, owners = msgpack.unpackb(ticket)
    except (ValueError, TypeError, msgpack.UnpackException):
        raise RecordUnavailable from None
    if type(who) is not list or type(position) is not int:
        raise RecordUnavailable
    return who, position, owners


def _payloads(rows: Sequence[SealedRow], ask: Callable[[list[Any]], list[Any]]) -> Payloads:
    found: Payloads = {}
    for some in portions(list(rows), lambda row: len(row.record)):
        opened = ask([list(row) for row in some])
        found.update(zip((row.position for row in some), opened, strict=True))
    return found


def _where(place: Place) -> list[Any]:
    return [place.view, place.table, list(place.key), place.position]
