"""Finds names in memory, among the clients whom the asker cares for and no others.

Nothing of it is stored. Names are read from the cards as they are needed, taken apart into groups
of three letters, and kept for a quarter of an hour at most; before each use it is looked whether
the card is still the same. Where keys were destroyed, in whichever process, all are forgotten.

Source:
    docs of the design: security, section 3.2; architecture, fine print 6.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from domain.identifying import name_parts
from domain.likeness import Parts, grams, likeness_to
from domain.ports import Opening
from domain.rows import Place, StoredRow, ViewStore
from domain.values import ClientId
from projections.name_cards import CARDS

KEPT_SECONDS = 15 * 60
SWEEP_SECONDS = 60
MOST_KEPT = 20_000
MOST_FOUND = 20


class _Known(NamedTuple):
    """The parts of a name as they stood on a card; ``position`` is that of the card."""

    position: int
    parts: Parts
    until: float


class NameIndex:
    """The names of one process."""

    def __init__(
        self,
        view: str,
        store: ViewStore,
        opening: Callable[[], Opening],
        rung: Callable[[], int],
    ) -> None:
        """``rung`` says how often keys were destroyed or changed, in whichever process."""
        self._view = view
        self._store = store
        self._opening = opening
        self._rung = rung
        self._heard = rung()
        self._lock = threading.Lock()
        self._known: dict[ClientId, _Known] = {}
        self._next_sweep = 0.0

    def named(self, words: str, among: Collection[ClientId]) -> tuple[ClientId, ...]:
        """Those whose names are like the words, the likest first."""
        sought = taken_apart(words)
        if not sought:
            return ()
        likeness, found = likeness_to(sought), []
        for client, parts in self._names_of(among).items():
            alike = likeness(parts)
            if alike:
                found.append((-alike, client))
        return tuple(client for _, client in sorted(found)[:MOST_FOUND])

    def forget(self, client: ClientId) -> None:
        """Drop a client's name from memory."""
        with self._lock:
            self._known.pop(client, None)

    def sweep(self) -> None:
        """Drop what is too old, or all of it where keys were destroyed; to be called now and then.

        So that an erased name does not wait in memory for the next search.
        """
        self._listen()
        now = time.monotonic()
        if now < self._next_sweep:
            return
        self._next_sweep = now + SWEEP_SECONDS
        with self._lock:
            self._known = {name: each for name, each in self._known.items() if each.until > now}

    def _listen(self) -> int:
        count = self._rung()
        if count != self._heard:
            with self._lock:
                self._known.clear()
                self._heard = count
        return count

    def _names_of(self, among: Collection[ClientId]) -> dict[ClientId, Parts]:
        """Their names, taken apart: those that are known here, and the others' from their cards."""
        heard, now = self._listen(), time.monotonic()
        names: dict[ClientId, Parts] = {}
        unread: list[StoredRow] = []
        for client in among:
            row, known = self._store.load(CARDS, (client,)), self._known.get(client)
            if row is None:
                self.forget(client)
            elif known and known.position == row.position and known.until > now:
                names[client] = known.parts
            else:
                unread.append(row)
        return names | self._read(unread, heard, now + KEPT_SECONDS)

    def _read(self, rows: Sequence[StoredRow], heard: int, until: float) -> dict[ClientId, Parts]:
        if not rows:
            return {}
        places = (Place(self._view, CARDS.name, row.key, row.position) for row in rows)
        contents = self._opening().cells(zip((row.cell for row in rows), places, strict=True))
        names: dict[ClientId, Parts] = {}
        with self._lock:
            if len(self._known) + len(rows) > MOST_KEPT:
                self._known.clear()
            for row, content in zip(rows, contents, strict=True):
                client = ClientId(str(row.key[0]))
                self._known.pop(client, None)
                if content is not None:
                    name = f"{content.get('given', '')} {content.get('family', '')}"
                    names[client] = taken_apart(name)
                    # What was opened before a destruction is not kept behind it.
                    if self._rung() == heard:
                        self._known[client] = _Known(row.position, names[client], until)
        return names


def taken_apart(name: str) -> Parts:
    """The parts of a name with their groups of three letters."""
    return tuple((each, grams(each)) for each in name_parts(name))
