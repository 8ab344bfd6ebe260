"""What the log says of keys: made, retired, rewrapped, destroyed.

- KEY ["create", ...] stands in the stream that is named by the key; ["retire", key_id] in one that
  is derived from it: nothing is sealed under the key behind it.
- KEY ["rewrap", ...] and ["destroyed", ...] tell how the key-encryption key was rotated.
- SHRED ["shred", ...] names what was destroyed, approved by two custodians; ["final", ...] that
  the generation which wrapped it is gone, so that no backup brings it back.

Source:
    docs/formats/record.md; docs of the design: security, sections 1.6 and 1.7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple, TypeAlias, TypeGuard

from infrastructure.ledger.canonical import Value
from infrastructure.ledger.shape import (
    HASH_SIZE,
    ID_SIZE,
    Place,
    is_number,
    malformed,
    require_place,
)

CONTROL_KEY = bytes(16)
"""What stands for a key in a record that no key seals."""
MOST_SHREDDED = 5_000
"""Ids that one SHRED names; more are destroyed by more of them."""
REASONS = frozenset(
    {
        "retention-expired",
        "art-51",
        "wrong-client",
        "unlawful-recording",
        "consent-withdrawn",
        "member-erased",
        "log-expired",
    }
)
"""Why something was destroyed; a code, since anybody may read it."""
_MOST_EVIDENCE = 4096
_MOST_APPROVALS = 16 * 1024
_MOST_BACKUPS = 500


@dataclass(frozen=True, slots=True)
class KeyMade:
    """The making of a key: for which subject and purpose; numbers as the key store writes them."""

    key_id: bytes
    subject_tag: bytes
    purpose: int
    cls: int
    epoch: int
    check_value: bytes


@dataclass(frozen=True, slots=True)
class KeyRetired:
    """A newer epoch has begun: nothing is sealed under this key any more."""

    key_id: bytes


@dataclass(frozen=True, slots=True)
class KeysRewrapped:
    """Every key has moved to another generation; `digest` is over key ids and check values."""

    before: int
    after: int
    count: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class GenerationDestroyed:
    """A generation of the key-encryption key is gone, with what its custody says of that."""

    generation: int
    evidence: bytes


class BackupLeft(NamedTuple):
    """A backup of the key store that still holds what was destroyed, sealed."""

    id: bytes
    generation: int
    expires_ms: int


@dataclass(frozen=True, slots=True)
class Shred:
    """Keys that were destroyed, as two custodians have signed; it can be done again at any time.

    A request that destroys more than one record can name has several, which are signed together:
    `approvals` is a note over a line for each of them.
    """

    log_id: bytes
    request: bytes
    keys: tuple[bytes, ...]
    items: tuple[bytes, ...]
    reason: str
    generation: int
    backups: tuple[BackupLeft, ...] = ()
    approvals: bytes = b""

    def is_in(self, statement: str) -> bool:
        """Whether a statement approves of this."""
        head = _head(self)
        return statement.startswith(head) and _line(self) in statement[len(head) :].split("\n")


@dataclass(frozen=True, slots=True)
class ShredFinal:
    """The generation that wrapped what a request destroyed is gone: no backup brings it back."""

    request: bytes
    generation: int
    evidence: bytes


KeyControl: TypeAlias = (
    KeyMade | KeyRetired | KeysRewrapped | GenerationDestroyed | Shred | ShredFinal
)


def shred_statement(shreds: Sequence[Shred]) -> str:
    """What the custodians sign before a request is carried out: pseudonymous ids and digests."""
    return _head(shreds[0]) + "".join(f"{_line(each)}\n" for each in shreds)


def _head(shred: Shred) -> str:
    return f"powiernik/1/shred\n{shred.log_id.hex()}\n{shred.request.hex()}\n{shred.reason}\n"


def _line(shred: Shred) -> str:
    digest = sha256(b"".join(shred.keys) + b"|" + b"".join(shred.items)).hexdigest()
    return f"{len(shred.keys)} keys, {len(shred.items)} items, {digest}"


def retire_stream(key_id: bytes) -> bytes:
    """Return the stream in which the retiring of a key stands, once."""
    return sha256(b"powiernik/1/retire" + key_id).digest()[:ID_SIZE]


def custody_stream(log_id: bytes) -> bytes:
    """Return the stream in which rotations of the key-encryption key stand."""
    return sha256(b"powiernik/1/custody" + log_id).digest()[:ID_SIZE]


def shred_stream(log_id: bytes) -> bytes:
    """Return the stream in which a log's SHRED records stand."""
    return sha256(b"powiernik/1/shred" + log_id).digest()[:ID_SIZE]


