"""What the broker opens for somebody who looks, and for a follower; no key leaves it for that.

A grant belongs to the process to which it was given. One against access entries lives for a
request; a standing one, against a batch entry, until its follower ends. Whoever only finds people
opens names and identifiers, and nothing that was written of anybody.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.confidentiality import Class, KeyPurpose, Label
from domain.errors import NotThere, RecordUnavailable, Sealed
from domain.rows import Fingerprints, Place, Under
from domain.values import FreeText
from infrastructure.broker.admission import Admission, Denied
from infrastructure.broker.protocol import owner_in
from infrastructure.broker.releases import Asker, Peer
from infrastructure.broker.watch import Watch
from infrastructure.errors import KeyGone
from infrastructure.folder import OpenFolder
from infrastructure.vault.broker import OPENING_SECONDS, BrokerOpening
from infrastructure.vault.cells import CellSealer
from infrastructure.vault.items import ItemKeys
from infrastructure.vault.keyring import Keyring
from infrastructure.vault.port import SealedRow

MOST_GRANTS = 10_000
STANDING_SECONDS = 24 * 60 * 60
FIND = "find"
FINDING = frozenset({"name_cards", "identifiers"})
"""What is opened to find people: names and where they are, never what was written of them."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Granted:
    """What one process may open, in whose name, and how long."""

    opening: BrokerOpening
    peer: Peer
    asker: Asker
    standing: bool
    until: float
    views: frozenset[str] | None = None
    """The projections whose cells alone it opens."""


