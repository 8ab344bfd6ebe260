"""Keys and item keys as a worker has them whose custody is with the broker.

Keys of policy and access log are kept for a time, as in a process that has custody. A key to
content is there for one append and dropped with it. Item keys are fresh ones; none in use comes.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from domain.confidentiality import Class, KeyPurpose, Label, Owner
from domain.errors import RecordUnavailable
from domain.ports import CONTENT
from domain.values import Circumstances
from infrastructure.broker.line import Line
from infrastructure.broker.protocol import MOST_BYTES, MOST_TOGETHER, Ask
from infrastructure.errors import Broken
from infrastructure.vault.envelope import ChunkPlace
from infrastructure.vault.keyring import KEPT_SECONDS, MOST_KEPT
from infrastructure.vault.keyrows import StoredItem
from infrastructure.vault.keys import KeyPlace, SubjectKey
from infrastructure.vault.port import ItemKey, Owners

_HEAVY = MOST_BYTES // 2

Owe = Callable[[Circumstances, Iterable[Owner]], None]
"""Remembers of whom somebody was given something."""


class NotHere(SubjectKey):
    """A key that stays with the broker: what is known of it is its place and its check value.

    Every subkey is derived from the secret, so that there is none here.
    """

    def __init__(self, place: KeyPlace, check_value: bytes) -> None:
        self.place = place
        self.__dict__["check_value"] = check_value

    @property
    def _secret(self) -> bytes:  # type: ignore[override]  # nothing is kept in its place
        raise RecordUnavailable


class RemoteKeyring:
    """Keys that the broker gives, and those that it has given."""

    def __init__(self, line: Line, rung: Callable[[], int]) -> None:
        self._line = line
        self._bell = rung
        self._heard = rung()
        self._lock = threading.Lock()
        self._tags: dict[Owner, bytes] = {}
        self._places: dict[bytes, KeyPlace] = {}
        self._open: dict[bytes, tuple[SubjectKey, float]] = {}
        self._sealing: dict[tuple[Owner, Label, int], tuple[SubjectKey, float]] = {}
        self._unlogged: dict[bytes, list[bytes]] = {}

    def rung(self) -> int:
        """How often the bell has been rung; what was at hand before it is dropped."""
        count = self._bell()
        if count != self._heard:
            self.forget()
            self._heard = count
        return count

    def tag(self, owner: Owner) -> bytes:
        """The pseudonym under which a subject's keys are kept and logged."""
        known = self._tags.get(owner)
        if known is None:
            (known,) = self._line.ask(Ask.TAGS, [[int(owner.kind), owner.id]])
            _keep(self._tags, owner, known)
        return known

    def place(self, key_id: bytes) -> KeyPlace | None:
        """What a key is for; ``None`` for a key that is not known."""
        known = self._places.get(key_id)
        if known is None:
            (found,) = self._line.ask(Ask.PLACE, key_id)
            if found is None:
                return None
            tag, purpose, cls, epoch = found
            known = KeyPlace(key_id, tag, Label(KeyPurpose(purpose), Class(cls)), epoch)
            _keep(self._places, key_id, known)
        return known

    def for_opening(self, key_id: bytes) -> SubjectKey:
        """A key that policy or log needs.

        Raises:
            RecordUnavailable: It opens content, which the broker does itself.
            KeyGone: It has been destroyed.
        """
        self.rung()
        kept = self._open.get(key_id)
        if kept is not None and kept[1] >= time.monotonic():
            return kept[0]
        place = self.place(key_id)
        if place is None:
            raise Broken("E-KEYSTATE", "a key that is not in the key store")
        if place.label.purpose in CONTENT:
            raise RecordUnavailable
        (secret,) = self._line.ask(Ask.POLICY_KEY, key_id)
        key = SubjectKey(place, secret)
        _keep(self._open, key_id, (key, time.monotonic() + KEPT_SECONDS))
        return key

    def for_sealing(self, owner: Owner, label: Label, now: datetime) -> SubjectKey | None:
        """A key that is at hand; one to content never is."""
        self.rung()
        kept = self._sealing.get((owner, label, now.year))
        if kept is None or kept[1] < time.monotonic():
            return None
        return kept[0]

    def existing(self, owner: Owner, label: Label, at: datetime, position: int) -> SubjectKey:
        """Not here: cells are sealed by the broker.

        Raises:
            RecordUnavailable: Always.
        """
        raise RecordUnavailable

    def make(
        self,
        wanted: Iterable[tuple[Owner, Label]],
        now: datetime,
        who: Circumstances | None = None,
    ) -> dict[tuple[Owner, Label], SubjectKey]:
        """The keys that an append needs.

        Raises:
            RecordUnavailable: The broker gives none of them, or not to her.
            KeyGone: What would be written belongs to somebody who has been erased.
        """
        self.rung()
        asked = list(dict.fromkeys(wanted))
        found: dict[tuple[Owner, Label], SubjectKey] = {}
        for some in portions(asked, lambda _: 0):
            fields = [
                [[int(owner.kind), owner.id], int(label.purpose), int(label.cls)]
                for owner, label in some
            ]
            made = self._line.ask(Ask.MAKE, fields, claim(who))
            for each, given in zip(some, made, strict=True):
                found[each] = self._made(each, now, given)
        return found

    def _made(self, wanted: tuple[Owner, Label], now: datetime, given: list[Any]) -> SubjectKey:
        owner, label = wanted
        key_id, tag, purpose, cls, epoch, check_value, unlogged, secret, retired = given
        place = KeyPlace(key_id, tag, Label(KeyPurpose(purpose), Class(cls)), epoch)
        key = NotHere(place, check_value) if secret is None else SubjectKey(place, secret)
        _keep(self._places, key_id, place)
        if unlogged:
            self._unlogged[key_id] = retired
        elif label.purpose not in CONTENT:
            until = time.monotonic() + KEPT_SECONDS
            _keep(self._sealing, (owner, label, now.year), (key, until))
        return key

    def retire(
        self, owner: Owner, purpose: KeyPurpose, who: Circumstances | None = None
    ) -> list[bytes]:
        """Let the next append begin a new epoch of these keys."""
        return self._line.ask(Ask.RETIRE, [int(owner.kind), owner.id], int(purpose), claim(who))

    def retired_before(self, key: SubjectKey) -> list[bytes]:
        """The retired epochs before a key that is new."""
        return self._unlogged.get(key.key_id, [])

    def unlogged(self, key: SubjectKey) -> bool:
        """Whether the key's making has still to be written into the log."""
        return key.key_id in self._unlogged

    def note_logged(self, keys: Iterable[bytes]) -> None:
        """Remember that the making of these keys stands in the log."""
        for each in keys:
            self._unlogged.pop(each, None)

    def is_logged(self, key_id: bytes) -> bool:
        """Not here: whoever verifies keys has them.

        Raises:
            RecordUnavailable: Always.
        """
        raise RecordUnavailable

    def forget(self) -> None:
        """Drop every key."""
        with self._lock:
            self._open.clear()
            self._sealing.clear()


