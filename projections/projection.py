"""What a projection is: a name, its tables, and what each recorded event does to its rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from domain.confidentiality import KeyPurpose
from domain.ports import Recorded
from domain.rows import Content, Key, Table, Under, Value


class Rows(Protocol):
    """The rows of a projection while events are applied to them."""

    def get(self, table: Table, key: Key) -> tuple[dict[str, Value], Content] | None:
        """A row's clear columns and content, as they stand after the events so far."""
        ...

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
        ...

    def fingerprint(self, field: str, value: str) -> str:
        """What stands in the clear for a value, so that it can be found and not read."""
        ...


class Projection(Protocol):
    """A read model that can be rebuilt from the record at any time."""

    @property
    def name(self) -> str:
        """The name that its store, its cells and its position go by; new rows, new name."""
        ...

    @property
    def tables(self) -> tuple[Table, ...]:
        """Its tables."""
        ...

    @property
    def purposes(self) -> frozenset[KeyPurpose]:
        """Events under keys of other purposes are not even opened for it."""
        ...

    def apply(self, recorded: Recorded, rows: Rows) -> None:
        """Let one event change rows; the order of events is that of the log."""
        ...
