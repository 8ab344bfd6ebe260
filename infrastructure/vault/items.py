"""Keys of single texts, so that one text can be made unreadable alone (compliance.md REC-04).

An item key is wrapped twice: by its owner's key (a process note's: by its author's, and beside that
for the escrow), then by the generation key, so that an old backup of the key store cannot bring a
destroyed item back. They are made ahead in blocks, so that a note costs no second fsync
(fine print 3).
"""

from __future__ import annotations

import secrets
import threading
from collections import deque
from collections.abc import Callable, Collection, Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infrastructure.errors import Broken, KeyGone, WrongKeyStore
from infrastructure.vault import envelope
from infrastructure.vault.envelope import ChunkPlace
from infrastructure.vault.keyring import Keyring
from infrastructure.vault.keyrows import StoredItem
from infrastructure.vault.keys import KEY_SIZE, SubjectKey
from infrastructure.vault.keystore import KeyStore

BLOCK = 8
_TRIES = 4
_NONCE = 12

Owners = tuple[SubjectKey, SubjectKey | None]
"""Whose keys wrap an item key: its owner's, and a process note's for the escrow."""
ItemKey = tuple[bytes, bytes]
"""The id of an item key, and the key."""


class ItemKeys:
    """Spare item keys by owner, and the way to those in use."""

    def __init__(
        self, store: KeyStore, keyring: Keyring, generation_key: Callable[[int], bytes]
    ) -> None:
        """``generation_key`` gives the key that wraps from outside, by its generation."""
        self._store = store
        self._keyring = keyring
        self._generation_key = generation_key
        self._ciphers: dict[int, AESGCM] = {}
        self._lock = threading.Lock()
        self._spare: dict[tuple[bytes, bytes | None], deque[ItemKey]] = {}
        self._heard = keyring.rung()

    def at_hand(self, owner: SubjectKey, escrow: SubjectKey | None, count: int = 1) -> bool:
        """Whether so many spare keys are ready."""
        self._listen()
        return len(self._spare.get(_name(owner, escrow), ())) >= count

    def make(self, wanted: Mapping[Owners, int]) -> None:
        """Have so many spare keys ready, and a block at least, durably and in one go."""
        fresh: dict[Owners, list[ItemKey]] = {}
        for owners, count in wanted.items():
            if not self.at_hand(*owners, count):
                fresh[owners] = [_fresh() for _ in range(max(count, BLOCK))]
        if not fresh:
            return
        first = next(iter(fresh.values()))[0][0]
        for _ in range(_TRIES):
            generation = self._store.generation()
            self._store.add_items(
                StoredItem(
                    item_id,
                    owner.key_id,
                    self._wrap(generation, owner, item_id, key),
                    escrow.key_id if escrow else None,
                    self._wrap(generation, escrow, item_id, key) if escrow else None,
                    generation,
                )
                for (owner, escrow), keys in fresh.items()
                for item_id, key in keys
            )
            # All or none were kept: none, where somebody has just rotated.
            if self._store.items(first) is not None:
                break
        else:
            raise Broken("E-KEYSTATE", "an item key that was just made is not there")
        with self._lock:
            for owners, keys in fresh.items():
                self._spare.setdefault(_name(*owners), deque()).extend(keys)

    def take(self, owner: SubjectKey, escrow: SubjectKey | None) -> ItemKey:
        """A fresh item key; whoever takes more than was made ready waits for the disk."""
        while True:
            with self._lock:
                spare = self._spare.get(_name(owner, escrow))
                if spare:
                    return spare.popleft()
            self.make({(owner, escrow): 1})

    def owner(self, item_id: bytes) -> StoredItem:
        """The stored item key.

        Raises:
            KeyGone: It has been destroyed, or never was.
        """
        stored = self._store.items(item_id)
        if stored is None or self._keyring.destroyed(item_id):
            raise KeyGone
        return stored

    def open(self, stored: StoredItem) -> bytes:
        """The item key, opened with its owner's key.

        Raises:
            Broken: E-AEAD, it does not open in its place.
        """
        return self._unwrap(stored, stored.owner_key, stored.wrapped)

    def check(self, stored: StoredItem) -> None:
        """Whether an item key opens for its owner and, where there is one, for the escrow alike.

        Raises:
            KeyGone: Its owner's key, or the escrow's, has been destroyed.
            Broken: E-AEAD, it does not open in its place; E-KEYSTATE, the two differ.
        """
        key = self.open(stored)
        if stored.escrow_key is None and stored.escrow is None:
            return
        if stored.escrow_key is None or stored.escrow is None:
            raise Broken("E-KEYSTATE", "an item key that is half in escrow")
        if self._unwrap(stored, stored.escrow_key, stored.escrow) != key:
            raise Broken("E-KEYSTATE", "another key in escrow than its owner's")

    def seal_chunk(self, item_id: bytes, log_id: bytes, place: ChunkPlace, plain: bytes) -> bytes:
        """A piece of an attachment, sealed under an item key that is in use.

        Raises:
            KeyGone: The key has been destroyed.
            Broken: It does not open in its place.
        """
        key = self.open(self.owner(item_id))
        return envelope.seal_chunk(key, item_id, log_id, place, plain)

    def open_chunk(self, log_ids: Collection[bytes], sealed: bytes) -> bytes:
        """What a piece of an attachment holds.

        Raises:
            KeyGone: The key has been destroyed.
            Broken: It was altered, or the key does not open in its place.
        """
        item_id, _, _ = envelope.chunk_header(sealed)
        return envelope.open_chunk(self.open(self.owner(item_id)), log_ids, sealed)[1]

    def forget(self) -> None:
        """Drop every spare key; their rows stay, sealed and unused."""
        with self._lock:
            self._spare.clear()

    def _listen(self) -> None:
        rung = self._keyring.heard()
        if rung != self._heard:
            self.forget()
            self._heard = rung

    def _unwrap(self, stored: StoredItem, owner_key: bytes, wrapped: bytes) -> bytes:
        owner = self._keyring.for_opening(owner_key)
        place = stored.item_id + owner_key
        generation = self._cipher(stored.generation)
        try:
            inner = generation.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], place)
            return owner.items.decrypt(inner[:_NONCE], inner[_NONCE:], place)
        except (InvalidTag, ValueError):
            raise Broken("E-AEAD", "an item key does not open in its place") from None

    def _wrap(self, generation: int, owner: SubjectKey, item_id: bytes, key: bytes) -> bytes:
        place = item_id + owner.key_id
        first, second = secrets.token_bytes(_NONCE), secrets.token_bytes(_NONCE)
        inner = first + owner.items.encrypt(first, key, place)
        return second + self._cipher(generation).encrypt(second, inner, place)

    def _cipher(self, generation: int) -> AESGCM:
        found = self._ciphers.get(generation)
        if found is None:
            try:
                found = AESGCM(self._generation_key(generation))
            except (KeyGone, WrongKeyStore):
                # Nobody erased it: its row names a generation that it was never left under.
                raise Broken("E-KEYSTATE", "an item key under a generation that is gone") from None
            # The one of a rotation at most stays beside the present one.
            self._ciphers = {generation: found, **dict(list(self._ciphers.items())[:1])}
        return found


def _fresh() -> ItemKey:
    return secrets.token_bytes(16), secrets.token_bytes(KEY_SIZE)


def _name(owner: SubjectKey, escrow: SubjectKey | None) -> tuple[bytes, bytes | None]:
    return owner.key_id, escrow.key_id if escrow else None
