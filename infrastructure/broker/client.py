"""The vault as a worker uses it whose keys are with the broker: the same methods, other hands.

Keys of policy and access log are kept for a time, as in a process that has custody. A key to
content is there for one append and dropped with it. What is read is opened by the broker.
"""

from __future__ import annotations

import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgpack

from domain.confidentiality import Class, KeyPurpose, Label, Owner, OwnerKind
from domain.errors import RecordUnavailable, Sealed
from domain.events.access import AccessRecorded
from domain.ports import CONTENT, Recorded
from domain.rows import Content, Fingerprints, Place, Under
from domain.values import Circumstances, FreeText, Receipt
from infrastructure.broker.line import Line
from infrastructure.broker.protocol import MOST_BYTES, MOST_TOGETHER, Ask
from infrastructure.errors import Broken
from infrastructure.vault import cells
from infrastructure.vault.keyring import KEPT_SECONDS, MOST_KEPT
from infrastructure.vault.keyrows import StoredItem
from infrastructure.vault.keys import KeyPlace, SubjectKey
from infrastructure.vault.port import ItemKey, Owners, Payloads, SealedRow

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_HEAVY = MOST_BYTES // 2
_ENTRY = struct.Struct(">Q")
MOST_OWED = 10_000
HEARD_SECONDS = 2
"""How long an answer to how the broker fares is good."""

Owe = Callable[[Circumstances, Iterable[Owner]], None]


class NotHere(SubjectKey):
    """A key that stays with the broker: what is known of it is its place and its check value.

    Every subkey is derived from the secret, so that there is none here.
    """

    def __init__(self, place: KeyPlace, check_value: bytes) -> None:
        self.place = place
        self.__dict__["check_value"] = check_value

    @property
    def _secret(self) -> bytes:  # type: ignore[override]  # nothing is kept in its place
        raise RecordUnavailable


