"""Rotation of the key-encryption key: every key is rewrapped, then the old generation is destroyed.

It goes on under load and can be cut short anywhere: each row names the generation that wraps it,
both generations open until the last row has moved, and what is new is kept under the new one alone.
Before the old one is destroyed, every key is opened once under the new one and compared with what
the log says of it.

1. A new generation is made in custody. Where its key is in our own hands (a keyfile), it is handed
   over under the old one, so that other processes take it up; that bridge is gone at the end.
2. Subject keys, item keys and the clinic's secrets are rewrapped in batches.
3. All are checked, the log is told, the old generation is destroyed, and the log is told of that.

Source:
    docs of the design: security, sections 1.1, 1.6 and 1.7, step 5.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infrastructure.errors import Broken
from infrastructure.vault.bell import Bell
from infrastructure.vault.custody import Custody
from infrastructure.vault.keyrows import (
    DESTROYED,
    SELECT_ITEM,
    SELECT_KEY,
    StoredItem,
    StoredKey,
    stored_key,
)
from infrastructure.vault.keys import KEY_SIZE, SubjectKey
from infrastructure.vault.keystore import KeyStore, Statement, number

BATCH = 500
HEARD_SECONDS = 1.0
"""How long a process that follows the record may take to hear the bell and take up a new key."""
_NONCE = 12

Progress = Callable[[int, int], None]


class Rotated(NamedTuple):
    """What a rotation has done: how many keys of each kind it moved, and the custody's evidence."""

    before: int
    after: int
    keys: int
    items: int
    seconds: float
    digest: bytes
    evidence: bytes


@dataclass(frozen=True, slots=True)
class Log:
    """What a rotation asks of the log, and writes into it."""

    check_value: Callable[[bytes], bytes | None]
    rewrapped: Callable[[int, int, int, bytes], None]
    destroyed: Callable[[int, bytes], None]


def items_secret(generation: int) -> str:
    """The name of the generation key, which wraps item keys from outside."""
    return f"items-{generation}"


def secret_context(log_id: bytes, name: str) -> bytes:
    """What a wrapped secret of the clinic's own is bound to."""
    return b"powiernik/1/secret\0" + log_id + name.encode()


def open_secret(store: KeyStore, custody: Custody, log_id: bytes, name: str) -> bytes | None:
    """A secret of the clinic's own.

    Raises:
        Broken: E-AEAD, it does not open here.
    """
    found = store.secret(name)
    if found is None:
        return None
    generation, wrapped = found
    if generation not in custody.generations:
        hand_over(store, custody, log_id, generation)
    return custody.unwrap(generation, wrapped, secret_context(log_id, name))


def hand_over(store: KeyStore, custody: Custody, log_id: bytes, generation: int) -> None:
    """Let custody take up a generation that another process has made."""
    name = _bridge(generation)
    found = store.secret(name)
    secret = b""
    if found is not None and found[0] in custody.generations:
        secret = custody.unwrap(found[0], found[1], secret_context(log_id, name))
    custody.adopt(generation, secret)


def rotate(
    store: KeyStore,
    custody: Custody,
    log_id: bytes,
    log: Log,
    bell: Bell,
    progress: Progress = lambda _now, _of: None,
) -> Rotated:
    """Move everything to a new generation and destroy the old one; goes on with one cut short.

    Raises:
        Broken: A key does not open, or is not the one that the log knows; both generations stay.
        CustodyUnavailable: Custody went away; it goes on when it is back.
    """
    started = time.monotonic()
    before, after = _begin(store, custody, log_id)
    bell.ring()
    _rewrap(store, custody, log_id, before, after, progress)
    keys, items, digest = _check(store, custody, log_id, before, after, log)
    log.rewrapped(before, after, keys, digest)
    evidence = custody.destroy(before)
    log.destroyed(before, evidence)
    time.sleep(max(0.0, started + HEARD_SECONDS - time.monotonic()))
    store.write(
        ("DELETE FROM secret WHERE name = ?", [(_bridge(after),), (items_secret(before),)]),
        ("DELETE FROM meta WHERE name = ?", [("rotation",)]),
    )
    bell.ring()
    store.vacuum()
    return Rotated(before, after, keys, items, time.monotonic() - started, digest, evidence)


