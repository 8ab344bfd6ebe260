"""What a record says in clear: the header of any record, and the payload of a control record.

- `check_record` holds a record's `PSR1` header against the entry that it belongs to.
- `parse_control` reads a control record: which log it speaks for, and what it says. A kind, a
  shape or a number that is not known here is refused; nothing is ignored.
- GENESIS, MAPHEAD, RECOVERY and POLICY have types here, KEY and SHRED in `key_control`, and a
  POLICY about a key of the log or of a witness in `policy_key`. Of the other kinds it is known that
  they exist, and that their payload is one canonical array.

Whether what a control record says is true is judged elsewhere (`lifecycle`).

Source:
    docs/formats/record.md; docs of the design: security, sections 1.3 and 2.9.
"""

from __future__ import annotations

import struct
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import TypeAlias

from infrastructure.ledger.canonical import Value, decode
from infrastructure.ledger.errors import LogBroken
from infrastructure.ledger.key_control import (
    CONTROL_KEY,
    KeyControl,
    parse_key,
    parse_shred,
)
from infrastructure.ledger.policy_key import PolicyKey, is_of_a_key, parse_policy_key
from infrastructure.ledger.shape import (
    HASH_SIZE,
    ID_SIZE,
    Place,
    is_number,
    malformed,
    require_place,
)

RECORD_MAGIC = b"PSR\x01"
HEADER_SIZE = 80
MOST_RECORD = 16 * 1024 * 1024
"""Bytes of a record; what is larger than a megabyte is no event any more, but an attachment."""
FIRST_CONTROL_KIND = 0x40
EVENT = 0x01
ACCESS_ENTRY = 0x06
SEALED_KINDS = frozenset({EVENT, ACCESS_ENTRY})
"""What stands in a log under a key. A sealed field, 0x05, is never a record on its own."""
ACCOUNTABILITY = 2
"""The purpose of the keys that seal the access log of one subject."""

_SUITE_PLAIN = 0x00
_SUITE_SEALED = 0x01
_NO_FLAGS = b"\x00\x00"
_HEADER = struct.Struct(">4sBB2s16s16s16sQ16s")
_MOST_ORIGIN = 255
_MOST_REASON = 200
_MOST_VKEY = 4096
_MOST_APPROVALS = 16 * 1024
# Where the fields stand in bytes 8 to 64 of the header.
_BOUND_FIELDS = (
    ("log_id", slice(0, 16)),
    ("key_id", slice(16, 32)),
    ("stream_id", slice(32, 48)),
    ("version", slice(48, 56)),
)


class ControlKind(IntEnum):
    """What a control record is. Stored: never renumber."""

    GENESIS = 0x40
    KEY = 0x41
    MAPHEAD = 0x42
    SHRED = 0x43
    RECOVERY = 0x44
    ANCHOR = 0x45
    REDACT = 0x46
    POLICY = 0x47
    INCIDENT = 0x48


@dataclass(frozen=True, slots=True)
class Genesis:
    """The first record of a log: whose it is."""

    origin: str
    clinic: bytes
    created_us: int


@dataclass(frozen=True, slots=True)
class MapHead:
    """The head of the map of access logs, over the entries below `log_size`."""

    epoch: int
    log_size: int
    map_size: int
    map_root: bytes


@dataclass(frozen=True, slots=True)
class Recovery:
    """A log that lost entries goes on under a new origin, as two custodians have signed.

    The entries below `restored_size` stay as they were; those from there to `lost_to` are gone.
    `checkpoint` is the last one of the old origin that was found, signed, or empty; `approvals` is
    the statement with the custodians' signatures.
    """

    origin: str
    old_origin: str
    restored_size: int
    root: bytes
    lost_to: int
    reason: str
    checkpoint: bytes
    approvals: bytes

    def statement(self) -> str:
        """What the custodians sign."""
        return (
            f"powiernik/1/recovery\n{self.old_origin}\n{self.origin}\n{self.restored_size}\n"
            f"{b64encode(self.root).decode()}\n{self.lost_to}\n{self.reason}\n"
        )

    def is_in(self, statement: str) -> bool:
        """Whether a statement approves of this."""
        return statement == self.statement()


