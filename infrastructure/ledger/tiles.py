"""A log as a folder of files that anybody may copy, serve and verify: C2SP tlog-tiles, height 8.

```
checkpoint                 the signed checkpoint of the log
tile/<L>/<N>[.p/<W>]       256 hashes, or W: at level 0 of leaves, above of full tiles a level below
tile/entries/<N>[.p/<W>]   the entries under tile N of level 0: each u16 length | entry
control/<N>[.p/<W>]        ours: the control records among those: each u8 index in the tile | u32
                           length | record, in rising order; no file where there is none
```

- Reading is strict: a file has exactly the length, count and order that its name asks for, or it is
  refused, and one that is too large is refused unread. Whether hashes and entries are those of the
  log is for the root to say. A full file stands in for a partial one that is gone.
- A file appears whole or not at all: written under a temporary name, synced, renamed. It is never
  replaced by other bytes.
- Up to 256 tiles appear together, those of level 0 after everything else and in order. So level 0
  alone says how far a folder goes; what a killed writer left behind, the next one completes.
- The partial files of every size that was written stay until their tile is full, then they go.
- One writer at a time: the folder itself is locked.

Source:
    C2SP tlog-tiles; docs of the design: security, section 2.7.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import struct
import sys
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, count, islice
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Literal, NamedTuple, Self, TypeAlias

from infrastructure.ledger.errors import TileRefused
from infrastructure.ledger.merkle import HASH_SIZE, CompactRange, Subtree, leaf_hash, node_hash
from infrastructure.ledger.multiproof import compact_range

if sys.platform != "win32":  # Windows can read and verify; writing needs POSIX.
    import fcntl

TILE_WIDTH = 256
MOST_ENTRY_BYTES = 2**16 - 1
MOST_CONTROL_BYTES = 2**20
MOST_CHECKPOINT_BYTES = 2**18

Logged: TypeAlias = tuple[bytes, bytes, bytes | None]
"""An entry, its leaf hash and, where the entry is that of a control record, the record."""

_HEIGHT = 8
_DEEPEST = 63
_LIMIT = 2**63
_ENTRY_HEAD = struct.Struct(">H")
_CONTROL_HEAD = struct.Struct(">BI")
_CACHED_TILES = 64
_PARTIAL_NAME = re.compile(r"[1-9][0-9]{0,2}")


def tile_path(level: int | Literal["entries"], index: int, width: int = TILE_WIDTH) -> str:
    """Return where a tile, or a bundle of entries, lies in its folder.

    Raises:
        TileRefused: there is no such tile.

    Source:
        C2SP tlog-tiles, "Merkle Tree": index 1234067 is `x001/x234/067`.
    """
    if level != "entries" and not 0 <= level <= _DEEPEST:
        raise TileRefused("level of a tile", expected=f"0 to {_DEEPEST}", found=level)
    return f"tile/{level}/{_place(index, width)}"


def control_path(index: int, width: int = TILE_WIDTH) -> str:
    """Return where the control records under a tile of level 0 lie.

    Raises:
        TileRefused: there is no such tile.
    """
    return f"control/{_place(index, width)}"


class TileFolder:
    """A tiled log, read from its folder."""

    __slots__ = ("_path",)

    def __init__(self, path: Path) -> None:
        self._path = path

    def hashes(self, level: int, index: int, width: int = TILE_WIDTH) -> bytes:
        """Return the first `width` hashes of a tile, one after the other.

        Raises:
            TileRefused: the tile is missing, or its length is not that of its width.
        """
        what = f"tile {index} of level {level}"
        for held in _widths(width):
            needed = held * HASH_SIZE
            data = self._read(tile_path(level, index, held), what, needed)
            if data is None:
                continue
            _require_length(what, needed, len(data))
            return data[: width * HASH_SIZE]
        raise _missing(what, width)

    def bundle(self, index: int, width: int = TILE_WIDTH) -> list[bytes]:
        """Return the first `width` entries under a tile of level 0.

        Raises:
            TileRefused: the bundle is missing, or holds anything but as many entries as its width.
        """
        what = f"entry bundle {index}"
        for held in _widths(width):
            most = held * (_ENTRY_HEAD.size + MOST_ENTRY_BYTES)
            data = self._read(tile_path("entries", index, held), what, most)
            if data is not None:
                return _unbundled(data, held, what)[:width]
        raise _missing(what, width)

    def entries(self, start: int, end: int, *, size: int | None = None) -> Iterator[bytes]:
        """Iterate the entries from `start` to `end` out of the tiles of a tree of `size`.

        Without `size` the tree ends at `end`.

        Raises:
            TileRefused: there are no such entries in such a tree, or a bundle is refused.
        """
        spans = _spans(start, end, end if size is None else size)
        return chain.from_iterable(
            self.bundle(each.tile, each.width)[each.begin : each.stop] for each in spans
        )

    def controls(
        self, start: int, end: int, *, size: int | None = None
    ) -> Iterator[tuple[int, bytes]]:
        """Iterate the control records from position `start` to `end`, each with its position.

        Positions without one are left out. That none is missing shows only beside the entries.

        Raises:
            TileRefused: there are no such positions in such a tree, or a bundle is refused.
        """
        spans = _spans(start, end, end if size is None else size)
        return (
            (each.tile * TILE_WIDTH + place, record)
            for each in spans
            for place, record in self._controls_under(each.tile, each.width)
            if each.begin <= place < each.stop
        )

    def subtrees(self, size: int) -> Subtree:
        """Return the source of the perfect subtrees of the tree of `size`, read as needed.

        Raises:
            TileRefused: by this call, there is no such tree; by the source, there is no such
                subtree in it, or a tile is refused.
        """
        _require("size of a tree", "0 to 2^63 - 1", size, holds=0 <= size < _LIMIT)

        @lru_cache(maxsize=_CACHED_TILES)
        def tile(level: int, index: int) -> bytes:
            width = (size >> _HEIGHT * level) - index * TILE_WIDTH
            return self.hashes(level, index, min(width, TILE_WIDTH))

        def subtree(level: int, index: int) -> bytes:
            inside = 0 <= level <= _DEEPEST and index >= 0 and (index + 1) << level <= size
            _require("perfect subtree", f"one within size {size}", (level, index), holds=inside)
            tile_level, rest = divmod(level, _HEIGHT)
            first = index << rest
            begin = first % TILE_WIDTH * HASH_SIZE
            data = tile(tile_level, first // TILE_WIDTH)
            return _folded(_split(data[begin : begin + (HASH_SIZE << rest)]))

        return subtree

    def compact_range(self, size: int) -> CompactRange:
        """Return the compact range, and with it the root, of the tree of `size`.

        For a size that was passed over in writing, ask `multiproof.compact_range` with the
        subtrees of a larger tree.

        Raises:
            TileRefused: there is no such tree, or a tile is refused.
        """
        return compact_range(self.subtrees(size), size)

    def read_checkpoint(self) -> bytes:
        """Return the bytes of the checkpoint; what they say is not judged here.

        Raises:
            TileRefused: there is none, or it is too long.
        """
        data = self._read("checkpoint", "checkpoint", MOST_CHECKPOINT_BYTES)
        if data is None:
            raise TileRefused("checkpoint", expected="a file", found="none")
        return data

    def _controls_under(self, index: int, width: int) -> Iterator[tuple[int, bytes]]:
        """Read a control bundle to its end, even where a full one stands in for a part of it."""
        what = f"control bundle {index}"
        for held in _widths(width):
            most = held * (_CONTROL_HEAD.size + MOST_CONTROL_BYTES)
            opened = self._open(control_path(index, held), what, most)
            if opened is None:
                continue
            with opened.file as file:
                yield from _control_records(file, held, what)
            return

    def _read(self, path: str, what: str, most: int) -> bytes | None:
        opened = self._open(path, what, most)
        if opened is None:
            return None
        with opened.file as file:
            data = _taken(file, opened.length + 1, what)
        _require_length(what, opened.length, len(data))
        return data

    def _open(self, path: str, what: str, most: int) -> _Opened | None:
        """Open a file of no more than `most` bytes; None if there is none."""
        place = self._path / path
        try:
            status = place.stat()
            # A pipe or a device would be read for ever.
            _require(what, "a file", "something else", holds=stat.S_ISREG(status.st_mode))
            _require(what, f"at most {most} bytes", status.st_size, holds=status.st_size <= most)
            return _Opened(place.open("rb"), status.st_size)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError:
            # The message of the cause names the path.
            raise _unreadable(what) from None


class TileWriter:
    """A tiled log, written on from where its folder stands.

    Example:
        with TileWriter(path) as writer:
            writer.extend(rows_from(writer.size))
            assert writer.root() == checkpoint.root
            writer.write_checkpoint(note)
    """

    __slots__ = ("_edge", "_folder", "_lock", "_path")

    def __init__(self, path: Path) -> None:
        """Lock the folder, which is made if there is none.

        Raises:
            TileRefused: another writer is at work.
        """
        path.mkdir(parents=True, exist_ok=True)
        _sync(path.parent)
        self._path = path
        self._folder = TileFolder(path)
        self._edge: _Edge | None = None
        self._lock = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise TileRefused("folder of tiles", expected="no writer", found="another") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let another writer come."""
        os.close(self._lock)

    @property
    def size(self) -> int:
        """How many entries the folder holds: the position of the next one.

        Raises:
            TileRefused: the right edge of the folder is not that of any log.
        """
        return self._standing().size

    def root(self) -> bytes:
        """Return the root over what the folder holds.

        Raises:
            TileRefused: the right edge of the folder is not that of any log.
        """
        edge = self._standing()
        return compact_range(edge.subtree, edge.size).root()

    def extend(
        self, logged: Iterable[Logged], *, size: int | None = None, root: bytes | None = None
    ) -> None:
        """Write the entries that follow, with the partial tiles of the size they lead to.

        With `size` and `root` the folder must hold just that much before. If `logged` raises, or
        the process dies, the folder holds a shorter log, and the next call goes on from there.

        Raises:
            TileRefused: the folder does not hold what is expected, a leaf is not that of its entry,
                an entry or control record is too long, or a file holds other bytes already.
        """
        edge = self._standing()
        _require("size of a folder of tiles", size, edge.size, holds=size in (None, edge.size))
        if root is not None:
            found = self.root()
            _require("root of a folder of tiles", root, found, holds=root == found)
        # Until everything is written the folder alone knows how far it goes.
        self._edge = None
        files = _Files(self._path)
        following = iter(logged)
        while group := list(islice(following, TILE_WIDTH - len(edge.rows[0]))):
            edge.add(group)
            if len(edge.rows[0]) < TILE_WIDTH:
                break
            files.extend(edge.shed())
            if not edge.rows[1]:
                self._publish(files, edge.size)
        files.extend(edge.files())
        self._publish(files, edge.size)
        self._edge = edge

    def write_checkpoint(self, note: bytes) -> None:
        """Put a checkpoint in the place of the one before.

        Raises:
            TileRefused: it is too long.
        """
        _require_at_most("checkpoint", MOST_CHECKPOINT_BYTES, len(note))
        place = self._path / "checkpoint"
        making = _temporary(place)
        making.write_bytes(note)
        _sync(making)
        making.replace(place)
        _sync(self._path)

    def _publish(self, files: _Files, size: int) -> None:
        files.publish()
        self._delete_superseded(size)

    def _standing(self) -> _Edge:
        if self._edge is None:
            self._edge = self._found()
            self._delete_superseded(self._edge.size)
        return self._edge

    def _found(self) -> _Edge:
        """Read the right edge back, each level from the one below it."""
        full = self._full_tiles()
        width = self._partial_width(full)
        edge = _Edge()
        while full:
            begun = full // TILE_WIDTH * TILE_WIDTH
            level = len(edge.rows) - 1
            tiles = (self._folder.hashes(level, index) for index in range(begun, full))
            edge.rows.append([_folded(_split(tile)) for tile in tiles])
            full //= TILE_WIDTH
        if width:
            index = edge.index(0)
            leaves = _split(self._folder.hashes(0, index, width))
            position = edge.size
            records = dict(self._folder.controls(position, position + width))
            entries = self._folder.bundle(index, width)
            pairs = enumerate(zip(entries, leaves, strict=True), start=position)
            edge.add([(entry, leaf, records.get(at)) for at, (entry, leaf) in pairs])
        for each in edge.files():
            _require_same(self._path / each.path, each.data)
        return edge

    def _full_tiles(self) -> int:
        """Count the full tiles of level 0.

        All groups of 256 but the last are complete. That one is searched tile by tile, because a
        failure of power may have kept a later tile and lost an earlier one.
        """

        def lacks(index: int) -> bool:
            return not (self._path / tile_path(0, index)).exists()

        groups = range(0, _LIMIT >> _HEIGHT, TILE_WIDTH)
        begun = bisect_left(groups, True, key=lacks)
        return next(filter(lacks, count(max(0, begun - 1) * TILE_WIDTH)))

    def _partial_width(self, index: int) -> int:
        """Return the width of the widest partial tile at this index of level 0, or 0."""
        folder = (self._path / tile_path(0, index, 1)).parent
        names = (each.name for each in folder.iterdir()) if folder.is_dir() else ()
        widths = (int(name) for name in names if _PARTIAL_NAME.fullmatch(name))
        return max((width for width in widths if width < TILE_WIDTH), default=0)

    def _delete_superseded(self, size: int) -> None:
        """Delete the partial files of the tiles that the last group of 256 has filled."""
        full = size >> _HEIGHT
        paths = []
        for index in range(max(0, full - 1) // TILE_WIDTH * TILE_WIDTH, full):
            paths += [tile_path(0, index, 1), tile_path("entries", index, 1)]
            paths.append(control_path(index, 1))
        level = 1
        while full := full >> _HEIGHT:
            paths.append(tile_path(level, full - 1, 1))
            level += 1
        for path in paths:
            folder = (self._path / path).parent
            if folder.exists():
                shutil.rmtree(folder)


@dataclass(slots=True)
class _Edge:
    """The right edge of the tree: at each level the hashes that do not fill a tile yet."""

    rows: list[list[bytes]] = field(default_factory=lambda: [[]])
    entries: list[bytes] = field(default_factory=list)
    controls: list[bytes] = field(default_factory=list)

    @property
    def size(self) -> int:
        return sum(len(row) << _HEIGHT * level for level, row in enumerate(self.rows))

    def index(self, level: int) -> int:
        """Return which tile of its level the hashes of this row begin."""
        above = enumerate(self.rows[level + 1 :])
        return sum(len(row) << _HEIGHT * higher for higher, row in above)

    def subtree(self, level: int, index: int) -> bytes:
        """Return a perfect subtree of those that the compact range of this size consists of."""
        tile_level, rest = divmod(level, _HEIGHT)
        begin = (index << rest) % TILE_WIDTH
        return _folded(self.rows[tile_level][begin : begin + (1 << rest)])

    def add(self, group: list[Logged]) -> None:
        """Add no more entries than there is room for."""
        for entry, leaf, control in group:
            if leaf_hash(entry) != leaf:
                raise TileRefused(
                    f"leaf at position {self.size}", expected=leaf_hash(entry), found=leaf
                )
            _require_at_most("entry", MOST_ENTRY_BYTES, len(entry))
            if control is not None:
                self.controls.append(_control_bytes(len(self.rows[0]), control))
            self.entries.append(_ENTRY_HEAD.pack(len(entry)) + entry)
            self.rows[0].append(leaf)

    def files(self) -> list[_File]:
        """Return the files of the tiles that are begun: all the partial ones of this size."""
        files = self._lowest() if self.rows[0] else []
        for level, row in enumerate(self.rows):
            if row:
                files.append(_File(level, self._path(level), b"".join(row)))
        return files

    def shed(self) -> list[_File]:
        """Let go of the tiles that are full, each for one hash in the row above."""
        files = self._lowest()
        self.entries, self.controls = [], []
        level = 0
        while len(row := self.rows[level]) == TILE_WIDTH:
            files.append(_File(level, self._path(level), b"".join(row)))
            self.rows[level] = []
            level += 1
            if level == len(self.rows):
                self.rows.append([])
            self.rows[level].append(_folded(row))
        return files

    def _lowest(self) -> list[_File]:
        index, width = self.index(0), len(self.rows[0])
        files = [_File(None, tile_path("entries", index, width), b"".join(self.entries))]
        if self.controls:
            files.append(_File(None, control_path(index, width), b"".join(self.controls)))
        return files

    def _path(self, level: int) -> str:
        return tile_path(level, self.index(level), len(self.rows[level]))


class _File(NamedTuple):
    """A file of the folder; its level, if it is a tile."""

    level: int | None
    path: str
    data: bytes


class _Files:
    """Files on their way into the folder: they appear whole, and those of level 0 at last."""

    __slots__ = ("_folders", "_last", "_others", "_path")

    def __init__(self, path: Path) -> None:
        self._path = path
        self._others: list[Path] = []
        self._last: list[Path] = []
        self._folders: set[Path] = set()

    def extend(self, files: list[_File]) -> None:
        for each in files:
            place = self._path / each.path
            self._make(place.parent)
            if _require_same(place, each.data):
                continue
            _temporary(place).write_bytes(each.data)
            (self._last if each.level == 0 else self._others).append(place)

    def publish(self) -> None:
        # Synced together at the end, files cost the disk less than one by one.
        for place in chain(self._others, self._last):
            _sync(_temporary(place))
        for places in (self._others, self._last):
            for place in places:
                _temporary(place).rename(place)
            places.clear()
            for folder in self._folders:
                _sync(folder)

    def _make(self, folder: Path) -> None:
        if folder in self._folders:
            return
        folder.mkdir(parents=True, exist_ok=True)
        while folder != self._path:
            self._folders.add(folder)
            folder = folder.parent
        self._folders.add(folder)


class _Opened(NamedTuple):
    """A file that is being read, and how long it was when it was opened."""

    file: BinaryIO
    length: int


class _Span(NamedTuple):
    """What of a tile of level 0 is asked for: the places from `begin` to `stop` of its `width`."""

    tile: int
    width: int
    begin: int
    stop: int


def _spans(start: int, end: int, size: int) -> Iterator[_Span]:
    inside = 0 <= start <= end <= size < _LIMIT
    _require("positions", f"a span within size {size}", (start, end), holds=inside)
    tiles = range(start >> _HEIGHT, end + TILE_WIDTH - 1 >> _HEIGHT) if start < end else ()
    return (
        _Span(
            index,
            min(size - index * TILE_WIDTH, TILE_WIDTH),
            max(start - index * TILE_WIDTH, 0),
            min(end - index * TILE_WIDTH, TILE_WIDTH),
        )
        for index in tiles
    )


def _place(index: int, width: int) -> str:
    _require("index of a tile", "0 to 2^63 - 1", index, holds=0 <= index < _LIMIT)
    _require("width of a tile", f"1 to {TILE_WIDTH}", width, holds=1 <= width <= TILE_WIDTH)
    parts = [f"{index % 1000:03}"]
    while index := index // 1000:
        parts.append(f"x{index % 1000:03}")
    return "/".join(reversed(parts)) + ("" if width == TILE_WIDTH else f".p/{width}")


def _widths(width: int) -> tuple[int, ...]:
    """Return the widths of the files that hold so many: the partial one, or else the full."""
    return (width,) if width == TILE_WIDTH else (width, TILE_WIDTH)


def _split(hashes: bytes) -> list[bytes]:
    return [hashes[begin : begin + HASH_SIZE] for begin in range(0, len(hashes), HASH_SIZE)]


def _folded(row: list[bytes]) -> bytes:
    """Hash a row, as long as a power of two, into the root over it."""
    while len(row) > 1:
        row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]
    return row[0]