def parse_key(payload: list[Value], place: Place) -> KeyControl:
    """Read the payload of a KEY record.

    Raises:
        ControlRefused: E-PARSE or E-BIND.
    """
    match payload:
        case [
            "create",
            bytes() as key_id,
            bytes() as tag,
            purpose,
            cls,
            epoch,
            bytes() as check,
        ] if (
            len(key_id) == len(tag) == len(check) == ID_SIZE
            and key_id != CONTROL_KEY
            and is_number(purpose, least=1, bits=8)
            and is_number(cls, least=1, bits=8)
            and is_number(epoch, least=0, bits=32)
        ):
            require_place(place, Place(place.log_id, key_id, 1))
            return KeyMade(key_id, tag, purpose, cls, epoch, check)
        case ["retire", bytes() as key_id] if len(key_id) == ID_SIZE and key_id != CONTROL_KEY:
            require_place(place, Place(place.log_id, retire_stream(key_id), 1))
            return KeyRetired(key_id)
        case ["rewrap", before, after, count, bytes() as digest] if (
            len(digest) == HASH_SIZE
            and is_number(before, least=1, bits=32)
            and is_number(after, least=2, bits=32)
            and before < after
            and is_number(count, least=0, bits=63)
        ):
            require_place(place, place._replace(stream_id=custody_stream(place.log_id)))
            return KeysRewrapped(before, after, count, digest)
        case ["destroyed", generation, bytes() as evidence] if len(
            evidence
        ) <= _MOST_EVIDENCE and is_number(generation, least=1, bits=32):
            require_place(place, place._replace(stream_id=custody_stream(place.log_id)))
            return GenerationDestroyed(generation, evidence)
    raise malformed("a KEY of another shape")


def parse_shred(payload: list[Value], place: Place) -> KeyControl:
    """Read the payload of a SHRED record.

    Raises:
        ControlRefused: E-PARSE or E-BIND.
    """
    require_place(place, place._replace(stream_id=shred_stream(place.log_id)))
    match payload:
        case [
            "shred",
            bytes() as request,
            list() as keys,
            list() as items,
            str() as reason,
            generation,
            list() as backups,
            bytes() as approvals,
        ] if (
            len(request) == ID_SIZE
            and 0 < len(keys) + len(items) <= MOST_SHREDDED
            and _are_ids(keys)
            and _are_ids(items)
            and len({*keys, *items}) == len(keys) + len(items)
            and reason in REASONS
            and is_number(generation, least=1, bits=32)
            and len(backups) <= _MOST_BACKUPS
            and len(approvals) <= _MOST_APPROVALS
        ):
            left = tuple(_backup(each) for each in backups)
            named = (tuple(keys), tuple(items))
            return Shred(place.log_id, request, *named, reason, generation, left, approvals)
        case ["final", bytes() as request, generation, bytes() as evidence] if (
            len(request) == ID_SIZE
            and is_number(generation, least=1, bits=32)
            and len(evidence) <= _MOST_EVIDENCE
        ):
            return ShredFinal(request, generation, evidence)
    raise malformed("a SHRED of another shape")


def _are_ids(values: Sequence[Value]) -> TypeGuard[Sequence[bytes]]:
    return all(isinstance(each, bytes) and len(each) == ID_SIZE for each in values)


def _backup(value: Value) -> BackupLeft:
    match value:
        case [bytes() as name, generation, expires_ms] if (
            len(name) == ID_SIZE
            and is_number(generation, least=1, bits=32)
            and is_number(expires_ms, least=0, bits=63)
        ):
            return BackupLeft(name, generation, expires_ms)
    raise malformed("a backup of another shape")