class RemoteKeyring:
    """Keys that the broker gives, and those that it has given."""

    def __init__(self, line: Line, rung: Callable[[], int]) -> None:
        self._line = line
        self._bell = rung
        self._heard = rung()
        self._lock = threading.Lock()
        self._tags: dict[Owner, bytes] = {}
        self._places: dict[bytes, KeyPlace] = {}
        self._open: dict[bytes, tuple[SubjectKey, float]] = {}
        self._sealing: dict[tuple[Owner, Label, int], tuple[SubjectKey, float]] = {}
        self._unlogged: dict[bytes, list[bytes]] = {}

    def rung(self) -> int:
        """How often the bell has been rung; what was at hand before it is dropped."""
        count = self._bell()
        if count != self._heard:
            self.forget()
            self._heard = count
        return count

    def tag(self, owner: Owner) -> bytes:
        """The pseudonym under which a subject's keys are kept and logged."""
        known = self._tags.get(owner)
        if known is None:
            (known,) = self._line.ask(Ask.TAGS, [[int(owner.kind), owner.id]])
            _keep(self._tags, owner, known)
        return known

    def place(self, key_id: bytes) -> KeyPlace | None:
        """What a key is for; ``None`` for a key that is not known."""
        known = self._places.get(key_id)
        if known is None:
            (found,) = self._line.ask(Ask.PLACE, key_id)
            if found is None:
                return None
            tag, purpose, cls, epoch = found
            known = KeyPlace(key_id, tag, Label(KeyPurpose(purpose), Class(cls)), epoch)
            _keep(self._places, key_id, known)
        return known

    def for_opening(self, key_id: bytes) -> SubjectKey:
        """A key that policy or log needs.

        Raises:
            RecordUnavailable: It opens content, which the broker does itself.
            KeyGone: It has been destroyed.
        """
        self.rung()
        kept = self._open.get(key_id)
        if kept is not None and kept[1] >= time.monotonic():
            return kept[0]
        place = self.place(key_id)
        if place is None:
            raise Broken("E-KEYSTATE", "a key that is not in the key store")
        if place.label.purpose in CONTENT:
            raise RecordUnavailable
        (secret,) = self._line.ask(Ask.POLICY_KEY, key_id)
        key = SubjectKey(place, secret)
        _keep(self._open, key_id, (key, time.monotonic() + KEPT_SECONDS))
        return key

    def for_sealing(self, owner: Owner, label: Label, now: datetime) -> SubjectKey | None:
        """A key that is at hand; one to content never is."""
        self.rung()
        kept = self._sealing.get((owner, label, now.year))
        if kept is None or kept[1] < time.monotonic():
            return None
        return kept[0]

    def existing(self, owner: Owner, label: Label, at: datetime, position: int) -> SubjectKey:
        """Not here: cells are sealed by the broker.

        Raises:
            RecordUnavailable: Always.
        """
        raise RecordUnavailable

    def make(
        self,
        wanted: Iterable[tuple[Owner, Label]],
        now: datetime,
        who: Circumstances | None = None,
    ) -> dict[tuple[Owner, Label], SubjectKey]:
        """The keys that an append needs.

        Raises:
            RecordUnavailable: The broker gives none of them, or not to her.
            KeyGone: What would be written belongs to somebody who has been erased.
        """
        self.rung()
        asked = list(dict.fromkeys(wanted))
        found: dict[tuple[Owner, Label], SubjectKey] = {}
        for some in _some(asked, lambda _: 0):
            fields = [
                [[int(owner.kind), owner.id], int(label.purpose), int(label.cls)]
                for owner, label in some
            ]
            made = self._line.ask(Ask.MAKE, fields, claim(who))
            for each, given in zip(some, made, strict=True):
                found[each] = self._made(*each, now, given)
        return found

    def _made(self, owner: Owner, label: Label, now: datetime, given: list[Any]) -> SubjectKey:
        key_id, tag, purpose, cls, epoch, check_value, unlogged, secret, retired = given
        place = KeyPlace(key_id, tag, Label(KeyPurpose(purpose), Class(cls)), epoch)
        key = NotHere(place, check_value) if secret is None else SubjectKey(place, secret)
        _keep(self._places, key_id, place)
        if unlogged:
            self._unlogged[key_id] = retired
        elif label.purpose not in CONTENT:
            until = time.monotonic() + KEPT_SECONDS
            _keep(self._sealing, (owner, label, now.year), (key, until))
        return key

    def retire(
        self, owner: Owner, purpose: KeyPurpose, who: Circumstances | None = None
    ) -> list[bytes]:
        """Let the next append begin a new epoch of these keys."""
        return self._line.ask(Ask.RETIRE, [int(owner.kind), owner.id], int(purpose), claim(who))

    def retired_before(self, key: SubjectKey) -> list[bytes]:
        """The retired epochs before a key that is new."""
        return self._unlogged.get(key.key_id, [])

    def unlogged(self, key: SubjectKey) -> bool:
        """Whether the key's making has still to be written into the log."""
        return key.key_id in self._unlogged

    def note_logged(self, keys: Iterable[bytes]) -> None:
        """Remember that the making of these keys stands in the log."""
        for each in keys:
            self._unlogged.pop(each, None)

    def forget(self) -> None:
        """Drop every key."""
        with self._lock:
            self._open.clear()
            self._sealing.clear()


class SomebodysKeys:
    """The keyring in the name of whoever writes."""

    def __init__(self, keyring: RemoteKeyring, who: Circumstances, owe: Owe) -> None:
        self._keyring = keyring
        self._who = who
        self._owe = owe
        self.rung = keyring.rung
        self.for_sealing = keyring.for_sealing
        self.unlogged = keyring.unlogged
        self.note_logged = keyring.note_logged
        self.retired_before = keyring.retired_before

    def make(
        self, wanted: Iterable[tuple[Owner, Label]], now: datetime
    ) -> dict[tuple[Owner, Label], SubjectKey]:
        """The keys that an append needs."""
        asked = list(wanted)
        self._owe(self._who, (owner for owner, label in asked if label.purpose in CONTENT))
        return self._keyring.make(asked, now, self._who)

    def retire(self, owner: Owner, purpose: KeyPurpose) -> list[bytes]:
        """Let the next append begin a new epoch of these keys."""
        return self._keyring.retire(owner, purpose, self._who)


