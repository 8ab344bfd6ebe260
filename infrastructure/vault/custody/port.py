"""The port: whoever can wrap and unwrap under the key-encryption keys of a clinic.

Source:
    docs of the design: security, section 1.2.
"""

from __future__ import annotations

from typing import Protocol

HSM = "hsm"
"""The keys were made in a device and never leave it."""
MAC = "mac"
"""There is a keyed hash inside the boundary."""
ATTESTED_DESTROY = "attested-destroy"
"""Somebody else than this program says that a generation is destroyed."""
AUDIT = "audit"
"""Somebody else than this program keeps a list of every use."""


class Custody(Protocol):
    """Key-encryption keys by generation; every call may come from any thread.

    A generation that is wanted and was destroyed raises ``KeyGone``; a token or a server that is
    away raises ``CustodyUnavailable``, and the same call may go through later.
    """

    @property
    def generation(self) -> int:
        """The one that wraps what is new: the newest."""
        ...

    @property
    def generations(self) -> tuple[int, ...]:
        """Those that open now, rising."""
        ...

    @property
    def capabilities(self) -> frozenset[str]:
        """What it can promise beyond wrapping: "hsm", "mac", "attested-destroy", "audit"."""
        ...

    def wrap(self, generation: int, secret: bytes, context: bytes) -> bytes:
        """The secret, wrapped and bound to the context.

        Raises:
            KeyGone: The generation was destroyed.
            CustodyUnavailable: The token or the server is away.
        """
        ...

    def unwrap(self, generation: int, wrapped: bytes, context: bytes) -> bytes:
        """The secret that was wrapped for this very context.

        Raises:
            Broken: E-AEAD, it was not; E-PARSE, it is no wrapped key.
            KeyGone: The generation was destroyed.
            CustodyUnavailable: The token or the server is away.
        """
        ...

    def mac(self, name: str, data: bytes) -> bytes:
        """HMAC-SHA-256 under a key that is made once and stays the same over generations.

        Raises:
            Broken: E-KEYSTATE, this custody has no such keys: it lacks the capability "mac".
            CustodyUnavailable: The token or the server is away.
        """
        ...

    def rotate(self) -> int:
        """A next generation beside the present one, durable before this returns; its number.

        Where a next one stands beside the present already, from a rotation that was cut short,
        that one is gone on with.
        """
        ...

    def destroy(self, generation: int) -> bytes:
        """Take a generation away for good; what is said about it, a short opaque text.

        Asked again it answers alike.

        Raises:
            Broken: E-KEYSTATE, it is the newest one, which is never destroyed.
        """
        ...

    def adopt(self, generation: int, secret: bytes) -> None:
        """Go on with a generation that another process made and handed over under the last one.

        Where keys live elsewhere the secret is not looked at; they look again at what is there.
        """
        ...

    def export(self, generation: int) -> bytes | None:
        """The key itself, to hand it over under the last one; ``None`` where no key ever leaves."""
        ...

    def forget(self, generation: int) -> None:
        """Drop a generation that another process has destroyed, where its key is in memory here."""
        ...

    def close(self) -> None:
        """Let go of keys, sessions and connections."""
        ...
