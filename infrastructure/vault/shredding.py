"""Destroying keys: what a SHRED of the log names is destroyed here, however often it is asked.

The SHRED stands in the log first, then the keys are destroyed. Whoever opens a data folder applies
every SHRED of its log again before anything is served, so that neither a crash nor an older key
store that was put back brings anything back. From the moment a key is condemned nothing is sealed
under it, so that nothing can be written behind the record of its destruction.

Overwriting and vacuuming are hygiene. What makes a destruction final is the rotation of the
key-encryption key after it: backups of the key store die with the generation that wraps them.

Source:
    docs of the design: security, section 1.7; compliance KEY-02, AVL-02.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from infrastructure.vault.keyrows import CONDEMNED, DESTROYED
from infrastructure.vault.keystore import KeyStore

_UNDER_WAY = "shredding"
_SOME = 500


class Doomed(Protocol):
    """What a SHRED of the log names: whole subject keys, and item keys alone."""

    @property
    def request(self) -> bytes:
        """The id of the request."""
        ...

    @property
    def keys(self) -> tuple[bytes, ...]:
        """Ids of subject keys; the item keys that they own go with them."""
        ...

    @property
    def items(self) -> tuple[bytes, ...]:
        """Ids of item keys."""
        ...


AnyDoomed = TypeVar("AnyDoomed", bound=Doomed)


def condemn(keys: KeyStore, shreds: Sequence[Doomed]) -> None:
    """Let nobody seal under these keys any more, and remember which request is under way.

    Of one that is destroyed already nothing is left to condemn.
    """
    keys.write(
        ("INSERT OR REPLACE INTO meta VALUES(?, ?)", [(_UNDER_WAY, shreds[0].request)]),
        (
            "UPDATE subject_key SET state = state | ? WHERE key_id = ? AND wrapped NOT NULL",
            [(CONDEMNED, each) for shred in shreds for each in shred.keys],
        ),
    )


def reprieve(keys: KeyStore, shreds: Iterable[Doomed]) -> None:
    """Give back what was condemned by a request that never came into the log."""
    logged = {each for shred in shreds for each in shred.keys}
    rows = keys.rows("SELECT key_id FROM subject_key WHERE state & ?", (CONDEMNED,))
    keys.write(
        (
            "UPDATE subject_key SET state = state & ~? WHERE key_id = ?",
            [(CONDEMNED, key_id) for (key_id,) in rows if key_id not in logged],
        )
    )


def under_way(keys: KeyStore) -> bytes | None:
    """The request whose destruction has begun and not ended, where there is one."""
    rows = keys.rows("SELECT value FROM meta WHERE name = ?", (_UNDER_WAY,))
    return rows[0][0] if rows else None


def condemned(keys: KeyStore, shred: Doomed) -> bool:
    """Whether every key that a SHRED names has been condemned, or is gone already."""
    rows = keys.rows(
        "SELECT key_id FROM subject_key WHERE wrapped NOT NULL AND NOT state & ?", (CONDEMNED,)
    )
    return not {key_id for (key_id,) in rows} & set(shred.keys)


def alive(keys: KeyStore, shred: Doomed) -> bool:
    """Whether anything that a SHRED names is still there."""
    for statement, ids in (
        ("SELECT 1 FROM subject_key WHERE wrapped NOT NULL AND key_id IN", shred.keys),
        ("SELECT 1 FROM item_key WHERE item_id IN", shred.items),
    ):
        for start in range(0, len(ids), _SOME):
            some = ids[start : start + _SOME]
            marks = ", ".join("?" * len(some))
            if keys.rows(f"{statement} ({marks}) LIMIT 1", tuple(some)):
                return True
    return False


def apply(keys: KeyStore, shreds: Iterable[AnyDoomed], *, ends: bool = True) -> list[AnyDoomed]:
    """Destroy what these records name, in one transaction; those of which anything was left.

    Without ``ends`` somebody else is at a destruction, which goes on.
    """
    found = [shred for shred in shreds if alive(keys, shred)]
    key_ids: list[tuple[object, ...]] = [(each,) for shred in found for each in shred.keys]
    item_ids: list[tuple[object, ...]] = [(each,) for shred in found for each in shred.items]
    keys.write(
        ("UPDATE subject_key SET wrapped = zeroblob(length(wrapped)) WHERE key_id = ?", key_ids),
        (
            "UPDATE subject_key SET wrapped = NULL, state = ? WHERE key_id = ?",
            [(DESTROYED, *each) for each in key_ids],
        ),
        ("UPDATE item_key SET wrapped = zeroblob(length(wrapped)) WHERE owner_key = ?", key_ids),
        ("DELETE FROM item_key WHERE owner_key = ?", key_ids),
        (
            "UPDATE item_key SET escrow_key = NULL, escrow = NULL WHERE escrow_key = ?",
            key_ids,
        ),
        ("UPDATE item_key SET wrapped = zeroblob(length(wrapped)) WHERE item_id = ?", item_ids),
        ("DELETE FROM item_key WHERE item_id = ?", item_ids),
        ("DELETE FROM meta WHERE name = ?", [(_UNDER_WAY,)] if ends else []),
    )
    return found
