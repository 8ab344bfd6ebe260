"""What lies in ``keys.db``: its tables, and a subject key and an item key as they lie there."""

from __future__ import annotations

from typing import NamedTuple

from domain.confidentiality import Class, KeyPurpose, Label
from infrastructure.errors import WrongKeyStore
from infrastructure.vault.keys import KeyPlace

FORMAT = 2
SCHEMA = """
CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE secret(
  name TEXT PRIMARY KEY, kek_generation INTEGER NOT NULL, wrapped BLOB NOT NULL) STRICT;
CREATE TABLE subject_key(
  key_id BLOB PRIMARY KEY, subject_tag BLOB NOT NULL, purpose INTEGER NOT NULL,
  class INTEGER NOT NULL, epoch INTEGER NOT NULL, kek_generation INTEGER NOT NULL, wrapped BLOB,
  state INTEGER NOT NULL, made_at INTEGER NOT NULL,
  UNIQUE(subject_tag, purpose, class, epoch)) STRICT;
CREATE TABLE item_key(
  item_id BLOB PRIMARY KEY, owner_key BLOB NOT NULL, wrapped BLOB NOT NULL,
  escrow_key BLOB, escrow BLOB, generation INTEGER NOT NULL DEFAULT 1) STRICT, WITHOUT ROWID;
CREATE INDEX subject_key_generation ON subject_key(kek_generation);
CREATE INDEX item_key_owner ON item_key(owner_key);
CREATE INDEX item_key_escrow ON item_key(escrow_key) WHERE escrow_key NOT NULL;
"""

PENDING, ACTIVE, RETIRED, DESTROYED = range(4)
"""A key is pending until its making stands in the log, active until its retiring does, then opens
only; destroyed, nothing is left of it but its place."""
YEARLY = frozenset({KeyPurpose.ACCOUNTABILITY, KeyPurpose.STAFF})
"""Purposes whose keys change every year: a destroyed one says nothing of the next."""
CONDEMNED = 8
"""Added to the state of a key that is being destroyed: it seals nothing any more."""

SELECT_KEY = (
    "SELECT key_id, subject_tag, purpose, class, epoch, kek_generation, wrapped, state, made_at"
    " FROM subject_key"
)
SELECT_ITEM = "SELECT item_id, owner_key, wrapped, escrow_key, escrow, generation FROM item_key"


class StoredKey(NamedTuple):
    """A subject key as it lies here."""

    place: KeyPlace
    kek_generation: int
    wrapped: bytes | None
    state: int
    made_at: int
    """Seconds since 1970, for sweeping what was made and never used."""


class StoredItem(NamedTuple):
    """An item key as it lies here: wrapped for its owner and, a process note's, for the escrow.

    ``generation`` is that of the generation key that wraps it from outside.
    """

    item_id: bytes
    owner_key: bytes
    wrapped: bytes
    escrow_key: bytes | None
    escrow: bytes | None
    generation: int


def stored_key(row: tuple[bytes, bytes, int, int, int, int, bytes | None, int, int]) -> StoredKey:
    """A row of ``SELECT_KEY``.

    Raises:
        WrongKeyStore: It names a purpose or class that there is not.
    """
    key_id, subject_tag, purpose, cls, epoch, generation, wrapped, state, made_at = row
    try:
        label = Label(KeyPurpose(purpose), Class(cls))
    except ValueError:
        msg = "The key store is damaged."
        raise WrongKeyStore(msg) from None
    return StoredKey(
        KeyPlace(key_id, subject_tag, label, epoch), generation, wrapped, state, made_at
    )


BRING_FORWARD = """
ALTER TABLE item_key ADD COLUMN generation INTEGER NOT NULL DEFAULT 1;
CREATE INDEX subject_key_generation ON subject_key(kek_generation);
CREATE INDEX item_key_owner ON item_key(owner_key);
CREATE INDEX item_key_escrow ON item_key(escrow_key) WHERE escrow_key NOT NULL;
UPDATE secret SET name = 'items-1' WHERE name = 'generation';
INSERT INTO meta VALUES('kek_generation', x'0000000000000001');
UPDATE meta SET value = x'02' WHERE name = 'format';
"""
"""From format 1, in which there was one generation of everything."""
