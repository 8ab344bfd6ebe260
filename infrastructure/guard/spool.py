"""The spool: looks that have to stay possible while the record, or a part of it, is read-only.

What is known of a client's risk must stay reachable when something was found broken, and still
nothing opens without a durable entry. So a look is then written here: sealed, synced, in the order
in which it happened. When the incident has been settled the entries go into the record, with the
instant at which they occurred (compliance.md LOG-01). Nothing but looks and denials is spooled.

A frame is ``u32 length | nonce 12 | AES-256-GCM``, bound to its place in the file.

Source:
    docs of the design: security, section 2.10.
"""

from __future__ import annotations

import os
import secrets
import struct
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import msgpack
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.confidentiality import label_for
from domain.events.access import EVENTS
from domain.ports import Write
from domain.values import Circumstances, Command
from infrastructure import codec
from infrastructure.errors import Broken

_LENGTH = struct.Struct(">I")
_NONCE = 12
_MOST_FRAME = 1024 * 1024
_TEXT_IN_A_LOOK = "an access event holds no text"

Replayed = Callable[[tuple[Write, ...], Circumstances, Command], object]


class Spool:
    """The spool of one data folder."""

    def __init__(self, path: Path, key: bytes, log_id: bytes) -> None:
        self._path = path
        self._cipher = AESGCM(key)
        self._log_id = log_id
        self._lock = threading.Lock()

    def append(self, writes: tuple[Write, ...], who: Circumstances, now: datetime) -> None:
        """Keep looks, durably, in their order."""
        payloads = [
            [bytes.fromhex(write.stream), _payload(write, number, who, now)]
            for write in writes
            for number in range(len(write.events))
        ]
        plain: bytes = msgpack.packb(payloads)
        with self._lock:
            place = self._path.stat().st_size if self._path.exists() else 0
            nonce = secrets.token_bytes(_NONCE)
            sealed = nonce + self._cipher.encrypt(nonce, plain, self._place(place))
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(descriptor, _LENGTH.pack(len(sealed)) + sealed)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def replay(self, append: Replayed) -> int:
        """Hand every look to the record, which knows those that it has already; how many.

        Raises:
            Broken: E-AEAD or E-PARSE, the spool was altered.
        """
        count = 0
        for place, plain in self._frames():
            for number, (stream, payload) in enumerate(msgpack.unpackb(plain)):
                found = codec.decode(payload)
                write = Write(
                    stream.hex(),
                    (found.event,),
                    found.owner,
                    after=None,
                    concerning=found.concerning,
                )
                command = Command(f"spool-{place}-{number}", b"spooled".ljust(32, b"\0"))
                append((write,), found.who, command)
                count += 1
        if count:
            self._path.unlink()
        return count

    def _frames(self) -> Iterator[tuple[int, bytes]]:
        if not self._path.exists():
            return
        data = self._path.read_bytes()
        place = 0
        while len(data) - place >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(data, place)
            start, end = place + _LENGTH.size, place + _LENGTH.size + length
            if length > _MOST_FRAME or end > len(data):
                # Torn by a crash, so never acknowledged, and nothing was opened against it.
                return
            sealed = data[start:end]
            try:
                yield (
                    place,
                    self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], self._place(place)),
                )
            except (InvalidTag, ValueError):
                raise Broken("E-AEAD", "a spooled look") from None
            place = end

    def _place(self, place: int) -> bytes:
        return b"powiernik/1/spool" + self._log_id + place.to_bytes(8, "big")


def only_looks(writes: tuple[Write, ...]) -> bool:
    """Whether nothing but looks and denials is to be written."""
    return all(isinstance(event, EVENTS) for write in writes for event in write.events)


def _payload(write: Write, number: int, who: Circumstances, now: datetime) -> bytes:
    def no_text(_number: int, _words: str) -> bytes:
        raise Broken("E-PARSE", _TEXT_IN_A_LOOK)

    event = write.events[number]
    return codec.encode(
        event,
        occurred_at=now,
        label=label_for(event.LABEL, write.owner),
        owner=write.owner,
        concerning=write.concerning,
        who=who,
        seal_text=no_text,
    )
