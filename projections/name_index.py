"""Finds names in memory, among the clients whom the asker cares for and no others.

Nothing of it is stored. Names are read from the cards as they are needed, taken apart into groups
of three letters, and kept for a quarter of an hour at most; before each use it is looked whether
the card is still the same. A card that is gone is forgotten at once.

Source:
    docs of the design: security, section 3.2; architecture, fine print 6.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from typing import NamedTuple

from domain.errors import Sealed
from domain.identifying import name_parts
from domain.likeness import Parts, grams, likeness_to
from domain.ports import Opening
from domain.rows import ViewStore
from domain.values import ClientId
from projections.name_cards import CARDS, NameCards

KEPT_SECONDS = 15 * 60
MOST_KEPT = 20_000
MOST_FOUND = 20


class _Known(NamedTuple):
    """The parts of a name as they stood on a card; ``position`` is that of the card."""

    position: int
    parts: Parts
    until: float


class NameIndex:
    """The names of one process."""

    def __init__(self, cards: NameCards, store: ViewStore, opening: Callable[[], Opening]) -> None:
        self._cards = cards
        self._store = store
        self._opening = opening
        self._lock = threading.Lock()
        self._known: dict[ClientId, _Known] = {}

    def named(self, words: str, among: Collection[ClientId]) -> tuple[ClientId, ...]:
        """Those whose names are like the words, the likest first."""
        sought = taken_apart(words)
        if not sought:
            return ()
        opening, likeness, found = self._opening(), likeness_to(sought), []
        for client in among:
            alike = likeness(self._parts(client, opening))
            if alike:
                found.append((-alike, client))
        return tuple(client for _, client in sorted(found)[:MOST_FOUND])

    def forget(self, client: ClientId | None = None) -> None:
        """Drop a client's name, or all names, from memory."""
        with self._lock:
            if client is None:
                self._known.clear()
            else:
                self._known.pop(client, None)

    def _parts(self, client: ClientId, opening: Opening) -> Parts:
        row = self._store.load(CARDS, (client,))
        known = self._known.get(client)
        now = time.monotonic()
        if row is not None and known and known.position == row.position and known.until > now:
            return known.parts
        if row is None:
            self.forget(client)
            return ()
        try:
            card = self._cards.of(client, opening)
        except Sealed:
            card = None
        if card is None:
            self.forget(client)
            return ()
        parts = taken_apart(card.name)
        with self._lock:
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            self._known[client] = _Known(row.position, parts, now + KEPT_SECONDS)
        return parts


def taken_apart(name: str) -> Parts:
    """The parts of a name with their groups of three letters."""
    return tuple((each, grams(each)) for each in name_parts(name))
