"""The rows of a projection while a batch of events is applied: opened once, sealed once.

``Workspace`` works on a store; ``PlainRows`` on nothing but memory, for looking at the past.
"""

from __future__ import annotations

from collections.abc import Mapping

from domain.errors import Sealed
from domain.ports import Opening
from domain.rows import (
    Change,
    Content,
    Key,
    Place,
    Sealer,
    StoredRow,
    Table,
    Under,
    Value,
    ViewStore,
)


class Workspace:
    """One batch on its way into a store."""

    def __init__(self, view: str, store: ViewStore, opening: Opening, sealer: Sealer) -> None:
        self._view = view
        self._store = store
        self._opening = opening
        self._sealer = sealer
        self._rows: dict[tuple[str, Key], tuple[dict[str, Value], Content] | None] = {}
        self._changed: dict[tuple[str, Key], tuple[Table, Under, int]] = {}
        self._gone: list[tuple[Table, Key]] = []

    def get(self, table: Table, key: Key) -> tuple[dict[str, Value], Content] | None:
        """A row as it stands after the events so far."""
        name = (table.name, key)
        if name not in self._rows:
            stored = self._store.load(table, key)
            self._rows[name] = None if stored is None else self._open(table, stored)
        return self._rows[name]

    def put(
        self,
        table: Table,
        key: Key,
        clear: Mapping[str, Value],
        content: Content,
        under: Under,
        position: int,
    ) -> None:
        """Write a row, whole; it is sealed when the batch is saved."""
        name = (table.name, key)
        self._rows[name] = (dict(clear), content)
        self._changed[name] = (table, under, position)

    def fingerprint(self, field: str, value: str) -> str:
        """What stands in the clear for a value."""
        return self._sealer.fingerprint(field, value)

    def save(self, *, before: int, after: int) -> None:
        """Seal what changed and write it with the new position, in one transaction."""
        changed = [
            (table, under, Place(self._view, name, key, position), found)
            for (name, key), (table, under, position) in self._changed.items()
            if (found := self._rows[name, key]) is not None
        ]
        cells = self._sealer.seal_all(
            (under, content, place) for _, under, place, (_, content) in changed
        )
        changes = []
        for (table, under, place, (clear, _)), sealed in zip(changed, cells, strict=True):
            if sealed is not None:
                values = tuple([clear[column] for column in table.clear])
                row = StoredRow(place.key, values, *sealed, place.position, under.owner.id)
                changes.append(Change(table, row))
        self._store.save(changes, before=before, after=after)
        # Whose key is gone has no row; a rebuild, which begins without it, makes none.
        kept = {(change.table.name, change.row.key) for change in changes}
        for table, key in self._gone:
            if (table.name, key) not in kept:
                self._store.remove(table, (key,))

    def _open(self, table: Table, stored: StoredRow) -> tuple[dict[str, Value], Content] | None:
        place = Place(self._view, table.name, stored.key, stored.position)
        try:
            content = self._opening.cell(stored.cell, place)
        except Sealed:
            # Its key has been destroyed: the row is as if it had never been.
            self._gone.append((table, stored.key))
            return None
        return dict(zip(table.clear, stored.clear, strict=True)), content


class PlainRows:
    """Rows that are never stored: what a projection says of some events alone."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, Key], tuple[dict[str, Value], Content]] = {}

    def get(self, table: Table, key: Key) -> tuple[dict[str, Value], Content] | None:
        """A row as it stands after the events so far."""
        return self._rows.get((table.name, key))

    def put(
        self,
        table: Table,
        key: Key,
        clear: Mapping[str, Value],
        content: Content,
        under: Under,
        position: int,
    ) -> None:
        """Write a row, whole."""
        del under, position
        self._rows[table.name, key] = (dict(clear), content)

    def fingerprint(self, field: str, value: str) -> str:
        """The value itself: these rows are never stored."""
        del field
        return value

    def items(self, table: Table) -> list[tuple[Key, Content]]:
        """The keys and contents of a table, in the order of the keys."""
        found = [
            (key, content) for (name, key), (_, content) in self._rows.items() if name == table.name
        ]
        return sorted(found, key=lambda each: each[0])
