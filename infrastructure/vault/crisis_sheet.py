"""The sealed file of a crisis sheet: opens with its passphrase, without the clinic, until a date.

Layout, 56 bytes and then the ciphertext: ``magic 4 | mark 28 | sheet 16 | valid until 8``. The mark
is that of a keyfile's slot: the cost of Argon2id and its salt. The header is bound to the content,
so that a later date does not open it; whoever turns her own clock back can open it all the same.

Source:
    docs/formats/crisis-sheet.md; compliance, AVL-03; docs of the design: security, section 1.2.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag

from infrastructure.errors import FolderRefused, WrongKeyStore, WrongPassphrase
from infrastructure.vault.custody.slots import Cost, Holder, Slot

MOST_BYTES = 16 * 1024 * 1024
BLOCK = 4096
"""The content is padded to so many bytes, so that its size tells little of how much there is."""
_MAGIC = b"PCS\x01"
_HEADER = struct.Struct(">4s28s16sQ")
_LENGTH = struct.Struct(">I")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Sealed:
    """What stands before the ciphertext of a sheet: readable to whoever has the file."""

    sheet: str
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class Opened:
    """A sheet that its passphrase has opened."""

    sheet: str
    valid_until: datetime
    content: bytes = field(repr=False)


def seal_sheet(
    content: bytes, passphrase: str, about: Sealed, *, cost: Cost | None = None
) -> bytes:
    """The file: the content under a key that only the passphrase gives.

    Raises:
        FolderRefused: It is too long.
    """
    if len(content) > MOST_BYTES - BLOCK:
        raise _refused("It would be too long for a crisis sheet.")
    holder = Holder.new(passphrase, cost or Cost())
    until = (about.valid_until - _EPOCH) // _MILLISECOND
    header = _HEADER.pack(_MAGIC, holder.mark, bytes.fromhex(about.sheet), until)
    plain = _LENGTH.pack(len(content)) + content
    padded = plain + b"\0" * (-len(plain) % BLOCK)
    encryptor = Cobblestone256Encryptor(holder.key, header)
    return header + encryptor.update(padded) + encryptor.finalize()


def about_sheet(data: bytes) -> Sealed:
    """Which sheet a file is, and until when it opens; not yet proven by its passphrase.

    Raises:
        FolderRefused: It is no crisis sheet.
    """
    if not _HEADER.size < len(data) <= MOST_BYTES + BLOCK:
        raise _refused("This is no crisis sheet.")
    magic, _, sheet, until = _HEADER.unpack_from(data)
    try:
        valid_until = _EPOCH + until * _MILLISECOND
    except OverflowError:
        raise _refused("This is no crisis sheet.") from None
    if magic != _MAGIC:
        raise _refused("This is no crisis sheet.")
    return Sealed(sheet.hex(), valid_until)


def open_sheet(data: bytes, passphrase: str, now: datetime) -> Opened:
    """The content of a sheet that has not expired by this clock.

    Raises:
        FolderRefused: It is no crisis sheet, or has expired.
        WrongPassphrase: The passphrase does not open it, or it was altered.
        Broken: E-LIMIT, it asks for a cost that is not allowed.
    """
    about = about_sheet(data)
    if now > about.valid_until:
        raise _refused("The crisis sheet has expired.")
    header = data[: _HEADER.size]
    _, mark, *_ = _HEADER.unpack_from(data)
    try:
        holder = Slot(mark).holder(passphrase)
        decryptor = Cobblestone256Decryptor(holder.key, header)
        padded = decryptor.update(data[_HEADER.size :]) + decryptor.finalize()
    except WrongKeyStore:
        raise _refused("This is no crisis sheet.") from None
    except (InvalidTag, ValueError):
        msg = "The passphrase does not open the sheet, or it was altered."
        raise WrongPassphrase(msg) from None
    (length,) = _LENGTH.unpack_from(padded)
    return Opened(about.sheet, about.valid_until, padded[_LENGTH.size : _LENGTH.size + length])


def _refused(what: str) -> FolderRefused:
    return FolderRefused(what)
