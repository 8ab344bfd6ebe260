"""A subject key, the subkeys derived from it, and the bytes that bind a wrapped key to its place.

Source:
    docs of the design: security, sections 1.1 and 1.2.
"""

from __future__ import annotations

import hmac
import struct
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha512

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.confidentiality import Label
from infrastructure.errors import Broken

KEY_SIZE = 32
_CONTEXT = struct.Struct(">4sBBBx16s16s16sII")
_WRAP_MAGIC = b"PSW\x01"
_SUITE = 1


def derive(key: bytes, label: str, context: bytes = b"") -> bytes:
    """HKDF-Expand-SHA-512 to 32 bytes: one block, since 32 is less than the hash's 64.

    Source:
        RFC 5869, section 2.3, with info "powiernik/1/", the label and the context.
    """
    info = b"powiernik/1/" + label.encode() + context
    return hmac.digest(key, info + b"\x01", sha512)[:KEY_SIZE]


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Which key of which subject: everything about a key but the key itself."""

    key_id: bytes
    subject_tag: bytes
    label: Label
    epoch: int

    def context(self, log_id: bytes, kek_generation: int) -> bytes:
        """The 64 bytes that a wrapped key is bound to; the class stands in the reserved byte.

        Raises:
            Broken: E-PARSE, no key has such an epoch or generation.
        """
        try:
            return _CONTEXT.pack(
                _WRAP_MAGIC,
                _SUITE,
                self.label.purpose,
                self.label.cls,
                log_id,
                self.subject_tag,
                self.key_id,
                self.epoch,
                kek_generation,
            )
        except struct.error:
            raise Broken("E-PARSE", "a key of impossible epoch or generation") from None


class SubjectKey:
    """32 random bytes for one subject, purpose, class and epoch, with its subkeys built once."""

    def __init__(self, place: KeyPlace, secret: bytes) -> None:
        self.place = place
        self._secret = secret

    def __repr__(self) -> str:
        return f"SubjectKey({self.place.key_id.hex()[:8]}…)"

    def handed_over(self) -> bytes:
        """The key itself, for the process to which the broker releases it."""
        return self._secret

    @property
    def key_id(self) -> bytes:
        """The random id of this epoch of the key; never derived from the subject."""
        return self.place.key_id

    @cached_property
    def record(self) -> bytes:
        """The input key of the records' committing AEAD."""
        return derive(self._secret, "rec")

    @cached_property
    def hedge(self) -> bytes:
        """The key of the hedge, which keeps a repeating random source from repeating a nonce."""
        return derive(self._secret, "hedge")

    @cached_property
    def _entries(self) -> bytes:
        return derive(self._secret, "entry")

    def entry(self, prefix: bytes) -> bytes:
        """The key of one access-log entry alone, by the first 64 bytes of its record's header.

        It opens that entry and tells nothing of any other, so that it can be handed to the client.
        """
        return derive(self._entries, "entry/", prefix)

    @cached_property
    def withheld(self) -> AESGCM:
        """The cipher of what stands in an access-log entry and is not the client's to read."""
        return AESGCM(derive(self._secret, "withheld"))

    @cached_property
    def cells(self) -> AESGCM:
        """The cipher of projection cells."""
        return AESGCM(derive(self._secret, "proj"))

    @cached_property
    def digests(self) -> bytes:
        """The key of projection rows' digests."""
        return derive(self._secret, "proj-digest")

    @cached_property
    def items(self) -> AESGCM:
        """The cipher that wraps item keys for their owner."""
        return AESGCM(derive(self._secret, "item"))

    @cached_property
    def check_value(self) -> bytes:
        """The public key-check value that is logged when the key is made."""
        return derive(self._secret, "kcv")[:16]
