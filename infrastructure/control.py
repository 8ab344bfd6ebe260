"""Control records: what the log says in clear of itself and of the keys that are used in it.

They are written here; how each is read, and what it may say, is ``ledger/control`` and
``ledger/key_control``. GENESIS is the first record of a log: whose it is. KEY is the making of a
subject key, in a stream that is named by the key, in the same transaction as its first use; and
what became of keys since. None holds content; the log's entry and a writer's tag authenticate them.

Source:
    docs/formats/record.md; docs of the design: security, sections 1.3 and 1.6.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

import msgpack

from domain.confidentiality import Class, KeyPurpose, Label
from infrastructure.errors import Broken
from infrastructure.ledger.check import Row
from infrastructure.ledger.control import Recovery, log_id_of, recovery_stream
from infrastructure.ledger.entry import ZERO_LEAF, authenticate, pack_entry
from infrastructure.ledger.errors import EntryRefused
from infrastructure.ledger.key_control import (
    Shred,
    ShredFinal,
    custody_stream,
    retire_stream,
    shred_stream,
)
from infrastructure.ledger.merkle import leaf_hash
from infrastructure.stores.contract import Line, RecordStore
from infrastructure.vault.envelope import Kind, control, open_control
from infrastructure.vault.keyring import LoggedKey
from infrastructure.vault.keys import KeyPlace, SubjectKey


@dataclass(frozen=True, slots=True)
class Genesis:
    """The first record of a log: whose it is."""

    origin: str
    clinic: str
    created_at: datetime

    @property
    def log_id(self) -> bytes:
        """The id that every record of this log carries."""
        return log_id_of(self.origin)


def genesis_line(genesis: Genesis) -> Line:
    """The first line of a log."""
    created_us = int(genesis.created_at.timestamp() * 1_000_000)
    payload: bytes = msgpack.packb([genesis.origin, bytes.fromhex(genesis.clinic), created_us])
    record = control(Kind.GENESIS, genesis.log_id, genesis.log_id, 1, payload)
    return Line(genesis.log_id, ((bytes(16), lambda _: record),), after=0)


def genesis_in(row: Row) -> Genesis:
    """What the first row of a log says; whether a writer of ours wrote it is another question.

    Raises:
        Broken: It is no GENESIS record.
        ValueError, TypeError, AttributeError, OverflowError, OSError: It says nothing sensible.
    """
    payload = open_control(Kind.GENESIS, row.stream_id, row.stream_id, 1, row.record or b"")
    origin, clinic, created_us = msgpack.unpackb(payload)
    return Genesis(origin, clinic.hex(), datetime.fromtimestamp(created_us / 1_000_000, UTC))


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
    return Line(place.key_id, ((bytes(16), lambda _: record),), after=0, only_if_new=True)


def retire_line(log_id: bytes, key_id: bytes) -> Line:
    """The control record of a key's retiring; written once, however often it is submitted."""
    stream = retire_stream(key_id)
    payload: bytes = msgpack.packb(["retire", key_id])
    record = control(Kind.KEY, log_id, stream, 1, payload)
    return Line(stream, ((bytes(16), lambda _: record),), after=0, only_if_new=True)


def rewrap_line(log_id: bytes, before: int, after: int, count: int, digest: bytes) -> Line:
    """Every key has moved from one generation of the key-encryption key to another."""
    payload: bytes = msgpack.packb(["rewrap", before, after, count, digest])
    return _line(Kind.KEY, log_id, custody_stream(log_id), payload)


def destroyed_line(log_id: bytes, generation: int, evidence: bytes) -> Line:
    """A generation of the key-encryption key is gone."""
    payload: bytes = msgpack.packb(["destroyed", generation, evidence])
    return _line(Kind.KEY, log_id, custody_stream(log_id), payload)


def shred_line(shred: Shred) -> Line:
    """Keys are destroyed, as two custodians have signed."""
    payload: bytes = msgpack.packb(
        [
            "shred",
            shred.request,
            list(shred.keys),
            list(shred.items),
            shred.reason,
            shred.generation,
            [list(each) for each in shred.backups],
            shred.approvals,
        ]
    )
    return _line(Kind.SHRED, shred.log_id, shred_stream(shred.log_id), payload)


def shred_final_line(log_id: bytes, final: ShredFinal) -> Line:
    """The generation that wrapped what a request destroyed is gone."""
    payload: bytes = msgpack.packb(["final", final.request, final.generation, final.evidence])
    return _line(Kind.SHRED, log_id, shred_stream(log_id), payload)


def control_stream(log_id: bytes, name: str) -> bytes:
    """The stream of the log's own records of one kind: map heads, incidents, policies."""
    return sha256(b"powiernik/1/" + name.encode() + log_id).digest()[:16]