def _begin(store: KeyStore, custody: Custody, log_id: bytes) -> tuple[int, int]:
    left = store.rotating()
    before = store.generation()
    if left is not None:
        _must_follow(left, before)
        if before not in custody.generations:
            hand_over(store, custody, log_id, before)
        return left, before
    after = custody.rotate()
    if after == before:
        # One is under way that somebody has made the key store forget.
        before = after - 1
        store.write(("INSERT OR REPLACE INTO meta VALUES('rotation', ?)", [(number(before),)]))
        return before, after
    _must_follow(before, after)
    items_key = _wrapped(custody, log_id, after, items_secret(after), secrets.token_bytes(KEY_SIZE))
    exported = custody.export(after)
    bridge = []
    if exported is not None:
        bridge.append(_wrapped(custody, log_id, before, _bridge(after), exported))
    # From here on nothing new is kept under the old generation. Where item keys lie under the new
    # one already, though the key store has forgotten that, what wraps them is never replaced.
    store.write(
        ("INSERT OR IGNORE INTO secret VALUES(?, ?, ?)", [items_key]),
        ("INSERT OR REPLACE INTO secret VALUES(?, ?, ?)", bridge),
        ("INSERT OR REPLACE INTO meta VALUES('rotation', ?)", [(number(before),)]),
        ("INSERT OR REPLACE INTO meta VALUES('kek_generation', ?)", [(number(after),)]),
    )
    return before, after


def _must_follow(before: int, after: int) -> None:
    """Refuse a rotation that leads nowhere: the log would be told of what never happened.

    Raises:
        Broken: E-KEYSTATE, the key store names generations that no rotation leads between.
    """
    if not 1 <= before == after - 1:
        raise Broken("E-KEYSTATE", "a rotation between generations that do not follow each other")


def _wrapped(
    custody: Custody, log_id: bytes, generation: int, name: str, secret: bytes
) -> tuple[object, ...]:
    wrapped = custody.wrap(generation, secret, secret_context(log_id, name))
    return name, generation, wrapped


def _bridge(generation: int) -> str:
    return f"kek-{generation}"


# Rewrapping


def _rewrap(
    store: KeyStore, custody: Custody, log_id: bytes, before: int, after: int, progress: Progress
) -> None:
    (left,) = store.rows(
        "SELECT (SELECT count(*) FROM subject_key WHERE kek_generation = ?1 AND wrapped NOT NULL)"
        " + (SELECT count(*) FROM item_key WHERE generation = ?1)",
        (before,),
    )[0]
    done = 0
    for step in (_rewrap_keys, _rewrap_items):
        while moved := step(store, custody, log_id, before, after):
            done += moved
            progress(min(done, left), left)
    _rewrap_secrets(store, custody, log_id, before, after)


def _rewrap_keys(store: KeyStore, custody: Custody, log_id: bytes, before: int, after: int) -> int:
    rows = store.rows(
        f"{SELECT_KEY} WHERE kek_generation = ? AND wrapped NOT NULL LIMIT ?", (before, BATCH)
    )
    changes: list[tuple[object, ...]] = []
    for stored in map(stored_key, rows):
        secret = _unwrap(custody, log_id, stored)
        wrapped = custody.wrap(after, secret, stored.place.context(log_id, after))
        # Compared with what was read: one that was destroyed meanwhile stays destroyed.
        changes.append((after, wrapped, stored.place.key_id, stored.wrapped))
    store.write(
        (
            (
                "UPDATE subject_key SET kek_generation = ?, wrapped = ?"
                " WHERE key_id = ? AND wrapped = ?"
            ),
            changes,
        )
    )
    return len(changes)


def _unwrap(custody: Custody, log_id: bytes, stored: StoredKey) -> bytes:
    if stored.wrapped is None:
        raise Broken("E-KEYSTATE", "a key that is neither there nor destroyed")
    context = stored.place.context(log_id, stored.kek_generation)
    return custody.unwrap(stored.kek_generation, stored.wrapped, context)


