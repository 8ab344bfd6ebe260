"""Who holds the key-encryption key: a passphrase keyfile with one to eight slots.

A slot costs whoever guesses 256 MiB and three passes of Argon2id a try. The costs that a file may
ask for are capped both ways: too low would be a downgrade, too high a bomb. The layout is that of
the design's security page, section 1.2: 152 bytes a slot.
"""

from __future__ import annotations

import os
import secrets
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from infrastructure.errors import Broken, WrongKeyStore, WrongPassphrase
from infrastructure.vault.deriving import ALONE
from infrastructure.vault.keys import KEY_SIZE, derive

_HEADER = struct.Struct(">4sBBHI16sI")
_MAGIC = b"PSK\x01"
_ARGON2ID = 1
SLOT_SIZE = 152
MOST_SLOTS = 8
_MEBIBYTE = 1024
_LEAST_WORK = 64 * _MEBIBYTE * 3
_MOST_PASSES = 10
_MOST_LANES = 8
_WRAPPED = b"\x01"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one try of a passphrase costs: memory in KiB, passes, lanes."""

    memory_kib: int = 256 * _MEBIBYTE
    passes: int = 3
    lanes: int = 4

    def check(self) -> None:
        """Refuse a cost that is a downgrade or a bomb.

        Raises:
            Broken: E-LIMIT.
        """
        if not (
            64 * _MEBIBYTE <= self.memory_kib <= 1024 * _MEBIBYTE
            and 1 <= self.passes <= _MOST_PASSES
            and 1 <= self.lanes <= _MOST_LANES
            and self.memory_kib * self.passes >= _LEAST_WORK
        ):
            raise Broken("E-LIMIT", "the keyfile asks for a cost that is not allowed")


LIGHT = Cost(memory_kib=64 * _MEBIBYTE)
"""The least that is accepted; for tests and demonstrations."""


class Custody(Protocol):
    """Whoever can wrap and unwrap under the key-encryption key of a generation."""

    generation: int

    def wrap(self, secret: bytes, context: bytes) -> bytes:
        """The secret, wrapped and bound to the context."""
        ...

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """The secret that was wrapped for this very context.

        Raises:
            Broken: E-AEAD, it was not.
        """
        ...


class Keyfile:
    """A key-encryption key in memory, opened from a keyfile."""

    def __init__(self, key: bytes, generation: int) -> None:
        self._key = derive(key, "wrap")
        self._seed = derive(key, "sign")
        self.generation = generation

    def __repr__(self) -> str:
        return f"Keyfile(generation={self.generation})"

    def signing_seed(self) -> bytes:
        """The seed of the signing key of whoever holds this key alone: a custodian's."""
        return self._seed

    def wrap(self, secret: bytes, context: bytes) -> bytes:
        """The secret under the committing AEAD, bound to the context."""
        encryptor = Cobblestone256Encryptor(self._key, context)
        return _WRAPPED + encryptor.update(secret) + encryptor.finalize()

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """The secret that was wrapped for this very context."""
        if wrapped[:1] != _WRAPPED:
            raise Broken("E-PARSE", "a wrapped key of unknown form")
        decryptor = Cobblestone256Decryptor(self._key, context)
        try:
            secret = decryptor.update(wrapped[1:]) + decryptor.finalize()
        except (InvalidTag, ValueError):
            raise Broken("E-AEAD", "a wrapped key does not open in its place") from None
        if len(secret) != KEY_SIZE:
            raise Broken("E-PARSE", "a wrapped key of the wrong length")
        return secret


def create(path: Path, passphrases: list[str], *, cost: Cost | None = None) -> Keyfile:
    """Make a fresh key-encryption key and lock it with each passphrase, durably.

    Raises:
        FileExistsError: There is a keyfile already; it is never overwritten.
        Broken: E-LIMIT, there are no passphrases, or more than a keyfile has slots.
    """
    if not 1 <= len(passphrases) <= MOST_SLOTS:
        raise Broken("E-LIMIT", "a keyfile has one to eight passphrases")
    key, kek_id, generation = secrets.token_bytes(KEY_SIZE), secrets.token_bytes(16), 1
    slots = [_slot(each, key + kek_id, generation, cost or Cost()) for each in passphrases]
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(b"".join(slots))
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)
    return Keyfile(key, generation)


def unlock(path: Path, passphrase: str) -> Keyfile:
    """Open the keyfile with one of its passphrases.

    Raises:
        WrongKeyStore: There is no keyfile, or it is not one.
        WrongPassphrase: No slot opens.
        Broken: E-LIMIT, a slot asks for a cost that is not allowed.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        msg = "The keyfile is missing."
        raise WrongKeyStore(msg) from None
    if not data or len(data) % SLOT_SIZE or len(data) > MOST_SLOTS * SLOT_SIZE:
        msg = "The keyfile is damaged."
        raise WrongKeyStore(msg)
    refused: Exception = WrongPassphrase()
    for start in range(0, len(data), SLOT_SIZE):
        try:
            opened = _open_slot(data[start : start + SLOT_SIZE], passphrase)
        except (WrongKeyStore, Broken) as error:
            # One damaged slot must not lock out whoever holds another's passphrase.
            refused = error
            continue
        if opened is not None:
            return opened
    raise refused


def _slot(passphrase: str, secret: bytes, generation: int, cost: Cost) -> bytes:
    cost.check()
    salt = secrets.token_bytes(16)
    header = _HEADER.pack(
        _MAGIC, _ARGON2ID, cost.lanes, cost.passes, cost.memory_kib, salt, generation
    )
    encryptor = Cobblestone256Encryptor(_stretch(passphrase, salt, cost), header)
    return header + encryptor.update(secret) + encryptor.finalize()


def _open_slot(slot: bytes, passphrase: str) -> Keyfile | None:
    header = slot[: _HEADER.size]
    magic, kdf, lanes, passes, memory_kib, salt, generation = _HEADER.unpack(header)
    if magic != _MAGIC or kdf != _ARGON2ID:
        msg = "The keyfile is damaged."
        raise WrongKeyStore(msg)
    cost = Cost(memory_kib, passes, lanes)
    cost.check()
    decryptor = Cobblestone256Decryptor(_stretch(passphrase, salt, cost), header)
    try:
        secret = decryptor.update(slot[_HEADER.size :]) + decryptor.finalize()
    except (InvalidTag, ValueError):
        return None
    return Keyfile(secret[:KEY_SIZE], generation)


def _stretch(passphrase: str, salt: bytes, cost: Cost) -> bytes:
    kdf = Argon2id(
        salt=salt,
        length=KEY_SIZE,
        iterations=cost.passes,
        lanes=cost.lanes,
        memory_cost=cost.memory_kib,
    )
    with ALONE:
        return kdf.derive(passphrase.encode())


def sync_folder(folder: Path) -> None:
    """Make names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
