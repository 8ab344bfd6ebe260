"""The broker: content opens against the receipt of a committed access entry, and not otherwise.

After the record has committed an access entry, and only then, it asks the broker for a ticket that
names the entry's actor, request and position and the keys that it may open. A ticket works once;
the opening that it gives lives for one request. Whether a key is in memory makes no difference
(fine print 5). ``infrastructure.broker`` offers the same as a process of its own: there a ticket is
a claim that the broker holds against the committed row.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.confidentiality import (
    ACCOUNTABILITY,
    Class,
    KeyPurpose,
    Label,
    Owner,
    OwnerKind,
    label_for,
)
from domain.errors import NotThere, RecordUnavailable, Sealed
from domain.events.access import AccessKind, AccessRecorded
from domain.ports import Opening
from domain.rows import Content, Fingerprints, Place, Sealer
from domain.values import Circumstances, FreeText, Receipt
from infrastructure.errors import Broken, KeyGone
from infrastructure.vault import cells, envelope
from infrastructure.vault.items import ItemKeys
from infrastructure.vault.keyring import Keyring
from infrastructure.vault.keys import KeyPlace, SubjectKey
from infrastructure.vault.port import Payloads, SealedRow

TICKET_SECONDS = 30
OPENING_SECONDS = 60
STREAMING_SECONDS = 60 * 60
"""How long one request may go on reading an attachment, piece by piece."""
MOST_TICKETS = 100_000

Openable = tuple[bytes, KeyPurpose, Class]
"""A subject's tag, with the purpose and class of its keys."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What one committed access entry lets its actor open."""

    actor: str
    request: str
    position: int
    keys: frozenset[Openable]
    batch: bool
    until: float


class Broker:
    """The only way from a receipt to a key."""

    def __init__(self, keyring: Keyring, items: ItemKeys, log_ids: frozenset[bytes]) -> None:
        self._keyring = keyring
        self._items = items
        self._log_ids = log_ids
        self._lock = threading.Lock()
        self._grants: dict[bytes, Grant] = {}

    def ticket(
        self,
        who: Circumstances,
        position: int,
        entry: AccessRecorded,
        owners: Iterable[Owner],
    ) -> bytes:
        """A single-use ticket for an access entry that has been committed at this position."""
        keys = frozenset(
            (self._keyring.tag(owner), label.purpose, label.cls)
            for owner in owners
            for label in labels_of(entry, owner)
        )
        ticket = secrets.token_bytes(16)
        now = time.monotonic()
        batch = entry.kind is AccessKind.SYSTEM_BATCH
        grant = Grant(who.actor.id, who.request, position, keys, batch, now + TICKET_SECONDS)
        with self._lock:
            if len(self._grants) >= MOST_TICKETS:
                self._grants = {
                    name: each for name, each in self._grants.items() if each.until >= now
                }
            self._grants[ticket] = grant
        return ticket

    def open(self, receipt: Receipt) -> BrokerOpening:
        """What the receipt's entries let their reader open.

        Raises:
            RecordUnavailable: The receipt names no committed entry, was used, or has expired.
        """
        keys = frozenset().union(*(each.keys for each in self._redeem(receipt)))
        return BrokerOpening(self._keyring, self._items, self._log_ids, keys)

    def standing(self, receipt: Receipt) -> BrokerOpening:
        """A follower's standing grant: released against one batch entry per start.

        It opens whatever a projection needs and lasts; its holder has no way to return content to
        a caller (fine print 6).

        Raises:
            RecordUnavailable: The receipt is not that of one fresh batch entry.
        """
        if not all(each.batch for each in self._redeem(receipt)):
            raise RecordUnavailable
        return BrokerOpening(self._keyring, self._items, self._log_ids, None)

    def keyring(self, who: Circumstances) -> Keyring:
        """The keys with which somebody writes: those of this process."""
        del who
        return self._keyring

    def folding(self, who: Circumstances | None) -> None:
        """How a command's events are opened: the keys to them are at hand."""
        del who

    def alarms(self) -> list[tuple[int, str]]:
        """None: nobody outside keeps count."""
        return []

    def owed(self, who: Circumstances) -> frozenset[Owner]:
        """Nothing: nobody outside keeps count."""
        del who
        return frozenset()

    def sealer(self, opening: Opening, clinic: Owner, fingerprints: Fingerprints) -> Sealer:
        """What a follower seals cells with: the keys of this process."""
        del opening
        return cells.CellSealer(self._keyring, clinic, fingerprints)

    def _redeem(self, receipt: Receipt) -> list[Grant]:
        now = time.monotonic()
        with self._lock:
            grants = [self._grants.pop(each, None) for each in receipt.tickets]
        found = [each for each in grants if each is not None and each.until >= now]
        if not found or len(found) != len(grants):
            raise RecordUnavailable
        if not all(receipt.first <= each.position <= receipt.last for each in found):
            raise RecordUnavailable
        return found


