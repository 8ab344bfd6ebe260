"""Versions of projections in a data folder: which serves, how a new one takes its place.

Each version is a file of its own, ``views-<name>.<number>.db``; ``views-<name>.current`` names the
one that serves and is replaced in one step. Whoever reads or follows looks at it each time, so that
a swap in one process holds in all of them at once.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from domain.rows import Change, Key, StoredRow, Table, Value, ViewStore
from infrastructure import durable
from infrastructure.errors import FolderRefused
from infrastructure.sharing import file_mode
from infrastructure.stores.views_sqlite import SqliteViews


class ServingViews:
    """The serving version of one projection, whichever that is at the moment."""

    def __init__(self, folder: Path, name: str, tables: Sequence[Table]) -> None:
        self._folder = folder
        self._name = name
        self._tables = tables
        self._pointer = folder / f"views-{name}.current"
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self._store: SqliteViews | None = None
        self._retired: list[SqliteViews] = []
        if not self._pointer.exists():
            self._point_to(1)

    def position(self) -> int:
        """The position of the last event that the rows show; -1 for none."""
        return self._current().position()

    def load(self, table: Table, key: Key) -> StoredRow | None:
        """One row."""
        return self._current().load(table, key)

    def save(self, changes: Sequence[Change], *, before: int, after: int) -> None:
        """Write rows and move the position, in one transaction."""
        self._current().save(changes, before=before, after=after)

    def remove(self, table: Table, keys: Sequence[Key]) -> None:
        """Take rows away for good, from the version that serves."""
        self._current().remove(table, keys)

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
        return self._current().select(
            table, equal, span=span, limit=limit, newest_first=newest_first
        )

    def every(self, table: Table) -> Sequence[StoredRow]:
        """All rows of a table in the order of their keys."""
        return self._current().every(table)

    def forget(self, key_ids: Collection[bytes]) -> int:
        """Take away the rows that these keys sealed; how many there were."""
        return self._current().forget(self._tables, key_ids)

    @contextmanager
    def snapshot(self) -> Iterator[ViewStore]:
        """The serving rows as they are now."""
        with self._current().snapshot() as frozen:
            yield frozen

    @contextmanager
    def fresh(self) -> Iterator[tuple[int, SqliteViews]]:
        """An empty version beside the serving one; it is taken away again unless it is swapped in.

        Raises:
            FolderRefused: Somebody is rebuilding this projection already.
        """
        with locked(self._folder / f"rebuild-{self._name}.lock"):
            number = self._number() + 1
            self._remove(number)
            store = SqliteViews(self._path(number), self._tables)
            try:
                yield number, store
            finally:
                store.close()
                if self._number() != number:
                    self._remove(number)

    def swap(self, number: int) -> None:
        """Let a version serve from now on, and take the one before away."""
        before = self._number()
        self._point_to(number)
        self._remove(before)

    def close(self) -> None:
        """Close every file."""
        with self._lock:
            for each in (*self._retired, *([self._store] if self._store else [])):
                each.close()
            self._retired.clear()
            self._store = self._seen = None

    def _current(self) -> SqliteViews:
        found = self._pointer.stat()
        seen = (found.st_ino, found.st_mtime_ns)
        store = self._store
        if store is not None and seen == self._seen:
            return store
        with self._lock:
            if self._store is None or seen != self._seen:
                if self._store is not None:
                    # A thread may still be reading from it.
                    self._retired.append(self._store)
                self._store = self._open()
                self._seen = seen
            return self._store

    def _open(self) -> SqliteViews:
        while True:
            number = self._number()
            store = SqliteViews(self._path(number), self._tables)
            if self._number() == number:
                return store
            # Swapped out and taken away just before it was opened: that made an empty file anew.
            store.close()
            self._remove(number)

    def _number(self) -> int:
        return int(self._pointer.read_text())

    def _point_to(self, number: int) -> None:
        durable.write(self._pointer, f"{number}\n".encode())

    def _path(self, number: int) -> Path:
        return self._folder / f"views-{self._name}.{number}.db"

    def _remove(self, number: int) -> None:
        for suffix in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                Path(f"{self._path(number)}{suffix}").unlink()


def sweep(folder: Path, names: Collection[str]) -> None:
    """Take away the files of projections that there are no more: no destruction reaches them."""
    for each in folder.glob("views-*"):
        if each.name.removeprefix("views-").split(".")[0] not in names:
            with suppress(FileNotFoundError):
                each.unlink()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file lock for as long as the block runs.

    Raises:
        FolderRefused: Another process holds it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, file_mode(path.parent))
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            msg = "Another process is doing this already."
            raise FolderRefused(msg) from None
        yield
    finally:
        os.close(descriptor)
