"""Where projections keep their rows in memory: the twin that tests compare others with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from domain.rows import Change, Key, Overtaken, StoredRow, Table, Value


class MemoryViews:
    """The rows of one version of one projection, in this process."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[Key, StoredRow]] = {}
        self._position = -1

    def position(self) -> int:
        """The position of the last event that the rows show; -1 for none."""
        return self._position

    def load(self, table: Table, key: Key) -> StoredRow | None:
        """One row."""
        return self._rows.get(table.name, {}).get(key)

    def save(self, changes: Sequence[Change], *, before: int, after: int) -> None:
        """Write rows and move the position."""
        if self._position != before:
            raise Overtaken
        for table, row in changes:
            self._rows.setdefault(table.name, {})[row.key] = row
        self._position = after

    def remove(self, table: Table, keys: Sequence[Key]) -> None:
        """Take rows away for good."""
        for each in keys:
            self._rows.get(table.name, {}).pop(each, None)

    def select(
        self,
        table: Table,
        equal: Mapping[str, Value],
        *,
        span: tuple[str, int, int] | None = None,
        limit: int = 1000,
        newest_first: bool = False,
    ) -> list[StoredRow]:
        """Rows whose columns equal these, and one of whose columns lies in a closed span."""
        columns = (*table.key, *table.clear)
        if not {*equal, *([span[0]] if span else [])} <= set(columns):
            msg = "no such column"
            raise ValueError(msg)

        def value(row: StoredRow, column: str) -> Value:
            return (*row.key, *row.clear)[columns.index(column)]

        found = [
            row
            for row in self.every(table)
            if all(value(row, column) == wanted for column, wanted in equal.items())
            and (span is None or span[1] <= int(value(row, span[0]) or 0) <= span[2])
        ]
        if span is not None:
            found.sort(key=lambda row: int(value(row, span[0]) or 0))
        return (found[::-1] if newest_first else found)[:limit]

    def every(self, table: Table) -> Sequence[StoredRow]:
        """All rows of a table in the order of their keys."""
        rows = self._rows.get(table.name, {})
        return [rows[key] for key in sorted(rows)]
