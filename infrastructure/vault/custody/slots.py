"""A slot of a keyfile: one key-encryption key, locked with one passphrase.

A slot costs whoever guesses 256 MiB and three passes of Argon2id a try. The costs that a file may
ask for are capped both ways: too low would be a downgrade, too high a bomb. Everything of a slot's
header but its generation is its holder's mark: her slots of other generations carry the same, so
that one try opens them all.

Source:
    docs of the design: security, section 1.2: the layout, 152 bytes a slot.
"""

from __future__ import annotations

import secrets
import struct
from dataclasses import dataclass, field

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from infrastructure.errors import Broken, WrongKeyStore
from infrastructure.vault.deriving import ALONE
from infrastructure.vault.keys import KEY_SIZE

SLOT_SIZE = 152
SECRET_SIZE = KEY_SIZE + 16
"""A key-encryption key and the random id that tells two keys of one generation apart."""

_MARK = struct.Struct(">4sBBHI16s")
_GENERATION = struct.Struct(">I")
_HEADER_SIZE = _MARK.size + _GENERATION.size
_MAGIC = b"PSK\x01"
_ARGON2ID = 1
_SALT_SIZE = 16
_MEBIBYTE = 1024
_LEAST_WORK = 64 * _MEBIBYTE * 3
_MOST_PASSES = 10
_MOST_LANES = 8


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


@dataclass(frozen=True, slots=True)
class Holder:
    """Who can open slots: a mark, and the key that her passphrase gave under it."""

    mark: bytes
    key: bytes = field(repr=False)

    @classmethod
    def new(cls, passphrase: str, cost: Cost) -> Holder:
        """A holder with a salt of her own.

        Raises:
            Broken: E-LIMIT, the cost is not allowed.
        """
        cost.check()
        salt = secrets.token_bytes(_SALT_SIZE)
        mark = _MARK.pack(_MAGIC, _ARGON2ID, cost.lanes, cost.passes, cost.memory_kib, salt)
        return cls(mark, _stretch(passphrase, salt, cost))

    def lock(self, secret: bytes, generation: int) -> bytes:
        """A slot of a generation that she opens."""
        header = self.mark + _GENERATION.pack(generation)
        encryptor = Cobblestone256Encryptor(self.key, header)
        return header + encryptor.update(secret) + encryptor.finalize()


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot as it stands in the file; who has its holder's key can open it."""

    data: bytes

    @property
    def mark(self) -> bytes:
        """Whose it is: the same in all her slots."""
        return self.data[: _MARK.size]

    @property
    def cost(self) -> Cost:
        """What a try costs; not yet checked."""
        _, _, lanes, passes, memory_kib, _ = _MARK.unpack(self.mark)
        return Cost(memory_kib, passes, lanes)

    @property
    def generation(self) -> int:
        """Of which generation the key in it is."""
        (generation,) = _GENERATION.unpack_from(self.data, _MARK.size)
        return int(generation)

    def check(self) -> None:
        """Refuse what is no slot, and a cost that is not allowed.

        Raises:
            WrongKeyStore: It is of no form that is known.
            Broken: E-LIMIT.
        """
        magic, kdf, *_ = _MARK.unpack(self.mark)
        if magic != _MAGIC or kdf != _ARGON2ID:
            raise WrongKeyStore("The keyfile is damaged.")
        self.cost.check()

    @property
    def sound(self) -> bool:
        """Whether it can be a slot at all; its holder alone can tell whether it is whole."""
        try:
            self.check()
        except (WrongKeyStore, Broken):
            return False
        return True

    def holder(self, passphrase: str) -> Holder:
        """Whoever has this passphrase, as this slot's holder; it may open nothing.

        Raises:
            WrongKeyStore: It is of no form that is known.
            Broken: E-LIMIT.
        """
        self.check()
        *_, salt = _MARK.unpack(self.mark)
        return Holder(self.mark, _stretch(passphrase, salt, self.cost))

    def open(self, holder: Holder) -> bytes | None:
        """The key and its id; ``None`` where it is not hers, or was altered."""
        decryptor = Cobblestone256Decryptor(holder.key, self.data[:_HEADER_SIZE])
        try:
            secret = decryptor.update(self.data[_HEADER_SIZE:]) + decryptor.finalize()
        except (InvalidTag, ValueError):
            return None
        return secret


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