class BrokerOpening:
    """What may be opened for one request; ``keys`` of ``None`` is a standing grant."""

    def __init__(
        self,
        keyring: Keyring,
        items: ItemKeys,
        log_ids: frozenset[bytes],
        keys: frozenset[Openable] | None,
    ) -> None:
        self._keyring = keyring
        self._items = items
        self._log_ids = log_ids
        self._keys = keys
        # For one request; a standing grant asks the keyring each time, which forgets keys.
        self._granted: dict[bytes, SubjectKey] = {}
        self._heard = keyring.rung()
        self._until = None if keys is None else time.monotonic() + OPENING_SECONDS
        self._streaming, self._longest = 0.0, time.monotonic() + STREAMING_SECONDS

    def words(self, text: FreeText) -> str:
        """The words of a closed text that one of the access entries names."""
        self._must_be_live()
        if text.words is not None:
            return text.words
        if text.sealed is None:
            raise Sealed
        try:
            item_id, _, _ = envelope.field_place(text.sealed)
            stored = self._items.owner(item_id)
            self._must_be_granted(self._keyring.place(stored.owner_key))
            key = self._items.open(stored)
            _, words = envelope.open_field(key, self._log_ids, text.sealed)
        except KeyGone:
            raise Sealed from None
        return words

    def chunk(self, sealed: bytes) -> bytes:
        """What a piece of an attachment holds that one of the access entries names.

        Raises:
            Sealed: The key has been destroyed.
            NotThere: It belongs to nobody whom the look names.
            Broken: It was altered.
        """
        now = time.monotonic()
        if self._until is not None and max(self._until, self._streaming) < now:
            raise RecordUnavailable
        try:
            item_id, _, _ = envelope.chunk_header(sealed)
            self._must_be_granted(self._keyring.place(self._items.owner(item_id).owner_key))
            found = self._items.open_chunk(self._log_ids, sealed)
        except KeyGone:
            raise Sealed from None
        # Whoever goes on reading is still in the one request that the look was for.
        self._streaming = min(time.monotonic() + OPENING_SECONDS, self._longest)
        return found

    def entry_key(self, key_id: bytes, log_id: bytes, stream_id: bytes, version: int) -> bytes:
        """The key of one entry of an access log that the look covers, to hand out with it.

        Raises:
            Sealed: The key has been destroyed.
            NotThere: The entry belongs to nobody whom the look names.
        """
        self._must_be_live()
        self._must_be_granted(self._keyring.place(key_id))
        try:
            key = self._keyring.for_opening(key_id)
        except KeyGone:
            raise Sealed from None
        return envelope.entry_key(key, log_id, stream_id, version)

    def cell(self, sealed: bytes, place: Place) -> Content:
        """The content of a cell that one of the access entries covers."""
        return cells.unpack(self.packed_cell(sealed, place))

    def packed_cell(self, sealed: bytes, place: Place) -> bytes:
        """``cell`` for whoever unpacks the content elsewhere."""
        self._must_be_live()
        key_id = cells.cell_key(sealed)
        heard = self._keyring.heard()
        if heard != self._heard:
            # What was destroyed meanwhile is dropped here as well.
            self._granted.clear()
            self._heard = heard
        key = self._granted.get(key_id)
        if key is None:
            self._must_be_granted(self._keyring.place(key_id))
            try:
                key = self._keyring.for_opening(key_id)
            except KeyGone:
                raise Sealed from None
            if self._keys is not None:
                self._granted[key_id] = key
        return cells.open_packed(key, sealed, place)

    def cells(self, sealed: Iterable[tuple[bytes, Place]]) -> list[Content | None]:
        """``cell`` for many; ``None`` in place of one whose key has been destroyed."""
        found: list[Content | None] = []
        for cell, place in sealed:
            try:
                found.append(self.cell(cell, place))
            except Sealed:
                found.append(None)
        return found

    def records(self, rows: Sequence[SealedRow]) -> Payloads | None:
        """The payloads of events that the look covers; a standing grant has their keys at hand."""
        if self._keys is None:
            return None
        return {row.position: self.record(row) for row in rows}

    def record(self, row: SealedRow) -> bytes | str | None:
        """The payload of one event; see ``Payloads``."""
        self._must_be_live()
        self._must_be_granted(self._keyring.place(row.key_id))
        return payload_of(self._keyring, row)

    def _must_be_live(self) -> None:
        if self._until is not None and self._until < time.monotonic():
            raise RecordUnavailable

    def _must_be_granted(self, place: KeyPlace | None) -> None:
        if place is None:
            raise Broken("E-KEYSTATE", "a key that is not in the key store")
        if self._keys is None or place.label.purpose is KeyPurpose.RELATIONSHIP:
            return
        if (place.subject_tag, place.label.purpose, place.label.cls) not in self._keys:
            raise NotThere


