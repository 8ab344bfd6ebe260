"""One append on its way into the record: the keys it needs, its sealed lines, its receipt.

Everything that a batch needs is found or made first (``ready``, ``make_ready``: the only step that
waits for a disk). ``submission`` seals; where many write to one stream, sealing waits until the
version is known, under the store's write lock. ``settled`` comes after the commit: only then does
the broker give tickets for the access entries in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

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
    text_label,
)
from domain.errors import RecordUnavailable
from domain.events import Event
from domain.events.access import AccessRecorded
from domain.events.attachment import AttachmentBegun, AttachmentStored
from domain.events.case import CaseOpened
from domain.events.client import ClientContactChanged, ClientIdentified
from domain.events.session import SessionScheduled
from domain.ports import Write
from domain.values import Circumstances, Command, Receipt
from infrastructure import codec
from infrastructure.control import key_line, retire_line
from infrastructure.lineage import Lineage
from infrastructure.replies import Replies
from infrastructure.stores.contract import Line, Placed, Submission
from infrastructure.vault.broker import covers
from infrastructure.vault.envelope import Kind, seal, seal_field, withhold
from infrastructure.vault.keys import SubjectKey
from infrastructure.vault.port import Items, Keys, Openings

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ESCROW = Label(KeyPurpose.STAFF, Class.PROCESS_NOTE)


@dataclass(frozen=True, slots=True)
class Vault:
    """The open vault as the record uses it."""

    lineage: Lineage
    keyring: Keys
    items: Items
    broker: Openings
    clinic: Owner
    replies: Replies

    @property
    def log_id(self) -> bytes:
        """The id that every new record carries."""
        return self.lineage.log_id


@dataclass(frozen=True, slots=True)
class _Text:
    """Whose item key the texts of one event are sealed under."""

    owner: Owner
    label: Label
    escrow: bool


class Batch:
    """One append on its way: the keys that it needs, its sealed lines, its receipt."""

    def __init__(
        self,
        vault: Vault,
        now: datetime,
        writes: tuple[Write, ...],
        who: Circumstances,
        command: Command | None,
        reply: Iterable[tuple[str, str]],
        occurred_at: datetime | None = None,
    ) -> None:
        """``occurred_at`` is when it happened, of what had to wait until it could be written."""
        self.standing = tuple(write.after or 0 for write in writes)
        writes = tuple(write for write in writes if write.events)
        self.writes = writes
        self.who = who
        self.command = command
        self.reply = tuple(reply)
        self.now = now
        self._occurred_at = occurred_at or now
        self._new_keys: list[bytes] = []
        self._event_count = sum(len(write.events) for write in writes)
        self._vault = vault
        self._keyring = vault.broker.keyring(who)
        self._texts = [
            text for write in writes for event in write.events for text in self._text(write, event)
        ]
        self._wanted = tuple(dict.fromkeys(self._wants()))
        self._keys: dict[tuple[Owner, Label], SubjectKey] = {}
        self._renewing = tuple(dict.fromkeys(write.owner for write in writes if write.renews))
        self._retired: list[bytes] = []
        self._rung = 0

    def ready(self) -> bool:
        """Whether every key is in memory and every item key made."""
        self._rung = self._keyring.rung()
        if self._renewing or not self._find_keys():
            return False
        at_hand = self._vault.items.at_hand
        return all(at_hand(*owners, count) for owners, count in self._items_wanted().items())

    def make_ready(self) -> None:
        """Find or make what is missing; waits for the disk.

        Raises:
            RecordUnavailable: The key store cannot be written; nothing was.
            KeyGone: It would be written to somebody who has been erased.
        """
        for owner in self._renewing:
            purpose = label_for(CLINICAL, owner).purpose
            self._retired += self._keyring.retire(owner, purpose)
        self._renewing = ()
        # What is fetched from here on may be used until the bell is rung again.
        self._rung = self._keyring.rung()
        self._keys = self._keyring.make(self._wanted, self.now)
        if self._texts:
            self._vault.items.make(self._items_wanted())

    def submission(self) -> Submission:
        """The sealed lines, with the making of new keys in front of their first use."""
        lines = [self._line(write) for write in self.writes]
        new = [key for key in self._keys.values() if self._keyring.unlogged(key)]
        self._new_keys = [key.key_id for key in new]
        log_id, keyring = self._vault.log_id, self._keyring
        retired = (*self._retired, *(each for key in new for each in keyring.retired_before(key)))
        ending = [retire_line(log_id, each) for each in dict.fromkeys(retired)]
        making = [key_line(log_id, key) for key in new]
        tag = None
        if self.command is not None:
            tag = self._vault.replies.tag(self.who, self.command)
        return Submission((*ending, *making, *lines), tag, self._sealed_reply, self._stands)

    def _stands(self) -> bool:
        return self._keyring.rung() == self._rung

    def receipt(self, placed: Placed, tickets: tuple[bytes, ...] = ()) -> Receipt:
        """What the caller is handed."""
        rows = placed.rows[len(placed.rows) - self._event_count :]
        return Receipt(
            first=rows[0].position,
            last=rows[-1].position,
            recorded_at=_EPOCH + timedelta(milliseconds=placed.time_ms),
            versions=placed.versions[len(placed.versions) - len(self.writes) :],
            leaves=tuple(row.leaf for row in rows),
            reply=self.reply,
            tickets=tickets,
        )

    def settled(self, placed: Placed) -> Receipt:
        """The receipt of what has been committed, with a ticket for each access entry in it."""
        self._keyring.note_logged(self._new_keys)
        rows = placed.rows[len(placed.rows) - self._event_count :]
        return self.receipt(placed, self._tickets([row.position for row in rows]))

    def spooled(self, position: int) -> Receipt:
        """The receipt of looks that were made durable in the spool, behind this position."""
        tickets = self._tickets([position] * self._event_count)
        return Receipt(position, position, self.now, self.standing, (), self.reply, tickets=tickets)

    def _tickets(self, positions: Sequence[int]) -> tuple[bytes, ...]:
        tickets, number = [], 0
        for write in self.writes:
            for event in write.events:
                if isinstance(event, AccessRecorded) and write.opens:
                    owners = [each for each in write.opens if covers(event, each, self.who)]
                    place = positions[number]
                    tickets.append(self._vault.broker.ticket(self.who, place, event, owners))
                number += 1
        return tuple(tickets)

    def _wants(self) -> Iterator[tuple[Owner, Label]]:
        """The keys that this append needs, and those that its rows in projections will need."""
        for write in self.writes:
            for event in write.events:
                yield write.owner, key_for(label_for(event.LABEL, write.owner))
                if isinstance(event, CaseOpened):
                    yield write.owner, label_for(CLINICAL, write.owner)
                if isinstance(event, (SessionScheduled, ClientIdentified, ClientContactChanged)):
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
            yield _Text(write.owner, text_label(words_label(event), write.owner), escrow=False)

    def _find_keys(self) -> bool:
        for each in self._wanted:
            key = self._keyring.for_sealing(*each, self.now)
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
            kind = Kind.ENTRY if label == ACCOUNTABILITY else Kind.EVENT
            version = None if write.after is None else write.after + number
            payload = self._payload(write, event, label, stream_id, version)
            sealer = self._sealer(key, kind, stream_id, payload)
            if version is not None:
                sealer = _already(sealer(version))
            records.append((key.key_id, sealer))
        return Line(stream_id, tuple(records), write.after)

    def _sealer(
        self, key: SubjectKey, kind: Kind, stream_id: bytes, payload: bytes
    ) -> Callable[[int], bytes]:
        log_id = self._vault.log_id
        return lambda version: seal(key, kind, log_id, stream_id, version, payload)

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

        keep_back = None
        if label == ACCOUNTABILITY:
            keep_back = partial(withhold, self._key(write.owner, label), stream_id)
        return codec.encode(
            event,
            occurred_at=getattr(event, "occurred_at", self._occurred_at),
            label=label,
            owner=write.owner,
            concerning=write.concerning,
            who=self.who,
            seal_text=seal_text,
            withhold=keep_back,
        )

    def _sealed_reply(self, placed: Placed) -> bytes:
        if self.command is None:
            raise RecordUnavailable
        tag = self._vault.replies.tag(self.who, self.command)
        return self._vault.replies.seal(tag, self.command, self.receipt(placed))


def words_label(event: Event) -> Label:
    """The label of an event's words: an attachment's are those of its own class."""
    if isinstance(event, (AttachmentBegun, AttachmentStored)):
        return event.words_label
    return event.LABEL


def _already(record: bytes) -> Callable[[int], bytes]:
    return lambda _: record
