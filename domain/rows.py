"""The port behind which projections keep their rows: tables, stored rows, a store, a sealer.

A row has a key, columns in clear (pseudonymous ids, times, coarse codes: what a ``Table`` lists and
nothing else) and one sealed cell. ``position`` is that of the last event that changed the row.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from domain.confidentiality import Label, Owner

Value = str | int | None
Key = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One kind of row; ``key`` and ``clear`` name the columns that the database may see."""

    name: str
    key: tuple[str, ...]
    clear: tuple[str, ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()


class StoredRow(NamedTuple):
    """A row as a store holds it; ``subject`` is whose keys seal it, ``digest`` compares it."""

    key: Key
    clear: tuple[Value, ...]
    cell: bytes
    digest: bytes
    position: int
    subject: str


class Change(NamedTuple):
    """A row to write."""

    table: Table
    row: StoredRow


@dataclass(frozen=True, slots=True)
class Under:
    """Whose key of which label seals a row; ``at`` chooses the epoch."""

    owner: Owner
    label: Label
    at: datetime


class Place(NamedTuple):
    """Where a cell stands; it opens nowhere else."""

    view: str
    table: str
    key: Key
    position: int


Content = dict[str, Any]
"""What stands in a cell: texts, numbers, bytes, truth values, lists and maps of those."""


class Sealer(Protocol):
    """Seals cells; it makes no keys."""

    def seal(self, under: Under, content: Content, place: Place) -> tuple[bytes, bytes] | None:
        """A cell and its keyed digest, or ``None`` where the key has been destroyed."""
        ...

    def seal_all(
        self, sealing: Iterable[tuple[Under, Content, Place]]
    ) -> list[tuple[bytes, bytes] | None]:
        """``seal`` for many."""
        ...

    def fingerprint(self, field: str, value: str) -> str:
        """What stands in the clear for a value: nobody without the key can tell which it is."""
        ...


class Fingerprints(Protocol):
    """The blind index: equal values have equal fingerprints, and that is all that they tell."""

    def of(self, field: str, value: str) -> bytes:
        """16 bytes for a value in its one form (docs of the design: security, section 3.1)."""
        ...


class Overtaken(Exception):
    """The rows do not stand where the batch began; nothing of it was written."""


class ViewStore(Protocol):
    """The rows of one projection, with the position up to which they are right."""

    def position(self) -> int:
        """The position of the last event that the rows show; -1 for none."""
        ...

    def load(self, table: Table, key: Key) -> StoredRow | None:
        """One row."""
        ...

    def save(self, changes: Sequence[Change], *, before: int, after: int) -> None:
        """Write rows and move the position from ``before`` to ``after``, in one transaction.

        Raises:
            Overtaken: The position is not ``before``: the rows are another version's by now, or
                somebody else follows here.
        """
        ...

    def remove(self, table: Table, keys: Sequence[Key]) -> None:
        """Take rows away for good, wherever the position stands; keys of no row change nothing."""
        ...

    def select(
        self,
        table: Table,
        equal: Mapping[str, Value],
        *,
        span: tuple[str, int, int] | None = None,
        limit: int = 1000,
        newest_first: bool = False,
    ) -> list[StoredRow]:
        """Rows whose columns equal these, and one of whose columns lies in a closed span.

        They come in the order of the span's column, then of the key; the newest first, backwards.
        """
        ...

    def every(self, table: Table) -> Sequence[StoredRow]:
        """All rows of a table in the order of their keys, for comparing."""
        ...
