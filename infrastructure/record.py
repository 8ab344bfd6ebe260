"""The record: read a stream, append events; the ports ``Record`` and ``Keys`` of the domain.

Appending seals every event for its owner, writes it with its log entry in one transaction shared
with whoever writes at the same moment, and then, for committed access entries, asks the broker for
the tickets that let their reader open what they name.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar, cast
from uuid import UUID

import msgpack
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from eventsourcing.persistence import EventStore

from domain.confidentiality import (
    ACCOUNTABILITY,
    CLINICAL,
    TENANT,
    Class,
    KeyPurpose,
    Label,
    Owner,
    OwnerKind,
    key_for,
    label_for,
)
from domain.errors import CommandMismatch, RecordUnavailable, Stale
from domain.events import Event
from domain.events.access import AccessRecorded
from domain.events.case import CaseOpened
from domain.events.session import SessionScheduled
from domain.ports import Clock, Recorded, Write
from domain.values import Circumstances, Command, Receipt
from infrastructure import codec
from infrastructure.committer import Committer
from infrastructure.errors import Broken
from infrastructure.mapper import SealedMapper
from infrastructure.stores.contract import (
    Conflict,
    Line,
    Outcome,
    Placed,
    RecordStore,
    Repeated,
    Submission,
)
from infrastructure.vault.broker import Broker
from infrastructure.vault.envelope import Kind, control, seal, seal_field
from infrastructure.vault.items import ItemKeys
from infrastructure.vault.keyring import Keyring
from infrastructure.vault.keys import SubjectKey

State = TypeVar("State")

MOST_FRAMES = 20_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ESCROW = Label(KeyPurpose.STAFF, Class.PROCESS_NOTE)
_NONCE = 12


@dataclass(frozen=True, slots=True)
class _Text:
    """Whose item key the texts of one event are sealed under."""

    owner: Owner
    label: Label
    escrow: bool


@dataclass(frozen=True, slots=True)
class Vault:
    """The open vault as the record uses it."""

    log_id: bytes
    keyring: Keyring
    items: ItemKeys
    broker: Broker
    clinic: Owner
    command_key: bytes = field(repr=False)


class Record:
    """The sealed, append-only record of one clinic."""

    def __init__(
        self, store: RecordStore, vault: Vault, committer: Committer, clock: Clock
    ) -> None:
        self._store = store
        self._vault = vault
        self._committer = committer
        self._clock = clock
        self.mapper = SealedMapper(vault.keyring, vault.log_id)
        self._events: EventStore[UUID] = EventStore(self.mapper, store)
        self._replies = AESGCM(vault.command_key)
        self._frames: dict[tuple[str, object], tuple[int, object]] = {}

    # Reading

    def frame(self, stream: str, fold: Callable[[Iterable[object]], State]) -> tuple[State, int]:
        """The state folded from what the policy may read of a stream, and the stream's version.

        It is folded once for each version of the stream: the version is asked for every time, so
        that a change decides the very next request, whichever process wrote it.
        """
        version = self._store.version(bytes.fromhex(stream))
        kept = self._frames.get((stream, fold))
        if kept is not None and kept[0] == version:
            return kept[1], version  # type: ignore[return-value]  # folded by this very function
        rows = self._store.stream(bytes.fromhex(stream))
        open_to_policy = (
            self.mapper.open(row).event
            for row in rows
            if self.mapper.purpose(row) is KeyPurpose.RELATIONSHIP
        )
        state = fold(open_to_policy)
        if len(self._frames) >= MOST_FRAMES:
            self._frames.clear()
        version = rows[-1].version if rows else 0
        self._frames[stream, fold] = (version, state)
        return state, version

    def fold(self, stream: str, fold: Callable[[Iterable[object]], State]) -> tuple[State, int]:
        """The state that a command decides on, and the stream's version; texts stay closed."""
        found = self.read(stream)
        return fold(each.event for each in found), found[-1].version if found else 0

    def read(self, stream: str, *, until: int | None = None) -> list[Recorded]:
        """The events of a stream, up to a position; for folding and for projections.

        Raises:
            Broken: The stream is not what was written.
        """
        found: list[Recorded] = []
        events = cast("Iterator[Recorded]", self._events.get(UUID(stream)))
        for version, each in enumerate(events, start=1):
            if each.version != version:
                raise Broken("E-GAP", "a stream that lacks an event")
            if until is None or each.position <= until:
                found.append(each)
        return found

    def follow(
        self, after: int, limit: int, purposes: frozenset[KeyPurpose]
    ) -> tuple[list[Recorded], int]:
        """The events after a position whose keys have one of the purposes, and how far that is.

        Raises:
            Broken: The log is not what was written.
        """
        rows = self._store.rows(after + 1, limit)
        if rows and rows[-1].position != after + len(rows):
            raise Broken("E-GAP", "a log that lacks a row")
        purpose, open_row = self.mapper.purpose, self.mapper.open
        events = [open_row(row) for row in rows if purpose(row) in purposes]
        return events, rows[-1].position if rows else after

    def last_position(self) -> int:
        """The position of the newest event; -1 in an empty record."""
        return self._store.standing().size - 1

    def position_at(self, instant: datetime) -> int:
        """The last position recorded at or before an instant; -1 where there is none."""
        return self._store.position_at((instant - _EPOCH) // timedelta(milliseconds=1))

    # Writing

    def replay(self, who: Circumstances, command: Command) -> Receipt | None:
        """The receipt of a command that has been done before."""
        tag = self._tag(who, command)
        sealed = self._store.reply(tag)
        return None if sealed is None else self._repeated(tag, sealed, command)

    async def append(
        self,
        writes: Iterable[Write],
        who: Circumstances,
        *,
        command: Command | None = None,
        reply: Iterable[tuple[str, str]] = (),
    ) -> Receipt:
        """Append all writes in one transaction; durable when it returns."""
        batch = _Batch(self, tuple(writes), who, command, reply)
        if not batch.writes:
            return self._nothing(batch)
        if not batch.ready():
            await asyncio.to_thread(batch.make_ready)
        return self._settled(batch, await self._committer.commit_soon(batch.submission()))

    def append_now(
        self,
        writes: Iterable[Write],
        who: Circumstances,
        *,
        command: Command | None = None,
        reply: Iterable[tuple[str, str]] = (),
    ) -> Receipt:
        """``append`` for a thread that may wait."""
        batch = _Batch(self, tuple(writes), who, command, reply)
        if not batch.writes:
            return self._nothing(batch)
        if not batch.ready():
            batch.make_ready()
        return self._settled(batch, self._committer.commit(batch.submission()))

    def _nothing(self, batch: _Batch) -> Receipt:
        """Nothing had to happen: everything already is as the command wants it."""
        last = self.last_position()
        return Receipt(last, last, batch.now, batch.standing, (), batch.reply)

    def _settled(self, batch: _Batch, outcome: Outcome) -> Receipt:
        match outcome:
            case Conflict():
                raise Stale(outcome.current)
            case Repeated() if batch.command is not None:
                tag = self._tag(batch.who, batch.command)
                return self._repeated(tag, outcome.reply, batch.command)
            case Placed():
                self._vault.keyring.note_logged(batch.new_keys)
                return batch.receipt(outcome, self._tickets(batch, outcome))
            case _:
                raise RecordUnavailable

    def _tickets(self, batch: _Batch, placed: Placed) -> tuple[bytes, ...]:
        rows = placed.rows[len(placed.rows) - batch.event_count :]
        tickets, number = [], 0
        for write in batch.writes:
            for event in write.events:
                if isinstance(event, AccessRecorded) and write.opens:
                    position = rows[number].position
                    owners = [each for each in write.opens if _names(event, each, batch.who)]
                    tickets.append(self._vault.broker.ticket(batch.who, position, event, owners))
                number += 1
        return tuple(tickets)

    def open_reply(self, tag: bytes, sealed: bytes) -> bytes:
        """What is kept for whoever tries a command again.

        Raises:
            Broken: E-AEAD, it was not written under this tag.
        """
        try:
            return self._replies.decrypt(sealed[:_NONCE], sealed[_NONCE:], tag)
        except (InvalidTag, ValueError):
            raise Broken("E-AEAD", "the reply of a command") from None

    def _tag(self, who: Circumstances, command: Command) -> bytes:
        name = f"command\0{who.actor.id}\0{command.id}".encode()
        return hmac.digest(self._vault.command_key, name, "sha256")

    def _repeated(self, tag: bytes, sealed: bytes, command: Command) -> Receipt:
        plain = self.open_reply(tag, sealed)
        digest, first, last, time_ms, versions, leaves, reply = msgpack.unpackb(plain)
        if not hmac.compare_digest(digest, command.digest):
            raise CommandMismatch
        return Receipt(
            first,
            last,
            _EPOCH + timedelta(milliseconds=time_ms),
            tuple(versions),
            tuple(leaves),
            tuple((name, value) for name, value in reply),
            repeated=True,
        )


class _Batch:
    """One append on its way: the keys that it needs, its sealed lines, its receipt."""

    def __init__(
        self,
        record: Record,
        writes: tuple[Write, ...],
        who: Circumstances,
        command: Command | None,
        reply: Iterable[tuple[str, str]],
    ) -> None:
        self.standing = tuple(write.after or 0 for write in writes)
        writes = tuple(write for write in writes if write.events)
        self.writes = writes
        self.who = who
        self.command = command
        self.reply = tuple(reply)
        self.now = record._clock.now()  # noqa: SLF001 - the two classes are one thing
        self.new_keys: list[bytes] = []
        self.event_count = sum(len(write.events) for write in writes)
        self._record = record
        self._vault = record._vault  # noqa: SLF001 - the two classes are one thing
        self._texts = [
            text for write in writes for event in write.events for text in self._text(write, event)
        ]
        self._wanted = tuple(dict.fromkeys(self._wants()))
        self._keys: dict[tuple[Owner, Label], SubjectKey] = {}

    def ready(self) -> bool:
        """Whether every key is in memory and every item key made."""
        if not self._find_keys():
            return False
        at_hand = self._vault.items.at_hand
        return all(at_hand(*owners, count) for owners, count in self._items_wanted().items())

    def make_ready(self) -> None:
        """Find or make what is missing; waits for the disk.

        Raises:
            RecordUnavailable: The key store cannot be written; nothing was.
        """
        self._vault.keyring.make(self._wanted, self.now)
        if not self._find_keys():
            raise RecordUnavailable
        if self._texts:
            self._vault.items.make(self._items_wanted())

    def submission(self) -> Submission:
        """The sealed lines, with the making of new keys in front of their first use."""
        lines = [self._line(write) for write in self.writes]
        new = [key for key in self._keys.values() if self._vault.keyring.unlogged(key)]
        self.new_keys = [key.key_id for key in new]
        making = [key_line(self._vault.log_id, key) for key in new]
        tag = None
        if self.command is not None:
            tag = self._record._tag(self.who, self.command)  # noqa: SLF001 - one thing
        return Submission((*making, *lines), tag, self._sealed_reply)

    def receipt(self, placed: Placed, tickets: tuple[bytes, ...]) -> Receipt:
        """What the caller is handed."""
        rows = placed.rows[len(placed.rows) - self.event_count :]
        return Receipt(
            first=rows[0].position,
            last=rows[-1].position,
            recorded_at=_EPOCH + timedelta(milliseconds=placed.time_ms),
            versions=placed.versions[len(placed.versions) - len(self.writes) :],
            leaves=tuple(row.leaf for row in rows),
            reply=self.reply,
            tickets=tickets,
        )

    def _wants(self) -> Iterator[tuple[Owner, Label]]:
        """The keys that this append needs, and those that its rows in projections will need."""
        for write in self.writes:
            for event in write.events:
                yield write.owner, key_for(label_for(event.LABEL, write.owner))
                if isinstance(event, CaseOpened):
                    yield write.owner, label_for(CLINICAL, write.owner)
                if isinstance(event, SessionScheduled):
                    yield self._vault.clinic, TENANT
            for client in write.concerning:
                yield Owner(OwnerKind.CLIENT, client), ACCOUNTABILITY
            if not write.concerning:
                yield write.owner, label_for(ACCOUNTABILITY, write.owner)
        for text in self._texts:
            yield text.owner, text.label
            if text.escrow:
                yield self._vault.clinic, _ESCROW

    def _text(self, write: Write, event: Event) -> Iterator[_Text]:
        if not codec.has_text(event):
            return
        if event.LABEL.cls is Class.PROCESS_NOTE:
            # Wrapped for the author and the escrow, never for the client's key alone (KEY-02).
            author = Owner(OwnerKind.PRACTITIONER, self.who.actor.id)
            yield _Text(author, _ESCROW, escrow=True)
        else:
            label = label_for(CLINICAL, write.owner)
            yield _Text(write.owner, label, escrow=False)

    def _find_keys(self) -> bool:
        for each in self._wanted:
            key = self._vault.keyring.for_sealing(*each, self.now)
            if key is None:
                return False
            self._keys[each] = key
        return True

    def _key(self, owner: Owner, label: Label) -> SubjectKey:
        return self._keys[owner, label]

    def _items_wanted(self) -> Counter[tuple[SubjectKey, SubjectKey | None]]:
        return Counter(self._item_owners(text) for text in self._texts)

    def _item_owners(self, text: _Text) -> tuple[SubjectKey, SubjectKey | None]:
        escrow = self._key(self._vault.clinic, _ESCROW) if text.escrow else None
        return self._key(text.owner, text.label), escrow

    def _line(self, write: Write) -> Line:
        stream_id = bytes.fromhex(write.stream)
        records = []
        for number, event in enumerate(write.events, start=1):
            label = label_for(event.LABEL, write.owner)
            key = self._key(write.owner, key_for(label))
            if write.after is None:
                payload = self._payload(write, event, label, stream_id, None)
                records.append((key.key_id, self._sealer(key, stream_id, payload)))
            else:
                version = write.after + number
                payload = self._payload(write, event, label, stream_id, version)
                sealed = seal(key, Kind.EVENT, self._vault.log_id, stream_id, version, payload)
                records.append((key.key_id, _already(sealed)))
        return Line(stream_id, tuple(records), write.after)

    def _sealer(self, key: SubjectKey, stream_id: bytes, payload: bytes) -> Callable[[int], bytes]:
        log_id = self._vault.log_id
        return lambda version: seal(key, Kind.EVENT, log_id, stream_id, version, payload)

    def _payload(
        self, write: Write, event: Event, label: Label, stream_id: bytes, version: int | None
    ) -> bytes:
        texts = list(self._text(write, event))
        item = self._vault.items.take(*self._item_owners(texts[0])) if texts else None

        def seal_text(number: int, words: str) -> bytes:
            if item is None or version is None:
                # A text is bound to its version, so it cannot stand where many write at once.
                raise RecordUnavailable
            item_id, key = item
            return seal_field(key, item_id, self._vault.log_id, stream_id, version, number, words)

        return codec.encode(
            event,
            occurred_at=getattr(event, "occurred_at", self.now),
            label=label,
            owner=write.owner,
            concerning=write.concerning,
            who=self.who,
            seal_text=seal_text,
        )

    def _sealed_reply(self, placed: Placed) -> bytes:
        receipt = self.receipt(placed, ())
        command = self.command
        if command is None:
            raise RecordUnavailable
        plain: bytes = msgpack.packb(
            [
                command.digest,
                receipt.first,
                receipt.last,
                placed.time_ms,
                list(receipt.versions),
                list(receipt.leaves),
                [list(each) for each in receipt.reply],
            ]
        )
        nonce = secrets.token_bytes(_NONCE)
        tag = self._record._tag(self.who, command)  # noqa: SLF001 - the two classes are one thing
        return nonce + self._record._replies.encrypt(nonce, plain, tag)  # noqa: SLF001 - same


def key_line(log_id: bytes, key: SubjectKey) -> Line:
    """The control record of a key's making, in a stream that is named by the key."""
    place = key.place
    payload: bytes = msgpack.packb(
        [
            "create",
            place.key_id,
            place.subject_tag,
            int(place.label.purpose),
            int(place.label.cls),
            place.epoch,
            key.check_value,
        ]
    )
    record = control(Kind.KEY, log_id, place.key_id, 1, payload)
    return Line(place.key_id, ((bytes(16), _already(record)),), after=0, only_if_new=True)


def _already(record: bytes) -> Callable[[int], bytes]:
    return lambda _: record


def _names(entry: AccessRecorded, owner: Owner, who: Circumstances) -> bool:
    """Whether an access entry covers an owner: a ticket opens nothing that its entry leaves out."""
    match owner.kind:
        case OwnerKind.CLIENT:
            return owner.id == entry.client
        case OwnerKind.CASE:
            return owner.id == entry.relationship
        case OwnerKind.PRACTITIONER if Class.PROCESS_NOTE in entry.classes:
            return owner.id == who.actor.id
        case OwnerKind.CLINIC:
            return entry.client is None
        case _:
            return entry.client is None and entry.classes == (Class.AUDIT_LOG,)