class SomebodysKeys:
    """The keyring in the name of whoever writes."""

    def __init__(self, keyring: RemoteKeyring, who: Circumstances, owe: Owe) -> None:
        self._keyring = keyring
        self._who = who
        self._owe = owe
        self.rung = keyring.rung
        self.for_sealing = keyring.for_sealing
        self.unlogged = keyring.unlogged
        self.note_logged = keyring.note_logged
        self.retired_before = keyring.retired_before

    def make(
        self, wanted: Iterable[tuple[Owner, Label]], now: datetime
    ) -> dict[tuple[Owner, Label], SubjectKey]:
        """The keys that an append needs."""
        asked = list(wanted)
        self._owe(self._who, (owner for owner, label in asked if label.purpose in CONTENT))
        return self._keyring.make(asked, now, self._who)

    def retire(self, owner: Owner, purpose: KeyPurpose) -> list[bytes]:
        """Let the next append begin a new epoch of these keys."""
        return self._keyring.retire(owner, purpose, self._who)


class RemoteItems:
    """Item keys that the broker makes and wraps; none in use is ever given."""

    def __init__(self, line: Line, keyring: RemoteKeyring) -> None:
        self._line = line
        self._keyring = keyring
        self._lock = threading.Lock()
        self._spare: dict[tuple[bytes, bytes | None], deque[ItemKey]] = {}
        self._heard = keyring.rung()

    def at_hand(self, owner: SubjectKey, escrow: SubjectKey | None, count: int = 1) -> bool:
        """Whether so many fresh keys are ready."""
        rung = self._keyring.rung()
        if rung != self._heard:
            with self._lock:
                self._spare.clear()
            self._heard = rung
        return len(self._spare.get(_name(owner, escrow), ())) >= count

    def make(self, wanted: Mapping[Owners, int]) -> None:
        """Have so many fresh keys ready, durably."""
        for some in portions(list(wanted.items()), lambda _: 0):
            missing = [
                (owners, count)
                for owners, count in some
                if not self.at_hand(owners[0], owners[1], count)
            ]
            fields = [
                [owner.key_id, escrow.key_id if escrow else None, count]
                for (owner, escrow), count in missing
            ]
            made = self._line.ask(Ask.MAKE_ITEMS, fields) if fields else []
            with self._lock:
                for (owners, _), keys in zip(missing, made, strict=True):
                    spare = self._spare.setdefault(_name(*owners), deque())
                    spare.extend((item_id, key) for item_id, key in keys)

    def owner(self, item_id: bytes) -> StoredItem:
        """Not here."""
        raise RecordUnavailable

    def open(self, stored: StoredItem) -> bytes:
        """Not here: words are opened by the broker."""
        raise RecordUnavailable

    def check(self, stored: StoredItem) -> None:
        """Not here."""
        raise RecordUnavailable

    def seal_chunk(self, item_id: bytes, log_id: bytes, place: ChunkPlace, plain: bytes) -> bytes:
        """A piece of an attachment, sealed by the broker for the log whose broker it is."""
        del log_id
        where = (place.attachment, place.number, int(place.last))
        (sealed,) = self._line.ask(Ask.SEAL_CHUNK, item_id, *where, plain)
        return bytes(sealed)

    def open_chunk(self, log_ids: Collection[bytes], sealed: bytes) -> bytes:
        """Not here: pieces are opened by the broker."""
        raise RecordUnavailable

    def take(self, owner: SubjectKey, escrow: SubjectKey | None) -> ItemKey:
        """A fresh item key."""
        while True:
            with self._lock:
                name = _name(owner, escrow)
                spare = self._spare.get(name)
                if spare:
                    taken = spare.popleft()
                    if not spare:
                        del self._spare[name]
                    return taken
            self.make({(owner, escrow): 1})


def claim(who: Circumstances | None) -> list[str]:
    """Who asks, and in which request.

    Raises:
        RecordUnavailable: Nobody does.
    """
    if who is None:
        raise RecordUnavailable
    return [str(who.actor.id), str(who.request)]


def portions(every: list[Any], weight: Callable[[Any], int]) -> Iterator[list[Any]]:
    """What fits into one request at a time."""
    some: list[Any] = []
    heavy = 0
    for each in every:
        if some and (len(some) >= MOST_TOGETHER or heavy + weight(each) > _HEAVY):
            yield some
            some, heavy = [], 0
        some.append(each)
        heavy += weight(each)
    if some:
        yield some


def _name(owner: SubjectKey, escrow: SubjectKey | None) -> tuple[bytes, bytes | None]:
    return owner.key_id, escrow.key_id if escrow else None


def _keep(kept: dict[Any, Any], name: object, value: object) -> None:
    if len(kept) >= MOST_KEPT:
        kept.clear()
    kept[name] = value