def incident_line(
    log_id: bytes, number: int, code: str, position: int | None, stream: str | None
) -> Line:
    """The control record of an incident: its number, its code and the place that it is about."""
    about = None if stream is None else bytes.fromhex(stream)
    payload: bytes = msgpack.packb([number, code, position, about])
    return _line(Kind.INCIDENT, log_id, control_stream(log_id, "incident"), payload)


def map_head_line(log_id: bytes, epoch: int, log_size: int, map_size: int, map_root: bytes) -> Line:
    """The head of the map of access logs, as they stood below ``log_size``."""
    payload: bytes = msgpack.packb([epoch, log_size, map_size, map_root])
    # A version is an epoch: of two processes that write the same one, the later is told so.
    return _line(Kind.MAPHEAD, log_id, control_stream(log_id, "map"), payload, after=epoch - 1)


def anchor_line(log_id: bytes, size: int, note_digest: bytes, token: bytes) -> Line:
    """The time stamp of a checkpoint: its size, the SHA-256 of its signed note, and the token."""
    payload: bytes = msgpack.packb(["rfc3161", size, note_digest, token])
    return _line(Kind.ANCHOR, log_id, control_stream(log_id, "anchor"), payload)


def _line(
    kind: Kind, log_id: bytes, stream: bytes, payload: bytes, *, after: int | None = None
) -> Line:
    return Line(
        stream,
        ((bytes(16), lambda version: control(kind, log_id, stream, version, payload)),),
        after,
    )


def custodian_line(log_id: bytes, vkey: str, approvals: bytes = b"") -> Line:
    """The naming of a custodian: whose signature approves, with another's.

    Whoever is named after the log began, two custodians have approved.
    """
    named = ["custodian", vkey, approvals] if approvals else ["custodian", vkey]
    payload: bytes = msgpack.packb(named)
    return _line(Kind.POLICY, log_id, control_stream(log_id, "policy"), payload)


def policy_key_line(log_id: bytes, kind: str, vkey: str, act: str) -> Line:
    """The beginning or the end of a key that makes a checkpoint good: the log's, or a witness's."""
    payload: bytes = msgpack.packb([kind, vkey, act])
    return _line(Kind.POLICY, log_id, control_stream(log_id, "policy"), payload)


def recovery_line(first_id: bytes, recovery: Recovery) -> Line:
    """The first record of a log's new name."""
    payload: bytes = msgpack.packb(
        [
            recovery.origin,
            recovery.old_origin,
            recovery.restored_size,
            recovery.root,
            recovery.lost_to,
            recovery.reason,
            recovery.checkpoint,
            recovery.approvals,
        ]
    )
    return _line(Kind.RECOVERY, log_id_of(recovery.origin), recovery_stream(first_id), payload)


def logged_keys(
    store: RecordStore, log_id_at: Callable[[int], bytes], append_key: bytes
) -> Callable[[bytes], LoggedKey | None]:
    """How to find what the log says of a key's making; it knows which log id stands where."""

    def logged(key_id: bytes) -> LoggedKey | None:
        rows = store.stream(key_id)
        if not rows:
            return None
        row = rows[0]
        must_be_ours(row, append_key)
        payload = open_control(Kind.KEY, log_id_at(row.position), key_id, 1, row.record or b"")
        try:
            act, found, tag, purpose, cls, epoch, check_value = msgpack.unpackb(payload)
            label = Label(KeyPurpose(purpose), Class(cls))
        except (ValueError, TypeError):
            raise Broken("E-PARSE", "the making of a key") from None
        if act != "create" or found != key_id:
            raise Broken("E-PARSE", "the making of a key")
        return LoggedKey(KeyPlace(key_id, tag, label, epoch), check_value, row.position)

    return logged


def must_be_ours(row: Row, append_key: bytes, before: Row | None = None) -> None:
    """Refuse a control record that no writer with the append key wrote.

    ``before`` is the row before it in its stream; without one it is the first.

    Raises:
        Broken: E-AUTH or E-PARSE.
    """
    record = row.record or b""
    try:
        entry = pack_entry(
            kind=record[5] if len(record) > 5 else 0,  # noqa: PLR2004 - the byte of the kind
            position=row.position,
            stream_id=row.stream_id,
            version=1 if before is None else before.version + 1,
            key_id=row.key_id,
            record_len=len(record),
            record_hash=sha256(record).digest(),
            prev_leaf=ZERO_LEAF if before is None else before.leaf,
            prev_pos=None if before is None else before.position,
            tx_first=row.tx_first,
            time_ms=row.time_ms,
        )
    except EntryRefused:
        raise Broken("E-PARSE", "a control record that is no entry of a log") from None
    if leaf_hash(entry) != row.leaf:
        raise Broken("E-LEAF", "a control record that is not what was written")
    if authenticate(append_key, entry) != row.auth:
        raise Broken("E-AUTH", "a control record that no writer of ours wrote")
