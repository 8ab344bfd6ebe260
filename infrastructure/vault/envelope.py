"""Seals and opens one record in layout PSR1, byte by byte as ``docs/formats/record.md`` says.

The clear header is the associated data of a committing AEAD: a record opens only in its own log,
stream and version, under its own key, and to one plaintext alone.

Source:
    docs of the design: security, sections 1.3 and 1.4.
"""

from __future__ import annotations

import hmac
import os
import struct
from collections.abc import Collection
from enum import IntEnum
from hashlib import sha256
from typing import NamedTuple

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag

from infrastructure.errors import Broken
from infrastructure.vault.keys import SubjectKey, derive

MAGIC = b"PSR\x01"
HEADER_SIZE = 80
SALT_AND_COMMITMENT = 56
TAG_SIZE = 16
LEAST_PLAIN = 512
MOST_PAYLOAD = 1024 * 1024
"""Bytes of one event's payload; what is larger is an attachment."""
_MOST_RECORD = 16 * 1024 * 1024
_PREFIX = struct.Struct(">4sBBH16s16s16sQ")
_INNER = struct.Struct(">BI")
_WITHHELD = struct.Struct(">H")
_STEP = 128
_FORM = 1
_PLAIN, _SEALED = 0, 1
_NONCE = 12
_PIECE = 16 * 1024
"""Bytes for each of which the AEAD has a tag, beside the one at the end."""


class Kind(IntEnum):
    """What a record is. Stored: never renumber."""

    EVENT = 0x01
    CHUNK = 0x04
    """A piece of an attachment; they lie in files of their own beside the record."""
    FIELD = 0x05
    ENTRY = 0x06
    """An event of a client's access log, under a key of its own that can be handed to her."""
    GENESIS = 0x40
    KEY = 0x41
    MAPHEAD = 0x42
    SHRED = 0x43
    RECOVERY = 0x44
    ANCHOR = 0x45
    POLICY = 0x47
    INCIDENT = 0x48


def padded_size(size: int) -> int:
    """Padmé over a floor of 512 bytes: at most 12 % more, and small types look alike.

    Source:
        docs of the design: security, section 1.4.
    """
    size = max(size, LEAST_PLAIN)
    exponent = size.bit_length() - 1
    free = exponent - exponent.bit_length()
    mask = (1 << free) - 1
    return (size + mask) & ~mask


def seal(
    key: SubjectKey, kind: Kind, log_id: bytes, stream_id: bytes, version: int, payload: bytes
) -> bytes:
    """Seal a payload into a record for its place in its stream.

    Raises:
        Broken: E-LIMIT, the payload is over a megabyte.
    """
    if len(payload) > MOST_PAYLOAD:
        raise Broken("E-LIMIT", "the payload is too large")
    size = _INNER.size + len(payload)
    plain = (_INNER.pack(_FORM, len(payload)) + payload).ljust(padded_size(size), b"\0")
    place = (log_id, key.key_id, stream_id, version)
    return _encrypt(_input_key(key, kind, place), key.hedge, kind, place, plain)


def open_record(
    key: SubjectKey, kind: Kind, log_id: bytes, stream_id: bytes, version: int, record: bytes
) -> bytes:
    """The payload of a record that stands in its own place.

    Raises:
        Broken: It does not: E-PARSE, E-LIMIT, E-BIND or E-AEAD.
    """
    place = (log_id, key.key_id, stream_id, version)
    plain = _decrypt(_input_key(key, kind, place), kind, place, record)
    if len(plain) < LEAST_PLAIN:
        raise Broken("E-PARSE", "the padding of a record")
    form, size = _INNER.unpack_from(plain)
    end = _INNER.size + size
    if (
        form != _FORM
        or end > len(plain)
        or len(plain) != padded_size(end)
        or plain.count(0, end) != len(plain) - end
    ):
        raise Broken("E-PARSE", "the padding of a record")
    return plain[_INNER.size : end]


def entry_key(key: SubjectKey, log_id: bytes, stream_id: bytes, version: int) -> bytes:
    """The key of one access-log entry, to hand to the client with it; it opens nothing else."""
    return _input_key(key, Kind.ENTRY, (log_id, key.key_id, stream_id, version))