def payload_of(keyring: Keyring, row: SealedRow) -> bytes | str | None:
    """The payload of an event; ``None`` where its key is destroyed, else why it does not open.

    One altered row must not keep the others shut.
    """
    place = (envelope.Kind.EVENT, row.log_id, row.stream_id, row.version)
    try:
        return envelope.open_record(keyring.for_opening(row.key_id), *place, row.record)
    except KeyGone:
        return None
    except Broken as broken:
        return broken.code


def covers(entry: AccessRecorded, owner: Owner, who: Circumstances) -> bool:
    """Whether an access entry covers an owner: nothing opens that its entry leaves out."""
    match owner.kind:
        case OwnerKind.CLIENT:
            return owner.id == entry.client
        case OwnerKind.CASE if entry.classes == (Class.AUDIT_LOG,) and entry.client is None:
            # A group with nobody in it yet answers for itself in the trail.
            return True
        case OwnerKind.CASE:
            return owner.id == entry.relationship
        case OwnerKind.PRACTITIONER if Class.AUDIT_LOG not in entry.classes:
            # Her process notes are about somebody; what is about herself is about nobody else.
            about_somebody = entry.client is not None
            fits = about_somebody is (Class.PROCESS_NOTE in entry.classes)
            return fits and owner.id == who.actor.id
        case OwnerKind.CLINIC:
            return entry.client is None
        case _:
            return entry.client is None and entry.classes == (Class.AUDIT_LOG,)


def labels_of(entry: AccessRecorded, owner: Owner) -> Iterable[Label]:
    """The labels that an entry's classes mean for one owner."""
    for cls in entry.classes:
        if cls is Class.AUDIT_LOG:
            yield label_for(ACCOUNTABILITY, owner)
        elif owner.kind is OwnerKind.CLINIC:
            yield Label(KeyPurpose.TENANT, cls)
        elif owner.kind is OwnerKind.PRACTITIONER:
            # A process note's words are under its author's own key.
            yield Label(KeyPurpose.STAFF, cls)
        else:
            yield label_for(Label(KeyPurpose.CLINICAL, cls), owner)