class Looking:
    """Answers what is asked for reading, and by followers."""

    def __init__(
        self,
        folder: OpenFolder,
        keyring: Keyring,
        items: ItemKeys,
        fingerprints: Fingerprints,
        watch: Watch,
        followers: frozenset[int] | None,
    ) -> None:
        self._keyring = keyring
        self._items = items
        self._lineage, self._clinic = folder.vault.lineage, folder.vault.clinic
        self._fingerprints = fingerprints
        self._sealer = CellSealer(keyring, folder.vault.clinic, fingerprints)
        self._admission = Admission(folder)
        self._watch = watch
        self._followers = followers
        self._lock = threading.Lock()
        self._grants: dict[bytes, Granted] = {}

    def forget(self) -> None:
        """Drop the grants that are over."""
        now = time.monotonic()
        with self._lock:
            self._grants = {name: each for name, each in self._grants.items() if each.until > now}

    def redeem(self, peer: Peer, claim: list[str], entries: list[Any]) -> list[Any]:
        """An opening against committed entries."""
        asker = Asker(*claim)
        claimed = [(position, tuple(map(owner_in, owners))) for position, owners in entries]
        found = self._admission.look(asker, claimed, self._watch.now())
        self._watch.redeemed(peer, asker, found)
        opening = BrokerOpening(self._keyring, self._items, self._lineage.ids, found.keys)
        until = time.monotonic() + OPENING_SECONDS
        return self._grant(Granted(opening, peer, asker, standing=False, until=until))

    def standing(self, peer: Peer, claim: list[str], position: int) -> list[Any]:
        """A standing grant against a batch entry."""
        asker = Asker(*claim)
        used, why = self._admission.batch(asker, position, self._watch.now())
        views = FINDING if why == FIND else None
        if views is None and self._followers is not None and peer.uid not in self._followers:
            raise Denied("no-follower", position=position)
        self._watch.followed(peer, asker, self._keyring.tag(self._clinic), used)
        opening = BrokerOpening(self._keyring, self._items, self._lineage.ids, None)
        until = time.monotonic() + STANDING_SECONDS
        return self._grant(Granted(opening, peer, asker, standing=True, until=until, views=views))

    def _grant(self, granted: Granted) -> list[Any]:
        name, now = secrets.token_bytes(16), time.monotonic()
        with self._lock:
            if len(self._grants) >= MOST_GRANTS:
                self._grants = {key: each for key, each in self._grants.items() if each.until > now}
                if len(self._grants) >= MOST_GRANTS:
                    raise RecordUnavailable
            self._grants[name] = granted
        return [name]

    def _granted(self, peer: Peer, name: bytes) -> Granted:
        found = self._grants.get(name)
        if found is None or found.peer != peer or found.until < time.monotonic():
            raise Denied("no-grant")
        return found

    def _opened(
        self, peer: Peer, grant: bytes, what: str, sealed: Sequence[Any], each: Callable[..., Any]
    ) -> list[Any]:
        """Open things one by one; in place of what is gone for good stands nothing."""
        granted = self._granted(peer, grant)
        self._watch.count(peer, f"{what} followed" if granted.standing else what, len(sealed))
        found = []
        try:
            for one in sealed:
                try:
                    found.append(each(granted.opening, one))
                except (KeyGone, Sealed):
                    found.append(None)
        except NotThere:
            self._watch.refused(peer, granted.asker, "not-in-entry")
            raise Denied("not-in-entry") from None
        if found and not any(each is not None for each in found) and not granted.standing:
            self._watch.gone(peer, granted.asker, [b""])
        return found

    def cells(self, peer: Peer, grant: bytes, sealed: list[Any]) -> list[Any]:
        """Cells that a grant covers, opened."""
        views = self._granted(peer, grant).views
        if views is not None and not all(_of(one[1][0], views) for one in sealed):
            raise Denied("no-follower")
        return self._opened(
            peer,
            grant,
            "cells",
            sealed,
            lambda opening, one: opening.packed_cell(one[0], _at(one[1])),
        )

    def words(self, peer: Peer, grant: bytes, sealed: list[bytes]) -> list[Any]:
        """Texts that a grant covers, opened."""
        self._must_show_all(peer, grant)
        return self._opened(
            peer, grant, "words", sealed, lambda opening, one: opening.words(FreeText(sealed=one))
        )

    def chunks(self, peer: Peer, grant: bytes, sealed: list[bytes]) -> list[Any]:
        """Pieces of attachments that a grant covers, opened; a follower has no use for them."""
        granted = self._granted(peer, grant)
        if granted.standing:
            raise Denied("no-entry")
        found = self._opened(peer, grant, "chunks", sealed, lambda opening, one: opening.chunk(one))
        # For pieces alone: whatever else the opening opens, it opens no longer than it did.
        until = time.monotonic() + OPENING_SECONDS
        with self._lock:
            self._grants[grant] = replace(granted, until=max(granted.until, until))
        return found

    def entry_keys(self, peer: Peer, grant: bytes, entries: list[Any]) -> list[Any]:
        """The keys of entries of an access log that a grant covers."""
        self._must_show_all(peer, grant)
        return self._opened(
            peer, grant, "entry keys", entries, lambda opening, one: opening.entry_key(*one)
        )

    def records(self, peer: Peer, grant: bytes, rows: list[Any]) -> list[Any]:
        """Events that a grant covers, opened."""
        self._must_show_all(peer, grant)
        return self._opened(
            peer, grant, "records", rows, lambda opening, one: opening.record(SealedRow(*one))
        )

    def seal_cells(self, peer: Peer, grant: bytes, sealing: list[Any]) -> list[Any]:
        """A follower's cells, sealed."""
        self._must_follow(peer, grant)
        self._watch.count(peer, "cells sealed", len(sealing))
        sealed = []
        for owner, purpose, cls, at_ms, place, plain in sealing:
            label = Label(KeyPurpose(purpose), Class(cls))
            under = Under(owner_in(owner), label, _EPOCH + at_ms * _MILLISECOND)
            found = self._sealer.seal_packed(under, plain, _at(place))
            sealed.append(None if found is None else list(found))
        return sealed

    def fingerprint(self, peer: Peer, field: str, value: str, grant: bytes) -> list[Any]:
        """What stands in the clear for a value that a follower writes down."""
        self._must_follow(peer, grant)
        return [self._fingerprints.of(field, value)]

    def _must_show_all(self, peer: Peer, grant: bytes) -> None:
        if self._granted(peer, grant).views is not None:
            raise Denied("no-follower")

    def _must_follow(self, peer: Peer, grant: bytes) -> None:
        """Only a follower changes what projections say; it may not be one that only finds."""
        granted = self._granted(peer, grant)
        if not granted.standing or granted.views is not None:
            raise Denied("no-follower")


def _of(view: str, views: frozenset[str]) -> bool:
    """Whether a projection, whose name ends in its version, is one of these."""
    return view.rpartition("-")[0] in views


def _at(found: Sequence[Any]) -> Place:
    view, table, key, position = found
    return Place(view, table, tuple(key), position)
