"""What an entry of a client's access log says, to whoever was handed its key.

- The key opens one record, to one text; the record must be the one of its entry.
- The text is the payload of an access, in the form of docs/formats/event.md, and speaks of one
  client in all the places where it names her. What was withheld from it stays withheld.
- Whatever is of another form is refused, and no error carries content.

Source:
    docs/formats/record.md, docs/formats/event.md, docs/decisions/0007.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from types import MappingProxyType

from cryptography.cobblestone import Cobblestone256Decryptor
from cryptography.exceptions import InvalidTag

from infrastructure.ledger.canonical import Value, decode
from infrastructure.ledger.control import ACCESS_ENTRY, HEADER_SIZE, check_record
from infrastructure.ledger.entry import Entry
from infrastructure.ledger.errors import CanonicalRefused, ClaimRefused, Code

_KEYS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12]
_NAME, _VERSION, _ACTOR, _STATE, _CLASS, _OWNER, _CLIENTS, _WHO = 0, 1, 3, 4, 8, 9, 10, 11
_RECORDED, _DENIED = "access.recorded", "access.denied"
_FIELDS = MappingProxyType({_RECORDED: 14, _DENIED: 9})
"""How many fields each event has: 0 to one less."""
_CLIENT_FIELD = MappingProxyType({_RECORDED: 8, _DENIED: 7})
_CIRCUMSTANCES = 10
_LABELS = (1, 13, 1)
"""The version of the event, the class of the audit log, and a client as the kind of owner."""
_OTHERS = MappingProxyType({2: int, 5: str, 7: str, 12: bytes})
"""When it occurred, the request, the application and what is withheld: of a type, and not shown."""
_LETTERS = MappingProxyType(dict(enumerate("ABCDEFGHIJKLM", start=1)))
_ID_SIZE = 16
_LEAST_PLAIN = 512


@dataclass(frozen=True, slots=True)
class SeenAccess:
    """What an open entry says: who looked, in what capacity and why, and at what."""

    position: int
    version: int
    time_ms: int
    actor: str
    role: str | None
    mode: str | None
    purpose: str | None
    kind: str
    denied: bool
    object_type: str
    classes: str
    client: str


def utc(time_ms: int) -> str:
    """Write a time as it is shown; one that no calendar has is shown as its number."""
    try:
        return datetime.fromtimestamp(time_ms // 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return f"{time_ms} ms"


def check_body(entry: Entry, record: bytes, log_id: bytes) -> None:
    """Check that a record is the one that its entry speaks of.

    Raises:
        ClaimRefused: E-LEAF or E-BIND.
        LogBroken: E-PARSE or E-BIND, its header is not that of this place.
    """
    if (len(record), sha256(record).digest()) != (entry.record_len, entry.record_hash):
        found = f"{len(record)} bytes that are not that record"
        raise _refused("E-LEAF", place_of(entry), f"the record of {entry.record_len} bytes", found)
    check_record(
        record,
        log_id=log_id,
        position=entry.position,
        key_id=entry.key_id,
        stream_id=entry.stream_id,
        version=entry.version,
    )
    if record[5] != entry.kind:
        raise _refused("E-BIND", place_of(entry), f"kind {entry.kind}", f"kind {record[5]}")


def open_access(entry: Entry, record: bytes, key: bytes) -> SeenAccess:
    """Open the record of an entry with its key, and return what it says.

    Raises:
        ClaimRefused: E-AEAD, the key does not open it; E-BIND, E-PARSE or E-LIMIT, it is no access
            to one client's record.
    """
    at = place_of(entry)
    if entry.kind != ACCESS_ENTRY:
        raise _refused("E-BIND", at, "an entry with a key of its own", f"kind {entry.kind}")
    decryptor = Cobblestone256Decryptor(key, record[:HEADER_SIZE])
    try:
        plain = decryptor.update(record[HEADER_SIZE:]) + decryptor.finalize()
    except (InvalidTag, ValueError):
        raise _refused("E-AEAD", at, "a record that its key opens", "another") from None
    try:
        payload = decode(_unpadded(plain, at))
        return _seen(entry, payload)
    except CanonicalRefused as refused:
        raise _refused(refused.code, at, "a canonical payload", "another") from None
    except (KeyError, TypeError, ValueError, IndexError):
        # The message of the cause would carry content.
        raise _refused("E-PARSE", at, "the payload of an access", "another") from None


def _unpadded(plain: bytes, at: str) -> bytes:
    """Take the padding off: form, length, payload, zeros up to the padded size.

    Source:
        docs/formats/record.md.
    """
    end = 5 + int.from_bytes(plain[1:5], "big")
    size = max(end, _LEAST_PLAIN)
    exponent = size.bit_length() - 1
    mask = (1 << (exponent - exponent.bit_length())) - 1
    size = (size + mask) & ~mask
    good = plain[:1] == b"\x01" and len(plain) == size and not any(plain[end:])
    if not good:
        raise _refused("E-PARSE", at, "the padding of a record", "another")
    return plain[5:end]


def _seen(entry: Entry, payload: Value) -> SeenAccess:
    """Read what an access says; what is of another form raises one of the usual errors."""
    if not isinstance(payload, dict) or list(payload) != _KEYS:
        raise TypeError
    for key, kind in _OTHERS.items():
        if type(payload[key]) is not kind:
            raise TypeError
    name, state = _word(payload[_NAME]), _fields_of(payload[_STATE])
    if name is None or not set(state) <= set(range(_FIELDS[name])):
        raise KeyError
    owner_kind, owner = _values(payload[_OWNER], 2)
    client = _known_id(owner)
    # Who is meant stands in up to three places, and they may not say different things.
    said = [*_values(payload[_CLIENTS]), state.get(_CLIENT_FIELD[name])]
    same = all(each is None or _known_id(each) == client for each in said)
    labels = (_whole(payload[_VERSION]), _whole(payload[_CLASS]), _whole(owner_kind))
    if labels != _LABELS or not same:
        raise _refused("E-BIND", place_of(entry), "an access to one client's record", "another")
    _, _, role, mode, purpose, *_ = _values(payload[_WHO], _CIRCUMSTANCES)
    denied = name == _DENIED
    object_type, classes = (state[1], []) if denied else (state[2], _values(state[3]))
    return SeenAccess(
        position=entry.position,
        version=entry.version,
        time_ms=entry.time_ms,
        actor=_known_id(payload[_ACTOR]),
        role=_word(role),
        mode=_word(mode),
        purpose=_word(purpose),
        kind=_word(state[0]) or "",
        denied=denied,
        object_type=_word(object_type) or "",
        classes="".join(map(_letter, classes)),
        client=client,
    )


def _fields_of(value: Value) -> dict[int, Value]:
    if not isinstance(value, dict):
        raise TypeError
    fields = {_whole(number): each for number, each in value.items()}
    if list(fields) != sorted(fields):
        raise ValueError
    return fields


def _values(value: Value, count: int | None = None) -> list[Value]:
    if not isinstance(value, list) or count not in (None, len(value)):
        raise TypeError
    return value


def _known_id(value: Value) -> str:
    if not isinstance(value, bytes) or len(value) != _ID_SIZE:
        raise TypeError
    return value.hex()


def _word(value: Value) -> str | None:
    if value is not None and not isinstance(value, str):
        raise TypeError
    return value


def _whole(value: Value) -> int:
    if type(value) is not int:
        raise TypeError
    return value


def _letter(value: Value) -> str:
    return _LETTERS[_whole(value)]


def place_of(entry: Entry) -> str:
    """Name an entry in a message."""
    return f"entry at position {entry.position}"


def _refused(code: Code, what: str, expected: object, found: object) -> ClaimRefused:
    return ClaimRefused(code, what, expected=expected, found=found)
