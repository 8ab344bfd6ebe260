"""What a key store that is older or newer than its record needs, before anybody looks at the two.

A newer key store is in order: what it has too many is swept. An older one lacks keys that were made
since, and does not know which were retired. What stands under a missing key can never be read: it
is marked as destroyed, in the key store alone, so that it reads as sealed and stops nothing else.
That is done only when the operator has seen the number and accepts it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from infrastructure.guard.published import rows_of
from infrastructure.ledger.control import CONTROL_KEY, ControlKind, parse_control
from infrastructure.ledger.key_control import KeyControl, KeyMade, KeyRetired
from infrastructure.stores.contract import RecordStore
from infrastructure.vault.keyrows import DESTROYED
from infrastructure.vault.keystore import KeyStore


@dataclass(frozen=True, slots=True)
class Lacking:
    """Keys that the log says were made and the key store does not have, and those it retired."""

    missing: tuple[KeyMade, ...]
    retired: tuple[bytes, ...]


def lacking(store: RecordStore, keys: KeyStore) -> Lacking:
    """Hold a key store against what its record says of keys."""
    have = frozenset(keys.key_ids())
    missing, retired = [], []
    for each in _key_controls(store):
        if isinstance(each, KeyMade) and each.key_id not in have:
            missing.append(each)
        elif isinstance(each, KeyRetired):
            retired.append(each.key_id)
    return Lacking(tuple(missing), tuple(retired))


def mend(keys: KeyStore, found: Lacking) -> None:
    """Mark missing keys as destroyed, and retire what the log has retired."""
    rows: list[tuple[object, ...]] = [
        (each.key_id, each.subject_tag, each.purpose, each.cls, each.epoch, DESTROYED)
        for each in found.missing
    ]
    keys.write(
        # A key of the same place that the log never knew was made and swept: it sealed nothing.
        ("INSERT OR REPLACE INTO subject_key VALUES(?, ?, ?, ?, ?, 0, NULL, ?, 0)", rows)
    )
    keys.retire(found.retired)


def _key_controls(store: RecordStore) -> Iterator[KeyControl]:
    for row in rows_of(store)(0, store.standing().size):
        if row.key_id == CONTROL_KEY and row.record and row.record[5] == ControlKind.KEY:
            found = parse_control(row.record)
            if isinstance(found, KeyMade | KeyRetired):
                yield found
