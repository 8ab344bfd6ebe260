"""The bell: a counter in a file that every process on a data folder sees at every use of a key.

It is rung when keys were retired, destroyed or handed on to another generation. Whoever keeps open
keys compares it before using one, which costs no system call, and drops them all where it has been
rung: so a destroyed key is used nowhere after the next breath, and nothing that was sealed under a
retired key is written behind its retiring.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
from pathlib import Path

from domain.errors import RecordUnavailable

_COUNT = struct.Struct("=Q")


class Bell:
    """The shared counter of one data folder."""

    def __init__(self, path: Path) -> None:
        """Open the counter; it is made where there is none yet."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            if os.fstat(self._file).st_size < _COUNT.size:
                # One that was cut short rings: whoever has it open still maps the same page.
                os.ftruncate(self._file, _COUNT.size)
            fcntl.flock(self._file, fcntl.LOCK_UN)
            self._map = mmap.mmap(self._file, _COUNT.size)
        except BaseException:
            os.close(self._file)
            raise

    def count(self) -> int:
        """How often it has been rung; an aligned word, so never seen half written."""
        try:
            found: int = _COUNT.unpack_from(self._map)[0]
        except ValueError:
            # It has been closed with its folder: no key is used any more.
            raise RecordUnavailable from None
        return found

    def ring(self) -> None:
        """Let everybody drop the keys that are open; it holds when this returns."""
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            _COUNT.pack_into(self._map, 0, (self.count() + 1) % 2**64)
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give the file back."""
        if not self._map.closed:
            self._map.close()
            os.close(self._file)
