"""Joins what people are found with: the blind index, the names in memory, one standing grant."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection

from domain.identifying import Identifier
from domain.ports import STREAM, Opening
from domain.values import ClientId
from projections.identifiers import Identifiers
from projections.name_index import NameIndex

MOST_REMEMBERED = 10_000


class StandingGrant:
    """An opening that lasts, released against one batch entry when it is first needed.

    Whoever holds it hands out ids alone (fine print 6).
    """

    def __init__(self, release: Callable[[], Opening]) -> None:
        self._release = release
        self._lock = threading.Lock()
        self._opening: Opening | None = None

    def __call__(self) -> Opening:
        """The opening."""
        with self._lock:
            # A broker of its own forgets what it granted when it is started anew.
            if self._opening is None or not getattr(self._opening, "live", True):
                self._opening = self._release()
            return self._opening


class Finder:
    """The port ``Index`` of the domain."""

    def __init__(self, identifiers: Identifiers, names: NameIndex, grant: StandingGrant) -> None:
        self._identifiers = identifiers
        self._names = names
        self._grant = grant
        # Of pseudonymous ids alone, never of a person's own identifier.
        self._fingerprints: dict[tuple[str, str], str] = {}

    def prepare(self) -> None:
        """Take the standing grant, which waits for the disk the first time."""
        self._grant()

    def holders(self, identifier: Identifier, value: str) -> tuple[ClientId, ...]:
        """Whose identifier it is."""
        return self._identifiers.holders(identifier, value)

    def named(self, words: str, among: Collection[ClientId]) -> tuple[ClientId, ...]:
        """Those among these clients whose names are like the words."""
        return self._names.named(words, among)

    def fingerprint(self, field: str, value: str) -> str:
        """What stands for a value; those that are asked for at every decision are remembered."""
        found = self._fingerprints.get((field, value))
        if found is None:
            found = self._identifiers.fingerprint(field, value)
            if len(self._fingerprints) < MOST_REMEMBERED and field == STREAM:
                self._fingerprints[field, value] = found
        return found

    def known_by(self, client: ClientId) -> frozenset[str]:
        """The fingerprints of a client's identifiers."""
        return self._identifiers.known_by(client)

    def sweep(self) -> None:
        """Drop names that are kept no longer."""
        self._names.sweep()

    def forget(self, client: ClientId) -> None:
        """Let nobody find a client any more: she has been erased."""
        self._identifiers.forget(client)
        self._names.forget(client)
