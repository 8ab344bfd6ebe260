"""The blind index: equal identifiers have equal fingerprints; the key alone tells whose they are.

``HMAC-SHA-256(K_field, "powiernik/1/idx/" | field | 0x00 | value)``, the first 16 bytes. Where the
custody can make keyed hashes, the keys of the fields never leave it; elsewhere they are derived
from a secret of the clinic, which lies wrapped in the key store like any other. Whoever has that
secret can try all PESEL numbers in seconds: that is why it had better be in a device.

Source:
    docs of the design: security, section 3.1; compliance KEY-05.
"""

from __future__ import annotations

import hmac

from domain.rows import Fingerprints
from infrastructure.vault.custody import Custody
from infrastructure.vault.custody.port import MAC
from infrastructure.vault.keys import derive

SIZE = 16
_LABEL = b"powiernik/1/idx/"


def fingerprints(custody: Custody, secret: bytes) -> Fingerprints:
    """By the custody itself where it can; else by a secret of the clinic's, 32 bytes."""
    if MAC in custody.capabilities:
        return FromCustody(custody)
    return FromSecret(secret)


class FromSecret:
    """Fingerprints under keys that this process holds."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._keys: dict[str, bytes] = {}

    def of(self, field: str, value: str) -> bytes:
        """16 bytes for a value in its one form."""
        key = self._keys.get(field)
        if key is None:
            key = self._keys[field] = derive(self._secret, "idx/", field.encode())
        return hmac.digest(key, _message(field, value), "sha256")[:SIZE]


class FromCustody:
    """Fingerprints under keys that never leave the custody.

    Raises:
        CustodyUnavailable: From ``of``; the token or the server is away.
    """

    def __init__(self, custody: Custody) -> None:
        self._custody = custody

    def of(self, field: str, value: str) -> bytes:
        """16 bytes for a value in its one form."""
        return self._custody.mac(f"index-{field}", _message(field, value))[:SIZE]


def _message(field: str, value: str) -> bytes:
    return _LABEL + field.encode() + b"\0" + value.encode()
