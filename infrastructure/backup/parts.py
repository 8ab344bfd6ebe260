"""Parts: a file cut into pieces of a few MiB, each sealed so that it opens in its place alone.

The clear header names the backup, the set, the file and the number; it is the context of the
committing AEAD. So a part cannot be moved, exchanged, or taken from another backup; that none is
missing at the end is for the manifest to say.

Source:
    docs/formats/backup.md; docs of the design: security, section 1.3.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import NamedTuple

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag

from infrastructure.backup.manifest import PART_SIZE, BackupSet
from infrastructure.errors import Broken
from infrastructure.vault.keys import derive

_HEADER = struct.Struct(">4sBBHI16s")
_MAGIC = b"PSB\x01"
_SUITE = 1
_OVERHEAD = 64 * 1024
"""More than the seal of a part takes: salt, commitment, and a tag for each 16 KiB."""


class Place(NamedTuple):
    """Where a part belongs."""

    backup: str
    kind: BackupSet
    file: int
    number: int

    @property
    def name(self) -> str:
        """The name of the file that holds it."""
        return f"part-{self.file:05}-{self.number:06}"

    def header(self) -> bytes:
        """The bytes that it is bound to."""
        backup = bytes.fromhex(self.backup)
        return _HEADER.pack(_MAGIC, _SUITE, self.kind.value, self.file, self.number, backup)


def seal(key: bytes, place: Place, plain: bytes) -> bytes:
    """A part, sealed for its place."""
    header = place.header()
    encryptor = Cobblestone256Encryptor(derive(key, "backup-part"), header)
    return header + encryptor.update(plain) + encryptor.finalize()


def unseal(key: bytes, place: Place, sealed: bytes) -> bytes:
    """What was sealed for this very place.

    Raises:
        Broken: E-PARSE, E-BIND or E-AEAD.
    """
    header = place.header()
    if len(sealed) < len(header) or sealed[:5] != header[:5]:
        raise Broken("E-PARSE", "a part of a backup of unknown form")
    if sealed[: len(header)] != header:
        raise Broken("E-BIND", "a part of a backup out of its place")
    decryptor = Cobblestone256Decryptor(derive(key, "backup-part"), header)
    try:
        return decryptor.update(sealed[len(header) :]) + decryptor.finalize()
    except (InvalidTag, ValueError):
        raise Broken("E-AEAD", "a part of a backup does not open") from None


def read(key: bytes, folder: Path, place: Place) -> bytes:
    """What a part of a set holds.

    Raises:
        Broken: E-GAP, it is missing; E-LIMIT, it is too large; or as ``unseal``.
    """
    try:
        with (folder / place.name).open("rb") as file:
            sealed = file.read(PART_SIZE + _OVERHEAD + 1)
    except FileNotFoundError:
        raise Broken("E-GAP", "a part of a backup is missing") from None
    if len(sealed) > PART_SIZE + _OVERHEAD:
        raise Broken("E-LIMIT", "a part of a backup is too large")
    return unseal(key, place, sealed)


def write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; whoever needs its name to be durable syncs the folder."""
    making = path.with_name(f".{path.name}.new")
    try:
        with making.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        making.rename(path)
    except BaseException:
        making.unlink(missing_ok=True)
        raise