@dataclass(frozen=True, slots=True)
class Custodian:
    """Somebody whose signature, with another's, approves what no single person may decide.

    The first ones are named when the log begins; whoever comes later, two of them have approved.
    """

    vkey: str
    approvals: bytes = b""

    def statement(self) -> str:
        """What two custodians sign who name another."""
        return f"powiernik/1/custodian\n{self.vkey}\n"

    def is_in(self, statement: str) -> bool:
        """Whether a statement approves of this."""
        return statement == self.statement()


@dataclass(frozen=True, slots=True)
class OtherControl:
    """A control record of a kind that exists, and is not taken apart here."""

    kind: ControlKind
    payload: Sequence[Value]


Control: TypeAlias = (
    Genesis | KeyControl | MapHead | Recovery | Custodian | PolicyKey | OtherControl
)


def log_id_of(origin: str) -> bytes:
    """Return the id of a log: the first half of the SHA-256 of its origin."""
    return sha256(origin.encode()).digest()[:ID_SIZE]


def map_stream(log_id: bytes) -> bytes:
    """Return the stream in which a log's MAPHEAD records stand."""
    return sha256(b"powiernik/1/map" + log_id).digest()[:ID_SIZE]


def recovery_stream(log_id: bytes) -> bytes:
    """Return the stream in which the RECOVERY records of a log of this first id stand."""
    return sha256(b"powiernik/1/recovery" + log_id).digest()[:ID_SIZE]


def check_record(
    record: bytes, *, log_id: bytes, position: int, key_id: bytes, stream_id: bytes, version: int
) -> None:
    """Check that these are the bytes of a `PSR1` record, and of the one an entry speaks of.

    A RECOVERY is the first record of a new log id; whether that is its own, `parse_control` tells.

    Raises:
        LogBroken: E-LIMIT, E-PARSE or E-BIND.
    """
    if len(record) > MOST_RECORD:
        expected = f"at most {MOST_RECORD} bytes"
        raise LogBroken("E-LIMIT", position, stream_id, expected, len(record))
    if len(record) < HEADER_SIZE:
        expected = f"at least {HEADER_SIZE} bytes"
        raise LogBroken("E-PARSE", position, stream_id, expected, len(record))
    if record[:4] != RECORD_MAGIC or record[6:8] != _NO_FLAGS:
        raise LogBroken("E-PARSE", position, stream_id, "magic and no flags", record[:8])
    suite, kind = record[4], record[5]
    # SPEC: 0x01 Cobblestone-256; 0x00 plaintext control record; anything else -> reject.
    if suite != _SUITE_SEALED and (suite != _SUITE_PLAIN or kind < FIRST_CONTROL_KIND):
        raise LogBroken("E-PARSE", position, stream_id, "a suite that suits the kind", record[:8])
    if kind == ControlKind.RECOVERY:
        log_id = record[8:24]
    bound = log_id + key_id + stream_id + version.to_bytes(8, "big")
    if record[8:64] != bound:
        raise _unbound(position, stream_id, bound, record[8:64])


def parse_control(record: bytes) -> Control:
    """Read a control record.

    Raises:
        ControlRefused: E-PARSE, it is no control record of a known kind and shape; E-BIND, it does
            not stand where a record that says this must stand.
        CanonicalRefused: E-PARSE or E-LIMIT, its payload is not canonical.
    """
    kind, place = _parse_header(record)
    payload = decode(record[HEADER_SIZE:])
    if not isinstance(payload, list):
        raise malformed("a payload that is no array")
    match kind:
        case ControlKind.GENESIS:
            return _genesis(payload, place)
        case ControlKind.KEY:
            return parse_key(payload, place)
        case ControlKind.SHRED:
            return parse_shred(payload, place)
        case ControlKind.MAPHEAD:
            return _map_head(payload, place)
        case ControlKind.RECOVERY:
            return _recovery(payload, place)
        case ControlKind.POLICY if is_of_a_key(payload):
            return parse_policy_key(payload, log_id=place.log_id, stream_id=place.stream_id)
        case ControlKind.POLICY:
            return _custodian(payload)
        case _:
            return OtherControl(kind, tuple(payload))


