"""Rows that outlive the key of the event that made them, and what is done about it.

A line of the access log or of the audit trail stands under the key of whoever answers for it, a
slot of the calendar under the clinic's, a process note under its author's. When the event itself is
destroyed, a rebuild makes no such row any more; so it is taken away, and following goes on where a
rebuild would be. Looks at a record are events of their own: their lines stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from domain.rows import StoredRow, Table, ViewStore
from projections.access_log import ENTRIES
from projections.audit_trail import TRAIL
from projections.calendar import SLOTS
from projections.process_notes import OWN

_MOST = 2**31


@dataclass(frozen=True, slots=True)
class DerivedRows:
    """Where such rows live."""

    access_log: ViewStore
    audit_trail: ViewStore
    calendar: ViewStore
    process_notes: ViewStore

    def forget(
        self, clients: Iterable[str], cases: Iterable[str], gone: Callable[[int], bool]
    ) -> None:
        """Take away what was said of these clients and cases by events that are gone.

        ``gone`` says so of a position; asked again, nothing is left to do.
        """
        for client in clients:
            for store, table in (
                (self.access_log, ENTRIES),
                (self.audit_trail, TRAIL),
                (self.calendar, SLOTS),
            ):
                found = store.select(table, {"client_id": client}, limit=_MOST)
                _remove(store, table, found, gone)
        for case in cases:
            found = self.process_notes.select(OWN, {"case_id": case}, limit=_MOST)
            _remove(self.process_notes, OWN, found, gone)


def _remove(
    store: ViewStore, table: Table, rows: Iterable[StoredRow], gone: Callable[[int], bool]
) -> None:
    keys = [row.key for row in rows if gone(row.position)]
    if keys:
        store.remove(table, keys)