def _unbundled(data: bytes, needed: int, what: str) -> list[bytes]:
    entries: list[bytes] = []
    begin = 0
    for _ in range(needed):
        body = begin + _ENTRY_HEAD.size
        end = body + int.from_bytes(data[begin:body], "big")
        if end > len(data):
            raise TileRefused(
                what, expected=f"{needed} entries", found=f"{len(entries)}, then less"
            )
        entries.append(data[body:end])
        begin = end
    _require_length(what, begin, len(data))
    return entries


def _control_bytes(place: int, record: bytes) -> bytes:
    _require("control record", "at least 1 byte", 0, holds=record != b"")
    _require_at_most("control record", MOST_CONTROL_BYTES, len(record))
    return _CONTROL_HEAD.pack(place, len(record)) + record


def _control_records(file: BinaryIO, width: int, what: str) -> Iterator[tuple[int, bytes]]:
    """Read a control bundle record by record: at most one of them is in memory."""
    before = -1
    while head := _taken(file, _CONTROL_HEAD.size, what):
        _require_length(what, _CONTROL_HEAD.size, len(head))
        place, length = _CONTROL_HEAD.unpack(head)
        expected = f"an index from {before + 1} to {width - 1}"
        _require(what, expected, place, holds=before < place < width)
        expected = f"a record of 1 to {MOST_CONTROL_BYTES} bytes"
        _require(what, expected, length, holds=1 <= length <= MOST_CONTROL_BYTES)
        record = _taken(file, length, what)
        _require_length(what, length, len(record))
        yield place, record
        before = place
    _require(what, "a record, or no file", "an empty file", holds=before >= 0)


