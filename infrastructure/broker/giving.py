"""What the broker gives on asking, and what it gives to whoever writes.

The clinic's own secrets without which nothing can be written, and the keys that policy and access
log need, are handed out and counted. A key to content is handed out for sealing alone, in
somebody's name; the log has to show the event for which it was. What a command has to read is
opened here, under the same law.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

from domain.confidentiality import Class, KeyPurpose, Label
from domain.errors import RecordUnavailable
from domain.ports import CONTENT
from domain.rows import Fingerprints
from infrastructure.broker.admission import Denied
from infrastructure.broker.protocol import VERSION, owner_in
from infrastructure.broker.releases import Asker, Kind, Peer
from infrastructure.broker.watch import Watch
from infrastructure.errors import Broken, KeyGone
from infrastructure.lineage import Lineage
from infrastructure.vault.broker import payload_of
from infrastructure.vault.envelope import ChunkPlace, chunk_header
from infrastructure.vault.items import ItemKeys
from infrastructure.vault.keyring import Keyring
from infrastructure.vault.keys import SubjectKey
from infrastructure.vault.port import SealedRow

_MOST_AT_ONCE = 1000
"""Keys for texts that one append may ask for."""
HANDED_OUT = ("append", "accounts", "commands", "receipts", "spool")
"""The clinic's secrets that a worker needs; never those that wrap, index or name subjects."""
FRESH_SECONDS = 60
"""How long a key that was made for an event is at hand for that event's texts."""


