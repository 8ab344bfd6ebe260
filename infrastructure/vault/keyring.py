"""Finds the key of a subject for a purpose and a class, or makes it; checks it before it opens.

A key is made in the key store first, as pending; its control record goes into the log in the same
transaction as its first use. To open anything a key must stand in the log with the same check value
(fine print 9, security.md 1.2).
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from itertools import islice
from typing import NamedTuple, TypeVar

from domain.confidentiality import KeyPurpose, Label, Owner
from domain.errors import RecordUnavailable
from infrastructure.errors import Broken, KeyGone
from infrastructure.vault.bell import Bell
from infrastructure.vault.custody import Custody
from infrastructure.vault.endings import Endings, NoEndings
from infrastructure.vault.keyrows import (
    CONDEMNED,
    DESTROYED,
    PENDING,
    RETIRED,
    YEARLY,
    StoredKey,
)
from infrastructure.vault.keys import KEY_SIZE, KeyPlace, SubjectKey
from infrastructure.vault.keystore import KeyStore
from infrastructure.vault.rotation import hand_over

KEPT_SECONDS = 15 * 60
"""How long an unwrapped key stays in memory."""
MOST_KEPT = 20_000
_TRIES = 4

Name = TypeVar("Name")


class LoggedKey(NamedTuple):
    """What the log says of a key: its place, its check value, and where its making stands."""

    place: KeyPlace
    check_value: bytes
    position: int


class _Made(NamedTuple):
    """A subject's keys for one label, the newest epoch first, with where their makings stand.

    In place of a destroyed key stands ``None``: what it sealed is not sealed under an older one.
    """

    keys: tuple[tuple[int, SubjectKey | None], ...]
    newest: int
    until: float


class Keyring:
    """The open keys of one process, and the way to the others."""

    def __init__(
        self,
        store: KeyStore,
        custody: Custody,
        log_id: bytes,
        tag_key: bytes,
        logged: Callable[[bytes], LoggedKey | None],
        bell: Bell,
        endings: Endings | None = None,
    ) -> None:
        self._store = store
        self._endings = endings or NoEndings()
        self._custody = custody
        self._log_id = log_id
        self._tag_key = tag_key
        self._logged = logged
        self._bell = bell
        self._heard = bell.count()
        self._lock = threading.RLock()
        self._tags: dict[Owner, bytes] = {}
        self._open: dict[bytes, tuple[SubjectKey, float]] = {}
        self._sealing: dict[tuple[Owner, Label, int], tuple[SubjectKey, float]] = {}
        self._places: dict[bytes, KeyPlace] = {}
        self._unlogged: dict[bytes, SubjectKey] = {}
        self._made: dict[tuple[Owner, Label], _Made] = {}

    def tag(self, owner: Owner) -> bytes:
        """The pseudonym under which a subject's keys are kept and logged."""
        known = self._tags.get(owner)
        if known is None:
            subject = bytes([owner.kind]) + owner.id.encode()
            known = self._tags[owner] = hmac.digest(self._tag_key, subject, "sha256")[:16]
        return known

    def rung(self) -> int:
        """How often the bell has been rung: what was sealed before its last ring is sealed again.

        Open keys that were at hand before it are dropped.
        """
        count = self._bell.count()
        if count != self._heard:
            self.forget()
            self._heard = count
            with suppress(Broken, KeyGone, RecordUnavailable):
                self._follow_generations()
        return count

    def heard(self) -> int:
        """``rung``, as it was a hundredth of a second ago at most: enough to open, not to seal."""
        count = self._bell.lately()
        return count if count == self._heard else self.rung()

    def _follow_generations(self) -> None:
        """Take up a new key-encryption key while it is handed over, and drop one that is gone."""
        generation = self._store.generation()
        self._must_know(generation)
        if self._store.rotating() is None:
            for each in self._custody.generations:
                if each < generation:
                    self._custody.forget(each)

    def for_sealing(self, owner: Owner, label: Label, now: datetime) -> SubjectKey | None:
        """The subject's key of this epoch, if it is at hand; ``make`` finds or makes the others."""
        # A batch asks the bell exactly, before it fetches its keys and when it is written.
        self.heard()
        kept = self._sealing.get((owner, label, _floor(label, now)))
        if kept is None or kept[1] < time.monotonic():
            return None
        return kept[0]

    def make(
        self, wanted: Iterable[tuple[Owner, Label]], now: datetime
    ) -> dict[tuple[Owner, Label], SubjectKey]:
        """These keys, read from the key store, or made there, durably.

        They are handed out, not only kept, since an import may want more than are kept.

        Raises:
            KeyGone: What would be written belongs to somebody who has been erased.
        """
        heard = self.rung()
        found: dict[tuple[Owner, Label], SubjectKey] = {}
        missing = list(dict.fromkeys(wanted))
        for _ in range(_TRIES):
            missing = [each for each in missing if not self._find(each, now, found, heard)]
            if not missing:
                return found
            # No lock is held over the disk, so that threads share its fsync; of two that make the
            # same key, in this process or another, the first is kept and both read it back. Where
            # somebody has just rotated, nothing is kept, and the next try wraps anew.
            generation = self._store.generation()
            self._must_know(generation)
            self._store.add_keys([self._fresh(*each, now, generation) for each in missing])
        raise Broken("E-KEYSTATE", "a key that was just made is not there")

    def _find(
        self,
        wanted: tuple[Owner, Label],
        now: datetime,
        found: dict[tuple[Owner, Label], SubjectKey],
        heard: int,
    ) -> bool:
        stored = self._newest(*wanted, now)
        if stored is None or stored.state == RETIRED:
            return False
        if self._is_going(stored):
            raise KeyGone
        if not self._outlasts(stored):
            return False
        if self._endings.retired(stored.place.key_id):
            # The key store says otherwise: an older one that was put back, or somebody altered it.
            self._store.retire([stored.place.key_id])
            return False
        found[wanted] = self._keep_for_sealing(wanted[0], stored, _floor(wanted[1], now), heard)
        return True

    def _outlasts(self, stored: StoredKey) -> bool:
        """Whether a key is not swept before it is used: one that was made long ago, in vain."""
        now, key_id = int(time.time()), stored.place.key_id
        if stored.state != PENDING or stored.made_at > now - KEPT_SECONDS or self.is_logged(key_id):
            return True
        return self._store.taken_up(key_id, now)

    def _newest(self, owner: Owner, label: Label, now: datetime) -> StoredKey | None:
        """The newest key that may seal now, a retired one too."""
        if label.purpose in YEARLY:
            return self._store.in_epoch(self.tag(owner), label, now.year)
        epochs = self._store.epochs(self.tag(owner), label)
        return epochs[0] if epochs else None

    def retire(self, owner: Owner, purpose: KeyPurpose) -> list[bytes]:
        """Let the next append begin a new epoch of these keys; what they sealed still opens.

        The ids of the keys whose retiring has to be logged now; one that was never used stays.
        """
        newest: dict[Label, StoredKey] = {}
        for stored in self._store.of_subject(self.tag(owner), purpose):
            newest[stored.place.label] = stored
        retired = [
            stored.place.key_id
            for stored in newest.values()
            if stored.state != DESTROYED and self._logged(stored.place.key_id) is not None
        ]
        self._store.retire(retired)
        self._bell.ring()
        return retired

    def retired_before(self, key: SubjectKey) -> list[bytes]:
        """The retired epochs before a key, whose retiring may not have been logged."""
        tag, label, epoch = key.place.subject_tag, key.place.label, key.place.epoch
        return [
            stored.place.key_id
            for stored in self._store.epochs(tag, label)
            if stored.state == RETIRED and stored.place.epoch < epoch
        ]

    def existing(self, owner: Owner, label: Label, at: datetime, position: int) -> SubjectKey:
        """The subject's newest key that was made before a position; makes none.

        The cell of a projection takes the same key whenever it is made, so that a rebuild gives the
        same digests, at the turn of a year too. ``at`` is when the position was recorded.

        Raises:
            KeyGone: There is none, or it has been destroyed.
        """
        heard = self.heard()
        made = self._made.get((owner, label))
        if made is None or made.until < time.monotonic() or made.newest < _floor(label, at):
            made = self._find_made(owner, label, heard)
        for making, key in made.keys:
            if making < position:
                if key is None:
                    break
                return key
        raise KeyGone

    def _find_made(self, owner: Owner, label: Label, heard: int) -> _Made:
        keys: list[tuple[int, SubjectKey | None]] = []
        epochs = self._store.epochs(self.tag(owner), label)
        for stored in epochs:
            logged = self._logged(stored.place.key_id)
            if logged is not None:
                key = None
                if stored.state != DESTROYED:
                    key = self.for_opening(stored.place.key_id)
                keys.append((logged.position, key))
        newest = epochs[0].place.epoch if epochs else 0
        made = _Made(tuple(keys), newest, time.monotonic() + KEPT_SECONDS)
        with self._lock:
            if len(self._made) >= MOST_KEPT:
                self._made.clear()
            # One that is being made would be missed by whoever asks after it is in the log; one
            # that was read before a ring may be gone.
            if len(keys) == len(epochs) and self._bell.count() == heard:
                self._made[owner, label] = made
        return made

    def is_logged(self, key_id: bytes) -> bool:
        """Whether the log knows a key: one that it does not know has sealed nothing."""
        return self._logged(key_id) is not None

    def unlogged(self, key: SubjectKey) -> bool:
        """Whether the key's making has still to be written into the log."""
        return key.key_id in self._unlogged

    def note_logged(self, keys: Iterable[bytes]) -> None:
        """Remember that the making of these keys stands in the log."""
        for each in keys:
            self._unlogged.pop(each, None)

    def place(self, key_id: bytes) -> KeyPlace | None:
        """What a key is for, without opening it; ``None`` for a key that is not known.

        Raises:
            Broken: E-KCV, the log says otherwise.
        """
        known = self._places.get(key_id)
        if known is None:
            stored = self._store.key(key_id)
            if stored is None:
                return None
            # The policy and the follower choose by a key's purpose what they read at all.
            logged = self._logged(key_id)
            if logged is not None and logged.place != stored.place:
                raise Broken("E-KCV", "a key that is not the one that the log knows")
            known = self._places[key_id] = stored.place
        return known

    def for_opening(self, key_id: bytes) -> SubjectKey:
        """The key that sealed something, checked against the log.

        Raises:
            KeyGone: It has been destroyed.
            Broken: E-KEYSTATE where it is unknown, E-AEAD where it does not open in its place,
                E-KCV where the log knows another.
        """
        self.heard()
        kept = self._open.get(key_id)
        if kept is not None and kept[1] >= time.monotonic():
            return kept[0]
        with self._lock:
            stored = self._store.key(key_id)
            if stored is None:
                raise Broken("E-KEYSTATE", "a key that is not in the key store")
            if self._endings.destroyed(key_id):
                # Whatever lies in the key store by now: it is gone at the next opening at last.
                raise KeyGone
            key = self._unwrap(stored)
            if not self._in_log(key):
                raise Broken("E-KCV", "a key that the log does not know")
            self._keep(self._open, key_id, key)
            return key

    def forget(self) -> None:
        """Drop every open key."""
        with self._lock:
            self._open.clear()
            self._sealing.clear()
            self._made.clear()

    def _fresh(self, owner: Owner, label: Label, now: datetime, generation: int) -> StoredKey:
        tag, epoch = self.tag(owner), _floor(label, now)
        if label.purpose not in YEARLY:
            siblings = self._store.of_subject(tag, label.purpose)
            if siblings and all(self._is_going(each) for each in siblings):
                # Whoever was erased is not begun anew in a class that she had nothing in.
                raise KeyGone
            before = [each.place.epoch for each in siblings if each.place.label == label]
            epoch += max(before, default=0)
        place = KeyPlace(secrets.token_bytes(16), tag, label, epoch)
        context = place.context(self._log_id, generation)
        wrapped = self._custody.wrap(generation, secrets.token_bytes(KEY_SIZE), context)
        return StoredKey(place, generation, wrapped, PENDING, int(time.time()))

    def _keep_for_sealing(
        self, owner: Owner, stored: StoredKey, floor: int, heard: int
    ) -> SubjectKey:
        key = self._unwrap(stored)
        # Whatever its state says: a record put back from a backup may have lost the key's making,
        # and what is sealed under a key that the log does not know never opens again.
        if not self._in_log(key):
            self._unlogged[key.key_id] = key
        place = stored.place
        self._places[key.key_id] = place
        with self._lock:
            # What was read before a ring is for this append alone, which will not stand: kept, it
            # would be found again behind the record of its retiring or destruction.
            if self._bell.count() == heard:
                self._keep(self._sealing, (owner, place.label, floor), key)
        return key

    def _in_log(self, key: SubjectKey) -> bool:
        logged = self._logged(key.key_id)
        if logged is None:
            return False
        if logged.place != key.place or not hmac.compare_digest(
            logged.check_value, key.check_value
        ):
            raise Broken("E-KCV", "a key that is not the one that the log knows")
        return True

    def _unwrap(self, stored: StoredKey) -> SubjectKey:
        if stored.wrapped is None and stored.state == DESTROYED:
            raise KeyGone
        if stored.wrapped is None or stored.state == DESTROYED:
            raise Broken("E-KEYSTATE", "a key that is neither there nor destroyed")
        context = stored.place.context(self._log_id, stored.kek_generation)
        try:
            self._must_know(stored.kek_generation)
            secret = self._custody.unwrap(stored.kek_generation, stored.wrapped, context)
        except KeyGone:
            now = self._store.key(stored.place.key_id)
            if now is None or now == stored:
                # Nobody erased it: its row names a generation that it was never left under.
                raise Broken("E-KEYSTATE", "a key under a generation that is gone") from None
            # It was rewrapped, or destroyed, since it was read.
            return self._unwrap(now)
        return SubjectKey(stored.place, secret)

    def _must_know(self, generation: int) -> None:
        """Take over a generation that another process has made."""
        if generation not in self._custody.generations:
            hand_over(self._store, self._custody, self._log_id, generation)

    def destroyed(self, name: bytes) -> bool:
        """Whether the log says that a key or an item key was destroyed."""
        return self._endings.destroyed(name)

    def _is_going(self, stored: StoredKey) -> bool:
        going = stored.state == DESTROYED or bool(stored.state & CONDEMNED)
        return going or self._endings.destroyed(stored.place.key_id)

    @staticmethod
    def _keep(kept: dict[Name, tuple[SubjectKey, float]], name: Name, key: SubjectKey) -> None:
        if len(kept) >= MOST_KEPT:
            # The older half: the keys that the present append has just asked for stay.
            for each in list(islice(kept, MOST_KEPT // 2)):
                del kept[each]
        kept[name] = (key, time.monotonic() + KEPT_SECONDS)


def _floor(label: Label, now: datetime) -> int:
    """The least epoch that a key may have now.

    Accountability keys change every year, so that entries can expire by age (fine print 13).
    """
    return now.year if label.purpose in YEARLY else 1