def _taken(file: BinaryIO, most: int, what: str) -> bytes:
    try:
        return file.read(most)
    except OSError:
        raise _unreadable(what) from None


def _temporary(place: Path) -> Path:
    return place.with_name(f".{place.name}.new")


def _sync(place: Path) -> None:
    descriptor = os.open(place, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _require_same(place: Path, data: bytes) -> bool:
    """Tell whether the file is there already; if it is, it must hold these bytes."""
    if not place.exists():
        return False
    same = place.stat().st_size == len(data) and place.read_bytes() == data
    _require("file of the folder of tiles", "the bytes of this log", "others", holds=same)
    return True


def _require_length(what: str, needed: int, found: int) -> None:
    if needed != found:
        raise TileRefused(what, expected=f"{needed} bytes", found=f"{found} bytes")


def _require_at_most(what: str, most: int, found: int) -> None:
    if found > most:
        raise TileRefused(what, expected=f"at most {most} bytes", found=f"{found} bytes")


def _require(what: str, expected: object, found: object, *, holds: bool) -> None:
    if not holds:
        raise TileRefused(what, expected=expected, found=found)


def _missing(what: str, width: int) -> TileRefused:
    return TileRefused(what, expected=f"{width} wide, or full", found="no file")


def _unreadable(what: str) -> TileRefused:
    return TileRefused(what, expected="a file that can be read", found="one that cannot")