class RemoteItems:
    """Item keys that the broker makes and wraps; none in use is ever given."""

    def __init__(self, line: Line, keyring: RemoteKeyring) -> None:
        self._line = line
        self._keyring = keyring
        self._lock = threading.Lock()
        self._spare: dict[tuple[bytes, bytes | None], deque[ItemKey]] = {}
        self._heard = keyring.rung()

    def at_hand(self, owner: SubjectKey, escrow: SubjectKey | None, count: int = 1) -> bool:
        """Whether so many fresh keys are ready."""
        rung = self._keyring.rung()
        if rung != self._heard:
            with self._lock:
                self._spare.clear()
            self._heard = rung
        return len(self._spare.get(_name(owner, escrow), ())) >= count

    def make(self, wanted: Mapping[Owners, int]) -> None:
        """Have so many fresh keys ready, durably."""
        for some in _some(list(wanted.items()), lambda _: 0):
            missing = [each for each in some if not self.at_hand(*each[0], each[1])]
            fields = [
                [owner.key_id, escrow.key_id if escrow else None, count]
                for (owner, escrow), count in missing
            ]
            made = self._line.ask(Ask.MAKE_ITEMS, fields) if fields else []
            with self._lock:
                for (owners, _), keys in zip(missing, made, strict=True):
                    spare = self._spare.setdefault(_name(*owners), deque())
                    spare.extend((item_id, key) for item_id, key in keys)

    def owner(self, item_id: bytes) -> StoredItem:
        """Not here."""
        raise RecordUnavailable

    def open(self, stored: StoredItem) -> bytes:
        """Not here: words are opened by the broker."""
        raise RecordUnavailable

    def check(self, stored: StoredItem) -> None:
        """Not here."""
        raise RecordUnavailable

    def take(self, owner: SubjectKey, escrow: SubjectKey | None) -> ItemKey:
        """A fresh item key."""
        while True:
            with self._lock:
                name = _name(owner, escrow)
                spare = self._spare.get(name)
                if spare:
                    taken = spare.popleft()
                    if not spare:
                        del self._spare[name]
                    return taken
            self.make({(owner, escrow): 1})


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

    def cells(self, sealed: Iterable[tuple[bytes, Place]]) -> list[Content]:
        """``cell`` for many, in few requests."""
        asked = [[cell, _where(place)] for cell, place in sealed]
        found = []
        for some in _some(asked, lambda each: len(each[0])):
            for plain in self._ask(Ask.CELLS, some):
                if plain is None:
                    raise Sealed
                found.append(cells.unpack(plain))
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
        for some in _some(asked, lambda each: len(each[5])):
            for sealed in self._line.ask(Ask.SEAL_CELLS, self._grant, some):
                found += [None if sealed is None else (sealed[0], sealed[1])]
        return found


def claim(who: Circumstances | None) -> list[str]:
    """Who asks, and in which request.

    Raises:
        RecordUnavailable: Nobody does.
    """
    if who is None:
        raise RecordUnavailable
    return [str(who.actor.id), str(who.request)]


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
    for some in _some(list(rows), lambda row: len(row.record)):
        opened = ask([list(row) for row in some])
        found.update(zip((row.position for row in some), opened, strict=True))
    return found


def _some(every: list[Any], weight: Callable[[Any], int]) -> Iterator[list[Any]]:
    """What fits into one request at a time."""
    some: list[Any] = []
    heavy = 0
    for each in every:
        if some and (len(some) >= MOST_TOGETHER or heavy + weight(each) > _HEAVY):
            yield some
            some, heavy = [], 0
        some.append(each)
        heavy += weight(each)
    if some:
        yield some


def _where(place: Place) -> list[Any]:
    return [place.view, place.table, list(place.key), place.position]


def _name(owner: SubjectKey, escrow: SubjectKey | None) -> tuple[bytes, bytes | None]:
    return owner.key_id, escrow.key_id if escrow else None


def _keep(kept: dict[Any, Any], name: object, value: object) -> None:
    if len(kept) >= MOST_KEPT:
        kept.clear()
    kept[name] = value