def withhold(key: SubjectKey, stream_id: bytes, plain: bytes) -> bytes:
    """Seal what of an entry the client is not handed; it stands inside the entry's payload.

    It is padded, since its length alone would tell a process note from another record.
    """
    nonce, size = os.urandom(_NONCE), _WITHHELD.size + len(plain)
    padded = (_WITHHELD.pack(len(plain)) + plain).ljust(-(-size // _STEP) * _STEP, b"\0")
    return nonce + key.withheld.encrypt(nonce, padded, stream_id)


def open_withheld(key: SubjectKey, stream_id: bytes, sealed: bytes) -> bytes:
    """What was withheld in an entry of this stream.

    Raises:
        Broken: E-AEAD, it was not.
    """
    try:
        padded = key.withheld.decrypt(sealed[:_NONCE], sealed[_NONCE:], stream_id)
    except (InvalidTag, ValueError):
        raise Broken("E-AEAD", "what was withheld does not open") from None
    end = _WITHHELD.size + int.from_bytes(padded[: _WITHHELD.size], "big")
    if not padded or len(padded) % _STEP or end > len(padded) or any(padded[end:]):
        raise Broken("E-PARSE", "the padding of what was withheld")
    return padded[_WITHHELD.size : end]


def seal_field(
    item_key: bytes,
    item_id: bytes,
    log_id: bytes,
    stream_id: bytes,
    version: int,
    number: int,
    words: str,
) -> bytes:
    """Seal one free text under its item key, for one field of one event; it has no padding."""
    plain = bytes([number]) + words.encode()
    if len(plain) > MOST_PAYLOAD:
        raise Broken("E-LIMIT", "the text is too large")
    place = (log_id, item_id, stream_id, version)
    return _encrypt(derive(item_key, "field"), derive(item_key, "hedge"), Kind.FIELD, place, plain)


def open_field(item_key: bytes, log_ids: Collection[bytes], field: bytes) -> tuple[int, str]:
    """The field's number and words; its place is the one that its own header names.

    The header is authenticated, and the field stands inside a sealed event or cell, so that it can
    only be where it was put. ``log_ids`` are the ids that the log has had.

    Raises:
        Broken: It was altered or does not belong to this log or key.
    """
    item_id, stream_id, version = field_place(field)
    log_id = field[8:24]
    if log_id not in log_ids:
        raise Broken("E-BIND", "a field of another log")
    place = (log_id, item_id, stream_id, version)
    plain = _decrypt(derive(item_key, "field"), Kind.FIELD, place, field)
    try:
        return plain[0], plain[1:].decode()
    except (IndexError, UnicodeDecodeError):
        # The message of the cause could carry content, so it stops here.
        raise Broken("E-PARSE", "a field without words") from None


def field_place(field: bytes) -> tuple[bytes, bytes, int]:
    """The item id, stream and version that a sealed field names."""
    if len(field) < HEADER_SIZE + SALT_AND_COMMITMENT + TAG_SIZE:
        raise Broken("E-PARSE", "a field that is too short")
    *_, item_id, stream_id, version = _PREFIX.unpack_from(field)
    return item_id, stream_id, version


class ChunkPlace(NamedTuple):
    """Which piece of which attachment a chunk is, counted from 1, and whether it is the last."""

    attachment: bytes
    number: int
    last: bool


def seal_chunk(
    item_key: bytes, item_id: bytes, log_id: bytes, place: ChunkPlace, plain: bytes
) -> bytes:
    """Seal a piece of an attachment for its place; its length is that of other pieces near it.

    Raises:
        Broken: E-LIMIT, it is too large.
    """
    if len(plain) > MOST_PAYLOAD:
        raise Broken("E-LIMIT", "the chunk is too large")
    where = (log_id, item_id, place.attachment, place.number)
    padded = plain.ljust(padded_size(len(plain)), b"\0")
    keys = derive(item_key, "att"), derive(item_key, "hedge")
    return _encrypt(*keys, Kind.CHUNK, where, padded, flags=int(place.last))


def open_chunk(
    item_key: bytes, log_ids: Collection[bytes], sealed: bytes
) -> tuple[ChunkPlace, bytes]:
    """Where a chunk belongs, by its own header, and what it holds with the padding behind it.

    Raises:
        Broken: It was altered, or does not belong to this log or key.
    """
    item_id, place, log_id = chunk_header(sealed)
    if log_id not in log_ids:
        raise Broken("E-BIND", "a chunk of another log")
    where = (log_id, item_id, place.attachment, place.number)
    key = derive(item_key, "att")
    return place, _decrypt(key, Kind.CHUNK, where, sealed, flags=int(place.last))


def chunk_header(sealed: bytes) -> tuple[bytes, ChunkPlace, bytes]:
    """The item id, the place and the log that a sealed chunk names.

    Raises:
        Broken: E-PARSE, it is no chunk.
    """
    if len(sealed) < HEADER_SIZE + SALT_AND_COMMITMENT + TAG_SIZE:
        raise Broken("E-PARSE", "a chunk that is too short")
    magic, suite, kind, last, log_id, item_id, attachment, number = _PREFIX.unpack_from(sealed)
    if (magic, suite, kind) != (MAGIC, _SEALED, Kind.CHUNK) or last > 1:
        raise Broken("E-PARSE", "a chunk of unknown form")
    return item_id, ChunkPlace(attachment, number, bool(last)), log_id


def sealed_chunk_size(size: int) -> int:
    """How many bytes so many have once they are sealed as one chunk."""
    padded = padded_size(size)
    return HEADER_SIZE + SALT_AND_COMMITMENT + padded + TAG_SIZE * (padded // _PIECE + 1)


def control(kind: Kind, log_id: bytes, stream_id: bytes, version: int, payload: bytes) -> bytes:
    """A control record: the same header, in clear; the log's entry authenticates it."""
    header = _PREFIX.pack(MAGIC, _PLAIN, kind, 0, log_id, bytes(16), stream_id, version)
    return header + bytes(16) + payload


def open_control(kind: Kind, log_id: bytes, stream_id: bytes, version: int, record: bytes) -> bytes:
    """The payload of a control record that stands in its own place.

    Raises:
        Broken: E-PARSE or E-BIND.
    """
    expected = control(kind, log_id, stream_id, version, b"")
    if record[:HEADER_SIZE] != expected:
        raise Broken("E-BIND", "a control record out of its place")
    return record[HEADER_SIZE:]


def _input_key(key: SubjectKey, kind: Kind, place: tuple[bytes, bytes, bytes, int]) -> bytes:
    if kind is not Kind.ENTRY:
        return key.record
    try:
        return key.entry(_PREFIX.pack(MAGIC, _SEALED, kind, 0, *place))
    except struct.error:
        raise Broken("E-BIND", "a record in a place that there is not") from None


def _encrypt(
    key: bytes,
    hedge_key: bytes,
    kind: Kind,
    place: tuple[bytes, bytes, bytes, int],
    plain: bytes,
    *,
    flags: int = 0,
) -> bytes:
    prefix = _PREFIX.pack(MAGIC, _SEALED, kind, flags, *place)
    fresh = os.urandom(32) + prefix + sha256(plain).digest()
    header = prefix + hmac.digest(hedge_key, fresh, "sha256")[:16]
    encryptor = Cobblestone256Encryptor(key, header)
    return header + encryptor.update(plain) + encryptor.finalize()


def _decrypt(
    key: bytes,
    kind: Kind,
    place: tuple[bytes, bytes, bytes, int],
    record: bytes,
    *,
    flags: int = 0,
) -> bytes:
    if len(record) > _MOST_RECORD:
        raise Broken("E-LIMIT", "a record is too large")
    if len(record) < HEADER_SIZE + SALT_AND_COMMITMENT + TAG_SIZE:
        raise Broken("E-PARSE", "a record is too short")
    try:
        prefix = _PREFIX.pack(MAGIC, _SEALED, kind, flags, *place)
    except struct.error:
        raise Broken("E-BIND", "a record in a place that there is not") from None
    if record[:64] != prefix:
        if record[:8] != prefix[:8]:
            raise Broken("E-PARSE", "a record of unknown form")
        raise Broken("E-BIND", "a record out of its place")
    decryptor = Cobblestone256Decryptor(key, record[:HEADER_SIZE])
    try:
        return decryptor.update(record[HEADER_SIZE:]) + decryptor.finalize()
    except (InvalidTag, ValueError):
        raise Broken("E-AEAD", "a record does not open") from None