def _parse_header(record: bytes) -> tuple[ControlKind, Place]:
    if len(record) < HEADER_SIZE:
        raise malformed("it is too short")
    magic, suite, kind, flags, log_id, key_id, stream_id, version, hedge = _HEADER.unpack_from(
        record
    )
    if magic != RECORD_MAGIC or flags != _NO_FLAGS or suite != _SUITE_PLAIN:
        raise malformed("another magic, suite or flag")
    if key_id != CONTROL_KEY or hedge != CONTROL_KEY:
        raise malformed("a key or a hedge, where nothing is sealed")
    try:
        return ControlKind(kind), Place(log_id, stream_id, version)
    except ValueError:
        raise malformed("a kind that is not known") from None


def _genesis(payload: list[Value], place: Place) -> Genesis:
    match payload:
        case [str() as origin, bytes() as clinic, created_us] if (
            0 < len(origin) <= _MOST_ORIGIN
            and len(clinic) == ID_SIZE
            and is_number(created_us, least=0, bits=63)
        ):
            log_id = log_id_of(origin)
            require_place(place, Place(log_id, log_id, 1))
            return Genesis(origin, clinic, created_us)
    raise malformed("a GENESIS of another shape")


def _map_head(payload: list[Value], place: Place) -> MapHead:
    match payload:
        case [epoch, log_size, map_size, bytes() as map_root] if (
            len(map_root) == HASH_SIZE
            and is_number(epoch, least=1, bits=63)
            and is_number(log_size, least=0, bits=63)
            and is_number(map_size, least=0, bits=63)
        ):
            require_place(place, place._replace(stream_id=map_stream(place.log_id)))
            return MapHead(epoch, log_size, map_size, map_root)
    raise malformed("a MAPHEAD of another shape")


def _recovery(payload: list[Value], place: Place) -> Recovery:
    match payload:
        case [
            str() as origin,
            str() as old_origin,
            restored_size,
            bytes() as root,
            lost_to,
            str() as reason,
            bytes() as checkpoint,
            bytes() as approvals,
        ] if (
            0 < len(origin) <= _MOST_ORIGIN
            and 0 < len(old_origin) <= _MOST_ORIGIN
            and origin != old_origin
            and len(root) == HASH_SIZE
            and len(reason) <= _MOST_REASON
            and reason.isprintable()
            and is_number(restored_size, least=1, bits=63)
            and is_number(lost_to, least=restored_size, bits=63)
        ):
            require_place(place, place._replace(log_id=log_id_of(origin)))
            return Recovery(
                origin, old_origin, restored_size, root, lost_to, reason, checkpoint, approvals
            )
    raise malformed("a RECOVERY of another shape")


def _custodian(payload: list[Value]) -> Custodian:
    match payload:
        case ["custodian", str() as vkey] if len(vkey) <= _MOST_VKEY:
            return Custodian(vkey)
        case ["custodian", str() as vkey, bytes() as approvals] if (
            len(vkey) <= _MOST_VKEY and 0 < len(approvals) <= _MOST_APPROVALS
        ):
            return Custodian(vkey, approvals)
    raise malformed("a POLICY of another shape")


def _unbound(position: int, stream_id: bytes, bound: bytes, found: bytes) -> LogBroken:
    """Name the first field of the header that says something else than its entry."""
    name, span = next(each for each in _BOUND_FIELDS if found[each[1]] != bound[each[1]])
    expected = f"{name} {bound[span].hex()}"
    return LogBroken("E-BIND", position, stream_id, expected, f"{name} {found[span].hex()}")