def _rewrap_items(store: KeyStore, custody: Custody, log_id: bytes, before: int, after: int) -> int:
    rows = store.rows(f"{SELECT_ITEM} WHERE generation = ? LIMIT ?", (before, BATCH))
    if not rows:
        return 0
    old, new = (_items_cipher(store, custody, log_id, each) for each in (before, after))
    changes: list[tuple[object, ...]] = []
    for stored in (StoredItem(*row) for row in rows):
        wrapped = _again(old, new, stored.wrapped, stored.item_id + stored.owner_key)
        escrow = None
        if stored.escrow is not None and stored.escrow_key is not None:
            escrow = _again(old, new, stored.escrow, stored.item_id + stored.escrow_key)
        changes.append((wrapped, escrow, after, stored.item_id, stored.wrapped))
    store.write(
        (
            (
                "UPDATE item_key SET wrapped = ?, escrow = ?, generation = ?"
                " WHERE item_id = ? AND wrapped = ?"
            ),
            changes,
        )
    )
    return len(changes)


def _items_cipher(store: KeyStore, custody: Custody, log_id: bytes, generation: int) -> AESGCM:
    found = open_secret(store, custody, log_id, items_secret(generation))
    if found is None:
        raise Broken("E-KEYSTATE", "a generation key that is not in the key store")
    return AESGCM(found)


def _again(old: AESGCM, new: AESGCM, wrapped: bytes, place: bytes) -> bytes:
    try:
        inner = old.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], place)
    except (InvalidTag, ValueError):
        raise Broken("E-AEAD", "an item key does not open in its place") from None
    nonce = secrets.token_bytes(_NONCE)
    return nonce + new.encrypt(nonce, inner, place)


def _rewrap_secrets(
    store: KeyStore, custody: Custody, log_id: bytes, before: int, after: int
) -> None:
    # The bridge and the old generation key stay under the old one, and go with it.
    stay = (_bridge(after), items_secret(before))
    changes: list[tuple[object, ...]] = []
    for name, wrapped in store.rows(
        "SELECT name, wrapped FROM secret WHERE kek_generation = ?", (before,)
    ):
        if name not in stay:
            secret = custody.unwrap(before, wrapped, secret_context(log_id, name))
            changes.append(_wrapped(custody, log_id, after, name, secret))
    replaced: Statement = ("INSERT OR REPLACE INTO secret VALUES(?, ?, ?)", changes)
    store.write(replaced)


# Checking


def _check(
    store: KeyStore, custody: Custody, log_id: bytes, before: int, after: int, log: Log
) -> tuple[int, int, bytes]:
    """Open every key under the new generation alone, and hold it against the log.

    The digest is SHA-256 over key ids and check values in the order of the ids.
    """
    digest, count, last = sha256(), 0, b""
    some = f"{SELECT_KEY} WHERE key_id > ? ORDER BY key_id LIMIT ?"
    while rows := store.rows(some, (last, BATCH)):
        for stored in map(stored_key, rows):
            last = stored.place.key_id
            if stored.state == DESTROYED:
                continue
            if stored.kek_generation != after:
                raise Broken("E-KEYSTATE", "a key that was left behind by a rotation")
            key = SubjectKey(stored.place, _unwrap(custody, log_id, stored))
            known = log.check_value(last)
            if known is not None and not hmac.compare_digest(known, key.check_value):
                raise Broken("E-KCV", "a key that is not the one that the log knows")
            digest.update(last + key.check_value)
            count += 1
    left = store.rows("SELECT name FROM secret WHERE kek_generation <> ?", (after,))
    if not {name for (name,) in left} <= {_bridge(after), items_secret(before)}:
        raise Broken("E-KEYSTATE", "a secret that was left behind by a rotation")
    ((items, behind),) = store.rows(
        "SELECT count(*), coalesce(sum(generation <> ?), 0) FROM item_key", (after,)
    )
    if behind:
        raise Broken("E-KEYSTATE", "an item key that was left behind by a rotation")
    return count, items, digest.digest()
