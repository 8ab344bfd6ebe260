"""`Walk`: goes over the entries of an exported log once, tile by tile, in bounded memory.

- The laws of the log are asked about each entry, until one breaks them.
- All hash tiles are made anew from the entries, and compared with those of the folder, to the end:
  so it shows whether a log was written wrongly, or altered on its way.
- It begins where a memory ends: only tiles that hold something new are read. What they hold of the
  old is believed, so it must have been compared with what the memory says.

What is wrong is kept, not raised, so that each respect is judged on its own.

Source:
    C2SP tlog-tiles; docs of the design: security, section 2.8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from infrastructure.ledger.entry import ENTRY_SIZE
from infrastructure.ledger.errors import ClaimRefused, LedgerError, LogBroken, TileRefused
from infrastructure.ledger.merkle import HASH_SIZE, leaf_hash, node_hash
from infrastructure.ledger.multiproof import compact_range
from infrastructure.ledger.tiles import TILE_WIDTH, TileFolder
from infrastructure.ledger.verification import EntryVerification

Progress: TypeAlias = Callable[[int, int], None]
"""`progress(done, all)`: how many entries of how many were gone over."""

_HEIGHT = 8
_TIME = slice(ENTRY_SIZE - 8, ENTRY_SIZE)


class Walk:
    """One walk over the entries of a log of `size`, from where its laws begin.

    Without laws, entries are opaque: they are hashed from the first on, and not looked at.

    Example:
        walk = Walk(TileFolder(path), checkpoint.size, EntryVerification(log_id))
        walk.go()
        assert walk.broken is walk.lacking is walk.wrong_tile is None
        assert walk.root() == checkpoint.root
    """

    def __init__(
        self,
        folder: TileFolder,
        size: int,
        laws: EntryVerification | None,
        *,
        watched: int | None = None,
    ) -> None:
        """The time of the entry at position `watched` is kept, if the walk comes by it."""
        self.size = size
        self.begin = laws.size if laws else 0
        self.broken: LedgerError | None = None
        """The first entry that breaks a law."""
        self.lacking: LedgerError | None = None
        """The bundle or tile without which the walk could not go on."""
        self.watched_ms: int | None = None
        self.last_ms: int | None = None
        """The time of the last entry, if the walk came by one and laws were asked."""
        self._folder = folder
        self._laws = laws
        self._watched = -1 if watched is None else watched
        self._tower = _Tower(folder, size)

    @property
    def wrong_tile(self) -> LedgerError | None:
        """The first hash tile that is not that of the entries."""
        return self._tower.wrong

    @property
    def tiles(self) -> int:
        """How many hash tiles were compared."""
        return self._tower.compared

    def root(self) -> bytes:
        """Return the root over the entries, as the walk has made it."""
        return self._tower.root()

    def go(self, progress: Progress = lambda _done, _all: None) -> None:
        """Go over the entries.

        Raises:
            MemoryRefused: the memory that the laws ask cannot be used.
        """
        try:
            self._tower.begin(self.begin)
            for index in range(self.begin >> _HEIGHT, -(-self.size >> _HEIGHT)):
                first = index * TILE_WIDTH
                entries = self._folder.bundle(index, min(TILE_WIDTH, self.size - first))
                self._tower.add([leaf_hash(entry) for entry in entries])
                if self._laws is not None and self.broken is None:
                    self._hold(self._laws, first, entries)
                progress(first + len(entries), self.size)
            self._tower.finish()
        except TileRefused as refused:
            self.lacking = refused

    def _hold(self, laws: EntryVerification, first: int, entries: list[bytes]) -> None:
        known = max(self.begin - first, 0)
        begin, end = first + known, first + len(entries)
        controls = self._folder.controls(begin, end, size=self.size)
        try:
            laws.extend(_with_records(begin, entries[known:], controls))
        except (LogBroken, TileRefused) as refused:
            self.broken = refused
        self.last_ms = int.from_bytes(entries[-1][_TIME], "big")
        if begin <= self._watched < end:
            self.watched_ms = int.from_bytes(entries[self._watched - first][_TIME], "big")


def _with_records(
    first: int, entries: Iterable[bytes], controls: Iterator[tuple[int, bytes]]
) -> Iterator[tuple[bytes, bytes | None]]:
    """Pair entries with their control records, of which one at a time is in memory."""
    at, record = next(controls, (-1, b""))
    for position, entry in enumerate(entries, first):
        if position == at:
            yield entry, record
            at, record = next(controls, (-1, b""))
        else:
            yield entry, None


class _Tower:
    """The hash tiles of a tree, made anew from its leaves and compared with those of a folder.

    It holds at each level the hashes that do not fill a tile yet. Where a tile of the folder is
    wrong it goes on with its own hashes, so that one poisoned tile is not taken for many.
    """

    __slots__ = ("_folder", "_leaves", "_rows", "_size", "compared", "wrong")

    def __init__(self, folder: TileFolder, size: int) -> None:
        self._folder = folder
        self._size = size
        self._rows: list[list[bytes]] = [[]]
        self._leaves = 0
        self.compared = 0
        self.wrong: LedgerError | None = None

    def begin(self, size: int) -> None:
        """Take up what the tiles say of the full tiles below `size`.

        Raises:
            TileRefused: a tile is not there.
        """
        full = size >> _HEIGHT
        self._leaves = full << _HEIGHT
        level = 1
        while full:
            index, width = divmod(full, TILE_WIDTH)
            row = self._folder.hashes(level, index, self._width(level, index)) if width else b""
            self._rows.append(_split(row[: width * HASH_SIZE]))
            full, level = index, level + 1

    def add(self, leaves: list[bytes]) -> None:
        """Add the leaves of the next tile of level 0; only the last may be partial."""
        self._leaves += len(leaves)
        self._rows[0] = leaves
        level = 0
        while len(row := self._rows[level]) == TILE_WIDTH:
            self._compare(level, row)
            self._rows[level] = []
            level += 1
            if level == len(self._rows):
                self._rows.append([])
            self._rows[level].append(_folded(row))

    def finish(self) -> None:
        """Compare the tiles that this tree does not fill."""
        for level, row in enumerate(self._rows):
            if row:
                self._compare(level, row)

    def root(self) -> bytes:
        """Return the root over all leaves."""
        return compact_range(self._subtree, self._leaves).root()

    def _subtree(self, level: int, index: int) -> bytes:
        tile_level, rest = divmod(level, _HEIGHT)
        begin = (index << rest) % TILE_WIDTH
        return _folded(self._rows[tile_level][begin : begin + (1 << rest)])

    def _width(self, level: int, index: int) -> int:
        return min((self._size >> _HEIGHT * level) - index * TILE_WIDTH, TILE_WIDTH)

    def _compare(self, level: int, row: list[bytes]) -> None:
        index = (self._leaves >> _HEIGHT * level) - 1 >> _HEIGHT
        self.compared += 1
        try:
            held = self._folder.hashes(level, index, len(row))
            if held != b"".join(row):
                raise _wrong_hash(level, index, row, _split(held))
        except (ClaimRefused, TileRefused) as refused:
            self.wrong = self.wrong or refused


def _wrong_hash(level: int, index: int, row: list[bytes], held: list[bytes]) -> ClaimRefused:
    pairs = enumerate(zip(row, held, strict=True))
    place, (expected, found) = next(each for each in pairs if each[1][0] != each[1][1])
    what = f"hash {place} of tile {index} of level {level}"
    return ClaimRefused("E-ROOT" if level else "E-LEAF", what, expected=expected, found=found)


def _split(hashes: bytes) -> list[bytes]:
    return [hashes[begin : begin + HASH_SIZE] for begin in range(0, len(hashes), HASH_SIZE)]


def _folded(row: list[bytes]) -> bytes:
    """Hash a row, as long as a power of two, into the root over it."""
    while len(row) > 1:
        row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]
    return row[0]
