"""Seals and opens a cell of a projection: AES-256-GCM bound to its view, row and position.

Cells can always be rebuilt from the record, so they need no commitment (fine print 7). Layout: key
id 16, nonce 12, ciphertext and tag.
"""

from __future__ import annotations

import hmac
import os

from cryptography.exceptions import InvalidTag

from infrastructure.errors import Broken
from infrastructure.vault.keys import SubjectKey

_KEY_ID, _NONCE = 16, 12


def seal_cell(key: SubjectKey, plain: bytes, bound_to: bytes) -> bytes:
    """The cell for one place."""
    nonce = os.urandom(_NONCE)
    return key.key_id + nonce + key.cells.encrypt(nonce, plain, bound_to)


def cell_key(cell: bytes) -> bytes:
    """The id of the key that sealed a cell."""
    return cell[:_KEY_ID]


def open_cell(key: SubjectKey, cell: bytes, bound_to: bytes) -> bytes:
    """The plain bytes of a cell that stands in its own place.

    Raises:
        Broken: E-AEAD, it does not.
    """
    start = _KEY_ID + _NONCE
    try:
        return key.cells.decrypt(cell[_KEY_ID:start], cell[start:], bound_to)
    except (InvalidTag, ValueError):
        raise Broken("E-AEAD", "a cell does not open in its place") from None


def digest(key: SubjectKey, plain: bytes, bound_to: bytes) -> bytes:
    """A keyed digest of a row, by which a rebuild is compared without opening anything."""
    return hmac.digest(key.digests, bound_to + b"\0" + plain, "sha256")[:16]
