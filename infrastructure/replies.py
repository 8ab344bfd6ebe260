"""What is kept of a command for whoever tries it again: its receipt, sealed under a keyed tag.

The tag stands for actor and command id, so that the store tells neither; the words of the command
are kept as a digest, by which a retry is told from a mix-up (fine print 10).
"""

from __future__ import annotations

import hmac
import secrets
from datetime import UTC, datetime, timedelta

import msgpack
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.errors import CommandMismatch
from domain.values import Circumstances, Command, Receipt
from infrastructure.errors import Broken

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_NONCE = 12


class Replies:
    """Seals and opens what is kept of commands."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._cipher = AESGCM(key)

    def tag(self, who: Circumstances, command: Command) -> bytes:
        """The tag under which a command of this actor is kept."""
        name = f"command\0{who.actor.id}\0{command.id}".encode()
        return hmac.digest(self._key, name, "sha256")

    def seal(self, tag: bytes, command: Command, receipt: Receipt) -> bytes:
        """What to keep of a command that has been done."""
        plain: bytes = msgpack.packb(
            [
                command.digest,
                receipt.first,
                receipt.last,
                (receipt.recorded_at - _EPOCH) // _MILLISECOND,
                list(receipt.versions),
                list(receipt.leaves),
                [list(each) for each in receipt.reply],
            ]
        )
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._cipher.encrypt(nonce, plain, tag)

    def open(self, tag: bytes, sealed: bytes) -> bytes:
        """What is kept under a tag.

        Raises:
            Broken: E-AEAD, it was not written under this tag.
        """
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], tag)
        except (InvalidTag, ValueError):
            raise Broken("E-AEAD", "the reply of a command") from None

    def receipt(self, tag: bytes, sealed: bytes, command: Command) -> Receipt:
        """The receipt of a command that has been done before.

        Raises:
            CommandMismatch: It had other words then.
        """
        plain = self.open(tag, sealed)
        digest, first, last, time_ms, versions, leaves, reply = msgpack.unpackb(plain)
        if not hmac.compare_digest(digest, command.digest):
            raise CommandMismatch
        return Receipt(
            first,
            last,
            _EPOCH + time_ms * _MILLISECOND,
            tuple(versions),
            tuple(leaves),
            tuple((name, value) for name, value in reply),
            repeated=True,
        )