class Giving:
    """Answers what is asked for writing."""

    def __init__(
        self,
        lineage: Lineage,
        handed_out: Mapping[str, bytes],
        keyring: Keyring,
        items: ItemKeys,
        fingerprints: Fingerprints,
        watch: Watch,
    ) -> None:
        self._lineage = lineage
        self._handed_out = handed_out
        self._keyring = keyring
        self._items = items
        self._fingerprints = fingerprints
        self._watch = watch
        self._lock = threading.Lock()
        self._fresh: dict[bytes, tuple[SubjectKey, float]] = {}

    def forget(self) -> None:
        """Drop the keys that were made a while ago."""
        now = time.monotonic()
        with self._lock:
            self._fresh = {name: each for name, each in self._fresh.items() if each[1] > now}

    def hello(self, peer: Peer, version: int) -> list[Any]:
        """Whose broker this is, and the secrets of a worker."""
        if version != VERSION:
            raise Denied("version")
        self._watch.count(peer, "hello")
        return [self._lineage.first, *map(list, self._handed_out.items())]

    def tags(self, peer: Peer, owners: list[Any]) -> list[Any]:
        """The pseudonyms of subjects."""
        self._watch.count(peer, "tag", len(owners))
        return [self._keyring.tag(owner_in(each)) for each in owners]

    def place(self, peer: Peer, key_id: bytes) -> list[Any]:
        """What a key is for."""
        place = self._keyring.place(key_id)
        if place is None:
            return [None]
        label = place.label
        return [[place.subject_tag, int(label.purpose), int(label.cls), place.epoch]]

    def policy_key(self, peer: Peer, key_id: bytes) -> list[Any]:
        """A key that policy or log needs."""
        place = self._keyring.place(key_id)
        if place is None:
            raise Broken("E-KEYSTATE", "a key that is not in the key store")
        if not on_asking(place.label):
            raise Denied("no-entry", subject=place.subject_tag)
        self._watch.count(peer, f"key of {place.label.purpose.name.lower()}")
        return [self._keyring.for_opening(key_id).handed_over()]

    def make(self, peer: Peer, wanted: list[Any], claim: list[str]) -> list[Any]:
        """The keys that an append needs; those to content in somebody's name."""
        labels = {
            (owner_in(owner), Label(KeyPurpose(purpose), Class(cls))): None
            for owner, purpose, cls in wanted
        }
        asker = Asker(*claim)
        content = {self._keyring.tag(owner) for owner, label in labels if label.purpose in CONTENT}
        self._release(peer, asker, Kind.SEAL, content)
        try:
            keys = self._keyring.make(labels, self._watch.now())
        except KeyGone:
            self._watch.gone(peer, asker, content)
            raise
        return [self._made(peer, keys[each]) for each in labels]

    def _made(self, peer: Peer, key: SubjectKey) -> list[Any]:
        place, unlogged = key.place, self._keyring.unlogged(key)
        secret = None
        if on_asking(place.label) or place.label.purpose in CONTENT:
            secret = key.handed_over()
            self._watch.count(peer, f"key of {place.label.purpose.name.lower()}")
        retired = self._keyring.retired_before(key) if unlogged else []
        # The worker says so in the log; whoever asks next is told anew where it did not.
        self._keyring.note_logged([key.key_id])
        with self._lock:
            self._fresh[key.key_id] = key, time.monotonic() + FRESH_SECONDS
        label = [int(place.label.purpose), int(place.label.cls)]
        where = [place.key_id, place.subject_tag, *label, place.epoch, key.check_value]
        return [*where, unlogged, secret, retired]

    def make_items(self, peer: Peer, wanted: list[Any]) -> list[Any]:
        """Fresh keys for texts."""
        if len(wanted) > _MOST_AT_ONCE or sum(count for *_, count in wanted) > _MOST_AT_ONCE:
            raise RecordUnavailable
        self._watch.count(peer, "item keys", len(wanted))
        owners = {}
        for owner, escrow, count in wanted:
            keys = [self._item_owner(each) for each in (owner, escrow) if each is not None]
            owners[keys[0], keys[1] if escrow is not None else None] = count
        self._items.make(owners)
        return [
            [list(self._items.take(*each)) for _ in range(count)] for each, count in owners.items()
        ]

    def _item_owner(self, key_id: bytes) -> SubjectKey:
        # A key that was made for this very event does not stand in the log yet.
        made = self._fresh.get(key_id)
        return made[0] if made is not None else self._keyring.for_opening(key_id)

    def retire(self, peer: Peer, owner: list[Any], purpose: int, claim: list[str]) -> list[Any]:
        """Let a new epoch of somebody's content keys begin."""
        asker, whose = Asker(*claim), owner_in(owner)
        if KeyPurpose(purpose) not in CONTENT:
            raise Denied("not-content")
        self._release(peer, asker, Kind.SEAL, {self._keyring.tag(whose)})
        return self._keyring.retire(whose, KeyPurpose(purpose))

    def fold(self, peer: Peer, claim: list[str], rows: list[Any]) -> list[Any]:
        """The events that a command decides on, opened in somebody's name."""
        asker, sealed = Asker(*claim), [SealedRow(*each) for each in rows]
        subjects = set()
        for row in sealed:
            place = self._keyring.place(row.key_id)
            if place is None or place.label.purpose not in CONTENT:
                raise Denied("not-content")
            subjects.add(place.subject_tag)
        self._release(peer, asker, Kind.FOLD, subjects)
        found = [payload_of(self._keyring, row) for row in sealed]
        if found and not any(found):
            # A whole stream without a key: somebody who was erased.
            self._watch.gone(peer, asker, subjects)
        return found

    def seal_chunk(
        self, peer: Peer, item_id: bytes, attachment: bytes, number: int, last: int, plain: bytes
    ) -> list[Any]:
        """A piece of an attachment, sealed: nothing is given, neither content nor a key."""
        self._watch.count(peer, "chunks sealed")
        place = ChunkPlace(attachment, number, bool(last))
        return [self._items.seal_chunk(item_id, self._lineage.log_id, place, plain)]

    def fold_chunks(self, peer: Peer, claim: list[str], sealed: list[bytes]) -> list[Any]:
        """The pieces of an attachment that a command goes over, opened in somebody's name."""
        asker, subjects = Asker(*claim), set()
        for each in sealed:
            stored = self._items.owner(chunk_header(each)[0])
            place = self._keyring.place(stored.owner_key)
            if place is None or place.label.purpose not in CONTENT:
                raise Denied("not-content")
            subjects.add(place.subject_tag)
        self._release(peer, asker, Kind.FOLD, subjects)
        return [self._items.open_chunk(self._lineage.ids, each) for each in sealed]

    def fingerprint(self, peer: Peer, field: str, value: str) -> list[Any]:
        """The keyed hash of an identifier that somebody looks for."""
        found = self._fingerprints.of(field, value)
        self._watch.count(peer, "lookups")
        self._watch.looked_up(found)
        return [found]

    def _release(self, peer: Peer, asker: Asker, kind: Kind, subjects: set[bytes]) -> None:
        if subjects and not asker.actor.strip("0"):
            raise Denied("nobody")
        self._watch.release(peer, asker, kind, subjects)


def on_asking(label: Label) -> bool:
    """Whether policy and log need such keys; those that wrap process notes stay here."""
    return label.purpose not in CONTENT and label.cls is not Class.PROCESS_NOTE
