"""The seam to the ``eventsourcing`` library: sealed records to recorded events.

Types come from our closed registry, never from the database's topic column, which is a constant
(security.md D11). A record whose key has been destroyed is still an event, without content.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from eventsourcing.persistence import Mapper, StoredEvent

from domain.confidentiality import KeyPurpose, Label, Owner, OwnerKind, key_for, label_for
from domain.ports import Recorded
from domain.values import (
    Actor,
    ActorId,
    ActorKind,
    Circumstances,
    RequestId,
)
from infrastructure import codec
from infrastructure.errors import Broken, KeyGone
from infrastructure.ledger.check import Row
from infrastructure.stores.contract import LoggedEvent
from infrastructure.vault.envelope import Kind, open_record, open_withheld
from infrastructure.vault.keys import SubjectKey
from infrastructure.vault.port import Keys, Payloads, SealedRow

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
CONTROL_KEY = bytes(16)
_KIND = 5
_ENTRY = bytes([Kind.ENTRY])


class SealedMapper(Mapper[UUID]):
    """Opens stored events."""

    def __init__(
        self,
        keyring: Keys,
        log_id_at: Callable[[int], bytes],
        broken: Callable[[Row, str], None] = lambda _row, _code: None,
    ) -> None:
        """``broken`` hears of each row that is not what was written, with the code."""
        self._keyring = keyring
        self._log_id_at = log_id_at
        self._broken = broken

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """Not offered: a record is sealed by ``Record.append``, which knows its owner."""
        raise NotImplementedError

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """The recorded event in a row of the log."""
        if not isinstance(stored_event, LoggedEvent):
            raise Broken("E-PARSE", "an event from outside the log")
        return self.open(stored_event.row)

    def purpose(self, row: Row) -> KeyPurpose | None:
        """What the key of a row is for; ``None`` for control records."""
        if row.key_id == CONTROL_KEY:
            return None
        place = self._keyring.place(row.key_id)
        if place is None:
            raise Broken("E-KEYSTATE", "a key that is not in the key store")
        return place.label.purpose

    def sealed(self, row: Row) -> SealedRow:
        """A row as whoever has its key needs it."""
        log_id = self._log_id_at(row.position)
        place = (row.key_id, row.position, log_id, row.stream_id)
        return SealedRow(*place, row.version, row.record or b"")

    def open(self, row: Row, payloads: Payloads | None = None) -> Recorded:
        """The recorded event in a row of the log; its payload may have been opened elsewhere.

        Raises:
            Broken: The row is not what was written.
        """
        try:
            return self._open(row, payloads or {})
        except Broken as error:
            self._broken(row, error.code)
            raise

    def _open(self, row: Row, payloads: Payloads) -> Recorded:
        if row.record is None:
            raise Broken("E-PARSE", "a row without its record")
        try:
            recorded_at = _EPOCH + row.time_ms * _MILLISECOND
        except OverflowError:
            raise Broken("E-PARSE", "a row of no time that there is") from None
        try:
            if row.position in payloads:
                found = _taken(payloads[row.position])
            else:
                found = self._decoded(row, self._keyring.for_opening(row.key_id), row.record)
        except KeyGone:
            return _shredded(row, recorded_at, self._keyring)
        place = self._keyring.place(row.key_id)
        if place is None:
            raise Broken("E-KEYSTATE", "a key that is not in the key store")
        label = label_for(found.event.LABEL, found.owner)
        if label.cls is not found.cls:
            label = Label(label.purpose, found.cls)
        if key_for(label) != place.label:
            raise Broken("E-BIND", "an event under a key of another purpose or class")
        if self._keyring.tag(found.owner) != place.subject_tag:
            raise Broken("E-BIND", "an event under a key that is not its owner's")
        return Recorded(
            event=found.event,
            stream=row.stream_id.hex(),
            version=row.version,
            position=row.position,
            recorded_at=recorded_at,
            occurred_at=found.occurred_at,
            label=label,
            owner=found.owner,
            concerning=found.concerning,
            who=found.who,
        )

    def _decoded(self, row: Row, key: SubjectKey, record: bytes) -> codec.Decoded:
        log_id = self._log_id_at(row.position)
        # The byte of the kind is authenticated by what it leads to.
        if record[_KIND : _KIND + 1] != _ENTRY:
            place = (Kind.EVENT, log_id, row.stream_id, row.version)
            return codec.decode(open_record(key, *place, record))
        if key.place.label.purpose is not KeyPurpose.ACCOUNTABILITY:
            raise Broken("E-BIND", "an access-log entry under a key of another purpose")
        place = (Kind.ENTRY, log_id, row.stream_id, row.version)
        payload = open_record(key, *place, record)
        return codec.decode(payload, partial(open_withheld, key, row.stream_id))


def _taken(payload: bytes | str | None) -> codec.Decoded:
    if payload is None:
        raise KeyGone
    if isinstance(payload, str):
        raise Broken(payload, "a row that the broker could not open")
    return codec.decode(payload)


def _shredded(row: Row, recorded_at: datetime, keyring: Keys) -> Recorded:
    place = keyring.place(row.key_id)
    if place is None:
        raise Broken("E-KEYSTATE", "a key that is not in the key store")
    nobody = Actor(ActorId("0" * 32), ActorKind.SYSTEM, ())
    return Recorded(
        event=None,
        stream=row.stream_id.hex(),
        version=row.version,
        position=row.position,
        recorded_at=recorded_at,
        occurred_at=recorded_at,
        label=Label(place.label.purpose, place.label.cls),
        owner=Owner(OwnerKind.CLINIC, "0" * 32),
        concerning=(),
        who=Circumstances(actor=nobody, purpose=None, request=RequestId("")),
    )
