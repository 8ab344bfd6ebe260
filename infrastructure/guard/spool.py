"""The spool: looks that have to stay possible while the record, or a part of it, is read-only.

What is known of a client's risk must stay reachable when something was found broken, and still
nothing opens without a durable entry. So a look is then written here: sealed, synced, in the order
in which it happened. When the incident has been settled the entries go into the record, with the
instant at which they occurred (compliance.md LOG-01). Nothing but looks and denials is spooled.

A frame holds one look: ``u32 length | nonce 12 | AES-256-GCM``, bound to its place in the file. The
last one may have been torn by a crash; it was never acknowledged. What is cut off as torn is kept
in a copy beside the spool, since an altered length looks the same.

Source:
    docs of the design: security, section 2.10.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from infrastructure.durable import sync_folder
from infrastructure.errors import Broken
from infrastructure.sharing import file_mode

_LENGTH = struct.Struct(">I")
_NONCE = 12
_TEXT_IN_A_LOOK = "an access event holds no text"

Replayed = Callable[[tuple[Write, ...], Circumstances, Command, datetime], object]
"""Takes a look: what is written, under which circumstances, by which command, when it occurred."""


class Spool:
    """The spool of one data folder."""

    def __init__(self, path: Path, key: bytes, log_id: bytes) -> None:
        self._path = path
        self._cipher = AESGCM(key)
        self._log_id = log_id
        self._lock = threading.Lock()
        self._ended = (0, 0)

    def append(self, writes: tuple[Write, ...], who: Circumstances, now: datetime) -> None:
        """Keep looks, durably, in their order.

        Raises:
            OSError: They could not be written; none of them may be relied upon.
        """
        looks = [
            [bytes.fromhex(write.stream), _payload(write, number, who, now)]
            for write in writes
            for number in range(len(write.events))
        ]
        with self._alone() as file:
            begin = self._end(file)
            frames = b""
            for each in looks:
                frames += self._frame(begin + len(frames), each)
            if os.pwrite(file, frames, begin) != len(frames):
                # A full disk: what was written of it counts as torn.
                raise OSError
            os.fsync(file)
            if begin == 0:
                sync_folder(self._path.parent)
            self._ended = (os.fstat(file).st_ino, begin + len(frames))

    def replay(
        self, append: Replayed, accepts: Callable[[str], bool] = lambda _stream: True
    ) -> int:
        """Hand the looks to the record, which knows those that it has already; how many.

        While there are looks in streams that are not accepted, all of them are kept.

        Raises:
            Broken: E-AEAD or E-PARSE, the spool was altered.
        """
        data = self._path.read_bytes() if self._path.exists() else b""
        count, all_accepted = 0, True
        for name, stream, payload in self._looks(data):
            if not accepts(stream):
                all_accepted = False
                continue
            found = codec.decode(payload)
            write = Write(
                stream, (found.event,), found.owner, after=None, concerning=found.concerning
            )
            command = Command(name, b"spooled".ljust(32, b"\0"))
            append((write,), found.who, command, found.occurred_at)
            count += 1
        if data and all_accepted:
            self._take_away(data)
        return count

    def looks(self) -> Iterator[tuple[str, codec.Decoded]]:
        """The looks that lie here, each with a name that no other has.

        Raises:
            Broken: E-AEAD or E-PARSE, the spool was altered.
        """
        data = self._path.read_bytes() if self._path.exists() else b""
        for name, _, payload in self._looks(data):
            yield name, codec.decode(payload)

    def _looks(self, data: bytes) -> Iterator[tuple[str, str, bytes]]:
        """The looks in their order: a name that no other look has, the stream, the event."""
        for place, sealed in _frames(data):
            nonce = sealed[:_NONCE]
            try:
                plain = self._cipher.decrypt(nonce, sealed[_NONCE:], self._place(place))
            except (InvalidTag, ValueError):
                raise Broken("E-AEAD", "a spooled look") from None
            for number, (stream, payload) in enumerate(msgpack.unpackb(plain)):
                yield f"spool-{nonce.hex()}-{number}", stream.hex(), payload

    def _frame(self, place: int, look: list[bytes]) -> bytes:
        plain: bytes = msgpack.packb([look])
        nonce = secrets.token_bytes(_NONCE)
        sealed = nonce + self._cipher.encrypt(nonce, plain, self._place(place))
        return _LENGTH.pack(len(sealed)) + sealed

    @contextmanager
    def _alone(self) -> Iterator[int]:
        """Hold the file, made where there is none, against other threads and processes."""
        with self._lock:
            while True:
                mode = file_mode(self._path.parent)
                file = os.open(self._path, os.O_RDWR | os.O_CREAT, mode)
                try:
                    fcntl.flock(file, fcntl.LOCK_EX)
                    if self._is_there(file):
                        yield file
                        return
                finally:
                    os.close(file)

    def _is_there(self, file: int) -> bool:
        """Whether nobody has taken the file away while it was waited for."""
        try:
            return os.path.samestat(os.fstat(file), self._path.stat())
        except FileNotFoundError:
            return False

    def _end(self, file: int) -> int:
        """Where the next frame begins; what is torn there is cut off."""
        found = os.fstat(file)
        if self._ended == (found.st_ino, found.st_size):
            return found.st_size
        end = _end_of(os.pread(file, found.st_size, 0))
        if end < found.st_size:
            shutil.copyfile(self._path, self._torn(found.st_size))
            os.ftruncate(file, end)
        return end

    def _take_away(self, data: bytes) -> None:
        """Remove what is in the record now, unless somebody has added to it meanwhile."""
        with self._alone() as file:
            if os.fstat(file).st_size != len(data):
                return
            if _end_of(data) < len(data):
                shutil.copyfile(self._path, self._torn(len(data)))
            self._path.unlink()

    def _torn(self, size: int) -> Path:
        return self._path.with_name(f"{self._path.name}.torn-{size}")

    def _place(self, place: int) -> bytes:
        return b"powiernik/1/spool" + self._log_id + place.to_bytes(8, "big")


def _frames(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The frames of a spool with their places, as far as they are whole."""
    place = 0
    while len(data) - place >= _LENGTH.size:
        (length,) = _LENGTH.unpack_from(data, place)
        start, end = place + _LENGTH.size, place + _LENGTH.size + length
        if end > len(data):
            return
        yield place, data[start:end]
        place = end


def _end_of(data: bytes) -> int:
    return sum(_LENGTH.size + len(sealed) for _, sealed in _frames(data))


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
