"""Files that are replaced whole, and are on the disk when that is said.

Whoever reads one sees what was there before or what was written, never a part of it, whenever the
process or the power ended.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write a file, in the place of the one that may be there; durable when it returns.

    Raises:
        OSError: It could not be written; what was there before is untouched.
    """
    # A name of its own: of two writers at once, each renames what it has written itself.
    making = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    descriptor = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            # The mode that was asked for, whatever the process masks.
            os.fchmod(descriptor, mode)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        making.replace(path)
    except BaseException:
        making.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def replace(source: Path, target: Path) -> None:
    """Let a file take the place of another in the same folder; durable when it returns.

    What stood there is overwritten then, as well as can be done from here: a disk that never writes
    twice to one place, a snapshot or a backup keeps it all the same.
    """
    with target.open("r+b") as old:
        source.replace(target)
        sync_folder(target.parent)
        old.write(bytes(os.fstat(old.fileno()).st_size))
        old.flush()
        os.fsync(old.fileno())


def give(file: Path | int, like: Path) -> None:
    """Give a file to the owner of another one: root may act for somebody who has to read it."""
    owner = like.stat()
    if owner.st_uid != os.geteuid():
        os.chown(file, owner.st_uid, owner.st_gid)


def sync_folder(folder: Path) -> None:
    """Make names that were added to a folder, or taken from it, durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
