"""Seals and opens a cell of a projection: AES-256-GCM bound to its view, row and position.

Cells can always be rebuilt from the record, so they need no commitment (fine print 7). Layout: key
id 16, nonce 12, ciphertext and tag.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable

import msgpack
from cryptography.exceptions import InvalidTag

from domain.confidentiality import TENANT, Owner
from domain.rows import Content, Fingerprints, Place, Under
from infrastructure.errors import Broken, KeyGone
from infrastructure.vault.keyring import Keyring
from infrastructure.vault.keys import SubjectKey

_KEY_ID, _NONCE = 16, 12


def seal_packed(key: SubjectKey, plain: bytes, place: Place) -> tuple[bytes, bytes]:
    """The cell for one place, and a keyed digest of it by which a rebuild is compared."""
    bound_to = _bound(place)
    nonce = os.urandom(_NONCE)
    cell = key.key_id + nonce + key.cells.encrypt(nonce, plain, bound_to)
    return cell, hmac.digest(key.digests, bound_to + plain, "sha256")[:16]


def cell_key(cell: bytes) -> bytes:
    """The id of the key that sealed a cell."""
    return cell[:_KEY_ID]


def open_packed(key: SubjectKey, cell: bytes, place: Place) -> bytes:
    """The packed content of a cell that stands in its own place.

    Raises:
        Broken: E-AEAD, it does not.
    """
    start = _KEY_ID + _NONCE
    try:
        return key.cells.decrypt(cell[_KEY_ID:start], cell[start:], _bound(place))
    except (InvalidTag, ValueError):
        raise Broken("E-AEAD", "a cell does not open in its place") from None


def unpack(plain: bytes) -> Content:
    """The content that stood in a cell."""
    content: Content = msgpack.unpackb(plain, strict_map_key=False)
    return content


def _bound(place: Place) -> bytes:
    bound: bytes = msgpack.packb(place)
    return bound


class CellSealer:
    """Seals projections' cells with the keys that their events have made necessary."""

    def __init__(self, keyring: Keyring, clinic: Owner, fingerprints: Fingerprints) -> None:
        self._keyring = keyring
        self._clinic = clinic
        self._fingerprints = fingerprints

    def fingerprint(self, field: str, value: str) -> str:
        """What stands in the clear for a value."""
        return self._fingerprints.of(field, value).hex()

    def seal(self, under: Under, content: Content, place: Place) -> tuple[bytes, bytes] | None:
        """A cell and its digest, or ``None`` where the key has been destroyed."""
        return self.seal_packed(under, msgpack.packb(content), place)

    def seal_all(
        self, sealing: Iterable[tuple[Under, Content, Place]]
    ) -> list[tuple[bytes, bytes] | None]:
        """``seal`` for many."""
        return [self.seal(*each) for each in sealing]

    def seal_packed(self, under: Under, plain: bytes, place: Place) -> tuple[bytes, bytes] | None:
        """``seal`` for content that has been packed."""
        owner = self._clinic if under.label == TENANT else under.owner
        try:
            key = self._keyring.existing(owner, under.label, under.at, place.position)
        except KeyGone:
            return None
        return seal_packed(key, plain, place)
