"""The bell: a counter in a file that every process on a data folder sees at every use of a key.

It is rung when keys were retired, destroyed or handed on to another generation. Whoever keeps open
keys compares it before using one, which costs two short system calls, and drops them all where it
has been rung: so a destroyed key is used nowhere after the next breath, and nothing that was sealed
under a retired key is written behind its retiring.

Somebody may cut the file short, delete it or put another in its place while it is in use. It is
read and not mapped, so that nobody dies of that, and whoever finds it changed makes or takes the
one that lies there now, and has heard a ring: it is never listened to where nobody rings.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import struct
import threading
import time
from pathlib import Path

from domain.errors import RecordUnavailable

_COUNT = struct.Struct("=Q")
LATELY_SECONDS = 0.01
"""How long what was heard may be relied upon where it only decides what is dropped from memory."""


class Bell:
    """The shared counter of one data folder."""

    def __init__(self, path: Path) -> None:
        """Open the counter; it is made where there is none yet."""
        # As a string: this is asked for at each use of a key.
        self._path = str(path)
        self._lock = threading.Lock()
        self._closed = False
        self._file, self._place = _opened(self._path)
        self._replaced = 0
        self._heard, self._until = 0, 0.0

    def lately(self) -> int:
        """``count`` as it was a hundredth of a second ago at most; a ring here is heard at once.

        Asking the file costs two system calls, and every event that is opened asks.
        """
        if time.monotonic() < self._until:
            return self._heard
        return self.count()

    def count(self) -> int:
        """A number that is another one after each ring; eight bytes, so never seen half written.

        Raises:
            RecordUnavailable: It has been closed with its folder: no key is used any more.
        """
        with self._lock:
            self._heard = self._count()
            self._until = time.monotonic() + LATELY_SECONDS
            return self._heard

    def ring(self) -> None:
        """Let everybody drop the keys that are open; it holds when this returns."""
        with self._lock:
            self._until = 0.0
            self._count()
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                _write(self._file, (_read(self._file) or 0) + 1)
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._until = 0.0
            if not self._closed:
                self._closed = True
                os.close(self._file)

    def _count(self) -> int:
        if self._closed:
            raise RecordUnavailable
        try:
            found = _read(self._file) if _place(self._path) == self._place else None
            if found is None:
                os.close(self._file)
                self._closed = True
                self._file, self._place = _opened(self._path)
                self._closed = False
                self._replaced += 1
                found = _read(self._file) or 0
        except OSError:
            # Whoever cannot be told uses no key.
            raise RecordUnavailable from None
        return self._replaced << 64 | found


def _opened(path: str) -> tuple[int, tuple[int, int]]:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        if _read(file) is None:
            # One that was cut short rings for everybody who has heard another count of it.
            os.ftruncate(file, 0)
            _write(file, secrets.randbits(62))
        fcntl.flock(file, fcntl.LOCK_UN)
        found = os.fstat(file)
    except BaseException:
        os.close(file)
        raise
    return file, (found.st_dev, found.st_ino)


def _place(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - a third of the time that a Path takes
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _read(file: int) -> int | None:
    data = os.pread(file, _COUNT.size, 0)
    return int(_COUNT.unpack(data)[0]) if len(data) == _COUNT.size else None


def _write(file: int, count: int) -> None:
    os.pwrite(file, _COUNT.pack(count % 2**64), 0)
