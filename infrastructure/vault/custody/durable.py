"""Files that hold keys: made once, replaced whole, one writer at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from infrastructure import durable


def write_new(path: Path, data: bytes) -> None:
    """Make a file for its owner's eyes alone, durably.

    Raises:
        FileExistsError: There is one already; it is never overwritten.
    """
    _write(path, data)
    durable.sync_folder(path.parent)


def replace(path: Path, data: bytes) -> None:
    """Put other bytes in a file's place: cut short anywhere, the one or the other is there whole.

    What stood there is overwritten once the new name is durable, as ``infrastructure.durable`` says
    how far. The caller holds the folder.
    """
    making = path.with_name(path.name + ".new")
    # From a replacement that was cut short; nobody else makes one, since the folder is held.
    making.unlink(missing_ok=True)
    _write(making, data)
    durable.replace(making, path)


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a folder against every other that would replace a file in it, in any process."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
