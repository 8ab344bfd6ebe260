"""What a key store that is older or newer than its record needs, before anybody looks at the two.

A newer key store is in order: what it has too many is swept. An older one lacks keys that were made
since, and does not know which were retired. What stands under a missing key can never be read: it
is marked as destroyed, so that it reads as sealed and stops nothing else. That is done only when
the operator has seen the number and accepts it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from infrastructure.guard.published import rows_of
from infrastructure.ledger.control import ControlKind, parse_control
from infrastructure.ledger.key_control import CONTROL_KEY, KeyMade, KeyRetired
from infrastructure.stores.contract import RecordStore
from infrastructure.vault.keyrows import DESTROYED
from infrastructure.vault.keystore import KeyStore


@dataclass(frozen=True, slots=True)
class Against:
    """A key store held against its record: what that says was made and retired, and is not there.

    ``missing`` has no row at all, ``destroyed`` nothing but its place.
    """

    missing: tuple[KeyMade, ...]
    destroyed: frozenset[bytes]
    retired: tuple[bytes, ...]

    @property
    def gone(self) -> frozenset[bytes]:
        """The keys of the record that open nothing."""
        return self.destroyed | {each.key_id for each in self.missing}


def held_against(store: RecordStore, keys: KeyStore) -> Against:
    """Hold a key store against what its record says of keys."""
    rows = keys.rows("SELECT key_id, wrapped IS NULL FROM subject_key")
    have = frozenset(key_id for key_id, _ in rows)
    without = frozenset(key_id for key_id, is_gone in rows if is_gone)
    made: list[KeyMade] = []
    retired = []
    for each in _key_controls(store):
        if isinstance(each, KeyMade):
            made.append(each)
        else:
            retired.append(each.key_id)
    missing = tuple(each for each in made if each.key_id not in have)
    destroyed = without & {each.key_id for each in made}
    return Against(missing, frozenset(destroyed), tuple(retired))


def mend(keys: KeyStore, missing: Iterable[KeyMade], retired: Iterable[bytes]) -> None:
    """Mark missing keys as destroyed, and retire what the log has retired."""
    rows: list[tuple[object, ...]] = [
        (each.key_id, each.subject_tag, each.purpose, each.cls, each.epoch, DESTROYED)
        for each in missing
    ]
    keys.write(
        # A key of the same place that the log never knew was made and swept: it sealed nothing.
        ("INSERT OR REPLACE INTO subject_key VALUES(?, ?, ?, ?, ?, 0, NULL, ?, 0)", rows)
    )
    keys.retire(retired)


def _key_controls(store: RecordStore) -> Iterator[KeyMade | KeyRetired]:
    for row in rows_of(store)(0, store.standing().size):
        if row.key_id == CONTROL_KEY and row.record and row.record[5] == ControlKind.KEY:
            found = parse_control(row.record)
            if isinstance(found, KeyMade | KeyRetired):
                yield found
